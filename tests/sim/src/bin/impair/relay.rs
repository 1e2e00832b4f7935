//! Sockets on both sides of a line, and what is under way between them.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BinaryHeap},
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    os::fd::AsFd,
    time::{Duration, Instant},
};

use nix::{
    poll::{PollFd, PollFlags, ppoll},
    sys::{
        socket::{setsockopt, sockopt},
        time::TimeSpec,
    },
};
use sim::{Change, Conditions, Link, Way, chance::Chance};

/// Clients of all ports; further ones are not heard.
const MAX_CLIENTS: usize = 4096;
/// Datagrams taken from one socket before the others have their turn.
const AT_ONCE: usize = 64;
/// Datagrams under way; further ones are lost.
const MAX_UNDER_WAY: usize = 100_000;
/// Wanted of every socket's buffers, in bytes.
const BUFFER: usize = 4 << 20;
const LONGEST: usize = 65_535;

/// Both directions of the line.
pub struct Line {
    up: Link,
    down: Link,
    began: Option<Instant>,
}

impl Line {
    /// A line without faults.
    pub fn new(seed: u64) -> Self {
        let link = |way| Link::new(Conditions::default(), Chance::part(seed, way));
        Self { up: link(0), down: link(1), began: None }
    }

    /// Changes it.
    pub fn change(&mut self, now: Instant, ways: &[Way], change: Change) {
        ways.iter().for_each(|&way| self.link(way).change(now, change));
    }

    fn link(&mut self, way: Way) -> &mut Link {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    fn push(&mut self, now: Instant, way: Way, len: usize) -> impl Iterator<Item = Instant> + use<> {
        self.began.get_or_insert(now);
        self.link(way).push(now, len).into_iter().flatten()
    }

    /// What passed and what did not, a line for each way.
    pub fn stats(&self, now: Instant) -> String {
        let began = self.began.unwrap_or(now);
        let told = [("up", &self.up), ("down", &self.down)].map(|(name, link)| {
            let tally = link.tally();
            let wait = link.wait(began, now, 0.95).unwrap_or_default().as_secs_f64() * 1000.0;
            format!(
                "{name} offered={} bytes={} lost={} dropped={} delivered={} wait_p95_ms={wait:.1}",
                tally.offered, tally.offered_bytes, tally.lost, tally.dropped, tally.delivered
            )
        });
        told.join("\n")
    }
}

struct Port {
    socket: UdpSocket,
    target: SocketAddr,
}

/// One address that sends to a port, with its own socket to the target.
struct Client {
    port: usize,
    address: SocketAddr,
    socket: UdpSocket,
}

struct UnderWay {
    at: Instant,
    order: u64,
    client: usize,
    way: Way,
    datagram: Vec<u8>,
}

impl Ord for UnderWay {
    /// The earliest is the greatest: that is what a heap gives out.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for UnderWay {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for UnderWay {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for UnderWay {}

/// All ports and clients.
pub struct Relays {
    ports: Vec<Port>,
    clients: Vec<Client>,
    by_address: BTreeMap<(usize, SocketAddr), usize>,
    under_way: BinaryHeap<UnderWay>,
    order: u64,
    room: Vec<u8>,
}

fn socket(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    // As much as the system allows.
    let _ = setsockopt(&socket, sockopt::RcvBuf, &BUFFER);
    let _ = setsockopt(&socket, sockopt::SndBuf, &BUFFER);
    Ok(socket)
}

impl Relays {
    /// Listens on the first of each pair, for the second.
    pub fn bind(pairs: &[(SocketAddr, SocketAddr)]) -> io::Result<Self> {
        let port = |&(listen, target): &(SocketAddr, SocketAddr)| Ok(Port { socket: socket(listen)?, target });
        Ok(Self {
            ports: pairs.iter().map(port).collect::<io::Result<_>>()?,
            clients: Vec::new(),
            by_address: BTreeMap::new(),
            under_way: BinaryHeap::new(),
            order: 0,
            room: vec![0; LONGEST],
        })
    }

    /// What it listens on, and for whom.
    pub fn addresses(&self) -> io::Result<Vec<(SocketAddr, SocketAddr)>> {
        self.ports.iter().map(|port| Ok((port.socket.local_addr()?, port.target))).collect()
    }

    /// Waits for the next datagram or the next that has arrived, no longer than `most`, and passes on what there is.
    pub fn turn(&mut self, line: &mut Line, most: Duration) -> io::Result<()> {
        let until = self.under_way.peek().map(|first| first.at.saturating_duration_since(Instant::now()));
        let wait = until.map_or(most, |until| until.min(most));
        let ports = self.ports.iter().map(|port| &port.socket);
        let sockets = ports.chain(self.clients.iter().map(|client| &client.socket));
        let mut waiting: Vec<PollFd<'_>> = sockets.map(|s| PollFd::new(s.as_fd(), PollFlags::POLLIN)).collect();
        let _ = ppoll(&mut waiting, Some(TimeSpec::from_duration(wait)), None);
        let ready = |fd: &PollFd<'_>| fd.revents().is_some_and(|events| !events.is_empty());
        let ready: Vec<usize> = waiting.iter().enumerate().filter(|(_, fd)| ready(fd)).map(|(at, _)| at).collect();
        for at in ready {
            match at.checked_sub(self.ports.len()) {
                None => self.take_from_clients(line, at)?,
                Some(client) => self.take_from_target(line, client),
            }
        }
        self.pass_on(Instant::now());
        Ok(())
    }

    fn take_from_clients(&mut self, line: &mut Line, port: usize) -> io::Result<()> {
        for _ in 0..AT_ONCE {
            let Ok((len, from)) = self.ports[port].socket.recv_from(&mut self.room) else { break };
            if let Some(client) = self.client(port, from)? {
                self.send(line, client, Way::Up, len);
            }
        }
        Ok(())
    }

    fn take_from_target(&mut self, line: &mut Line, client: usize) {
        for _ in 0..AT_ONCE {
            // A target that is not there tells so by an error; it may be there later.
            let Ok(len) = self.clients[client].socket.recv(&mut self.room) else { break };
            self.send(line, client, Way::Down, len);
        }
    }

    fn client(&mut self, port: usize, address: SocketAddr) -> io::Result<Option<usize>> {
        if let Some(&known) = self.by_address.get(&(port, address)) {
            return Ok(Some(known));
        }
        if self.clients.len() == MAX_CLIENTS {
            return Ok(None);
        }
        let target = self.ports[port].target;
        let any = if target.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = socket(SocketAddr::new(any, 0))?;
        socket.connect(target)?;
        self.clients.push(Client { port, address, socket });
        self.by_address.insert((port, address), self.clients.len() - 1);
        Ok(Some(self.clients.len() - 1))
    }

    fn send(&mut self, line: &mut Line, client: usize, way: Way, len: usize) {
        for at in line.push(Instant::now(), way, len) {
            if self.under_way.len() < MAX_UNDER_WAY {
                self.order += 1;
                let datagram = self.room[..len].to_vec();
                self.under_way.push(UnderWay { at, order: self.order, client, way, datagram });
            }
        }
    }

    fn pass_on(&mut self, now: Instant) {
        while self.under_way.peek().is_some_and(|first| first.at <= now)
            && let Some(UnderWay { client, way, datagram, .. }) = self.under_way.pop()
        {
            let Client { port, address, socket } = &self.clients[client];
            // What the system does not take is lost, as on any line.
            let _ = match way {
                Way::Up => socket.send(&datagram),
                Way::Down => self.ports[*port].socket.send_to(&datagram, address),
            };
        }
    }
}
