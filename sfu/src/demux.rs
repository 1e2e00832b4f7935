//! Which protocol a datagram on the media port belongs to (RFC 7983 section 7).

use crate::limits::MAX_DATAGRAM;

/// What a datagram is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Connectivity check.
    Stun,
    /// Handshake or alert.
    Dtls,
    /// SRTP.
    Rtp,
    /// SRTCP.
    Rtcp,
    /// None of these: dropped in silence.
    Other,
}

/// Tells what `datagram` is from its first bytes.
pub fn kind(datagram: &[u8]) -> Kind {
    match datagram {
        [0..=3, ..] if datagram.len() >= 20 => Kind::Stun,
        [20..=63, ..] if datagram.len() >= 13 => Kind::Dtls,
        // RFC 5761 section 4: payload types 64 to 95 with the marker bit are RTCP packet types 192 to 223.
        [128..=191, 192..=223, ..] if datagram.len() >= 8 => Kind::Rtcp,
        [128..=191, ..] if datagram.len() >= 12 => Kind::Rtp,
        _ => Kind::Other,
    }
}

/// Whether a TCP connection that begins with this octet is one of media, where pages are served too: TLS begins with 22 (a
/// handshake record, RFC 8446 section 5.1), HTTP with a letter, and media with the high octet of a frame's length (RFC 4571),
/// which is below six while nothing longer than `limits::MAX_DATAGRAM` is sent.
pub fn begins_media(first: u8) -> bool {
    usize::from(first) <= MAX_DATAGRAM >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_protocol() {
        let rows: &[(&[u8], usize, Kind)] = &[
            (&[0, 1], 20, Kind::Stun),
            (&[0, 1], 19, Kind::Other),
            (&[22, 254], 13, Kind::Dtls),
            (&[63, 0], 13, Kind::Dtls),
            (&[64, 0], 40, Kind::Other),
            (&[0x80, 200], 8, Kind::Rtcp),
            (&[0x80, 111], 12, Kind::Rtp),
            (&[0x80, 0x80 | 111], 12, Kind::Rtp),
            (&[0xc0, 200], 40, Kind::Other),
        ];
        for (head, len, expected) in rows {
            let mut datagram = head.to_vec();
            datagram.resize(*len, 0);
            assert_eq!(kind(&datagram), *expected, "{head:?} {len}");
        }
        assert_eq!(kind(&[]), Kind::Other);
    }

    #[test]
    fn the_first_octet_of_a_connection_tells_media_from_pages() {
        assert!((0..=5).all(begins_media));
        assert!(!(6..=u8::MAX).any(begins_media), "TLS, HTTP, SSH and anything else");
    }
}
