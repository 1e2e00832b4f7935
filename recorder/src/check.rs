//! Whether a recording is whole: its journal, manifest, indexes and media are compared with each other, and every part is
//! parsed. What reads the files is an argument.

mod cluster;
mod part;

use std::fmt;

use crate::{
    Container, File, Manifest, TrackName,
    index::{self, Part},
    limits::{FLAWS, PART_FILE_BYTES, PLAYLIST_SLACK},
    manifest::Track,
    recover::{FileParts, recover},
    webm,
};

pub use cluster::check_cluster;
pub use part::{PartFlaw, check_part};

/// The files of a recording.
pub trait Files {
    /// Length in bytes; `None` if it is not there.
    fn len(&self, file: &File) -> Option<u64>;
    /// `len` bytes from `offset` on; `None` if they are not there.
    fn read(&self, file: &File, offset: u64, len: usize) -> Option<Vec<u8>>;
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// No journal, or none of ours.
    NoJournal,
    /// Bytes behind the last whole record.
    TornJournal {
        /// How many.
        bytes: u64,
    },
    /// No manifest that can be read.
    NoManifest,
    /// The manifest tells something else than the journal.
    ManifestDiffers,
    /// The index tells something else than the journal.
    IndexDiffers {
        /// Of which file.
        file: File,
    },
    /// The media file is shorter than what the manifest promises.
    Short {
        /// Which.
        file: File,
        /// How many bytes are missing.
        bytes: u64,
    },
    /// The media file does not begin with an init segment.
    NoInit {
        /// Which.
        file: File,
    },
    /// A part does not lie behind the one before it in its file.
    Displaced {
        /// Which file.
        file: File,
        /// Where the part is said to be.
        offset: u64,
    },
    /// A part cannot be played.
    BadPart {
        /// Which file.
        file: File,
        /// Where in it.
        offset: u64,
        /// Why not.
        why: PartFlaw,
    },
    /// Nothing is there between two parts of a track.
    Hole {
        /// Whose.
        track: TrackName,
        /// From when, in milliseconds on the lesson clock.
        at_ms: u64,
        /// How long.
        ms: u64,
    },
    /// A part begins before the one before it ends.
    Overlap {
        /// Whose.
        track: TrackName,
        /// From when, in milliseconds on the lesson clock.
        at_ms: u64,
    },
    /// There is more; `limits::FLAWS` are told.
    More,
}

/// What was found of one recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whether its lesson had ended. Of one that had not, only what its journal says is looked at: indexes and manifest
    /// follow seconds behind.
    pub ended: bool,
    /// Its length.
    pub duration_ms: u64,
    /// How many parts were parsed.
    pub parts: u64,
    /// What is wrong; nothing if it is whole.
    pub flaws: Vec<Flaw>,
}

/// Checks one recording.
pub fn check(journal: &[u8], files: &impl Files) -> Report {
    let mut report = Report { ended: false, duration_ms: 0, parts: 0, flaws: Vec::new() };
    let Ok(recovered) = recover(journal, |file| files.len(file).unwrap_or(0)) else {
        report.flaw(Flaw::NoJournal);
        return report;
    };
    let manifest = manifest(files);
    report.ended = manifest.as_ref().is_none_or(|manifest| manifest.ended);
    report.duration_ms = recovered.manifest.duration_ms;
    if report.ended {
        let torn = (journal.len() - recovered.journal_len) as u64;
        if torn > 0 {
            report.flaw(Flaw::TornJournal { bytes: torn });
        }
        report.manifest(manifest.as_ref(), &recovered.manifest, files);
        report.indexes(&recovered.files, files);
    }
    for track in &recovered.manifest.tracks {
        report.track(track, &recovered.files, files);
    }
    report
}

fn manifest(files: &impl Files) -> Option<Manifest> {
    let len = usize::try_from(files.len(&File::Manifest)?).ok()?;
    Manifest::from_json(&files.read(&File::Manifest, 0, len)?).ok()
}

impl Report {
    fn flaw(&mut self, flaw: Flaw) {
        match self.flaws.len() {
            FLAWS => self.flaws.push(Flaw::More),
            told if told < FLAWS => self.flaws.push(flaw),
            _ => {}
        }
    }

    fn manifest(&mut self, written: Option<&Manifest>, recovered: &Manifest, files: &impl Files) {
        let Some(written) = written else { return self.flaw(Flaw::NoManifest) };
        // How a recording's peak is measured goes on in memory, so what is compared is what is written.
        if written.to_json() != recovered.to_json() {
            self.flaw(Flaw::ManifestDiffers);
        }
        for track in &written.tracks {
            for (epoch, promised) in (0u32..).zip(&track.epochs).filter(|(_, epoch)| epoch.parts > 0) {
                let file = File::Media { track: track.name.clone(), epoch, container: promised.container };
                let missing = promised.bytes.saturating_sub(files.len(&file).unwrap_or(0));
                if missing > 0 {
                    self.flaw(Flaw::Short { file, bytes: missing });
                }
            }
        }
    }

    fn indexes(&mut self, recovered: &[FileParts], files: &impl Files) {
        for FileParts { track, epoch, parts } in recovered {
            let file = File::Index { track: track.clone(), epoch: *epoch };
            let mut expected = Vec::with_capacity(parts.len() * index::ENTRY_BYTES);
            parts.iter().for_each(|part| index::encode(part, &mut expected));
            let written = files.len(&file).filter(|len| *len == expected.len() as u64);
            if written.and_then(|_| files.read(&file, 0, expected.len())) != Some(expected) {
                self.flaw(Flaw::IndexDiffers { file });
            }
        }
    }

    fn track(&mut self, track: &Track, recovered: &[FileParts], files: &impl Files) {
        let mut before = None;
        for (number, epoch) in (0u32..).zip(&track.epochs) {
            let of_epoch = recovered.iter().find(|parts| parts.epoch == number && parts.track == track.name);
            let Some(FileParts { parts, .. }) = of_epoch else { continue };
            let container = epoch.container;
            let file = File::Media { track: track.name.clone(), epoch: number, container };
            if !files.read(&file, 0, 8).is_some_and(|bytes| begins_file(container, &bytes)) {
                self.flaw(Flaw::NoInit { file: file.clone() });
            }
            let mut offset = u64::from(epoch.init_len);
            for part in parts {
                let (start, end) = (epoch.micros(part.start), epoch.micros(part.end()));
                self.gap(&track.name, before, start);
                before = Some(end);
                if part.offset != offset {
                    self.flaw(Flaw::Displaced { file: file.clone(), offset: part.offset });
                }
                offset = part.offset.saturating_add(u64::from(part.len));
                self.part((&file, container), part, files);
            }
        }
    }

    fn gap(&mut self, track: &TrackName, before: Option<u64>, start: u64) {
        let Some(before) = before else { return };
        let (track, at_ms) = (track.clone(), before.min(start) / 1_000);
        if u128::from(start.saturating_sub(before)) > PLAYLIST_SLACK.as_micros() {
            self.flaw(Flaw::Hole { track, at_ms, ms: (start - before) / 1_000 });
        } else if before.saturating_sub(start) >= 1_000 {
            // Two codecs' ticks do not meet to the microsecond.
            self.flaw(Flaw::Overlap { track, at_ms });
        }
    }

    fn part(&mut self, (file, container): (&File, Container), part: &Part, files: &impl Files) {
        self.parts += 1;
        let len = part.len as usize;
        let bytes = if len <= PART_FILE_BYTES { files.read(file, part.offset, len) } else { None };
        let checked = bytes.ok_or(PartFlaw::Unreadable).and_then(|bytes| match container {
            Container::Cmaf => check_part(part, &bytes),
            Container::WebM => check_cluster(part, &bytes),
        });
        if let Err(why) = checked {
            self.flaw(Flaw::BadPart { file: file.clone(), offset: part.offset, why });
        }
    }
}

/// Whether a file of this kind begins with these eight bytes.
fn begins_file(container: Container, bytes: &[u8]) -> bool {
    match container {
        Container::Cmaf => bytes.ends_with(b"ftyp"),
        Container::WebM => bytes.starts_with(&webm::id::EBML.to_be_bytes()),
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJournal => write!(f, "没有可读的日志 journal.wal (no readable journal)"),
            Self::TornJournal { bytes } => {
                write!(f, "日志末尾有 {bytes} 字节残缺 (the journal ends in {bytes} torn bytes)")
            }
            Self::NoManifest => write!(f, "没有可读的清单 manifest.json (no readable manifest)"),
            Self::ManifestDiffers => write!(f, "清单与日志不一致 (the manifest differs from the journal)"),
            Self::IndexDiffers { file } => {
                let path = file.path();
                write!(f, "{path}：索引与日志不一致 (the index differs from the journal)")
            }
            Self::Short { file, bytes } => write!(f, "{}：缺少 {bytes} 字节 ({bytes} bytes are missing)", file.path()),
            Self::NoInit { file } => write!(f, "{}：没有文件头 (no init segment)", file.path()),
            Self::Displaced { file, offset } => {
                write!(f, "{}：{offset} 处的片段不与前一段相接 (the part at {offset} is displaced)", file.path())
            }
            Self::BadPart { file, offset, why } => {
                write!(f, "{}：{offset} 处的片段不能播放 (the part at {offset} cannot be played: {why})", file.path())
            }
            Self::Hole { track, at_ms, ms } => {
                write!(f, "{track}：{at_ms} ms 起缺 {ms} ms ({ms} ms are missing from {at_ms} ms on)")
            }
            Self::Overlap { track, at_ms } => write!(f, "{track}：{at_ms} ms 处重叠 (parts overlap at {at_ms} ms)"),
            Self::More => write!(f, "……还有更多 (and more)"),
        }
    }
}

#[cfg(test)]
mod tests;
