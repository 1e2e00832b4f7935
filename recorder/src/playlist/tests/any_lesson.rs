//! Lessons in which anything happens in any order, from a seed: whatever it was, the playlists of the running lesson only
//! grow, and those of the finished one are whole. `TONGKE_LESSONS` says how many, 24 by default; a failure names its seed.

use super::*;
use crate::{
    check::check,
    download::{Content, download},
    lesson_recording::tests::pauses::assert_unbroken,
};

/// Chance that is the same in every run (xorshift64*).
struct Dice(u64);

impl Dice {
    /// Of a seed, however small.
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize].clone()
    }
}

/// What may be published.
fn sources() -> Vec<TrackName> {
    let of = |who: &str, slots: &[Slot]| slots.iter().map(|slot| name(who, *slot)).collect::<Vec<_>>();
    let (camera, voice, screen) = (Slot::Camera, Slot::Voice, Slot::Screen);
    [of("master", &[camera, screen, voice]), of("point-1", &[camera, voice]), of("point-2", &[camera, voice])].concat()
}

/// A lesson under way.
struct Running {
    dice: Dice,
    studio: Studio,
    /// Sources that are there and silent.
    silent: Vec<crate::testing::Sender>,
    at_ms: u64,
    crashes: u32,
}

impl Running {
    fn new(seed: u64) -> Self {
        let mut running =
            Self { dice: Dice::new(seed), studio: Studio::new(), silent: Vec::new(), at_ms: 0, crashes: 0 };
        if running.dice.below(3) == 0 {
            running.studio.drop_one_in = Some(20 + running.dice.below(80));
        }
        running
    }

    /// One thing happens.
    fn happen(&mut self) {
        match self.dice.below(20) {
            0..6 => self.come_or_go(),
            6..9 => self.pause_or_go_on(),
            9..15 => self.change_stage(),
            15 => self.change_size(),
            16 => self.crash(),
            _ => {}
        }
    }

    fn come_or_go(&mut self) {
        let who = self.dice.pick(&sources());
        if self.studio.senders.iter().any(|sender| sender.name == who) && self.dice.below(2) == 0 {
            return self.studio.end_track(&who);
        }
        self.silent.retain(|sender| sender.name != who);
        self.studio.senders.retain(|sender| sender.name != who);
        let (codec, rate) = if who.slot == Slot::Voice { (Codec::Opus, 48_000) } else { (Codec::H264, 90_000) };
        self.studio.start(who.clone(), codec, rate);
        let keyframe_at_ms = 80 * self.dice.below(25);
        self.studio.sender(&who).keyframe_at_ms = keyframe_at_ms;
    }

    fn pause_or_go_on(&mut self) {
        if self.silent.is_empty() && !self.studio.senders.is_empty() {
            let position = self.dice.below(self.studio.senders.len() as u64) as usize;
            self.silent.push(self.studio.senders.remove(position));
        } else {
            self.studio.senders.append(&mut self.silent);
        }
    }

    fn change_stage(&mut self) {
        let point = self.dice.pick(&["point-1", "point-2"]);
        let floor = if self.dice.below(2) == 0 { vec![name(point, Slot::Camera).participant] } else { Vec::new() };
        let courseware = self.dice.below(2) == 0;
        self.studio.stage(self.at_ms, Stage { floor, courseware });
    }

    fn change_size(&mut self) {
        let pictures = self.studio.senders.iter().filter(|sender| sender.name.slot != Slot::Voice);
        let pictures: Vec<_> = pictures.map(|sender| sender.name.clone()).collect();
        if !pictures.is_empty() {
            let who = self.dice.pick(&pictures);
            self.studio.change_sps(&who);
        }
    }

    fn crash(&mut self) {
        let away = 1_000 + self.dice.below(20_000);
        self.silent.clear();
        self.studio.crash_and_resume(away);
        self.at_ms += away;
        self.crashes += 1;
    }

    fn teach(&mut self) {
        let lasts = 100 + self.dice.below(6_000);
        self.studio.teach(self.at_ms..self.at_ms + lasts);
        self.at_ms += lasts;
        self.studio.look();
    }
}

/// Every media playlist there is, by name.
fn playlists(studio: &Studio, latency: Latency) -> Vec<(String, String)> {
    let manifest = studio.recording.manifest();
    let parts: PartsOf<'_> = &|track, epoch| parts_of(studio, track, epoch);
    let of_tracks =
        manifest.tracks.iter().map(|track| (track.name.to_string(), media(manifest, track, parts, latency)));
    let mut all: Vec<_> = of_tracks.collect();
    all.push(("program".into(), program_picture(manifest, parts, latency)));
    all.extend(program_voice(manifest, parts, latency).map(|text| ("program's voice".into(), text)));
    all
}

/// What stood in `before` stands in `now`.
fn assert_only_grown(seed: u64, before: &[(String, String)], now: &[(String, String)]) {
    for (name, before) in before {
        let (_, now) = now.iter().find(|(known, _)| known == name).expect("tracks stay");
        let (before, now) = (without_parts(read(before)), without_parts(read(now)));
        let same = before.segments.iter().zip(&now.segments).take_while(|(before, now)| before == now).count();
        assert!(
            same == before.segments.len(),
            "seed {seed}: {name} changed {:?} into {:?}",
            before.segments.get(same),
            now.segments.get(same)
        );
    }
}

/// Those of long ago are not listed any more.
fn without_parts(mut playlist: MediaPlaylist) -> MediaPlaylist {
    for segment in &mut playlist.segments {
        segment.unknown_tags.retain(|tag| tag.tag != "X-PART");
    }
    playlist
}

fn breaks(playlist: &MediaPlaylist) -> Vec<u64> {
    let segments = playlist.segments.iter().zip(starts(playlist));
    segments.filter(|(segment, _)| segment.discontinuity).map(|(_, start)| start).collect()
}

/// Of the program: picture and voice break together, each segment holds what it says, and both last to the end.
fn assert_program_is_whole(seed: u64, studio: &Studio) {
    let manifest = studio.recording.manifest();
    let parts: PartsOf<'_> = &|track, epoch| parts_of(studio, track, epoch);
    let picture = read(&program_picture(manifest, parts, Latency::Low));
    let Some(voice) = program_voice(manifest, parts, Latency::Low) else { return };
    let voice = read(&voice);
    assert!(picture.end_list && voice.end_list);
    if picture.segments.is_empty() || voice.segments.is_empty() {
        return;
    }
    assert_segments_follow(seed, studio, &picture);
    let (of_picture, of_voice) = (breaks(&picture), breaks(&voice));
    // In the last segment of the shorter one, and behind it, only the other breaks.
    let last_start = |playlist| starts(playlist).last().copied().unwrap_or_default();
    let end = last_start(&picture).min(last_start(&voice));
    let both = of_picture.len().min(of_voice.len());
    let alone = of_picture[both..].iter().chain(&of_voice[both..]);
    assert!(alone.clone().all(|at| at + 1_000 > end), "seed {seed}: {of_picture:?} and {of_voice:?} up to {end}");
    for (at, beside) in of_picture.iter().zip(&of_voice) {
        // A picture that pauses has long parts, and breaks behind one.
        assert!(at.abs_diff(*beside) <= 4_500, "seed {seed}: {of_picture:?} and {of_voice:?}");
    }
}

/// Each segment of a picture holds what its EXTINF says, from where it stands.
fn assert_segments_follow(seed: u64, studio: &Studio, picture: &MediaPlaylist) {
    for (segment, start) in picture.segments.iter().zip(starts(picture)).filter(|(segment, _)| !is_gap(segment)) {
        let times = sample_times(&bytes_of(studio, segment));
        let (last, duration) = *times.last().unwrap();
        let (begins_ms, ends_ms) = (times[0].0 / 90, (last + u64::from(duration)) / 90);
        let end = start + (f64::from(segment.duration) * 1e3).round() as u64;
        // A hole of a tenth of a second is counted to what is before it.
        assert!(begins_ms.abs_diff(start) <= 2, "seed {seed}: {} begins at {begins_ms}, not {start}", segment.uri);
        assert!(
            ends_ms <= end + 2 && ends_ms + 102 >= end,
            "seed {seed}: {} ends at {ends_ms}, not {end}",
            segment.uri
        );
    }
}

fn assert_downloads(seed: u64, studio: &Studio) {
    let parts = |track: &Track, epoch: u32| parts_of(studio, track, epoch);
    let mut head = |file: &File, offset: u64, len: usize| {
        let bytes = studio.file(&file.path()).get(offset as usize..)?;
        Some(bytes[..len.min(bytes.len())].to_vec())
    };
    let manifest = studio.recording.manifest();
    match download(manifest, &parts, &mut head, Content::Program) {
        Ok(made) => assert!(made.len > 0),
        Err(error) => assert!(manifest.program.is_empty(), "seed {seed}: {error}"),
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test asks how long it shall be")]
fn whatever_happens_playlists_only_grow_and_the_program_is_whole() {
    let lessons = std::env::var("TONGKE_LESSONS").map_or(24, |text| text.parse().unwrap());
    for seed in 0..lessons {
        let mut running = Running::new(seed);
        let mut before = [Vec::new(), Vec::new()];
        for _ in 0..30 {
            running.happen();
            running.teach();
            let now = [Latency::Ordinary, Latency::Low].map(|latency| playlists(&running.studio, latency));
            // After an interruption players open anew, and who comes back later has a card from where it was.
            for (before, now) in before.iter().zip(&now).filter(|_| running.crashes == 0) {
                assert_only_grown(seed, before, now);
            }
            before = now;
        }
        running.studio.end();
        let studio = &running.studio;
        assert_program_is_whole(seed, studio);
        assert_downloads(seed, studio);
        let report = check(studio.file("journal.wal"), studio);
        assert_eq!(report.flaws, [], "seed {seed}");
        let manifest = studio.recording.manifest();
        // Who does not come back after an interruption has no picture any more.
        let pictures = manifest.tracks.iter().filter(|track| track.codec.is_video() && !track.epochs.is_empty());
        for track in pictures.filter(|_| running.crashes == 0) {
            assert_unbroken(studio, &track.name, manifest.duration_ms);
        }
    }
}
