//! What a browser reads off an answer.

use sfu::{ice::Half, playout_delay};

const TWCC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
const REPAIRED_RID: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The server's side of ICE.
    pub ice: Option<Half>,
    /// The m-lines, in order.
    pub lines: Vec<AnsweredLine>,
}

/// One m-line of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnsweredLine {
    /// Port 0: it carries nothing.
    pub is_rejected: bool,
    /// Whether it is an audio line.
    pub is_voice: bool,
    /// `a=mid`.
    pub mid: String,
    /// Payload types and their codecs in lower case, preferred first.
    pub formats: Vec<(u8, String)>,
    /// `a=rtcp-fb` without payload types.
    pub feedback: Vec<String>,
    /// `maxaveragebitrate` of Opus, in bit/s.
    pub most_average_bps: Option<u64>,
    /// Media and retransmission SSRC of the sender.
    pub ssrcs: Vec<u32>,
    /// Encodings it takes (`a=simulcast:recv`).
    pub encodings: Vec<String>,
    /// Ids of the header extensions it takes.
    pub extensions: Extensions,
}

/// Ids of header extensions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extensions {
    /// Transport-wide number.
    pub number: Option<u8>,
    /// Media identification.
    pub mid: Option<u8>,
    /// Name of the encoding.
    pub rid: Option<u8>,
    /// Name of the encoding that is repaired.
    pub repaired_rid: Option<u8>,
    /// Playout delay.
    pub delay: Option<u8>,
}

impl AnsweredLine {
    /// The payload type of `codec`, as in `red` or `h264`.
    pub fn number_of(&self, codec: &str) -> Option<u8> {
        self.formats.iter().find(|(_, name)| name == codec).map(|&(number, _)| number)
    }

    /// Whether this feedback was answered.
    pub fn has_feedback(&self, wanted: &str) -> bool {
        self.feedback.iter().any(|name| name == wanted)
    }

    fn take(&mut self, key: &str, value: &str) {
        let mut words = value.split_whitespace();
        let first = words.next().unwrap_or_default();
        let second = words.next().unwrap_or_default();
        match key {
            "mid" => self.mid = value.into(),
            "rtpmap" => {
                let name = second.split('/').next().unwrap_or_default().to_ascii_lowercase();
                if let Some(format) = self.formats.iter_mut().find(|(number, _)| first == number.to_string()) {
                    format.1 = name;
                }
            }
            "rtcp-fb" => self.feedback.extend(value.split_once(' ').map(|(_, name)| name.to_owned())),
            "fmtp" => {
                let parameters = value.split([' ', ';']).filter_map(|pair| pair.split_once('='));
                let most =
                    parameters.filter(|(name, _)| *name == "maxaveragebitrate").find_map(|(_, bps)| bps.parse().ok());
                self.most_average_bps = most.or(self.most_average_bps);
            }
            "ssrc" => {
                if let Ok(ssrc) = first.parse()
                    && !self.ssrcs.contains(&ssrc)
                {
                    self.ssrcs.push(ssrc);
                }
            }
            "simulcast" if first == "recv" => self.encodings = second.split(';').map(str::to_owned).collect(),
            "extmap" => {
                let id = first.split('/').next().and_then(|id| id.parse().ok());
                match second {
                    TWCC => self.extensions.number = id,
                    MID => self.extensions.mid = id,
                    RID => self.extensions.rid = id,
                    REPAIRED_RID => self.extensions.repaired_rid = id,
                    playout_delay::URI => self.extensions.delay = id,
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// Reads an answer.
pub fn read(text: &str) -> Answer {
    let mut answer = Answer::default();
    let mut half = Half { ufrag: String::new(), password: String::new() };
    for line in text.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            let words: Vec<&str> = media.split_whitespace().collect();
            let numbers = words.iter().skip(3).filter_map(|word| word.parse().ok());
            answer.lines.push(AnsweredLine {
                is_rejected: words.get(1) == Some(&"0"),
                is_voice: words.first() == Some(&"audio"),
                formats: numbers.map(|number| (number, String::new())).collect(),
                ..AnsweredLine::default()
            });
        }
        let Some((key, value)) = line.strip_prefix("a=").and_then(|attribute| attribute.split_once(':')) else {
            continue;
        };
        match (key, answer.lines.last_mut()) {
            ("ice-ufrag", _) => half.ufrag = value.into(),
            ("ice-pwd", _) => half.password = value.into(),
            (_, Some(line)) => line.take(key, value),
            _ => {}
        }
    }
    answer.ice = (!half.ufrag.is_empty() && !half.password.is_empty()).then_some(half);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_finds_what_it_needs() {
        let answer = read(
            "v=0\r\na=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=ice-ufrag:us\r\na=ice-pwd:secret\r\na=mid:0\r\n\
             a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
             a=rtpmap:63 red/48000/2\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 nack\r\n\
             a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=24000\r\na=ssrc:5 cname:x\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 108 109\r\na=mid:1\r\na=rtpmap:108 H264/90000\r\na=rtpmap:109 rtx/90000\r\n\
             a=ssrc-group:FID 6 7\r\na=ssrc:6 cname:x\r\na=ssrc:7 cname:x\r\na=rid:q recv\r\na=simulcast:recv q;h\r\n\
             m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\n",
        );
        assert_eq!(answer.ice.map(|half| half.ufrag), Some("us".into()));
        let [voice, picture, rejected] = &answer.lines[..] else { panic!("{:?}", answer.lines) };
        assert_eq!(voice.most_average_bps, Some(24_000));
        assert!(voice.is_voice && voice.has_feedback("nack") && voice.extensions.number == Some(3));
        assert_eq!(
            (voice.number_of("red"), voice.number_of("opus"), voice.ssrcs.clone()),
            (Some(63), Some(111), vec![5])
        );
        assert_eq!((picture.number_of("h264"), picture.number_of("rtx")), (Some(108), Some(109)));
        assert_eq!((picture.ssrcs.clone(), picture.encodings.join("")), (vec![6, 7], "qh".into()));
        assert!(rejected.is_rejected && rejected.mid == "2");
    }
}
