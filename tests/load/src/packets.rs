//! The publisher's packets: numbered, stamped and sealed.

use sfu::{
    rtcp::{SenderInfo, Writer},
    srtp::MAX_OVERHEAD,
};

use crate::{
    answer::Answer,
    clock,
    handshake::Keys,
    offer::{H264, OPUS, RTX, Sources},
    payload::{self, Shape},
};

/// Pictures kept for retransmission.
const KEPT: usize = 1024;
/// A browser names the m-line in its first packets, until the server has told that it got them.
const NAMED_PACKETS: u64 = 100;

/// What the server negotiated, of the header extensions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Extensions {
    twcc: Option<u8>,
    mid: Option<u8>,
}

/// One stream that is sent.
#[derive(Debug, Clone)]
pub struct Sending {
    ssrc: u32,
    payload_type: u8,
    mid: u8,
    /// Packets made, also the number of the next.
    pub made: u32,
    index: u64,
    octets: u32,
}

/// A packet that waits for its turn: everything but its time of sending.
#[derive(Debug, Clone)]
pub struct Waiting {
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
}

/// Makes packets.
pub struct Packets {
    sources: Sources,
    extensions: Extensions,
    twcc: u16,
    /// The voice.
    pub voice: Sending,
    /// The picture.
    pub video: Sending,
    rtx: Sending,
    kept: Vec<Option<(u16, Waiting)>>,
}

impl Packets {
    /// For a session with this answer.
    pub fn new(sources: Sources, answer: &Answer) -> Self {
        let sending =
            |ssrc, payload_type, mid, first| Sending { ssrc, payload_type, mid, made: 0, index: first, octets: 0 };
        Self {
            sources,
            extensions: Extensions {
                twcc: answer.lines.iter().find_map(|line| line.twcc),
                mid: answer.lines.iter().find_map(|line| line.mid),
            },
            twcc: 0,
            voice: sending(sources.voice, OPUS, b'0', 4000),
            // Near the wrap: every run of half a minute crosses it.
            video: sending(sources.video, H264, b'1', 62_000),
            rtx: sending(sources.rtx, RTX, b'1', 1),
            kept: vec![None; KEPT],
        }
    }

    /// A voice packet of `len` bytes.
    pub fn make_voice(&mut self, timestamp: u32, len: usize) -> Waiting {
        Self::make(&mut self.voice, timestamp, false, Shape::Voice, len)
    }

    /// The packets of a frame.
    pub fn make_frame(&mut self, timestamp: u32, key: bool, sizes: &[usize]) -> Vec<Waiting> {
        let last = sizes.len() - 1;
        let first_fragment = usize::from(key);
        let shape = |i| match i {
            0 if key => Shape::ParameterSets,
            i => Shape::Fragment { key, first: i == first_fragment, last: i == last },
        };
        let video = &mut self.video;
        sizes.iter().enumerate().map(|(i, len)| Self::make(video, timestamp, i == last, shape(i), *len)).collect()
    }

    fn make(sending: &mut Sending, timestamp: u32, marker: bool, shape: Shape, len: usize) -> Waiting {
        let mut payload = Vec::with_capacity(len + 64);
        payload::write(&mut payload, shape, len, sending.made);
        sending.made += 1;
        Waiting { timestamp, marker, payload }
    }

    /// Seals a voice packet that is sent now.
    pub fn seal_voice(&mut self, keys: &mut Keys, mut waiting: Waiting) -> Vec<u8> {
        payload::stamp(&mut waiting.payload, clock::monotonic_ns());
        seal(&mut self.voice, self.extensions, &mut self.twcc, keys, &waiting, None)
    }

    /// Seals a packet of a picture that is sent now, and keeps it.
    pub fn seal_video(&mut self, keys: &mut Keys, mut waiting: Waiting) -> Vec<u8> {
        payload::stamp(&mut waiting.payload, clock::monotonic_ns());
        let sequence = self.video.index as u16;
        let packet = seal(&mut self.video, self.extensions, &mut self.twcc, keys, &waiting, None);
        self.kept[usize::from(sequence) % KEPT] = Some((sequence, waiting));
        packet
    }

    /// Seals a kept packet of the picture again (RFC 4588).
    pub fn seal_again(&mut self, keys: &mut Keys, sequence: u16) -> Option<Vec<u8>> {
        let (kept, waiting) = self.kept[usize::from(sequence) % KEPT].clone()?;
        (kept == sequence).then(|| seal(&mut self.rtx, self.extensions, &mut self.twcc, keys, &waiting, Some(sequence)))
    }

    /// Sealed sender reports of both streams, whose clocks show this.
    pub fn reports(&self, keys: &mut Keys, voice_time: u32, video_time: u32) -> Vec<Vec<u8>> {
        [(&self.voice, voice_time), (&self.video, video_time)]
            .into_iter()
            .filter_map(|(sending, rtp)| {
                let mut room = vec![0; 256];
                let mut writer = Writer::new(&mut room);
                let info = SenderInfo { ntp: clock::ntp(), rtp, packets: sending.made, octets: sending.octets };
                writer.sender_report(sending.ssrc, &info);
                writer.cname(sending.ssrc, "load");
                let len = writer.len();
                let sealed = keys.1.seal_rtcp(&mut room, len).ok()?;
                room.truncate(sealed);
                Some(room)
            })
            .collect()
    }

    /// Whose packets a NACK or a report names.
    pub fn is_video(&self, ssrc: u32) -> bool {
        ssrc == self.sources.video
    }
}

fn seal(
    sending: &mut Sending,
    extensions: Extensions,
    twcc: &mut u16,
    keys: &mut Keys,
    waiting: &Waiting,
    original: Option<u16>,
) -> Vec<u8> {
    let mut packet = Vec::with_capacity(waiting.payload.len() + 64);
    let mid = extensions.mid.filter(|_| u64::from(sending.made) <= NAMED_PACKETS).map(|id| (id, sending.mid));
    let twcc = extensions.twcc.map(|id| {
        *twcc = twcc.wrapping_add(1);
        (id, *twcc)
    });
    let with_extensions = mid.is_some() || twcc.is_some();
    packet.push(0x80 | u8::from(with_extensions) << 4);
    packet.push(sending.payload_type | u8::from(waiting.marker) << 7);
    packet.extend_from_slice(&(sending.index as u16).to_be_bytes());
    packet.extend_from_slice(&waiting.timestamp.to_be_bytes());
    packet.extend_from_slice(&sending.ssrc.to_be_bytes());
    if with_extensions {
        write_extensions(&mut packet, twcc, mid);
    }
    let header_len = packet.len();
    packet.extend(original.map(u16::to_be_bytes).into_iter().flatten());
    packet.extend_from_slice(&waiting.payload);
    let len = packet.len();
    packet.resize(len + MAX_OVERHEAD, 0);
    let sealed = keys.1.seal_rtp(&mut packet, len, header_len, sending.ssrc, sending.index).unwrap_or(0);
    packet.truncate(sealed);
    sending.index += 1;
    sending.octets = sending.octets.wrapping_add(waiting.payload.len() as u32);
    packet
}

/// One-byte header extensions (RFC 8285 section 4.2).
fn write_extensions(packet: &mut Vec<u8>, twcc: Option<(u8, u16)>, mid: Option<(u8, u8)>) {
    packet.extend_from_slice(&[0xbe, 0xde, 0, 0]);
    let start = packet.len();
    if let Some((id, number)) = twcc {
        packet.push(id << 4 | 1);
        packet.extend_from_slice(&number.to_be_bytes());
    }
    if let Some((id, mid)) = mid {
        packet.extend_from_slice(&[id << 4, mid]);
    }
    let body = (packet.len() - start).next_multiple_of(4);
    packet.resize(start + body, 0);
    packet[start - 1] = (body / 4) as u8;
}

#[cfg(test)]
mod tests {
    use sfu::{
        rtp::RtpHeader,
        srtp::{MasterKeys, Profile},
    };

    use super::*;
    use crate::{answer::Line, stun::Credentials};

    fn packets() -> Packets {
        let line = Line { twcc: Some(3), mid: Some(4), ..Line::default() };
        let answer = Answer {
            ice: Credentials::default(),
            fingerprint: Vec::new(),
            server_is_active: false,
            remote: std::net::SocketAddr::from(([127, 0, 0, 1], 1)),
            lines: vec![line],
        };
        Packets::new(Sources { voice: 1, video: 2, rtx: 3 }, &answer)
    }

    #[test]
    fn a_server_opens_and_reads_what_is_sealed() {
        let material: Vec<u8> = (0..88).collect();
        let keys = MasterKeys::split(Profile::AeadAes256Gcm, &material).unwrap();
        let (mut ours, mut theirs) = (keys.contexts(true).unwrap(), keys.contexts(false).unwrap());
        let mut packets = packets();
        let frame = packets.make_frame(9000, true, &[0, 1100, 1101]);
        let mut read = Vec::new();
        for waiting in frame {
            let mut packet = packets.seal_video(&mut ours, waiting);
            let header = RtpHeader::parse(&packet).unwrap();
            assert_eq!(header.extension(&packet, 4), Some(&b"1"[..]));
            let twcc = header.extension(&packet, 3).map(|bytes| bytes[1]);
            let (len, _) = theirs.0.open_rtp(&mut packet, header.len, header.ssrc, header.sequence).unwrap();
            let stamp = payload::read(&packet[header.len..len]).unwrap();
            read.push((stamp.number, header.sequence, header.marker, twcc));
        }
        let row = |number: u32, marker| (number, 62_000 + number as u16, marker, Some(number as u8 + 1));
        assert_eq!(read, [row(0, false), row(1, false), row(2, true)]);
        let mut again = packets.seal_again(&mut ours, 62_001).unwrap();
        let header = RtpHeader::parse(&again).unwrap();
        let (len, _) = theirs.0.open_rtp(&mut again, header.len, header.ssrc, header.sequence).unwrap();
        assert_eq!((header.ssrc, header.payload_type), (3, RTX));
        assert_eq!(again[header.len..header.len + 2], 62_001u16.to_be_bytes());
        assert_eq!(payload::read(&again[header.len + 2..len]).map(|stamp| stamp.number), Some(1));
        assert!(packets.seal_again(&mut ours, 7).is_none());
    }
}
