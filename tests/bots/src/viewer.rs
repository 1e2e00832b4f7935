//! A bot that watches a lesson with one audio and one video m-line.

use std::sync::Arc;

use anyhow::Result;
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit, rtp_sender::RtpCodecKind};
use tokio::sync::mpsc::UnboundedSender;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

use crate::{
    Endpoint, Kind,
    connection::{Session, Unoffered, codec_kind},
    payload::number_of,
};

/// One numbered packet at one viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Which viewer.
    pub viewer: usize,
    /// Of which stream.
    pub kind: Kind,
    /// Its number.
    pub number: u32,
}

/// A bot that watches.
pub struct Viewer {
    session: Session,
}

impl Viewer {
    /// Offers to receive at a WHEP endpoint, and waits until media can flow. Everything that comes is told to `arrivals`.
    pub async fn connect(viewer: usize, endpoint: Endpoint, arrivals: UnboundedSender<Arrival>) -> Result<Self> {
        let unoffered = Unoffered::new(Box::new(move |track| {
            tokio::spawn(tell(viewer, track, arrivals.clone()));
        }))
        .await?;
        for kind in [Kind::Voice, Kind::Picture] {
            let receive =
                RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Recvonly, ..Default::default() };
            unoffered.connection.add_transceiver_from_kind(codec_kind(kind), Some(receive)).await?;
        }
        Ok(Self { session: unoffered.connect(endpoint).await? })
    }

    /// Whether it is connected now.
    pub fn is_connected(&self) -> bool {
        self.session.is_connected()
    }

    /// Ends the session.
    pub async fn end(self) -> Result<()> {
        self.session.end().await
    }
}

async fn tell(viewer: usize, track: Arc<dyn TrackRemote>, arrivals: UnboundedSender<Arrival>) {
    let kind = if track.kind().await == RtpCodecKind::Audio { Kind::Voice } else { Kind::Picture };
    while let Some(event) = track.poll().await {
        let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
        let Some(number) = number_of(&packet.payload) else { continue };
        if arrivals.send(Arrival { viewer, kind, number }).is_err() {
            return;
        }
    }
}
