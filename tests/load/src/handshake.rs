//! The DTLS handshake of a client, until there are SRTP keys.
//!
//! `dimpl` offers every SRTP profile there is, and then the server takes AES-GCM; who is to get AES-CM offers nothing else,
//! which the `rtc` stack can.

mod best;
mod cm;

use std::time::Instant;

use anyhow::Result;
use sfu::srtp::{Inbound, Outbound};

use crate::options::Profile;

/// The certificate that all clients of a run show: a thousand of their own would cost the generator a second and the server
/// nothing.
#[derive(Clone)]
pub enum Identity {
    /// Of clients that take the server's best.
    Best(best::Identity),
    /// Of clients that know AES-CM only.
    Cm(cm::Identity),
}

/// Keys for both ways.
pub type Keys = (Inbound, Outbound);

/// One handshake.
pub enum Handshake {
    /// For the server's best.
    Best(Box<best::Handshake>),
    /// For AES-CM.
    Cm(Box<cm::Handshake>),
}

impl Identity {
    /// A fresh certificate of clients that want this profile.
    pub fn new(profile: Profile) -> Result<Self> {
        Ok(match profile {
            Profile::Gcm => Self::Best(best::Identity::new()?),
            Profile::Cm => Self::Cm(cm::Identity::new()?),
        })
    }

    /// As in `a=fingerprint`.
    pub fn fingerprint(&self) -> String {
        match self {
            Self::Best(identity) => identity.fingerprint(),
            Self::Cm(identity) => identity.fingerprint(),
        }
    }
}

impl Handshake {
    /// One that has not begun. `expected` is the SHA-256 of the server's certificate; empty if it is not known.
    pub fn new(identity: &Identity, is_client: bool, expected: Vec<u8>, now: Instant) -> Result<Self> {
        Ok(match identity {
            Identity::Best(identity) => Self::Best(Box::new(best::Handshake::new(identity, is_client, expected, now))),
            Identity::Cm(identity) => Self::Cm(Box::new(cm::Handshake::new(identity, is_client, expected)?)),
        })
    }

    /// Takes in a datagram; what is to be sent goes to `outgoing`.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        datagram: &[u8],
        outgoing: &mut Vec<Vec<u8>>,
    ) -> Result<Option<Keys>> {
        match self {
            Self::Best(handshake) => handshake.handle_datagram(now, datagram, outgoing),
            Self::Cm(handshake) => handshake.handle_datagram(now, datagram, outgoing),
        }
    }

    /// Begins, or sends again what was lost.
    pub fn handle_timeout(&mut self, now: Instant, outgoing: &mut Vec<Vec<u8>>) -> Result<()> {
        match self {
            Self::Best(handshake) => handshake.handle_timeout(now, outgoing),
            Self::Cm(handshake) => handshake.handle_timeout(now, outgoing),
        }
    }
}
