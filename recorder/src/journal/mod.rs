//! The journal (`journal.wal`): every fact of a recording in the order it happened. After a crash it says which bytes of
//! which file are good.
//!
//! ```text
//! | len u32 | crc32c u32 | body ... |   repeated; little-endian; the checksum is of the body
//! ```

mod body;

use crate::{
    Codec, TrackName,
    event::LessonEvent,
    index::Part,
    limits::RECORD_BYTES,
    manifest::{Cut, Epoch, Lesson, Refused},
    program::Stage,
};

/// CRC-32C (Castagnoli). `crc` is the plain table-driven crate half the registry builds on: no unsafe, no build script. A
/// journal grows by some hundred bytes a second, so hardware checksums would save nothing.
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

const HEADER_BYTES: usize = 8;

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Always the first.
    LessonStarted(Lesson),
    /// A track began, or came back. New ones are numbered in this order.
    TrackStarted {
        /// Which.
        name: TrackName,
        /// Its codec.
        codec: Codec,
    },
    /// A track is not recorded.
    TrackRefused(Refused),
    /// A new file of a track; its init segment is written. Numbered in this order within the track.
    EpochStarted {
        /// Number of the track.
        track: u16,
        /// What the file holds.
        epoch: Epoch,
    },
    /// A part was written.
    PartAppended {
        /// Number of the track.
        track: u16,
        /// Number of the epoch.
        epoch: u32,
        /// Where and when.
        part: Part,
    },
    /// A track's publisher is gone.
    TrackEnded {
        /// Number of the track.
        track: u16,
        /// When, in milliseconds on the lesson clock.
        at_ms: u64,
    },
    /// The last, unless the lesson was resumed after.
    LessonEnded {
        /// When, in milliseconds on the lesson clock.
        at_ms: u64,
    },
    /// Something of the lesson worth finding again, for chapters.
    Event {
        /// When, in milliseconds on the lesson clock.
        at_ms: u64,
        /// What.
        event: LessonEvent,
    },
    /// From here on the lesson shows another track.
    ProgramCut(Cut),
    /// Who speaks, and whether there is courseware: what the cuts followed.
    Stage {
        /// When, in microseconds on the lesson clock.
        at_us: u64,
        /// What.
        stage: Stage,
    },
    /// The recording goes on after it stood still: the program had crashed, or the disk could not be written. What was
    /// being recorded begins again behind this.
    LessonResumed {
        /// When, in milliseconds on the lesson clock.
        at_ms: u64,
    },
}

/// Appends `record` to `out`. One longer than `RECORD_BYTES` is left out: only an event's text could be.
pub fn append(record: &Record, out: &mut Vec<u8>) {
    let body = body::encode(record);
    if body.len() <= RECORD_BYTES {
        out.extend_from_slice(&(body.len() as u32).to_le_bytes());
        out.extend_from_slice(&CRC.checksum(&body).to_le_bytes());
        out.extend_from_slice(&body);
    }
}

/// Reads a journal up to its end or its first torn record.
pub fn read(bytes: &[u8]) -> Records<'_> {
    Records { bytes, good: 0 }
}

/// The records of a journal.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    bytes: &'a [u8],
    good: usize,
}

impl Records<'_> {
    /// Length of the records read so far; after the last one, what the file may be cut to.
    pub fn good_len(&self) -> usize {
        self.good
    }

    fn body(&self) -> Option<&[u8]> {
        let rest = self.bytes.get(self.good..)?;
        let (header, rest) = rest.split_first_chunk::<HEADER_BYTES>()?;
        let [l0, l1, l2, l3, c0, c1, c2, c3] = *header;
        let len = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if len == 0 || len > RECORD_BYTES {
            return None;
        }
        let body = rest.get(..len)?;
        (CRC.checksum(body) == u32::from_le_bytes([c0, c1, c2, c3])).then_some(body)
    }
}

impl Iterator for Records<'_> {
    type Item = Record;

    /// Skips whole records of a kind this version does not know.
    fn next(&mut self) -> Option<Record> {
        loop {
            let body = self.body()?;
            let record = body::decode(body);
            self.good += HEADER_BYTES + body.len();
            if record.is_some() {
                return record;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Container, Refusal, Slot,
        manifest::tests::{epoch, lesson, name, participant},
    };

    fn every_kind() -> Vec<Record> {
        let part = Part { offset: 700, len: 50_000, start: 1 << 35, duration: 36_000, independent: true };
        vec![
            Record::LessonStarted(lesson()),
            Record::LessonStarted(Lesson { lead: None, ..lesson() }),
            Record::TrackStarted { name: name("master", Slot::Camera), codec: Codec::H264 },
            Record::TrackStarted { name: name("master", Slot::Program), codec: Codec::Opus },
            Record::TrackRefused(Refused { name: name("point-1", Slot::Voice), reason: Refusal::TooManyTracks }),
            Record::EpochStarted { track: 3, epoch: epoch("avc1.42c01f", 90_000) },
            Record::EpochStarted { track: 3, epoch: Epoch { container: Container::WebM, ..epoch("vp8", 90_000) } },
            Record::PartAppended { track: 3, epoch: 2, part },
            Record::TrackEnded { track: 3, at_ms: 5 },
            Record::LessonEnded { at_ms: u64::MAX },
            Record::LessonResumed { at_ms: 7 },
            Record::ProgramCut(Cut { at_us: 1 << 40, track: 3 }),
            Record::Stage { at_us: 9, stage: Stage { floor: vec![participant("point-1")], courseware: true } },
            Record::Event { at_ms: 6, event: LessonEvent::CalledOn { participant: participant("point-1") } },
            Record::Event { at_ms: 6, event: LessonEvent::FloorReleased { participant: participant("point-1") } },
            Record::Event { at_ms: 6, event: LessonEvent::CoursewareStarted },
            Record::Event { at_ms: 6, event: LessonEvent::CoursewareStopped },
            Record::Event { at_ms: 6, event: LessonEvent::Bell },
            Record::Event { at_ms: 6, event: LessonEvent::LeadAway },
            Record::Event { at_ms: 6, event: LessonEvent::LeadBack },
            Record::Event { at_ms: 6, event: LessonEvent::Marker { participant: None, text: "发言".into() } },
        ]
    }

    fn journal(records: &[Record]) -> Vec<u8> {
        let mut bytes = Vec::new();
        records.iter().for_each(|record| append(record, &mut bytes));
        bytes
    }

    #[test]
    fn every_record_reads_back() {
        let bytes = journal(&every_kind());
        let mut records = read(&bytes);
        assert_eq!(records.by_ref().collect::<Vec<_>>(), every_kind());
        assert_eq!(records.good_len(), bytes.len());
    }

    #[test]
    fn an_epoch_from_before_webm_is_cmaf() {
        let written = Record::EpochStarted { track: 3, epoch: epoch("avc1.42c01f", 90_000) };
        let body = body::encode(&written);
        assert_eq!(body::decode(&body[..body.len() - 1]), Some(written));
    }

    #[test]
    fn a_torn_tail_costs_only_itself() {
        let whole = journal(&every_kind());
        let last = journal(&every_kind()[..every_kind().len() - 1]).len();
        for cut in last..whole.len() {
            let mut records = read(&whole[..cut]);
            assert_eq!(records.by_ref().count(), every_kind().len() - 1, "cut at {cut}");
            assert_eq!(records.good_len(), last);
        }
    }

    #[test]
    fn a_flipped_bit_ends_the_journal_there() {
        let mut bytes = journal(&every_kind());
        let first = journal(&every_kind()[..1]).len();
        bytes[first + 10] ^= 1;
        assert_eq!(read(&bytes).count(), 1);
    }

    #[test]
    fn zeros_at_the_end_are_no_records() {
        let mut bytes = journal(&every_kind());
        let good = bytes.len();
        bytes.extend_from_slice(&[0; 4_096]);
        let mut records = read(&bytes);
        assert_eq!(records.by_ref().count(), every_kind().len());
        assert_eq!(records.good_len(), good);
    }

    #[test]
    fn an_event_of_an_older_journal_is_a_marker() {
        // Kind 8, at 6 ms, two bytes of text.
        let body = [8, 6, 0, 0, 0, 0, 0, 0, 0, 2, 0, b'o', b'k'];
        let marker = LessonEvent::Marker { participant: None, text: "ok".into() };
        assert_eq!(body::decode(&body), Some(Record::Event { at_ms: 6, event: marker }));
    }

    #[test]
    fn a_record_of_a_later_version_is_passed_over() {
        let mut bytes = Vec::new();
        let body = [250u8, 1, 2];
        bytes.extend_from_slice(&3u32.to_le_bytes());
        bytes.extend_from_slice(&CRC.checksum(&body).to_le_bytes());
        bytes.extend_from_slice(&body);
        bytes.extend(journal(&every_kind()[..1]));
        assert_eq!(read(&bytes).collect::<Vec<_>>(), every_kind()[..1]);
    }

    #[test]
    fn the_checksum_is_crc32c() {
        // The check value of the Castagnoli polynomial (RFC 3720 section B.4 uses the same).
        assert_eq!(CRC.checksum(b"123456789"), 0xe306_9283);
    }
}
