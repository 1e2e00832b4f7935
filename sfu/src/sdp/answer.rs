//! Writing answers.

use std::fmt::Write;

use super::{
    Candidate, Kind, Media, Offer, Payload, PublishPlan, PublishTrack, SdpError, SubscribeLine, SubscribePayload,
    SubscribePlan, TransportPlan,
    candidate::write_candidates,
    offer::{MID_URI, REPAIRED_RID_URI, RID_URI, TWCC_URI, parameter},
};
use crate::{
    codec::{Codec, H264Profile},
    dependency,
    ice::{Credentials, Half},
    playout_delay,
    seats::{Feed, Slot, View, feeds},
};

// Writing to a String cannot fail; `push` keeps that out of the callers.
macro_rules! push {
    ($out:expr, $($line:tt)*) => {{
        let _ = write!($out, $($line)*);
        $out.push_str("\r\n");
    }};
}

/// Our side of a session, and the chance it needs.
pub struct Local<'a> {
    /// Our ICE credentials for it.
    pub ice: Half,
    /// SHA-256 fingerprint of our certificate, as in `a=fingerprint`.
    pub fingerprint: &'a str,
    /// Where media is received.
    pub candidates: &'a [Candidate],
    /// Number for the `o=` line and CNAME.
    pub session: u64,
    /// A source of random numbers.
    pub random: &'a mut dyn FnMut() -> u32,
}

/// An answer and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<P> {
    /// The SDP to send back.
    pub sdp: String,
    /// What the shard must know.
    pub plan: P,
}

/// Answers a WHIP offer. `video` is the lesson's codec for camera and screen; without one the publisher's best is taken.
///
/// The first audio m-line becomes the voice and the second the same once more, the first video the camera, the second video the screen; the rest is rejected.
pub fn answer_publisher(
    offer: &Offer,
    video: impl Fn(Codec) -> bool,
    local: &mut Local<'_>,
) -> Result<Answer<PublishPlan>, SdpError> {
    let mut slots = Slots::default();
    let mut chosen: Vec<Option<((Slot, u8), &Payload)>> = Vec::new();
    for media in &offer.media {
        let payload =
            media.payloads.iter().filter(|p| !p.codec.is_video() || video(p.codec)).min_by_key(|p| rank(p.codec));
        let slot = slots.next(media.kind);
        chosen.push(slot.zip(payload));
        if slot.is_some() && !media.sends {
            return Err(SdpError::Direction { mid: media.mid.clone(), expected: "sendonly" });
        }
    }
    if chosen.iter().all(Option::is_none) {
        return Err(SdpError::NoCommonCodec);
    }
    let mut sdp = session_lines(offer, local, chosen.iter().map(Option::is_some));
    let mut tracks = Vec::new();
    for (media, chosen) in offer.media.iter().zip(&chosen) {
        match chosen {
            Some((slot, payload)) => {
                write_media_head(&mut sdp, media, offer, local, "recvonly", &[payload]);
                write_extensions(&mut sdp, media);
                write_payload(&mut sdp, payload, true, "goog-remb");
                write_simulcast(&mut sdp, media);
                tracks.extend(publish_tracks(*slot, media, payload));
            }
            None => write_rejected(&mut sdp, media),
        }
    }
    let plan = PublishPlan {
        transport: transport(offer, local),
        tracks,
        mid_extension: offer.media.iter().find_map(|media| media.mid_extension),
        twcc_extension: offer.media.iter().find_map(|media| media.twcc_extension),
        rid_extension: offer.media.iter().find_map(|media| media.rid_extension),
        repaired_rid_extension: offer.media.iter().find_map(|media| media.repaired_rid_extension),
        dependency_extension: offer.media.iter().find_map(dependency_extension),
        reporter_ssrc: (local.random)(),
    };
    Ok(Answer { sdp, plan })
}

/// Answers a WHEP offer from a receiver with the given view.
pub fn answer_subscriber(offer: &Offer, view: View, local: &mut Local<'_>) -> Result<Answer<SubscribePlan>, SdpError> {
    let count = |kind| offer.media.iter().filter(|media| media.kind == kind).count();
    let (audio, video) = feeds(view, count(Kind::Audio), count(Kind::Video));
    let (mut audio, mut video) = (audio.into_iter(), video.into_iter());
    let mut chosen: Vec<Option<(Feed, Vec<&Payload>)>> = Vec::new();
    for media in &offer.media {
        let feed = match media.kind {
            Kind::Audio => audio.next(),
            Kind::Video => video.next(),
            Kind::Other => None,
        };
        if feed.is_some() && !media.receives {
            return Err(SdpError::Direction { mid: media.mid.clone(), expected: "recvonly" });
        }
        let payloads = one_of_each(&media.payloads);
        chosen.push(feed.zip((!payloads.is_empty()).then_some(payloads)));
    }
    if chosen.iter().all(Option::is_none) {
        return Err(SdpError::NoCommonCodec);
    }
    let cname = format!("tongke-{:x}", local.session);
    let mut sdp = session_lines(offer, local, chosen.iter().map(Option::is_some));
    let mut lines = Vec::new();
    for (media, chosen) in offer.media.iter().zip(chosen) {
        match chosen {
            Some((feed, payloads)) => {
                write_media_head(&mut sdp, media, offer, local, "sendonly", &payloads);
                let line = subscribe_line(feed, media, &payloads, local);
                if let Some(id) = line.twcc_extension {
                    push!(sdp, "a=extmap:{id} {TWCC_URI}");
                }
                if let Some(id) = line.delay_extension {
                    push!(sdp, "a=extmap:{id} {}", playout_delay::URI);
                }
                let unused = if line.twcc_extension.is_some() { "goog-remb" } else { "transport-cc" };
                payloads.iter().for_each(|payload| write_payload(&mut sdp, payload, false, unused));
                write_sources(&mut sdp, &line, &cname);
                lines.push(line);
            }
            None => write_rejected(&mut sdp, media),
        }
    }
    Ok(Answer { sdp, plan: SubscribePlan { transport: transport(offer, local), lines, cname } })
}

/// Gives out a publisher's seats in m-line order.
#[derive(Default)]
struct Slots {
    audio: usize,
    video: usize,
}

impl Slots {
    /// The seat of the next m-line of a kind, and which of its layers it is. A second audio m-line is the same voice once
    /// more, thin: music is sent so for lines that do not carry it.
    fn next(&mut self, kind: Kind) -> Option<(Slot, u8)> {
        let (counter, slots): (_, &[(Slot, u8)]) = match kind {
            Kind::Audio => (&mut self.audio, &[(Slot::Voice, 0), (Slot::Voice, 1)]),
            Kind::Video => (&mut self.video, &[(Slot::Camera, 0), (Slot::Screen, 0)]),
            Kind::Other => return None,
        };
        *counter += 1;
        slots.get(*counter - 1).copied()
    }
}

/// Order of preference among what one m-line offers.
fn rank(codec: Codec) -> u8 {
    match codec {
        Codec::Opus => 0,
        Codec::H264(H264Profile::ConstrainedBaseline) => 1,
        Codec::H264(H264Profile::Baseline) => 2,
        Codec::H264(H264Profile::Main) => 3,
        Codec::H264(H264Profile::High) => 4,
        Codec::Vp9 => 5,
        Codec::Vp8 => 6,
    }
}

/// The first payload type of each codec.
fn one_of_each(payloads: &[Payload]) -> Vec<&Payload> {
    let mut kept: Vec<&Payload> = Vec::new();
    for payload in payloads {
        if kept.iter().all(|known| known.codec != payload.codec) {
            kept.push(payload);
        }
    }
    kept.sort_by_key(|payload| rank(payload.codec));
    kept
}

fn transport(offer: &Offer, local: &Local<'_>) -> TransportPlan {
    TransportPlan {
        credentials: Credentials { local: local.ice.clone(), remote: offer.ice.clone() },
        fingerprint: offer.fingerprint.clone(),
        active: offer.wants_us_active,
    }
}

/// The streams of one m-line: one, or one for each simulcast layer.
fn publish_tracks((slot, layer): (Slot, u8), media: &Media, payload: &Payload) -> Vec<PublishTrack> {
    let track = |layer: usize, rid: Option<&String>| PublishTrack {
        slot,
        layer: layer as u8,
        mid: media.mid.clone(),
        rid: rid.cloned(),
        codec: payload.codec,
        payload_type: payload.number,
        rtx_payload_type: payload.rtx,
        red_payload_type: payload.red,
        // Simulcast streams are told apart by RID; SSRCs announced beside it would be those of some one of them.
        ssrc: media.fid.map(|(ssrc, _)| ssrc).or_else(|| media.ssrcs.first().copied()).filter(|_| rid.is_none()),
        rtx_ssrc: media.fid.map(|(_, rtx)| rtx).filter(|_| rid.is_none()),
        nack: payload.offers_feedback("nack"),
    };
    if is_simulcast(media) {
        media.rids.iter().enumerate().map(|(layer, rid)| track(layer, Some(rid))).collect()
    } else {
        vec![track(usize::from(layer), None)]
    }
}

/// Whether its layers can be told apart: by RID, which needs its extension.
fn is_simulcast(media: &Media) -> bool {
    media.rids.len() > 1 && media.rid_extension.is_some()
}

fn write_simulcast(out: &mut String, media: &Media) {
    if is_simulcast(media) {
        media.rids.iter().for_each(|rid| push!(out, "a=rid:{rid} recv"));
        push!(out, "a=simulcast:recv {}", media.rids.join(";"));
    }
}

fn subscribe_line(feed: Feed, media: &Media, payloads: &[&Payload], local: &mut Local<'_>) -> SubscribeLine {
    let plan = |payload: &&Payload| {
        let nack = payload.offers_feedback("nack");
        SubscribePayload { codec: payload.codec, number: payload.number, rtx: payload.rtx, red: payload.red, nack }
    };
    let reports = payloads.iter().any(|payload| payload.offers_feedback("transport-cc"));
    let payloads: Vec<SubscribePayload> = payloads.iter().map(plan).collect();
    // A picture sent again in place must be what it was, and a number would be another; of a voice it is remembered.
    let is_audio = media.kind == Kind::Audio;
    let in_place = !is_audio && payloads.iter().any(SubscribePayload::is_sent_again_in_place);
    SubscribeLine {
        feed,
        audio: is_audio,
        delay_extension: media.delay_extension.filter(|_| !is_audio && !in_place),
        twcc_extension: media.twcc_extension.filter(|_| reports && !in_place),
        ssrc: (local.random)(),
        rtx_ssrc: (local.random)(),
        payloads,
        // RFC 3711 section 3.3.1: a start in the lower half keeps the first packets from being guessed a rollover late.
        first_sequence: ((local.random)() & 0x7fff) as u16,
        first_timestamp: (local.random)(),
    }
}

fn session_lines(offer: &Offer, local: &Local<'_>, accepted: impl Iterator<Item = bool>) -> String {
    let mut out = String::with_capacity(4096);
    push!(out, "v=0");
    push!(out, "o=- {} 1 IN IP4 0.0.0.0", local.session);
    push!(out, "s=-");
    push!(out, "t=0 0");
    let mids: Vec<&str> = offer
        .media
        .iter()
        .zip(accepted)
        .filter(|(_, accepted)| *accepted)
        .map(|(media, _)| media.mid.as_str())
        .collect();
    push!(out, "a=group:BUNDLE {}", mids.join(" "));
    push!(out, "a=ice-lite");
    push!(out, "a=extmap-allow-mixed");
    push!(out, "a=msid-semantic: WMS *");
    out
}

fn write_media_head(
    out: &mut String,
    media: &Media,
    offer: &Offer,
    local: &Local<'_>,
    direction: &str,
    payloads: &[&Payload],
) {
    // A sender takes the first for its own choice: whether its voice repeats itself is for it to say.
    let order = |p: &&&Payload| {
        if p.prefers_red { [p.red, Some(p.number), p.rtx] } else { [Some(p.number), p.red, p.rtx] }
    };
    let numbers: Vec<String> =
        payloads.iter().flat_map(|p| order(&p)).flatten().map(|number| number.to_string()).collect();
    push!(out, "m={} 9 {} {}", media.name, media.protocol, numbers.join(" "));
    push!(out, "c=IN IP4 0.0.0.0");
    push!(out, "a=rtcp:9 IN IP4 0.0.0.0");
    push!(out, "a=ice-ufrag:{}", local.ice.ufrag);
    push!(out, "a=ice-pwd:{}", local.ice.password);
    push!(out, "a=fingerprint:sha-256 {}", local.fingerprint);
    push!(out, "a=setup:{}", if offer.wants_us_active { "active" } else { "passive" });
    push!(out, "a=mid:{}", media.mid);
    push!(out, "a={direction}");
    push!(out, "a=rtcp-mux");
    if media.reduced_size {
        push!(out, "a=rtcp-rsize");
    }
    write_candidates(out, local.candidates);
}

/// Pictures have layers; whatever an offer says, voices have none.
fn dependency_extension(media: &Media) -> Option<u8> {
    media.dependency_extension.filter(|_| media.kind == Kind::Video)
}

fn write_extensions(out: &mut String, media: &Media) {
    let rid = media.rid_extension.filter(|_| is_simulcast(media));
    let repaired_rid = media.repaired_rid_extension.filter(|_| is_simulcast(media));
    let offered = [
        (media.mid_extension, MID_URI),
        (media.twcc_extension, TWCC_URI),
        (rid, RID_URI),
        (repaired_rid, REPAIRED_RID_URI),
        (dependency_extension(media), dependency::URI),
    ];
    for (id, uri) in offered {
        if let Some(id) = id {
            push!(out, "a=extmap:{id} {uri}");
        }
    }
}

/// `unused` is the one of the two ways to tell a rate that this line does without.
fn write_payload(out: &mut String, payload: &Payload, publisher: bool, unused: &str) {
    let number = payload.number;
    let name = match payload.codec {
        Codec::Opus => "opus/48000/2",
        Codec::H264(_) => "H264/90000",
        Codec::Vp9 => "VP9/90000",
        Codec::Vp8 => "VP8/90000",
    };
    push!(out, "a=rtpmap:{number} {name}");
    for feedback in ["nack", "nack pli", "ccm fir", "transport-cc", "goog-remb"] {
        if feedback != unused && payload.offers_feedback(feedback) {
            push!(out, "a=rtcp-fb:{number} {feedback}");
        }
    }
    let parameters = match payload.codec {
        // Music: a sender follows the answer's `stereo` (RFC 7587 section 6.1), so say yes where it can.
        Codec::Opus if publisher && parameter(&payload.parameters, "sprop-stereo") == Some("1") => {
            "minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=96000"
        }
        // Speech that the thinnest line still carries.
        Codec::Opus if publisher => "minptime=10;useinbandfec=1;maxaveragebitrate=24000",
        Codec::Opus => "minptime=10;useinbandfec=1",
        _ => payload.parameters.as_str(),
    };
    if !parameters.is_empty() {
        push!(out, "a=fmtp:{number} {parameters}");
    }
    if let Some(red) = payload.red {
        push!(out, "a=rtpmap:{red} red/48000/2");
        push!(out, "a=fmtp:{red} {number}/{number}");
    }
    if let Some(rtx) = payload.rtx {
        push!(out, "a=rtpmap:{rtx} rtx/90000");
        push!(out, "a=fmtp:{rtx} apt={number}");
    }
}

/// Voice and picture of one seat share an msid: that is what a receiver synchronises.
fn stream_of(feed: Feed) -> String {
    match feed {
        Feed::LeadVoice | Feed::LeadCamera | Feed::Programme => "lead".into(),
        Feed::LeadScreen => "screen".into(),
        Feed::FloorVoice(n) | Feed::FloorCamera(n) => format!("floor-{n}"),
        Feed::Wall(n) => format!("wall-{n}"),
        Feed::Unused => "-".into(),
    }
}

fn write_sources(out: &mut String, line: &SubscribeLine, cname: &str) {
    let (stream, kind) = (stream_of(line.feed), if line.audio { "voice" } else { "picture" });
    push!(out, "a=msid:{stream} {stream}-{kind}");
    let with_rtx = line.payloads.iter().any(|payload| payload.rtx.is_some());
    if with_rtx {
        push!(out, "a=ssrc-group:FID {} {}", line.ssrc, line.rtx_ssrc);
    }
    push!(out, "a=ssrc:{} cname:{cname}", line.ssrc);
    if with_rtx {
        push!(out, "a=ssrc:{} cname:{cname}", line.rtx_ssrc);
    }
}

fn write_rejected(out: &mut String, media: &Media) {
    push!(out, "m={} 0 {} {}", media.name, media.protocol, media.first_format);
    push!(out, "c=IN IP4 0.0.0.0");
    push!(out, "a=mid:{}", media.mid);
    push!(out, "a=inactive");
}
