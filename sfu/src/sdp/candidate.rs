//! The addresses of ours that a peer is told.

use std::{fmt::Write, net::SocketAddr};

/// Type preference of host candidates over UDP (RFC 8445 section 5.1.2.2).
const HOST_UDP: u32 = 126;
/// Type preference of host candidates over TCP: lower, as RFC 6544 section 4.2 has it where UDP is preferred, and the value
/// libwebrtc gives its own. A client that reaches us by both nominates UDP.
const HOST_TCP: u32 = 90;
/// Direction preference of passive host candidates, in the upper three bits of the local preference (RFC 6544 section 4.2).
const PASSIVE: u32 = 4;
/// The largest preference among candidates of one direction: the lower 13 bits.
const MAX_OTHER: u32 = 8191;

/// What media is carried by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Datagrams.
    Udp,
    /// A connection that the peer opens, with RFC 4571 framing.
    Tcp,
}

/// Where media is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// By what.
    pub protocol: Protocol,
    /// Where to.
    pub address: SocketAddr,
}

impl Candidate {
    /// Its priority as the `place`-th of its kind (RFC 8445 section 5.1.2.1, component 1).
    fn priority(&self, place: usize) -> u32 {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let (kind, local) = match self.protocol {
            Protocol::Udp => (HOST_UDP, 65_535 - place.min(65_535)),
            Protocol::Tcp => (HOST_TCP, (PASSIVE << 13) + MAX_OTHER - place.min(MAX_OTHER)),
        };
        (kind << 24) + (local << 8) + 255
    }
}

/// Host candidates, the first preferred among those of its protocol.
pub(super) fn write_candidates(out: &mut String, candidates: &[Candidate]) {
    let (mut udp, mut tcp) = (0.., 0..);
    for (i, candidate) in candidates.iter().enumerate() {
        let (place, name, kind) = match candidate.protocol {
            Protocol::Udp => (&mut udp, "udp", ""),
            // RFC 6544 section 4.5.
            Protocol::Tcp => (&mut tcp, "tcp", " tcptype passive"),
        };
        let priority = candidate.priority(place.next().unwrap_or(usize::MAX));
        let (ip, port) = (candidate.address.ip(), candidate.address.port());
        // Writing to a String cannot fail.
        let _ = write!(out, "a=candidate:{} 1 {name} {priority} {ip} {port} typ host{kind}\r\n", i + 1);
    }
    out.push_str("a=end-of-candidates\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn udp_is_preferred_to_tcp_and_the_first_of_each_to_the_others() {
        let candidate = |protocol, address: &str| Candidate { protocol, address: address.parse().unwrap() };
        let all = [
            candidate(Protocol::Udp, "192.0.2.1:8000"),
            candidate(Protocol::Udp, "[2001:db8::1]:8000"),
            candidate(Protocol::Tcp, "192.0.2.1:8000"),
            candidate(Protocol::Tcp, "192.0.2.1:443"),
        ];
        let mut text = String::new();
        write_candidates(&mut text, &all);
        let expected = "a=candidate:1 1 udp 2130706431 192.0.2.1 8000 typ host\r\n\
                        a=candidate:2 1 udp 2130706175 2001:db8::1 8000 typ host\r\n\
                        a=candidate:3 1 tcp 1520435199 192.0.2.1 8000 typ host tcptype passive\r\n\
                        a=candidate:4 1 tcp 1520434943 192.0.2.1 443 typ host tcptype passive\r\n\
                        a=end-of-candidates\r\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_last_of_very_many_still_has_a_priority_of_its_protocol() {
        let address = SocketAddr::from(([192, 0, 2, 1], 1));
        let last = |protocol| Candidate { protocol, address }.priority(usize::MAX);
        assert_eq!((last(Protocol::Udp) >> 24, last(Protocol::Tcp) >> 24), (HOST_UDP, HOST_TCP));
    }
}
