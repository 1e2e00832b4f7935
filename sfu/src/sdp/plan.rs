//! What was negotiated, as the shard needs it.

use super::Fingerprint;
use crate::{
    codec::Codec,
    ice::Credentials,
    seats::{Feed, Slot},
};

/// The transport under a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportPlan {
    /// ICE credentials of both sides.
    pub credentials: Credentials,
    /// The certificate the peer must show.
    pub fingerprint: Fingerprint,
    /// Whether we start the DTLS handshake.
    pub active: bool,
}

/// A publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishPlan {
    /// Its transport.
    pub transport: TransportPlan,
    /// What it may send.
    pub tracks: Vec<PublishTrack>,
    /// Id of the MID header extension, if negotiated.
    pub mid_extension: Option<u8>,
    /// Id of the transport-wide sequence number, if negotiated.
    pub twcc_extension: Option<u8>,
    /// Id of the RID header extension, if negotiated.
    pub rid_extension: Option<u8>,
    /// Id of the repaired RID header extension, if negotiated.
    pub repaired_rid_extension: Option<u8>,
    /// Id of the dependency descriptor of its pictures, if negotiated.
    pub dependency_extension: Option<u8>,
    /// SSRC we report with.
    pub reporter_ssrc: u32,
}

/// One stream of a publisher: an m-line, or one of its simulcast layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishTrack {
    /// Which seat it fills.
    pub slot: Slot,
    /// Which layer of it, from 0 on in the order they were offered; 0 where there is but one.
    pub layer: u8,
    /// `a=mid`.
    pub mid: String,
    /// Its simulcast stream, where there are several.
    pub rid: Option<String>,
    /// The codec answered.
    pub codec: Codec,
    /// Its payload type.
    pub payload_type: u8,
    /// Payload type of retransmissions.
    pub rtx_payload_type: Option<u8>,
    /// Payload type of packets that repeat earlier ones (RFC 2198).
    pub red_payload_type: Option<u8>,
    /// SSRC announced in the offer.
    pub ssrc: Option<u32>,
    /// SSRC announced for retransmissions.
    pub rtx_ssrc: Option<u32>,
    /// Whether it answers NACK.
    pub nack: bool,
}

impl PublishTrack {
    /// Whether packets of this payload type are its media.
    pub fn carries(&self, payload_type: u8) -> bool {
        self.payload_type == payload_type || self.red_payload_type == Some(payload_type)
    }
}

/// A subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribePlan {
    /// Its transport.
    pub transport: TransportPlan,
    /// Its m-lines in order; rejected ones are left out.
    pub lines: Vec<SubscribeLine>,
    /// CNAME of everything we send it.
    pub cname: String,
}

/// One m-line of a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribeLine {
    /// What it is for.
    pub feed: Feed,
    /// Whether it is an audio line.
    pub audio: bool,
    /// The SSRC its packets have, whoever feeds it.
    pub ssrc: u32,
    /// SSRC of retransmissions.
    pub rtx_ssrc: u32,
    /// Codecs it takes.
    pub payloads: Vec<SubscribePayload>,
    /// Id of the transport-wide sequence number, if it carries one.
    pub twcc_extension: Option<u8>,
    /// Id of the playout delay, if it takes one.
    pub delay_extension: Option<u8>,
    /// First sequence number to send.
    pub first_sequence: u16,
    /// First timestamp to send.
    pub first_timestamp: u32,
}

/// One codec a subscriber takes, under its payload types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscribePayload {
    /// The codec.
    pub codec: Codec,
    /// Payload type.
    pub number: u8,
    /// Payload type of retransmissions.
    pub rtx: Option<u8>,
    /// Payload type under which it takes packets that repeat earlier ones (RFC 2198).
    pub red: Option<u8>,
    /// Whether it asks for lost packets again.
    pub nack: bool,
}

impl SubscribePayload {
    /// Whether lost packets are sent again under their own number, for want of a retransmission stream.
    pub fn is_sent_again_in_place(&self) -> bool {
        self.nack && self.rtx.is_none()
    }
}
