//! The recorder with its threads and a real directory, fed through the tap.

use std::{
    collections::HashMap,
    sync::mpsc::{SyncSender, sync_channel},
    time::{Duration, Instant},
};

use protocol::message::RecordingState;
use recorder::{File, Manifest, TrackName, playlist::Latency};
use sfu::{
    codec::{Codec, H264Profile},
    seats::Slot,
    tap::{TapEntry, Tapped},
};

use super::{
    testing::{master, voice_packet},
    *,
};
use crate::testing::TempDir;

mod crash;
mod interruptions;
mod whole_lesson;

const KEY: LessonKey = LessonKey(7);
const MASTER: ParticipantKey = ParticipantKey(1);
const H264: Codec = Codec::H264(H264Profile::ConstrainedBaseline);

fn lesson() -> LessonId {
    LessonId::parse("music-3a").unwrap()
}

fn source(slot: Slot) -> Source {
    Source { participant: MASTER, slot }
}

/// A recorder on a directory of its own, and what it is fed by.
struct Studio {
    dir: TempDir,
    recorder: Recorder,
    gauge: Arc<DiskGauge>,
    tap: SyncSender<TapBatch>,
    told: mpsc::Receiver<RecordingEvent>,
    began: Instant,
}

impl Studio {
    fn new() -> Self {
        Self::on(TempDir::new())
    }

    fn on(dir: TempDir) -> Self {
        Self::asking(dir, |_, _| {})
    }

    /// On a disk of which so much is to be kept free.
    fn keeping_free(dir: TempDir, bytes: u64) -> Self {
        Self::with(dir, Arc::new(DiskGauge::new(bytes)), |_, _| {})
    }

    fn asking(dir: TempDir, ask: impl FnMut(LessonKey, Source) + Send + 'static) -> Self {
        Self::with(dir, Arc::new(DiskGauge::new(0)), ask)
    }

    fn with(dir: TempDir, gauge: Arc<DiskGauge>, ask: impl FnMut(LessonKey, Source) + Send + 'static) -> Self {
        let (tap, tapped) = sync_channel(4_096);
        let (recorder, told) = start(dir.path(), gauge.clone(), tapped, ask).unwrap();
        Self { dir, recorder, gauge, tap, told, began: Instant::now() }
    }

    fn tap(&self, slot: Slot, at_ms: u64, what: Tapped, bytes: Vec<u8>) {
        let arrival = self.began + Duration::from_millis(at_ms);
        let entry = TapEntry { lesson: KEY, source: source(slot), arrival, what };
        self.tap.send(TapBatch { entries: vec![entry], bytes }).unwrap();
    }

    fn start_voice(&self) {
        self.tap(Slot::Voice, 0, Tapped::Started { codec: Codec::Opus, ssrc: 5 }, Vec::new());
    }

    /// 50 packets a second for so long.
    fn speak(&self, ms: u64) {
        let report = Tapped::SenderReport { ntp: 3_900_000_000 << 32, rtp: 0 };
        self.tap(Slot::Voice, 0, report, Vec::new());
        for n in 0..ms / 20 {
            let packet = voice_packet(n as u16);
            let what = Tapped::Packet { start: 0, len: packet.len() as u16 };
            self.tap(Slot::Voice, n * 20, what, packet);
        }
    }

    async fn told(&mut self) -> (RecordingState, Option<u32>) {
        let event = tokio::time::timeout(Duration::from_secs(10), self.told.recv()).await.unwrap().unwrap();
        assert_eq!(event.lesson, lesson());
        (event.recording.state, event.recording.duration_ms)
    }

    fn replays(&self) -> Replays {
        Replays::new(self.dir.path(), self.recorder.clone(), Latency::Low)
    }
}

#[tokio::test]
async fn a_lesson_can_be_replayed_as_soon_as_it_is_told_finished() {
    let mut studio = Studio::new();
    studio.recorder.introduce(KEY, MASTER, master());
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.start_voice();
    studio.speak(3_000);
    assert_eq!(studio.told().await, (RecordingState::Recording, None));
    studio.recorder.end(KEY);
    assert_eq!(studio.told().await, (RecordingState::Finished, Some(3_000)));

    let replays = studio.replays();
    let manifest = replays.manifest(&lesson(), Age::Newest).await.unwrap();
    assert!(manifest.ended);
    let playlist = |path: &str| match replays.open(&lesson(), &manifest, path) {
        Some(Served::Playlist(text)) => text,
        other => panic!("{path}: {other:?}"),
    };
    assert!(playlist("lesson.m3u8").contains("t/master-program/track.m3u8"));
    assert!(playlist("t/master-voice/track.m3u8").contains("#EXT-X-ENDLIST"));
    let Some(Served::File(path)) = replays.open(&lesson(), &manifest, "t/master-voice/0.cmaf") else { panic!() };
    assert_eq!(std::fs::metadata(path).unwrap().len(), manifest.tracks[0].epochs[0].bytes);
    let tracks = playback_tracks(&manifest, "/replay/x", &HashMap::new());
    assert_eq!(tracks[0].playlist, "/replay/x/t/master-voice/track.m3u8");
    assert_eq!((tracks[0].starts_at_ms, tracks[0].duration_ms, tracks[0].slot.as_str()), (0, 3_000, "voice"));
}

#[tokio::test]
async fn nothing_but_the_files_a_playlist_names_is_served() {
    let mut studio = Studio::new();
    studio.recorder.begin(KEY, lesson(), None);
    studio.start_voice();
    studio.speak(1_000);
    studio.recorder.finish().await;
    while studio.told.recv().await.is_some() {}
    let (replays, lesson) = (studio.replays(), lesson());
    let manifest = replays.manifest(&lesson, Age::Newest).await.unwrap();
    for path in [
        "",
        "journal.wal",
        "manifest.json",
        "t/participant-1-voice/1.cmaf",
        "t/participant-1-voice/0.idx",
        "t/participant-1-voice/gap.cmaf",
        "t/participant-1-voice/../../manifest.json",
        "t/../manifest.json",
        "/etc/passwd",
    ] {
        assert_eq!(replays.open(&lesson, &manifest, path), None, "{path}");
    }
    assert!(replays.open(&lesson, &manifest, "t/participant-1-voice/0.cmaf").is_some());
}

#[tokio::test]
async fn what_was_sent_before_the_recording_begins_is_recorded_from_then_on() {
    let mut studio = Studio::new();
    studio.recorder.introduce(KEY, MASTER, master());
    studio.start_voice();
    // Another lesson's beginning tells that the writer has taken that in.
    let (other, at) = (LessonKey(8), studio.began);
    studio.recorder.begin(other, LessonId::parse("maths-3b").unwrap(), None);
    let what = Tapped::Started { codec: Codec::Opus, ssrc: 6 };
    let entry = TapEntry { lesson: other, source: source(Slot::Voice), arrival: at, what };
    studio.tap.send(TapBatch { entries: vec![entry], bytes: Vec::new() }).unwrap();
    assert_eq!(studio.told.recv().await.unwrap().lesson.as_str(), "maths-3b");
    studio.recorder.begin(KEY, lesson(), Some(master()));
    assert_eq!(studio.told().await, (RecordingState::Recording, None));
    studio.speak(2_000);
    studio.recorder.end(KEY);
    assert_eq!(studio.told().await.0, RecordingState::Finished);
}

#[tokio::test]
async fn a_lesson_into_which_nothing_is_published_leaves_nothing() {
    let mut studio = Studio::new();
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.recorder.end(KEY);
    studio.recorder.finish().await;
    assert_eq!(studio.told.recv().await, None);
    assert_eq!(studio.replays().manifest(&lesson(), Age::Newest).await, None);
}

#[tokio::test]
async fn vp8_is_written_as_webm() {
    let mut studio = Studio::new();
    studio.recorder.introduce(KEY, MASTER, master());
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.tap(Slot::Camera, 0, Tapped::Started { codec: Codec::Vp8, ssrc: 5 }, Vec::new());
    // A keyframe of 320x180 behind its descriptor.
    let payload = [0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 180, 0];
    let packet = [&[0x80, 0xe0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5][..], &payload].concat();
    studio.tap(Slot::Camera, 20, Tapped::Packet { start: 0, len: packet.len() as u16 }, packet);
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    studio.recorder.end(KEY);
    assert_eq!(studio.told().await.0, RecordingState::Finished);
    let replays = studio.replays();
    let manifest = replays.manifest(&lesson(), Age::Newest).await.unwrap();
    let Some(Served::File(path)) = replays.open(&lesson(), &manifest, "t/master-camera/0.webm") else { panic!() };
    assert!(std::fs::read(path).unwrap().starts_with(&[0x1a, 0x45, 0xdf, 0xa3]));
    assert_eq!(replays.open(&lesson(), &manifest, "t/master-camera/0.cmaf"), None);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_fails_the_recording_and_nothing_else() {
    let mut studio = Studio::new();
    // A file stands where the track's directory should be made.
    studio.recorder.introduce(KEY, MASTER, master());
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.start_voice();
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    std::fs::write(studio.dir.path().join("music-3a/t/master-voice"), "in the way").unwrap();
    studio.speak(2_000);
    studio.recorder.end(KEY);
    assert_eq!(studio.told().await.0, RecordingState::Failed);
    studio.recorder.finish().await;
}

#[tokio::test]
async fn a_recording_goes_on_once_nothing_is_in_its_way() {
    let mut studio = Studio::new();
    studio.recorder.introduce(KEY, MASTER, master());
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.start_voice();
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    let in_the_way = studio.dir.path().join("music-3a/t/master-voice");
    std::fs::write(&in_the_way, "in the way").unwrap();
    studio.speak(2_000);
    assert_eq!(studio.told().await.0, RecordingState::Failed);
    std::fs::remove_file(&in_the_way).unwrap();
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    studio.speak(1_000);
    studio.recorder.end(KEY);
    assert_eq!(studio.told().await.0, RecordingState::Finished);
}

#[tokio::test]
async fn a_recording_a_crash_left_open_is_closed_at_the_next_start() {
    let dir = TempDir::new();
    let (jobs, _kept) = sync_channel(64);
    let began = Instant::now();
    let mut running = running::Running::begin(dir.path(), &lesson(), Some(master()), None, began).unwrap();
    running.start_track(source(Slot::Voice), master(), Codec::Opus, 5, began);
    running.handle(source(Slot::Voice), &Tapped::SenderReport { ntp: 1 << 40, rtp: 0 }, &[], began);
    for n in 0..200 {
        let packet = voice_packet(n);
        let what = Tapped::Packet { start: 0, len: packet.len() as u16 };
        let at = began + Duration::from_millis(20 * u64::from(n));
        running.handle(source(Slot::Voice), &what, &packet, at);
        assert!(running.carry_out(&jobs).state.is_none());
    }
    drop(running);
    let journal = dir.path().join("music-3a/journal.wal");
    let mut torn = std::fs::read(&journal).unwrap();
    let whole = torn.len();
    torn.extend_from_slice(&[40, 0, 0, 0, 1, 2]);
    std::fs::write(&journal, torn).unwrap();

    let mut studio = Studio::on(dir);
    let (state, duration_ms) = studio.told().await;
    assert_eq!(state, RecordingState::Finished);
    assert!((3_500..=4_000).contains(&duration_ms.unwrap()), "{duration_ms:?}");
    assert_eq!(std::fs::metadata(&journal).unwrap().len(), whole as u64);
    let voice = TrackName { participant: master(), slot: recorder::Slot::Voice };
    let index = std::fs::read(studio.dir.path().join("music-3a").join(File::Index { track: voice, epoch: 0 }.path()));
    assert!(!recorder::index::decode(&index.unwrap()).is_empty());

    // Four seconds were recorded, and less passed on the wall clock: it was set. The lesson recorded once more does not touch
    // what is there.
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.start_voice();
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    let before = std::fs::read(studio.dir.path().join("music-3a.1/manifest.json")).unwrap();
    assert!(Manifest::from_json(&before).unwrap().ended);
}

#[tokio::test]
async fn the_running_manifest_reaches_the_disk_within_seconds() {
    let mut studio = Studio::new();
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.tap(Slot::Camera, 0, Tapped::Started { codec: H264, ssrc: 9 }, Vec::new());
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    // One that asks nobody but the disk.
    let replays = Replays::new(studio.dir.path(), Recorder::default(), Latency::Ordinary);
    let mut looks = tokio::time::interval(Duration::from_millis(50));
    let written = async {
        while replays.manifest(&lesson(), Age::Newest).await.is_none() {
            looks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), written).await.unwrap();
    assert!(!replays.manifest(&lesson(), Age::Newest).await.unwrap().ended);
}

#[tokio::test]
async fn a_lesson_that_is_on_is_played_from_its_beginning() {
    let mut studio = Studio::new();
    studio.recorder.introduce(KEY, MASTER, master());
    studio.recorder.begin(KEY, lesson(), Some(master()));
    studio.start_voice();
    studio.speak(20_000);
    assert_eq!(studio.told().await.0, RecordingState::Recording);
    let replays = studio.replays();
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let listed = async {
        loop {
            looks.tick().await;
            let manifest = replays.manifest(&lesson(), Age::Newest).await.unwrap();
            assert!(!manifest.ended);
            let Some(Served::Playlist(text)) = replays.open(&lesson(), &manifest, "t/master-voice/track.m3u8") else {
                panic!("no playlist")
            };
            if text.matches("0.cmaf\n").count() >= 4 {
                return text;
            }
        }
    };
    let text = tokio::time::timeout(Duration::from_secs(10), listed).await.expect("16 s are complete");
    assert!(text.contains("EVENT") && !text.contains("ENDLIST"), "{text}");
    studio.recorder.end(KEY);
    assert_eq!(studio.told().await.0, RecordingState::Finished);
}
