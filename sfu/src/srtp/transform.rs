//! The cryptographic transforms on one packet, given its SSRC and index.

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::EncryptingKey,
    constant_time,
};

use super::{
    SrtpError,
    derive::{Label, apply_key_stream, counter_mode, session_key},
    hmac::{HASH, HmacSha1},
};

const GCM_TAG: usize = 16;
const SHA1_80_TAG: usize = 10;
/// E flag and SRTCP index.
const RTCP_INDEX_WORD: usize = 4;
/// First RTCP header and sender SSRC stay clear.
const RTCP_CLEAR: usize = 8;

/// SRTP protection profiles we negotiate, best first (RFC 5764, RFC 7714 section 14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// `SRTP_AEAD_AES_256_GCM`.
    AeadAes256Gcm,
    /// `SRTP_AEAD_AES_128_GCM`.
    AeadAes128Gcm,
    /// `SRTP_AES128_CM_HMAC_SHA1_80`.
    Aes128CmSha1_80,
}

impl Profile {
    /// Master key length in bytes.
    pub fn key_len(self) -> usize {
        match self {
            Self::AeadAes256Gcm => 32,
            Self::AeadAes128Gcm | Self::Aes128CmSha1_80 => 16,
        }
    }

    /// Master salt length in bytes.
    pub fn salt_len(self) -> usize {
        match self {
            Self::AeadAes256Gcm | Self::AeadAes128Gcm => 12,
            Self::Aes128CmSha1_80 => 14,
        }
    }
}

enum Cipher {
    Gcm { key: LessSafeKey, salt: [u8; 12] },
    Cm(Box<CounterMode>),
}

/// What AES-CM with HMAC-SHA1 needs; boxed because it is much larger than GCM's key, which is a pointer to its own box.
struct CounterMode {
    key: EncryptingKey,
    mac: HmacSha1,
    salt: [u8; 14],
}

impl Cipher {
    fn derive(profile: Profile, master: &[u8], salt: &[u8], labels: [Label; 3]) -> Result<Self, SrtpError> {
        let [encryption, authentication, salting] = labels;
        let mut key = [0; 32];
        let key = &mut key[..profile.key_len()];
        session_key(master, salt, encryption, key)?;
        if profile == Profile::Aes128CmSha1_80 {
            let mut session_salt = [0; 14];
            session_key(master, salt, salting, &mut session_salt)?;
            let mut mac = [0; HASH];
            session_key(master, salt, authentication, &mut mac)?;
            let mac = HmacSha1::new(&mac);
            return Ok(Self::Cm(Box::new(CounterMode { key: counter_mode(key)?, mac, salt: session_salt })));
        }
        let mut session_salt = [0; 12];
        session_key(master, salt, salting, &mut session_salt)?;
        let algorithm = if key.len() == 32 { &AES_256_GCM } else { &AES_128_GCM };
        let key = UnboundKey::new(algorithm, key).map_err(|_| SrtpError::Crypto)?;
        Ok(Self::Gcm { key: LessSafeKey::new(key), salt: session_salt })
    }
}

/// RFC 7714 section 8.1: two zero octets, SSRC, ROC, SEQ, XOR salt. Section 9.1 (RTCP) has zeros for the upper index half.
fn gcm_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> Nonce {
    let mut iv = [0; 12];
    iv[2..6].copy_from_slice(&ssrc.to_be_bytes());
    iv[6..12].copy_from_slice(&index.to_be_bytes()[2..8]);
    iv.iter_mut().zip(salt).for_each(|(octet, salt)| *octet ^= salt);
    Nonce::assume_unique_for_key(iv)
}

/// RFC 3711 section 4.1.1: (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16).
fn cm_iv(salt: &[u8; 14], ssrc: u32, index: u64) -> [u8; 16] {
    let mut iv = [0; 16];
    iv[..14].copy_from_slice(salt);
    iv[4..8].iter_mut().zip(ssrc.to_be_bytes()).for_each(|(octet, byte)| *octet ^= byte);
    iv[8..14].iter_mut().zip(&index.to_be_bytes()[2..8]).for_each(|(octet, byte)| *octet ^= byte);
    iv
}

fn authentic(mac: &HmacSha1, message: &[u8], suffix: &[u8], tag: &[u8]) -> Result<(), SrtpError> {
    let expected = mac.tag(message, suffix);
    constant_time::verify_slices_are_equal(&expected[..SHA1_80_TAG], tag).map_err(|_| SrtpError::Authentication)
}

/// Session keys for RTP.
pub(super) struct RtpKeys(Cipher);

impl RtpKeys {
    pub(super) fn derive(profile: Profile, key: &[u8], salt: &[u8]) -> Result<Self, SrtpError> {
        Cipher::derive(profile, key, salt, [Label::RtpEncryption, Label::RtpAuthentication, Label::RtpSalt]).map(Self)
    }

    pub(super) fn seal(
        &self,
        buffer: &mut [u8],
        len: usize,
        header_len: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, SrtpError> {
        if header_len > len || buffer.len() < len + GCM_TAG {
            return Err(SrtpError::Truncated);
        }
        match &self.0 {
            Cipher::Gcm { key, salt } => {
                let (packet, room) = buffer.split_at_mut(len);
                let (header, payload) = packet.split_at_mut(header_len);
                let tag = key
                    .seal_in_place_separate_tag(gcm_nonce(salt, ssrc, index), Aad::from(&*header), payload)
                    .map_err(|_| SrtpError::Crypto)?;
                room[..GCM_TAG].copy_from_slice(tag.as_ref());
                Ok(len + GCM_TAG)
            }
            Cipher::Cm(cm) => {
                let CounterMode { key, mac, salt } = &**cm;
                apply_key_stream(key, cm_iv(salt, ssrc, index), &mut buffer[header_len..len])?;
                let roc = ((index >> 16) as u32).to_be_bytes();
                let tag = mac.tag(&buffer[..len], &roc);
                buffer[len..len + SHA1_80_TAG].copy_from_slice(&tag[..SHA1_80_TAG]);
                Ok(len + SHA1_80_TAG)
            }
        }
    }

    pub(super) fn open(&self, packet: &mut [u8], header_len: usize, ssrc: u32, index: u64) -> Result<usize, SrtpError> {
        match &self.0 {
            Cipher::Gcm { key, salt } => {
                if packet.len() < header_len + GCM_TAG {
                    return Err(SrtpError::Truncated);
                }
                let (header, sealed) = packet.split_at_mut(header_len);
                key.open_in_place(gcm_nonce(salt, ssrc, index), Aad::from(&*header), sealed)
                    .map_err(|_| SrtpError::Authentication)?;
                Ok(packet.len() - GCM_TAG)
            }
            Cipher::Cm(cm) => {
                let CounterMode { key, mac, salt } = &**cm;
                let len = packet.len().checked_sub(SHA1_80_TAG).filter(|&len| len >= header_len);
                let len = len.ok_or(SrtpError::Truncated)?;
                let (body, tag) = packet.split_at_mut(len);
                let roc = ((index >> 16) as u32).to_be_bytes();
                authentic(mac, body, &roc, tag)?;
                apply_key_stream(key, cm_iv(salt, ssrc, index), &mut body[header_len..])?;
                Ok(len)
            }
        }
    }
}

/// Session keys for RTCP.
pub(super) struct RtcpKeys(Cipher);

impl RtcpKeys {
    pub(super) fn derive(profile: Profile, key: &[u8], salt: &[u8]) -> Result<Self, SrtpError> {
        Cipher::derive(profile, key, salt, [Label::RtcpEncryption, Label::RtcpAuthentication, Label::RtcpSalt])
            .map(Self)
    }

    pub(super) fn seal(&self, buffer: &mut [u8], len: usize, index: u32) -> Result<usize, SrtpError> {
        if len < RTCP_CLEAR || buffer.len() < len + GCM_TAG + RTCP_INDEX_WORD {
            return Err(SrtpError::Truncated);
        }
        let ssrc = u32::from_be_bytes([buffer[4], buffer[5], buffer[6], buffer[7]]);
        let word = (index | 0x8000_0000).to_be_bytes();
        match &self.0 {
            // RFC 7714 section 9.2: clear header, cipher text, tag, then the index word, which is authenticated too.
            Cipher::Gcm { key, salt } => {
                let mut aad = [0; RTCP_CLEAR + RTCP_INDEX_WORD];
                aad[..RTCP_CLEAR].copy_from_slice(&buffer[..RTCP_CLEAR]);
                aad[RTCP_CLEAR..].copy_from_slice(&word);
                let nonce = gcm_nonce(salt, ssrc, u64::from(index));
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::from(&aad), &mut buffer[RTCP_CLEAR..len])
                    .map_err(|_| SrtpError::Crypto)?;
                buffer[len..len + GCM_TAG].copy_from_slice(tag.as_ref());
                buffer[len + GCM_TAG..len + GCM_TAG + RTCP_INDEX_WORD].copy_from_slice(&word);
                Ok(len + GCM_TAG + RTCP_INDEX_WORD)
            }
            // RFC 3711 section 3.4: clear header, cipher text, index word, then the tag over all before it.
            Cipher::Cm(cm) => {
                let CounterMode { key, mac, salt } = &**cm;
                apply_key_stream(key, cm_iv(salt, ssrc, u64::from(index)), &mut buffer[RTCP_CLEAR..len])?;
                buffer[len..len + RTCP_INDEX_WORD].copy_from_slice(&word);
                let end = len + RTCP_INDEX_WORD;
                let tag = mac.tag(&buffer[..end], &[]);
                buffer[end..end + SHA1_80_TAG].copy_from_slice(&tag[..SHA1_80_TAG]);
                Ok(end + SHA1_80_TAG)
            }
        }
    }

    /// Returns the length of the plain packet and its SRTCP index.
    pub(super) fn open(&self, packet: &mut [u8], ssrc: u32) -> Result<(usize, u32), SrtpError> {
        let tail = match &self.0 {
            Cipher::Gcm { .. } => GCM_TAG + RTCP_INDEX_WORD,
            Cipher::Cm(_) => SHA1_80_TAG + RTCP_INDEX_WORD,
        };
        let len = packet.len().checked_sub(tail).filter(|&len| len >= RTCP_CLEAR).ok_or(SrtpError::Truncated)?;
        match &self.0 {
            Cipher::Gcm { key, salt } => {
                let (body, word) = packet.split_at_mut(len + GCM_TAG);
                let (index, encrypted) = split_index(word);
                let (clear, sealed) = body.split_at_mut(RTCP_CLEAR);
                let nonce = gcm_nonce(salt, ssrc, u64::from(index));
                if encrypted {
                    let mut aad = [0; RTCP_CLEAR + RTCP_INDEX_WORD];
                    aad[..RTCP_CLEAR].copy_from_slice(clear);
                    aad[RTCP_CLEAR..].copy_from_slice(word);
                    key.open_in_place(nonce, Aad::from(&aad), sealed).map_err(|_| SrtpError::Authentication)?;
                    return Ok((len, index));
                }
                // RFC 7714 section 9.3 allows clear RTCP; no client of ours sends it.
                Err(SrtpError::Authentication)
            }
            Cipher::Cm(cm) => {
                let CounterMode { key, mac, salt } = &**cm;
                let (body, tag) = packet.split_at_mut(len + RTCP_INDEX_WORD);
                authentic(mac, body, &[], tag)?;
                let (index, encrypted) = split_index(&body[len..]);
                if encrypted {
                    apply_key_stream(key, cm_iv(salt, ssrc, u64::from(index)), &mut body[RTCP_CLEAR..len])?;
                }
                Ok((len, index))
            }
        }
    }
}

fn split_index(word: &[u8]) -> (u32, bool) {
    let word = u32::from_be_bytes([word[0], word[1], word[2], word[3]]);
    (word & 0x7fff_ffff, word & 0x8000_0000 != 0)
}

#[cfg(test)]
impl RtpKeys {
    /// Keys as given, not derived: RFC 7714's packet vectors name session keys.
    pub(super) fn gcm_from_session_key(key: &[u8], salt: [u8; 12]) -> Self {
        let algorithm = if key.len() == 32 { &AES_256_GCM } else { &AES_128_GCM };
        Self(Cipher::Gcm { key: LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap()), salt })
    }
}

#[cfg(test)]
impl RtcpKeys {
    /// Keys as given, not derived.
    pub(super) fn gcm_from_session_key(key: &[u8], salt: [u8; 12]) -> Self {
        let RtpKeys(cipher) = RtpKeys::gcm_from_session_key(key, salt);
        Self(cipher)
    }
}
