//! ICE, DTLS and SRTP of one session together: from the answer to the last packet.

use std::time::{Duration, Instant};

use is::stun::StunMessage;

use crate::{
    command::CloseReason,
    dtls::{Handshake, Identity, Progress},
    ice::{Check, ConnectionId, Credentials, Path, Responder},
    limits::{CONNECT_TIMEOUT, CONSENT_EXPIRY, MAX_HANDSHAKES_PER_PEER},
    outbox::Outbox,
    sdp::TransportPlan,
    srtp::{Inbound, Outbound},
};

/// What happened to a session's transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing anyone needs to know.
    None,
    /// Media may flow.
    Connected(Path),
    /// It is silent.
    Lost,
    /// It is heard again.
    Recovered,
    /// It has another path: what was sent on the last one may not have come.
    Moved,
    /// It is over.
    Closed(CloseReason),
}

/// What became of a connectivity check.
pub(crate) struct Checked {
    /// Its address belongs to this session now.
    pub(crate) accepted: bool,
    /// A path that belongs to it no longer.
    pub(crate) forgotten: Option<Path>,
    pub(crate) change: Change,
}

/// The transport of one session.
pub(crate) struct Transport {
    ice: Responder,
    /// Apart, because it is large and idle once it is done: what a packet needs lies close together.
    handshake: Box<Handshake>,
    keys: Option<(Inbound, Outbound)>,
    /// DTLS datagrams of it that wait for their turn.
    handshakes: usize,
    created: Instant,
    last_heard: Instant,
    /// Silence after which it counts as lost.
    patience: Duration,
    lost: bool,
}

impl Transport {
    pub(crate) fn new(identity: &Identity, plan: TransportPlan, patience: Duration, now: Instant) -> Self {
        Self {
            handshake: Box::new(Handshake::new(identity, plan.fingerprint, plan.active, now)),
            ice: Responder::new(plan.credentials),
            keys: None,
            handshakes: 0,
            created: now,
            last_heard: now,
            patience,
            lost: false,
        }
    }

    pub(crate) fn ice(&self) -> &Responder {
        &self.ice
    }

    pub(crate) fn restart(&mut self, credentials: Credentials) {
        self.ice.restart(credentials);
    }

    pub(crate) fn connection_closed(&mut self, connection: ConnectionId) {
        self.ice.connection_closed(connection);
    }

    /// Where to send and how to seal, once both are known.
    pub(crate) fn outbound(&mut self) -> Option<(Path, &mut Outbound)> {
        let path = self.ice.selected()?;
        self.keys.as_mut().map(|(_, outbound)| (path, outbound))
    }

    /// How to open what arrives, once known.
    pub(crate) fn inbound(&mut self) -> Option<&mut Inbound> {
        self.keys.as_mut().map(|(inbound, _)| inbound)
    }

    /// Notes that something authentic arrived. RFC 7675 wants checks as proof of consent; a lite agent sends none, and some
    /// publishers stop checking once connected, so fresh authenticated media from a checked address counts as well.
    pub(crate) fn heard(&mut self, now: Instant) -> Change {
        self.last_heard = now;
        if std::mem::take(&mut self.lost) { Change::Recovered } else { Change::None }
    }

    /// Whether something authentic arrived lately.
    pub(crate) fn is_heard(&self, now: Instant) -> bool {
        self.keys.is_some() && now.saturating_duration_since(self.last_heard) <= self.patience
    }

    /// Handles a connectivity check.
    pub(crate) fn handle_check(
        &mut self,
        now: Instant,
        path: Path,
        message: &StunMessage<'_>,
        outbox: &mut Outbox,
    ) -> Checked {
        let before = self.ice.selected();
        match self.ice.handle_check(path, message, outbox.room()) {
            Check::Ignored => Checked { accepted: false, forgotten: None, change: Change::None },
            Check::Answered { len, accepted, forgotten } => {
                outbox.commit(path, len);
                let has_moved = self.keys.is_some() && self.ice.selected() != before;
                let change = match self.heard(now) {
                    Change::None if has_moved => Change::Moved,
                    change => change,
                };
                Checked { accepted, forgotten, change }
            }
        }
    }

    /// Whether media may flow.
    pub(crate) fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    /// Whether one more DTLS datagram may wait for [`Self::handle_dtls`]; notes that it does.
    pub(crate) fn may_queue_handshake(&mut self) -> bool {
        // What still comes once there are keys is a repeated flight, or a goodbye.
        let limit = if self.keys.is_some() { 1 } else { MAX_HANDSHAKES_PER_PEER };
        let may = self.handshakes < limit;
        self.handshakes += usize::from(may);
        may
    }

    pub(crate) fn handle_dtls(&mut self, now: Instant, datagram: &[u8], outbox: &mut Outbox) -> Change {
        self.handshakes = self.handshakes.saturating_sub(1);
        let Some(path) = self.ice.selected() else { return Change::None };
        let progress = self.handshake.handle_datagram(now, datagram, |record| send(outbox, path, record));
        self.progressed(path, progress)
    }

    /// Looks after retransmissions and silence.
    pub(crate) fn handle_timeout(&mut self, now: Instant, outbox: &mut Outbox) -> Change {
        let silence = now.saturating_duration_since(self.last_heard);
        if self.keys.is_none() && now.saturating_duration_since(self.created) > CONNECT_TIMEOUT {
            return Change::Closed(CloseReason::NeverConnected);
        }
        if silence > CONSENT_EXPIRY {
            return Change::Closed(CloseReason::ConsentExpired);
        }
        if self.keys.is_some() && !self.lost && silence > self.patience {
            self.lost = true;
            return Change::Lost;
        }
        match self.ice.selected() {
            Some(path) if self.keys.is_none() && self.handshake.timeout().is_none_or(|at| at <= now) => {
                let progress = self.handshake.handle_timeout(now, |record| send(outbox, path, record));
                self.progressed(path, progress)
            }
            _ => Change::None,
        }
    }

    fn progressed(&mut self, path: Path, progress: Progress) -> Change {
        if progress.failed {
            return Change::Closed(CloseReason::DtlsFailed);
        }
        if progress.closed {
            return Change::Closed(CloseReason::PeerClosed);
        }
        match progress.keys {
            Some(keys) => {
                self.keys = Some(keys);
                Change::Connected(path)
            }
            None => Change::None,
        }
    }
}

fn send(outbox: &mut Outbox, path: Path, bytes: &[u8]) {
    let room = outbox.room();
    if bytes.len() <= room.len() {
        room[..bytes.len()].copy_from_slice(bytes);
        outbox.commit(path, bytes.len());
    }
}
