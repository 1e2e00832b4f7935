//! SDP fragments of trickle ICE (RFC 8840) as WHIP and WHEP PATCH them (RFC 9725 section 4.3).

use super::{Local, SdpError, candidate::write_candidates};
use crate::{ice::Half, limits::MAX_OFFER_LEN};

/// A fragment: candidates we do not need, and credentials that tell a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// The peer's credentials.
    pub ice: Half,
}

impl Fragment {
    /// Reads the credentials of a fragment. Its candidates are not used: an ICE-lite agent learns addresses from checks.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        if text.len() > MAX_OFFER_LEN {
            return Err(SdpError::TooLong);
        }
        let value =
            |key: &str| text.lines().find_map(|line| line.trim_end().strip_prefix(key)).filter(|v| !v.is_empty());
        let ufrag = value("a=ice-ufrag:").ok_or(SdpError::Missing("a=ice-ufrag"))?;
        let password = value("a=ice-pwd:").ok_or(SdpError::Missing("a=ice-pwd"))?;
        Ok(Self { ice: Half { ufrag: ufrag.to_owned(), password: password.to_owned() } })
    }
}

/// The fragment that answers an ICE restart: our new credentials and the same candidates.
pub fn restart_answer(local: &Local<'_>) -> String {
    let mut out = format!(
        "a=ice-lite\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n",
        local.ice.ufrag, local.ice.password
    );
    write_candidates(&mut out, local.candidates);
    out
}
