//! Where TCP connections come in: counted by source, heard out for one frame, handed to the shard they are for.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::SyncSender,
    },
    time::{Duration, Instant},
};

use axum::serve::Listener;
use sfu::{framing::Deframer, ice::asked_ufrag};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::Newcomer;
use crate::{
    fault::Fault,
    media::{secret::shard_of_ufrag, thread::Wake},
};

/// Time in which a connection has to send its first frame, and after that to pass a check.
pub(super) const ADMISSION_LIMIT: Duration = Duration::from_secs(10);
/// Connections that have not passed a check yet; a further one is closed at once. A county that joins at one bell has fewer
/// at a time.
const MAX_STRANGERS: usize = 1024;
/// Those of one source, an IPv4 address or an IPv6 network of 64 bits: a school behind a NAT that joins at one bell.
const MAX_STRANGERS_PER_SOURCE: usize = 128;

/// Bytes the kernel keeps unsent for one connection (tcp(7) `TCP_NOTSENT_LOWAT`). What lies there no voice overtakes: at
/// 300 kbit/s this is a tenth of a second. What is on its way is not limited, so that a long line is filled.
const UNSENT_BYTES: u32 = 4 * 1024;
/// Time without an acknowledgement after which the kernel gives a connection up, as consent would.
const DEAD_AFTER: Duration = sfu::limits::CONSENT_EXPIRY;

/// Connections nobody has vouched for yet. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::media) struct Strangers(Arc<Mutex<Counts>>);

/// Each pass out holds one more reference.
#[derive(Default)]
struct Counts {
    all: Arc<()>,
    sources: HashMap<IpAddr, Arc<()>>,
}

/// Leave to be here as a stranger; gives its place back when it is dropped, without a lock.
pub(super) struct Pass {
    _all: Arc<()>,
    _source: Arc<()>,
}

impl Strangers {
    pub(super) fn pass(&self, ip: IpAddr) -> Option<Pass> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::strong_count(&counts.all) > MAX_STRANGERS {
            return None;
        }
        if counts.sources.len() >= MAX_STRANGERS {
            counts.sources.retain(|_, held| Arc::strong_count(held) > 1);
        }
        let source = counts.sources.entry(source_of(ip)).or_default();
        if Arc::strong_count(source) > MAX_STRANGERS_PER_SOURCE {
            return None;
        }
        let _source = source.clone();
        Some(Pass { _all: counts.all.clone(), _source })
    }
}

/// What counts as one source.
fn source_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

/// The way to one media thread.
pub(in crate::media) struct Gate {
    pub(in crate::media) newcomers: SyncSender<Newcomer>,
    pub(in crate::media) wake: Arc<Wake>,
}

/// The way in for all media over TCP. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    gates: Arc<[Gate]>,
    strangers: Strangers,
    turned_away: Arc<AtomicU64>,
    patience: Duration,
}

/// A listener for `ip:port`.
///
/// # Errors
///
/// A sentence for the operator.
pub(in crate::media) fn listener(ip: IpAddr, port: u16) -> io::Result<std::net::TcpListener> {
    let address = SocketAddr::new(ip, port);
    let bound = std::net::TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    bound.map_err(|error| {
        let kind = error.kind();
        let fault = match kind {
            io::ErrorKind::AddrInUse => Fault::new(
                format_args!("媒体端口 {address}/tcp 已被占用，请换 media.port，或设 media.tcp = false"),
                format_args!("media port {address}/tcp is in use; choose another, or set media.tcp = false"),
            ),
            _ => Fault::new(
                format_args!("不能监听媒体端口 {address}/tcp：{error}"),
                format_args!("cannot listen on {address}/tcp"),
            ),
        };
        io::Error::new(kind, fault)
    })
}

impl Door {
    pub(in crate::media) fn new(gates: Vec<Gate>) -> Self {
        Self {
            gates: gates.into(),
            strangers: Strangers::default(),
            turned_away: Arc::default(),
            patience: ADMISSION_LIMIT,
        }
    }

    #[cfg(test)]
    pub(super) fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Connections closed because of what they sent or did not send, or because there were too many.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// Takes in what comes to a port of its own, from now on.
    ///
    /// # Errors
    ///
    /// Outside of a runtime.
    pub(in crate::media) fn keep(&self, listener: std::net::TcpListener) -> io::Result<()> {
        let mut listener = TcpListener::from_std(listener)?;
        let door = self.clone();
        tokio::spawn(async move {
            loop {
                // axum's own accept logs and retries what may pass by itself.
                let (stream, remote) = Listener::accept(&mut listener).await;
                match door.strangers.pass(remote.ip()) {
                    Some(pass) => drop(tokio::spawn(door.clone().hear_out(stream, remote, pass))),
                    None => door.turn_away(),
                }
            }
        });
        Ok(())
    }

    /// Takes in a connection that came to the port of the pages, and began as media does.
    pub async fn admit(&self, stream: TcpStream, remote: SocketAddr) {
        match self.strangers.pass(remote.ip()) {
            Some(pass) => self.clone().hear_out(stream, remote, pass).await,
            None => self.turn_away(),
        }
    }

    fn turn_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    async fn hear_out(self, stream: TcpStream, remote: SocketAddr, pass: Pass) {
        let since = Instant::now();
        let heard = timeout(self.patience, first_frame(stream)).await.ok().flatten();
        let handed_over = heard.and_then(|(stream, first, deframer)| {
            let gate = self.gates.get(usize::from(shard_of_ufrag(&asked_ufrag(&first)?)?.0))?;
            let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
            prepare(&stream);
            let socket = stream.into_std().ok()?;
            gate.newcomers.try_send(Newcomer { socket, remote, since, first, deframer, pass }).ok()?;
            gate.wake.wake();
            Some(())
        });
        // Closed without a word: the port stays silent to scanners.
        if handed_over.is_none() {
            self.turn_away();
        }
    }
}

/// The first frame, and what has come after it; none if the stream ends before or cannot be media.
async fn first_frame(mut stream: TcpStream) -> Option<(TcpStream, Vec<u8>, Deframer)> {
    let mut deframer = Deframer::default();
    loop {
        let len = stream.read(deframer.room()).await.ok().filter(|&len| len > 0)?;
        deframer.filled(len);
        if let Some(first) = deframer.next_frame().ok()? {
            let first = first.to_vec();
            return Some((stream, first, deframer));
        }
    }
}

/// Sets what keeps a connection's delay small. Where the kernel refuses, it only gets larger.
fn prepare(socket: &TcpStream) {
    let options = socket2::SockRef::from(socket);
    let set = options
        .set_tcp_nodelay(true)
        .and(options.set_tcp_notsent_lowat(UNSENT_BYTES))
        .and(options.set_tcp_user_timeout(Some(DEAD_AFTER)));
    if set.is_err() {
        tracing::debug!("a TCP option was refused by the kernel");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_cannot_take_the_places_of_all() {
        let strangers = Strangers::default();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut held: Vec<Pass> =
            (0..MAX_STRANGERS_PER_SOURCE).filter_map(|_| strangers.pass(ip("10.0.0.1"))).collect();
        assert_eq!(held.len(), MAX_STRANGERS_PER_SOURCE);
        assert!(strangers.pass(ip("10.0.0.1")).is_none() && strangers.pass(ip("::ffff:10.0.0.1")).is_none());
        assert!(strangers.pass(ip("10.0.0.2")).is_some());
        held.pop();
        assert!(strangers.pass(ip("10.0.0.1")).is_some(), "a place that is given back is free");
        let v6 = |n: usize| ip(&format!("2001:db8::{n:x}"));
        let network: Vec<Pass> = (0..200).filter_map(|n| strangers.pass(v6(n))).collect();
        assert_eq!(network.len(), MAX_STRANGERS_PER_SOURCE, "a network of 64 bits is one source");
    }

    #[test]
    fn there_are_only_so_many_strangers_and_sources_are_forgotten() {
        let strangers = Strangers::default();
        let ip = |n: usize| IpAddr::from([10, (n >> 16) as u8, (n >> 8) as u8, n as u8]);
        for n in 0..5 * MAX_STRANGERS {
            assert!(strangers.pass(ip(n)).is_some());
        }
        assert!(strangers.0.lock().unwrap().sources.len() <= MAX_STRANGERS);
        let held: Vec<Pass> = (0..2 * MAX_STRANGERS).filter_map(|n| strangers.pass(ip(n))).collect();
        assert_eq!(held.len(), MAX_STRANGERS);
    }
}
