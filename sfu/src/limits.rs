//! Every bound of the media plane, with what happens when it is reached.

use std::time::Duration;

/// Largest datagram handled, in bytes. A longer one is dropped: it cannot be media of a peer that keeps to our MTU.
pub const MAX_DATAGRAM: usize = 1500;
/// Largest RTP packet accepted from a publisher, in bytes after decryption; a longer one is dropped.
pub const MAX_RTP_PACKET: usize = 1400;
/// Packets a video source keeps for retransmission. The oldest is overwritten. Power of two.
pub const VIDEO_RING: usize = 1024;
/// Packets an audio source keeps. The oldest is overwritten. Power of two.
pub const AUDIO_RING: usize = 128;
/// Synchronisation sources one publisher may send; further ones are dropped.
pub const MAX_SSRCS_PER_PEER: usize = 16;
/// m-lines in one offer; more are a problem document.
pub const MAX_MEDIA_LINES: usize = 64;
/// Longest offer in bytes; a longer one is a problem document.
pub const MAX_OFFER_LEN: usize = 128 * 1024;
/// Missing packets a publisher is asked for at once; beyond it the list is dropped and a key frame asked for.
pub const MAX_MISSING: usize = 256;
/// Times a missing packet is asked for before it is given up.
pub const MAX_NACK_TRIES: u8 = 10;
/// Age at which a missing packet is given up.
pub const NACK_GIVE_UP: Duration = Duration::from_millis(1000);
/// Shortest time between two requests for the same packet, in either direction.
pub const NACK_INTERVAL: Duration = Duration::from_millis(30);
/// Share of a receiver's own media, in percent, that retransmissions to it may add; requests beyond it go unanswered.
pub const RTX_BUDGET_PERCENT: u64 = 15;
/// Bytes a receiver may be sent again whatever its media rate, per second: lets a thin stream recover.
pub const RTX_BUDGET_FLOOR: u64 = 20_000;
/// Shortest time between two key frame requests to one source: a join storm costs two a second.
pub const KEYFRAME_REQUEST_INTERVAL: Duration = Duration::from_millis(500);
/// Arrivals kept between two transport-wide feedbacks; the oldest fall out.
pub const MAX_TWCC_ARRIVALS: usize = 1024;
/// Time between two transport-wide feedbacks to one publisher.
pub const TWCC_INTERVAL: Duration = Duration::from_millis(50);
/// Time between two sender or receiver reports of one stream.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// How often a shard with peers looks after its timers.
pub const TICK: Duration = Duration::from_millis(20);
/// Silence after which a session is told as lost. Browsers send a check at least every 2.5 s and reports every second.
pub const SILENCE_BEFORE_LOST: Duration = Duration::from_millis(3500);
/// Without an authenticated check for this long nothing more is sent, and the session ends (RFC 7675, as an ICE-lite agent
/// can).
pub const CONSENT_EXPIRY: Duration = Duration::from_secs(30);
/// Time from the answer to finished ICE and DTLS; after it the session ends.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Addresses of one session that passed a check; a further one takes the place of the oldest.
pub const MAX_ADDRESSES_PER_PEER: usize = 8;
/// Source changes a receiving line remembers for retransmission; the oldest is forgotten.
pub const MAX_SPANS: usize = 4;
/// Bytes of packets in one batch to the recorder; a full batch is handed over at once.
pub const TAP_BATCH_BYTES: usize = 256 * 1024;
/// Longest time a packet waits for its batch to the recorder.
pub const TAP_INTERVAL: Duration = Duration::from_millis(40);
/// Longest H.264 parameter set kept for prepending; a longer one is not kept.
pub const MAX_PARAMETER_SET: usize = 256;
/// Events waiting for the shell; further ones overwrite nothing and are counted as lost.
pub const MAX_EVENTS: usize = 4096;
/// Sessions closed before they were opened that are remembered; the oldest is forgotten. The two commands are microseconds
/// apart.
pub const MAX_CLOSED_EARLY: usize = 64;
