//! What one media playlist plays: a track from its beginning to its end, or the program, which is stretches of many.

use crate::{
    Slot,
    limits::SHOT_MIN,
    manifest::{Cut, Manifest, Track},
};

/// What one media playlist plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendition {
    /// The track of this number, among the other tracks of its publisher.
    Track(u16),
    /// The picture of the program.
    ProgramPicture,
    /// Its voice: the track of this number.
    ProgramVoice(u16),
}

/// A run of one file. Times are microseconds on the lesson clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Number of the track.
    pub track: u16,
    /// Which of its files.
    pub epoch: usize,
    /// Start.
    pub from: u64,
    /// Where what follows begins; the file may go on.
    pub until: u64,
}

impl Rendition {
    /// The files it plays, in order. WebM is none of HLS's.
    pub fn stretches(self, manifest: &Manifest) -> Vec<Stretch> {
        match self {
            Self::Track(number) | Self::ProgramVoice(number) => of_track(manifest, number, 0, u64::MAX),
            Self::ProgramPicture => {
                let cuts = &manifest.program;
                let until = |next: usize| cuts.get(next).map_or(u64::MAX, |next| next.at_us);
                let shot =
                    |(position, cut): (usize, &Cut)| of_track(manifest, cut.track, cut.at_us, until(position + 1));
                cuts.iter().enumerate().flat_map(shot).collect()
            }
        }
    }

    /// When it and what plays beside it break (RFC 8216 section 6.2.4: at the same places in all of them): where one of them
    /// goes on with another file. What follows within `limits::SHOT_MIN` belongs to the same break.
    pub fn breaks(self, manifest: &Manifest) -> Vec<u64> {
        let beside = self.group(manifest);
        let mut starts: Vec<u64> = Vec::new();
        for rendition in beside {
            starts.extend(rendition.stretches(manifest).iter().skip(1).map(|stretch| stretch.from));
        }
        starts.sort_unstable();
        let mut breaks: Vec<u64> = Vec::new();
        for start in starts {
            if breaks.last().is_none_or(|last| start - last >= SHOT_MIN.as_micros() as u64) {
                breaks.push(start);
            }
        }
        breaks
    }

    /// The pictures whose files make it break, and until when each of them plays: those beside it, and of the program what it
    /// showed since.
    pub fn pictures(self, manifest: &Manifest, since: u64) -> Vec<(&Track, u64)> {
        let numbers: Vec<(u16, u64)> = match self {
            Self::Track(number) => beside(manifest, number).map(|number| (number, u64::MAX)).collect(),
            Self::ProgramPicture | Self::ProgramVoice(_) => {
                let first = manifest.program.partition_point(|cut| cut.at_us < since).saturating_sub(1);
                let shots = manifest.program.get(first..).unwrap_or_default();
                let untils = shots.iter().skip(1).map(|cut| cut.at_us).chain([u64::MAX]);
                shots.iter().map(|cut| cut.track).zip(untils).collect()
            }
        };
        let track = |(number, until)| Some((manifest.tracks.get(usize::from(number))?, until));
        numbers.into_iter().filter_map(track).filter(|(track, _)| track.codec.is_video()).collect()
    }

    fn group(self, manifest: &Manifest) -> Vec<Self> {
        match self {
            Self::Track(number) => beside(manifest, number).map(Self::Track).collect(),
            Self::ProgramPicture | Self::ProgramVoice(_) => {
                manifest.program_voice().map(Self::ProgramVoice).into_iter().chain([Self::ProgramPicture]).collect()
            }
        }
    }

    /// Whether it is complete.
    pub fn has_ended(self, manifest: &Manifest) -> bool {
        match self {
            Self::Track(number) => manifest.ended && manifest.tracks.get(usize::from(number)).is_none_or(|t| t.ended),
            Self::ProgramPicture | Self::ProgramVoice(_) => manifest.ended,
        }
    }

    /// Whether it is part of the program.
    pub fn is_program(self) -> bool {
        !matches!(self, Self::Track(_))
    }
}

/// The lead's tracks play together; any other plays by itself.
fn beside(manifest: &Manifest, number: u16) -> impl Iterator<Item = u16> {
    let of_lead = |track: &Track| Some(&track.name.participant) == manifest.lesson.lead.as_ref();
    let together = manifest.tracks.get(usize::from(number)).is_some_and(of_lead);
    let tracks = (0u16..).zip(&manifest.tracks);
    tracks.filter(move |(other, track)| *other == number || together && of_lead(track)).map(|(other, _)| other)
}

/// The files of a track that play between two moments.
fn of_track(manifest: &Manifest, number: u16, from: u64, until: u64) -> Vec<Stretch> {
    let Some(track) = manifest.tracks.get(usize::from(number)) else { return Vec::new() };
    let written = track.epochs.iter().enumerate().filter(|(_, epoch)| epoch.parts > 0 && epoch.is_cmaf());
    let files: Vec<(usize, u64)> = written.map(|(epoch, file)| (epoch, file.micros(file.start))).collect();
    let stretch = |(position, &(epoch, start)): (usize, &(usize, u64))| {
        let next = files.get(position + 1).map_or(u64::MAX, |next| next.1);
        let stretch = Stretch { track: number, epoch, from: start.max(from), until: next.min(until) };
        (stretch.from < stretch.until).then_some(stretch)
    };
    files.iter().enumerate().filter_map(stretch).collect()
}

/// The lead's picture and voice as the master playlist shows them: camera, screen, voice. Without a lead, whoever came first.
pub fn lead_tracks(manifest: &Manifest) -> (Option<u16>, Option<u16>, Option<u16>) {
    let in_hls = |number: &u16| !of_track(manifest, *number, 0, u64::MAX).is_empty();
    let written: Vec<u16> = (0..manifest.tracks.len() as u16).filter(in_hls).collect();
    let name = |number: u16| &manifest.tracks[usize::from(number)].name;
    let lead =
        manifest.lesson.lead.as_ref().filter(|lead| written.iter().any(|track| name(*track).participant == **lead));
    let lead = lead.or(written.first().map(|track| &name(*track).participant));
    let slot = |slot| {
        written.iter().copied().find(|track| name(*track).slot == slot && Some(&name(*track).participant) == lead)
    };
    (slot(Slot::Camera), slot(Slot::Screen), slot(Slot::Program).or(slot(Slot::Voice)))
}
