//! The media plane of Tongke, pure: an ICE-lite, DTLS-SRTP selective forwarding unit as state machines.
//!
//! Datagrams, time and keys are arguments; what is to be sent and what happened come back as values. One [`shard::Shard`]
//! is owned by one thread of the shell. The path of a packet: [`demux`] → [`srtp`] → [`source`] → per subscriber
//! [`line`] → the outbox.

pub mod codec;
pub mod command;
pub mod demux;
pub mod ice;
pub mod limits;
pub mod rtp;
pub mod sdp;
pub mod seats;
pub mod sequence;
pub mod srtp;
pub mod tap;
