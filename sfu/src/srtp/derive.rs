//! Key derivation: AES-CM as a pseudo-random function (RFC 3711 section 4.3, RFC 6188 for 256-bit keys). The key derivation
//! rate is zero: keys are derived once.

use aws_lc_rs::{
    cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey},
    iv::FixedLength,
};

use super::SrtpError;

/// Labels of RFC 3711 section 4.3.1 and 4.3.2.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// AES in counter mode under a 16- or 32-byte key.
pub(super) fn counter_mode(key: &[u8]) -> Result<EncryptingKey, SrtpError> {
    let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
    let key = UnboundCipherKey::new(algorithm, key).map_err(|_| SrtpError::Crypto)?;
    EncryptingKey::ctr(key).map_err(|_| SrtpError::Crypto)
}

/// XORs the key stream that starts at counter block `iv` into `data`.
pub(super) fn apply_key_stream(key: &EncryptingKey, iv: [u8; 16], data: &mut [u8]) -> Result<(), SrtpError> {
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.less_safe_encrypt(data, context).map(|_| ()).map_err(|_| SrtpError::Crypto)
}

/// Fills `out` with the session key for `label`.
pub(super) fn session_key(master: &[u8], salt: &[u8], label: Label, out: &mut [u8]) -> Result<(), SrtpError> {
    // x = (label || index / rate) XOR salt, with the label at octet 7 of the 14-octet salt; a 12-octet salt (RFC 7714
    // section 11) counts as followed by zeros. The counter's two low octets start at zero.
    let mut iv = [0; 16];
    iv[..salt.len()].copy_from_slice(salt);
    iv[7] ^= label as u8;
    out.fill(0);
    apply_key_stream(&counter_mode(master)?, iv, out)
}
