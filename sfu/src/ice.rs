//! The ICE-lite side of a session (RFC 8445 section 2.5): answers authenticated checks, and remembers which addresses
//! passed one and which the peer nominated. Sends no checks of its own.

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::hmac;
use is::stun::StunMessage;

use crate::limits::MAX_ADDRESSES_PER_PEER;

/// User fragment and password of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Half {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub password: String,
}

/// Both sides of an ICE session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Ours, given in the answer.
    pub local: Half,
    /// Theirs, from the offer.
    pub remote: Half,
}

/// A TCP connection to a shard; no two of its life have the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId(pub u64);

/// Where a datagram came from, and where an answer to it must leave from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path {
    /// The connection it came over; none over UDP. The address alone would not tell: one peer may have several
    /// connections, to several ports of ours, from what a NAT makes one address.
    pub connection: Option<ConnectionId>,
    /// Address of ours it arrived at, when the socket listens on a wildcard. None over TCP: the connection knows.
    pub local: Option<IpAddr>,
    /// Address of the peer.
    pub remote: SocketAddr,
}

impl Path {
    /// A way over UDP.
    pub fn udp(local: Option<IpAddr>, remote: SocketAddr) -> Self {
        Self { connection: None, local, remote }
    }

    /// A way over a TCP connection.
    pub fn tcp(connection: ConnectionId, remote: SocketAddr) -> Self {
        Self { connection: Some(connection), local: None, remote }
    }

    /// Whether both lead to the same peer in the same way, from whichever address of ours.
    pub fn leads_where(&self, other: &Path) -> bool {
        self.connection == other.connection && self.remote == other.remote
    }
}

/// What a check asks to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Not authenticated, not a binding request or not for us: no answer.
    Ignored,
    /// Answered with `len` bytes of the buffer.
    Answered {
        /// Bytes of the answer.
        len: usize,
        /// Whether the address belongs to the session now.
        accepted: bool,
        /// A path that the session no longer has, because it has too many.
        forgotten: Option<Path>,
    },
}

/// The responder of one session.
#[derive(Debug)]
pub struct Responder {
    credentials: Credentials,
    checked: Vec<Path>,
    selected: Option<Path>,
}

fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let mut context = hmac::Context::with_key(&key);
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0; 20];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// The local user fragment that a datagram asks for, if it is a binding request: how a new connection finds its shard.
pub fn asked_ufrag(datagram: &[u8]) -> Option<String> {
    let message = StunMessage::parse(datagram).ok()?;
    addressed_ufrag(&message).map(str::to_owned)
}

/// The local user fragment a binding request is addressed to: how a datagram from an unknown address finds its session.
pub fn addressed_ufrag<'m>(message: &'m StunMessage<'_>) -> Option<&'m str> {
    if !message.is_binding_request() {
        return None;
    }
    message.split_username().map(|(ours, _)| ours)
}

impl Responder {
    /// A session that was just answered.
    pub fn new(credentials: Credentials) -> Self {
        Self { credentials, checked: Vec::new(), selected: None }
    }

    /// Our user fragment.
    pub fn local_ufrag(&self) -> &str {
        &self.credentials.local.ufrag
    }

    /// ICE restart: only checks with the new credentials count from here on. Media keeps its path until a new one is
    /// nominated (RFC 8445 section 9).
    pub fn restart(&mut self, credentials: Credentials) {
        self.credentials = credentials;
    }

    /// Where media goes.
    pub fn selected(&self) -> Option<Path> {
        self.selected
    }

    /// Whether a check from there was authenticated: only such paths may speak DTLS and SRTP to the session.
    pub fn is_checked(&self, path: &Path) -> bool {
        self.checked.iter().any(|known| known.leads_where(path))
    }

    /// A connection is gone. If media went there it goes to the path that was checked last of those left, until the peer
    /// nominates another.
    pub fn connection_closed(&mut self, connection: ConnectionId) {
        self.checked.retain(|path| path.connection != Some(connection));
        if self.selected.is_some_and(|path| path.connection == Some(connection)) {
            self.selected = self.checked.last().copied();
        }
    }

    /// Handles a binding request; writes the answer into `answer`.
    pub fn handle_check(&mut self, path: Path, message: &StunMessage<'_>, answer: &mut [u8]) -> Check {
        let Some((ours, theirs)) = message.split_username() else { return Check::Ignored };
        let ours_match = message.is_binding_request() && ours == self.credentials.local.ufrag;
        if !ours_match || theirs != self.credentials.remote.ufrag {
            return Check::Ignored;
        }
        let password = self.credentials.local.password.as_bytes();
        if !message.verify(password, hmac_sha1) {
            return Check::Ignored;
        }
        // Both sides full-controlled cannot happen: the peer of a lite agent is controlling (RFC 8445 section 6.1.1). A
        // peer that claims to be controlled is told so.
        let reply = match message.ice_controlled() {
            Some(_) => StunMessage::binding_role_conflict_reply(message.trans_id()),
            None => StunMessage::binding_reply(message.trans_id(), path.remote),
        };
        let Ok(len) = reply.to_bytes(Some(password), answer, hmac_sha1) else { return Check::Ignored };
        if message.ice_controlled().is_some() {
            return Check::Answered { len, accepted: false, forgotten: None };
        }
        let forgotten = self.accept(path, message.use_candidate());
        Check::Answered { len, accepted: true, forgotten }
    }

    /// The paths that passed a check.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.checked.iter()
    }

    /// Returns the path that had to give way, if one had to.
    fn accept(&mut self, path: Path, nominated: bool) -> Option<Path> {
        // The least lately checked gives way, but never the one media goes to.
        self.checked.retain(|known| *known != path);
        let mut forgotten = None;
        if self.checked.len() >= MAX_ADDRESSES_PER_PEER {
            let oldest = self.checked.iter().position(|known| Some(*known) != self.selected);
            forgotten = Some(self.checked.remove(oldest.unwrap_or(0)));
        }
        self.checked.push(path);
        // The newest nomination wins, whatever the pair priorities say: after a change of network the old pair may
        // have the better one. The first check gives a path before any nomination, for aggressive clients.
        if nominated || self.selected.is_none() {
            self.selected = Some(path);
        }
        forgotten.filter(|path| !self.is_checked(path))
    }
}

#[cfg(test)]
mod tests {
    use is::stun::{StunMessageBuilder, TransId};

    use super::*;

    fn credentials() -> Credentials {
        let half = |ufrag: &str, password: &str| Half { ufrag: ufrag.into(), password: password.into() };
        Credentials {
            local: half("ours", "our-password-of-22-chars"),
            remote: half("theirs", "their-password-22-chars"),
        }
    }

    fn path(port: u16) -> Path {
        Path::udp(None, SocketAddr::from(([192, 0, 2, 1], port)))
    }

    fn request(username: &str, password: &str, nominate: bool) -> Vec<u8> {
        let mut builder = StunMessageBuilder::new().binding().request().username(username).prio(1).ice_controlling(1);
        if nominate {
            builder = builder.use_candidate();
        }
        let mut bytes = vec![0; 200];
        let len = builder.build(TransId::new()).to_bytes(Some(password.as_bytes()), &mut bytes, hmac_sha1).unwrap();
        bytes.truncate(len);
        bytes
    }

    fn check(responder: &mut Responder, from: u16, bytes: &[u8]) -> Check {
        let message = StunMessage::parse(bytes).unwrap();
        responder.handle_check(path(from), &message, &mut [0; 256])
    }

    #[test]
    fn the_newest_nomination_wins() {
        let mut responder = Responder::new(credentials());
        let good = |nominate| request("ours:theirs", "our-password-of-22-chars", nominate);
        let mut selects = |from: u16, nominate: bool, expected: u16| {
            assert!(matches!(check(&mut responder, from, &good(nominate)), Check::Answered { .. }));
            assert_eq!(responder.selected(), Some(path(expected)), "after a check from {from}");
        };
        selects(1, false, 1);
        selects(2, false, 1);
        selects(2, true, 2);
        selects(1, true, 1);
        assert!(responder.is_checked(&path(2)));
        assert!(!responder.is_checked(&path(3)));
    }

    #[test]
    fn the_path_in_use_is_never_forgotten_for_others() {
        let mut responder = Responder::new(credentials());
        let good = |nominate| request("ours:theirs", "our-password-of-22-chars", nominate);
        check(&mut responder, 1, &good(true));
        for from in 2..30 {
            check(&mut responder, from, &good(false));
        }
        assert!(responder.is_checked(&path(1)) && responder.is_checked(&path(29)));
        assert!(!responder.is_checked(&path(2)));
    }

    #[test]
    fn a_connection_is_another_path_than_the_same_address_over_udp() {
        let mut responder = Responder::new(credentials());
        let bytes = request("ours:theirs", "our-password-of-22-chars", true);
        let message = StunMessage::parse(&bytes).unwrap();
        let mut check = |path| responder.handle_check(path, &message, &mut [0; 256]);
        let over = |number| Path::tcp(ConnectionId(number), path(1).remote);
        for nominated in [path(1), over(1), path(1), over(2)] {
            assert!(matches!(check(nominated), Check::Answered { accepted: true, .. }));
        }
        assert_eq!(responder.selected(), Some(over(2)));
        assert!(responder.is_checked(&path(1)) && responder.is_checked(&over(1)) && !responder.is_checked(&over(3)));
        responder.connection_closed(ConnectionId(1));
        assert_eq!((responder.selected(), responder.is_checked(&over(1))), (Some(over(2)), false));
        responder.connection_closed(ConnectionId(2));
        assert_eq!(responder.selected(), Some(path(1)), "what is left");
        assert!(responder.paths().eq([&path(1)]));
    }

    #[test]
    fn media_stops_with_the_only_connection_and_goes_on_with_the_next() {
        let mut responder = Responder::new(credentials());
        let bytes = request("ours:theirs", "our-password-of-22-chars", false);
        let message = StunMessage::parse(&bytes).unwrap();
        let over = |number| Path::tcp(ConnectionId(number), path(1).remote);
        responder.handle_check(over(1), &message, &mut [0; 256]);
        responder.connection_closed(ConnectionId(1));
        assert_eq!(responder.selected(), None);
        responder.handle_check(over(2), &message, &mut [0; 256]);
        assert_eq!(responder.selected(), Some(over(2)));
    }

    #[test]
    fn a_binding_request_tells_whom_it_is_for_and_nothing_else_does() {
        let bytes = request("ours:theirs", "any", false);
        assert_eq!(asked_ufrag(&bytes).as_deref(), Some("ours"));
        assert_eq!(asked_ufrag(&bytes[..bytes.len() - 1]), None);
        assert_eq!(asked_ufrag(&[]), None);
        assert_eq!(asked_ufrag(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"), None);
    }

    #[test]
    fn unauthenticated_checks_get_no_answer() {
        let mut responder = Responder::new(credentials());
        for (username, password) in [
            ("ours:theirs", "wrong"),
            ("other:theirs", "our-password-of-22-chars"),
            ("ours:other", "our-password-of-22-chars"),
        ] {
            let bytes = request(username, password, true);
            assert_eq!(check(&mut responder, 1, &bytes), Check::Ignored, "{username} {password}");
        }
        assert_eq!(responder.selected(), None);
    }

    #[test]
    fn after_a_restart_only_the_new_credentials_count() {
        let mut responder = Responder::new(credentials());
        let mut fresh = credentials();
        fresh.local.ufrag = "fresh".into();
        responder.restart(fresh);
        let old = request("ours:theirs", "our-password-of-22-chars", true);
        assert_eq!(check(&mut responder, 1, &old), Check::Ignored);
        let new = request("fresh:theirs", "our-password-of-22-chars", true);
        assert!(matches!(check(&mut responder, 1, &new), Check::Answered { .. }));
    }

    #[test]
    fn the_sample_request_of_rfc_5769_section_2_1_is_authentic() {
        let bytes: &[u8] = &[
            0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87,
            0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c,
            0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f,
            0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76,
            0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e,
            0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
        ];
        let message = StunMessage::parse(bytes).unwrap();
        assert_eq!(message.split_username(), Some(("evtj", "h6vY")));
        assert!(message.verify(b"VOkJxbRl1RmTxUk/WvJxBt", hmac_sha1));
        assert!(!message.verify(b"VOkJxbRl1RmTxUk/WvJxBu", hmac_sha1));
    }

    #[test]
    fn the_sample_response_of_rfc_5769_section_2_2_is_authentic() {
        let request: &[u8] = &[0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];
        let message = {
            let mut bytes = vec![0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42];
            bytes.extend_from_slice(request);
            bytes.extend_from_slice(&[
                0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00,
                0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43, 0x00, 0x08, 0x00, 0x14, 0x2b, 0x91,
                0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7,
                0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,
            ]);
            bytes
        };
        let parsed = StunMessage::parse(&message).unwrap();
        assert!(parsed.verify(b"VOkJxbRl1RmTxUk/WvJxBt", hmac_sha1));
        assert_eq!(parsed.mapped_address(), Some(SocketAddr::from(([192, 0, 2, 1], 32853))));
    }
}
