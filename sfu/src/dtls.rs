//! The DTLS 1.2 handshake under a session (RFC 5763, RFC 5764): composed from `dimpl`, with our rules about certificates,
//! roles and restarts.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lc_rs::digest;
use dimpl::{Config, Dtls, DtlsCertificate, Output, SrtpProfile, certificate};

use crate::{
    sdp::{Fingerprint, Hash},
    srtp::{Inbound, MasterKeys, Outbound, Profile},
};

/// Room for one outgoing DTLS record.
const RECORD_ROOM: usize = 2048;
/// First retransmission of a lost flight. Short: the classroom waits for it.
const FLIGHT_START_RTO: Duration = Duration::from_millis(150);
/// Handshakes a session may begin anew after an error before it is given up.
const MAX_RESTARTS: u8 = 3;

/// Why no identity could be made.
#[derive(Debug, thiserror::Error)]
#[error("no DTLS certificate could be made: {0}")]
pub struct IdentityError(String);

/// The certificate a shard shows, and the DTLS settings all its sessions share.
#[derive(Clone)]
pub struct Identity {
    certificate: DtlsCertificate,
    config: Arc<Config>,
}

impl Identity {
    /// A fresh self-signed certificate.
    pub fn generate() -> Result<Self, IdentityError> {
        let refuse = |error: String| IdentityError(error);
        let certificate = certificate::generate_self_signed_certificate().map_err(|error| refuse(error.to_string()))?;
        // ICE has checked the address already: a cookie would only cost a round trip.
        let config = Config::builder().use_server_cookie(false).flight_start_rto(FLIGHT_START_RTO).build();
        Ok(Self { certificate, config: Arc::new(config.map_err(|error| refuse(error.to_string()))?) })
    }

    /// SHA-256 fingerprint of the certificate, as in `a=fingerprint`.
    pub fn fingerprint(&self) -> String {
        self.certificate.fingerprint_str()
    }

    fn session(&self, active: bool, now: Instant) -> Dtls {
        // Never auto-sensing: its 1.3 server takes the client's first SRTP profile, ours prefers AEAD.
        let mut dtls = Dtls::new_12(self.config.clone(), self.certificate.clone(), now);
        dtls.set_active(active);
        dtls
    }
}

/// What a drive of the handshake brought.
#[derive(Default)]
pub struct Progress {
    /// The SRTP contexts: media may flow.
    pub keys: Option<(Inbound, Outbound)>,
    /// The peer said goodbye.
    pub closed: bool,
    /// The session cannot be secured; it must end.
    pub failed: bool,
}

/// One session's handshake.
pub struct Handshake {
    identity: Identity,
    expected: Fingerprint,
    active: bool,
    dtls: Dtls,
    verified: bool,
    restarts: u8,
    timeout: Option<Instant>,
    established: bool,
}

impl Handshake {
    /// A handshake that has not begun. `active`: we are the DTLS client.
    pub fn new(identity: &Identity, expected: Fingerprint, active: bool, now: Instant) -> Self {
        Self {
            dtls: identity.session(active, now),
            identity: identity.clone(),
            expected,
            active,
            verified: false,
            restarts: 0,
            timeout: None,
            established: false,
        }
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub fn timeout(&self) -> Option<Instant> {
        self.timeout
    }

    /// Feeds one datagram; outgoing records go to `send`.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &[u8], send: impl FnMut(&[u8])) -> Progress {
        // dimpl takes its time from handle_timeout.
        let fed = self.dtls.handle_timeout(now).and_then(|()| self.dtls.handle_packet(datagram));
        self.settle(now, fed.is_err(), send)
    }

    /// Starts (as client) or retransmits.
    pub fn handle_timeout(&mut self, now: Instant, send: impl FnMut(&[u8])) -> Progress {
        let fed = self.dtls.handle_timeout(now);
        self.settle(now, fed.is_err(), send)
    }

    fn settle(&mut self, now: Instant, error: bool, send: impl FnMut(&[u8])) -> Progress {
        if !error {
            return self.drain(send);
        }
        if self.established {
            // Keys are out; the DTLS association is only needed for close_notify. Media goes on.
            self.timeout = None;
            return Progress::default();
        }
        if self.restarts == MAX_RESTARTS {
            return Progress { failed: true, ..Progress::default() };
        }
        // Every dimpl error is fatal to its state machine, not to our session: a broken first flight may be followed by a
        // good one.
        self.restarts += 1;
        self.verified = false;
        self.dtls = self.identity.session(self.active, now);
        self.timeout = Some(now);
        Progress::default()
    }

    fn drain(&mut self, mut send: impl FnMut(&[u8])) -> Progress {
        let mut progress = Progress::default();
        let mut room = [0; RECORD_ROOM];
        loop {
            match self.dtls.poll_output(&mut room) {
                Output::Packet(record) => send(record),
                Output::PeerCert(certificate) => self.verified = matches_fingerprint(&self.expected, certificate),
                Output::KeyingMaterial(material, profile) => match self.contexts(&material, profile) {
                    Some(contexts) => progress.keys = Some(contexts),
                    None => progress.failed = true,
                },
                Output::Connected => self.established = true,
                Output::CloseNotify => progress.closed = true,
                Output::Timeout(at) => {
                    self.timeout = (!self.established).then_some(at);
                    return progress;
                }
                // No data channel: application data is dropped. Our room fits any record.
                Output::ApplicationData(_) => {}
                Output::BufferTooSmall { .. } => return Progress { failed: true, ..progress },
                _ => {}
            }
        }
    }

    /// Only a peer with the promised certificate gets keys.
    fn contexts(&self, material: &[u8], profile: SrtpProfile) -> Option<(Inbound, Outbound)> {
        let profile = match profile {
            SrtpProfile::AEAD_AES_256_GCM => Profile::AeadAes256Gcm,
            SrtpProfile::AEAD_AES_128_GCM => Profile::AeadAes128Gcm,
            SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmSha1_80,
            _ => return None,
        };
        if !self.verified {
            return None;
        }
        MasterKeys::split(profile, material).and_then(|keys| keys.contexts(self.active)).ok()
    }
}

fn matches_fingerprint(expected: &Fingerprint, certificate: &[u8]) -> bool {
    let algorithm = match expected.hash {
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
    };
    digest::digest(algorithm, certificate).as_ref() == expected.value
}
