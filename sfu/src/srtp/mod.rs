//! SRTP and SRTCP: RFC 3711 (AES-CM with HMAC-SHA1-80), RFC 7714 (AES-GCM), RFC 6188 (key derivation with 256-bit keys).
//!
//! Packets are sealed and opened in place. The sender keeps the packet index itself (lines renumber packets, so they know
//! it); the receiver guesses the rollover counter per SSRC and keeps a replay window.

mod derive;
mod hmac;
mod replay;
mod transform;

#[cfg(test)]
mod vectors;

pub(crate) use replay::ReplayWindow;
pub use transform::Profile;
use transform::{RtcpKeys, RtpKeys};

use crate::{
    limits::{MAX_DATAGRAM, MAX_SSRCS_PER_PEER},
    sequence::nearest,
};

/// Bytes a sealed RTP or RTCP packet may grow by: the 16-byte tag of GCM plus the index word of SRTCP.
pub const MAX_OVERHEAD: usize = 20;

/// Why a packet was not opened. All are dropped in silence; the variants are for counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SrtpError {
    /// Too short to be SRTP.
    #[error("packet is too short")]
    Truncated,
    /// Wrong key, or changed on the way.
    #[error("authentication failed")]
    Authentication,
    /// Seen before, or too old to tell.
    #[error("replayed or too old")]
    Replay,
    /// More SSRCs than a peer may send.
    #[error("too many SSRCs")]
    TooManySsrcs,
    /// The crypto library refused the key or the buffer.
    #[error("crypto failed")]
    Crypto,
}

/// Master keys and salts of both sides, as exported from DTLS (RFC 5764 section 4.2).
#[derive(Clone)]
pub struct MasterKeys {
    profile: Profile,
    client: (Vec<u8>, Vec<u8>),
    server: (Vec<u8>, Vec<u8>),
}

impl MasterKeys {
    /// Splits exported keying material: client key, server key, client salt, server salt.
    pub fn split(profile: Profile, material: &[u8]) -> Result<Self, SrtpError> {
        let (key, salt) = (profile.key_len(), profile.salt_len());
        if material.len() < 2 * (key + salt) {
            return Err(SrtpError::Truncated);
        }
        let (keys, salts) = material.split_at(2 * key);
        Ok(Self {
            profile,
            client: (keys[..key].to_vec(), salts[..salt].to_vec()),
            server: (keys[key..].to_vec(), salts[salt..2 * salt].to_vec()),
        })
    }

    /// Contexts for the side that was DTLS client (`is_client`) or server.
    pub fn contexts(&self, is_client: bool) -> Result<(Inbound, Outbound), SrtpError> {
        let (ours, theirs) = if is_client { (&self.client, &self.server) } else { (&self.server, &self.client) };
        Ok((Inbound::new(self.profile, &theirs.0, &theirs.1)?, Outbound::new(self.profile, &ours.0, &ours.1)?))
    }
}

/// Opens what a peer sends.
pub struct Inbound {
    rtp: RtpKeys,
    rtcp: RtcpKeys,
    streams: Vec<Stream>,
    rtcp_windows: Vec<(u32, ReplayWindow)>,
}

struct Stream {
    ssrc: u32,
    highest: u64,
    window: ReplayWindow,
}

impl Inbound {
    /// From a master key and salt of the lengths the profile wants.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Result<Self, SrtpError> {
        Ok(Self {
            rtp: RtpKeys::derive(profile, key, salt)?,
            rtcp: RtcpKeys::derive(profile, key, salt)?,
            streams: Vec::new(),
            rtcp_windows: Vec::new(),
        })
    }

    /// Opens an RTP packet in place whose header is `header_len` long. Returns the length of the plain packet and its
    /// extended sequence number (the packet index of RFC 3711 section 3.3.1).
    pub fn open_rtp(
        &mut self,
        packet: &mut [u8],
        header_len: usize,
        ssrc: u32,
        sequence: u16,
    ) -> Result<(usize, u64), SrtpError> {
        let Some(at) = self.streams.iter().position(|stream| stream.ssrc == ssrc) else {
            return self.open_first(packet, header_len, ssrc, sequence);
        };
        let stream = &mut self.streams[at];
        let index = nearest(stream.highest, sequence);
        if !stream.window.may_accept(index) {
            return Err(SrtpError::Replay);
        }
        let len = self.rtp.open(packet, header_len, ssrc, index)?;
        stream.highest = stream.highest.max(index);
        stream.window.accept(index);
        Ok((len, index))
    }

    /// Opens a packet of an SSRC not heard before. Its rollover counter is taken as 0 (RFC 3711 section 3.3.1), or as 1 if
    /// that does not authenticate and the sequence number is in the lower half: the packets before a wrap may all be lost.
    fn open_first(
        &mut self,
        packet: &mut [u8],
        header_len: usize,
        ssrc: u32,
        sequence: u16,
    ) -> Result<(usize, u64), SrtpError> {
        if self.streams.len() >= MAX_SSRCS_PER_PEER {
            return Err(SrtpError::TooManySsrcs);
        }
        // GCM wipes a packet it refuses. Of one longer than any datagram too little is kept, and it is refused again.
        let kept = packet.len().min(MAX_DATAGRAM);
        let mut sealed = [0; MAX_DATAGRAM];
        sealed[..kept].copy_from_slice(&packet[..kept]);
        let mut index = u64::from(sequence);
        let mut opened = self.rtp.open(packet, header_len, ssrc, index);
        if opened == Err(SrtpError::Authentication) && sequence < 1 << 15 {
            packet[..kept].copy_from_slice(&sealed[..kept]);
            index += 1 << 16;
            opened = self.rtp.open(packet, header_len, ssrc, index);
        }
        let len = opened?;
        // Only an authenticated packet may create state.
        let mut window = ReplayWindow::default();
        window.accept(index);
        self.streams.push(Stream { ssrc, highest: index, window });
        Ok((len, index))
    }

    /// Opens an RTCP packet in place and returns the length of the plain compound.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let ssrc = packet.get(4..8).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
        let ssrc = ssrc.ok_or(SrtpError::Truncated)?;
        let (len, index) = self.rtcp.open(packet, ssrc)?;
        let index = u64::from(index);
        match self.rtcp_windows.iter().position(|(known, _)| *known == ssrc) {
            Some(at) if !self.rtcp_windows[at].1.may_accept(index) => return Err(SrtpError::Replay),
            Some(at) => self.rtcp_windows[at].1.accept(index),
            None if self.rtcp_windows.len() >= MAX_SSRCS_PER_PEER => return Err(SrtpError::TooManySsrcs),
            None => {
                let mut window = ReplayWindow::default();
                window.accept(index);
                self.rtcp_windows.push((ssrc, window));
            }
        }
        Ok(len)
    }
}

/// Seals what we send to a peer.
pub struct Outbound {
    rtp: RtpKeys,
    rtcp: RtcpKeys,
    rtcp_index: u32,
}

impl Outbound {
    /// From a master key and salt of the lengths the profile wants.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Result<Self, SrtpError> {
        Ok(Self {
            rtp: RtpKeys::derive(profile, key, salt)?,
            rtcp: RtcpKeys::derive(profile, key, salt)?,
            rtcp_index: 0,
        })
    }

    /// Seals in place the RTP packet in `buffer[..len]`; the rest of `buffer` is room for the tag. `index` is the extended
    /// sequence number. Returns the sealed length.
    pub fn seal_rtp(
        &self,
        buffer: &mut [u8],
        len: usize,
        header_len: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, SrtpError> {
        self.rtp.seal(buffer, len, header_len, ssrc, index)
    }

    /// Seals in place the RTCP compound in `buffer[..len]`. Returns the sealed length.
    pub fn seal_rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        // 31 bits; a peer would need 2^31 reports (RFC 3711 section 9.2), decades at our rates.
        self.rtcp_index = (self.rtcp_index + 1) & 0x7fff_ffff;
        self.rtcp.seal(buffer, len, self.rtcp_index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILES: [Profile; 3] = [Profile::AeadAes256Gcm, Profile::AeadAes128Gcm, Profile::Aes128CmSha1_80];

    fn pair(profile: Profile) -> (Outbound, Inbound) {
        let material: Vec<u8> = (0..2 * (profile.key_len() + profile.salt_len())).map(|i| i as u8).collect();
        let keys = MasterKeys::split(profile, &material).unwrap();
        let (_, sender) = keys.contexts(true).unwrap();
        let (receiver, _) = keys.contexts(false).unwrap();
        (sender, receiver)
    }

    fn rtp(sequence: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 96, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1];
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(b"a lesson");
        packet
    }

    fn sealed(sender: &Outbound, sequence: u16, index: u64) -> Vec<u8> {
        let mut buffer = rtp(sequence);
        let len = buffer.len();
        buffer.resize(len + MAX_OVERHEAD, 0);
        let sealed = sender.seal_rtp(&mut buffer, len, 12, 1, index).unwrap();
        buffer.truncate(sealed);
        buffer
    }

    #[test]
    fn what_one_side_seals_the_other_opens_across_a_rollover() {
        for profile in PROFILES {
            let (sender, mut receiver) = pair(profile);
            for index in [65_534u64, 65_535, 65_536, 65_537] {
                let mut packet = sealed(&sender, index as u16, index);
                let (len, found) = receiver.open_rtp(&mut packet, 12, 1, index as u16).unwrap();
                assert_eq!(&packet[..len], &rtp(index as u16)[..], "{profile:?}");
                assert_eq!(found, index);
            }
        }
    }

    #[test]
    fn a_stream_whose_packets_before_the_first_rollover_were_lost_is_opened() {
        // (index of the first packet that arrives, whether it can be told)
        let rows = [(65_536, true), (65_536 + 32_767, true), (65_536 + 32_768, false), (2 * 65_536, false)];
        for (profile, (first, opens)) in PROFILES.into_iter().flat_map(|profile| rows.map(|row| (profile, row))) {
            let (sender, mut receiver) = pair(profile);
            let mut packet = sealed(&sender, first as u16, first);
            let opened = receiver.open_rtp(&mut packet, 12, 1, first as u16);
            if !opens {
                assert_eq!(opened, Err(SrtpError::Authentication), "{profile:?} {first}");
                continue;
            }
            let (len, index) = opened.unwrap();
            assert_eq!((&packet[..len], index), (&rtp(first as u16)[..], first), "{profile:?}");
            // One that was sent before and comes late (across the wrap in the first row), one after, and a replay.
            for index in [first - 1, first + 1] {
                let mut packet = sealed(&sender, index as u16, index);
                assert_eq!(receiver.open_rtp(&mut packet, 12, 1, index as u16).map(|(_, index)| index), Ok(index));
            }
            let mut replay = sealed(&sender, first as u16, first);
            assert_eq!(receiver.open_rtp(&mut replay, 12, 1, first as u16), Err(SrtpError::Replay));
        }
    }

    #[test]
    fn a_packet_longer_than_a_datagram_is_refused_without_harm() {
        for profile in PROFILES {
            let (_, mut receiver) = pair(profile);
            let mut packet = vec![0x80; 3 * MAX_DATAGRAM];
            assert_eq!(receiver.open_rtp(&mut packet, 12, 1, 5), Err(SrtpError::Authentication));
        }
    }

    #[test]
    fn a_replayed_packet_is_refused_and_a_changed_one_creates_no_state() {
        for profile in PROFILES {
            let (sender, mut receiver) = pair(profile);
            let packet = sealed(&sender, 5, 5);
            let mut changed = packet.clone();
            changed[13] ^= 1;
            assert_eq!(receiver.open_rtp(&mut changed, 12, 1, 5), Err(SrtpError::Authentication));
            assert!(receiver.streams.is_empty());
            assert!(receiver.open_rtp(&mut packet.clone(), 12, 1, 5).is_ok());
            assert_eq!(receiver.open_rtp(&mut packet.clone(), 12, 1, 5), Err(SrtpError::Replay));
        }
    }

    #[test]
    fn rtcp_goes_round_and_replays_are_refused() {
        for profile in PROFILES {
            let (mut sender, mut receiver) = pair(profile);
            let plain = [0x80u8, 201, 0, 1, 0, 0, 0, 7];
            let mut buffer = plain.to_vec();
            buffer.resize(plain.len() + MAX_OVERHEAD, 0);
            let len = sender.seal_rtcp(&mut buffer, plain.len()).unwrap();
            buffer.truncate(len);
            let mut first = buffer.clone();
            let opened = receiver.open_rtcp(&mut first).unwrap();
            assert_eq!(&first[..opened], &plain);
            assert_eq!(receiver.open_rtcp(&mut buffer), Err(SrtpError::Replay));
        }
    }

    #[test]
    fn short_input_is_refused() {
        for profile in PROFILES {
            let (_, mut receiver) = pair(profile);
            for len in 0..30 {
                let mut bytes = vec![0x80; len];
                assert!(receiver.open_rtcp(&mut bytes).is_err());
                assert!(receiver.open_rtp(&mut bytes, 12.min(len), 1, 1).is_err());
            }
        }
    }

    #[test]
    fn a_peer_cannot_open_more_ssrcs_than_the_limit() {
        let (sender, mut receiver) = pair(Profile::AeadAes128Gcm);
        for ssrc in 0..=MAX_SSRCS_PER_PEER as u32 {
            let mut buffer = rtp(1);
            buffer[8..12].copy_from_slice(&ssrc.to_be_bytes());
            let len = buffer.len();
            buffer.resize(len + MAX_OVERHEAD, 0);
            let sealed = sender.seal_rtp(&mut buffer, len, 12, ssrc, 1).unwrap();
            let result = receiver.open_rtp(&mut buffer[..sealed], 12, ssrc, 1);
            assert_eq!(result.is_ok(), ssrc < MAX_SSRCS_PER_PEER as u32);
        }
    }
}
