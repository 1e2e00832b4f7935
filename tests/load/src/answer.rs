//! Reads answers: of any WHIP or WHEP server, not only ours.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, ensure};

use crate::{
    offer::{MID_URI, TWCC_URI},
    stun::Credentials,
};

/// What a client has to know of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The server's half of the ICE credentials.
    pub ice: Credentials,
    /// Its certificate: SHA-256, in bytes; empty if it tells another hash.
    pub fingerprint: Vec<u8>,
    /// Whether the server begins the DTLS handshake.
    pub server_is_active: bool,
    /// Where it takes media.
    pub remote: SocketAddr,
    /// Its m-lines that are not rejected.
    pub lines: Vec<Line>,
}

/// One m-line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Audio, not video.
    pub is_audio: bool,
    /// Id of the transport-wide sequence number, if it is sent.
    pub twcc: Option<u8>,
    /// Id of the mid.
    pub mid: Option<u8>,
    /// Payload types of media.
    pub media: Vec<u8>,
    /// Payload types of retransmissions.
    pub rtx: Vec<u8>,
}

impl Answer {
    /// Reads an answer; says what is missing.
    pub fn read(sdp: &str) -> Result<Self> {
        let lines = || sdp.lines().map(str::trim_end);
        // All is bundled: the first of each is everyone's.
        let first =
            |name: &str| lines().find_map(|line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'));
        let required = |name: &str| first(name).with_context(|| format!("the answer has no a={name}"));
        let fingerprint = required("fingerprint")?;
        let candidates: Vec<SocketAddr> = lines().filter_map(candidate).collect();
        let loopback = candidates.iter().find(|address| address.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST));
        let remote = loopback.or(candidates.first()).context("the answer has no host candidate of UDP over IPv4")?;
        let accepted = media(sdp);
        ensure!(!accepted.is_empty(), "the answer rejects every m-line");
        Ok(Self {
            ice: Credentials { ufrag: required("ice-ufrag")?.into(), password: required("ice-pwd")?.into() },
            fingerprint: sha256(fingerprint).unwrap_or_default(),
            server_is_active: first("setup") == Some("active"),
            remote: *remote,
            lines: accepted,
        })
    }

    /// The line whose media or retransmissions have this payload type, and whether they are retransmissions.
    pub fn line_of(&self, payload_type: u8) -> Option<(&Line, bool)> {
        self.lines.iter().find_map(|line| match payload_type {
            number if line.media.contains(&number) => Some((line, false)),
            number if line.rtx.contains(&number) => Some((line, true)),
            _ => None,
        })
    }
}

/// `a=candidate:1 1 udp 2130706431 127.0.0.1 8000 typ host` (RFC 8839 section 5.1).
fn candidate(line: &str) -> Option<SocketAddr> {
    let mut words = line.strip_prefix("a=candidate:")?.split(' ');
    let (component, transport) = (words.nth(1)?, words.next()?);
    let (ip, port) = (words.nth(1)?.parse::<Ipv4Addr>().ok()?, words.next()?.parse().ok()?);
    let is_host = words.nth(1) == Some("host");
    (component == "1" && transport.eq_ignore_ascii_case("udp") && is_host).then(|| SocketAddr::from((ip, port)))
}

fn sha256(text: &str) -> Option<Vec<u8>> {
    let (name, digits) = text.split_once(' ')?;
    let bytes = || digits.trim().split(':').map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
    name.eq_ignore_ascii_case("sha-256").then(bytes)?
}

fn media(sdp: &str) -> Vec<Line> {
    let mut sections = sdp.split("\nm=");
    sections.next();
    sections.filter_map(section).collect()
}

fn section(text: &str) -> Option<Line> {
    let mut lines = text.lines().map(str::trim_end);
    let mut head = lines.next()?.split(' ');
    let (kind, port) = (head.next()?, head.next()?);
    let is_audio = kind == "audio";
    let mut line = Line { is_audio, ..Line::default() };
    let mut rejected = port == "0" || !(is_audio || kind == "video");
    for attribute in lines.filter_map(|line| line.strip_prefix("a=")) {
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        let (id, rest) = value.split_once(' ').unwrap_or((value, ""));
        // The direction may follow the id of an extension.
        let number = id.split('/').next().and_then(|id| id.parse().ok());
        match name {
            "inactive" => rejected = true,
            "rtpmap" if rest.to_ascii_lowercase().starts_with("rtx/") => line.rtx.extend(number),
            "rtpmap" => line.media.extend(number),
            "extmap" if rest.starts_with(TWCC_URI) => line.twcc = number,
            "extmap" if rest.starts_with(MID_URI) => line.mid = number,
            _ => {}
        }
    }
    (!rejected).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(candidates: &str) -> String {
        let fingerprint = vec!["AB"; 32].join(":");
        format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-lite\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:abcd\r\na=ice-pwd:secret\r\n\
             a=fingerprint:sha-256 {fingerprint}\r\na=setup:passive\r\na=mid:0\r\na=sendonly\r\n{candidates}\
             a=rtpmap:111 opus/48000/2\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 102 103\r\na=ice-ufrag:abcd\r\na=mid:1\r\na=extmap:3/sendonly {TWCC_URI}\r\n\
             a=rtpmap:102 H264/90000\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n\
             m=video 0 UDP/TLS/RTP/SAVPF 102\r\na=mid:2\r\na=inactive\r\n"
        )
    }

    #[test]
    fn an_answer_of_ours_is_read() {
        let read = Answer::read(&answer(
            "a=candidate:1 1 udp 5 10.0.0.1 7000 typ host\r\na=candidate:2 1 udp 4 127.0.0.1 7001 typ host\r\n",
        ))
        .unwrap();
        assert_eq!(read.remote, SocketAddr::from(([127, 0, 0, 1], 7001)));
        assert_eq!((read.ice.ufrag.as_str(), read.ice.password.as_str()), ("abcd", "secret"));
        assert_eq!((read.fingerprint, read.server_is_active), (vec![0xab; 32], false));
        let voice = Line { is_audio: true, media: vec![111], ..Line::default() };
        let picture = Line { twcc: Some(3), media: vec![102], rtx: vec![103], ..Line::default() };
        assert_eq!(read.lines, [voice, picture]);
    }

    #[test]
    fn a_payload_type_tells_the_line_and_whether_it_is_sent_again() {
        let read = Answer::read(&answer("a=candidate:1 1 UDP 5 10.0.0.1 7000 typ host\r\n")).unwrap();
        assert_eq!(read.remote.port(), 7000, "without a loopback address the first is taken");
        assert!(read.line_of(111).is_some_and(|(line, again)| line.is_audio && !again));
        assert!(read.line_of(103).is_some_and(|(line, again)| !line.is_audio && again));
        assert!(read.line_of(96).is_none());
    }

    #[test]
    fn what_is_missing_is_named() {
        let without =
            "a=candidate:1 1 tcp 5 10.0.0.1 7000 typ host\r\na=candidate:1 1 udp 5 10.0.0.1 7000 typ srflx\r\n";
        assert!(Answer::read(&answer(without)).unwrap_err().to_string().contains("candidate"));
        assert!(Answer::read("v=0\r\n").unwrap_err().to_string().contains("a=fingerprint"));
    }
}
