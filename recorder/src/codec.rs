//! Codecs, seats and names of tracks, as the recorder knows them.

use protocol::ids::ParticipantId;
use serde::{Deserialize, Serialize};

/// Codec of a published track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// Voice.
    Opus,
    /// Video.
    H264,
    /// Video.
    Vp9,
    /// Video that does not play in MP4: written as WebM.
    Vp8,
    /// Video.
    Av1,
}

impl Codec {
    /// RTP clock rate in Hz; also the timescale of the file.
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::H264 | Self::Vp9 | Self::Vp8 | Self::Av1 => 90_000,
        }
    }

    /// Whether frames depend on earlier ones.
    pub fn is_video(self) -> bool {
        self != Self::Opus
    }
}

/// How the files of a track are built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// Fragmented MP4: plays through HLS.
    #[default]
    Cmaf,
    /// Clusters of VP8, which does not play in MP4: plays by appending them through MSE.
    WebM,
}

impl Container {
    /// What the names of its files end in.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Cmaf => "cmaf",
            Self::WebM => "webm",
        }
    }
}

/// What a track shows or carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// Sound.
    Voice,
    /// Picture of people.
    Camera,
    /// Courseware.
    Screen,
    /// The lesson's one voice: whoever is audible, mixed. Named after the lead.
    Program,
}

impl Slot {
    /// As in paths and playlists.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Camera => "camera",
            Self::Screen => "screen",
            Self::Program => "program",
        }
    }
}

/// One track of a lesson: whose, and which of theirs. Shown as its directory, e.g. `master-camera`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrackName {
    /// Whose it is.
    pub participant: ParticipantId,
    /// Which of theirs.
    pub slot: Slot,
}

impl std::fmt::Display for TrackName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.participant, self.slot.as_str())
    }
}

/// Why a track is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// VP8 does not play in MP4. Told by recordings of earlier versions only: it is written as WebM now.
    Vp8,
    /// The lesson has `limits::TRACKS` already.
    TooManyTracks,
    /// The track restarted `limits::EPOCHS` times.
    TooManyEpochs,
    /// A box did not encode: a fault of ours.
    Internal,
    /// The disk is low. The track comes back when it has space again.
    DiskLow,
}
