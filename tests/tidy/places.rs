//! Where things may be: routes, SQL, unsafe code, the outside world; and what the packet path does without.

use crate::tree::{File, Finding, enforce, found_in, has_word, tracked};

/// The one file that registers routes.
const ROUTES: &str = "src/http/routes.rs";
/// The one directory that knows SQL.
const DB: &str = "src/db/";
/// The one module that makes system calls nothing safe makes.
const UNSAFE: &str = "src/media/socket/syscall.rs";
/// Its length: what the compiler cannot check is to be read at one sitting.
const UNSAFE_LINES: usize = 200;
/// Every forwarded packet passes through these: no waiting, no lock, no text.
const PACKET_PATH: [&str; 34] = [
    "sfu/src/bandwidth/history.rs",
    "sfu/src/compaction.rs",
    "sfu/src/dependency/mod.rs",
    "sfu/src/fanout.rs",
    "sfu/src/framing.rs",
    "sfu/src/line.rs",
    "sfu/src/numbering.rs",
    "sfu/src/outbox.rs",
    "sfu/src/outgoing.rs",
    "sfu/src/pacer.rs",
    "sfu/src/rate.rs",
    "sfu/src/recorded.rs",
    "sfu/src/recovered.rs",
    "sfu/src/red.rs",
    "sfu/src/relay.rs",
    "sfu/src/ring.rs",
    "sfu/src/rtp.rs",
    "sfu/src/send_queue.rs",
    "sfu/src/sent_voices.rs",
    "sfu/src/shard/feeding.rs",
    "sfu/src/shard/leaving.rs",
    "sfu/src/shard/relaying.rs",
    "sfu/src/spatial.rs",
    "sfu/src/srtp/hmac.rs",
    "sfu/src/srtp/replay.rs",
    "sfu/src/srtp/transform.rs",
    "sfu/src/subscriber.rs",
    "sfu/src/subscriber/again.rs",
    "sfu/src/temporal.rs",
    "src/media/socket/departures.rs",
    "src/media/socket/envelope.rs",
    "src/media/socket/inbox.rs",
    "src/media/socket/syscall.rs",
    "src/media/tcp/streams.rs",
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

fn unsafe_code_is_in_one_module(tree: &[File]) -> Vec<Finding> {
    let rust = tree.iter().filter(|file| file.is_rust() && file.path != UNSAFE);
    let found = rust.flat_map(|file| {
        file.lines(&file.code, |line| {
            let is_unsafe = has_word(line, "unsafe") || has_word(line, "unsafe_code");
            is_unsafe.then(|| format!("unsafe code: only {UNSAFE} may have it"))
        })
    });
    found.collect()
}

/// Every `unsafe` stands right below the comment that says why it is sound, in a file that is short.
fn unsafe_code_says_why_it_is_sound(tree: &[File]) -> Vec<Finding> {
    let found = tree.iter().filter(|file| file.path == UNSAFE).flat_map(|file| {
        let lines: Vec<&str> = file.text.lines().collect();
        let reasoned = |line: usize| {
            let comment = lines[..line].iter().rev().take_while(|above| above.trim_start().starts_with("//"));
            comment.into_iter().any(|above| above.trim_start().starts_with("// SAFETY: "))
        };
        let bare = file.code.lines().enumerate().filter(|(line, code)| has_word(code, "unsafe") && !reasoned(*line));
        let bare = bare.map(|(line, _)| file.finding(line + 1, "no `// SAFETY: ` comment above it"));
        let long = (lines.len() > UNSAFE_LINES).then(|| file.finding(UNSAFE_LINES, "is too long to be checked by eye"));
        bare.chain(long).collect::<Vec<_>>()
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
fn no_code_is_unsafe_but_that_of_one_module() {
    enforce(unsafe_code_is_in_one_module);
    let law = unsafe_code_is_in_one_module;
    assert_eq!(found_in(law, "src/a.rs", "// unsafe\nunsafe { a() }"), [2]);
    assert_eq!(found_in(law, "sfu/src/a.rs", "\n#![expect(unsafe_code)]"), [2]);
    assert_eq!(found_in(law, UNSAFE, "unsafe { a() }"), []);
    assert!(tracked().iter().any(|file| file.path == UNSAFE), "{UNSAFE} has moved: name it here as it is now");
}

#[test]
fn unsafe_code_is_short_and_says_why_it_is_sound() {
    enforce(unsafe_code_says_why_it_is_sound);
    let law = unsafe_code_says_why_it_is_sound;
    assert_eq!(found_in(law, UNSAFE, "// SAFETY: a\n// is b.\nlet a = unsafe { b() };\nunsafe { c() }"), [4]);
    assert_eq!(found_in(law, UNSAFE, "// It is fine.\nunsafe { a() }"), [2]);
    assert_eq!(found_in(law, UNSAFE, &"\n".repeat(UNSAFE_LINES + 1)), [UNSAFE_LINES]);
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
