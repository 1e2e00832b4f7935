//! WHIP: publishing into a lesson (RFC 9725).

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use protocol::message::VideoCodec;
use sfu::{
    codec::Codec,
    command::{CloseReason, Command, Event},
    relay::ShardId,
    sdp::{Kind, Offer, answer_publisher},
};

use super::{
    App,
    auth::Bearer,
    problem::Problem,
    sessions::{Opened, lesson_id, offer, unusable},
};

/// POST `/whip/{lesson}`.
pub async fn publish(
    State(app): State<App>,
    Bearer(person): Bearer,
    Path(lesson): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let lesson = lesson_id(&lesson)?;
    let offer = offer(&headers, &body)?;
    let media = app.media();
    // An offer that cannot be answered whatever the codec must not cost the seat's holder the seat.
    media
        .with_local(ShardId(0), media.credentials(ShardId(0)), |local| answer_publisher(&offer, |_| true, local))
        .map_err(unusable)?;
    let peer = media.next_peer();
    let admission = app.lessons().admit_publisher(&lesson, &person, peer, &offered(&offer)).await?;
    let allowed = |codec| admission.video_codec.is_some() && video_codec(codec) == admission.video_codec;
    let shard = media.place_publisher(admission.lesson_key, peer);
    let answered = media.with_local(shard, media.credentials(shard), |local| answer_publisher(&offer, allowed, local));
    let answer = match answered {
        Ok(answer) => answer,
        Err(error) => {
            media.closed(peer);
            let withdrawn = Event::Closed { peer, reason: CloseReason::Asked };
            app.lessons().peer_event(admission.lesson_key, withdrawn).await;
            return Err(unusable(error));
        }
    };
    let credentials = answer.plan.transport.credentials.clone();
    let opened = Opened { protocol: "whip", lesson: &lesson, person: &person, peer, credentials, sdp: answer.sdp };
    // Kept before the shard knows it: its end may be told at once.
    let response = app.open_session(opened);
    media.send(Command::Publish {
        peer,
        lesson: admission.lesson_key,
        participant: admission.participant_key,
        plan: answer.plan,
    });
    Ok(response)
}

/// The codecs the offer's first video m-line could send, in its order.
fn offered(offer: &Offer) -> Vec<VideoCodec> {
    let mut codecs = Vec::new();
    let video = offer.media.iter().find(|media| media.kind == Kind::Video);
    for codec in video.iter().flat_map(|media| &media.payloads).filter_map(|payload| video_codec(payload.codec)) {
        if !codecs.contains(&codec) {
            codecs.push(codec);
        }
    }
    codecs
}

fn video_codec(codec: Codec) -> Option<VideoCodec> {
    match codec {
        Codec::Opus => None,
        Codec::H264(_) => Some(VideoCodec::H264),
        Codec::Vp9 => Some(VideoCodec::Vp9),
        Codec::Vp8 => Some(VideoCodec::Vp8),
    }
}
