//! Lessons over weak lines in virtual time: a seeded network, model browsers with real ICE, DTLS and SRTP, one real shard.
//!
//! ```text
//! scenario ── steers ──▶ world ── events ──▶ server (sfu::Shard)
//!     ▲                    │  ╲
//!  figures ◀── voice, picture  ╲──▶ publisher, receiver, each at a site behind two links
//! ```
//!
//! Pure: its time is virtual, its chance seeded. The binaries write the table of all scenarios, and make a real line weak.

pub mod answer;
pub mod chance;
pub mod encoder;
pub mod figures;
mod missing;
pub mod network;
pub mod offer;
pub mod payload;
pub mod picture;
pub mod publisher;
pub mod receiver;
mod reception;
mod red;
pub mod scenario;
pub mod server;
pub mod session;
pub mod steering;
mod stream;
pub mod table;
pub mod voice;
pub mod world;

pub use encoder::{COURSEWARE, Encoding, LAYERS, SIMULCAST, SINGLE};
pub use network::{Burst, Change, Conditions, Link};
pub use offer::Repair;
pub use publisher::{Fec, Publishes, VoiceOptions};
pub use receiver::{LISTENING, Receives};
pub use world::{Publishing, Receiving, Site, Way, World};
