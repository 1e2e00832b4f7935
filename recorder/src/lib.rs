//! The recorder, pure: RTP packets of a lesson in, the bytes of its recording out. It knows no clock and no disk; time is
//! an argument (`Duration` since the recording began), and what it wants written comes back as effects.
//!
//! ```text
//! packet -> rtp -> reorder -> depacketize -> timeline -> cmaf -> lesson_recording -> Effect::Append
//!                                                                     |
//!                                                   journal, index, manifest -> playlist
//! ```

pub mod bits;
pub mod codec;
pub mod depacketize;
pub mod error;
pub mod limits;
pub mod reorder;
pub mod rtp;
pub mod sequence;
pub mod timeline;

pub use codec::{Codec, Refusal, Slot, TrackName};
pub use error::Error;
