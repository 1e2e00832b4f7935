//! Bodies of the journal's records: a kind, then its fields, little-endian; text behind 16 bits of length.

use protocol::{
    ids::{LessonId, ParticipantId},
    time::UtcMs,
};

use super::Record;
use crate::{
    Codec, Container, Refusal, Slot, TrackName,
    event::LessonEvent,
    index::{self, Part},
    limits::{EVENT_TEXT_BYTES, FLOOR},
    manifest::{Cut, Epoch, Lesson, Refused},
    program::Stage,
};

const LESSON_STARTED: u8 = 1;
const TRACK_STARTED: u8 = 2;
const TRACK_REFUSED: u8 = 3;
const EPOCH_STARTED: u8 = 4;
const PART_APPENDED: u8 = 5;
const TRACK_ENDED: u8 = 6;
const LESSON_ENDED: u8 = 7;
/// An event as older versions wrote it: free text. Read as a marker, not written any more.
const TEXT_EVENT: u8 = 8;
const LESSON_RESUMED: u8 = 9;
const PROGRAM_CUT: u8 = 10;
const STAGE: u8 = 11;
const EVENT: u8 = 12;

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
        Record::LessonResumed { at_ms } => out.kind(LESSON_RESUMED).u64(*at_ms),
        Record::Event { at_ms, event } => out.kind(EVENT).u64(*at_ms).event(event),
        Record::ProgramCut(cut) => out.kind(PROGRAM_CUT).u64(cut.at_us).u16(cut.track),
        Record::Stage { at_us, stage } => out.kind(STAGE).u64(*at_us).stage(stage),
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
        TEXT_EVENT => Record::Event { at_ms: from.u64()?, event: from.marker(None)? },
        LESSON_RESUMED => Record::LessonResumed { at_ms: from.u64()? },
        EVENT => Record::Event { at_ms: from.u64()?, event: from.event()? },
        PROGRAM_CUT => Record::ProgramCut(Cut { at_us: from.u64()?, track: from.u16()? }),
        STAGE => Record::Stage { at_us: from.u64()?, stage: from.stage()? },
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

    fn stage(&mut self, stage: &Stage) -> &mut Self {
        let floor = stage.floor.get(..FLOOR).unwrap_or(&stage.floor);
        self.kind(u8::from(stage.courseware)).u16(floor.len() as u16);
        for participant in floor {
            self.text(participant.as_str());
        }
        self
    }

    fn event(&mut self, event: &LessonEvent) -> &mut Self {
        match event {
            LessonEvent::CalledOn { participant } => self.kind(0).text(participant.as_str()),
            LessonEvent::FloorReleased { participant } => self.kind(1).text(participant.as_str()),
            LessonEvent::CoursewareStarted => self.kind(2),
            LessonEvent::CoursewareStopped => self.kind(3),
            LessonEvent::Marker { participant, text } => {
                let end = text.floor_char_boundary(EVENT_TEXT_BYTES);
                self.kind(4).text(participant.as_ref().map_or("", ParticipantId::as_str)).text(&text[..end])
            }
            LessonEvent::Bell => self.kind(5),
            LessonEvent::LeadAway => self.kind(6),
            LessonEvent::LeadBack => self.kind(7),
        }
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

    fn participant(&mut self) -> Option<ParticipantId> {
        ParticipantId::parse(self.text()?).ok()
    }

    fn stage(&mut self) -> Option<Stage> {
        let [courseware] = self.array()?;
        let holders = usize::from(self.u16()?);
        let floor = (0..holders.min(FLOOR)).map(|_| self.participant()).collect::<Option<_>>()?;
        Some(Stage { floor, courseware: courseware != 0 })
    }

    fn event(&mut self) -> Option<LessonEvent> {
        let [kind] = self.array()?;
        Some(match kind {
            0 => LessonEvent::CalledOn { participant: self.participant()? },
            1 => LessonEvent::FloorReleased { participant: self.participant()? },
            2 => LessonEvent::CoursewareStarted,
            3 => LessonEvent::CoursewareStopped,
            4 => {
                let participant = self.text()?;
                let participant = if participant.is_empty() { None } else { ParticipantId::parse(participant).ok() };
                self.marker(participant)?
            }
            5 => LessonEvent::Bell,
            6 => LessonEvent::LeadAway,
            7 => LessonEvent::LeadBack,
            _ => return None,
        })
    }

    fn marker(&mut self, participant: Option<ParticipantId>) -> Option<LessonEvent> {
        let mut text = self.text()?;
        text.truncate(text.floor_char_boundary(EVENT_TEXT_BYTES));
        Some(LessonEvent::Marker { participant, text })
    }

    fn part(&mut self) -> Option<Part> {
        index::decode(self.take(index::ENTRY_BYTES)?).first().copied()
    }
}
