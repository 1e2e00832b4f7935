//! One peer connection to the server, offered over HTTP.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rtc::rtp_transceiver::rtp_sender::{RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind};
use tokio::sync::watch;
use webrtc::{
    media_stream::track_remote::TrackRemote,
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
        RTCIceGatheringState, RTCPeerConnectionState, RTCSessionDescription, Registry, SettingEngineBuilder,
        register_default_interceptors,
    },
    runtime::default_runtime,
};

use crate::{Kind, http};

/// Where a session is offered.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Host and port.
    pub address: String,
    /// `/whip/{lesson}` or `/whep/{lesson}`.
    pub path: String,
    /// Bearer token.
    pub token: String,
}

/// Takes a track as soon as the peer opens it.
pub type OnTrack = Box<dyn Fn(Arc<dyn TrackRemote>) + Send + Sync>;

/// An open session.
pub struct Session {
    pub connection: Arc<dyn PeerConnection>,
    endpoint: Endpoint,
    location: String,
    state: watch::Receiver<RTCPeerConnectionState>,
}

/// A connection that is not offered yet.
pub struct Unoffered {
    pub connection: Arc<dyn PeerConnection>,
    state: watch::Receiver<RTCPeerConnectionState>,
    gathered: watch::Receiver<bool>,
}

struct Events {
    state: watch::Sender<RTCPeerConnectionState>,
    gathered: watch::Sender<bool>,
    on_track: OnTrack,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Events {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.gathered.send_replace(state == RTCIceGatheringState::Complete);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.state.send_replace(state);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        (self.on_track)(track);
    }
}

impl Unoffered {
    pub async fn new(on_track: OnTrack) -> Result<Self> {
        let (state, state_changes) = watch::channel(RTCPeerConnectionState::New);
        let (gathered, gathered_changes) = watch::channel(false);
        let mut media = MediaEngine::default();
        for kind in [Kind::Voice, Kind::Picture] {
            media.register_codec(codec(kind), codec_kind(kind))?;
        }
        let interceptors = register_default_interceptors(Registry::new(), &mut media)?;
        let settings = SettingEngineBuilder::new().with_include_loopback_candidate(true).build();
        let connection = PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(media)
            .with_setting_engine(settings)
            .with_interceptor_registry(interceptors)
            .with_handler(Arc::new(Events { state, gathered, on_track }))
            .with_runtime(default_runtime().context("no runtime")?)
            .with_udp_addrs(vec!["127.0.0.1:0"])
            .build()
            .await?;
        Ok(Self { connection: Arc::new(connection), state: state_changes, gathered: gathered_changes })
    }

    /// Offers it with all candidates, takes the answer, and waits until media can flow.
    pub async fn connect(mut self, endpoint: Endpoint) -> Result<Session> {
        let offer = self.connection.create_offer(None).await?;
        self.connection.set_local_description(offer).await?;
        self.gathered.wait_for(|gathered| *gathered).await?;
        let offer = self.connection.local_description().await.context("no local description")?;
        let answered = http::offer(&endpoint, offer.sdp).await?;
        self.connection.set_remote_description(RTCSessionDescription::answer(answered.sdp)?).await?;
        let settled = |state: &RTCPeerConnectionState| {
            matches!(state, RTCPeerConnectionState::Connected | RTCPeerConnectionState::Failed)
        };
        if *self.state.wait_for(settled).await? == RTCPeerConnectionState::Failed {
            bail!("the session at {} did not connect", endpoint.path);
        }
        Ok(Session { connection: self.connection, endpoint, location: answered.location, state: self.state })
    }
}

impl Session {
    /// Whether it is connected now.
    pub fn is_connected(&self) -> bool {
        *self.state.borrow() == RTCPeerConnectionState::Connected
    }

    /// Ends it at the server and here.
    pub async fn end(self) -> Result<()> {
        http::end(&self.endpoint, &self.location).await?;
        Ok(self.connection.close().await?)
    }
}

pub fn codec_kind(kind: Kind) -> RtpCodecKind {
    match kind {
        Kind::Voice => RtpCodecKind::Audio,
        Kind::Picture => RtpCodecKind::Video,
    }
}

/// The one codec of each kind that bots know.
pub fn codec(kind: Kind) -> RTCRtpCodecParameters {
    let (mime_type, clock_rate, channels, sdp_fmtp_line, payload_type) = match kind {
        Kind::Voice => ("audio/opus", 48_000, 2, "minptime=10;useinbandfec=1", 111),
        Kind::Picture => {
            ("video/H264", 90_000, 0, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", 102)
        }
    };
    let feedback = |typ: &str, parameter: &str| RTCPFeedback { typ: typ.into(), parameter: parameter.into() };
    let rtcp_feedback = match kind {
        Kind::Voice => vec![],
        Kind::Picture => vec![feedback("nack", ""), feedback("nack", "pli")],
    };
    let rtp_codec = RTCRtpCodec {
        mime_type: mime_type.into(),
        clock_rate,
        channels,
        sdp_fmtp_line: sdp_fmtp_line.into(),
        rtcp_feedback,
    };
    RTCRtpCodecParameters { rtp_codec, payload_type }
}
