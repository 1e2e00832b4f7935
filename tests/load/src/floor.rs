//! The floor: what a bare sender of the same datagrams to the same sockets costs. No session, no sealing, no copy of its own:
//! what is left is the kernel's way from the send call into the receivers' sockets, which a server cannot do without.

use std::{
    io::IoSlice,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    os::fd::AsRawFd,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::{JoinHandle, park_timeout, spawn},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use nix::{
    sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg},
    time::{ClockId, clock_gettime},
};
use serde::Serialize;

use crate::{
    pattern::{GROUP_FRAMES, GROUP_PACKETS, MEAN_PAYLOAD},
    socket::{Batch, ViewerSocket},
};

/// Sockets that receive: as many as viewers share.
const SOCKETS: usize = 16;
/// Time from one sweep of them to the next.
const SWEEP: Duration = Duration::from_millis(1);
/// Time from one voice to the next.
const VOICE_INTERVAL: Duration = Duration::from_millis(20);
/// A frame comes with every so many voices.
const VOICES_PER_FRAME: u64 = 2;
/// Bytes of a voice's datagram: 120 of Opus, RTP header with a transport-wide number, tag.
const VOICE_BYTES: usize = 120 + 20 + 16;
/// Bytes of a picture's datagram.
const PICTURE_BYTES: usize = MEAN_PAYLOAD + 20 + 16;

/// What it costs.
#[derive(Debug, Clone, Serialize)]
pub struct Floor {
    /// Receivers.
    pub viewers: usize,
    /// Datagrams sent.
    pub sent: u64,
    /// Of them, those that arrived.
    pub received: u64,
    /// Processor time of the sender for each, in µs.
    pub us_per_packet: f64,
}

/// Sends to so many receivers for so long.
pub fn run(viewers: usize, seconds: f64) -> Result<Floor> {
    let sockets: Vec<ViewerSocket> = (0..SOCKETS).map(|_| ViewerSocket::bind()).collect::<Result<_>>()?;
    let ports: Vec<u16> = sockets.iter().map(ViewerSocket::port).collect::<Result<_>>()?;
    let address = |n: usize| {
        let ip = Ipv4Addr::new(127, 1, (n >> 8) as u8, n as u8);
        SockaddrStorage::from(SocketAddr::from((ip, ports[n % SOCKETS])))
    };
    let addresses: Vec<SockaddrStorage> = (1..=viewers).map(address).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let received = Arc::new(AtomicU64::new(0));
    let sweeping = sweep(sockets, received.clone(), stop.clone());
    let sending = spawn(move || send(&addresses, Duration::from_secs_f64(seconds)));
    let (sent, cpu) = sending.join().map_err(|_| anyhow!("the sender failed"))??;
    // What was sent last lies in the sockets already: loopback delivers within the call.
    stop.store(true, Relaxed);
    sweeping.join().map_err(|_| anyhow!("the receiver failed"))?;
    let us_per_packet = cpu.as_secs_f64() * 1e6 / sent as f64;
    Ok(Floor { viewers, sent, received: received.load(Relaxed), us_per_packet })
}

fn sweep(mut sockets: Vec<ViewerSocket>, received: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> JoinHandle<()> {
    spawn(move || {
        let mut batch = Batch::new();
        loop {
            let last = stop.load(Relaxed);
            for socket in &mut sockets {
                loop {
                    let more = socket.receive(&mut batch);
                    received.fetch_add(batch.arrivals.len() as u64, Relaxed);
                    if !more {
                        break;
                    }
                }
            }
            if last {
                return;
            }
            park_timeout(SWEEP);
        }
    })
}

/// Returns how many datagrams were sent, and the processor time of this thread.
fn send(addresses: &[SockaddrStorage], length: Duration) -> Result<(u64, Duration)> {
    let socket = UdpSocket::bind("127.0.0.1:0").context("no UDP socket")?;
    let frame = vec![7; PICTURE_BYTES * (GROUP_PACKETS / GROUP_FRAMES as usize + 1)];
    let (began, cpu_before) = (Instant::now(), clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?);
    let (mut voices, mut sent) = (0u64, 0);
    while began.elapsed() < length {
        park_timeout((began + VOICE_INTERVAL * voices as u32).saturating_duration_since(Instant::now()));
        sent += send_all(&socket, addresses, &frame[..VOICE_BYTES], VOICE_BYTES)?;
        if voices.is_multiple_of(VOICES_PER_FRAME) {
            let packets = packets_of(voices / VOICES_PER_FRAME);
            sent += send_all(&socket, addresses, &frame[..packets * PICTURE_BYTES], PICTURE_BYTES)?;
        }
        voices += 1;
    }
    let cpu = Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?) - Duration::from(cpu_before);
    Ok((sent, cpu))
}

/// Packets of frame `n`: 6 or 7, together as many as the publisher's.
fn packets_of(n: u64) -> usize {
    let until = |n: u64| n as usize * GROUP_PACKETS / GROUP_FRAMES as usize;
    until(n + 1) - until(n)
}

fn send_all(socket: &UdpSocket, addresses: &[SockaddrStorage], bytes: &[u8], segment: usize) -> Result<u64> {
    let (slices, size) = ([IoSlice::new(bytes)], segment as u16);
    let joined = [ControlMessage::UdpGsoSegments(&size)];
    let control = if bytes.len() > segment { &joined[..] } else { &[] };
    for address in addresses {
        sendmsg(socket.as_raw_fd(), &slices, control, MsgFlags::empty(), Some(address)).context("sending")?;
    }
    Ok((bytes.len() / segment * addresses.len()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bare_sender_sends_the_publishers_pattern_and_all_of_it_arrives() {
        assert_eq!((0..100).map(packets_of).sum::<usize>(), GROUP_PACKETS);
        let floor = run(5, 0.3).unwrap();
        assert!(floor.sent > 100 && floor.us_per_packet > 0.0, "{floor:?}");
        assert_eq!(floor.received, floor.sent);
    }
}
