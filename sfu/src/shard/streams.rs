//! What a shard knows of TCP connections: the shell has the sockets, the shard whose they are.

use super::{Place, Shard};
use crate::{
    demux::{Kind, kind},
    ice::ConnectionId,
    outbox::Outbox,
    rtp::RtpHeader,
    send_queue::Urgency,
};

impl Shard {
    /// A connection is gone: media of its session goes another way, or waits for one.
    pub fn handle_connection_closed(&mut self, connection: ConnectionId) {
        let Some(place) = self.origins.holder(connection) else { return };
        let Some((_, transport, _)) = self.transport_mut(place) else { return };
        let path = transport.ice().paths().find(|path| path.connection == Some(connection)).copied();
        transport.connection_closed(connection);
        if let Some(path) = path {
            self.origins.forget(place, &path);
        }
    }

    /// Whether a check over this connection was authenticated, and its session still has it. One that is not known for
    /// some seconds after it was opened is to be closed, and so is one that is known no longer.
    pub fn knows_connection(&self, connection: ConnectionId) -> bool {
        self.origins.holder(connection).is_some()
    }

    /// Whether media goes over this connection, and not merely could.
    pub fn sends_over(&self, connection: ConnectionId) -> bool {
        let holder = self.origins.holder(connection).and_then(|place| self.transport(place));
        holder.and_then(|transport| transport.ice().selected()).is_some_and(|path| path.connection == Some(connection))
    }

    /// How soon a datagram that leaves over this connection must.
    pub fn urgency(&self, connection: ConnectionId, datagram: &[u8]) -> Urgency {
        let Some(Place::Subscriber(at)) = self.origins.holder(connection) else { return Urgency::Urgent };
        if kind(datagram) != Kind::Rtp {
            return Urgency::Urgent;
        }
        let (Ok(header), Some(subscriber)) = (RtpHeader::parse(datagram), self.subscribers.get(at)) else {
            return Urgency::Urgent;
        };
        let is_voice = |ssrc| subscriber.lines.iter().any(|line| line.spec.audio && line.spec.ssrc == ssrc);
        if is_voice(header.ssrc) { Urgency::Urgent } else { Urgency::Picture }
    }

    /// What is to be sent now, to be looked at; [`Self::outbox`] has it cleared.
    pub fn outgoing(&self) -> &Outbox {
        &self.outbox
    }
}
