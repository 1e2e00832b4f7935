//! How the lines of a lesson do, as its pages measure it themselves: to the lead while it teaches, to the administrator after.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{LessonId, ParticipantId, UtcMs, message::VideoCodec};

/// What the media of a page is carried by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LineProtocol {
    /// Datagrams.
    Udp,
    /// A stream, where datagrams do not get through: losses become waits.
    Tcp,
}

/// What a page measured of its line since its last report, of what it sends and what it receives together. Null: not
/// measured. Values beyond their range are taken as its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct LineReport {
    /// Round trip to the server, at most 60,000.
    pub rtt_ms: Option<u32>,
    /// Sent, in kbit/s, at most 1,000,000.
    pub up_kbps: Option<u32>,
    /// Received, in kbit/s, at most 1,000,000.
    pub down_kbps: Option<u32>,
    /// Of 1,000 packets it sent, how many the server missed.
    pub up_lost_permille: Option<u32>,
    /// Of 1,000 packets it was sent, how many it missed.
    pub down_lost_permille: Option<u32>,
    /// The most unevenly a stream arrived, at most 60,000.
    pub jitter_ms: Option<u32>,
    /// For how long its main picture stood still, at most 60,000.
    pub frozen_ms: u32,
    /// Of 1,000 samples of sound, how many were made up for loss.
    pub concealed_permille: Option<u32>,
    /// By what its media is carried.
    pub protocol: Option<LineProtocol>,
    /// The largest picture it receives: pixels across, at most 16,384; 0 where there is none.
    pub width: u32,
    /// Pixels down, at most 16,384.
    pub height: u32,
    /// Pictures a second, at most 240.
    pub fps: u32,
    /// Its codec.
    pub codec: Option<VideoCodec>,
}

impl LineReport {
    /// The same within its ranges.
    pub fn bounded(self) -> Self {
        let permille = |value: Option<u32>| value.map(|value| value.min(1000));
        let kbps = |value: Option<u32>| value.map(|value| value.min(1_000_000));
        Self {
            rtt_ms: self.rtt_ms.map(|ms| ms.min(60_000)),
            up_kbps: kbps(self.up_kbps),
            down_kbps: kbps(self.down_kbps),
            up_lost_permille: permille(self.up_lost_permille),
            down_lost_permille: permille(self.down_lost_permille),
            jitter_ms: self.jitter_ms.map(|ms| ms.min(60_000)),
            frozen_ms: self.frozen_ms.min(60_000),
            concealed_permille: permille(self.concealed_permille),
            width: self.width.min(16_384),
            height: self.height.min(16_384),
            fps: self.fps.min(240),
            ..self
        }
    }
}

/// The values of one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Spread {
    /// The least.
    pub min: u32,
    /// The mean, rounded down.
    pub avg: u32,
    /// The most.
    pub max: u32,
}

/// One minute of a line; null: nothing was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LineMinute {
    /// Its beginning.
    pub at: UtcMs,
    /// As in [`LineReport`].
    pub rtt_ms: Option<Spread>,
    /// As in [`LineReport`].
    pub up_kbps: Option<Spread>,
    /// As in [`LineReport`].
    pub down_kbps: Option<Spread>,
    /// As in [`LineReport`].
    pub up_lost_permille: Option<Spread>,
    /// As in [`LineReport`].
    pub down_lost_permille: Option<Spread>,
    /// As in [`LineReport`].
    pub concealed_permille: Option<Spread>,
    /// For how long the main picture stood still.
    pub frozen_ms: u32,
}

/// The line of one party of a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ParticipantLine {
    /// Whose.
    pub participant: ParticipantId,
    /// Name to show.
    pub name: String,
    /// When it last reported.
    pub at: UtcMs,
    /// What it last reported.
    pub latest: LineReport,
    /// Minute by minute, oldest first; at most 120, of which the oldest make way.
    pub minutes: Vec<LineMinute>,
}

/// Answer to `GET /api/lessons/{id}/lines`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LessonLines {
    /// Which lesson.
    pub lesson: LessonId,
    /// Whoever reported.
    pub lines: Vec<ParticipantLine>,
}
