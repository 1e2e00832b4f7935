//! A client that offers every SRTP profile and takes the server's best.

use std::{sync::Arc, time::Instant};

use anyhow::{Context, Result, ensure};
use dimpl::{
    Config, Dtls, DtlsCertificate, Output, SrtpProfile,
    certificate::{calculate_fingerprint, generate_self_signed_certificate},
};
use sfu::srtp::{MasterKeys, Profile};

use super::Keys;

/// Room for one record.
const ROOM: usize = 2048;

/// A certificate, and settings.
#[derive(Clone)]
pub struct Identity {
    certificate: DtlsCertificate,
    config: Arc<Config>,
}

impl Identity {
    /// A fresh certificate.
    pub fn new() -> Result<Self> {
        let certificate = generate_self_signed_certificate().context("no certificate")?;
        Ok(Self { certificate, config: Arc::new(Config::default()) })
    }

    /// As in `a=fingerprint`.
    pub fn fingerprint(&self) -> String {
        self.certificate.fingerprint_str()
    }
}

/// One handshake.
pub struct Handshake {
    dtls: Dtls,
    is_client: bool,
    /// Of the server's certificate; empty if it is not known.
    expected: Vec<u8>,
}

impl Handshake {
    /// Begins one; the first flight goes to `outgoing`.
    pub fn new(identity: &Identity, is_client: bool, expected: Vec<u8>, now: Instant) -> Self {
        let mut dtls = Dtls::new_12(identity.config.clone(), identity.certificate.clone(), now);
        dtls.set_active(is_client);
        Self { dtls, is_client, expected }
    }

    /// Takes in a datagram.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        datagram: &[u8],
        outgoing: &mut Vec<Vec<u8>>,
    ) -> Result<Option<Keys>> {
        self.dtls.handle_timeout(now).and_then(|()| self.dtls.handle_packet(datagram)).context("the DTLS handshake")?;
        self.drain(outgoing)
    }

    /// Begins, or sends again what was lost.
    pub fn handle_timeout(&mut self, now: Instant, outgoing: &mut Vec<Vec<u8>>) -> Result<()> {
        self.dtls.handle_timeout(now).context("the DTLS handshake")?;
        self.drain(outgoing).map(drop)
    }

    fn drain(&mut self, outgoing: &mut Vec<Vec<u8>>) -> Result<Option<Keys>> {
        let mut room = [0; ROOM];
        let mut keys = None;
        loop {
            match self.dtls.poll_output(&mut room) {
                Output::Packet(record) => outgoing.push(record.to_vec()),
                Output::PeerCert(certificate) => {
                    let known = self.expected.is_empty() || calculate_fingerprint(certificate) == self.expected;
                    ensure!(known, "the server shows another certificate than its answer promised");
                }
                Output::KeyingMaterial(material, profile) => keys = Some(contexts(&material, profile, self.is_client)?),
                Output::Timeout(_) => return Ok(keys),
                _ => {}
            }
        }
    }
}

fn contexts(material: &[u8], profile: SrtpProfile, is_client: bool) -> Result<Keys> {
    let profile = match profile {
        SrtpProfile::AEAD_AES_256_GCM => Profile::AeadAes256Gcm,
        SrtpProfile::AEAD_AES_128_GCM => Profile::AeadAes128Gcm,
        _ => Profile::Aes128CmSha1_80,
    };
    Ok(MasterKeys::split(profile, material)?.contexts(is_client)?)
}
