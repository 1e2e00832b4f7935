//! ICE, DTLS and SRTP of one browser session, without its socket.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lc_rs::hmac;
use dimpl::{Config, Dtls, DtlsCertificate, Output, SrtpProfile, certificate};
use is::stun::{StunMessage, StunMessageBuilder, TransId};
use sfu::{
    ice::Half,
    rtp::RtpHeader,
    sequence::Unwrapper,
    srtp::{Inbound, MAX_OVERHEAD, MasterKeys, Outbound, Profile},
};

/// Time between two checks until one is answered.
const FIRST_CHECKS: Duration = Duration::from_millis(50);
/// Time between two checks of a pair that works (Chromium's stable interval).
const STABLE_CHECKS: Duration = Duration::from_millis(2500);
/// Time between two checks of a pair over which nothing comes any more (Chromium's weak interval).
const WEAK_CHECKS: Duration = Duration::from_millis(480);
/// Silence after which a pair counts as weak.
const WEAK_AFTER: Duration = Duration::from_millis(2500);
/// Checks whose answers are waited for; the oldest is forgotten.
const MAX_ASKED: usize = 16;
/// Round trip taken for granted until one is measured.
const FIRST_RTT: Duration = Duration::from_millis(100);
/// First retransmission of a lost flight.
const FLIGHT_START_RTO: Duration = Duration::from_millis(400);
/// Datagrams of the handshake differ by a few bytes from run to run, as signatures do: they count as a multiple of this, so
/// that a seed tells all.
const HANDSHAKE_GRAIN: usize = 64;

/// The certificate that all browsers of a world show: one of their own each would only cost time.
#[derive(Clone)]
pub struct Certificate {
    certificate: DtlsCertificate,
    config: Arc<Config>,
}

impl Certificate {
    /// A fresh one.
    #[expect(clippy::expect_used, reason = "without a certificate there is nothing to simulate")]
    pub fn generate() -> Self {
        let certificate = certificate::generate_self_signed_certificate().expect("a certificate");
        let config = Config::builder().dangerously_set_rng_seed(1).flight_start_rto(FLIGHT_START_RTO).build();
        Self { certificate, config: Arc::new(config.expect("a DTLS configuration")) }
    }

    /// As in `a=fingerprint`.
    pub fn fingerprint(&self) -> String {
        self.certificate.fingerprint_str()
    }
}

/// What a datagram was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming {
    /// RTP, opened in place.
    Rtp(RtpHeader),
    /// RTCP, opened in place.
    Rtcp,
    /// Of ICE or DTLS, or unreadable; dealt with.
    Control,
}

/// One session.
pub struct Session {
    /// Its side of ICE.
    pub ours: Half,
    theirs: Option<Half>,
    certificate: Certificate,
    dtls: Option<Box<Dtls>>,
    dtls_due: Option<Instant>,
    keys: Option<(Inbound, Outbound)>,
    next_check: Option<Instant>,
    asked: VecDeque<(TransId, Instant)>,
    heard_at: Option<Instant>,
    rtt: Duration,
    numbers: BTreeMap<u32, Unwrapper>,
    /// Datagrams to be sent.
    pub outgoing: Vec<Vec<u8>>,
    /// When it had its keys.
    pub connected_at: Option<Instant>,
    /// Packets it could not open: seen before, or not sealed for it.
    pub refused: u64,
}

impl Session {
    /// A session that has offered.
    pub fn new(number: u64, certificate: Certificate) -> Self {
        Self {
            ours: Half { ufrag: format!("peer{number}"), password: "a-browsers-password-22".into() },
            theirs: None,
            certificate,
            dtls: None,
            dtls_due: None,
            keys: None,
            next_check: None,
            asked: VecDeque::new(),
            heard_at: None,
            rtt: FIRST_RTT,
            numbers: BTreeMap::new(),
            outgoing: Vec::new(),
            connected_at: None,
            refused: 0,
        }
    }

    /// The answer is there: it begins to check.
    pub fn answered(&mut self, now: Instant, theirs: Half) {
        self.theirs = Some(theirs);
        self.next_check = Some(now);
    }

    /// It has another address and knows so: it checks from there at once.
    pub fn address_changed(&mut self, now: Instant) {
        self.next_check = self.next_check.map(|_| now);
    }

    /// Whether media may flow.
    pub fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    /// Round trip of the last answered check.
    pub fn rtt(&self) -> Duration {
        self.rtt
    }

    /// Bytes that a datagram counts on the line.
    pub fn counted_len(datagram: &[u8]) -> usize {
        match datagram.first() {
            Some(20..=63) => datagram.len().next_multiple_of(HANDSHAKE_GRAIN),
            _ => datagram.len(),
        }
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        [self.next_check, self.dtls_due].into_iter().flatten().min()
    }

    /// Sends what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.next_check.is_some_and(|at| now >= at) {
            self.check(now);
        }
        if self.dtls_due.is_some_and(|at| now >= at) {
            self.drive(now, None);
        }
    }

    fn check(&mut self, now: Instant) {
        let Some(theirs) = &self.theirs else { return };
        let username = format!("{}:{}", theirs.ufrag, self.ours.ufrag);
        let id = TransId::new();
        let builder = StunMessageBuilder::new().binding().request().username(&username).prio(0x7eff_ffff);
        let message = builder.ice_controlling(1).use_candidate().build(id);
        let mut bytes = vec![0; 256];
        let len = message.to_bytes(Some(theirs.password.as_bytes()), &mut bytes, hmac_sha1).unwrap_or(0);
        bytes.truncate(len);
        self.outgoing.push(bytes);
        if self.asked.len() == MAX_ASKED {
            self.asked.pop_front();
        }
        self.asked.push_back((id, now));
        let is_weak = self.heard_at.is_some_and(|at| now.saturating_duration_since(at) >= WEAK_AFTER);
        let interval = match self.dtls.is_some() || self.keys.is_some() {
            true if is_weak => WEAK_CHECKS,
            true => STABLE_CHECKS,
            false => FIRST_CHECKS,
        };
        self.next_check = Some(now + interval);
    }

    /// Takes in a datagram; what is sealed is opened in place and cut to its length.
    pub fn receive(&mut self, now: Instant, datagram: &mut Vec<u8>) -> Incoming {
        match datagram.get(..2) {
            Some([0..=3, _]) => self.receive_stun(now, datagram),
            Some([20..=63, _]) => self.drive(now, Some(datagram)),
            Some([128..=191, 192..=223]) => return self.open_rtcp(now, datagram),
            Some([128..=191, _]) => return self.open_rtp(now, datagram),
            _ => {}
        }
        Incoming::Control
    }

    fn receive_stun(&mut self, now: Instant, datagram: &[u8]) {
        let Ok(message) = StunMessage::parse(datagram) else { return };
        let asked = self.asked.iter().find(|(id, _)| *id == message.trans_id());
        let Some(&(_, at)) = asked.filter(|_| message.is_successful_binding_response()) else { return };
        self.rtt = now - at;
        self.heard_at = Some(now);
        if self.dtls.is_none() && self.keys.is_none() {
            self.next_check = Some(now + STABLE_CHECKS);
            let Certificate { certificate, config } = &self.certificate;
            let mut dtls = Box::new(Dtls::new_12(config.clone(), certificate.clone(), now));
            dtls.set_active(true);
            self.dtls = Some(dtls);
            self.drive(now, None);
        }
    }

    /// Lets the handshake go on, with a datagram if one came.
    fn drive(&mut self, now: Instant, datagram: Option<&[u8]>) {
        self.dtls_due = None;
        let Some(dtls) = &mut self.dtls else { return };
        // An error is final for the handshake: the session will be told as never connected.
        let fed =
            dtls.handle_timeout(now).and_then(|()| datagram.map_or(Ok(()), |datagram| dtls.handle_packet(datagram)));
        if fed.is_err() {
            return;
        }
        let mut room = [0; 2048];
        loop {
            match dtls.poll_output(&mut room) {
                Output::Packet(record) => self.outgoing.push(record.to_vec()),
                Output::KeyingMaterial(material, SrtpProfile::AEAD_AES_256_GCM) => {
                    let keys = MasterKeys::split(Profile::AeadAes256Gcm, &material);
                    self.keys = keys.and_then(|keys| keys.contexts(true)).ok();
                    self.connected_at = Some(now);
                }
                Output::Timeout(at) => {
                    self.dtls_due = Some(at).filter(|_| self.keys.is_none());
                    break;
                }
                _ => {}
            }
        }
        // A client has the last word of a handshake.
        if self.keys.is_some() {
            self.dtls = None;
        }
    }

    fn open_rtcp(&mut self, now: Instant, datagram: &mut Vec<u8>) -> Incoming {
        let opened = self.keys.as_mut().and_then(|(inbound, _)| inbound.open_rtcp(datagram).ok());
        let Some(len) = opened else {
            self.refused += 1;
            return Incoming::Control;
        };
        datagram.truncate(len);
        self.heard_at = Some(now);
        Incoming::Rtcp
    }

    fn open_rtp(&mut self, now: Instant, datagram: &mut Vec<u8>) -> Incoming {
        let header = RtpHeader::parse(datagram).ok();
        let opened = header.and_then(|header| {
            let (inbound, _) = self.keys.as_mut()?;
            let (len, _) = inbound.open_rtp(datagram, header.len, header.ssrc, header.sequence).ok()?;
            let padding = header.padding_len(datagram.get(..len)?)?;
            Some((header, len - padding))
        });
        let Some((header, len)) = opened else {
            self.refused += 1;
            return Incoming::Control;
        };
        datagram.truncate(len);
        self.heard_at = Some(now);
        Incoming::Rtp(header)
    }

    /// Seals a packet and sends it; dropped before there are keys.
    pub fn send_rtp(&mut self, mut packet: Vec<u8>) {
        let (Some((_, outbound)), Ok(header)) = (&self.keys, RtpHeader::parse(&packet)) else { return };
        let len = packet.len();
        packet.resize(len + MAX_OVERHEAD, 0);
        let extended = self.numbers.entry(header.ssrc).or_default().unwrap(header.sequence);
        let index = extended.saturating_sub(1 << 16);
        if let Ok(sealed) = outbound.seal_rtp(&mut packet, len, header.len, header.ssrc, index) {
            packet.truncate(sealed);
            self.outgoing.push(packet);
        }
    }

    /// Seals a compound and sends it; dropped before there are keys.
    pub fn send_rtcp(&mut self, compound: &[u8]) {
        let Some((_, outbound)) = &mut self.keys else { return };
        let mut packet = compound.to_vec();
        packet.resize(compound.len() + MAX_OVERHEAD, 0);
        if let Ok(sealed) = outbound.seal_rtcp(&mut packet, compound.len()) {
            packet.truncate(sealed);
            self.outgoing.push(packet);
        }
    }
}

fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let mut context = hmac::Context::with_key(&key);
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0; 20];
    out.copy_from_slice(context.sign().as_ref());
    out
}
