//! ICE, DTLS and SRTP of one session, without its socket.

use std::time::{Duration, Instant};

use anyhow::Result;
use sfu::srtp::MAX_OVERHEAD;

use crate::{
    answer::Answer,
    handshake::{Handshake, Identity, Keys},
    stun::{self, Credentials, Told},
};

/// Browsers check about this often.
const CHECK_INTERVAL: Duration = Duration::from_millis(2500);
/// Until the first check is answered.
const FIRST_CHECKS: Duration = Duration::from_millis(100);

/// What a datagram was.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Sealed RTP.
    Rtp,
    /// Sealed RTCP.
    Rtcp,
    /// The session has its keys now.
    Connected,
    /// Of ICE or DTLS, and dealt with.
    Control,
}

/// One session.
pub struct Transport {
    ours: Credentials,
    theirs: Credentials,
    identity: Identity,
    fingerprint: Vec<u8>,
    is_client: bool,
    remote: std::net::SocketAddr,
    next_check: Instant,
    /// There until the keys are.
    handshake: Option<Handshake>,
    /// What media is opened and sealed with.
    pub keys: Option<Keys>,
    /// What is to be sent.
    pub outgoing: Vec<Vec<u8>>,
}

impl Transport {
    /// A session that was just answered.
    pub fn new(ours: Credentials, answer: &Answer, identity: Identity, now: Instant) -> Self {
        Self {
            ours,
            theirs: answer.ice.clone(),
            identity,
            fingerprint: answer.fingerprint.clone(),
            is_client: !answer.server_is_active,
            remote: answer.remote,
            next_check: now,
            handshake: None,
            keys: None,
            outgoing: Vec::new(),
        }
    }

    /// Where its datagrams go.
    pub fn remote(&self) -> std::net::SocketAddr {
        self.remote
    }

    /// Sends what is due.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<()> {
        if now >= self.next_check {
            self.next_check =
                now + if self.handshake.is_some() || self.keys.is_some() { CHECK_INTERVAL } else { FIRST_CHECKS };
            self.outgoing.push(stun::check(&self.ours, &self.theirs));
        }
        if let (Some(handshake), None) = (&mut self.handshake, &self.keys) {
            handshake.handle_timeout(now, &mut self.outgoing)?;
        }
        Ok(())
    }

    /// Tells what a datagram is; ICE and DTLS are dealt with (RFC 7983).
    pub fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Result<Incoming> {
        match datagram.first() {
            Some(0..=3) => self.handle_stun(now, datagram)?,
            Some(20..=63) => return self.handle_dtls(now, datagram),
            Some(128..=191) if datagram.get(1).is_some_and(|kind| (192..=223).contains(kind)) => {
                return Ok(Incoming::Rtcp);
            }
            Some(128..=191) => return Ok(Incoming::Rtp),
            _ => {}
        }
        Ok(Incoming::Control)
    }

    fn handle_stun(&mut self, now: Instant, datagram: &[u8]) -> Result<()> {
        match stun::read(datagram, &self.ours, &self.theirs, self.remote) {
            Told::Answered if self.handshake.is_none() && self.keys.is_none() => self.begin_handshake(now),
            Told::Checked(answer) => {
                self.outgoing.push(answer);
                Ok(())
            }
            Told::Answered | Told::Nothing => Ok(()),
        }
    }

    fn begin_handshake(&mut self, now: Instant) -> Result<()> {
        let mut handshake = Handshake::new(&self.identity, self.is_client, self.fingerprint.clone(), now)?;
        handshake.handle_timeout(now, &mut self.outgoing)?;
        self.handshake = Some(handshake);
        Ok(())
    }

    fn handle_dtls(&mut self, now: Instant, datagram: &[u8]) -> Result<Incoming> {
        let Some(handshake) = &mut self.handshake else { return Ok(Incoming::Control) };
        let keys = handshake.handle_datagram(now, datagram, &mut self.outgoing)?;
        if self.keys.is_some() || keys.is_none() {
            return Ok(Incoming::Control);
        }
        self.keys = keys;
        // A client has the last word of a handshake; what comes after is a goodbye at most.
        if self.is_client {
            self.handshake = None;
        }
        Ok(Incoming::Connected)
    }

    /// Seals a compound of RTCP and lets it wait to be sent.
    pub fn send_rtcp(&mut self, compound: &[u8]) {
        let Some((_, outbound)) = &mut self.keys else { return };
        let mut packet = compound.to_vec();
        packet.resize(compound.len() + MAX_OVERHEAD, 0);
        if let Ok(len) = outbound.seal_rtcp(&mut packet, compound.len()) {
            packet.truncate(len);
            self.outgoing.push(packet);
        }
    }
}
