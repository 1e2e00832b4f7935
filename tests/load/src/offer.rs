//! Writes offers as Chromium does, as far as a server may care.

use std::fmt::Write;

use crate::stun::Credentials;

/// Header extension: transport-wide sequence number.
pub const TWCC_URI: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// Header extension: media identification (RFC 9143).
pub const MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// Ids offered for them.
pub const TWCC_ID: u8 = 3;
/// Id of the mid.
pub const MID_ID: u8 = 4;
/// Payload type of Opus.
pub const OPUS: u8 = 111;
/// Payload type of H.264.
pub const H264: u8 = 102;
/// Payload type of its retransmissions.
pub const RTX: u8 = 103;

/// SSRCs of what a publisher sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sources {
    /// The voice.
    pub voice: u32,
    /// The picture.
    pub video: u32,
    /// Its retransmissions.
    pub rtx: u32,
}

/// The m-lines of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// One voice and one picture, sent.
    Send(Sources),
    /// So many voices and pictures, received.
    Receive {
        /// Voices.
        audio: usize,
        /// Pictures.
        video: usize,
        /// Whether it can tell of every packet that came.
        tells: bool,
    },
}

/// An offer that waits for the server's answer.
pub fn write(ice: &Credentials, fingerprint: &str, lines: Lines) -> String {
    let (audio, video, tells) = match lines {
        Lines::Send(_) => (1, 1, true),
        Lines::Receive { audio, video, tells } => (audio, video, tells),
    };
    let mids: Vec<String> = (0..audio + video).map(|mid| mid.to_string()).collect();
    let mut out = format!(
        "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n\
         a=extmap-allow-mixed\r\na=msid-semantic: WMS load\r\n",
        mids.join(" ")
    );
    for mid in 0..audio + video {
        let (kind, formats) = if mid < audio { ("audio", "111") } else { ("video", "102 103") };
        let direction = if matches!(lines, Lines::Send(_)) { "sendonly" } else { "recvonly" };
        let _ = write!(
            out,
            "m={kind} 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
             a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=ice-options:trickle\r\na=fingerprint:sha-256 {fingerprint}\r\n\
             a=setup:actpass\r\na=mid:{mid}\r\na=extmap:{MID_ID} {MID_URI}\r\n\
             a={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n",
            ice.ufrag, ice.password
        );
        out += if kind == "audio" { VOICE } else { PICTURE };
        if tells {
            let format = if kind == "audio" { OPUS } else { H264 };
            let _ = write!(out, "a=extmap:{TWCC_ID} {TWCC_URI}\r\na=rtcp-fb:{format} transport-cc\r\n");
        }
        if let Lines::Send(sources) = lines {
            write_sources(&mut out, kind, sources);
        }
    }
    out
}

const VOICE: &str = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n";
const PICTURE: &str = "a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 goog-remb\r\na=rtcp-fb:102 ccm fir\r\na=rtcp-fb:102 nack\r\na=rtcp-fb:102 nack pli\r\n\
    a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n\
    a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n";

fn write_sources(out: &mut String, kind: &str, sources: Sources) {
    let Sources { voice, video, rtx } = sources;
    *out += &match kind {
        "audio" => format!("a=msid:load voice\r\na=ssrc:{voice} cname:load\r\n"),
        _ => format!(
            "a=msid:load picture\r\na=ssrc-group:FID {video} {rtx}\r\na=ssrc:{video} cname:load\r\n\
             a=ssrc:{rtx} cname:load\r\n"
        ),
    };
}

#[cfg(test)]
mod tests {
    use sfu::sdp::{Kind, Offer};

    use super::*;

    #[test]
    fn what_is_offered_is_what_the_server_reads() {
        let ice = Credentials { ufrag: "abcd".into(), password: "a-password-of-22-chars".into() };
        let fingerprint = vec!["AB"; 32].join(":");
        let sources = Sources { voice: 1, video: 2, rtx: 3 };
        let sent = Offer::parse(&write(&ice, &fingerprint, Lines::Send(sources))).unwrap();
        assert!(sent.media.iter().all(|line| line.sends && line.twcc_extension == Some(TWCC_ID)));
        assert_eq!((sent.media[0].kind, sent.media[0].ssrcs.clone()), (Kind::Audio, vec![1]));
        assert_eq!((sent.media[1].payloads[0].rtx, sent.media[1].fid), (Some(RTX), Some((2, 3))));
        let received =
            Offer::parse(&write(&ice, &fingerprint, Lines::Receive { audio: 2, video: 3, tells: true })).unwrap();
        let kinds: Vec<Kind> = received.media.iter().map(|line| line.kind).collect();
        assert_eq!(kinds, [Kind::Audio, Kind::Audio, Kind::Video, Kind::Video, Kind::Video]);
        assert!(received.media.iter().all(|line| line.receives && line.mid_extension == Some(MID_ID)));
        assert!(["nack", "nack pli", "transport-cc"].iter().all(|f| received.media[2].payloads[0].offers_feedback(f)));
        let silent =
            Offer::parse(&write(&ice, &fingerprint, Lines::Receive { audio: 1, video: 1, tells: false })).unwrap();
        assert!(silent.media.iter().all(|line| line.receives && line.twcc_extension.is_none()));
        assert!(silent.media.iter().all(|line| !line.payloads[0].offers_feedback("transport-cc")));
    }
}
