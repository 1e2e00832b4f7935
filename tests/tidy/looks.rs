//! How files look: their opening, length, names, tests and words.

use crate::{
    lexer,
    tree::{File, Finding, enforce, found_in, has_word},
};

const FUNCTION_LINES: usize = 70;
const FILE_LINES: usize = 800;
/// Functions that were longer when the law was made. It may only shrink.
const LONG_FUNCTIONS: [(&str, &str); 0] = [];

fn functions_are_short(tree: &[File]) -> Vec<Finding> {
    let long = tree.iter().filter(|file| file.is_rust()).flat_map(|file| {
        let functions = lexer::functions(&file.code).into_iter().filter(|function| function.lines > FUNCTION_LINES);
        let known = |name: &str| LONG_FUNCTIONS.contains(&(file.path.as_str(), name));
        functions.filter(move |function| !known(&function.name)).map(|function| {
            file.finding(function.line, format!("{} has {} lines: split it", function.name, function.lines))
        })
    });
    long.collect()
}

fn files_are_short(tree: &[File]) -> Vec<Finding> {
    let written = |file: &&File| ["rs", "ts", "vue", "mjs", "js", "css", "sh", "sql"].contains(&file.extension());
    let long = tree.iter().filter(written).filter(|file| file.text.lines().count() > FILE_LINES);
    long.map(|file| file.finding(FILE_LINES, "is too long: split it by what it is for")).collect()
}

/// Names that say nothing of the classroom and gather everything.
const EMPTY_NAMES: [&str; 8] = ["util", "utils", "manager", "managers", "helper", "helpers", "common", "misc"];

fn names_say_something(tree: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree {
        let parts = file.path.split(['/', '.', '-', '_']);
        found.extend(
            parts
                .filter(|part| EMPTY_NAMES.contains(part))
                .map(|part| file.finding(1, format!("\"{part}\" says nothing: name it after what it is for"))),
        );
        if file.is_rust() {
            found.extend(file.lines(&file.code, |line| {
                let name = line.trim().trim_start_matches("pub ").strip_prefix("mod ")?;
                let name = name.trim_end_matches([';', '{', ' ']);
                EMPTY_NAMES
                    .contains(&name)
                    .then(|| format!("\"mod {name}\" says nothing: name it after what it is for"))
            }));
        }
    }
    found
}

/// Unit tests beside their subject and the style of one component are named after what already says it.
fn files_open_with_what_they_are_for(tree: &[File]) -> Vec<Finding> {
    let closed = tree.iter().filter(|file| {
        let mut lines = file.text.lines().filter(|line| !line.starts_with("#!/"));
        let first = lines.next().unwrap_or_default();
        let openings: &[&str] = match file.extension() {
            "rs" => &["//! "],
            "ts" if file.path.ends_with(".test.ts") => return false,
            "css" if tree.iter().any(|other| other.path == file.path.replace(".css", ".vue")) => return false,
            "ts" | "mjs" | "js" => &["// ", "/* ", "/** "],
            "css" => &["/* "],
            "vue" => &["<!-- "],
            "sql" => &["-- "],
            "sh" => &["# "],
            _ if file.text.starts_with("#!/") => &["# "],
            _ => return false,
        };
        !openings.iter().any(|opening| first.starts_with(opening))
    });
    closed.map(|file| file.finding(1, "does not open with a comment that says what it is for")).collect()
}

fn shell_scripts_stop_at_the_first_failure(tree: &[File]) -> Vec<Finding> {
    let loose = tree.iter().filter(|file| file.text.starts_with("#!/") && file.text.contains("bash"));
    let loose = loose.filter(|file| !file.text.lines().any(|line| line == "set -euo pipefail"));
    loose.map(|file| file.finding(1, "has no `set -euo pipefail`")).collect()
}

fn ignored_tests_name_an_issue(tree: &[File]) -> Vec<Finding> {
    let numbered = |line: &str| line.split('#').skip(2).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let rust = tree.iter().filter(|file| file.is_rust());
    let found = rust.flat_map(|file| {
        file.lines(&file.uncommented, |line| {
            let ignored = line.trim_start().starts_with("#[ignore");
            (ignored && !numbered(line)).then(|| "ignored without the number of an issue".to_owned())
        })
    });
    found.collect()
}

fn tests_do_not_wait_blindly(tree: &[File]) -> Vec<Finding> {
    let pausing = |line: &str| {
        let script = ["waitForTimeout", "timers/promises"].iter().any(|word| line.contains(word));
        (script || has_word(line, "sleep")).then(|| "waits a fixed time: wait for what it waits for".to_owned())
    };
    let found = tree.iter().filter(|file| lexer::Language::of(&file.path).is_some()).flat_map(|file| {
        let text = if file.extension() == "mjs" { file.uncommented.clone() } else { file.tests() };
        file.lines(&text, pausing)
    });
    found.collect()
}

fn nothing_is_left_to_do(tree: &[File]) -> Vec<Finding> {
    // In two halves, so that this file does not find itself.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]].map(|halves| halves.concat());
    let found = tree.iter().flat_map(|file| {
        file.lines(&file.text, |line| {
            let word = words.iter().find(|word| has_word(line, word))?;
            Some(format!("{word}: do it or file an issue"))
        })
    });
    found.collect()
}

fn tests_are_named_by_sentences(tree: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.iter().filter(|file| file.is_rust()) {
        let mut in_test = false;
        found.extend(file.lines(&file.code, |line| {
            let line = line.trim();
            in_test |= matches!(line, "#[test]") || line.starts_with("#[tokio::test");
            let name = line.trim_start_matches("async ").strip_prefix("fn ")?.split('(').next()?;
            let named = std::mem::take(&mut in_test) && name.split('_').count() < 3;
            named.then(|| format!("the test {name} is not named by a sentence"))
        }));
    }
    found
}

#[test]
fn no_function_is_longer_than_a_screen() {
    enforce(functions_are_short);
    let body = |lines: usize| format!("fn a() {{\n{}}}\n", "    b();\n".repeat(lines));
    assert_eq!(found_in(functions_are_short, "a.rs", &body(68)), []);
    assert_eq!(found_in(functions_are_short, "a.rs", &body(69)), [1]);
}

#[test]
fn no_file_is_longer_than_eight_hundred_lines() {
    enforce(files_are_short);
    assert_eq!(found_in(files_are_short, "a.rs", &"\n".repeat(800)), []);
    assert_eq!(found_in(files_are_short, "a.rs", &"\n".repeat(801)), [800]);
}

#[test]
fn no_file_or_module_has_a_name_that_says_nothing() {
    enforce(names_say_something);
    assert_eq!(found_in(names_say_something, "src/http/utils.rs", ""), [1]);
    assert_eq!(found_in(names_say_something, "src/a.rs", "//! A.\npub mod helper;\nmod help;\n"), [2]);
    assert_eq!(found_in(names_say_something, "web-client/src/common/a.ts", ""), [1]);
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    enforce(files_open_with_what_they_are_for);
    let cases =
        [("a.rs", "//! A."), ("a.vue", "<!-- A. -->"), ("a.sh", "#!/usr/bin/env bash\n# A."), ("a.ts", "// A.")];
    for (path, opening) in cases {
        assert_eq!(found_in(files_open_with_what_they_are_for, path, opening), []);
        assert_eq!(found_in(files_open_with_what_they_are_for, path, "use a;"), [1]);
    }
}

#[test]
fn every_shell_script_stops_at_its_first_failure() {
    enforce(shell_scripts_stop_at_the_first_failure);
    assert_eq!(found_in(shell_scripts_stop_at_the_first_failure, "a.sh", "#!/usr/bin/env bash\necho a\n"), [1]);
}

#[test]
fn no_test_is_ignored_without_an_issue() {
    enforce(ignored_tests_name_an_issue);
    let text = "//! A.\n#[ignore]\n#[ignore = \"until #7\"]\n#[ignore = \"slow\"]\n";
    assert_eq!(found_in(ignored_tests_name_an_issue, "a.rs", text), [2, 4]);
}

#[test]
fn no_test_waits_a_fixed_time() {
    enforce(tests_do_not_wait_blindly);
    let pause = ["sle", "ep"].concat();
    assert_eq!(found_in(tests_do_not_wait_blindly, "tests/a.rs", &format!("\nthread::{pause}(d);")), [2]);
    assert_eq!(found_in(tests_do_not_wait_blindly, "tests/a.sh", &format!("{pause} 3")), [1]);
    let shipped = format!("fn a() {{ {pause}(d) }}\n#[cfg(test)]\nmod tests {{\n    {pause}(d)\n}}");
    assert_eq!(found_in(tests_do_not_wait_blindly, "src/a.rs", &shipped), [4]);
}

#[test]
fn nothing_tracked_is_marked_as_left_to_do() {
    enforce(nothing_is_left_to_do);
    let text = format!("a\n// {}{}: b\n", "TO", "DO");
    assert_eq!(found_in(nothing_is_left_to_do, "README.md", &text), [2]);
}

#[test]
fn the_name_of_a_test_is_a_sentence() {
    enforce(tests_are_named_by_sentences);
    let text = "#[test]\nfn works() {}\n#[test]\nfn a_lesson_ends() {}\nfn helps() {}\n";
    assert_eq!(found_in(tests_are_named_by_sentences, "a.rs", text), [2]);
}
