//! The viewers' sockets: each carries many viewers, told apart by their own loopback address.
//!
//! `UDP_GRO` stays off: with it the kernel would never cut up what the server sends as one message, and the server would
//! look cheaper than towards receivers on other machines.

use std::{
    io::{IoSlice, IoSliceMut},
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    os::fd::AsRawFd,
};

use anyhow::{Context, Result};
use nix::{
    cmsg_space, libc,
    sys::{
        socket::{
            ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrIn, SockaddrStorage, recvmmsg,
            sendmsg, setsockopt,
            sockopt::{Ipv4PacketInfo, RcvBuf, ReceiveTimestampns, RxqOvfl},
        },
        time::TimeSpec,
    },
};

/// What the kernel may keep for us; `net.core.rmem_max` must allow it.
const BUFFER_BYTES: usize = 4 << 20;
/// Datagrams taken at once.
pub const BATCH: usize = 128;
/// Room for one.
pub const ROOM: usize = 1500;

/// One socket.
pub struct ViewerSocket {
    socket: UdpSocket,
    /// Datagrams the kernel had no room for: `SO_RXQ_OVFL`.
    pub overflow: u32,
}

/// Buffers for one batch; the sockets share them.
pub struct Batch {
    headers: MultiHeaders<SockaddrIn>,
    bytes: Vec<u8>,
    /// What came last.
    pub arrivals: Vec<Arrival>,
}

/// One datagram of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Its length.
    pub len: usize,
    /// Where it was sent to: which viewer.
    pub to: Ipv4Addr,
    /// When the kernel got it: `CLOCK_REALTIME`, in nanoseconds.
    pub stamp_ns: u64,
}

fn headers() -> MultiHeaders<SockaddrIn> {
    MultiHeaders::preallocate(BATCH, Some(cmsg_space!(libc::in_pktinfo, TimeSpec, u32)))
}

impl Batch {
    /// Empty buffers.
    pub fn new() -> Self {
        Self { headers: headers(), bytes: vec![0; BATCH * ROOM], arrivals: Vec::with_capacity(BATCH) }
    }

    /// The bytes of arrival `index`.
    pub fn datagram(&mut self, index: usize) -> &mut [u8] {
        let len = self.arrivals[index].len;
        &mut self.bytes[index * ROOM..index * ROOM + len]
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl ViewerSocket {
    /// Binds a free port of every address.
    pub fn bind() -> Result<Self> {
        let socket = UdpSocket::bind("0.0.0.0:0").context("no UDP socket for viewers")?;
        socket.set_nonblocking(true)?;
        setsockopt(&socket, Ipv4PacketInfo, &true)?;
        setsockopt(&socket, ReceiveTimestampns, &true)?;
        setsockopt(&socket, RxqOvfl, &1)?;
        setsockopt(&socket, RcvBuf, &BUFFER_BYTES)?;
        Ok(Self { socket, overflow: 0 })
    }

    /// The port it is bound to.
    pub fn port(&self) -> Result<u16> {
        Ok(self.socket.local_addr()?.port())
    }

    /// Takes what waits, at most a batch. Whether there may be more.
    pub fn receive(&mut self, batch: &mut Batch) -> bool {
        batch.arrivals.clear();
        let mut truncated = false;
        {
            let mut slices: Vec<[IoSliceMut<'_>; 1]> =
                batch.bytes.chunks_exact_mut(ROOM).map(|room| [IoSliceMut::new(room)]).collect();
            let fd = self.socket.as_raw_fd();
            let Ok(messages) = recvmmsg(fd, &mut batch.headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None) else {
                return false;
            };
            for message in messages {
                let mut arrival = Arrival { len: message.bytes, to: Ipv4Addr::UNSPECIFIED, stamp_ns: 0 };
                truncated |= message.flags.contains(MsgFlags::MSG_CTRUNC);
                for control in message.cmsgs().into_iter().flatten() {
                    match control {
                        ControlMessageOwned::Ipv4PacketInfo(info) => {
                            arrival.to = Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes());
                        }
                        ControlMessageOwned::ScmTimestampns(stamp) => {
                            arrival.stamp_ns = std::time::Duration::from(stamp).as_nanos() as u64;
                        }
                        ControlMessageOwned::RxqOvfl(count) => self.overflow = self.overflow.max(count),
                        _ => {}
                    }
                }
                batch.arrivals.push(arrival);
            }
        }
        if truncated {
            // The headers keep the control length of the last call: a counter that appears finds no room. It appears only
            // when something was lost.
            self.overflow = self.overflow.max(1);
            batch.headers = headers();
        }
        batch.arrivals.len() == BATCH
    }

    /// Sends a viewer's datagram from its own address.
    pub fn send(&self, from: Ipv4Addr, to: SocketAddr, datagram: &[u8]) {
        let info = libc::in_pktinfo {
            ipi_ifindex: 0,
            ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(from.octets()) },
            ipi_addr: libc::in_addr { s_addr: 0 },
        };
        let to = SockaddrStorage::from(to);
        let slices = [IoSlice::new(datagram)];
        let control = [ControlMessage::Ipv4PacketInfo(&info)];
        // What the kernel does not take is lost, as on any network.
        let _ = sendmsg(self.socket.as_raw_fd(), &slices, &control, MsgFlags::MSG_DONTWAIT, Some(&to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewers_of_one_socket_are_told_apart_by_their_addresses() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut socket = ViewerSocket::bind().unwrap();
        let viewers = [Ipv4Addr::new(127, 1, 0, 1), Ipv4Addr::new(127, 1, 3, 9)];
        for viewer in viewers {
            socket.send(viewer, server.local_addr().unwrap(), b"hello");
            let mut room = [0; 16];
            let (len, from) = server.recv_from(&mut room).unwrap();
            assert_eq!((&room[..len], from.ip()), (&b"hello"[..], viewer.into()));
            server.send_to(&viewer.octets(), from).unwrap();
        }
        let mut batch = Batch::new();
        for _ in 0..2 {
            assert!(!socket.receive(&mut batch));
        }
        assert!(batch.arrivals.is_empty());
        for viewer in viewers {
            let to = SocketAddr::from((viewer, socket.socket.local_addr().unwrap().port()));
            server.send_to(&viewer.octets(), to).unwrap();
        }
        socket.receive(&mut batch);
        assert_eq!(batch.arrivals.iter().map(|arrival| arrival.to).collect::<Vec<_>>(), viewers);
        assert_eq!(batch.datagram(1), viewers[1].octets());
        assert!(batch.arrivals[0].stamp_ns > 0 && socket.overflow == 0);
    }
}
