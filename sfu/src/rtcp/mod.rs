//! RTCP: reading what peers send, writing what we send (RFC 3550 section 6, RFC 4585, RFC 5104).
//!
//! Own readers and writers because one compound per peer and second is on the shard's thread: nothing is boxed, nothing
//! allocated. `rtc-rtcp` serves as the oracle in tests.

mod read;
mod twcc;
mod wide;
mod write;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wide_tests;

pub use read::{Feedback, Nacks, ReportBlock, read};
pub use twcc::{ArrivalLog, MAX_FEEDBACK_LEN};
pub use wide::{Statuses, TICKS_PER_MS, TICKS_PER_REFERENCE, TransportWide};
pub use write::{SenderInfo, Writer};

/// Packet types (RFC 3550 section 12.1, RFC 4585 section 6.1).
mod kind {
    pub const SENDER_REPORT: u8 = 200;
    pub const RECEIVER_REPORT: u8 = 201;
    pub const SOURCE_DESCRIPTION: u8 = 202;
    pub const GOODBYE: u8 = 203;
    pub const TRANSPORT_FEEDBACK: u8 = 205;
    pub const PAYLOAD_FEEDBACK: u8 = 206;
}

/// Feedback message types.
mod format {
    pub const NACK: u8 = 1;
    pub const TRANSPORT_WIDE: u8 = 15;
    pub const PICTURE_LOSS: u8 = 1;
    pub const FULL_INTRA: u8 = 4;
    pub const APPLICATION: u8 = 15;
}
