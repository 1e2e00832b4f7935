//! Bodies of the journal's records: a kind, then its fields, little-endian; text behind 16 bits of length.

use protocol::{
    ids::{LessonId, ParticipantId},
    time::UtcMs,
};

use super::Record;
use crate::{
    Codec, Container, Refusal, Slot, TrackName,
    index::{self, Part},
    manifest::{Epoch, Lesson, Refused},
};

const LESSON_STARTED: u8 = 1;
const TRACK_STARTED: u8 = 2;
const TRACK_REFUSED: u8 = 3;
const EPOCH_STARTED: u8 = 4;
const PART_APPENDED: u8 = 5;
const TRACK_ENDED: u8 = 6;
const LESSON_ENDED: u8 = 7;
const EVENT: u8 = 8;
const LESSON_RESUMED: u8 = 9;

/// The numbers that stand for each value in a file. Append only.
const CODECS: [Codec; 5] = [Codec::Opus, Codec::H264, Codec::Vp9, Codec::Vp8, Codec::Av1];
const CONTAINERS: [Container; 2] = [Container::Cmaf, Container::WebM];
const SLOTS: [Slot; 4] = [Slot::Voice, Slot::Camera, Slot::Screen, Slot::Program];
const REFUSALS: [Refusal; 5] =
    [Refusal::Vp8, Refusal::TooManyTracks, Refusal::TooManyEpochs, Refusal::Internal, Refusal::DiskLow];

/// Encodes one record.
pub fn encode(record: &Record) -> Vec<u8> {
    let mut out = Writer(Vec::with_capacity(48));
    match record {
        Record::LessonStarted(lesson) => out.kind(LESSON_STARTED).lesson(lesson),
        Record::TrackStarted { name, codec } => out.kind(TRACK_STARTED).name(name).one_of(&CODECS, codec),
        Record::TrackRefused(Refused { name, reason }) => out.kind(TRACK_REFUSED).name(name).one_of(&REFUSALS, reason),
        Record::EpochStarted { track, epoch } => out.kind(EPOCH_STARTED).u16(*track).epoch(epoch),
        Record::PartAppended { track, epoch, part } => out.kind(PART_APPENDED).u16(*track).u32(*epoch).part(part),
        Record::TrackEnded { track, at_ms } => out.kind(TRACK_ENDED).u16(*track).u64(*at_ms),
        Record::LessonEnded { at_ms } => out.kind(LESSON_ENDED).u64(*at_ms),
        Record::Event { at_ms, what } => out.kind(EVENT).u64(*at_ms).text(what),
        Record::LessonResumed { at_ms } => out.kind(LESSON_RESUMED).u64(*at_ms),
    };
    out.0
}

/// Decodes one record; `None` for a kind or shape this version does not know.
pub fn decode(body: &[u8]) -> Option<Record> {
    let (&kind, rest) = body.split_first()?;
    let mut from = Reader(rest);
    Some(match kind {
        LESSON_STARTED => Record::LessonStarted(from.lesson()?),
        TRACK_STARTED => Record::TrackStarted { name: from.name()?, codec: from.one_of(&CODECS)? },
        TRACK_REFUSED => Record::TrackRefused(Refused { name: from.name()?, reason: from.one_of(&REFUSALS)? }),
        EPOCH_STARTED => Record::EpochStarted { track: from.u16()?, epoch: from.epoch()? },
        PART_APPENDED => Record::PartAppended { track: from.u16()?, epoch: from.u32()?, part: from.part()? },
        TRACK_ENDED => Record::TrackEnded { track: from.u16()?, at_ms: from.u64()? },
        LESSON_ENDED => Record::LessonEnded { at_ms: from.u64()? },
        EVENT => Record::Event { at_ms: from.u64()?, what: from.text()? },
        LESSON_RESUMED => Record::LessonResumed { at_ms: from.u64()? },
        _ => return None,
    })
}

struct Writer(Vec<u8>);

impl Writer {
    fn kind(&mut self, kind: u8) -> &mut Self {
        self.0.push(kind);
        self
    }

    fn one_of<T: PartialEq>(&mut self, all: &[T], value: &T) -> &mut Self {
        let position = all.iter().position(|one| one == value).unwrap_or(usize::from(u8::MAX));
        self.kind(position as u8)
    }

    fn u16(&mut self, value: u16) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        let end = text.floor_char_boundary(usize::from(u16::MAX));
        self.u16(end as u16).0.extend_from_slice(&text.as_bytes()[..end]);
        self
    }

    fn name(&mut self, name: &TrackName) -> &mut Self {
        self.text(name.participant.as_str()).one_of(&SLOTS, &name.slot)
    }

    fn lesson(&mut self, lesson: &Lesson) -> &mut Self {
        let lead = lesson.lead.as_ref().map_or("", ParticipantId::as_str);
        self.u32(lesson.version).text(lesson.lesson.as_str()).text(lead).u64(lesson.began_at.0 as u64)
    }

    fn epoch(&mut self, epoch: &Epoch) -> &mut Self {
        self.text(&epoch.codecs).u16(epoch.width).u16(epoch.height).u32(epoch.timescale).u32(epoch.init_len);
        self.u64(epoch.start).u64(epoch.end).u64(epoch.bytes).u32(epoch.parts).one_of(&CONTAINERS, &epoch.container)
    }

    fn part(&mut self, part: &Part) -> &mut Self {
        index::encode(part, &mut self.0);
        self
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        let [position] = self.array()?;
        all.get(usize::from(position)).copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<String> {
        let len = self.u16()?;
        String::from_utf8(self.take(usize::from(len))?.to_vec()).ok()
    }

    fn name(&mut self) -> Option<TrackName> {
        Some(TrackName { participant: ParticipantId::parse(self.text()?).ok()?, slot: self.one_of(&SLOTS)? })
    }

    fn lesson(&mut self) -> Option<Lesson> {
        let version = self.u32()?;
        let lesson = LessonId::parse(self.text()?).ok()?;
        let lead = self.text()?;
        let lead = if lead.is_empty() { None } else { Some(ParticipantId::parse(lead).ok()?) };
        Some(Lesson { version, lesson, lead, began_at: UtcMs(self.u64()? as i64) })
    }

    fn epoch(&mut self) -> Option<Epoch> {
        Some(Epoch {
            codecs: self.text()?,
            width: self.u16()?,
            height: self.u16()?,
            timescale: self.u32()?,
            init_len: self.u32()?,
            start: self.u64()?,
            end: self.u64()?,
            bytes: self.u64()?,
            parts: self.u32()?,
            // The first journals end here: all was CMAF.
            container: if self.0.is_empty() { Container::Cmaf } else { self.one_of(&CONTAINERS)? },
        })
    }

    fn part(&mut self) -> Option<Part> {
        index::decode(self.take(index::ENTRY_BYTES)?).first().copied()
    }
}
