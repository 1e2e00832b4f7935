//! Media over TCP, for networks that let no UDP through: RFC 6544 connections with RFC 4571 framing.
//!
//! `door.rs` takes connections in, on ports of its own and on that of the pages, and reads the first frame in a task:
//! only what begins as media does is handed to a media thread, to the one that the user fragment names. There `streams.rs`
//! has the sockets: few of them, because clients prefer UDP, and none of them ever waits.

mod door;
mod streams;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

use std::{
    net::{SocketAddr, TcpStream},
    time::Instant,
};

use sfu::framing::Deframer;

pub use door::Door;
pub(super) use door::{Gate, listener};
pub(super) use streams::StreamsReport;
pub(super) use streams::{Looked, Streams};

use door::Pass;

/// New connections waiting for one media thread; one that does not fit is closed, and its client tries again.
pub(super) const NEWCOMERS: usize = 64;

/// A connection whose first frame is a check for a user fragment of ours, or says so.
pub(super) struct Newcomer {
    socket: TcpStream,
    remote: SocketAddr,
    since: Instant,
    first: Vec<u8>,
    /// Has what came after the first frame.
    deframer: Deframer,
    pass: Pass,
}
