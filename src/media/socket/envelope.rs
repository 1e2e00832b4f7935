//! What goes with a message's bytes, in the kernel's own layout: a socket address and control messages (ip(7), ipv6(7),
//! udp(7), socket(7), cmsg(3)).

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use nix::libc;

/// The longest socket address, `sockaddr_in6`.
const NAME_BYTES: usize = 28;
/// Before the data of a control message: its length, level and type.
const CONTROL_HEAD: usize = size_of::<usize>() + 8;
/// The most that comes with one message: an IPv6 address, a time and a segment size, each with its head and padded.
const CONTROL_BYTES: usize = 3 * CONTROL_HEAD + 24 + 16 + 8;

/// An address and control messages.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    name: [u8; NAME_BYTES],
    name_len: usize,
    control: [u8; CONTROL_BYTES],
    control_len: usize,
}

/// What the kernel tells of a received message.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Notes {
    /// Address of ours it was sent to.
    pub(super) local: Option<IpAddr>,
    /// When the kernel got it, since the Unix epoch.
    pub(super) stamp: Option<Duration>,
    /// Length in bytes of each datagram joined in it, but the last.
    pub(super) segment: Option<usize>,
}

impl Default for Envelope {
    fn default() -> Self {
        Self { name: [0; NAME_BYTES], name_len: 0, control: [0; CONTROL_BYTES], control_len: 0 }
    }
}

impl Envelope {
    /// The address and the control messages, as long as they are.
    pub(super) fn parts_mut(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut self.name[..self.name_len], &mut self.control[..self.control_len])
    }

    /// Makes all its room ready to be written to.
    pub(super) fn empty(&mut self) {
        self.set_lens(NAME_BYTES, CONTROL_BYTES);
    }

    /// Sets how much of its room is used.
    pub(super) fn set_lens(&mut self, name: usize, control: usize) {
        self.name_len = name.min(NAME_BYTES);
        self.control_len = control.min(CONTROL_BYTES);
    }

    /// Writes where to; `as_v6` is for a socket of IPv6, which speaks to IPv4 peers in mapped form.
    pub(super) fn set_remote(&mut self, remote: SocketAddr, as_v6: bool) {
        let port = remote.port().to_be_bytes();
        let v6 = match remote.ip() {
            IpAddr::V4(v4) if !as_v6 => {
                self.name[..2].copy_from_slice(&(libc::AF_INET as u16).to_ne_bytes());
                self.name[2..4].copy_from_slice(&port);
                self.name[4..8].copy_from_slice(&v4.octets());
                self.name_len = 16;
                return;
            }
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        self.name[..2].copy_from_slice(&(libc::AF_INET6 as u16).to_ne_bytes());
        self.name[2..4].copy_from_slice(&port);
        self.name[4..8].fill(0);
        self.name[8..24].copy_from_slice(&v6.octets());
        self.name_len = 28;
    }

    /// Writes from which address of ours, and the length of the datagrams joined in the message, if there are several.
    pub(super) fn set_control(&mut self, local: Option<IpAddr>, segment: Option<u16>) {
        self.control_len = 0;
        match local {
            // `in_pktinfo`: interface, source, destination.
            Some(IpAddr::V4(ip)) => {
                let mut info = [0; 12];
                info[4..8].copy_from_slice(&ip.octets());
                self.put(libc::IPPROTO_IP, libc::IP_PKTINFO, &info);
            }
            // `in6_pktinfo`: address, interface.
            Some(IpAddr::V6(ip)) => {
                let mut info = [0; 20];
                info[..16].copy_from_slice(&ip.octets());
                self.put(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &info);
            }
            None => {}
        }
        if let Some(segment) = segment {
            self.put(libc::SOL_UDP, libc::UDP_SEGMENT, &segment.to_ne_bytes());
        }
    }

    fn put(&mut self, level: i32, kind: i32, data: &[u8]) {
        let len = CONTROL_HEAD + data.len();
        let place = &mut self.control[self.control_len..];
        let (head, rest) = place.split_at_mut(CONTROL_HEAD);
        let (len_bytes, kinds) = head.split_at_mut(size_of::<usize>());
        len_bytes.copy_from_slice(&len.to_ne_bytes());
        kinds[..4].copy_from_slice(&level.to_ne_bytes());
        kinds[4..].copy_from_slice(&kind.to_ne_bytes());
        rest[..data.len()].copy_from_slice(data);
        self.control_len += aligned(len);
    }

    /// Who sent the message.
    pub(super) fn remote(&self) -> Option<SocketAddr> {
        let name = &self.name[..self.name_len];
        let port = u16::from_be_bytes(*name.get(2..)?.first_chunk()?);
        let ip = match i32::from(u16::from_ne_bytes(*name.first_chunk()?)) {
            libc::AF_INET => IpAddr::V4(v4_at(name, 4)?),
            libc::AF_INET6 => v6_at(name, 8)?.to_canonical(),
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    }

    /// What else the kernel told.
    pub(super) fn notes(&self) -> Notes {
        let mut notes = Notes::default();
        let mut rest = &self.control[..self.control_len];
        while let Some((level, kind, data, after)) = split_control(rest) {
            match (level, kind) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => notes.local = v4_at(data, 8).map(IpAddr::V4),
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => notes.local = v6_at(data, 0).map(IpAddr::V6),
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => notes.stamp = stamp(data),
                (libc::SOL_UDP, libc::UDP_GRO) => notes.segment = number(data),
                _ => {}
            }
            rest = after;
        }
        notes
    }
}

/// The level, type and data of the first control message, and those after it.
fn split_control(control: &[u8]) -> Option<(i32, i32, &[u8], &[u8])> {
    let len = usize::from_ne_bytes(*control.first_chunk()?);
    let level = i32::from_ne_bytes(*control.get(size_of::<usize>()..)?.first_chunk()?);
    let kind = i32::from_ne_bytes(*control.get(size_of::<usize>() + 4..)?.first_chunk()?);
    let data = control.get(CONTROL_HEAD..len)?;
    Some((level, kind, data, control.get(aligned(len)..).unwrap_or_default()))
}

/// Control messages begin at multiples of the machine's word.
fn aligned(len: usize) -> usize {
    len.next_multiple_of(size_of::<usize>())
}

fn v4_at(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    Some(Ipv4Addr::from(*bytes.get(at..)?.first_chunk::<4>()?))
}

fn v6_at(bytes: &[u8], at: usize) -> Option<Ipv6Addr> {
    Some(Ipv6Addr::from(*bytes.get(at..)?.first_chunk::<16>()?))
}

/// A `timespec`: seconds and nanoseconds.
fn stamp(data: &[u8]) -> Option<Duration> {
    let seconds = i64::from_ne_bytes(*data.first_chunk()?);
    let nanos = i64::from_ne_bytes(*data.get(8..)?.first_chunk()?);
    Some(Duration::new(seconds.try_into().ok()?, nanos.try_into().ok()?))
}

/// A C `int` that is a length.
fn number(data: &[u8]) -> Option<usize> {
    usize::try_from(i32::from_ne_bytes(*data.first_chunk()?)).ok().filter(|&number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_was_written() {
        let cases = ["192.0.2.1:5", "[2001:db8::1]:65535"];
        for remote in cases.map(|text| text.parse::<SocketAddr>().unwrap()) {
            let mut envelope = Envelope::default();
            envelope.set_remote(remote, remote.is_ipv6());
            assert_eq!(envelope.remote(), Some(remote));
            envelope.set_remote(remote, true);
            assert_eq!((envelope.remote(), envelope.parts_mut().0.len()), (Some(remote), 28));
        }
        assert_eq!(Envelope::default().remote(), None);
    }

    #[test]
    fn control_messages_are_read_until_one_does_not_fit() {
        let mut envelope = Envelope::default();
        envelope.put(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &[7; 20]);
        envelope.put(libc::SOL_UDP, libc::UDP_GRO, &1200_i32.to_ne_bytes());
        envelope.put(libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS, &[3_i64.to_ne_bytes(), 4_i64.to_ne_bytes()].concat());
        assert_eq!(envelope.control_len, CONTROL_BYTES, "the most that comes fits");
        let local = Some(IpAddr::from([7; 16]));
        let whole = Notes { local, segment: Some(1200), stamp: Some(Duration::new(3, 4)) };
        assert_eq!(envelope.notes(), whole);
        envelope.control_len -= 1;
        assert_eq!(envelope.notes(), Notes { stamp: None, ..whole });
        envelope.control_len = CONTROL_HEAD - 1;
        assert_eq!(envelope.notes(), Notes::default());
    }

    #[test]
    fn control_messages_the_kernel_would_never_write_are_read_as_nothing() {
        for byte in 0..=u8::MAX {
            let mut envelope = Envelope::default();
            envelope.control.fill(byte);
            for len in 0..=CONTROL_BYTES {
                envelope.set_lens(NAME_BYTES, len);
                assert_eq!(envelope.notes(), Notes::default());
            }
        }
    }
}
