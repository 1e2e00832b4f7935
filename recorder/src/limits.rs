//! Every bound of the recorder, with its reason and what happens beyond it.

use std::time::Duration;

/// How long a missing packet is waited for. A retransmission may come a second late; then the frame is given up.
pub const REORDER_HOLD: Duration = Duration::from_millis(1_200);

/// Packets held per track while one is missing: about a second of 8 Mbit/s. Beyond it the missing ones are given up.
pub const REORDER_PACKETS: usize = 1_024;

/// Packets from far behind that, one after another, mean the sender began counting anew (RFC 3550 appendix A.1).
pub const STALE_RUN: u32 = 16;

/// Largest frame put together from packets. A larger one is dropped as lost.
pub const FRAME_BYTES: usize = 4 << 20;

/// H.264 picture parameter sets kept per stream. Further ones are ignored.
pub const PICTURE_PARAMETER_SETS: usize = 8;

/// Longest parameter set kept; avcC counts in 16 bits. A longer one of H.264 is ignored, a longer sequence header of AV1
/// costs its temporal unit.
pub const PARAMETER_SET_BYTES: usize = 4_096;

/// How long frames wait for the track's first sender report before its clock is set by arrival. Browsers send the first
/// report of a voice after up to 2.5 s, and a voice report every 5 s.
pub const SENDER_REPORT_WAIT: Duration = Duration::from_secs(6);

/// Bytes of frames that wait so, per track. Beyond it the clock is set by arrival. No more of their packets are on the disk.
pub const AWAITING_CLOCK_BYTES: usize = 4 << 20;

/// Frames that wait so, per track. Beyond it the clock is set by arrival.
pub const AWAITING_CLOCK_FRAMES: usize = 1_024;

/// A file ends at least so long before the first packet that waits for its clock: silence is filled up to `VOICE_LAG` before it,
/// and a picture up to `REORDER_HOLD`. One that ends later has those packets.
pub const WAITING_AHEAD: Duration = Duration::from_secs(1);

/// A sender report whose NTP time is this far from where its publisher's clock put it is not believed.
pub const REPORT_TRUST: Duration = Duration::from_secs(2);

/// Length of a part: one moof + mdat, one write, at most this much lost in a crash.
pub const PART: Duration = Duration::from_millis(400);

/// Samples in one part. Beyond it the part is closed early.
pub const PART_SAMPLES: usize = 512;

/// Bytes in one part. Beyond it the part is closed early.
pub const PART_BYTES: usize = 4 << 20;

/// Longest time the last frame is stretched over a hole. A longer hole stays one.
pub const STRETCH: Duration = Duration::from_secs(10);

/// How often the recorder asks for a keyframe: a viewer can start and seek only there, and the program is cut there. It
/// costs the live lesson about a tenth of its bits at 1 Mbit/s.
pub const KEYFRAME_EVERY: Duration = Duration::from_secs(4);

/// A playlist's segment ends at the first part that can begin another once it is this long.
pub const SEGMENT: Duration = Duration::from_secs(4);

/// Longest segment while the lesson runs: what EXT-X-TARGETDURATION promises. Cut even without a keyframe.
pub const SEGMENT_MAX: Duration = Duration::from_secs(8);

/// Longest part that a low-latency playlist lists (EXT-X-PART-INF): one of `PART`, and the sample that ends it late.
pub const PART_TARGET: Duration = Duration::from_millis(500);

/// How far from the end of such a playlist players keep: three parts at least (draft-ietf-hls-rfc8216bis section 4.4.3.8).
pub const PART_HOLD_BACK: Duration = Duration::from_millis(1_500);

/// A hole between two segments up to this long is counted to the earlier one.
pub const PLAYLIST_SLACK: Duration = Duration::from_millis(100);

/// Renditions that play together break at the same moment give or take this: parts of voice are 400 ms long.
pub const BREAK_SLACK: Duration = Duration::from_millis(300);

/// While a keyframe is missing, how often it is asked for.
pub const KEYFRAME_RETRY: Duration = Duration::from_secs(1);

/// How often `LessonRecording::handle_timeout` wants to be called.
pub const TICK: Duration = Duration::from_millis(200);

/// Tracks of one lesson: a lead and 80 points with two each. A further track is refused.
pub const TRACKS: usize = 192;

/// Epochs of one track. A further one is refused: something restarts without end.
pub const EPOCHS: u32 = 4_096;

/// Longest record of the journal, in bytes. A longer one is a torn or foreign file.
pub const RECORD_BYTES: usize = 16 << 10;

/// Longest time between two manifests while the lesson runs and something changed.
pub const MANIFEST_EVERY: Duration = Duration::from_secs(10);

/// Longest lesson. A part that plays later than this is not believed: a playlist would count gaps up to it.
pub const LESSON: Duration = Duration::from_secs(24 * 3_600);

/// Cuts of one lesson: one every 2 s of the longest school day. Beyond it the program shows the last one's track on.
pub const CUTS: usize = 16_384;

/// Shortest time the program shows one track. A change that comes sooner waits, so that pictures do not flicker.
pub const SHOT_MIN: Duration = Duration::from_secs(1);

/// How long the program waits for the picture of a track that fell silent, before it shows another.
pub const PICTURE_PATIENCE: Duration = Duration::from_secs(3);

/// A keyframe placed this long behind the newest part is no place for a cut, and the running program's playlist ends this
/// long before that part: what was listed once must stay.
pub const CUT_DELAY: Duration = Duration::from_secs(2);

/// A running playlist waits so long for a picture that stands still, before it lists what plays beside it: a new source that
/// waits for its clock, and its first part.
pub const BREAK_DELAY: Duration = Duration::from_secs(10);

/// Participants on the floor that are remembered. Further ones are not: the picture is the first one's.
pub const FLOOR: usize = 16;

/// Events of one lesson kept for chapters. Further ones stay in the journal only.
pub const EVENTS: usize = 4_096;

/// Shortest chapter. Events closer than that share one.
pub const CHAPTER_MIN: Duration = Duration::from_secs(1);

/// Longest text of a marker, in bytes. A longer one is cut there.
pub const EVENT_TEXT_BYTES: usize = 1_024;

/// A sender report this far off its track's clock is not believed; `STEP_RUN` that agree tell of a sender that slept.
pub const CLOCK_STEP: Duration = Duration::from_millis(200);

/// Voice this far from its place is left alone: half a packet, and nobody sees lips move by it.
pub const VOICE_ERROR: Duration = Duration::from_millis(10);

/// Voice this far from its place without a silence in between is stretched.
pub const VOICE_ERROR_MUSIC: Duration = Duration::from_millis(13);

/// Voice is never further from its place. What would be is behind a hole, which is filled, or overlaps, and is left out.
pub const VOICE_ERROR_MAX: Duration = Duration::from_millis(15);

/// How far the file of a voice may stay behind now: a packet given up after `REORDER_HOLD`, and its way here. Then silence is
/// written, and a packet that comes still later is left out.
pub const VOICE_LAG: Duration = Duration::from_millis(1_500);

/// A packet of voice placed further beyond the end of its file is not believed: time alone has filled the file up to
/// `VOICE_LAG` before now.
pub const VOICE_AHEAD: Duration = Duration::from_secs(60);

/// Packets of silence written in one call: a minute. The rest follows in the next calls.
pub const VOICE_FILL_PACKETS: usize = 3_000;

/// Longest loss of voice that is concealed, in packets of 20 ms. A longer one is silence.
pub const VOICE_CONCEALED_PACKETS: u64 = 3;

/// Shortest time from one concealed loss to the next: each decodes and encodes some seven packets. One
/// sooner is silence.
pub const VOICE_CONCEAL_EVERY: Duration = Duration::from_millis(100);

/// How long the mix waits for a voice. Each follows time at `VOICE_LAG`, so only one that waits for its clock is later; what it
/// says meanwhile is missing in the mix, and whole in its own track.
pub const MIX_WAIT: Duration = Duration::from_secs(2);

/// Packets of one voice that wait for the others. Beyond it the oldest is left out of the mix.
pub const MIX_QUEUE: usize = 1_024;

/// How long somebody counts as heard, or as speaking, after the last sound.
pub const MIX_HANGOVER: Duration = Duration::from_millis(400);

/// Mixing goes on at least so long: every beginning and end of it is a seam.
pub const MIX_AT_LEAST: Duration = Duration::from_millis(100);

/// Bits a second of what is mixed.
pub const MIX_BITRATE: i32 = 64_000;

/// Reports in a row that must agree before a clock steps. Fewer are faults of single reports.
pub const STEP_RUN: usize = 2;

/// Sender reports of a track its clock is regressed over: 80 s of a browser's voice. The oldest goes.
pub const REPORTS: usize = 16;

/// Two reports closer than this say nothing of the rate: their own millisecond of noise is a part of it.
pub const REPORT_BASELINE: Duration = Duration::from_secs(10);

/// Most a clock is believed to be fast or slow, in parts per million: five times a bad crystal.
pub const SKEW_PPM: f64 = 500.0;

/// A publisher's clock is compared with ours by the least delay in each of `FLOOR_BUCKETS` spans this long.
pub const FLOOR_BUCKET: Duration = Duration::from_secs(4);

/// Such spans kept. The oldest goes.
pub const FLOOR_BUCKETS: usize = 32;

/// How long those must reach before they tell how fast the clock is: jitter of 10 ms would be 200 ppm in less.
pub const SKEW_BASELINE: Duration = Duration::from_secs(60);

/// How long an error of a publisher's clock takes to be made good, if `SLEW_PPM` allow.
pub const SLEW_OVER: Duration = Duration::from_secs(20);

/// Fastest a publisher's clock is corrected, in parts per million: not seen, not heard.
pub const SLEW_PPM: f64 = 500.0;

/// Fastest a track follows its publisher's clock and its own reports, in parts per million.
pub const TRACK_SLEW_PPM: f64 = 2_000.0;

/// A frame whose timestamp puts it this far from its arrival is placed by arrival: the timestamps jumped.
pub const TIMESTAMP_TRUST: Duration = Duration::from_secs(5);

/// An error of a track's clock up to this is left alone, so that packets of voice lie end to end.
pub const CLOCK_REST: Duration = Duration::from_millis(1);

/// Longest a sample of video lasts. A longer pause is filled.
pub const PICTURE_STRETCH: Duration = Duration::from_secs(2);

/// How far behind now the picture is filled: a frame may be that late, held for a lost packet. A later one is squeezed in
/// behind the filling.
pub const FILL_LAG: Duration = Duration::from_millis(2_500);

/// How long the last pictures are repeated in a pause. Longer, a card is shown.
pub const PAUSE_REPEATED: Duration = Duration::from_secs(10);

/// Bytes of a group of pictures that is repeated: 8 s of 2 Mbit/s. Instead of a larger one the card is shown.
pub const REPEAT_BYTES: u64 = 2 << 20;

/// Samples of such a group, at a millisecond each. Instead of a longer one the card is shown.
pub const REPEAT_SAMPLES: usize = 1_000;

/// Stretches of a pause filled in one call. The rest is filled in the next ones.
pub const FILL_STRETCHES: usize = 64;

/// Ticks of a video track in a millisecond.
pub const VIDEO_TICKS_A_MS: u64 = 90;

/// Flaws of one recording that a check tells. Further ones are only said to be there.
pub const FLAWS: usize = 50;

/// Largest part in a file: [`PART_BYTES`] and one frame more, and the boxes around them. A check takes a longer one for
/// unreadable.
pub const PART_FILE_BYTES: usize = PART_BYTES + FRAME_BYTES + (64 << 10);

/// Samples of one track of a download: a whole day of 60 frames a second. A longer one is refused.
pub const DOWNLOAD_SAMPLES: usize = 5_184_000;

/// Below this part of the space to be kept free nothing is recorded any more.
pub const FULL_PART: u64 = 8;
