//! What tests of media over TCP share: a session that waits for its first check, and clients that send some.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use aws_lc_rs::hmac;
use is::stun::{StunMessage, StunMessageBuilder, TransId};
use sfu::{
    command::{Command, LessonKey, ParticipantKey, PeerId},
    framing::head,
    ice::Half,
    relay::ShardId,
    sdp::{Candidate, Offer, Protocol, answer_subscriber},
    seats::View,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::media::{MediaAddress, MediaHandle};

/// What has not come after this long does not come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Media on free ports of this machine.
pub fn address(shards: usize) -> MediaAddress {
    MediaAddress { bind: Ipv4Addr::LOCALHOST.into(), port: 0, shards, announce: Vec::new(), tcp: true, web: None }
}

const THEIRS: &str = "peer";
const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=ice-ufrag:peer\r\n\
    a=ice-pwd:a-peers-password-of-22c\r\na=setup:actpass\r\na=fingerprint:sha-256 \
    00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n\
    a=rtpmap:111 opus/48000/2\r\n";

/// A viewer that was answered.
pub struct Session {
    pub peer: PeerId,
    pub shard: ShardId,
    ice: Half,
    /// Where it may connect.
    pub candidates: Vec<Candidate>,
}

impl Session {
    /// Opens one in a lesson of its own, on the shard that has the fewest.
    pub fn open(media: &MediaHandle) -> Self {
        let peer = media.next_peer();
        let lesson = LessonKey(peer.0 as u32);
        let shard = media.place_viewer(lesson, peer);
        let offer = Offer::parse(OFFER).unwrap();
        let (answer, candidates) = media.with_local(shard, media.credentials(shard), |local| {
            (answer_subscriber(&offer, View::Class, local).unwrap(), local.candidates.to_vec())
        });
        let ice = answer.plan.transport.credentials.local.clone();
        let participant = ParticipantKey(1);
        media.send(Command::Subscribe { peer, lesson, participant, plan: answer.plan, counted: false });
        Self { peer, shard, ice, candidates }
    }

    /// Its first candidate of this protocol.
    pub fn at(&self, protocol: Protocol) -> SocketAddr {
        self.candidates.iter().find(|candidate| candidate.protocol == protocol).unwrap().address
    }

    /// A check that nominates its path.
    pub fn check(&self) -> Vec<u8> {
        let username = format!("{}:{THEIRS}", self.ice.ufrag);
        let builder = StunMessageBuilder::new().binding().request().username(&username).prio(1).ice_controlling(1);
        let message = builder.use_candidate().build(TransId::new());
        let mut bytes = vec![0; 256];
        let len = message.to_bytes(Some(self.ice.password.as_bytes()), &mut bytes, hmac_sha1).unwrap();
        bytes.truncate(len);
        bytes
    }

    /// The address that an answer to a check tells, if it is one of this session.
    pub fn told_by(&self, answer: &[u8]) -> Option<SocketAddr> {
        let message = StunMessage::parse(answer).ok()?;
        message.verify(self.ice.password.as_bytes(), hmac_sha1).then(|| message.mapped_address())?
    }
}

/// A client over TCP.
pub struct Client {
    pub stream: TcpStream,
}

impl Client {
    pub async fn connect(to: SocketAddr) -> Self {
        Self { stream: timeout(PATIENCE, TcpStream::connect(to)).await.unwrap().unwrap() }
    }

    /// One whose own kernel takes little of what it does not read.
    pub async fn connect_narrow(to: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self { stream: timeout(PATIENCE, socket.connect(to)).await.unwrap().unwrap() }
    }

    pub async fn send(&mut self, datagram: &[u8]) {
        let framed = [&head(datagram.len()).unwrap()[..], datagram].concat();
        timeout(PATIENCE, self.stream.write_all(&framed)).await.unwrap().unwrap();
    }

    /// The next datagram; none when the server closed the connection.
    pub async fn receive(&mut self) -> Option<Vec<u8>> {
        let mut len = [0; 2];
        timeout(PATIENCE, self.stream.read_exact(&mut len)).await.expect("an answer or the end").ok()?;
        let mut datagram = vec![0; usize::from(u16::from_be_bytes(len))];
        timeout(PATIENCE, self.stream.read_exact(&mut datagram)).await.expect("the whole answer").ok()?;
        Some(datagram)
    }

    /// Checks its path, and expects to be told its own address.
    pub async fn check(&mut self, session: &Session) {
        self.send(&session.check()).await;
        let answer = self.receive().await.expect("an answer");
        assert_eq!(session.told_by(&answer), Some(self.stream.local_addr().unwrap()));
    }
}

fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let mut context = hmac::Context::with_key(&key);
    parts.iter().for_each(|part| context.update(part));
    context.sign().as_ref().try_into().unwrap()
}
