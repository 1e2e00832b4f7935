//! The program is killed while it records many lessons, again and again, and every recording is whole after.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use recorder::check::{Files as _, check};

use super::*;
use crate::{recording::testing::KEYFRAME, recordings::OnDisk};

const NAME: &str = "recording::tests::crash::a_kill_costs_a_second_at_most_and_no_recording";
/// Set for the process that records and is killed: where to.
const DIRECTORY: &str = "TONGKE_CRASH_DIRECTORY";
const LESSONS: u32 = 20;
/// Nobody kills the child: the test itself was killed.
const ABANDONED_MS: u64 = 60_000;

#[tokio::test]
async fn a_kill_costs_a_second_at_most_and_no_recording() {
    if let Some(directory) = env::var_os(DIRECTORY) {
        return record_until_killed(&PathBuf::from(directory)).await;
    }
    let kills: u64 = env::var("TONGKE_KILLS").map_or(20, |count| count.parse().unwrap());
    let mut worst_ms = 0;
    for seed in 1..=kills {
        // A multiplicative hash spreads the seeds over a second.
        let kill_at_ms = 700 + seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 1_000;
        worst_ms = worst_ms.max(kill_and_check(seed, kill_at_ms));
    }
    eprintln!("{kills} kills of {LESSONS} lessons each: at most {worst_ms} ms lost");
}

/// Returns the most that a track lost, in milliseconds.
fn kill_and_check(seed: u64, kill_at_ms: u64) -> u64 {
    let dir = TempDir::new();
    let fed_ms = Recording::begin(dir.path()).kill_at(kill_at_ms);
    let events = recovery::close_all(dir.path());
    assert_eq!(events.len(), LESSONS as usize, "seed {seed}");
    let lost = (0..LESSONS).map(|n| lost_ms(&dir.path().join(format!("lesson-{n}")), fed_ms));
    let worst_ms = lost.max().unwrap();
    assert!(worst_ms <= 1_000, "seed {seed}: {worst_ms} ms of {fed_ms} lost");
    worst_ms
}

fn lost_ms(directory: &Path, fed_ms: u64) -> u64 {
    let files = OnDisk { directory: directory.to_owned() };
    let report = check(&fs::read(directory.join(File::Journal.path())).unwrap(), &files);
    assert_eq!((report.flaws, report.ended), (Vec::new(), true), "{}", directory.display());
    let len = files.len(&File::Manifest).unwrap();
    let manifest = Manifest::from_json(&files.read(&File::Manifest, 0, len as usize).unwrap()).unwrap();
    // The mix waits for the voices, so it is behind; what it is made of is what must not be lost.
    let published = manifest.tracks.iter().filter(|track| track.name.slot != recorder::Slot::Program);
    assert_eq!(published.clone().count(), 2, "{}", directory.display());
    let end_ms = |track: &recorder::manifest::Track| track.span_micros().map_or(0, |(_, end)| end / 1_000);
    fed_ms.saturating_sub(published.map(end_ms).min().unwrap())
}

/// The process that records. It is killed in any case.
struct Recording(Child);

impl Recording {
    fn begin(directory: &Path) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args([NAME, "--exact", "--nocapture"]).env(DIRECTORY, directory);
        Self(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Kills it once it has fed so much to its recorder. Returns how much it had fed.
    fn kill_at(mut self, ms: u64) -> u64 {
        let lines = BufReader::new(self.0.stderr.take().unwrap()).lines();
        let mut fed = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("fed ")?.parse().ok());
        let fed_ms = fed.find(|fed_ms: &u64| *fed_ms >= ms).expect("the child feeds its recorder");
        // SIGKILL.
        self.0.kill().unwrap();
        fed_ms
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Feeds the recorder as the media thread would, a batch every 20 ms, and says how far it is.
async fn record_until_killed(directory: &Path) {
    let (tap, tapped) = sync_channel(256);
    let (recorder, _told) = start(directory, Arc::new(DiskGauge::new(0)), tapped, |_, _| {}).unwrap();
    for n in 0..LESSONS {
        recorder.introduce(LessonKey(n), MASTER, master());
        recorder.begin(LessonKey(n), LessonId::parse(format!("lesson-{n}")).unwrap(), Some(master()));
    }
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    for tick in 0..ABANDONED_MS / 20 {
        let due = ticks.tick().await.into_std();
        let mut batch = TapBatch::default();
        (0..LESSONS).for_each(|n| feed(&mut batch, LessonKey(n), tick, due));
        tap.send(batch).unwrap();
        writeln!(std::io::stderr(), "fed {}", tick * 20).unwrap();
    }
}

/// 50 packets of voice and 12.5 pictures a second, a keyframe every 2.4 s.
pub(super) fn feed(batch: &mut TapBatch, lesson: LessonKey, tick: u64, arrival: Instant) {
    let mut add = |slot, what| batch.entries.push(TapEntry { lesson, source: source(slot), arrival, what });
    if tick == 0 {
        for (slot, codec, ssrc) in [(Slot::Voice, Codec::Opus, 5), (Slot::Camera, H264, 9)] {
            add(slot, Tapped::Started { codec, ssrc });
        }
    }
    // Browsers send their first report after up to 2.5 s, each at its time.
    if tick == u64::from(lesson.0) * 7 {
        let at = Duration::from_millis(tick * 20);
        let ntp = (3_900_000_000 << 32) + ((at.as_micros() as u64) << 32) / 1_000_000;
        add(Slot::Voice, Tapped::SenderReport { ntp, rtp: tick as u32 * 960 });
        add(Slot::Camera, Tapped::SenderReport { ntp, rtp: tick as u32 * 1_800 });
    }
    packet(batch, lesson, Slot::Voice, arrival, &voice_packet(tick as u16));
    if tick.is_multiple_of(4) {
        let frame = tick / 4;
        let mut picture = vec![0x80, 0xe0];
        picture.extend_from_slice(&(frame as u16).to_be_bytes());
        picture.extend_from_slice(&(frame as u32 * 7_200).to_be_bytes());
        picture.extend_from_slice(&9u32.to_be_bytes());
        match frame % 30 {
            0 => picture.extend_from_slice(&KEYFRAME),
            _ => picture.extend_from_slice(&[0x41; 700]),
        }
        packet(batch, lesson, Slot::Camera, arrival, &picture);
    }
}

fn packet(batch: &mut TapBatch, lesson: LessonKey, slot: Slot, arrival: Instant, bytes: &[u8]) {
    let what = Tapped::Packet { start: batch.bytes.len() as u32, len: bytes.len() as u16 };
    batch.bytes.extend_from_slice(bytes);
    batch.entries.push(TapEntry { lesson, source: source(slot), arrival, what });
}
