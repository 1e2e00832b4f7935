//! What goes to the kernel next, and what follows from its refusals: nothing is lost or sent twice but what is counted so.

use std::{collections::HashSet, iter, net::SocketAddr, ops::AddAssign};

use nix::errno::Errno;
use sfu::ice::Path;

/// Destinations remembered for refusing joined datagrams; when there are more, all are forgotten and refuse once again.
const MAX_REFUSING: usize = 1024;
/// Times a full line is waited for while all is sent; after them what does not fit is dropped. Beyond that the line is too
/// thin, and longer waiting would only make everyone late.
const MAX_WAITS: usize = 4;

/// One send: one or more datagrams to one path, back to back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parcel<'a> {
    pub(super) path: Path,
    /// Length in bytes of every datagram but the last, which has that or less.
    pub(super) segment: usize,
    pub(super) bytes: &'a [u8],
}

impl Parcel<'_> {
    /// Whether there is more than one datagram in it.
    pub(super) fn is_joined(&self) -> bool {
        self.bytes.len() > self.segment
    }

    fn datagrams(&self) -> u64 {
        if self.is_joined() { self.bytes.len().div_ceil(self.segment.max(1)) as u64 } else { 1 }
    }
}

/// What became of what was to be sent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Datagrams the kernel took.
    pub datagrams: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Messages they were joined in.
    pub messages: u64,
    /// System calls that took, to send the messages of several each.
    pub calls: u64,
    /// Datagrams for which the kernel had no room.
    pub dropped: u64,
    /// Datagrams the kernel refused, as those to an unreachable peer.
    pub refused: u64,
    /// Messages that were refused for being joined and went datagram by datagram.
    pub unjoined: u64,
}

impl AddAssign for Sent {
    fn add_assign(&mut self, more: Self) {
        self.datagrams += more.datagrams;
        self.bytes += more.bytes;
        self.messages += more.messages;
        self.calls += more.calls;
        self.dropped += more.dropped;
        self.refused += more.refused;
        self.unjoined += more.unjoined;
    }
}

/// Where messages leave.
pub(super) trait Line {
    /// Takes as many of `parcels`, from the first on, as it has room for, and returns how many.
    ///
    /// # Errors
    ///
    /// What was wrong with the first, and then it took none.
    fn send<'a>(&mut self, parcels: impl Iterator<Item = Parcel<'a>>) -> nix::Result<usize>;

    /// Waits a moment until there is room again.
    fn wait_for_room(&mut self);
}

/// Sends what is to be sent; remembers who refuses joined datagrams.
#[derive(Debug)]
pub(super) struct Departures {
    /// Whether the kernel joins datagrams at all.
    joins: bool,
    refusing: HashSet<SocketAddr>,
}

impl Departures {
    /// `joins` is whether the kernel knows `UDP_SEGMENT`.
    pub(super) fn new(joins: bool) -> Self {
        Self { joins, refusing: HashSet::with_capacity(MAX_REFUSING) }
    }

    /// Sends all `parcels` in order.
    pub(super) fn send_all<'a>(
        &mut self,
        line: &mut impl Line,
        parcels: impl Iterator<Item = Parcel<'a>> + Clone,
    ) -> Sent {
        let mut queue = Queue { parcels, begun: None };
        let mut sent = Sent::default();
        let (mut waits_left, mut has_waited) = (MAX_WAITS, false);
        while let Some(first) = queue.clone().next(self) {
            let mut ahead = queue.clone();
            sent.calls += 1;
            match line.send(iter::from_fn(|| ahead.next(self))) {
                Ok(taken @ 1..) => {
                    for parcel in iter::from_fn(|| queue.next(self)).take(taken) {
                        sent.messages += 1;
                        sent.datagrams += parcel.datagrams();
                        sent.bytes += parcel.bytes.len() as u64;
                    }
                    has_waited = false;
                }
                Err(Errno::EAGAIN | Errno::ENOBUFS) if waits_left > 0 && !has_waited => {
                    line.wait_for_room();
                    waits_left -= 1;
                    has_waited = true;
                }
                Err(Errno::EAGAIN | Errno::ENOBUFS) => {
                    // It stayed full: a stuck line costs one wait and no more. What fits now goes, the rest is dropped.
                    waits_left = 0;
                    sent.dropped += first.datagrams();
                    queue.next(self);
                }
                // A path with a smaller MTU, with encryption (IPsec), or over a device that makes no checksums.
                Err(Errno::EIO | Errno::EINVAL | Errno::EMSGSIZE | Errno::EOPNOTSUPP) if first.is_joined() => {
                    sent.unjoined += 1;
                    self.send_singly_to(first.path.remote);
                }
                Ok(0) | Err(_) => {
                    sent.refused += first.datagrams();
                    queue.next(self);
                    // If not even one by itself goes, it was not refused for being joined.
                    self.refusing.remove(&first.path.remote);
                }
            }
        }
        sent
    }

    fn goes_whole(&self, parcel: &Parcel<'_>) -> bool {
        !parcel.is_joined() || (self.joins && !self.refusing.contains(&parcel.path.remote))
    }

    fn send_singly_to(&mut self, remote: SocketAddr) {
        if self.refusing.len() >= MAX_REFUSING {
            self.refusing.clear();
        }
        self.refusing.insert(remote);
    }
}

/// What has not been sent yet. A parcel that must not go joined leaves datagram by datagram.
#[derive(Clone)]
struct Queue<'a, P> {
    parcels: P,
    /// The rest of one that leaves so.
    begun: Option<Parcel<'a>>,
}

impl<'a, P: Iterator<Item = Parcel<'a>>> Queue<'a, P> {
    fn next(&mut self, departures: &Departures) -> Option<Parcel<'a>> {
        let parcel = match self.begun.take() {
            Some(rest) => rest,
            None => match self.parcels.next()? {
                whole if departures.goes_whole(&whole) => return Some(whole),
                parcel => parcel,
            },
        };
        let (first, rest) = parcel.bytes.split_at(parcel.segment.min(parcel.bytes.len()));
        self.begun = (!rest.is_empty()).then_some(Parcel { bytes: rest, ..parcel });
        Some(Parcel { bytes: first, ..parcel })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A line that takes a few messages a call and answers as told.
    #[derive(Default)]
    struct Told {
        /// Messages to this port are refused with that error when joined, or also when not.
        joined: Option<(u16, Errno)>,
        all: Option<(u16, Errno)>,
        /// Messages there is room for before each wait, and after the last.
        room: VecDeque<usize>,
        waits: usize,
        went: Vec<(u16, Vec<u8>)>,
        sends: Vec<(u16, usize)>,
    }

    impl Line for Told {
        fn send<'a>(&mut self, parcels: impl Iterator<Item = Parcel<'a>>) -> nix::Result<usize> {
            let mut taken = 0;
            for parcel in parcels.take(3) {
                let port = parcel.path.remote.port();
                let error = match (self.joined, self.all) {
                    (Some((to, error)), _) if to == port && parcel.is_joined() => Some(error),
                    (_, Some((to, error))) if to == port => Some(error),
                    _ if self.room.front() == Some(&0) => Some(Errno::EAGAIN),
                    _ => None,
                };
                match error {
                    Some(error) if taken == 0 => return Err(error),
                    Some(_) => break,
                    None => {}
                }
                if let Some(room) = self.room.front_mut() {
                    *room -= 1;
                }
                self.went.extend(parcel.bytes.chunks(parcel.segment).map(|bytes| (port, bytes.to_vec())));
                self.sends.push((port, parcel.datagrams() as usize));
                taken += 1;
            }
            Ok(taken)
        }

        fn wait_for_room(&mut self) {
            self.waits += 1;
            self.room.pop_front();
        }
    }

    const BYTES: [u8; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

    fn parcel(port: u16, segment: usize, len: usize) -> Parcel<'static> {
        let path = Path::udp(None, SocketAddr::from(([192, 0, 2, 1], port)));
        Parcel { path, segment, bytes: &BYTES[..len] }
    }

    /// Every datagram to every port in order, as if each had gone by itself.
    fn datagrams(parcels: &[Parcel<'_>]) -> Vec<(u16, Vec<u8>)> {
        let each = parcels.iter().flat_map(|parcel| parcel.bytes.chunks(parcel.segment).map(|bytes| (*parcel, bytes)));
        each.map(|(parcel, bytes)| (parcel.path.remote.port(), bytes.to_vec())).collect()
    }

    fn parcels() -> Vec<Parcel<'static>> {
        [(1, 4, 10), (2, 4, 9), (1, 10, 10), (3, 1, 5), (2, 5, 10), (3, 2, 2), (1, 3, 10)]
            .map(|(port, segment, len)| parcel(port, segment, len))
            .to_vec()
    }

    #[test]
    fn all_goes_in_order_in_as_few_calls_as_the_line_takes() {
        let (mut line, mut departures, parcels) = (Told::default(), Departures::new(true), parcels());
        let sent = departures.send_all(&mut line, parcels.iter().copied());
        assert_eq!(line.went, datagrams(&parcels));
        assert_eq!(sent, Sent { datagrams: 19, bytes: 56, messages: 7, calls: 3, ..Sent::default() });
    }

    #[test]
    fn a_destination_that_refuses_joined_datagrams_gets_them_singly_and_nobody_else_does() {
        for error in [Errno::EIO, Errno::EINVAL, Errno::EMSGSIZE, Errno::EOPNOTSUPP] {
            let mut line = Told { joined: Some((2, error)), ..Told::default() };
            let (mut departures, parcels) = (Departures::new(true), parcels());
            let sent = departures.send_all(&mut line, parcels.iter().copied());
            assert_eq!(line.went, datagrams(&parcels));
            assert_eq!((sent.datagrams, sent.messages, sent.refused), (19, 10, 0));
            assert_eq!((sent.bytes, sent.unjoined), (56, 1));
            assert!(line.sends.iter().all(|&(port, joined)| port != 2 || joined == 1));
            assert!(line.sends.contains(&(1, 4)) && line.sends.contains(&(3, 5)));
            // The second time it is not even tried: three calls more would be needed.
            let again = departures.send_all(&mut line, parcels.iter().copied());
            assert_eq!(again, Sent { calls: 4, unjoined: 0, ..sent });
        }
    }

    #[test]
    fn what_is_refused_joined_and_singly_is_counted_and_tried_joined_again() {
        let mut line = Told { all: Some((2, Errno::EINVAL)), ..Told::default() };
        let (mut departures, parcels) = (Departures::new(true), parcels());
        let sent = departures.send_all(&mut line, parcels.iter().copied());
        assert_eq!((sent.datagrams, sent.refused, sent.dropped), (14, 5, 0));
        line.all = None;
        departures.send_all(&mut line, parcels.iter().copied());
        assert!(line.sends.contains(&(2, 3)));
    }

    #[test]
    fn an_unreachable_destination_costs_nobody_else_a_datagram() {
        for error in [Errno::ENETUNREACH, Errno::ECONNREFUSED, Errno::EPERM] {
            let mut line = Told { all: Some((1, error)), ..Told::default() };
            let sent = Departures::new(true).send_all(&mut line, parcels().into_iter());
            let others: Vec<_> = parcels().into_iter().filter(|parcel| parcel.path.remote.port() != 1).collect();
            assert_eq!(line.went, datagrams(&others));
            assert_eq!((sent.datagrams, sent.refused, line.waits), (11, 8, 0));
        }
    }

    #[test]
    fn a_kernel_that_joins_nothing_is_never_asked_to() {
        let mut line = Told::default();
        let sent = Departures::new(false).send_all(&mut line, parcels().into_iter());
        assert_eq!(line.went, datagrams(&parcels()));
        assert_eq!((sent.datagrams, sent.messages, sent.calls), (19, 19, 7));
    }

    #[test]
    fn a_full_line_is_waited_for_as_long_as_that_makes_room() {
        let mut line = Told { room: [2, 1, 3].into(), ..Told::default() };
        let sent = Departures::new(true).send_all(&mut line, parcels().into_iter());
        assert_eq!((sent.dropped, line.waits), (0, 3));
        assert_eq!(line.went, datagrams(&parcels()));
    }

    #[test]
    fn a_line_that_stays_full_is_waited_for_once_and_the_rest_is_counted_as_dropped() {
        let mut line = Told { room: [2, 0].into(), ..Told::default() };
        let sent = Departures::new(true).send_all(&mut line, parcels().into_iter());
        assert_eq!((sent.datagrams, sent.dropped, line.waits), (6, 13, 1));
        assert_eq!(line.went, datagrams(&parcels()[..2]));
    }

    #[test]
    fn a_line_too_thin_is_waited_for_only_so_often() {
        let mut line = Told { room: [1; MAX_WAITS + 1].into(), ..Told::default() };
        line.room.push_back(0);
        let sent = Departures::new(true).send_all(&mut line, parcels().into_iter());
        assert_eq!((sent.messages, sent.dropped, line.waits), (5, 5, MAX_WAITS));
        assert_eq!(line.went, datagrams(&parcels()[..5]));
    }

    #[test]
    fn only_so_many_destinations_are_remembered() {
        let mut departures = Departures::new(true);
        (0..MAX_REFUSING as u16).for_each(|port| departures.send_singly_to(parcel(port, 1, 1).path.remote));
        assert_eq!(departures.refusing.len(), MAX_REFUSING);
        departures.send_singly_to(parcel(u16::MAX, 1, 1).path.remote);
        assert_eq!(departures.refusing.len(), 1);
        assert!(!departures.goes_whole(&parcel(u16::MAX, 1, 2)));
    }
}
