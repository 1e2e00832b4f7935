//! Real sockets on the loopback interface: what the kernel makes of what is asked of it.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::Instant,
};

use nix::poll::PollTimeout;
use sfu::{ice::Path, limits::MAX_DATAGRAM};

use super::*;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// A datagram that is not there after this long is lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// More datagrams than any kernel joins (`UDP_MAX_SEGMENTS`, 64 or 128): refused with `EINVAL`. On the loopback interface
/// nothing else is refused to one destination only; a path with a smaller MTU answers `EMSGSIZE` or `EINVAL` likewise.
const TOO_MANY: usize = 700;

struct Peer {
    socket: MediaSocket,
    inbox: Inbox,
}

impl Peer {
    fn bind(ip: IpAddr) -> Self {
        Self { socket: MediaSocket::bind(ip, 0).unwrap(), inbox: Inbox::new() }
    }

    fn path(&self) -> Path {
        Path::udp(None, SocketAddr::new(LOOPBACK, self.socket.port()))
    }

    /// The next `count` datagrams.
    fn take(&mut self, count: usize) -> Vec<(Path, Vec<u8>)> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            let ready = nix::poll::poll(&mut fds, PollTimeout::try_from(PATIENCE).unwrap()).unwrap();
            assert_eq!(ready, 1, "{} of {count} datagrams came", taken.len());
            self.socket.receive(&mut self.inbox);
            while let Some(arrival) = self.inbox.next() {
                taken.push((arrival.path, arrival.bytes.to_vec()));
            }
        }
        taken
    }

    /// What the next `count` datagrams say.
    fn take_bytes(&mut self, count: usize) -> Vec<Vec<u8>> {
        self.take(count).into_iter().map(|(_, bytes)| bytes).collect()
    }
}

/// A socket that knows nothing of all this.
fn plain(ip: IpAddr) -> UdpSocket {
    let socket = UdpSocket::bind((ip, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn take_plain(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 2000];
    let (len, from) = socket.recv_from(&mut buffer).unwrap();
    (buffer[..len].to_vec(), from)
}

/// Bytes that differ from place to place.
fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 7 + at + seed * 31) as u8).collect()
}

#[test]
fn a_message_of_six_datagrams_arrives_as_six() {
    let (mut sender, receiver) = (Peer::bind(LOOPBACK), plain(LOOPBACK));
    let bytes = pattern(5 * 1150 + 77, 1);
    let path = Path::udp(None, receiver.local_addr().unwrap());
    let sent = sender.socket.send_parcels([Parcel { path, segment: 1150, bytes: &bytes }].into_iter());
    let all = bytes.len() as u64;
    assert_eq!(sent, Sent { datagrams: 6, bytes: all, messages: 1, calls: 1, ..Sent::default() });
    for datagram in bytes.chunks(1150) {
        assert_eq!(take_plain(&receiver), (datagram.to_vec(), sender.path().remote));
    }
}

#[test]
fn what_the_kernel_hands_over_joined_is_split_where_it_was() {
    let (mut sender, mut receiver) = (Peer::bind(LOOPBACK), Peer::bind(LOOPBACK));
    let messages = [(1150, 1150 * 5 + 77), (1150, 1150), (33, 33 * 64), (1150, 1151), (1200, 1200 * 54), (9, 5)];
    let all: Vec<Vec<u8>> = messages.iter().enumerate().map(|(seed, &(_, len))| pattern(len, seed)).collect();
    let path = receiver.path();
    let parcels = messages.iter().zip(&all).map(|(&(segment, _), bytes)| Parcel { path, segment, bytes });
    let sent = sender.socket.send_parcels(parcels.clone());
    assert_eq!((sent.datagrams, sent.messages, sent.calls), (6 + 1 + 64 + 2 + 54 + 1, 6, 1));
    let expected: Vec<Vec<u8>> =
        parcels.flat_map(|parcel| parcel.bytes.chunks(parcel.segment)).map(Vec::from).collect();
    assert!(receiver.take_bytes(expected.len()) == expected);
    let received = receiver.inbox.received();
    assert_eq!((received.datagrams, received.messages, received.too_long), (128, 6, 0), "they came joined");
}

#[test]
fn many_messages_to_many_arrive_whole_and_in_order() {
    let mut sender = Peer::bind(LOOPBACK);
    let mut receivers: Vec<Peer> = (0..5).map(|_| Peer::bind(LOOPBACK)).collect();
    let bytes: Vec<Vec<u8>> = (0..200).map(|number| pattern(200 + number * 13, number)).collect();
    let to: Vec<Path> = receivers.iter().map(Peer::path).collect();
    let parcels = bytes.iter().enumerate().map(|(number, bytes)| Parcel { path: to[number % 5], segment: 900, bytes });
    let sent = sender.socket.send_parcels(parcels.clone());
    assert_eq!((sent.messages, sent.calls, sent.dropped, sent.refused), (200, 4, 0, 0));
    for receiver in &mut receivers {
        let own = parcels.clone().filter(|parcel| parcel.path == receiver.path());
        let expected: Vec<Vec<u8>> = own.flat_map(|parcel| parcel.bytes.chunks(900)).map(Vec::from).collect();
        assert!(receiver.take_bytes(expected.len()) == expected);
    }
}

#[test]
fn what_the_kernel_does_not_join_goes_singly_and_only_to_that_destination() {
    let (mut sender, mut one, mut other) = (Peer::bind(LOOPBACK), Peer::bind(LOOPBACK), Peer::bind(LOOPBACK));
    let bytes = pattern(10 * TOO_MANY - 3, 1);
    let small = Parcel { path: other.path(), segment: 10, bytes: &bytes[..25] };
    let large = Parcel { path: one.path(), segment: 10, bytes: &bytes };
    let sent = sender.socket.send_parcels([small, large, small].into_iter());
    assert_eq!((sent.datagrams, sent.messages, sent.refused), (TOO_MANY as u64 + 6, TOO_MANY as u64 + 2, 0));
    let again = sender.socket.send_parcels([small, Parcel { bytes: &bytes[..30], ..large }].into_iter());
    assert_eq!((again.datagrams, again.messages, again.calls), (6, 4, 1));
    let expected: Vec<Vec<u8>> = bytes.chunks(10).chain(bytes[..30].chunks(10)).map(Vec::from).collect();
    assert!(one.take_bytes(TOO_MANY + 3) == expected);
    assert_eq!(other.take_bytes(9), [&bytes[..10], &bytes[10..20], &bytes[20..25]].repeat(3));
}

#[test]
fn an_unreachable_destination_is_counted_and_the_rest_goes() {
    let (mut sender, mut receiver) = (Peer::bind(LOOPBACK), Peer::bind(LOOPBACK));
    // From the loopback address no other network is reached, and nothing goes to the broadcast address unasked.
    let outside = ["192.0.2.1:9", "255.255.255.255:9"].map(|text| Path::udp(None, text.parse().unwrap()));
    let paths = [outside[0], receiver.path(), outside[1], receiver.path()];
    let sent = sender.socket.send_parcels(paths.into_iter().map(|path| Parcel { path, segment: 2, bytes: b"media" }));
    assert_eq!((sent.datagrams, sent.refused, sent.dropped), (6, 6, 0));
    assert_eq!(receiver.take_bytes(6), [&b"me"[..], b"di", b"a"].repeat(2));
}

#[test]
fn a_datagram_too_long_for_media_is_dropped_and_counted() {
    let (sender, mut receiver) = (plain(LOOPBACK), Peer::bind(LOOPBACK));
    for len in [MAX_DATAGRAM + 1, 60_000, MAX_DATAGRAM, 0, 3] {
        sender.send_to(&pattern(len, 2), receiver.path().remote).unwrap();
    }
    assert!(receiver.take_bytes(2) == [pattern(MAX_DATAGRAM, 2), pattern(3, 2)]);
    assert_eq!(receiver.inbox.received().too_long, 2);
}

#[test]
fn an_arrival_is_stamped_when_the_kernel_got_it_and_not_when_it_is_read() {
    let (sender, mut receiver) = (plain(LOOPBACK), Peer::bind(LOOPBACK));
    sender.send_to(b"first", receiver.path().remote).unwrap();
    let after = Instant::now();
    receiver.socket.receive(&mut receiver.inbox);
    let arrival = receiver.inbox.next().unwrap();
    assert!(arrival.at < after, "the kernel had it before the call that sent it was back");
}

/// Sends to a wildcard socket at `to`, and answers: the answer has to come from there.
fn answer_comes_from(wildcard: IpAddr, client: IpAddr, to: IpAddr, seen_as: IpAddr) {
    let (mut server, client) = (Peer::bind(wildcard), plain(client));
    let to = SocketAddr::new(to, server.socket.port());
    client.send_to(b"question", to).unwrap();
    let (path, _) = server.take(1).remove(0);
    assert_eq!(path, Path::udp(Some(seen_as), client.local_addr().unwrap()));
    // Alone and joined.
    for bytes in [&b"123"[..], b"4567"] {
        server.socket.send_parcels([Parcel { path, segment: 3, bytes }].into_iter());
    }
    for datagram in [&b"123"[..], b"456", b"7"] {
        assert_eq!(take_plain(&client), (datagram.to_vec(), to));
    }
}

#[test]
fn an_answer_comes_from_the_address_that_was_asked() {
    let second = IpAddr::from([127, 0, 0, 2]);
    answer_comes_from(Ipv4Addr::UNSPECIFIED.into(), LOOPBACK, second, second);
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
        answer_comes_from(Ipv6Addr::UNSPECIFIED.into(), v6, v6, v6);
        let mapped = IpAddr::V6(Ipv4Addr::new(127, 0, 0, 2).to_ipv6_mapped());
        answer_comes_from(Ipv6Addr::UNSPECIFIED.into(), LOOPBACK, second, mapped);
    }
}
