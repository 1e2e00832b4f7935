//! How messages look on the wire. Pages of an older version may still be open: what is here does not change.
#![allow(clippy::unwrap_used, reason = "test code outside test functions")]

use protocol::{
    ClientMessage, ParticipantId, ServerMessage,
    line::{LineProtocol, LineReport},
    message::{PictureGiven, PictureShown, VideoCodec},
};

fn report() -> LineReport {
    LineReport {
        rtt_ms: Some(80),
        up_kbps: Some(310),
        down_kbps: Some(1200),
        up_lost_permille: Some(4),
        down_lost_permille: Some(21),
        jitter_ms: Some(9),
        frozen_ms: 120,
        concealed_permille: Some(0),
        protocol: Some(LineProtocol::Udp),
        width: 1280,
        height: 720,
        fps: 25,
        codec: Some(VideoCodec::H264),
    }
}

#[test]
fn what_clients_say_of_their_line_is_read_as_it_always_was() {
    let rows = [
        (
            r#"{"type":"shows","pictures":[{"width":1920,"height":1080},{"width":0,"height":0}]}"#,
            ClientMessage::Shows {
                pictures: vec![PictureShown { width: 1920, height: 1080 }, PictureShown { width: 0, height: 0 }],
            },
        ),
        (
            r#"{"type":"line","report":{"rtt_ms":80,"up_kbps":310,"down_kbps":1200,"up_lost_permille":4,"down_lost_permille":21,"jitter_ms":9,"frozen_ms":120,"concealed_permille":0,"protocol":"udp","width":1280,"height":720,"fps":25,"codec":"h264"}}"#,
            ClientMessage::Line { report: report() },
        ),
    ];
    for (json, message) in rows {
        assert_eq!(serde_json::from_str::<ClientMessage>(json).unwrap(), message);
        assert_eq!(serde_json::to_string(&message).unwrap(), json);
    }
}

#[test]
fn what_clients_are_told_of_their_line_is_written_as_it_always_was() {
    use PictureGiven::{Slower, Smaller, Stills, Whole, Withheld};
    let pictures = vec![Withheld, Stills, Slower, Smaller, Whole];
    let unmeasured = LineReport { protocol: Some(LineProtocol::Tcp), ..LineReport::default() };
    let rows = [
        (
            ServerMessage::PicturesChanged { pictures },
            r#"{"type":"pictures_changed","pictures":["withheld","stills","slower","smaller","whole"]}"#,
        ),
        (
            ServerMessage::LineReported { participant: ParticipantId::parse("point-1").unwrap(), report: unmeasured },
            r#"{"type":"line_reported","participant":"point-1","report":{"rtt_ms":null,"up_kbps":null,"down_kbps":null,"up_lost_permille":null,"down_lost_permille":null,"jitter_ms":null,"frozen_ms":0,"concealed_permille":null,"protocol":"tcp","width":0,"height":0,"fps":0,"codec":null}}"#,
        ),
    ];
    for (message, json) in rows {
        assert_eq!(serde_json::to_string(&message).unwrap(), json);
    }
}

#[test]
fn sizes_that_are_no_sizes_are_malformed() {
    for json in [
        r#"{"type":"shows"}"#,
        r#"{"type":"shows","pictures":[{"width":-1,"height":0}]}"#,
        r#"{"type":"shows","pictures":[{"width":65536,"height":0}]}"#,
        r#"{"type":"shows","pictures":[{"width":1.5,"height":0}]}"#,
        r#"{"type":"shows","pictures":[{"width":1,"height":1,"depth":1}]}"#,
    ] {
        assert!(serde_json::from_str::<ClientMessage>(json).is_err(), "{json}");
    }
}

#[test]
fn what_a_page_measures_is_taken_within_its_ranges() {
    assert_eq!(report().bounded(), report());
    let most = LineReport {
        rtt_ms: Some(u32::MAX),
        up_lost_permille: Some(u32::MAX),
        frozen_ms: u32::MAX,
        width: u32::MAX,
        fps: u32::MAX,
        ..report()
    };
    let bounded = most.bounded();
    assert_eq!((bounded.rtt_ms, bounded.up_lost_permille, bounded.frozen_ms), (Some(60_000), Some(1000), 60_000));
    assert_eq!((bounded.width, bounded.fps), (16_384, 240));
}
