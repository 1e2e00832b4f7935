//! A bot that publishes one voice and one picture.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use bytes::Bytes;
use rtc::{
    media_stream::MediaStreamTrack,
    rtp::{Header, Packet},
    rtp_transceiver::rtp_sender::{RTCRtpCodingParameters, RTCRtpEncodingParameters},
};
use tokio::time::{MissedTickBehavior, interval};
use webrtc::media_stream::track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP};

use crate::{
    Endpoint, Kind,
    connection::{Session, Unoffered, codec, codec_kind},
    payload,
};

/// One Opus packet.
const VOICE_EVERY: Duration = Duration::from_millis(20);
/// A picture every other voice packet: 25 a second.
const PICTURE_EVERY_NTH_VOICE: u32 = 2;
/// Pictures between key frames.
const KEY_EVERY: u32 = 25;

/// A bot that publishes.
pub struct Publisher {
    session: Session,
    voice: Track,
    picture: Track,
}

/// How many packets were sent: their numbers are 0 to this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Of the voice.
    pub voice: u32,
    /// Of the picture.
    pub picture: u32,
}

struct Track {
    local: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    payload_type: u8,
    sent: u32,
}

impl Publisher {
    /// Offers a voice and a picture at a WHIP endpoint, and waits until they can flow.
    pub async fn connect(endpoint: Endpoint) -> Result<Self> {
        let unoffered = Unoffered::new(Box::new(|_| {})).await?;
        let (voice, picture) = (Track::new(Kind::Voice, 0x0b07_0001), Track::new(Kind::Picture, 0x0b07_0002));
        for track in [&voice, &picture] {
            unoffered.connection.add_track(Arc::clone(&track.local) as Arc<dyn TrackLocal>).await?;
        }
        Ok(Self { session: unoffered.connect(endpoint).await?, voice, picture })
    }

    /// Sends packets as a lesson would for `length`.
    pub async fn publish(&mut self, length: Duration) -> Result<Published> {
        let mut ticks = interval(VOICE_EVERY);
        // A machine that was busy is not to be flooded with all that was late.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let voices = (length.as_millis() / VOICE_EVERY.as_millis()) as u32;
        for voice in 0..voices {
            ticks.tick().await;
            self.voice.send(vec![payload::voice(self.voice.sent)], voice * 960).await?;
            if voice.is_multiple_of(PICTURE_EVERY_NTH_VOICE) {
                let picture = voice / PICTURE_EVERY_NTH_VOICE;
                let frame = payload::frame(picture.is_multiple_of(KEY_EVERY), self.picture.sent);
                self.picture.send(frame, picture * 3_600).await?;
            }
        }
        Ok(Published { voice: self.voice.sent, picture: self.picture.sent })
    }

    /// Ends the session.
    pub async fn end(self) -> Result<()> {
        self.session.end().await
    }
}

impl Track {
    fn new(kind: Kind, ssrc: u32) -> Self {
        let codec = codec(kind);
        let coding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
            codec: codec.rtp_codec,
            ..Default::default()
        };
        let name = format!("{kind:?}");
        let track = MediaStreamTrack::new("bot".into(), name.clone(), name, codec_kind(kind), vec![coding]);
        let local = Arc::new(TrackLocalStaticRTP::new(track));
        Self { local, ssrc, payload_type: codec.payload_type, sent: 0 }
    }

    /// Sends the packets of one frame.
    async fn send(&mut self, payloads: Vec<Bytes>, timestamp: u32) -> Result<()> {
        let last = payloads.len() - 1;
        for (i, payload) in payloads.into_iter().enumerate() {
            let header = Header {
                version: 2,
                // Close to the wrap, so that every run crosses it.
                sequence_number: 65_500u16.wrapping_add(self.sent as u16),
                marker: i == last,
                payload_type: self.payload_type,
                ssrc: self.ssrc,
                timestamp,
                ..Default::default()
            };
            self.local.write_rtp(Packet { header, payload }).await?;
            self.sent += 1;
        }
        Ok(())
    }
}
