//! Bots that publish to and watch a lesson over WHIP and WHEP, on the `webrtc` crate: a stack the server does not share,
//! so what both understand is what the standards say.
//!
//! A [`Publisher`] sends numbered packets, a [`Viewer`] tells the number of each packet it gets. Payloads look like
//! H.264 and Opus as far as a server looks at them.

mod connection;
mod http;
mod payload;
mod publisher;
mod viewer;

pub use connection::Endpoint;
pub use payload::{Kind, number_of};
pub use publisher::{Published, Publisher};
pub use viewer::{Arrival, Viewer};
