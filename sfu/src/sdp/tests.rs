//! Offers in, answers out.

use std::net::SocketAddr;

use rtc_sdp::description::session::SessionDescription;

use super::*;
use crate::{
    codec::{Codec, H264Profile},
    ice::Half,
    seats::{Feed, Slot, View},
};

const PRINT: &str = "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA";

fn head(mids: &str) -> String {
    format!(
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mids}\r\na=fingerprint:sha-256 {PRINT}\r\n"
    )
}

fn audio(mid: &str, direction: &str) -> String {
    format!(
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:secretsecretsecretsecr\r\n\
         a=setup:actpass\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n\
         a=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=ssrc:11 cname:x\r\n"
    )
}

fn video(mid: &str, direction: &str) -> String {
    format!(
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 102 103 104 105\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
         a=ice-pwd:secretsecretsecretsecr\r\na=setup:actpass\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n\
         a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
         a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
         a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
         a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n\
         a=rtpmap:102 H264/90000\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n\
         a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n\
         a=rtpmap:104 H264/90000\r\na=fmtp:104 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n\
         a=rtcp-fb:104 nack\r\na=rtcp-fb:104 nack pli\r\na=rtcp-fb:104 transport-cc\r\na=rtcp-fb:104 goog-remb\r\n\
         a=rtpmap:105 rtx/90000\r\na=fmtp:105 apt=104\r\na=ssrc-group:FID 21 22\r\na=ssrc:21 cname:x\r\na=ssrc:22 cname:x\r\n"
    )
}

fn with_local<T>(run: impl FnOnce(&mut Local<'_>) -> T) -> T {
    let address = SocketAddr::from(([127, 0, 0, 1], 8000));
    let candidates = [Protocol::Udp, Protocol::Tcp].map(|protocol| Candidate { protocol, address });
    let mut next = 100;
    let mut random = || {
        next += 1;
        next
    };
    run(&mut Local {
        ice: Half { ufrag: "us".into(), password: "our-password".into() },
        fingerprint: PRINT,
        candidates: &candidates,
        session: 7,
        random: &mut random,
    })
}

fn publish(text: &str, allow: impl Fn(Codec) -> bool) -> Result<Answer<PublishPlan>, SdpError> {
    let offer = Offer::parse(text)?;
    with_local(|local| answer_publisher(&offer, allow, local))
}

fn subscribe(text: &str, view: View) -> Result<Answer<SubscribePlan>, SdpError> {
    let offer = Offer::parse(text)?;
    with_local(|local| answer_subscriber(&offer, view, local))
}

#[test]
fn a_master_gets_voice_camera_and_screen() {
    let text = head("0 1 2") + &audio("0", "sendonly") + &video("1", "sendonly") + &video("2", "sendonly");
    let answer = publish(&text, |_| true).unwrap();
    let slots: Vec<Slot> = answer.plan.tracks.iter().map(|track| track.slot).collect();
    assert_eq!(slots, [Slot::Voice, Slot::Camera, Slot::Screen]);
    let camera = &answer.plan.tracks[1];
    assert_eq!(camera.codec, Codec::H264(H264Profile::ConstrainedBaseline));
    assert_eq!((camera.payload_type, camera.rtx_payload_type), (104, Some(105)));
    assert_eq!((camera.ssrc, camera.rtx_ssrc, camera.nack), (Some(21), Some(22), true));
    assert_eq!((answer.plan.twcc_extension, answer.plan.mid_extension), (Some(3), Some(4)));
    assert!(answer.sdp.contains("a=setup:passive\r\n") && answer.sdp.contains("a=rtcp-fb:104 transport-cc\r\n"));
    assert!(!answer.sdp.contains("goog-remb"));
    SessionDescription::unmarshal(&mut std::io::Cursor::new(answer.sdp.as_bytes())).unwrap();
}

#[test]
fn simulcast_is_taken_where_its_layers_can_be_told_apart() {
    let layers = "a=extmap:5 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n\
        a=extmap:6 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n\
        a=rid:q send\r\na=rid:h send max-width=640\r\na=rid:f send\r\na=rid:x recv\r\n\
        a=simulcast:recv x send q,alt;~h;f;x;q;unknown\r\n";
    let text = head("0 1 2") + &audio("0", "sendonly") + &video("1", "sendonly") + layers + &video("2", "sendonly");
    let answer = publish(&text, |_| true).unwrap();
    let tracks: Vec<_> = answer.plan.tracks.iter().map(|t| (t.slot, t.layer, t.rid.as_deref(), t.ssrc)).collect();
    let camera = |layer, rid| (Slot::Camera, layer, Some(rid), None);
    let expected = [camera(0, "q"), camera(1, "h"), camera(2, "f"), (Slot::Screen, 0, None, Some(21))];
    assert_eq!(tracks[1..], expected);
    assert!(answer.sdp.contains("a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;h;f\r\n"));
    assert_eq!((answer.plan.rid_extension, answer.plan.repaired_rid_extension), (Some(5), Some(6)));
    let nameless = text.replace("rtp-stream-id", "something-else");
    assert_eq!(publish(&nameless, |_| true).unwrap().plan.tracks.len(), 3, "without names there is but one");
    assert!(!publish(&nameless, |_| true).unwrap().sdp.contains("simulcast"));
}

#[test]
fn a_publishers_pictures_may_tell_their_layers_in_a_header_extension() {
    let described = format!("a=extmap:8 {}\r\n", crate::dependency::URI);
    let text = head("0 1 2") + &audio("0", "sendonly") + &described + &video("1", "sendonly") + &video("2", "sendonly");
    let answer = publish(&text, |_| true).unwrap();
    assert_eq!(answer.plan.dependency_extension, None, "a voice has none");
    assert!(!answer.sdp.contains("dependency"));
    let answer = publish(&(text + &described), |_| true).unwrap();
    assert_eq!(answer.plan.dependency_extension, Some(8));
    let sections: Vec<bool> = answer.sdp.split("m=").skip(1).map(|line| line.contains(&described)).collect();
    assert_eq!(sections, [false, false, true], "each m-line is answered for itself");
    let text = head("1") + &video("1", "recvonly") + &described;
    assert!(!subscribe(&text, View::Class).unwrap().sdp.contains("dependency"), "a receiver is sent none");
}

#[test]
fn repeated_voices_are_taken_and_sent_under_the_type_that_was_offered_for_opus() {
    let text = head("0") + &audio("0", "sendonly");
    let red = text.clone() + "a=fmtp:63 111/111\r\na=rtcp-fb:111 nack\r\n";
    let answer = publish(&red, |_| true).unwrap();
    assert!(answer.sdp.contains("m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\n"));
    let first = publish(&red.replace("SAVPF 111 63", "SAVPF 63 111"), |_| true).unwrap();
    assert!(first.sdp.contains("m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n"), "a sender that prefers it sends it");
    assert!(answer.sdp.contains("a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"));
    assert_eq!((answer.plan.tracks[0].red_payload_type, answer.plan.tracks[0].nack), (Some(63), true));
    let other = text + "a=fmtp:63 9/111\r\n";
    assert_eq!(publish(&other, |_| true).unwrap().plan.tracks[0].red_payload_type, None, "of something else");
    let answer = subscribe(&red.replace("sendonly", "recvonly"), View::Class).unwrap();
    let payload = answer.plan.lines[0].payloads[0];
    assert_eq!((payload.red, payload.is_sent_again_in_place()), (Some(63), true));
}

#[test]
fn a_second_voice_is_the_first_once_more_and_a_third_is_nobodys() {
    let text = head("0 1 2") + &audio("0", "sendonly") + &audio("1", "sendonly") + &audio("2", "sendonly");
    let answer = publish(&text, |_| true).unwrap();
    let voices: Vec<_> = answer.plan.tracks.iter().map(|track| (track.slot, track.layer)).collect();
    assert_eq!(voices, [(Slot::Voice, 0), (Slot::Voice, 1)]);
}

#[test]
fn the_lessons_codec_rules_what_a_publisher_may_send() {
    let text = head("0 1") + &audio("0", "sendonly") + &video("1", "sendonly");
    let answer = publish(&text, |codec| codec == Codec::Vp9).unwrap();
    assert_eq!(answer.plan.tracks[1].codec, Codec::Vp9);
    let none = publish(&(head("1") + &video("1", "sendonly")), |_| false);
    assert_eq!(none, Err(SdpError::NoCommonCodec));
}

#[test]
fn a_passive_offer_makes_us_the_dtls_client() {
    let text = (head("0") + &audio("0", "sendonly")).replace("actpass", "passive");
    let answer = publish(&text, |_| true).unwrap();
    assert!(answer.plan.transport.active);
    assert!(answer.sdp.contains("a=setup:active\r\n"));
}

#[test]
fn a_sender_that_can_is_asked_for_stereo() {
    let mono = head("0") + &audio("0", "sendonly");
    let stereo = mono.replace("useinbandfec=1", "useinbandfec=1;stereo=1;sprop-stereo=1");
    assert!(!publish(&mono, |_| true).unwrap().sdp.contains("stereo=1"));
    assert!(
        publish(&stereo, |_| true)
            .unwrap()
            .sdp
            .contains("a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=96000\r\n")
    );
}

#[test]
fn a_plain_player_gets_voice_and_programme_with_every_codec_it_takes() {
    let text = head("0 1") + &audio("0", "recvonly") + &video("1", "recvonly");
    let answer = subscribe(&text, View::Class).unwrap();
    let feeds: Vec<Feed> = answer.plan.lines.iter().map(|line| line.feed).collect();
    assert_eq!(feeds, [Feed::LeadVoice, Feed::Programme]);
    let numbers: Vec<u8> = answer.plan.lines[1].payloads.iter().map(|payload| payload.number).collect();
    assert_eq!(numbers, [104, 102, 98, 96]);
    assert!(answer.sdp.contains("m=video 9 UDP/TLS/RTP/SAVPF 104 105 102 103 98 99 96 97\r\n"));
    assert!(answer.sdp.contains("a=ssrc-group:FID "));
    SessionDescription::unmarshal(&mut std::io::Cursor::new(answer.sdp.as_bytes())).unwrap();
}

#[test]
fn a_data_channel_is_rejected_and_the_rest_goes_on() {
    let data =
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sctp-port:5000\r\n";
    let answer = publish(&(head("0 1") + &audio("0", "sendonly") + data), |_| true).unwrap();
    assert!(answer.sdp.contains("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
    assert!(answer.sdp.contains("a=group:BUNDLE 0\r\n"));
}

#[test]
fn what_is_missing_is_named() {
    let good = head("0 1") + &audio("0", "sendonly") + &video("1", "sendonly");
    let rows: [(&str, &str, &str); 7] = [
        ("a=ice-ufrag:abcd\r\n", "", "a=ice-ufrag"),
        ("a=ice-pwd:secretsecretsecretsecr\r\n", "", "a=ice-pwd"),
        ("a=rtcp-mux\r\n", "", "a=rtcp-mux"),
        ("a=group:BUNDLE 0 1\r\n", "", "a=group:BUNDLE"),
        ("a=group:BUNDLE 0 1\r\n", "a=group:BUNDLE 0\r\n", "a=group:BUNDLE"),
        ("a=setup:actpass\r\n", "a=setup:holdconn\r\n", "a=setup"),
        ("sha-256", "sha-1", "a=fingerprint"),
    ];
    for (from, to, field) in rows {
        let error = publish(&good.replace(from, to), |_| true).unwrap_err();
        assert_eq!(error.field(), field, "{from:?} -> {to:?}: {error}");
    }
    assert_eq!(Offer::parse("hello").unwrap_err().field(), "body");
    assert_eq!(Offer::parse("").unwrap_err().field(), "body");
    assert_eq!(Offer::parse(&head("0")).unwrap_err().field(), "m=");
}

#[test]
fn a_wrong_direction_is_refused() {
    let error = publish(&(head("0") + &audio("0", "recvonly")), |_| true).unwrap_err();
    assert_eq!(error, SdpError::Direction { mid: "0".into(), expected: "sendonly" });
    let error = subscribe(&(head("0") + &audio("0", "sendonly")), View::Class).unwrap_err();
    assert_eq!(error, SdpError::Direction { mid: "0".into(), expected: "recvonly" });
}

#[test]
fn an_offer_without_mids_is_numbered() {
    let text = (head("0 1") + &audio("0", "sendonly") + &video("1", "sendonly"))
        .replace("a=mid:0\r\n", "")
        .replace("a=mid:1\r\n", "");
    let answer = publish(&text, |_| true).unwrap();
    assert_eq!(answer.plan.tracks[1].mid, "1");
}

#[test]
fn a_fragment_tells_the_credentials() {
    let text = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n";
    assert_eq!(Fragment::parse(text).unwrap().ice.ufrag, "EsAw");
    assert_eq!(Fragment::parse("a=mid:0").unwrap_err().field(), "a=ice-ufrag");
    let answer = with_local(|local| restart_answer(local));
    assert!(answer.contains("a=ice-ufrag:us\r\n") && answer.contains(" 127.0.0.1 8000 typ host\r\n"));
}
