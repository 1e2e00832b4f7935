//! Offers as Chromium writes them, as far as a server may care.

use std::fmt::Write;

use sfu::ice::Half;

/// Payload type of Opus.
pub const OPUS: u8 = 111;
/// Payload type of redundant audio.
pub const RED: u8 = 63;

/// What one m-line offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaLine {
    /// A voice that is sent under this SSRC.
    SendVoice {
        /// Its SSRC.
        ssrc: u32,
        /// Whether and how losses are repaired.
        repair: Repair,
    },
    /// A picture that is sent under this SSRC, and retransmitted under the other.
    SendPicture {
        /// Its SSRC.
        ssrc: u32,
        /// Of retransmissions.
        rtx_ssrc: u32,
    },
    /// A picture that is sent as spatial layers of one stream, in VP9.
    SendLayers {
        /// Its SSRC.
        ssrc: u32,
        /// Of retransmissions.
        rtx_ssrc: u32,
    },
    /// Several encodings of a picture, each named; their SSRCs are told by header extensions.
    SendEncodings {
        /// In the order they are offered.
        rids: Vec<String>,
    },
    /// A voice that is received.
    ReceiveVoice {
        /// Whether and how losses are repaired.
        repair: Repair,
    },
    /// A picture that is received.
    ReceivePicture,
}

/// What is offered against the loss of voice packets, besides Opus' own in-band FEC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repair {
    /// `red/48000/2`, preferred.
    pub red: bool,
    /// `a=rtcp-fb:111 nack`.
    pub nack: bool,
}

impl MediaLine {
    fn is_voice(&self) -> bool {
        matches!(self, Self::SendVoice { .. } | Self::ReceiveVoice { .. })
    }
}

const VOICE_EXTENSIONS: &str = "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
    a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n\
    a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
    a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n";
const PICTURE_EXTENSIONS: &str = "a=extmap:14 urn:ietf:params:rtp-hdrext:toffset\r\n\
    a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n\
    a=extmap:13 urn:3gpp:video-orientation\r\n\
    a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
    a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\r\n\
    a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
    a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n\
    a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n";
const LAYERS_FORMATS: &str = "a=rtpmap:98 VP9/90000\r\na=rtcp-fb:98 goog-remb\r\na=rtcp-fb:98 transport-cc\r\n\
    a=rtcp-fb:98 ccm fir\r\na=rtcp-fb:98 nack\r\na=rtcp-fb:98 nack pli\r\na=fmtp:98 profile-id=0\r\n\
    a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n";
const PICTURE_FORMATS: &str = "a=rtpmap:108 H264/90000\r\na=rtcp-fb:108 goog-remb\r\na=rtcp-fb:108 transport-cc\r\n\
    a=rtcp-fb:108 ccm fir\r\na=rtcp-fb:108 nack\r\na=rtcp-fb:108 nack pli\r\n\
    a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n\
    a=rtpmap:109 rtx/90000\r\na=fmtp:109 apt=108\r\n";

/// An offer of these m-lines.
pub fn write(ice: &Half, fingerprint: &str, lines: &[MediaLine]) -> String {
    let mids: Vec<String> = (0..lines.len()).map(|mid| mid.to_string()).collect();
    let mut out = format!(
        "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n\
         a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n",
        mids.join(" ")
    );
    for (mid, line) in lines.iter().enumerate() {
        let (kind, formats) = match line {
            MediaLine::SendVoice { repair, .. } | MediaLine::ReceiveVoice { repair } => {
                ("audio", if repair.red { "63 111" } else { "111" })
            }
            MediaLine::SendLayers { .. } => ("video", "98 99"),
            MediaLine::ReceivePicture => ("video", "108 109 98 99"),
            _ => ("video", "108 109"),
        };
        let receives = matches!(line, MediaLine::ReceiveVoice { .. } | MediaLine::ReceivePicture);
        let _ = write!(
            out,
            "m={kind} 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
             a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=ice-options:trickle\r\na=fingerprint:sha-256 {fingerprint}\r\n\
             a=setup:actpass\r\na=mid:{mid}\r\n{}a={}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n",
            ice.ufrag,
            ice.password,
            if line.is_voice() { VOICE_EXTENSIONS } else { PICTURE_EXTENSIONS },
            if receives { "recvonly" } else { "sendonly" },
        );
        write_formats(&mut out, line);
    }
    out
}

fn write_formats(out: &mut String, line: &MediaLine) {
    match line {
        MediaLine::SendVoice { repair, .. } | MediaLine::ReceiveVoice { repair } => {
            if repair.red {
                *out += "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n";
            }
            *out += "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n";
            if repair.nack {
                *out += "a=rtcp-fb:111 nack\r\n";
            }
            *out += "a=fmtp:111 minptime=10;useinbandfec=1\r\n";
        }
        MediaLine::SendLayers { .. } => *out += LAYERS_FORMATS,
        MediaLine::ReceivePicture => *out += &[PICTURE_FORMATS, LAYERS_FORMATS].concat(),
        _ => *out += PICTURE_FORMATS,
    }
    *out += &match line {
        MediaLine::SendVoice { ssrc, .. } => format!("a=msid:lesson voice\r\na=ssrc:{ssrc} cname:sim\r\n"),
        MediaLine::SendPicture { ssrc, rtx_ssrc } | MediaLine::SendLayers { ssrc, rtx_ssrc } => format!(
            "a=msid:lesson picture\r\na=ssrc-group:FID {ssrc} {rtx_ssrc}\r\na=ssrc:{ssrc} cname:sim\r\n\
             a=ssrc:{rtx_ssrc} cname:sim\r\n"
        ),
        MediaLine::SendEncodings { rids } => {
            let named: String = rids.iter().map(|rid| format!("a=rid:{rid} send\r\n")).collect();
            format!("a=msid:lesson picture\r\n{named}a=simulcast:send {}\r\n", rids.join(";"))
        }
        MediaLine::ReceiveVoice { .. } | MediaLine::ReceivePicture => String::new(),
    };
}

#[cfg(test)]
mod tests {
    use sfu::sdp::Offer;

    use super::*;

    fn offer(lines: &[MediaLine]) -> String {
        let ice = Half { ufrag: "abcd".into(), password: "a-password-of-22-chars".into() };
        write(&ice, &vec!["AB"; 32].join(":"), lines)
    }

    #[test]
    fn what_is_offered_is_what_the_server_reads() {
        let repair = Repair { red: true, nack: true };
        let voice = MediaLine::SendVoice { ssrc: 7, repair };
        let text = offer(&[voice, MediaLine::SendPicture { ssrc: 8, rtx_ssrc: 9 }]);
        let read = Offer::parse(&text).unwrap();
        assert!(read.media.iter().all(|line| line.sends && line.twcc_extension == Some(3)));
        assert_eq!((read.media[0].ssrcs.clone(), read.media[1].fid), (vec![7], Some((8, 9))));
        assert!(read.media[0].payloads.iter().any(|p| p.number == OPUS && p.offers_feedback("nack")));
        let text = offer(&[MediaLine::ReceiveVoice { repair: Repair::default() }, MediaLine::ReceivePicture]);
        assert!(Offer::parse(&text).unwrap().media.iter().all(|line| line.receives && !line.sends));
    }

    #[test]
    fn encodings_are_named_and_have_no_ssrc() {
        let text = offer(&[MediaLine::SendEncodings { rids: vec!["q".into(), "h".into(), "f".into()] }]);
        assert!(text.contains("a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n"));
        assert!(!text.contains("a=ssrc") && Offer::parse(&text).unwrap().media[0].sends);
    }
}
