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

/// Longest parameter set kept; avcC counts in 16 bits. A longer one is ignored.
pub const PARAMETER_SET_BYTES: usize = 4_096;

/// How long frames wait for the track's first sender report before its clock is set by arrival. Browsers send the first
/// report of a voice after up to 2.5 s, and a voice report every 5 s.
pub const SENDER_REPORT_WAIT: Duration = Duration::from_secs(6);

/// Bytes of frames that wait so, per track. Beyond it the clock is set by arrival.
pub const AWAITING_CLOCK_BYTES: usize = 4 << 20;

/// Frames that wait so, per track. Beyond it the clock is set by arrival.
pub const AWAITING_CLOCK_FRAMES: usize = 1_024;

/// A sender report whose NTP time is this far from where its publisher's clock put it is not believed.
pub const REPORT_TRUST: Duration = Duration::from_secs(2);

/// Length of a part: one moof + mdat, one write, at most this much lost in a crash.
pub const PART: Duration = Duration::from_millis(400);

/// Samples in one part. Beyond it the part is closed early.
pub const PART_SAMPLES: usize = 512;

/// Bytes in one part. Beyond it the part is closed early.
pub const PART_BYTES: usize = 4 << 20;

/// Longest time the last frame or the last packet of voice is stretched over a hole. A longer hole stays one.
pub const STRETCH: Duration = Duration::from_secs(10);

/// How often the recorder asks for a keyframe: a viewer can start and seek only there. At 1 Mbit/s it costs the live
/// lesson about 5 % of its bits.
pub const KEYFRAME_EVERY: Duration = Duration::from_secs(8);

/// A playlist's segment ends at the first part that can begin another once it is this long.
pub const SEGMENT: Duration = Duration::from_secs(4);

/// Longest segment while the lesson runs: what EXT-X-TARGETDURATION promises. Cut even without a keyframe.
pub const SEGMENT_MAX: Duration = Duration::from_secs(12);

/// A hole between two segments up to this long is counted to the earlier one.
pub const PLAYLIST_SLACK: Duration = Duration::from_millis(100);

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

/// Participants on the floor that are remembered. Further ones are not: the picture is the first one's.
pub const FLOOR: usize = 16;

/// Events of one lesson kept for chapters. Further ones stay in the journal only.
pub const EVENTS: usize = 4_096;

/// Shortest chapter. Events closer than that share one.
pub const CHAPTER_MIN: Duration = Duration::from_secs(1);

/// Longest text of a marker, in bytes. A longer one is cut there.
pub const EVENT_TEXT_BYTES: usize = 1_024;

/// A sender report this far ahead of a track's clock tells of a pause of its sender; less is drift.
pub const CLOCK_STEP: Duration = Duration::from_millis(200);
