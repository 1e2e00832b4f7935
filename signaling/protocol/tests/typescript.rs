//! The page's TypeScript is generated from the wire types and checked in; this test fails when it is stale.
//!
//! To write it anew: `TONGKE_WRITE_TYPESCRIPT=1 cargo test -p protocol --test typescript`
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test that reads and writes the checked-in TypeScript; the crate itself stays pure"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use protocol::{ClientMessage, ServerMessage, api, county, import, line};
use ts_rs::{Config, TS};

/// Set to write the files instead of comparing them.
const WRITE_VAR: &str = "TONGKE_WRITE_TYPESCRIPT";

type Files = BTreeMap<String, String>;

fn checked_in_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web-client/src/core/protocol")
}

/// Everything reachable from the messages and bodies a page reads or writes.
fn generate(out_dir: &Path) -> Files {
    let _ = fs::remove_dir_all(out_dir);
    // JSON has no 64-bit integers: whatever reaches a page must fit a JavaScript number.
    let config = Config::new().with_large_int("number").with_out_dir(out_dir);
    ClientMessage::export_all(&config).unwrap();
    ServerMessage::export_all(&config).unwrap();
    api::Problem::export_all(&config).unwrap();
    api::DemoPerson::export_all(&config).unwrap();
    api::Me::export_all(&config).unwrap();
    api::LessonList::export_all(&config).unwrap();
    api::Playback::export_all(&config).unwrap();
    api::JobList::export_all(&config).unwrap();
    api::JobOrder::export_all(&config).unwrap();
    line::LessonLines::export_all(&config).unwrap();
    import::ImportPreview::export_all(&config).unwrap();
    export_county(&config);

    let mut files = read_dir(out_dir);
    let index = files.keys().fold(String::from("// Generated, do not edit.\n"), |text, file| {
        text + &format!("export type * from \"./{}\";\n", file.trim_end_matches(".ts"))
    });
    files.insert("index.ts".into(), index);
    files
}

fn export_county(config: &Config) {
    county::WeekView::export_all(config).unwrap();
    county::RecordList::export_all(config).unwrap();
    county::EditOrder::export_all(config).unwrap();
    county::EditDone::export_all(config).unwrap();
    county::ChangeList::export_all(config).unwrap();
    county::ConflictList::export_all(config).unwrap();
    county::Today::export_all(config).unwrap();
    county::CountyToday::export_all(config).unwrap();
    county::Readiness::export_all(config).unwrap();
    county::ReportFilter::export_all(config).unwrap();
    county::Report::export_all(config).unwrap();
    county::ReportLessons::export_all(config).unwrap();
    county::LedgerView::export_all(config).unwrap();
    county::CorrectionOrder::export_all(config).unwrap();
    county::OfferedView::export_all(config).unwrap();
    county::ClockView::export_all(config).unwrap();
    county::ClockConfirmation::export_all(config).unwrap();
    county::FeedOrder::export_all(config).unwrap();
    county::Feed::export_all(config).unwrap();
}

fn read_dir(dir: &Path) -> Files {
    let Ok(entries) = fs::read_dir(dir) else {
        return Files::new();
    };
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, without_trailing_space(&fs::read_to_string(&path).unwrap()))
        })
        .collect()
}

/// ts-rs leaves spaces at line ends; a checkout may have other line ends.
fn without_trailing_space(text: &str) -> String {
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn write(dir: &Path, files: &Files) {
    let _ = fs::remove_dir_all(dir);
    fs::create_dir_all(dir).unwrap();
    for (name, text) in files {
        fs::write(dir.join(name), text).unwrap();
    }
}

#[test]
fn the_checked_in_typescript_is_what_the_wire_types_say() {
    let generated = generate(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("typescript"));
    if std::env::var_os(WRITE_VAR).is_some() {
        write(&checked_in_dir(), &generated);
    }
    let checked_in = read_dir(&checked_in_dir());
    let stale: Vec<&String> = generated
        .iter()
        .filter(|(name, text)| checked_in.get(*name) != Some(text))
        .map(|(name, _)| name)
        .chain(checked_in.keys().filter(|name| !generated.contains_key(*name)))
        .collect();
    assert!(
        stale.is_empty(),
        "stale in web-client/src/core/protocol: {stale:?}; run `{WRITE_VAR}=1 cargo test -p protocol --test typescript`"
    );
}

#[test]
fn numbers_reach_the_page_as_numbers() {
    let generated = generate(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("typescript-numbers"));
    let wrong: Vec<&String> =
        generated.iter().filter(|(_, text)| text.contains("bigint")).map(|(name, _)| name).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
