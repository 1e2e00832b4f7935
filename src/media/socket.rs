//! The UDP socket of a shard: receives with the address it arrived at, answers from that address, many datagrams a call.

mod departures;
mod envelope;
mod inbox;
mod syscall;
#[cfg(test)]
mod tests;

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr, UdpSocket},
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};

use anyhow::Context;
use nix::{
    poll::{PollFd, PollFlags, ppoll},
    sys::socket::{
        getsockopt, setsockopt,
        sockopt::{
            Ipv4PacketInfo, Ipv6RecvPacketInfo, RcvBuf, ReceiveTimestampns, SndBuf, UdpGroSegment, UdpGsoSegment,
        },
    },
    sys::time::TimeSpec,
};
use sfu::Outbox;

use departures::{Departures, Line, Parcel};
use syscall::Batch;

pub(super) use departures::Sent;
pub(super) use inbox::{Inbox, Received};
pub(super) use syscall::set_nice;

/// Room in the kernel for bursts: a key frame to a whole county.
const BUFFER_BYTES: usize = 4 << 20;
/// How long a full send buffer is waited for: a burst beyond the line's rate leaves spread out instead of losing its tail.
const LONGEST_SEND_WAIT: Duration = Duration::from_millis(5);
/// Messages given to the kernel in one call.
const MESSAGES_PER_CALL: usize = 64;

/// A bound media socket.
pub(super) struct MediaSocket {
    socket: UdpSocket,
    is_v6: bool,
    batch: Batch,
    departures: Departures,
}

impl MediaSocket {
    /// Binds `ip:port`; port 0 picks a free one.
    pub(super) fn bind(ip: IpAddr, port: u16) -> anyhow::Result<Self> {
        let address = SocketAddr::new(ip, port);
        let socket = UdpSocket::bind(address).map_err(|error| {
            let hint = match error.kind() {
                ErrorKind::AddrInUse => crate::fault::Fault::new(
                    format_args!("媒体端口 {address}/udp 已被占用，请换 --media-port 或 media.port"),
                    format_args!("media port {address}/udp is in use; choose another"),
                ),
                _ => crate::fault::Fault::new(
                    format_args!("不能监听媒体端口 {address}/udp：{error}"),
                    format_args!("cannot listen on {address}/udp"),
                ),
            };
            anyhow::Error::new(hint)
        })?;
        socket.set_nonblocking(true).context("nonblocking media socket")?;
        if ip.is_unspecified() && ip.is_ipv4() {
            setsockopt(&socket, Ipv4PacketInfo, &true).context("IP_PKTINFO")?;
        } else if ip.is_unspecified() {
            setsockopt(&socket, Ipv6RecvPacketInfo, &true).context("IPV6_RECVPKTINFO")?;
        }
        // Without it arrival is when we got round to reading: only the browsers' rate ramps up more slowly.
        if setsockopt(&socket, ReceiveTimestampns, &true).is_err() {
            tracing::debug!("the kernel gives no receive timestamps");
        }
        if setsockopt(&socket, UdpGroSegment, &true).is_err() {
            tracing::debug!("the kernel joins no received datagrams (UDP_GRO): Linux 5.0 does");
        }
        let joins = getsockopt(&socket, UdpGsoSegment).is_ok();
        if !joins {
            tracing::debug!("the kernel sends no joined datagrams (UDP_SEGMENT): Linux 4.18 does");
        }
        grow_buffers(&socket);
        let (batch, departures) = (Batch::new(MESSAGES_PER_CALL), Departures::new(joins));
        Ok(Self { socket, is_v6: ip.is_ipv6(), batch, departures })
    }

    /// The port bound.
    pub(super) fn port(&self) -> u16 {
        self.socket.local_addr().map_or(0, |address| address.port())
    }

    /// Takes what waits, as far as one call brings it, into `inbox`. Whether there may be more.
    pub(super) fn receive(&self, inbox: &mut Inbox) -> bool {
        inbox.fill(self.socket.as_fd())
    }

    /// Sends everything in `outbox` that leaves over UDP, waiting a moment for room in the kernel's buffer when it is full. What is dropped all
    /// the same is counted, and so is what an unreachable peer does not get: it is lost as the network might lose it.
    pub(super) fn send_all(&mut self, outbox: &Outbox) -> Sent {
        let over_udp = outbox.messages().iter().filter(|message| message.path.connection.is_none());
        self.send_parcels(over_udp.map(|message| Parcel {
            path: message.path,
            segment: message.segment,
            bytes: outbox.bytes_of(message),
        }))
    }

    fn send_parcels<'a>(&mut self, parcels: impl Iterator<Item = Parcel<'a>> + Clone) -> Sent {
        let mut line = Kernel { socket: self.socket.as_fd(), is_v6: self.is_v6, batch: &mut self.batch };
        self.departures.send_all(&mut line, parcels)
    }
}

impl AsFd for MediaSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The socket as it sends.
struct Kernel<'s> {
    socket: BorrowedFd<'s>,
    is_v6: bool,
    batch: &'s mut Batch,
}

impl Line for Kernel<'_> {
    fn send<'a>(&mut self, mut parcels: impl Iterator<Item = Parcel<'a>>) -> nix::Result<usize> {
        self.batch.send(self.socket, |envelope| {
            let parcel = parcels.next()?;
            envelope.set_remote(parcel.path.remote, self.is_v6);
            // No message is longer than 64 KiB, so neither is what it is cut into.
            let segment = parcel.is_joined().then_some(parcel.segment as u16);
            envelope.set_control(parcel.path.local, segment);
            Some(parcel.bytes)
        })
    }

    fn wait_for_room(&mut self) {
        let mut fds = [PollFd::new(self.socket, PollFlags::POLLOUT)];
        // Interrupted or not, the next try finds out whether there is room.
        let _ = ppoll(&mut fds, Some(TimeSpec::from_duration(LONGEST_SEND_WAIT)), None);
    }
}

fn grow_buffers(socket: &UdpSocket) {
    let set = setsockopt(socket, RcvBuf, &BUFFER_BYTES).and(setsockopt(socket, SndBuf, &BUFFER_BYTES));
    // The kernel doubles what it grants and caps it at net.core.rmem_max.
    let granted = getsockopt(socket, RcvBuf).unwrap_or(0);
    if set.is_err() || granted < BUFFER_BYTES {
        tracing::warn!(granted, "the UDP receive buffer is small; set net.core.rmem_max and wmem_max to 4194304");
    }
}
