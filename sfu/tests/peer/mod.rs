//! Model peers: what a browser does on the wire, as far as the media plane can tell.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use dimpl::{Config, Dtls, DtlsCertificate, Output, SrtpProfile, certificate};
use is::stun::{StunMessageBuilder, TransId};
use sfu::{
    Identity, NtpClock, Shard,
    command::{Command, Event, LessonKey, ParticipantKey, PeerId},
    dependency,
    ice::{ConnectionId, Credentials, Half, Path},
    relay::ShardId,
    rtcp::{ArrivalLog, MAX_FEEDBACK_LEN, SenderInfo, Writer},
    rtp::RtpHeader,
    sdp::{Local, Offer, answer_publisher, answer_subscriber},
    seats::View,
    sequence::Unwrapper,
    srtp::{Inbound, MAX_OVERHEAD, MasterKeys, Outbound, Profile},
    tap::TapBatch,
};

/// The one lesson of these tests.
pub const LESSON: LessonKey = LessonKey(1);
/// Transport-wide sequence numbers: the id offered for them.
const NUMBER_ID: u8 = 3;
const NUMBER_URI: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// Simulcast streams: the ids offered for their names, and the names.
const RID_ID: u8 = 5;
const RID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
const REPAIRED_RID_ID: u8 = 6;
const REPAIRED_RID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
/// Dependency descriptors: the id offered for them.
pub const DESCRIPTOR_ID: u8 = 8;
pub const LAYERS: [&str; 3] = ["q", "h", "f"];
/// Step of virtual time.
const STEP: Duration = Duration::from_millis(5);
/// Browsers tell what arrived about this often.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(50);
/// Browsers check about this often.
const CHECK_INTERVAL: Duration = Duration::from_millis(2500);

/// An RTP packet as a viewer got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    pub ssrc: u32,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub marker: bool,
    /// Transport-wide number.
    pub number: Option<u16>,
    /// Without padding.
    pub payload: Vec<u8>,
    /// The TCP connection it came over.
    pub over: Option<ConnectionId>,
}

/// Changes a datagram.
pub type Tamper = Box<dyn FnMut(&mut Vec<u8>)>;

/// The server side: a shard, its clock, and what came out of it.
pub struct School {
    pub shard: Shard,
    pub now: Instant,
    pub events: Vec<Event>,
    pub taps: Vec<TapBatch>,
    /// Changes each datagram on its way to the shard.
    pub tamper: Option<Tamper>,
    fingerprint: String,
    next_peer: u64,
    next_random: u32,
}

/// One browser peer connection.
pub struct Peer {
    pub id: PeerId,
    pub address: SocketAddr,
    /// Drops everything both ways.
    pub cut: bool,
    /// The TCP connection it sends over; none: UDP.
    pub over: Option<ConnectionId>,
    /// Its TCP connections that are open.
    pub connections: Vec<ConnectionId>,
    /// Drops UDP both ways.
    pub udp_blocked: bool,
    /// SSRCs of the lines it receives, and of their retransmissions.
    pub lines: Vec<u32>,
    pub rtx: Vec<u32>,
    pub received: Vec<Packet>,
    /// Packets it could not open: seen before, or not sealed for it.
    pub refused: usize,
    pub rtcp: Vec<Vec<u8>>,
    certificate: DtlsCertificate,
    active: bool,
    dtls: Option<Dtls>,
    keys: Option<(Inbound, Outbound)>,
    ours: Half,
    theirs: Half,
    next_check: Option<Instant>,
    /// What arrived under which transport-wide number, told every now and then.
    arrivals: ArrivalLog,
    next_feedback: Instant,
    outgoing: Vec<Vec<u8>>,
    numbers: HashMap<u32, Unwrapper>,
}

/// An RTP packet; `original` is prefixed as RFC 4588 has it.
pub fn rtp(number: u8, sequence: u16, timestamp: u32, ssrc: u32, payload: &[u8], original: Option<u16>) -> Vec<u8> {
    let mut packet = vec![0x80, number];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend(original.map(u16::to_be_bytes).into_iter().flatten());
    packet.extend_from_slice(payload);
    packet
}

/// REMB (draft-alvestrand-rmcat-remb-03 section 2.2) of one stream.
pub fn estimate(bps: u32) -> Vec<u8> {
    let mut packet = vec![0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0];
    packet.extend_from_slice(b"REMB");
    let exponent = 32 - (bps >> 18).leading_zeros();
    packet.extend_from_slice(&(1 << 24 | exponent << 18 | bps >> exponent).to_be_bytes());
    packet.extend_from_slice(&[0, 0, 0, 9]);
    packet
}

impl School {
    pub fn new() -> Self {
        Self::on(ShardId(0), Instant::now())
    }

    /// A school on one of several shards, whose peers nobody else has.
    pub fn on(shard: ShardId, now: Instant) -> Self {
        let identity = Identity::generate().unwrap();
        let fingerprint = identity.fingerprint();
        let number = u64::from(shard.0);
        let shard = Shard::new(shard, identity, NtpClock::new(now, Duration::from_secs(1_700_000_000)));
        Self {
            shard,
            now,
            events: Vec::new(),
            taps: Vec::new(),
            tamper: None,
            fingerprint,
            next_peer: number << 12,
            next_random: 1000,
        }
    }

    pub fn command(&mut self, command: Command) {
        self.shard.handle_command(self.now, command);
    }

    pub fn publisher(&mut self, participant: ParticipantKey, lines: &[&str]) -> Peer {
        self.publish(participant, lines, true)
    }

    /// A publisher whose offer says `a=setup:passive`, as some WHIP encoders do.
    pub fn passive_publisher(&mut self, participant: ParticipantKey, lines: &[&str]) -> Peer {
        self.publish(participant, lines, false)
    }

    fn publish(&mut self, participant: ParticipantKey, lines: &[&str], active: bool) -> Peer {
        let mut peer = self.peer(active);
        let offer = Offer::parse(&peer.offer(lines, "sendonly")).unwrap();
        let answer = self.with_local(&mut peer, |local| answer_publisher(&offer, |_| true, local)).unwrap();
        self.command(Command::Publish { peer: peer.id, lesson: LESSON, participant, plan: answer.plan });
        peer
    }

    pub fn subscriber(&mut self, participant: ParticipantKey, view: View, lines: &[&str]) -> Peer {
        let mut peer = self.peer(true);
        let offer = Offer::parse(&peer.offer(lines, "recvonly")).unwrap();
        let answer = self.with_local(&mut peer, |local| answer_subscriber(&offer, view, local)).unwrap();
        peer.lines = answer.plan.lines.iter().map(|line| line.ssrc).collect();
        peer.rtx = answer.plan.lines.iter().map(|line| line.rtx_ssrc).collect();
        self.command(Command::Subscribe {
            peer: peer.id,
            lesson: LESSON,
            participant,
            plan: answer.plan,
            counted: true,
        });
        peer
    }

    fn peer(&mut self, active: bool) -> Peer {
        self.next_peer += 1;
        let n = self.next_peer;
        Peer {
            id: PeerId(n),
            address: SocketAddr::from(([10, (n >> 16) as u8, (n >> 8) as u8, n as u8], 5000)),
            cut: false,
            over: None,
            connections: Vec::new(),
            udp_blocked: false,
            lines: Vec::new(),
            rtx: Vec::new(),
            received: Vec::new(),
            refused: 0,
            rtcp: Vec::new(),
            certificate: certificate::generate_self_signed_certificate().unwrap(),
            active,
            dtls: None,
            keys: None,
            ours: Half { ufrag: format!("peer{n}"), password: "a-peers-password-of-22c".into() },
            theirs: Half { ufrag: format!("serv{n}"), password: "the-servers-password-22".into() },
            next_check: None,
            arrivals: ArrivalLog::new(self.now),
            next_feedback: self.now,
            outgoing: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    fn with_local<T>(&mut self, peer: &mut Peer, run: impl FnOnce(&mut Local<'_>) -> T) -> T {
        let next = &mut self.next_random;
        let mut random = || {
            *next += 7919;
            *next
        };
        run(&mut Local {
            ice: peer.theirs.clone(),
            fingerprint: &self.fingerprint,
            candidates: &[],
            session: peer.id.0,
            random: &mut random,
        })
    }

    /// Lets time pass in steps, carrying everything between the shard and `peers`.
    pub fn run(&mut self, ms: u64, peers: &mut [&mut Peer]) {
        let end = self.now + Duration::from_millis(ms);
        while self.now < end {
            self.now = (self.now + STEP).min(end);
            for peer in peers.iter_mut() {
                peer.tick(self.now);
            }
            self.exchange(peers);
            self.shard.handle_timeout(self.now);
            self.exchange(peers);
            self.events.extend(std::iter::from_fn(|| self.shard.poll_event()));
            self.taps.extend(self.shard.poll_tap(self.now));
        }
    }

    fn exchange(&mut self, peers: &mut [&mut Peer]) {
        loop {
            let mut moved = false;
            for peer in peers.iter_mut() {
                for mut datagram in std::mem::take(&mut peer.outgoing) {
                    moved = true;
                    let path = peer.path();
                    if peer.is_reached(&path) {
                        if let Some(tamper) = &mut self.tamper {
                            tamper(&mut datagram);
                        }
                        self.shard.handle_datagram(self.now, path, &mut datagram);
                    }
                }
            }
            while self.shard.handle_handshake(self.now) {}
            while self.shard.fan_out(self.now) {}
            let outbox = self.shard.outbox();
            for (path, bytes) in outbox.datagrams() {
                moved = true;
                if let Some(peer) = peers.iter_mut().find(|peer| peer.is_reached(&path)) {
                    peer.receive(self.now, path.connection, bytes.to_vec());
                }
            }
            outbox.clear();
            if !moved {
                return;
            }
        }
    }
}

impl Peer {
    fn offer(&self, lines: &[&str], direction: &str) -> String {
        let mids: Vec<String> = (0..lines.len()).map(|i| i.to_string()).collect();
        let setup = if self.active { "actpass" } else { "passive" };
        let mut sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\na=fingerprint:sha-256 {}\r\n\
             a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=setup:{setup}\r\n",
            mids.join(" "),
            self.certificate.fingerprint_str(),
            self.ours.ufrag,
            self.ours.password
        );
        for (i, kind) in lines.iter().enumerate() {
            let (kind, simulcast) = match *kind {
                "simulcast" => ("video", true),
                "remb" | "described" | "vp8" | "vp8-remb" | "vp9" | "vp9-remb" => ("video", false),
                "voice" => ("audio", false),
                kind => (kind, false),
            };
            let repeats = lines[i] == "voice";
            let formats = if repeats {
                "111 63"
            } else if kind == "audio" {
                "111"
            } else {
                "102 103"
            };
            sdp += &format!(
                "m={kind} 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\na=mid:{i}\r\na={direction}\r\na=rtcp-mux\r\n"
            );
            sdp += match kind {
                "audio" => "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n",
                _ if lines[i].starts_with("vp8") => {
                    "a=rtpmap:102 VP8/90000\r\na=rtcp-fb:102 nack\r\na=rtcp-fb:102 nack pli\r\n\
                      a=rtcp-fb:102 transport-cc\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n"
                }
                _ if lines[i].starts_with("vp9") => {
                    "a=rtpmap:102 VP9/90000\r\na=fmtp:102 profile-id=0\r\na=rtcp-fb:102 nack\r\na=rtcp-fb:102 nack pli\r\n\
                      a=rtcp-fb:102 transport-cc\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n"
                }
                _ => {
                    "a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1;profile-level-id=42e01f\r\n\
                      a=rtcp-fb:102 nack\r\na=rtcp-fb:102 nack pli\r\na=rtcp-fb:102 transport-cc\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n"
                }
            };
            if repeats {
                sdp += "a=rtcp-fb:111 nack\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n";
            }
            if lines[i] == "described" {
                sdp += &format!("a=extmap:{DESCRIPTOR_ID} {}\r\n", dependency::URI);
            }
            if !lines[i].ends_with("remb") {
                sdp += &format!("a=extmap:{NUMBER_ID} {NUMBER_URI}\r\n");
            }
            let (ssrc, rtx) = (Self::ssrc(i), Self::ssrc(i) + 1);
            if simulcast {
                sdp += &format!("a=extmap:{RID_ID} {RID_URI}\r\na=extmap:{REPAIRED_RID_ID} {REPAIRED_RID_URI}\r\n");
                LAYERS.iter().for_each(|rid| sdp += &format!("a=rid:{rid} send\r\n"));
                sdp += &format!("a=simulcast:send {}\r\n", LAYERS.join(";"));
                continue;
            }
            if direction == "sendonly" && kind == "video" {
                sdp += &format!("a=ssrc-group:FID {ssrc} {rtx}\r\na=ssrc:{ssrc} cname:x\r\na=ssrc:{rtx} cname:x\r\n");
            } else if direction == "sendonly" {
                sdp += &format!("a=ssrc:{ssrc} cname:x\r\n");
            }
        }
        sdp
    }

    fn ssrc(line: usize) -> u32 {
        100 + 10 * line as u32
    }

    /// The way it sends.
    pub fn path(&self) -> Path {
        match self.over {
            Some(connection) => Path::tcp(connection, self.address),
            None => Path::udp(None, self.address),
        }
    }

    fn is_reached(&self, path: &Path) -> bool {
        let way = match path.connection {
            Some(connection) => self.connections.contains(&connection),
            None => !self.udp_blocked && path.remote == self.address,
        };
        way && !self.cut
    }

    /// Opens a TCP connection and sends over it from now on.
    pub fn connect(&mut self, number: u64) {
        let connection = ConnectionId(number);
        self.connections.push(connection);
        self.over = Some(connection);
        self.check_soon();
    }

    /// Sends its next check at once.
    pub fn check_soon(&mut self) {
        self.next_check = None;
    }

    /// Has fresh credentials, as after an ICE restart, and returns what the shard must know.
    pub fn restart(&mut self) -> Credentials {
        self.ours.ufrag += "2";
        self.theirs.ufrag += "2";
        self.check_soon();
        Credentials { local: self.theirs.clone(), remote: self.ours.clone() }
    }

    /// The datagrams it would send, for a test that delivers them itself.
    pub fn take_outgoing(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.outgoing)
    }

    pub fn connected(&self) -> bool {
        self.keys.is_some()
    }

    pub fn use_other_certificate(&mut self) {
        self.certificate = certificate::generate_self_signed_certificate().unwrap();
    }

    /// Sends a packet of its line `line` (0 is a voice, others pictures).
    pub fn publish(&mut self, line: usize, sequence: u16, timestamp: u32, payload: &[u8]) {
        let number = if line == 0 { 111 } else { 102 };
        self.send_rtp(rtp(number, sequence, timestamp, Self::ssrc(line), payload, None));
    }

    /// Sends a frame of its line `line` as these packets, the last with the marker.
    pub fn publish_frame(&mut self, line: usize, first: u16, timestamp: u32, payloads: &[Vec<u8>]) {
        for (i, payload) in payloads.iter().enumerate() {
            let marker = if i + 1 == payloads.len() { 0x80 } else { 0 };
            self.send_rtp(rtp(marker | 102, first + i as u16, timestamp, Self::ssrc(line), payload, None));
        }
    }

    /// Sends a packet of a picture with a dependency descriptor, in two-byte form where it is long (RFC 8285 section 4.3).
    pub fn publish_described(
        &mut self,
        line: usize,
        (sequence, timestamp): (u16, u32),
        marker: bool,
        descriptor: &[u8],
        payload: &[u8],
    ) {
        let number = if marker { 0x80 | 102 } else { 102 };
        let mut packet = rtp(number, sequence, timestamp, Self::ssrc(line), &[], None);
        packet[0] |= 0x10;
        let is_long = descriptor.len() > 3;
        let head = if is_long { vec![DESCRIPTOR_ID, descriptor.len() as u8] } else { vec![DESCRIPTOR_ID << 4 | 2] };
        let mut body = [&head, descriptor].concat();
        body.resize(body.len().next_multiple_of(4), 0);
        packet.extend(if is_long { [0x10, 0] } else { [0xbe, 0xde] });
        packet.extend([0, body.len() as u8 / 4]);
        packet.extend(body);
        packet.extend_from_slice(payload);
        self.send_rtp(packet);
    }

    /// Sends a picture under an SSRC that the offer did not announce.
    pub fn publish_as(&mut self, ssrc: u32, sequence: u16, timestamp: u32, payload: &[u8]) {
        self.send_rtp(rtp(102, sequence, timestamp, ssrc, payload, None));
    }

    /// Sends a packet of one of its simulcast layers, as a browser does: named until a report has come back.
    pub fn publish_layer(&mut self, layer: usize, sequence: u16, timestamp: u32, payload: &[u8], named: bool) {
        let marker = 0x80;
        let mut packet = rtp(marker | 102, sequence, timestamp, Self::layer_ssrc(layer), &[], None);
        if named {
            packet[0] |= 0x10;
            packet.extend([0xbe, 0xde, 0, 1, RID_ID << 4, LAYERS[layer].as_bytes()[0], 0, 0]);
        }
        packet.extend_from_slice(payload);
        self.send_rtp(packet);
    }

    /// The SSRC of one of its simulcast layers: announced nowhere.
    pub fn layer_ssrc(layer: usize) -> u32 {
        7000 + 2 * layer as u32
    }

    /// Sends it on the retransmission stream.
    pub fn publish_again(&mut self, line: usize, sequence: u16, timestamp: u32, payload: &[u8]) {
        self.send_rtp(rtp(103, 1, timestamp, Self::ssrc(line) + 1, payload, Some(sequence)));
    }

    /// Seals a packet of its own making and sends it.
    pub fn send_rtp(&mut self, mut packet: Vec<u8>) {
        let header = RtpHeader::parse(&packet).unwrap();
        let (_, outbound) = self.keys.as_ref().expect("connected");
        let len = packet.len();
        packet.resize(len + MAX_OVERHEAD, 0);
        let index = self.numbers.entry(header.ssrc).or_default().unwrap(header.sequence).saturating_sub(1 << 16);
        let sealed = outbound.seal_rtp(&mut packet, len, header.len, header.ssrc, index).unwrap();
        packet.truncate(sealed);
        self.outgoing.push(packet);
    }

    pub fn sender_report(&mut self, line: usize, ntp: u64, rtp: u32) {
        self.sender_report_as(Self::ssrc(line), ntp, rtp);
    }

    pub fn sender_report_as(&mut self, ssrc: u32, ntp: u64, rtp: u32) {
        let mut buffer = [0; 64];
        let mut writer = Writer::new(&mut buffer);
        writer.sender_report(ssrc, &SenderInfo { ntp, rtp, packets: 1, octets: 1 });
        let len = writer.len();
        self.send_rtcp(&buffer[..len]);
    }

    /// Key frames that it was asked for (PLI, RFC 4585 section 6.3.1).
    pub fn key_frames_asked(&self) -> usize {
        let is_pli = |rtcp: &&Vec<u8>| {
            let mut rest = &rtcp[..];
            let mut found = false;
            while rest.len() >= 4 {
                found |= rest[0] & 0x1f == 1 && rest[1] == 206;
                let len = 4 * (1 + usize::from(u16::from_be_bytes([rest[2], rest[3]])));
                rest = &rest[len.min(rest.len())..];
            }
            found
        };
        self.rtcp.iter().filter(is_pli).count()
    }

    pub fn nack(&mut self, ssrc: u32, sequence: u16) {
        let mut buffer = [0; 64];
        let mut writer = Writer::new(&mut buffer);
        writer.nack(1, ssrc, std::iter::once(sequence));
        let len = writer.len();
        self.send_rtcp(&buffer[..len]);
    }

    pub fn send_rtcp(&mut self, compound: &[u8]) {
        let mut packet = compound.to_vec();
        packet.resize(compound.len() + MAX_OVERHEAD, 0);
        let (_, outbound) = self.keys.as_mut().expect("connected");
        let sealed = outbound.seal_rtcp(&mut packet, compound.len()).unwrap();
        packet.truncate(sealed);
        self.outgoing.push(packet);
    }

    fn tick(&mut self, now: Instant) {
        if self.next_check.is_none_or(|at| now >= at) {
            self.next_check = Some(now + if self.connected() { CHECK_INTERVAL } else { Duration::from_millis(50) });
            let username = format!("{}:{}", self.theirs.ufrag, self.ours.ufrag);
            let builder = StunMessageBuilder::new().binding().request().username(&username).prio(1);
            let message = builder.ice_controlling(1).use_candidate().build(TransId::new());
            let mut bytes = vec![0; 256];
            let len = message.to_bytes(Some(self.theirs.password.as_bytes()), &mut bytes, hmac_sha1).unwrap();
            bytes.truncate(len);
            self.outgoing.push(bytes);
        }
        if now >= self.next_feedback && self.connected() {
            self.next_feedback = now + FEEDBACK_INTERVAL;
            self.send_arrivals();
        }
        if let Some(dtls) = &mut self.dtls {
            let _ = dtls.handle_timeout(now);
            self.drain();
        }
    }

    fn send_arrivals(&mut self) {
        let mut body = [0; MAX_FEEDBACK_LEN];
        while let Some(len) = self.arrivals.feedback(&mut body) {
            let mut buffer = [0; MAX_FEEDBACK_LEN + 16];
            let mut writer = Writer::new(&mut buffer);
            writer.transport_wide(1, 2, &body[..len]);
            let len = writer.len();
            self.send_rtcp(&buffer[..len]);
        }
    }

    fn receive(&mut self, now: Instant, over: Option<ConnectionId>, mut datagram: Vec<u8>) {
        match datagram[0] {
            0..=3 => {
                if self.dtls.is_none() {
                    let config = Arc::new(Config::default());
                    let mut dtls = Dtls::new_12(config, self.certificate.clone(), now);
                    dtls.set_active(self.active);
                    let _ = dtls.handle_timeout(now);
                    self.dtls = Some(dtls);
                    self.drain();
                }
            }
            20..=63 => {
                if let Some(dtls) = &mut self.dtls {
                    let _ = dtls.handle_packet(&datagram);
                    self.drain();
                }
            }
            _ if (192..=223).contains(&datagram[1]) => {
                let (inbound, _) = self.keys.as_mut().expect("keys before media");
                let len = inbound.open_rtcp(&mut datagram).unwrap();
                datagram.truncate(len);
                self.rtcp.push(datagram);
            }
            _ => {
                let header = RtpHeader::parse(&datagram).unwrap();
                let (inbound, _) = self.keys.as_mut().expect("keys before media");
                let number = header.extension(&datagram, NUMBER_ID).map(|data| u16::from_be_bytes([data[0], data[1]]));
                let opened = inbound.open_rtp(&mut datagram, header.len, header.ssrc, header.sequence);
                let Ok((len, _)) = opened else {
                    self.refused += 1;
                    return;
                };
                let padding = header.padding_len(&datagram[..len]).expect("padding that does not lie");
                if let Some(number) = number {
                    self.arrivals.arrived(number, now);
                }
                // A probe of the line: nothing to show.
                if header.len + padding == len && self.rtx.contains(&header.ssrc) {
                    return;
                }
                self.received.push(Packet {
                    ssrc: header.ssrc,
                    payload_type: header.payload_type,
                    sequence: header.sequence,
                    timestamp: header.timestamp,
                    marker: header.marker,
                    number,
                    payload: datagram[header.len..len - padding].to_vec(),
                    over,
                });
            }
        }
    }

    fn drain(&mut self) {
        let Some(dtls) = &mut self.dtls else { return };
        let mut room = [0; 2048];
        loop {
            match dtls.poll_output(&mut room) {
                Output::Packet(record) => self.outgoing.push(record.to_vec()),
                Output::KeyingMaterial(material, profile) => {
                    assert_eq!(profile, SrtpProfile::AEAD_AES_256_GCM, "the best profile is negotiated");
                    let keys = MasterKeys::split(Profile::AeadAes256Gcm, &material).unwrap();
                    self.keys = Some(keys.contexts(self.active).unwrap());
                }
                Output::Timeout(_) => return,
                _ => {}
            }
        }
    }
}

fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let mut context = aws_lc_rs::hmac::Context::with_key(&key);
    parts.iter().for_each(|part| context.update(part));
    context.sign().as_ref().try_into().unwrap()
}
