//! The one law of the architecture: only `src/` touches the world. Who may depend on whom, and that the lints which
//! ban clock, disk, sockets and threads cover every pure crate.

use std::collections::BTreeSet;

use crate::tree::{File, Finding, enforce, found_in, has_word, tracked};

/// Our own crates.
const OURS: [&str; 10] =
    ["tongke", "sfu", "recorder", "protocol", "lesson", "timetable", "access", "sheets", "ledger", "exchange"];
/// What waits, listens or stores has no place in a pure crate.
const IMPURE: [&str; 12] =
    ["tokio", "axum", "sqlx", "hyper", "reqwest", "tower", "tracing", "rand", "nix", "libc", "dashmap", "socket2"];
/// Each pure directory, the crates of ours that those in it may use, and which parts of them (none named: all).
const PURE: [(&str, &[&str], &[&str]); 3] = [
    ("sfu", &[], &[]),
    ("recorder", &["protocol"], &["ids", "time"]),
    ("signaling", &["protocol", "lesson", "timetable", "access", "sheets", "ledger", "exchange"], &[]),
];
/// What the lints of a pure directory must ban, at least.
const BANS: [&str; 8] = [
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "std::thread::spawn",
    "std::thread::sleep",
    "std::fs::read",
    "std::fs::write",
    "std::net::UdpSocket",
    "std::net::TcpStream",
];

fn pure_crates_depend_only_on_what_they_may(tree: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, (_, allowed, _)) in pure_files(tree).filter(|(file, _)| file.name() == "Cargo.toml") {
        let Ok(manifest) = file.text.parse::<toml::Table>() else { continue };
        let shipped =
            manifest.get("dependencies").and_then(|table| table.as_table()).into_iter().flat_map(|t| t.keys());
        let banned = shipped.filter(|name| IMPURE.contains(&name.as_str()) || is_foreign(name, allowed));
        found.extend(banned.map(|name| file.finding(1, format!("a pure crate must not depend on {name}"))));
    }
    found
}

fn pure_code_imports_only_what_it_may(tree: &[File]) -> Vec<Finding> {
    let found = pure_files(tree).filter(|(file, _)| file.is_rust()).flat_map(|(file, (_, allowed, _))| {
        file.lines(file.shipped(), |line| {
            let mut names =
                OURS.iter().chain(&IMPURE).filter(|name| IMPURE.contains(name) || is_foreign(name, allowed));
            let name = names.find(|name| path_begins_with(line, name))?;
            Some(format!("pure code must not use {name}"))
        })
    });
    found.collect()
}

fn only_the_allowed_parts_are_used(tree: &[File]) -> Vec<Finding> {
    let limited = pure_files(tree).filter(|(file, (_, _, parts))| file.is_rust() && !parts.is_empty());
    let found = limited.flat_map(|(file, (directory, allowed, parts))| {
        let uses = allowed.iter().flat_map(|name| parts_used(file.shipped(), name));
        let other = uses.filter(|(_, part)| !parts.contains(&part.as_str()));
        other.map(move |(line, part)| file.finding(line, format!("{directory} must not use {part} of {allowed:?}")))
    });
    found.collect()
}

/// A crate of ours that is not among the allowed ones.
fn is_foreign(name: &str, allowed: &[&str]) -> bool {
    OURS.contains(&name) && !allowed.contains(&name)
}

/// Whether a path in `line` begins at the crate `name`: `name::` with no path before it.
fn path_begins_with(line: &str, name: &str) -> bool {
    line.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

/// Each module of the crate `name` that the code names, with its line: `name::a` and the first names in `name::{a, b::c}`.
fn parts_used(code: &str, name: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&format!("{name}::")) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + name.len() + 2..];
        found.extend(first_names(rest).into_iter().map(|part| (line, part)));
    }
    found
}

fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let mut depth = 1;
    let mut items = vec![String::new()];
    for c in group.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match c {
            _ if depth == 0 => break,
            ',' if depth == 1 => items.push(String::new()),
            c => items.last_mut().unwrap().push(c),
        }
    }
    items.iter().map(|item| name(item)).filter(|item| !item.is_empty()).collect()
}

/// The files of pure crates, each with its rule; tests of pure crates may look at a clock and at oracles.
fn pure_files(
    tree: &[File],
) -> impl Iterator<Item = (&File, &(&'static str, &'static [&'static str], &'static [&'static str]))> {
    tree.iter().filter_map(|file| {
        let rule = PURE.iter().find(|(directory, ..)| file.path.starts_with(&format!("{directory}/")))?;
        (!file.path.contains("/tests/") && !file.path.contains("/benches/")).then_some((file, rule))
    })
}

fn pure_crates_are_covered_by_lints(tree: &[File]) -> Vec<Finding> {
    let manifests = pure_files(tree).filter(|(file, _)| file.name() == "Cargo.toml");
    let found = manifests.filter_map(|(file, (directory, ..))| {
        let lints = tree.iter().find(|lints| lints.path == format!("{directory}/clippy.toml"));
        let own = file.path.replace("Cargo.toml", "clippy.toml");
        let shadowed = own != format!("{directory}/clippy.toml") && tree.iter().any(|lints| lints.path == own);
        let missing =
            BANS.iter().find(|ban| !lints.is_some_and(|lints| lints.uncommented.contains(&format!("\"{ban}\""))));
        match missing {
            _ if shadowed => Some(file.finding(1, format!("{own} replaces the lints of {directory}/"))),
            Some(ban) => Some(file.finding(1, format!("{directory}/clippy.toml does not ban {ban}"))),
            None => None,
        }
    });
    found.collect()
}

fn every_crate_takes_the_lints_of_the_workspace(tree: &[File]) -> Vec<Finding> {
    let manifests = tree.iter().filter(|file| file.name() == "Cargo.toml" && file.path != "tests/fuzz/Cargo.toml");
    let loose = manifests.filter(|file| !file.uncommented.contains("[lints]\nworkspace = true"));
    loose.map(|file| file.finding(1, "has no `[lints] workspace = true`")).collect()
}

#[test]
fn pure_crates_depend_on_nothing_that_touches_the_world() {
    enforce(pure_crates_depend_only_on_what_they_may);
    let law = pure_crates_depend_only_on_what_they_may;
    assert_eq!(found_in(law, "sfu/Cargo.toml", "[dependencies]\nprotocol.workspace = true\n"), [1]);
    assert_eq!(found_in(law, "signaling/lesson/Cargo.toml", "[dependencies]\nprotocol = \"1\"\ntokio = \"1\"\n"), [1]);
    assert_eq!(found_in(law, "recorder/Cargo.toml", "[dependencies]\nprotocol = \"1\"\n"), []);
}

#[test]
fn pure_code_names_nothing_that_touches_the_world() {
    enforce(pure_code_imports_only_what_it_may);
    let law = pure_code_imports_only_what_it_may;
    assert_eq!(found_in(law, "recorder/src/a.rs", "\nuse sfu::rtp;\nuse crate::lesson::A;"), [2]);
    assert_eq!(found_in(law, "signaling/lesson/src/a.rs", "tokio::spawn(a)"), [1]);
}

#[test]
fn the_recorder_takes_only_ids_and_time_from_the_protocol() {
    enforce(only_the_allowed_parts_are_used);
    let law = only_the_allowed_parts_are_used;
    let good = "use protocol::{\n    ids::{A, B},\n    time::UtcMs,\n};\nuse protocol::time::UtcMs;";
    assert_eq!(found_in(law, "recorder/src/a.rs", good), []);
    assert_eq!(found_in(law, "recorder/src/a.rs", "\nuse protocol::{ids::A, message::B};"), [2]);
    assert_eq!(found_in(law, "recorder/src/a.rs", "\n\nprotocol::message::a()"), [3]);
}

#[test]
fn the_lints_that_ban_clock_disk_socket_and_thread_cover_every_pure_crate() {
    enforce(pure_crates_are_covered_by_lints);
    assert_eq!(found_in(pure_crates_are_covered_by_lints, "sfu/Cargo.toml", ""), [1]);
}

#[test]
fn every_crate_has_the_lints_of_the_workspace_which_deny_unsafe_code() {
    enforce(every_crate_takes_the_lints_of_the_workspace);
    assert_eq!(found_in(every_crate_takes_the_lints_of_the_workspace, "sfu/Cargo.toml", "[package]\n"), [1]);
    let root = tracked().iter().find(|file| file.path == "Cargo.toml").unwrap();
    // Denied and not forbidden for the one module that says so itself: `places.rs` sees to it that it stays one.
    assert!(root.text.contains("unsafe_code = \"deny\""));
}

#[test]
fn every_rule_names_a_directory_that_is_there() {
    let directories: BTreeSet<_> = tracked().iter().filter_map(|file| Some(file.path.split_once('/')?.0)).collect();
    assert!(PURE.iter().all(|(directory, ..)| directories.contains(directory)));
    assert!(tracked().iter().filter(|file| file.name() == "Cargo.toml").count() > OURS.len() - 1);
    assert!(has_word("use sfu::a", "sfu"));
}
