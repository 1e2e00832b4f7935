//! From a journal alone to everything the replay needs: after a crash, or when an index is gone.

use std::collections::HashMap;

use crate::{
    Error, File, TrackName,
    index::Part,
    journal::{self, Record},
    manifest::Manifest,
};

/// Parts of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileParts {
    /// Whose file.
    pub track: TrackName,
    /// Which.
    pub epoch: u32,
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

/// What a journal says was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Closed, unless [`crate::LessonRecording::resume`] goes on with it.
    pub manifest: Manifest,
    /// Parts of every file, to write its index anew.
    pub files: Vec<FileParts>,
    /// What the journal may be cut to.
    pub journal_len: usize,
    /// Whether the lesson had ended by itself.
    pub had_ended: bool,
}

/// Reads a journal. `media_len` tells how long a file really is: of a crash the disk may have kept the journal and lost the
/// media, and a part that is not there whole is left out with all that follow it in its file.
pub fn recover(journal: &[u8], media_len: impl Fn(&File) -> u64) -> Result<Recovered, Error> {
    let mut records = journal::read(journal);
    let Some(Record::LessonStarted(lesson)) = records.next() else { return Err(Error::NotAJournal) };
    let mut manifest = Manifest::new(lesson);
    let mut found = Found::default();
    for record in records.by_ref() {
        if let Record::PartAppended { track, epoch, part } = &record {
            let Some(owner) = manifest.tracks.get(usize::from(*track)) else { continue };
            let Some(written) = owner.epochs.get(*epoch as usize).filter(|epoch| epoch.holds(part)) else { continue };
            let name = || owner.name.clone();
            let container = written.container;
            let len = found.lengths.entry((*track, *epoch));
            let len = *len.or_insert_with(|| media_len(&File::Media { track: name(), epoch: *epoch, container }));
            if part.offset.saturating_add(u64::from(part.len)) > len {
                continue;
            }
            found.add(*track, name, *epoch, *part);
        }
        manifest.apply(&record);
    }
    let had_ended = manifest.ended;
    manifest.apply(&Record::LessonEnded { at_ms: manifest.duration_ms });
    Ok(Recovered { manifest, files: found.files, journal_len: records.good_len(), had_ended })
}

/// What was found, file by file. A long day has a million parts.
#[derive(Default)]
struct Found {
    files: Vec<FileParts>,
    /// Where among them a file is, by the number of its track and its own.
    places: HashMap<(u16, u32), usize>,
    /// How long a file really is.
    lengths: HashMap<(u16, u32), u64>,
}

impl Found {
    fn add(&mut self, number: u16, track: impl FnOnce() -> TrackName, epoch: u32, part: Part) {
        let place = *self.places.entry((number, epoch)).or_insert(self.files.len());
        match self.files.get_mut(place) {
            Some(file) => file.parts.push(part),
            None => self.files.push(FileParts { track: track(), epoch, parts: vec![part] }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Studio;

    /// Seven seconds of a lesson that nobody ended.
    fn crashed() -> Studio {
        let mut studio = Studio::new();
        studio.start_lead();
        studio.teach(0..7_000);
        studio
    }

    #[test]
    fn a_crashed_lesson_is_whole_up_to_its_last_part() {
        let studio = crashed();
        let recovered = recover(studio.file("journal.wal"), |file| studio.media_len(file)).unwrap();
        assert!(recovered.manifest.ended && !recovered.had_ended);
        assert!((6_000..=7_000).contains(&recovered.manifest.duration_ms), "{}", recovered.manifest.duration_ms);
        assert_eq!(recovered.journal_len, studio.file("journal.wal").len());
        assert_eq!(recovered.files.len(), 3, "camera, voice and the mix");
        assert_eq!(recovered.manifest.tracks.len(), studio.recording.manifest().tracks.len());
    }

    #[test]
    fn the_running_manifest_and_the_recovered_one_agree() {
        let mut studio = crashed();
        studio.end();
        let recovered = recover(studio.file("journal.wal"), |file| studio.media_len(file)).unwrap();
        assert!(recovered.had_ended);
        assert_eq!(&recovered.manifest, studio.recording.manifest());
        for file in &recovered.files {
            let index = crate::File::Index { track: file.track.clone(), epoch: file.epoch }.path();
            assert_eq!(crate::index::decode(studio.file(&index)), file.parts, "{index}");
        }
    }

    #[test]
    fn media_the_disk_lost_is_not_promised() {
        let studio = crashed();
        let recovered = recover(studio.file("journal.wal"), |_| 3_000).unwrap();
        for track in &recovered.manifest.tracks {
            assert!(track.epochs[0].bytes <= 3_000, "{}", track.name);
        }
        let nothing = recover(studio.file("journal.wal"), |_| 0).unwrap();
        assert_eq!((nothing.files.len(), nothing.manifest.duration_ms), (0, 0));
    }

    #[test]
    fn a_torn_journal_is_read_up_to_the_tear_wherever_it_is() {
        let studio = crashed();
        let journal = studio.file("journal.wal");
        for cut in (0..journal.len()).step_by(7) {
            match recover(&journal[..cut], |file| studio.media_len(file)) {
                Ok(recovered) => assert!(recovered.journal_len <= cut),
                Err(error) => assert_eq!(error, Error::NotAJournal),
            }
        }
        assert_eq!(recover(b"not a journal", |_| 0), Err(Error::NotAJournal));
    }

    fn playlist_of(recovered: &Recovered, parts: &[Part]) -> String {
        let manifest = &recovered.manifest;
        crate::playlist::media(manifest, &manifest.tracks[0], &|_, _| parts.to_vec(), crate::playlist::Latency::Low)
    }

    /// Found by fuzzing: the playlist counted gaps up to where the part was said to play, until memory was gone.
    #[test]
    fn a_part_that_plays_beyond_any_lesson_is_left_out() {
        let studio = crashed();
        let mut journal = studio.file("journal.wal").to_vec();
        for (start, duration) in [(u64::MAX - 1, 1), (u64::MAX, u64::MAX), (0, u64::MAX)] {
            let part = Part { offset: 0, len: u32::MAX, start, duration, independent: true };
            journal::append(&Record::PartAppended { track: 0, epoch: 0, part }, &mut journal);
        }
        let recovered = recover(&journal, |_| u64::MAX).unwrap();
        assert!(recovered.manifest.duration_ms <= 7_000);
        let parts: Vec<_> = recovered.files.iter().map(|file| file.parts.clone()).collect();
        let text = playlist_of(&recovered, &parts[0]);
        assert!(text.lines().count() < 40, "{text}");
    }

    /// Found by fuzzing: the length of a segment was taken to be positive.
    #[test]
    fn a_part_that_plays_before_the_last_one_does_not_upset_the_playlist() {
        let studio = crashed();
        let mut journal = studio.file("journal.wal").to_vec();
        for start in [480_000, 0, 96_000, 0] {
            let part = Part { offset: 0, len: 10, start, duration: 1, independent: true };
            journal::append(&Record::PartAppended { track: 0, epoch: 0, part }, &mut journal);
        }
        let recovered = recover(&journal, |_| u64::MAX).unwrap();
        let parts: Vec<_> = recovered.files.iter().map(|file| file.parts.clone()).collect();
        let text = playlist_of(&recovered, &parts[0]);
        assert!(text.ends_with("#EXT-X-ENDLIST\n"), "{text}");
    }
}
