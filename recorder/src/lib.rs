//! The recorder, pure: RTP packets of a lesson in, the bytes of its recording out. It knows no clock and no disk; time is
//! an argument (`Duration` since the recording began), and what it wants written comes back as effects.
//!
//! ```text
//! packet -> rtp -> reorder -> depacketize -> timeline -> cmaf or webm -> lesson_recording -> Effect::Append
//!                                                                     |
//!                                                   journal, index, manifest -> playlist
//! ```

pub mod bits;
pub mod chapters;
pub mod check;
pub mod cmaf;
pub mod codec;
pub mod depacketize;
pub mod disk;
pub mod download;
pub mod effect;
mod epoch;
pub mod error;
pub mod event;
pub mod index;
pub mod jobs;
pub mod journal;
pub mod lesson_recording;
pub mod limits;
pub mod manifest;
pub mod mix;
pub mod picture;
pub mod playlist;
pub mod program;
pub mod recover;
pub mod reorder;
pub mod rtp;
pub mod sequence;
#[cfg(test)]
mod testing;
pub mod timeline;
mod track;
pub mod voice;
mod waiting;
pub mod webm;
mod write_bits;

pub use codec::{Codec, Container, Refusal, Slot, TrackName};
pub use disk::Disk;
pub use effect::{Effect, File};
pub use error::Error;
pub use event::LessonEvent;
pub use lesson_recording::{LessonRecording, TrackKey};
pub use manifest::{Lesson, Manifest};
pub use program::Stage;
pub use timeline::SenderReport;
