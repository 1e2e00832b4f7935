//! A client that offers AES-CM with HMAC-SHA1-80 and nothing else.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use anyhow::{Context, Result, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use bytes::BytesMut;
use rtc_dtls::{
    config::{ConfigBuilder, HandshakeConfig},
    crypto::Certificate,
    endpoint::{Endpoint, EndpointEvent},
    extension::extension_use_srtp::SrtpProtectionProfile,
};
use rtc_shared::TransportProtocol;
use sfu::srtp::{MasterKeys, Profile};

use super::Keys;

/// The exporter of RFC 5764 section 4.2.
const EXPORTER: &str = "EXTRACTOR-dtls_srtp";
const PROFILE: Profile = Profile::Aes128CmSha1_80;
/// The server, to an endpoint that knows no other.
const SERVER: ([u8; 4], u16) = ([127, 0, 0, 1], 9);

/// A certificate, and settings.
#[derive(Clone)]
pub struct Identity {
    certificate: Certificate,
    config: Arc<HandshakeConfig>,
}

impl Identity {
    /// A fresh certificate.
    pub fn new() -> Result<Self> {
        let provider = rtc_crypto::default_provider().context("no cryptography")?;
        let certificate = Certificate::generate_self_signed(vec!["load".to_owned()], provider.crypto())?;
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider)
            .with_certificates(vec![certificate.clone()])
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80])
            // The fingerprint of the answer is what counts.
            .with_insecure_skip_verify(true)
            .build(true, None)?;
        Ok(Self { certificate, config: Arc::new(config) })
    }

    /// As in `a=fingerprint`.
    pub fn fingerprint(&self) -> String {
        let hash = self.certificate.certificate.first().map(|der| digest(&SHA256, der));
        let bytes: Vec<String> = hash.iter().flat_map(|hash| hash.as_ref()).map(|byte| format!("{byte:02X}")).collect();
        bytes.join(":")
    }
}

/// One handshake.
pub struct Handshake {
    endpoint: Endpoint,
    /// There until it has begun.
    config: Option<Arc<HandshakeConfig>>,
    expected: Vec<u8>,
}

impl Handshake {
    /// One that has not begun.
    pub fn new(identity: &Identity, is_client: bool, expected: Vec<u8>) -> Result<Self> {
        ensure!(is_client, "the server wants to begin the handshake: then it offers the profiles, not we");
        let endpoint = Endpoint::new(SocketAddr::from(([127, 0, 0, 1], 0)), TransportProtocol::UDP, None);
        Ok(Self { endpoint, config: Some(identity.config.clone()), expected })
    }

    /// Takes in a datagram.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        datagram: &[u8],
        outgoing: &mut Vec<Vec<u8>>,
    ) -> Result<Option<Keys>> {
        let events = self.endpoint.read(now, SERVER.into(), None, BytesMut::from(datagram));
        self.drain(outgoing);
        let complete = events.context("the DTLS handshake")?.iter().any(is_complete);
        if complete { self.keys().map(Some) } else { Ok(None) }
    }

    /// Begins, or sends again what was lost.
    pub fn handle_timeout(&mut self, now: Instant, outgoing: &mut Vec<Vec<u8>>) -> Result<()> {
        match self.config.take() {
            Some(config) => self.endpoint.connect(now, SERVER.into(), config, None),
            None => self.endpoint.handle_timeout(SERVER.into(), now),
        }
        .context("the DTLS handshake")?;
        self.drain(outgoing);
        Ok(())
    }

    fn drain(&mut self, outgoing: &mut Vec<Vec<u8>>) {
        while let Some(message) = self.endpoint.poll_transmit() {
            outgoing.push(message.message.to_vec());
        }
    }

    fn keys(&self) -> Result<Keys> {
        let state = self.endpoint.get_connection_state(SERVER.into()).context("no DTLS connection")?;
        let shown = state.peer_certificates.first().map(|der| digest(&SHA256, der));
        let known = self.expected.is_empty() || shown.is_some_and(|hash| hash.as_ref() == self.expected);
        ensure!(known, "the server shows another certificate than its answer promised");
        let agreed = state.srtp_protection_profile() == SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80;
        ensure!(agreed, "the server takes no AES-CM");
        let len = 2 * (PROFILE.key_len() + PROFILE.salt_len());
        let material = state.export_keying_material(EXPORTER, &[], len)?;
        Ok(MasterKeys::split(PROFILE, material.as_ref())?.contexts(true)?)
    }
}

fn is_complete(event: &EndpointEvent) -> bool {
    matches!(event, EndpointEvent::HandshakeComplete)
}
