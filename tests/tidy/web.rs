//! The web client: which zone may know which, how long a component may be, and that it speaks to its own server only.

use crate::tree::{File, Finding, enforce, found_in, has_word};

const COMPONENT_LINES: usize = 150;
/// Names that look like addresses and are never fetched.
const NAMESPACES: [&str; 2] = ["http://www.w3.org/", "https://www.w3.org/"];

fn nothing_is_typed_any(tree: &[File]) -> Vec<Finding> {
    let scripts = written_by_hand(tree).filter(|file| ["ts", "vue"].contains(&file.extension()));
    let found = scripts.flat_map(|file| {
        let script = if file.extension() == "vue" { script_of(&file.code) } else { file.code.clone() };
        file.lines(&script, |line| has_word(line, "any").then(|| "typed any: say what it is".to_owned()))
    });
    found.collect()
}

/// The script of a component on the lines where it stands.
fn script_of(component: &str) -> String {
    let mut inside = false;
    let lines = component.lines().map(|line| {
        inside = (inside || line.starts_with("<script")) && !line.starts_with("</script");
        if inside { line } else { "" }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn components_are_short(tree: &[File]) -> Vec<Finding> {
    let long = tree.iter().filter(|file| file.extension() == "vue" && file.text.lines().count() > COMPONENT_LINES);
    long.map(|file| file.finding(COMPONENT_LINES, "is too long: draw less or split it")).collect()
}

fn no_foreign_origin_is_named(tree: &[File]) -> Vec<Finding> {
    let drawn = |file: &&File| ["ts", "vue", "css", "html", "svg", "js"].contains(&file.extension());
    let found = written_by_hand(tree).filter(drawn).flat_map(|file| {
        file.lines(&file.text, |line| {
            let mut origins = ["http", "https", "ws", "wss"].iter().flat_map(|scheme| addresses(line, scheme));
            let foreign = origins.find(|origin| !is_own(origin))?;
            Some(format!("names {foreign}: the pages speak to their own server only"))
        })
    });
    found.collect()
}

fn addresses<'a>(line: &'a str, scheme: &str) -> Vec<&'a str> {
    let opening = format!("{scheme}://");
    let found = line.match_indices(&opening).filter(|(at, _)| !line[..*at].ends_with(|c: char| c.is_alphanumeric()));
    let ends = |c: char| c.is_whitespace() || "\"'`)>,;".contains(c);
    found.map(|(at, _)| line[at..].split(ends).next().unwrap_or_default()).collect()
}

/// Its own server (the host is filled in), a namespace, or a name reserved for examples (RFC 2606).
fn is_own(address: &str) -> bool {
    let host = address.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let reserved =
        ["example.org", "example.com", "localhost", "127.0.0.1"].contains(&host) || host.ends_with(".example");
    reserved || host.is_empty() || host.starts_with("${") || NAMESPACES.iter().any(|name| address.starts_with(name))
}

/// Imports point inward: ui -> io -> core.
fn zones_point_inward(tree: &[File]) -> Vec<Finding> {
    const ZONES: [(&str, &[&str]); 2] = [
        ("web-client/src/core/", &["/io/", "/ui/", "\"vue\"", "\"vue-router\"", "\"hls.js\"", ".vue\""]),
        ("web-client/src/io/", &["/ui/", "\"vue\"", "\"vue-router\"", ".vue\""]),
    ];
    let found = tree.iter().filter_map(|file| {
        let (_, outward) = ZONES.iter().find(|(zone, _)| file.path.starts_with(zone))?;
        Some(file.lines(&file.uncommented, |line| {
            let from = line.split_once("from ").or_else(|| line.split_once("import "))?.1;
            let banned = outward.iter().find(|name| from.contains(**name))?;
            Some(format!("imports {banned}: imports point inward, ui -> io -> core"))
        }))
    });
    found.flatten().collect()
}

fn written_by_hand(tree: &[File]) -> impl Iterator<Item = &File> {
    tree.iter().filter(|file| file.path.starts_with("web-client/") && !file.path.contains("/core/protocol/"))
}

#[test]
fn nothing_in_the_web_client_is_typed_any() {
    enforce(nothing_is_typed_any);
    assert_eq!(found_in(nothing_is_typed_any, "web-client/src/a.ts", "// any\nlet a: any = 1;"), [2]);
    let component =
        "<!-- any -->\n<script setup lang=\"ts\">\nconst a = b as any;\n</script>\n<template>any</template>";
    assert_eq!(found_in(nothing_is_typed_any, "web-client/src/A.vue", component), [3]);
}

#[test]
fn no_component_is_longer_than_a_hundred_and_fifty_lines() {
    enforce(components_are_short);
    assert_eq!(found_in(components_are_short, "web-client/src/A.vue", &"\n".repeat(151)), [150]);
    assert_eq!(found_in(components_are_short, "web-client/src/A.vue", &"\n".repeat(150)), []);
}

#[test]
fn the_pages_name_no_origin_but_their_own() {
    enforce(no_foreign_origin_is_named);
    assert_eq!(found_in(no_foreign_origin_is_named, "web-client/src/a.css", "\nurl(https://fonts.test/x)"), [2]);
    let own = "`wss://${host}/ws` \"http://www.w3.org/2000/svg\" https://school.example/";
    assert_eq!(found_in(no_foreign_origin_is_named, "web-client/src/a.ts", own), []);
}

#[test]
fn the_zones_of_the_web_client_point_inward() {
    enforce(zones_point_inward);
    let outward = "import { ref } from \"vue\";\nimport { a } from \"../io/a\";\nimport { b } from \"./b\";";
    assert_eq!(found_in(zones_point_inward, "web-client/src/core/a.ts", outward), [1, 2]);
    assert_eq!(found_in(zones_point_inward, "web-client/src/io/a.ts", outward), [1]);
    assert_eq!(found_in(zones_point_inward, "web-client/src/ui/a.ts", outward), []);
}
