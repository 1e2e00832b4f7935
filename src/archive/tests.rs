//! Finished lessons copied into a store on the disk, and into one in memory that breaks down when it is told to.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use async_trait::async_trait;
use object_store::{
    Error, ObjectStoreExt, PutPayload, PutResult, Result,
    memory::InMemory,
    multipart::{MultipartStore, PartId},
};
use recorder::{Lesson, manifest::VERSION};

use super::{
    progress::{STORED, UPLOADING},
    *,
};
use crate::testing::TempDir;

/// How long a test waits for what it is told of.
const PATIENCE: Duration = Duration::from_secs(20);
const CAMERA: &str = "t/master-camera/0.cmaf";
/// Parts of the camera's file: two of 8 MiB and a short one.
const CAMERA_PARTS: usize = 3;

fn lesson(id: &str) -> LessonId {
    LessonId::parse(id).unwrap()
}

/// A recording with a small file and one of several parts.
fn record(recordings: &Path, id: &str, ended: bool) {
    let directory = recordings.join(id);
    fs::create_dir_all(directory.join("t/master-camera")).unwrap();
    fs::create_dir_all(directory.join("jobs/thumbnails.tmp")).unwrap();
    fs::write(directory.join("jobs/thumbnails.tmp/half"), b"not yet").unwrap();
    fs::write(directory.join("journal.wal"), b"journal").unwrap();
    let camera: Vec<u8> = (0..17u32 << 20).map(|n| (n >> 20) as u8).collect();
    fs::write(directory.join(CAMERA), camera).unwrap();
    write_manifest(&directory, id, ended);
}

fn write_manifest(directory: &Path, id: &str, ended: bool) {
    let about = Lesson { version: VERSION, lesson: lesson(id), lead: None, began_at: protocol::UtcMs(0) };
    let manifest = recorder::Manifest { ended, ..recorder::Manifest::new(about) };
    fs::write(directory.join("manifest.json"), manifest.to_json().unwrap()).unwrap();
}

/// Puts other bytes into a file, as long as those before, a second later by the file's own clock.
fn make_anew(path: &Path, bytes: &[u8]) {
    let before = fs::metadata(path).unwrap();
    assert_eq!(before.len(), bytes.len() as u64);
    fs::write(path, bytes).unwrap();
    let later: SystemTime = before.modified().unwrap() + Duration::from_secs(1);
    fs::File::options().append(true).open(path).unwrap().set_modified(later).unwrap();
}

fn store(target: &Path) -> Store {
    let url = format!("file://{}", target.display());
    Store::open(&StoreConfig { url, ..StoreConfig::default() }).unwrap().unwrap()
}

fn due(recordings: &Path, store: &Store) -> Vec<LessonId> {
    progress::not_stored(recordings, &store.place)
}

/// A store in memory, and what was asked of it.
struct Fake {
    objects: Arc<InMemory>,
    /// Uploads it knows.
    known: Mutex<BTreeSet<String>>,
    /// Numbers of the parts that came.
    parts: Mutex<Vec<usize>>,
    /// Whether it says so where it does not know an upload.
    is_frank: AtomicBool,
    /// Where it breaks down: at keys that contain the text, from the part of this number on.
    broken: Mutex<Option<(&'static str, usize)>>,
    /// Tells the key of every file that broke down or is complete, and which it is.
    outcome: mpsc::UnboundedSender<(String, bool)>,
}

type Outcomes = mpsc::UnboundedReceiver<(String, bool)>;

impl Fake {
    fn new() -> (Arc<Self>, Store, Outcomes) {
        let (outcome, outcomes) = mpsc::unbounded_channel();
        let objects = Arc::new(InMemory::new());
        let fake = Arc::new(Self {
            objects: objects.clone(),
            known: Mutex::default(),
            parts: Mutex::default(),
            is_frank: AtomicBool::new(true),
            broken: Mutex::default(),
            outcome,
        });
        let objects = Objects { whole: objects, parts: fake.clone(), prefix: Key::from("school") };
        let store = Store { target: Target::Objects(objects), place: "memory".into() };
        (fake, store, outcomes)
    }

    fn break_at(&self, broken: Option<(&'static str, usize)>) {
        *self.broken.lock().unwrap() = broken;
    }

    /// The parts that came since it was last asked.
    fn take_parts(&self) -> Vec<usize> {
        std::mem::take(&mut *self.parts.lock().unwrap())
    }

    fn uploads(&self) -> usize {
        self.known.lock().unwrap().len()
    }

    async fn has(&self, recordings: &Path, id: &str, name: &str) -> bool {
        let there = self.objects.get(&Key::from(format!("school/{id}/{name}"))).await.unwrap().bytes().await.unwrap();
        there == fs::read(recordings.join(id).join(name)).unwrap()
    }

    fn check(&self, path: &Key, id: &str) -> Result<()> {
        if self.known.lock().unwrap().contains(id) {
            return Ok(());
        }
        Err(match self.is_frank.load(Ordering::Relaxed) {
            true => Error::NotFound { path: path.to_string(), source: "404".into() },
            false => Error::Generic { store: "fake", source: "500".into() },
        })
    }
}

#[async_trait]
impl MultipartStore for Fake {
    async fn create_multipart(&self, path: &Key) -> Result<String> {
        let id = self.objects.create_multipart(path).await?;
        self.known.lock().unwrap().insert(id.clone());
        Ok(id)
    }

    async fn put_part(&self, path: &Key, id: &String, number: usize, data: PutPayload) -> Result<PartId> {
        self.check(path, id)?;
        let broken = *self.broken.lock().unwrap();
        if broken.is_some_and(|(key, at)| path.as_ref().contains(key) && number >= at) {
            let _ = self.outcome.send((path.to_string(), false));
            return Err(Error::Generic { store: "fake", source: "the line is down".into() });
        }
        self.parts.lock().unwrap().push(number);
        self.objects.put_part(path, id, number, data).await
    }

    async fn complete_multipart(&self, path: &Key, id: &String, parts: Vec<PartId>) -> Result<PutResult> {
        self.check(path, id)?;
        self.known.lock().unwrap().remove(id);
        let put = self.objects.complete_multipart(path, id, parts).await?;
        let _ = self.outcome.send((path.to_string(), true));
        Ok(put)
    }

    async fn abort_multipart(&self, path: &Key, id: &String) -> Result<()> {
        self.check(path, id)?;
        self.known.lock().unwrap().remove(id);
        self.objects.abort_multipart(path, id).await
    }
}

#[tokio::test]
async fn a_finished_recording_is_copied_whole_once_and_what_is_being_made_is_not() {
    let (dir, target) = (TempDir::new(), TempDir::new());
    record(dir.path(), "music-3a", true);
    record(dir.path(), "still-on", false);
    let store = store(target.path());
    assert_eq!(due(dir.path(), &store), [lesson("music-3a")]);
    upload::copy(&store, dir.path(), &lesson("music-3a")).await.unwrap();
    let copied = target.path().join("music-3a");
    let same =
        |name: &str| fs::read(copied.join(name)).unwrap() == fs::read(dir.path().join("music-3a").join(name)).unwrap();
    assert!(same("manifest.json") && same("journal.wal") && same("t/master-camera/0.cmaf"));
    assert!(!copied.join("jobs").exists());
    assert!(due(dir.path(), &store).is_empty());
    // A result that comes later is copied too.
    fs::create_dir_all(dir.path().join("music-3a/jobs/thumbnails")).unwrap();
    fs::write(dir.path().join("music-3a/jobs/thumbnails/thumbnails.vtt"), b"WEBVTT").unwrap();
    assert_eq!(due(dir.path(), &store), [lesson("music-3a")]);
}

#[tokio::test]
async fn a_copy_that_was_broken_off_goes_on_with_the_files_that_are_missing() {
    let (dir, target) = (TempDir::new(), TempDir::new());
    record(dir.path(), "music-3a", true);
    let (copied, store) = (target.path().join("music-3a"), store(target.path()));
    // A directory where the camera's file goes.
    fs::create_dir_all(copied.join(CAMERA).join("in the way")).unwrap();
    assert!(upload::copy(&store, dir.path(), &lesson("music-3a")).await.is_err());
    let local = dir.path().join("music-3a");
    assert!(local.join(UPLOADING).exists() && !local.join(STORED).exists());
    assert!(!copied.join("manifest.json").exists(), "it comes last");
    fs::remove_dir_all(copied.join(CAMERA)).unwrap();
    fs::write(copied.join("journal.wal"), b"as sent").unwrap();
    upload::copy(&store, dir.path(), &lesson("music-3a")).await.unwrap();
    assert_eq!(fs::read(copied.join("journal.wal")).unwrap(), b"as sent", "it was not sent again");
    assert!(fs::read(copied.join(CAMERA)).unwrap() == fs::read(local.join(CAMERA)).unwrap());
    assert!(!local.join(UPLOADING).exists() && local.join(STORED).exists());
    let names = |path: &Path| fs::read_dir(path).unwrap().count();
    assert_eq!((names(&copied), names(&copied.join("t/master-camera"))), (3, 1), "nothing half sent is left");
}

#[tokio::test]
async fn a_file_broken_off_after_a_part_goes_on_with_the_next() {
    let (dir, (fake, store, _outcomes)) = (TempDir::new(), Fake::new());
    record(dir.path(), "music-3a", true);
    for broken_at in 0..CAMERA_PARTS {
        fake.break_at(Some(("0.cmaf", broken_at)));
        assert!(upload::copy(&store, dir.path(), &lesson("music-3a")).await.is_err());
    }
    assert_eq!(fake.take_parts(), [0, 1]);
    // Something that comes before it by name does not take its place.
    fs::create_dir_all(dir.path().join("music-3a/jobs/compatible")).unwrap();
    fs::write(dir.path().join("music-3a/jobs/compatible/lesson.m4s"), vec![7; 9 << 20]).unwrap();
    fake.break_at(None);
    upload::copy(&store, dir.path(), &lesson("music-3a")).await.unwrap();
    assert_eq!(fake.take_parts(), [2, 0, 1]);
    assert_eq!(fake.uploads(), 0, "one upload a file");
    for name in [CAMERA, "journal.wal", "manifest.json", "jobs/compatible/lesson.m4s"] {
        assert!(fake.has(dir.path(), "music-3a", name).await, "{name}");
    }
    assert!(due(dir.path(), &store).is_empty());
}

#[tokio::test]
async fn a_file_of_which_the_store_has_forgotten_the_first_parts_begins_anew() {
    let (dir, (fake, store, _outcomes)) = (TempDir::new(), Fake::new());
    record(dir.path(), "music-3a", true);
    fake.break_at(Some(("0.cmaf", 2)));
    assert!(upload::copy(&store, dir.path(), &lesson("music-3a")).await.is_err());
    fake.known.lock().unwrap().clear();
    fake.break_at(None);
    upload::copy(&store, dir.path(), &lesson("music-3a")).await.unwrap();
    assert_eq!(fake.take_parts(), [0, 1, 0, 1, 2]);
    assert!(fake.has(dir.path(), "music-3a", CAMERA).await);
}

#[tokio::test]
async fn a_store_that_does_not_say_that_it_has_forgotten_is_believed_to_have_after_enough_tries() {
    let (dir, (fake, store, _outcomes)) = (TempDir::new(), Fake::new());
    record(dir.path(), "music-3a", true);
    fake.break_at(Some(("0.cmaf", 2)));
    assert!(upload::copy(&store, dir.path(), &lesson("music-3a")).await.is_err());
    fake.is_frank.store(false, Ordering::Relaxed);
    fake.known.lock().unwrap().clear();
    fake.break_at(None);
    for _ in 0..upload::MOST_IN_VAIN {
        assert!(upload::copy(&store, dir.path(), &lesson("music-3a")).await.is_err());
    }
    upload::copy(&store, dir.path(), &lesson("music-3a")).await.unwrap();
    assert_eq!(fake.take_parts(), [0, 1, 0, 1, 2]);
}

#[tokio::test]
async fn a_file_made_anew_while_it_was_on_its_way_begins_anew_and_its_parts_are_given_up() {
    let (dir, (fake, store, _outcomes)) = (TempDir::new(), Fake::new());
    record(dir.path(), "music-3a", true);
    fake.break_at(Some(("0.cmaf", 1)));
    assert!(upload::copy(&store, dir.path(), &lesson("music-3a")).await.is_err());
    make_anew(&dir.path().join("music-3a").join(CAMERA), &vec![9; 17 << 20]);
    fake.break_at(None);
    upload::copy(&store, dir.path(), &lesson("music-3a")).await.unwrap();
    assert_eq!(fake.take_parts(), [0, 0, 1, 2]);
    assert_eq!(fake.uploads(), 0);
    assert!(fake.has(dir.path(), "music-3a", CAMERA).await);
}

#[tokio::test]
async fn what_another_store_has_says_nothing_of_this_one() {
    let (dir, target) = (TempDir::new(), TempDir::new());
    record(dir.path(), "music-3a", true);
    upload::copy(&store(target.path()), dir.path(), &lesson("music-3a")).await.unwrap();
    let (fake, other, _outcomes) = Fake::new();
    assert_eq!(due(dir.path(), &other), [lesson("music-3a")]);
    upload::copy(&other, dir.path(), &lesson("music-3a")).await.unwrap();
    assert!(fake.has(dir.path(), "music-3a", CAMERA).await);
}

#[tokio::test]
async fn a_result_made_anew_is_sent_again_though_it_is_as_long_and_nothing_else_is() {
    let (dir, (fake, store, _outcomes)) = (TempDir::new(), Fake::new());
    record(dir.path(), "music-3a", true);
    let result = dir.path().join("music-3a/jobs/thumbnails.vtt");
    fs::write(&result, b"WEBVTT 1").unwrap();
    upload::copy(&store, dir.path(), &lesson("music-3a")).await.unwrap();
    assert!(due(dir.path(), &store).is_empty());
    fake.take_parts();
    make_anew(&result, b"WEBVTT 2");
    assert_eq!(due(dir.path(), &store), [lesson("music-3a")]);
    upload::copy(&store, dir.path(), &lesson("music-3a")).await.unwrap();
    assert!(fake.has(dir.path(), "music-3a", "jobs/thumbnails.vtt").await);
    assert_eq!(fake.take_parts(), [0; 0], "the camera's file stays");
    assert!(due(dir.path(), &store).is_empty());
}

#[tokio::test]
async fn a_recording_that_has_not_ended_is_not_copied() {
    let (dir, (fake, store, _outcomes)) = (TempDir::new(), Fake::new());
    record(dir.path(), "still-on", false);
    upload::copy(&store, dir.path(), &lesson("still-on")).await.unwrap();
    upload::copy(&store, dir.path(), &lesson("not-there")).await.unwrap();
    assert!(fake.objects.get(&Key::from("school/still-on/journal.wal")).await.is_err());
    let names = [STORED, UPLOADING].map(|name| dir.path().join("still-on").join(name));
    assert!(names.iter().all(|path| !path.exists()));
    write_manifest(&dir.path().join("still-on"), "still-on", true);
    upload::copy(&store, dir.path(), &lesson("still-on")).await.unwrap();
    assert!(fake.has(dir.path(), "still-on", "manifest.json").await);
}

#[tokio::test]
async fn an_acknowledgement_of_an_older_form_counts_for_nothing() {
    let (dir, (_fake, store, _outcomes)) = (TempDir::new(), Fake::new());
    record(dir.path(), "music-3a", true);
    fs::write(dir.path().join("music-3a").join(STORED), br#"{ "files": { "journal.wal": 7 } }"#).unwrap();
    assert_eq!(due(dir.path(), &store), [lesson("music-3a")]);
}

#[tokio::test]
async fn a_lesson_that_ends_while_another_waits_to_be_tried_again_is_copied_at_once() {
    let (dir, (fake, store, mut outcomes)) = (TempDir::new(), Fake::new());
    record(dir.path(), "music-3a", true);
    fake.break_at(Some(("music-3a", 0)));
    let archive = start(Some(store), dir.path());
    let mut next = async || tokio::time::timeout(PATIENCE, outcomes.recv()).await.unwrap().unwrap();
    assert!(PATIENCE < RETRY);
    assert_eq!(next().await, (format!("school/music-3a/{CAMERA}"), false));
    record(dir.path(), "art-3b", true);
    archive.finished(lesson("art-3b"));
    assert_eq!(next().await, (format!("school/art-3b/{CAMERA}"), true));
}

#[tokio::test]
async fn what_the_store_does_not_take_is_not_acknowledged() {
    let (dir, target) = (TempDir::new(), TempDir::new());
    record(dir.path(), "music-3a", true);
    // A file where a directory should be.
    fs::write(target.path().join("music-3a"), b"in the way").unwrap();
    let store = store(target.path());
    assert!(upload::copy(&store, dir.path(), &lesson("music-3a")).await.is_err());
    assert_eq!(due(dir.path(), &store), [lesson("music-3a")]);
    fs::remove_file(target.path().join("music-3a")).unwrap();
    upload::copy(&store, dir.path(), &lesson("music-3a")).await.unwrap();
    assert!(due(dir.path(), &store).is_empty());
}

#[test]
fn a_store_that_cannot_be_is_told_by_its_key() {
    for url in ["s3:bucket", "bucket", "gopher://x/y", "memory:///", "file://host/x"] {
        let error = Store::open(&StoreConfig { url: url.into(), ..StoreConfig::default() }).err().unwrap();
        assert!(format!("{error:#}").contains("recording.store.url"), "{error:#}");
    }
    assert!(Store::open(&StoreConfig::default()).unwrap().is_none());
}
