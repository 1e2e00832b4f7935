//! What an offer says, as far as it matters here.

use std::{collections::HashMap, io::Cursor};

use rtc_sdp::description::{common::Attribute, media::MediaDescription, session::SessionDescription};

use super::SdpError;
use crate::{
    codec::{Codec, H264Profile},
    dependency,
    ice::Half,
    limits::{MAX_ATTRIBUTES, MAX_FORMATS, MAX_LAYERS, MAX_MEDIA_LINES, MAX_OFFER_LEN},
    playout_delay,
};

/// Header extension: media identification (RFC 9143 section 15.1).
pub(super) const MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// Header extension: transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01).
pub(super) const TWCC_URI: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// Header extension: which simulcast stream a packet belongs to (RFC 8852 section 3.1).
pub(super) const RID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
/// Header extension: which simulcast stream a retransmission belongs to (RFC 8852 section 3.2).
pub(super) const REPAIRED_RID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
/// Longest value quoted in an error.
const QUOTED: usize = 60;

/// An SDP offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The peer's ICE credentials.
    pub ice: Half,
    /// Its certificate's fingerprint.
    pub fingerprint: Fingerprint,
    /// Whether it wants us to be DTLS client (`a=setup:passive`).
    pub wants_us_active: bool,
    /// The m-lines in order.
    pub media: Vec<Media>,
}

/// `a=fingerprint` (RFC 8122).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Which hash.
    pub hash: Hash,
    /// Its value.
    pub value: Vec<u8>,
}

/// Hash functions of fingerprints we verify. SHA-1 is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// `sha-256`.
    Sha256,
    /// `sha-384`.
    Sha384,
    /// `sha-512`.
    Sha512,
}

/// What an m-line carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `m=audio`.
    Audio,
    /// `m=video`.
    Video,
    /// Anything else: rejected.
    Other,
}

/// One m-line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// What it carries.
    pub kind: Kind,
    /// First token of the m-line, to be repeated in the answer.
    pub name: String,
    /// Protocol of the m-line, to be repeated in the answer.
    pub protocol: String,
    /// First format of the m-line: an answer that rejects it must still name one.
    pub first_format: String,
    /// `a=mid`, or the m-line's index when absent.
    pub mid: String,
    /// Whether the peer would send.
    pub sends: bool,
    /// Whether the peer would receive.
    pub receives: bool,
    /// Payload types we can carry, in the peer's order.
    pub payloads: Vec<Payload>,
    /// Id of the MID header extension.
    pub mid_extension: Option<u8>,
    /// Id of the transport-wide sequence number.
    pub twcc_extension: Option<u8>,
    /// Id of the RID header extension.
    pub rid_extension: Option<u8>,
    /// Id of the repaired RID header extension.
    pub repaired_rid_extension: Option<u8>,
    /// Id of the playout delay.
    pub delay_extension: Option<u8>,
    /// Id of the dependency descriptor.
    pub dependency_extension: Option<u8>,
    /// Simulcast streams it would send, as `a=simulcast` names them, no more than `limits::MAX_LAYERS` (RFC 8853).
    pub rids: Vec<String>,
    /// `a=ssrc` values in order of appearance.
    pub ssrcs: Vec<u32>,
    /// First `a=ssrc-group:FID`: media and retransmission SSRC.
    pub fid: Option<(u32, u32)>,
    /// `a=rtcp-rsize` (RFC 5506).
    pub reduced_size: bool,
}

/// One payload type of an m-line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// Payload type.
    pub number: u8,
    /// Its codec.
    pub codec: Codec,
    /// Payload type of its retransmissions (RFC 4588).
    pub rtx: Option<u8>,
    /// Payload type of packets that repeat earlier ones (RFC 2198).
    pub red: Option<u8>,
    /// Whether the peer would rather send these.
    pub prefers_red: bool,
    /// Its `a=fmtp` parameters.
    pub parameters: String,
    /// Feedback offered for it, as in `a=rtcp-fb` without the payload type.
    pub feedback: Vec<String>,
}

impl Payload {
    /// Whether `wanted` (such as `nack pli`) was offered.
    pub fn offers_feedback(&self, wanted: &str) -> bool {
        self.feedback.iter().any(|offered| offered == wanted)
    }
}

impl Offer {
    /// Reads an offer.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        if text.len() > MAX_OFFER_LEN {
            return Err(SdpError::TooLong);
        }
        let session = SessionDescription::unmarshal(&mut Cursor::new(text.as_bytes()))
            .map_err(|error| SdpError::Syntax(error.to_string()))?;
        if session.media_descriptions.is_empty() {
            return Err(SdpError::Missing("m="));
        }
        if session.media_descriptions.len() > MAX_MEDIA_LINES {
            return Err(SdpError::TooManyLines);
        }
        let lines = &session.media_descriptions;
        let attributes: usize = lines.iter().map(|line| line.attributes.len()).sum();
        let formats = lines.iter().map(|line| line.media_name.formats.len()).max().unwrap_or(0);
        if attributes + session.attributes.len() > MAX_ATTRIBUTES || formats > MAX_FORMATS {
            return Err(SdpError::TooManyLines);
        }
        let media: Vec<Media> = session.media_descriptions.iter().enumerate().map(|(i, m)| media_line(i, m)).collect();
        bundled(&session, &media)?;
        for (line, parsed) in session.media_descriptions.iter().zip(&media) {
            if parsed.kind != Kind::Other && !line.has_attribute("rtcp-mux") {
                return Err(SdpError::Missing("a=rtcp-mux"));
            }
        }
        Ok(Self {
            ice: Half {
                ufrag: required(&session, "ice-ufrag", "a=ice-ufrag")?,
                password: required(&session, "ice-pwd", "a=ice-pwd")?,
            },
            fingerprint: Fingerprint::parse(&required(&session, "fingerprint", "a=fingerprint")?)?,
            wants_us_active: match required(&session, "setup", "a=setup")?.as_str() {
                "actpass" | "active" => false,
                "passive" => true,
                other => return Err(unusable("a=setup", other)),
            },
            media,
        })
    }
}

impl Fingerprint {
    fn parse(text: &str) -> Result<Self, SdpError> {
        let refuse = || unusable("a=fingerprint", text);
        let (name, digits) = text.split_once(' ').ok_or_else(refuse)?;
        let (hash, len) = match name.to_ascii_lowercase().as_str() {
            "sha-256" => (Hash::Sha256, 32),
            "sha-384" => (Hash::Sha384, 48),
            "sha-512" => (Hash::Sha512, 64),
            _ => return Err(refuse()),
        };
        let value: Result<Vec<u8>, _> = digits.trim().split(':').map(|pair| u8::from_str_radix(pair, 16)).collect();
        let value = value.ok().filter(|value| value.len() == len).ok_or_else(refuse)?;
        Ok(Self { hash, value })
    }
}

fn unusable(attribute: &'static str, value: &str) -> SdpError {
    SdpError::Unusable { attribute, value: value.chars().take(QUOTED).collect() }
}

/// A transport attribute: in the first m-line that has it (all are bundled), else on session level.
fn required(session: &SessionDescription, key: &str, name: &'static str) -> Result<String, SdpError> {
    let in_media = session.media_descriptions.iter().find_map(|media| media.attribute(key).flatten());
    let value = in_media.or_else(|| session.attribute(key).map(String::as_str));
    value.filter(|value| !value.is_empty()).map(str::to_owned).ok_or(SdpError::Missing(name))
}

fn bundled(session: &SessionDescription, media: &[Media]) -> Result<(), SdpError> {
    if media.len() == 1 {
        return Ok(());
    }
    let group = session.attributes.iter().filter(|a| a.key == "group").filter_map(|a| a.value.as_deref());
    let bundle = group.filter_map(|value| value.strip_prefix("BUNDLE")).next().ok_or(SdpError::NotBundled)?;
    let has = |mid: &str| bundle.split_whitespace().any(|member| member == mid);
    if media.iter().all(|line| has(&line.mid)) { Ok(()) } else { Err(SdpError::NotBundled) }
}

fn media_line(index: usize, line: &MediaDescription) -> Media {
    let kind = match line.media_name.media.as_str() {
        "audio" => Kind::Audio,
        "video" => Kind::Video,
        _ => Kind::Other,
    };
    let direction = |name| line.has_attribute(name);
    // RFC 8866 section 6.7: sendrecv is the default.
    let (sendonly, recvonly, inactive) = (direction("sendonly"), direction("recvonly"), direction("inactive"));
    Media {
        kind,
        name: line.media_name.media.clone(),
        protocol: line.media_name.protos.join("/"),
        first_format: line.media_name.formats.first().cloned().unwrap_or_else(|| "0".into()),
        mid: line.attribute("mid").flatten().map_or_else(|| index.to_string(), str::to_owned),
        sends: !recvonly && !inactive,
        receives: !sendonly && !inactive,
        payloads: payloads(line),
        mid_extension: extension(line, MID_URI),
        twcc_extension: extension(line, TWCC_URI),
        rid_extension: extension(line, RID_URI),
        repaired_rid_extension: extension(line, REPAIRED_RID_URI),
        delay_extension: extension(line, playout_delay::URI),
        dependency_extension: extension(line, dependency::URI),
        rids: rids(line),
        ssrcs: ssrcs(line),
        fid: fid(line),
        reduced_size: direction("rtcp-rsize"),
    }
}

fn values<'l>(line: &'l MediaDescription, key: &'l str) -> impl Iterator<Item = &'l str> {
    line.attributes.iter().filter(move |a: &&Attribute| a.key == key).filter_map(|a| a.value.as_deref())
}

/// Ids 1 to 14: all that the one-byte form can carry (RFC 8285 section 4.2).
fn extension(line: &MediaDescription, uri: &str) -> Option<u8> {
    let id = values(line, "extmap").find_map(|value| {
        let mut words = value.split_whitespace();
        let id = words.next()?;
        (words.next()? == uri).then(|| id.split('/').next().unwrap_or(id).parse::<u8>().ok())?
    })?;
    (1..=14).contains(&id).then_some(id)
}

/// RFC 8853 section 5.1: `send` and a list of streams, each a list of alternatives of which the first is preferred; a tilde
/// before one says that it begins paused. A name counts where `a=rid` (RFC 8851) describes it.
fn rids(line: &MediaDescription) -> Vec<String> {
    let described = |name: &str| {
        values(line, "rid").any(|value| {
            let mut words = value.split_whitespace();
            words.next() == Some(name) && words.next() == Some("send")
        })
    };
    let named = values(line, "simulcast").flat_map(|value| {
        let mut words = value.split_whitespace();
        let sent = std::iter::from_fn(move || Some((words.next()?, words.next()?))).find(|(way, _)| *way == "send");
        sent.map_or("", |(_, list)| list).split(';')
    });
    let mut found: Vec<String> = Vec::new();
    for name in named.filter_map(|one| one.split(',').next()).map(|name| name.trim_start_matches('~')) {
        // RFC 8852 section 3: ASCII letters and digits; one or two names are no longer than the extension can carry.
        let usable = (1..=16).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if usable && described(name) && found.len() < MAX_LAYERS && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

fn ssrcs(line: &MediaDescription) -> Vec<u32> {
    let mut found = Vec::new();
    for ssrc in values(line, "ssrc").filter_map(|value| value.split_whitespace().next()?.parse().ok()) {
        if !found.contains(&ssrc) {
            found.push(ssrc);
        }
    }
    found
}

fn fid(line: &MediaDescription) -> Option<(u32, u32)> {
    values(line, "ssrc-group").find_map(|value| {
        let mut words = value.strip_prefix("FID ")?.split_whitespace();
        Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
    })
}

/// The value of `key` in semicolon-separated format parameters.
pub(super) fn parameter<'p>(parameters: &'p str, key: &str) -> Option<&'p str> {
    parameters.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case(key).then_some(value.trim())
    })
}

/// `(payload type, rest)` of the attributes named `key`.
fn by_payload<'l>(line: &'l MediaDescription, key: &'l str) -> impl Iterator<Item = (&'l str, &'l str)> {
    values(line, key).filter_map(|value| value.split_once(' ')).map(|(number, rest)| (number, rest.trim()))
}

fn payloads(line: &MediaDescription) -> Vec<Payload> {
    let mappings: HashMap<&str, &str> = by_payload(line, "rtpmap").collect();
    let parameters: HashMap<&str, &str> = by_payload(line, "fmtp").collect();
    let parameters = |number: &str| parameters.get(number).copied().unwrap_or("");
    let is_rtx = |number: &&String| {
        mappings.get(number.as_str()).is_some_and(|map| map.to_ascii_lowercase().starts_with("rtx/"))
    };
    let formats = &line.media_name.formats;
    let rtx: HashMap<&str, u8> = formats
        .iter()
        .filter(is_rtx)
        .filter_map(|number| Some((parameter(parameters(number), "apt")?, number.parse().ok()?)))
        .collect();
    // `a=fmtp:63 111/111`: of which payload type its blocks are (RFC 2198 section 5).
    let is_red =
        |number: &&String| mappings.get(number.as_str()).is_some_and(|map| map.eq_ignore_ascii_case("red/48000/2"));
    let red: HashMap<&str, u8> = formats
        .iter()
        .filter(is_red)
        .filter_map(|number| {
            let mut blocks = parameters(number).split('/');
            let first = blocks.next().filter(|first| !first.is_empty())?;
            blocks.all(|block| block == first).then_some((first, number.parse().ok().filter(|n| *n < 128)?))
        })
        .collect();
    let feedback = |number: &str| {
        let both = by_payload(line, "rtcp-fb").filter(|(n, _)| *n == number || *n == "*");
        both.map(|(_, rest)| rest.to_owned()).collect::<Vec<_>>()
    };
    let one = |number: &String| {
        let codec = codec(mappings.get(number.as_str())?, parameters(number))?;
        Some(Payload {
            number: number.parse().ok().filter(|n| *n < 128)?,
            codec,
            rtx: rtx.get(number.as_str()).copied(),
            red: red.get(number.as_str()).copied(),
            prefers_red: red.get(number.as_str()).is_some_and(|red| {
                let place = |number: &str| formats.iter().position(|format| format == number);
                place(&red.to_string()) < place(number)
            }),
            parameters: parameters(number).to_owned(),
            feedback: feedback(number),
        })
    };
    formats.iter().filter_map(one).collect()
}

fn codec(mapping: &str, parameters: &str) -> Option<Codec> {
    match mapping.to_ascii_lowercase().as_str() {
        "opus/48000/2" => Some(Codec::Opus),
        // RFC 9628 section 7.1: profile 0 is the default.
        "vp9/90000" if parameter(parameters, "profile-id").unwrap_or("0") == "0" => Some(Codec::Vp9),
        "vp8/90000" => Some(Codec::Vp8),
        "h264/90000" if parameter(parameters, "packetization-mode") == Some("1") => {
            h264_profile(parameter(parameters, "profile-level-id")).map(Codec::H264)
        }
        _ => None,
    }
}

/// RFC 6184 section 8.1: profile_idc, constraint flags, level; baseline when absent.
fn h264_profile(id: Option<&str>) -> Option<H264Profile> {
    let Some(id) = id else { return Some(H264Profile::Baseline) };
    let value = u32::from_str_radix(id, 16).ok().filter(|_| id.len() == 6)?;
    let constrained = value & 0x0000_4000 != 0;
    match value >> 16 {
        0x42 if constrained => Some(H264Profile::ConstrainedBaseline),
        0x42 => Some(H264Profile::Baseline),
        0x4d if value & 0x0000_8000 != 0 => Some(H264Profile::ConstrainedBaseline),
        0x4d => Some(H264Profile::Main),
        0x64 => Some(H264Profile::High),
        _ => None,
    }
}
