//! SDP offers in, answers and plans out (RFC 8829 as far as WHIP and WHEP use it: RFC 9725, draft-ietf-wish-whep).
//!
//! Parsing is `rtc-sdp`'s; this module takes from it what a session needs, names the attribute at fault when something is
//! missing, and writes the answer.

mod answer;
mod candidate;
mod fragment;
mod offer;
mod plan;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Local, answer_publisher, answer_subscriber};
pub use candidate::{Candidate, Protocol};
pub use fragment::{Fragment, restart_answer};
pub use offer::{Fingerprint, Hash, Kind, Media, Offer, Payload};
pub use plan::{PublishPlan, PublishTrack, SubscribeLine, SubscribePayload, SubscribePlan, TransportPlan};

/// Why an offer cannot be answered. Each names the line or attribute at fault, for the problem document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Longer than `limits::MAX_OFFER_LEN`.
    #[error("the offer is longer than {max} bytes", max = crate::limits::MAX_OFFER_LEN)]
    TooLong,
    /// Not SDP at all.
    #[error("the body is not SDP: {0}")]
    Syntax(String),
    /// An attribute that must be there is not.
    #[error("the offer lacks {0}")]
    Missing(&'static str),
    /// An attribute has a value that cannot be used.
    #[error("{attribute} has a value that cannot be used: {value}")]
    Unusable {
        /// The attribute.
        attribute: &'static str,
        /// Its value, shortened.
        value: String,
    },
    /// m-lines are not bundled.
    #[error("every m-line must be in one a=group:BUNDLE")]
    NotBundled,
    /// More m-lines, formats or attributes than `limits` has room for.
    #[error("the offer has too many m-lines, formats or attributes")]
    TooManyLines,
    /// A WHIP offer that does not send, or a WHEP offer that does not receive.
    #[error("m-line {mid} has the wrong direction: expected {expected}")]
    Direction {
        /// The m-line.
        mid: String,
        /// `sendonly` or `recvonly`.
        expected: &'static str,
    },
    /// Nothing in the offer can be carried.
    #[error("no m-line offers a codec that is carried here (H.264 with packetization-mode 1, VP9, VP8, Opus)")]
    NoCommonCodec,
}

impl SdpError {
    /// The line or attribute at fault.
    pub fn field(&self) -> &str {
        match self {
            Self::TooLong | Self::Syntax(_) => "body",
            Self::Missing(attribute) | Self::Unusable { attribute, .. } => attribute,
            Self::NotBundled => "a=group:BUNDLE",
            Self::TooManyLines => "m=",
            Self::Direction { .. } => "direction",
            Self::NoCommonCodec => "a=rtpmap",
        }
    }
}
