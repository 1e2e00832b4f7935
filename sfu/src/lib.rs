//! The media plane of Tongke, pure: an ICE-lite, DTLS-SRTP selective forwarding unit as state machines.
//!
//! Datagrams, time and keys are arguments; what is to be sent and what happened come back as values. One [`shard::Shard`]
//! is owned by one thread of the shell. The path of a packet: `demux` → `publisher` (opened by `srtp`) → `track` →
//! `fanout` → per subscriber `line` → the outbox.

mod allocation;
pub mod bandwidth;
mod clock;
pub mod codec;
pub mod command;
pub mod compaction;
pub mod counters;
pub mod demux;
pub mod dependency;
mod dtls;
mod fanout;
pub mod framing;
pub mod ice;
mod layers;
pub mod limits;
mod line;
mod line_figures;
mod nack;
mod numbering;
mod outbox;
mod outgoing;
mod pacer;
pub mod payload;
pub mod placement;
pub mod playout_delay;
mod publisher;
mod rate;
mod reception;
mod recorded;
mod recovered;
pub mod red;
pub mod relay;
mod ring;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod seats;
mod send_queue;
mod sent_voices;
pub mod sequence;
mod shard;
pub mod spatial;
pub mod srtp;
mod subscriber;
pub mod tap;
pub mod temporal;
mod told;
mod track;
mod transport;

pub use clock::NtpClock;
pub use dtls::{Identity, IdentityError};
pub use line_figures::LineFigures;
pub use outbox::{Message, Outbox};
#[doc(hidden)]
pub use payload::fuzz_payloads;
pub use payload::size::PictureSize;
pub use send_queue::{SendQueue, Urgency};
pub use shard::{KeyFrameWish, Shard};
