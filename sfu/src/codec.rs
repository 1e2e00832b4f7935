//! The codecs that are carried, and their profiles as far as switching and recording need them.

/// A negotiated codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 7587; always 48 kHz, two channels in SDP.
    Opus,
    /// RFC 6184, packetization-mode 1.
    H264(H264Profile),
    /// RFC 9628, profile 0.
    Vp9,
    /// RFC 7741.
    Vp8,
}

/// H.264 profiles in the order they are preferred: the first decodes everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum H264Profile {
    /// profile-level-id 42exxx.
    ConstrainedBaseline,
    /// profile-level-id 42xxxx without constraint set 1.
    Baseline,
    /// profile-level-id 4dxxxx.
    Main,
    /// profile-level-id 64xxxx.
    High,
}

impl Codec {
    /// RTP clock rate in Hz.
    pub fn clock_rate(self) -> u32 {
        match self {
            Codec::Opus => 48_000,
            Codec::H264(_) | Codec::Vp9 | Codec::Vp8 => 90_000,
        }
    }

    /// Whether it is a video codec.
    pub fn is_video(self) -> bool {
        self != Codec::Opus
    }
}
