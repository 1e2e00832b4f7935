//! Finished lessons copied into a store on the disk.

use std::fs;

use recorder::{Lesson, manifest::VERSION};

use super::*;
use crate::testing::TempDir;

fn lesson(id: &str) -> LessonId {
    LessonId::parse(id).unwrap()
}

/// A finished recording with a small file and one of several chunks.
fn record(recordings: &Path, id: &str, ended: bool) {
    let directory = recordings.join(id);
    fs::create_dir_all(directory.join("t/master-camera")).unwrap();
    fs::create_dir_all(directory.join("jobs/thumbnails.tmp")).unwrap();
    fs::write(directory.join("jobs/thumbnails.tmp/half"), b"not yet").unwrap();
    fs::write(directory.join("journal.wal"), b"journal").unwrap();
    fs::write(directory.join("t/master-camera/0.cmaf"), vec![5; 17 << 20]).unwrap();
    let about = Lesson { version: VERSION, lesson: lesson(id), lead: None, began_at: protocol::UtcMs(0) };
    let manifest = recorder::Manifest { ended, ..recorder::Manifest::new(about) };
    fs::write(directory.join("manifest.json"), manifest.to_json().unwrap()).unwrap();
}

fn store(target: &Path) -> Store {
    let url = format!("file://{}", target.display());
    Store::open(&StoreConfig { url, ..StoreConfig::default() }).unwrap().unwrap()
}

#[tokio::test]
async fn a_finished_recording_is_copied_whole_once_and_what_is_being_made_is_not() {
    let (dir, target) = (TempDir::new(), TempDir::new());
    record(dir.path(), "music-3a", true);
    record(dir.path(), "still-on", false);
    assert_eq!(upload::not_stored(dir.path()), [lesson("music-3a")]);
    upload::copy(&store(target.path()), dir.path(), &lesson("music-3a")).await.unwrap();
    let copied = target.path().join("music-3a");
    let same =
        |name: &str| fs::read(copied.join(name)).unwrap() == fs::read(dir.path().join("music-3a").join(name)).unwrap();
    assert!(same("manifest.json") && same("journal.wal") && same("t/master-camera/0.cmaf"));
    assert!(!copied.join("jobs").exists());
    assert!(upload::not_stored(dir.path()).is_empty());
    // A result that comes later is copied too.
    fs::create_dir_all(dir.path().join("music-3a/jobs/thumbnails")).unwrap();
    fs::write(dir.path().join("music-3a/jobs/thumbnails/thumbnails.vtt"), b"WEBVTT").unwrap();
    assert_eq!(upload::not_stored(dir.path()), [lesson("music-3a")]);
}

#[tokio::test]
async fn a_copy_that_was_broken_off_goes_on_with_what_is_missing() {
    let (dir, target) = (TempDir::new(), TempDir::new());
    record(dir.path(), "music-3a", true);
    // One file is there whole, as the store itself proves; another is there in part.
    let there = target.path().join("music-3a/t/master-camera");
    fs::create_dir_all(&there).unwrap();
    fs::write(there.join("0.cmaf"), vec![9; 17 << 20]).unwrap();
    fs::write(target.path().join("music-3a/journal.wal"), b"jour").unwrap();
    upload::copy(&store(target.path()), dir.path(), &lesson("music-3a")).await.unwrap();
    assert_eq!(fs::read(there.join("0.cmaf")).unwrap()[0], 9, "it was not sent again");
    assert_eq!(fs::read(target.path().join("music-3a/journal.wal")).unwrap(), b"journal");
}

#[tokio::test]
async fn what_the_store_does_not_take_is_not_acknowledged() {
    let (dir, target) = (TempDir::new(), TempDir::new());
    record(dir.path(), "music-3a", true);
    // A file where a directory should be.
    fs::write(target.path().join("music-3a"), b"in the way").unwrap();
    assert!(upload::copy(&store(target.path()), dir.path(), &lesson("music-3a")).await.is_err());
    assert_eq!(upload::not_stored(dir.path()), [lesson("music-3a")]);
    fs::remove_file(target.path().join("music-3a")).unwrap();
    upload::copy(&store(target.path()), dir.path(), &lesson("music-3a")).await.unwrap();
    assert!(upload::not_stored(dir.path()).is_empty());
}

#[test]
fn a_store_that_cannot_be_is_told_by_its_key() {
    for url in ["s3:bucket", "bucket", "gopher://x/y"] {
        let error = Store::open(&StoreConfig { url: url.into(), ..StoreConfig::default() }).unwrap_err();
        assert!(format!("{error:#}").contains("recording.store.url"), "{error:#}");
    }
    assert!(Store::open(&StoreConfig::default()).unwrap().is_none());
}
