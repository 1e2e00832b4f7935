//! Every bound of the media plane, with what happens when it is reached.

use std::time::Duration;

/// Largest datagram handled, in bytes. A longer one is dropped: it cannot be media of a peer that keeps to our MTU.
pub const MAX_DATAGRAM: usize = 1500;
/// Datagrams joined into one send (`UDP_MAX_SEGMENTS` of the kernel is 64 or more); a further one begins another.
pub const MAX_JOINED: usize = 64;
/// Bytes of one send: what an IPv4 datagram's length field can tell, less its headers (65,535 - 60 - 8).
pub const MAX_MESSAGE: usize = 65_467;
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
/// Simulcast layers of one picture; further ones of an offer are not accepted.
pub const MAX_LAYERS: usize = 3;
/// Room to spare, in percent, before a receiver is given more than it has: a line that wavers makes no picture come and go.
pub const CLIMB_PERCENT: u64 = 8;
/// The same once the line has been steady.
pub const STEADY_CLIMB_PERCENT: u64 = 3;
/// What a receiver has already may need so much more, in percent, than its line is estimated to carry before it is given less: as
/// much as the estimate is below what arrived when the line was full.
pub const HOLD_PERCENT: u64 = 15;
/// The same while hardly anything waits on the way: what is sent swings, and the estimate with it.
pub const CALM_HOLD_PERCENT: u64 = 35;
/// Longest offer in bytes; a longer one is a problem document.
pub const MAX_OFFER_LEN: usize = 128 * 1024;
/// Missing packets a publisher is asked for at once; beyond it the list is dropped and a key frame asked for.
pub const MAX_MISSING: usize = 256;
/// Times a missing packet is asked for before it is given up.
pub const MAX_NACK_TRIES: u8 = 10;
/// Age at which a missing packet is given up.
pub const NACK_GIVE_UP: Duration = Duration::from_millis(1000);
/// Shortest and longest time between two of our requests for the same packet.
pub const NACK_INTERVAL: Duration = Duration::from_millis(30);
/// See [`NACK_INTERVAL`].
pub const MAX_NACK_INTERVAL: Duration = Duration::from_millis(300);
/// What it is between, in percent of the time a packet takes that is asked for: of a picture no less, for browsers ignore requests
/// within a round trip of the last, and one in vain counts as a try.
pub const NACK_INTERVAL_PERCENT: u32 = 115;
/// Of a voice that time is mostly a round trip and a pacer: a voice that is sent again twice costs little, and is there sooner.
pub const VOICE_NACK_INTERVAL_PERCENT: u32 = 80;
/// Share of what a receiver's line carries, in percent, that retransmissions may take; requests beyond it go unanswered.
pub const RTX_BUDGET_PERCENT: u64 = 15;
/// Bit/s that a line is taken to carry at most for that: retransmissions alone never need more.
pub const RTX_BUDGET_CEILING_BPS: u64 = 4_000_000;
/// Shortest time between two key frame requests to one source: a join storm costs two a second.
pub const KEYFRAME_REQUEST_INTERVAL: Duration = Duration::from_millis(500);
/// Arrivals kept between two transport-wide feedbacks; the oldest fall out.
pub const MAX_TWCC_ARRIVALS: usize = 1024;
/// Time between two transport-wide feedbacks to one publisher.
pub const TWCC_INTERVAL: Duration = Duration::from_millis(50);
/// Packets an estimator remembers of what left for one receiver; the oldest is forgotten, and a report on it is not heard.
/// Power of two.
pub const MAX_SENT_HISTORY: usize = 2048;
/// Age at which a packet no report has told of is forgotten.
pub const MAX_SENT_AGE: Duration = Duration::from_secs(10);
/// Bytes of UDP and IPv4 headers around each packet: a line carries them too.
pub const UDP_IP_LEN: usize = 28;
/// Time between two sender or receiver reports of one stream.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// How often it is told what has arrived at a receiver for whom it counts.
pub const COUNT_INTERVAL: Duration = Duration::from_secs(5);
/// How often a shard looks after publishers, and after receivers that are connecting.
pub const TICK: Duration = Duration::from_millis(20);
/// How often a tenth of the connected receivers is looked after: each has its turn once in [`REPORT_INTERVAL`].
pub const TURN: Duration = Duration::from_millis(100);
/// Silence after which a publisher is told as lost: its media and reports come many times a second.
pub const PUBLISHER_SILENCE: Duration = Duration::from_millis(3500);
/// Silence after which a receiver is told as lost: one that is sent nothing says nothing but a check every 5 s, give or take
/// a fifth (RFC 7675 section 5.1).
pub const RECEIVER_SILENCE: Duration = Duration::from_millis(8000);
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
/// Sessions closed before they were opened, and lessons ended, that are remembered; the oldest is forgotten. What is waited
/// for comes within milliseconds.
pub const MAX_REMEMBERED: usize = 64;
/// Formats (payload types) in one m-line; more are a problem document.
pub const MAX_FORMATS: usize = 128;
/// Attributes in one offer; more are a problem document.
pub const MAX_ATTRIBUTES: usize = 8192;
/// Silence after which another SSRC may take a track over; before it, its packets are dropped.
pub const SSRC_CHANGE_SILENCE: Duration = Duration::from_millis(500);
/// Key frames one receiver may ask for while it has the picture: the time between two doubles up to this while it goes on.
pub const MAX_KEYFRAME_BACKOFF: Duration = Duration::from_secs(4);
/// Time without a key frame request after which a receiver's next is heard at once again.
pub const KEYFRAME_BACKOFF_RESET: Duration = Duration::from_secs(10);
/// Longest time a picture's packet waits for the rest of its frame where many receive it. A browser's pacer sends every 5 ms:
/// half a millisecond more catches its next burst, so that twice as many go in one send.
pub const HOLD: Duration = Duration::from_micros(5500);
/// Receivers of a source from which on holding its packets pays: below, the wait saves less than the wake-up costs.
pub const HOLD_FAN_OUT: usize = 48;
/// Packets that leave as one group; a further one begins the next.
pub const MAX_GROUP: usize = 16;
/// Packets of one source that have not left for everyone; a further one is counted and not sent on: the shard is behind.
pub const MAX_WAITING: usize = 256;
/// Bytes of padding a packet may get to be as long as the others of its group.
pub const MAX_EVENING: usize = 3;
/// Datagrams after which a shard lets the shell send and look for new arrivals: a voice waits for no more than these.
pub const SLICE: usize = 128;
/// DTLS datagrams waiting for their turn; a further one is dropped, and its sender repeats it.
pub const MAX_HANDSHAKES: usize = 1024;
/// DTLS datagrams of one session waiting for their turn; a further one is dropped. A flight has fewer.
pub const MAX_HANDSHAKES_PER_PEER: usize = 8;
/// UDP payload in bytes beyond which a packet gets no transport-wide number: with it, sent again and sealed, it might not fit
/// every line.
pub const MAX_UDP_PAYLOAD: usize = 1232;
/// Time between two quanta of a pacer.
pub const PACE_INTERVAL: Duration = Duration::from_millis(5);
/// Rate at which a pacer sends, in percent of the estimate: what it sends faster than the line carries waits there.
pub const PACE_PERCENT: u64 = 100;
/// Longest time pictures may have to wait in a pacer; beyond it they are shed, up to the next key frame.
pub const MAX_PACED_DELAY: Duration = Duration::from_millis(1500);
/// The same of courseware.
pub const MAX_COURSEWARE_DELAY: Duration = Duration::from_millis(3000);
/// Longest time that what is on the way to a receiver takes there, beside the way itself; beyond it pictures wait here, where
/// voices do not wait behind them.
pub const MAX_ON_THE_WAY: Duration = Duration::from_millis(20);
/// The same where the way is long, in percent of it: reports waver more there, and a lost one holds everything up.
pub const ON_THE_WAY_PERCENT: i64 = 30;
/// Times what arrives that the line is taken to carry for that.
pub const ON_THE_WAY_ACKED: f64 = 1.5;
/// Time after which it is looked again whether pictures that wait for that may leave.
pub const HELD_INTERVAL: Duration = Duration::from_millis(20);
/// Time for which a line that may be sent more of a stream waits for a frame that allows it, before a key frame is asked for.
pub const RISE_PATIENCE: Duration = Duration::from_secs(2);
/// Time between two stills to a line that carries no more: each is a key frame, shared by all that are sent stills.
pub const STILL_INTERVAL: Duration = Duration::from_secs(6);
/// Longest time a still may take to leave.
pub const MAX_STILL_DELAY: Duration = Duration::from_secs(10);
/// Age of a key frame up to which a receiver that comes late is given it, with what followed.
pub const MAX_REPLAY_AGE: Duration = Duration::from_secs(2);
/// Bytes of a key frame and what followed up to which they are given to one that comes late.
pub const MAX_REPLAY_BYTES: usize = 300_000;
/// Longest time that these may take to leave: where they take longer, a fresh key frame is there sooner.
pub const MAX_REPLAY_DELAY: Duration = Duration::from_millis(600);
/// Packets waiting in one receiver's pacer, of all lines; a further one is lost to that receiver, which asks for it or for a key
/// frame.
pub const MAX_PACED: usize = 512;
/// Viewers of one lesson on its home shard from which on it is spread over the others.
pub const SPREAD_FROM: usize = 256;
/// Key frames to be asked for at other shards; a further wish is dropped, and whoever has it wishes again within a second.
pub const MAX_KEYFRAME_WISHES: usize = 256;
/// Earlier voice packets that one RED packet repeats (RFC 2198); further ones are left out. Two heal any loss of two in a row.
pub const MAX_REDUNDANCY: usize = 2;
/// Blocks of a received RED packet; one with more is refused. libwebrtc's receiver draws the line here too.
pub const MAX_RED_BLOCKS: usize = 32;
/// Templates of a dependency structure: its ids have 6 bits. A structure with more is refused.
pub const MAX_TEMPLATES: usize = 64;
/// Decode targets of a dependency structure: their count has 5 bits.
pub const MAX_DECODE_TARGETS: usize = 32;
/// Spatial layers of a dependency structure; one with more is refused, as by libwebrtc.
pub const MAX_SPATIAL_LAYERS: u8 = 4;
/// Temporal layers of a stream; a dependency structure with more is refused, as by libwebrtc.
pub const MAX_TEMPORAL_LAYERS: u8 = 8;
/// Frames by which a dependency structure may come late and be known for an older one. Twice what a retransmission takes at
/// 60 frames a second and more.
pub const MAX_LATE_FRAMES: u16 = 256;
/// Stretches of packets left out of one thinned stream, or of a spatial layer, that are remembered; a packet from before the
/// oldest is refused. Two seconds of pictures at 60 a second.
pub const MAX_DROP_RUNS: usize = 128;
/// Frames of one thinned stream whose fate is remembered; a packet of an older one is not sent. Four seconds at 30 a second.
pub const MAX_FRAME_FATES: usize = 128;
/// Ticks of a video clock by which a packet may come late. One from further back begins a new row of frames: a clock that
/// jumped back.
pub const MAX_LATE_TICKS: u32 = 10 * 90_000;
/// Bytes read from a TCP connection at once; a frame is never longer (RFC 4571 framing included).
pub const STREAM_READ_BYTES: usize = 4096;
/// Bytes of pictures that wait for a slow TCP connection, framed; a datagram that does not fit is dropped.
pub const STREAM_PICTURE_BYTES: usize = 64 * 1024;
/// Bytes of voices, checks, handshakes and reports that wait for a slow TCP connection; one that does not fit is dropped.
pub const STREAM_URGENT_BYTES: usize = 16 * 1024;
/// Longest wait of pictures for a slow TCP connection; what has waited longer is dropped unless it was begun.
pub const STREAM_PICTURE_AGE: Duration = Duration::from_millis(300);
/// Longest wait of voices and what else is urgent: late by this much they are still played, after a pause.
pub const STREAM_URGENT_AGE: Duration = Duration::from_millis(1000);
/// Bytes given to a TCP connection at once: what is begun cannot be overtaken by a voice. One frame of the longest kind.
pub const STREAM_WRITE_BYTES: usize = 1536;
