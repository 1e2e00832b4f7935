//! Where things may be: routes, SQL, unsafe code, the outside world; and what the packet path does without.

use crate::tree::{File, Finding, enforce, found_in, has_word, tracked};

/// The one file that registers routes.
const ROUTES: &str = "src/http/routes.rs";
/// The one directory that knows SQL.
const DB: &str = "src/db/";
/// The modules that make system calls nothing safe makes. There is none.
const UNSAFE: [&str; 0] = [];
/// Every forwarded packet passes through these: no waiting, no lock, no text.
const PACKET_PATH: [&str; 6] = [
    "sfu/src/line.rs",
    "sfu/src/outbox.rs",
    "sfu/src/ring.rs",
    "sfu/src/rtp.rs",
    "sfu/src/shard/feeding.rs",
    "sfu/src/subscriber.rs",
];
const NOT_ON_THE_PACKET_PATH: [&str; 9] =
    [".await", "async", "Mutex", "RwLock", "mpsc", "format!", "to_string", "tracing", "println!"];

fn routes_are_in_one_file(tree: &[File]) -> Vec<Finding> {
    let rust = tree.iter().filter(|file| file.is_rust() && file.path != ROUTES);
    let found = rust.flat_map(|file| {
        file.lines(file.shipped(), |line| {
            let route = line.contains(".route(") || line.contains(".route_service(") || line.contains(".nest(");
            route.then(|| format!("registers a route: only {ROUTES} may"))
        })
    });
    found.collect()
}

fn sql_is_in_one_directory(tree: &[File]) -> Vec<Finding> {
    const STATEMENTS: [&str; 7] =
        ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "PRAGMA ", "DROP TABLE "];
    let elsewhere = tree.iter().filter(|file| !file.path.starts_with(DB) && !file.path.starts_with("tests/"));
    let found = elsewhere.flat_map(|file| {
        let stray = (file.extension() == "sql").then(|| file.finding(1, format!("SQL outside {DB}")));
        let text = if file.is_rust() { file.uncommented.as_str() } else { "" };
        let lines = file.lines(text, |line| {
            let sql = STATEMENTS.iter().any(|statement| line.contains(&format!("\"{statement}")));
            (sql || has_word(line, "sqlx")).then(|| format!("SQL outside {DB}"))
        });
        stray.into_iter().chain(lines)
    });
    found.collect()
}

fn unsafe_code_is_in_named_modules(tree: &[File]) -> Vec<Finding> {
    let rust = tree.iter().filter(|file| file.is_rust() && !UNSAFE.contains(&file.path.as_str()));
    let found = rust.flat_map(|file| {
        file.lines(&file.code, |line| has_word(line, "unsafe").then(|| "unsafe code outside the named modules".into()))
    });
    found.collect()
}

fn the_packet_path_is_bare(tree: &[File]) -> Vec<Finding> {
    let found = tree.iter().filter(|file| PACKET_PATH.contains(&file.path.as_str())).flat_map(|file| {
        file.lines(file.shipped(), |line| {
            let word = NOT_ON_THE_PACKET_PATH.iter().find(|word| line.contains(**word))?;
            Some(format!("{word} on the packet path"))
        })
    });
    found.collect()
}

/// What must not be in any tracked file: the hosts of package registries, and paths of the machine it was written on.
/// Joined here from pieces, so that this file does not contain them. Cargo's own lock file has to name its registry.
fn nothing_names_a_registry_or_this_machine(tree: &[File]) -> Vec<Finding> {
    let hosts = [["crates", "io"], ["pypi", "org"], ["npmjs", "org"], ["debian", "org"], ["rust-lang", "org"]];
    let mut banned: Vec<String> = hosts.map(|host| host.join(".")).into();
    banned.extend(["work", "root", "home"].map(|directory| format!("/{directory}/")));
    let written = tree.iter().filter(|file| file.name() != "Cargo.lock");
    let found = written.flat_map(|file| {
        file.lines(&file.text, |line| {
            let found =
                banned.iter().find(|text| line.match_indices(text.as_str()).any(|(at, _)| starts_there(line, at)));
            Some(format!("names {}: a registry host or a path of one machine", found?))
        })
    });
    found.collect()
}

/// Whether a host or an absolute path begins at `at`, and not only the rest of a longer name.
fn starts_there(line: &str, at: usize) -> bool {
    !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '}' | ')'))
}

#[test]
fn routes_are_registered_in_one_file_only() {
    enforce(routes_are_in_one_file);
    assert_eq!(found_in(routes_are_in_one_file, "src/http/whip.rs", "fn a() {\n    b.route(\"/\", get(c));\n}"), [2]);
    assert_eq!(found_in(routes_are_in_one_file, ROUTES, "a.route(\"/\", get(c));"), []);
}

#[test]
fn sql_is_spoken_in_one_directory_only() {
    enforce(sql_is_in_one_directory);
    assert_eq!(found_in(sql_is_in_one_directory, "src/lessons/a.rs", "\nlet a = \"SELECT 1\";"), [2]);
    assert_eq!(found_in(sql_is_in_one_directory, "src/lessons/a.rs", "// sqlx\nuse sqlx::Row;"), [2]);
    assert_eq!(found_in(sql_is_in_one_directory, "src/a.sql", ""), [1]);
    assert_eq!(found_in(sql_is_in_one_directory, "src/db/a.rs", "use sqlx::Row;"), []);
}

#[test]
fn no_code_is_unsafe() {
    enforce(unsafe_code_is_in_named_modules);
    assert_eq!(found_in(unsafe_code_is_in_named_modules, "src/a.rs", "// unsafe\nunsafe { a() }"), [2]);
}

#[test]
fn the_packet_path_neither_waits_nor_locks_nor_writes_text() {
    enforce(the_packet_path_is_bare);
    for path in PACKET_PATH {
        assert!(tracked().iter().any(|file| file.path == path), "{path} has moved: name it here as it is now");
    }
    let text = "//! format!\nfn a() {\n    b().await\n}\n#[cfg(test)]\nmod tests {\n    format!()\n}\n";
    assert_eq!(found_in(the_packet_path_is_bare, PACKET_PATH[0], text), [3]);
}

#[test]
fn no_tracked_file_names_a_registry_host_or_a_path_of_one_machine() {
    enforce(nothing_names_a_registry_or_this_machine);
    let law = nothing_names_a_registry_or_this_machine;
    assert_eq!(found_in(law, "a.md", &format!("from {}.{}/x", "crates", "io")), [1]);
    assert_eq!(found_in(law, "a.sh", &format!("cd /{}/main", "root")), [1]);
    let within_a_url = format!("let page = \"/homework/\"; let b = \"{{base}}/{}/\";", "work");
    assert_eq!(found_in(law, "a.rs", &within_a_url), []);
}
