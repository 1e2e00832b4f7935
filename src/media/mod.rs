//! The media threads, seen from the rest of the program: commands go in, events and recorder batches come out.
//!
//! A shard is one pinned OS thread with one UDP port (`base + i`). There is one now; what picks a lesson's shard is
//! [`MediaHandle::send`].

mod announce;
mod secret;
mod socket;
mod thread;

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender},
    },
};

use sfu::{
    Identity,
    command::{Command, Event, LessonKey, PeerId},
    ice::Half,
    sdp::Local,
    tap::TapBatch,
};
use tokio::sync::mpsc;

pub use secret::{random_number, random_token};
use socket::MediaSocket;
use thread::{Mailbox, Wake};

/// Events waiting to be routed to their lessons; one that does not fit is counted and dropped.
const EVENTS: usize = 4096;
/// Commands waiting for the media thread; a sender waits for room, which is there within one turn of the loop.
const COMMANDS: usize = 1024;
/// Batches waiting for the recorder; one that does not fit is dropped: the recorder never holds up the lesson.
const TAP_BATCHES: usize = 256;

/// Where media listens.
#[derive(Debug, Clone)]
pub struct MediaAddress {
    /// Address to bind; a wildcard binds all.
    pub bind: IpAddr,
    /// UDP port; 0 picks a free one.
    pub port: u16,
    /// Addresses told to browsers; empty: those of this machine that match `bind`.
    pub announce: Vec<IpAddr>,
}

/// How to talk to the media threads.
#[derive(Clone)]
pub struct MediaHandle {
    next_peer: Arc<AtomicU64>,
    commands: SyncSender<Command>,
    wake: Arc<Wake>,
    fingerprint: Arc<str>,
    candidates: Arc<[SocketAddr]>,
}

/// The running media plane.
pub struct Media {
    /// How to talk to it.
    pub handle: MediaHandle,
    /// What it tells, with the lesson it is about.
    pub events: mpsc::Receiver<(LessonKey, Event)>,
    /// Every published packet, for the recorder.
    pub tap: Receiver<TapBatch>,
}

/// Begins to carry sound and picture.
pub fn start(address: &MediaAddress) -> anyhow::Result<Media> {
    let socket = MediaSocket::bind(address.bind, address.port)?;
    let identity = Identity::generate()?;
    let (commands, waiting) = std::sync::mpsc::sync_channel(COMMANDS);
    let (told, events) = mpsc::channel(EVENTS);
    let (tapped, tap) = std::sync::mpsc::sync_channel(TAP_BATCHES);
    let wake = Arc::new(Wake::new()?);
    let handle = MediaHandle {
        next_peer: Arc::new(AtomicU64::new(1)),
        commands,
        wake: wake.clone(),
        fingerprint: identity.fingerprint().into(),
        candidates: announce::candidates(address, socket.port()).into(),
    };
    thread::spawn(identity, socket, Mailbox { commands: waiting, wake, events: told, tap: tapped })?;
    Ok(Media { handle, events, tap })
}

impl MediaHandle {
    /// Hands a command to the thread of its lesson.
    pub fn send(&self, command: Command) {
        if self.commands.send(command).is_err() {
            tracing::error!("the media thread is gone; restart tongke");
        }
        self.wake.wake();
    }

    /// An id no session had before.
    pub fn next_peer(&self) -> PeerId {
        PeerId(self.next_peer.fetch_add(1, Ordering::Relaxed))
    }

    /// Fresh ICE credentials of ours (RFC 8445 section 5.3: at least 24 and 128 bits of randomness).
    pub fn credentials(&self) -> Half {
        Half { ufrag: random_token(6), password: random_token(18) }
    }

    /// Runs `answer` with our side of a session.
    pub fn with_local<T>(&self, ice: Half, answer: impl FnOnce(&mut Local<'_>) -> T) -> T {
        let mut random = random_number;
        answer(&mut Local {
            ice,
            fingerprint: &self.fingerprint,
            candidates: &self.candidates,
            session: u64::from(random_number()),
            random: &mut random,
        })
    }
}
