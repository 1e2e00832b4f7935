//! The UDP socket of a shard: receives with the address it arrived at, answers from that address.

use std::{
    io::{ErrorKind, IoSlice, IoSliceMut},
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    os::fd::{AsFd, AsRawFd, BorrowedFd},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use nix::{
    cmsg_space,
    errno::Errno,
    libc,
    poll::{PollFd, PollFlags, ppoll},
    sys::socket::{
        ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt,
        sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo, RcvBuf, ReceiveTimestampns, SndBuf},
    },
    sys::time::TimeSpec,
};
use sfu::ice::Path;

/// Room in the kernel for bursts: a key frame to a whole county.
const BUFFER_BYTES: usize = 4 << 20;
/// Longest stay in the receive buffer that is believed.
const LONGEST_STAY: Duration = Duration::from_millis(200);
/// How long a full send buffer is waited for: a burst beyond the line's rate leaves spread out instead of losing its tail.
const LONGEST_SEND_WAIT: Duration = Duration::from_millis(5);

/// A bound media socket.
pub(super) struct MediaSocket {
    socket: UdpSocket,
    control: Vec<u8>,
    wildcard: bool,
    is_v6: bool,
}

/// What a receive brought.
pub(super) enum Received {
    /// A datagram of this many bytes, and how long it waited in the kernel's buffer.
    Datagram(Path, usize, Duration),
    /// Nothing more for now.
    Empty,
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
        let wildcard = ip.is_unspecified();
        if wildcard && ip.is_ipv4() {
            setsockopt(&socket, Ipv4PacketInfo, &true).context("IP_PKTINFO")?;
        } else if wildcard {
            setsockopt(&socket, Ipv6RecvPacketInfo, &true).context("IPV6_RECVPKTINFO")?;
        }
        // Without it arrival is when we got round to reading: only the browsers' rate ramps up more slowly.
        if setsockopt(&socket, ReceiveTimestampns, &true).is_err() {
            tracing::debug!("the kernel gives no receive timestamps");
        }
        grow_buffers(&socket);
        Ok(Self { socket, control: cmsg_space!(libc::in6_pktinfo, TimeSpec), wildcard, is_v6: ip.is_ipv6() })
    }

    /// The port bound.
    pub(super) fn port(&self) -> u16 {
        self.socket.local_addr().map_or(0, |address| address.port())
    }

    /// Receives one datagram into `buffer`.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Received {
        let mut slices = [IoSliceMut::new(buffer)];
        let fd = self.socket.as_raw_fd();
        let message = recvmsg::<SockaddrStorage>(fd, &mut slices, Some(&mut self.control), MsgFlags::empty());
        let Ok(message) = message else { return Received::Empty };
        let Some(remote) = message.address.as_ref().and_then(socket_address) else { return Received::Empty };
        let (mut local, mut waited) = (None, Duration::ZERO);
        for control in message.cmsgs().into_iter().flatten() {
            match control {
                ControlMessageOwned::ScmTimestampns(stamp) => waited = since(stamp),
                other if self.wildcard => local = arrived_at(other).or(local),
                _ => {}
            }
        }
        Received::Datagram(Path { local, remote }, message.bytes, waited)
    }

    /// Sends one datagram, waiting a moment for room in the kernel's buffer. `false` when it was dropped all the same; an
    /// unreachable peer's is lost, as the network might.
    pub(super) fn send(&self, path: Path, bytes: &[u8]) -> bool {
        if self.try_send(path, bytes) != Err(Errno::EAGAIN) {
            return true;
        }
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLOUT)];
        let _ = ppoll(&mut fds, Some(TimeSpec::from_duration(LONGEST_SEND_WAIT)), None);
        self.try_send(path, bytes) != Err(Errno::EAGAIN)
    }

    fn try_send(&self, path: Path, bytes: &[u8]) -> nix::Result<usize> {
        let remote = SockaddrStorage::from(self.wire_address(path.remote));
        let slices = [IoSlice::new(bytes)];
        let fd = self.socket.as_raw_fd();
        let flags = MsgFlags::MSG_DONTWAIT;
        match path.local {
            Some(IpAddr::V4(ip)) => {
                let info = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(ip.octets()) },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                sendmsg(fd, &slices, &[ControlMessage::Ipv4PacketInfo(&info)], flags, Some(&remote))
            }
            Some(IpAddr::V6(ip)) => {
                let info = libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: ip.octets() }, ipi6_ifindex: 0 };
                sendmsg(fd, &slices, &[ControlMessage::Ipv6PacketInfo(&info)], flags, Some(&remote))
            }
            None => sendmsg(fd, &slices, &[], flags, Some(&remote)),
        }
    }

    /// A dual-stack socket speaks to IPv4 peers in mapped form.
    fn wire_address(&self, remote: SocketAddr) -> SocketAddr {
        match remote {
            SocketAddr::V4(v4) if self.is_v6 => SocketAddr::new(IpAddr::V6(v4.ip().to_ipv6_mapped()), v4.port()),
            _ => remote,
        }
    }
}

impl AsFd for MediaSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn grow_buffers(socket: &UdpSocket) {
    let set = setsockopt(socket, RcvBuf, &BUFFER_BYTES).and(setsockopt(socket, SndBuf, &BUFFER_BYTES));
    // The kernel doubles what it grants and caps it at net.core.rmem_max.
    let granted = nix::sys::socket::getsockopt(socket, RcvBuf).unwrap_or(0);
    if set.is_err() || granted < BUFFER_BYTES {
        tracing::warn!(granted, "the UDP receive buffer is small; set net.core.rmem_max and wmem_max to 4194304");
    }
}

fn socket_address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(SocketAddr::new(IpAddr::V4(v4.ip()), v4.port()));
    }
    let v6 = storage.as_sockaddr_in6()?;
    Some(SocketAddr::new(IpAddr::V6(v6.ip()).to_canonical(), v6.port()))
}

/// Time since the kernel stamped a datagram. Both clocks are the wall's; a step between them must not look like a delay.
fn since(stamp: TimeSpec) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from(stamp)).min(LONGEST_STAY)
}

fn arrived_at(message: ControlMessageOwned) -> Option<IpAddr> {
    match message {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            Some(IpAddr::V4(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes())))
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(IpAddr::from(info.ipi6_addr.s6_addr)),
        _ => None,
    }
}
