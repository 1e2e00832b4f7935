//! The load generator: one publisher and many viewers on this machine, and what they cost the server.
//!
//! ```text
//! publisher thread   pattern → pacing → packets → (SRTP, UDP) → server
//! receiver thread    server → socket → viewer → stream, latency
//! main thread        HTTP joins, the window, /proc → report
//! ```
//!
//! It speaks plain WHIP and WHEP, so that other servers can be measured by the same measure.

mod answer;
mod clock;
mod demo;
mod feedback;
pub mod floor;
mod handshake;
mod http;
mod joining;
mod latency;
mod offer;
mod options;
mod pacing;
mod packets;
mod pattern;
mod payload;
mod process;
mod publisher;
mod receiver;
mod report;
mod run;
mod socket;
mod stream;
mod stun;
mod tally;
mod transport;
mod viewer;

pub use http::Endpoint;
pub use latency::Percentiles;
pub use options::{HELP, Mode, Options, Profile, Target, parse};
pub use report::{Joins, Latency, Report, Sent};
pub use run::run;
pub use viewer::{Broken, Fault};
