//! Recordings that stood still, because the program died, its thread panicked or the disk failed, and went on by themselves.

use std::{fs, ops::Range, path::Path, process::Command};

use recorder::{
    Container, Refusal,
    journal::{self, Record},
    manifest::Refused,
};

use super::*;
use crate::recording::testing::{KEYFRAME, crashed, voice_of_master};

impl Studio {
    /// Waits for this state, through others.
    async fn told_at_last(&mut self, state: RecordingState) -> Option<u32> {
        loop {
            let (told, duration_ms) = self.told().await;
            if told == state {
                return duration_ms;
            }
        }
    }

    /// A loud voice, 50 kB a second, from one millisecond to another.
    fn shout(&self, span_ms: Range<u64>) {
        for n in span_ms.start / 20..span_ms.end / 20 {
            let mut packet = voice_packet(n as u16);
            packet.resize(1_000, 0);
            let what = Tapped::Packet { start: 0, len: packet.len() as u16 };
            self.tap(Slot::Voice, n * 20, what, packet);
        }
    }

    /// Waits until this is so.
    async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        let so = async {
            while !is_so(self) {
                looks.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), so).await.unwrap();
    }

    /// Waits until the first file of the master's voice is so long, and returns it.
    async fn voice_file(&self, len: usize) -> Vec<u8> {
        let file = File::Media { track: voice_of_master(), epoch: 0, container: Container::Cmaf };
        let path = self.dir.path().join("music-3a").join(file.path());
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        let written = async {
            loop {
                looks.tick().await;
                match fs::read(&path) {
                    Ok(bytes) if bytes.len() >= len => return bytes,
                    _ => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), written).await.unwrap()
    }
}

#[tokio::test]
async fn after_a_restart_the_lesson_goes_on_in_the_same_recording() {
    let dir = TempDir::new();
    let began_at = crashed(dir.path(), &lesson(), 60_000);
    let mut studio = Studio::on(dir);
    assert_eq!(studio.told().await.0, RecordingState::Finished, "closed at the start");
    studio.recorder.introduce(KEY, MASTER, master());
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.start_voice();
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    studio.speak(3_000);
    studio.recorder.end(KEY);
    let duration_ms = studio.told_at_last(RecordingState::Finished).await.unwrap();
    assert!((62_500..=75_000).contains(&duration_ms), "{duration_ms}");
    let manifest = studio.replays().manifest(&lesson(), Age::Newest).await.unwrap();
    assert_eq!(
        (manifest.lesson.began_at, manifest.ended, manifest.tracks.len()),
        (began_at, true, 2),
        "the voice, and the mix"
    );
    let [before, after] = manifest.tracks[0].epochs.as_slice() else { panic!("{manifest:?}") };
    assert!(before.end <= 3 * 48_000 && after.end >= 62 * 48_000, "{manifest:?}");
    assert_eq!(after.start, before.end, "silence fills what was missed");
    assert!(!studio.dir.path().join("music-3a.1").exists());
}

#[tokio::test]
async fn a_panic_interrupts_its_lesson_only_and_that_goes_on() {
    let mut panics = 1;
    let mut studio = Studio::asking(TempDir::new(), move |_, _| {
        if panics > 0 {
            panics -= 1;
            panic!("a fault of ours");
        }
    });
    studio.recorder.introduce(KEY, MASTER, master());
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.start_voice();
    studio.speak(1_000);
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    studio.tap(Slot::Camera, 1_000, Tapped::Started { codec: H264, ssrc: 9 }, Vec::new());
    let mut delta = vec![0x80, 0xe0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
    delta.extend_from_slice(&[0x41, 0x9a, 0]);
    let what = Tapped::Packet { start: 0, len: delta.len() as u16 };
    studio.tap(Slot::Camera, 1_000, what, delta);
    assert_eq!(studio.told().await.0, RecordingState::Failed);
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    studio.recorder.end(KEY);
    studio.told_at_last(RecordingState::Finished).await;
    assert!(!studio.dir.path().join("music-3a.1").exists());
}

#[tokio::test]
async fn a_recording_goes_on_when_the_disk_has_space_again() {
    let disk = SmallDisk::mount(512);
    let mut studio = Studio::on(disk.directory());
    studio.recorder.introduce(KEY, MASTER, master());
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.start_voice();
    studio.tap(Slot::Voice, 0, Tapped::SenderReport { ntp: 3_900_000_000 << 32, rtp: 0 }, Vec::new());
    studio.shout(0..1_000);
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    studio.voice_file(30_000).await;
    let filler = disk.path().join("filler");
    // Fails, and leaves nothing free.
    let _ = fs::write(&filler, vec![0; 1 << 20]);
    studio.shout(1_000..1_600);
    assert_eq!(studio.told().await.0, RecordingState::Failed);
    let before = studio.voice_file(30_000).await;
    fs::remove_file(&filler).unwrap();
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    studio.shout(5_000..6_000);
    studio.recorder.end(KEY);
    studio.told_at_last(RecordingState::Finished).await;
    let manifest = studio.replays().manifest(&lesson(), Age::Newest).await.unwrap();
    let first = &manifest.tracks[0].epochs[0];
    let after = studio.voice_file(0).await;
    assert_eq!(after.len() as u64, first.bytes, "cut behind its last whole part");
    assert!(before.starts_with(&after) && first.parts >= 2, "{first:?}");
    assert_eq!(manifest.tracks[0].epochs.len(), 2);
    studio.recorder.finish().await;
}

#[tokio::test]
async fn a_lesson_that_ends_while_its_recording_stands_still_can_be_replayed_up_to_there() {
    let mut studio = Studio::new();
    studio.recorder.introduce(KEY, MASTER, master());
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.start_voice();
    studio.speak(2_000);
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    studio.voice_file(1_000).await;
    let in_the_way = studio.dir.path().join("music-3a/t/master-camera");
    fs::write(&in_the_way, "in the way").unwrap();
    studio.tap(Slot::Camera, 2_000, Tapped::Started { codec: H264, ssrc: 9 }, Vec::new());
    studio.tap(Slot::Camera, 2_000, Tapped::SenderReport { ntp: 3_900_000_002 << 32, rtp: 0 }, Vec::new());
    let mut keyframe = vec![0x80, 0xe0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
    keyframe.extend_from_slice(&KEYFRAME);
    let what = Tapped::Packet { start: 0, len: keyframe.len() as u16 };
    studio.tap(Slot::Camera, 2_000, what, keyframe);
    assert_eq!(studio.told().await.0, RecordingState::Failed);
    studio.recorder.end(KEY);
    let (state, duration_ms) = studio.told().await;
    assert_eq!(state, RecordingState::Finished);
    assert!((1_000..=2_000).contains(&duration_ms.unwrap()), "{duration_ms:?}");
    assert!(studio.replays().manifest(&lesson(), Age::Newest).await.unwrap().ended);
}

#[tokio::test]
async fn a_low_disk_costs_what_is_not_the_leads_and_a_full_one_stops_the_recording() {
    const KEEP_FREE: u64 = 512 << 10;
    let disk = SmallDisk::mount(1_024);
    let mut studio = Studio::keeping_free(disk.directory(), KEEP_FREE);
    studio.recorder.introduce(KEY, MASTER, master());
    let point = Source { participant: ParticipantKey(2), slot: Slot::Voice };
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.start_voice();
    let what = Tapped::Started { codec: Codec::Opus, ssrc: 6 };
    let entry = TapEntry { lesson: KEY, source: point, arrival: studio.began, what };
    studio.tap.send(TapBatch { entries: vec![entry], bytes: Vec::new() }).unwrap();
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    assert!(studio.gauge.free_bytes().is_some_and(|free| free > KEEP_FREE));
    let filler = disk.path().join("filler");
    let refused = |studio: &Studio| {
        let journal = fs::read(studio.dir.path().join("music-3a/journal.wal")).unwrap_or_default();
        let low = |record| matches!(record, Record::TrackRefused(Refused { reason: Refusal::DiskLow, .. }));
        journal::read(&journal).any(low)
    };
    fs::write(&filler, vec![0; 640 << 10]).unwrap();
    studio.until(refused).await;
    fs::write(&filler, vec![0; 970 << 10]).unwrap();
    assert_eq!(studio.told().await.0, RecordingState::Failed);
    fs::remove_file(&filler).unwrap();
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    studio.recorder.finish().await;
}

/// A file system of its own, of so many KiB.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(kib: u32) -> Self {
        let dir = TempDir::new();
        let size = format!("size={kib}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).output();
        let mounted = mounted.expect("mount is installed");
        let why = String::from_utf8_lossy(&mounted.stderr);
        assert!(mounted.status.success(), "this test mounts a small disk and must run as root: {why}");
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A directory of it.
    fn directory(&self) -> TempDir {
        TempDir::below(self.path())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a thread of the recorder may still hold a file of it.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
fn many_open_recordings_are_recovered_quickly() {
    let lessons: usize = std::env::var("TONGKE_RECOVERED_LESSONS").map_or(20, |count| count.parse().unwrap());
    let dir = TempDir::new();
    for n in 0..lessons {
        crashed(dir.path(), &LessonId::parse(format!("lesson-{n}")).unwrap(), 60_000);
    }
    let began = Instant::now();
    let events = recovery::close_all(dir.path());
    let took = began.elapsed();
    assert_eq!(events.iter().filter(|event| event.recording.state == RecordingState::Finished).count(), lessons);
    eprintln!("{lessons} open recordings recovered in {} ms", took.as_millis());
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(recovery::close_all(dir.path()).is_empty());
}
