//! The JSON messages of the one WebSocket (`/ws`), tagged by `type`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{LessonId, ParticipantId, UtcMs, line::LineReport, timetable::SessionKind};

/// Longest client message accepted, in bytes.
pub const MAX_CLIENT_MESSAGE_LEN: usize = 4096;

/// The role a token carries. What each may do is in the `access` crate's table, nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 主讲教师: holds the lead seats of the lesson.
    MasterTeacher,
    /// 教室终端: the device of one teaching point.
    ClassroomDevice,
    /// 教研员: watches unseen, any number of connections.
    Researcher,
    /// 学生: replays recordings.
    Student,
    /// 管理员.
    Admin,
}

/// Where a lesson stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// In the timetable, doors still closed.
    Scheduled,
    /// Doors are open (from 10 minutes before the bell): parties may join, the lead has not published yet.
    DoorsOpen,
    /// The lead publishes, or has published and is briefly away.
    Live,
    /// Over; nothing may join any more.
    Ended,
}

/// Whether a party is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Never came, or left of its own accord.
    Absent,
    /// Signaling is up, media is not flowing (yet).
    Joining,
    /// Media flows.
    Present,
    /// Was present and vanished: the line is down or the device is off.
    Lost,
}

/// How good a party's line is, judged by the server from RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// No measurement yet.
    Unknown,
    /// Loss below 2 %.
    Good,
    /// Loss from 2 % to below 10 %.
    Fair,
    /// Loss of 10 % or more.
    Poor,
}

/// Video codecs a lesson may run on, in the order they are preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VideoCodec {
    /// H.264 constrained baseline: panels decode it in hardware.
    H264,
    /// VP9 profile 0.
    Vp9,
    /// VP8: recorded as WebM, without program mode.
    Vp8,
}

/// What a device can do, told in `hello`; the lesson's codec is chosen from the roster's answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Capabilities {
    /// Video codecs the device decodes, in any order.
    pub decodes: Vec<VideoCodec>,
}

/// One seat-holder of the lesson as everyone sees it. Observers are not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Participant {
    /// Whose this is.
    pub id: ParticipantId,
    /// Name to show: the teacher's, or the teaching point's.
    pub name: String,
    /// `master_teacher` or `classroom_device`.
    pub role: Role,
    /// Whether it is here.
    pub presence: Presence,
    /// How its line is.
    pub link: LinkState,
    /// False when the lesson's video codec is none it decodes: it gets voice and a sentence.
    pub sees_video: bool,
}

/// Whether the lesson is being recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// Nothing has been published yet.
    Idle,
    /// Every published track is being written.
    Recording,
    /// The lesson ran on VP8 when that was not yet recorded.
    NotRecordable,
    /// Writing failed (disk full, unwritable); the live lesson goes on.
    Failed,
    /// The lesson is over and can be replayed.
    Finished,
}

/// Everything a page needs to draw the lesson, sent once in `welcome`; later messages change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LessonSnapshot {
    /// Which lesson.
    pub id: LessonId,
    /// 课名.
    pub title: String,
    /// 学科, as shown.
    pub subject: String,
    /// Class groups, as shown.
    pub class_group: String,
    /// 主讲教师's name.
    pub master_teacher: String,
    /// 主校's name.
    pub hub_school: String,
    /// Planned start (the bell).
    pub starts_at: UtcMs,
    /// Planned end (the bell).
    pub ends_at: UtcMs,
    /// The latest it can go on past the bell (拖堂): earlier where a room or the teacher is needed.
    pub latest_end: UtcMs,
    /// What its session is.
    pub kind: SessionKind,
    /// Where it stands.
    pub phase: Phase,
    /// When it went live, if it did.
    pub live_since: Option<UtcMs>,
    /// The lead first, then the points in their fixed order.
    pub participants: Vec<Participant>,
    /// Raised hands, first raised first.
    pub hands: Vec<ParticipantId>,
    /// Who holds the floor seats now.
    pub floor: Vec<ParticipantId>,
    /// Whether the lead shares courseware.
    pub courseware: bool,
    /// Whether it is being recorded.
    pub recording: RecordingState,
    /// The lesson's video codec, once the first publisher fixed it.
    pub video_codec: Option<VideoCodec>,
}

/// How large a page shows one of its pictures, in pixels of its screen. Nothing wide or high is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PictureShown {
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
}

/// What a page is given of one of its pictures, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PictureGiven {
    /// Nothing: its line does not carry it.
    Withheld,
    /// A still now and then.
    Stills,
    /// Fewer pictures a second than there are.
    Slower,
    /// A smaller picture than it shows.
    Smaller,
    /// All that it shows; also where there is nothing to be had.
    Whole,
}

/// Client → server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// First message of every connection.
    Hello {
        /// What this device can decode.
        capabilities: Capabilities,
        /// Random id of the page load, at most 64 bytes. A connection with the id of the one it takes over from is the
        /// same page come back, and its media goes on; any other is a second device, and the first one's media is closed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        page: Option<String>,
    },
    /// A point raises its class's hand.
    RaiseHand,
    /// A point takes its hand down.
    LowerHand,
    /// The lead calls on a point: it takes the floor seat, in place of whoever holds it.
    GrantFloor {
        /// The teaching point called on.
        point: ParticipantId,
    },
    /// The lead (or the point itself) gives the floor seat back.
    ReleaseFloor {
        /// The teaching point that holds it.
        point: ParticipantId,
    },
    /// The lead's screen source now carries courseware.
    StartCourseware,
    /// The lead's screen source is empty again.
    StopCourseware,
    /// The lead turns the wall of points to another page, counted from 0.
    TurnWall {
        /// The page asked for; clamped to the last.
        page: u16,
    },
    /// The lead ends the lesson for all.
    EndLesson,
    /// A point tells how many pupils are there (到课人数).
    Headcount {
        /// How many, at most 2,000.
        count: u16,
    },
    /// Every 5 s from whoever receives: what its page has really decoded so far. Counters start at 0 with the page; the
    /// server compares them with what it knows itself.
    Received {
        /// `framesDecoded` of all its pictures of the lesson, summed.
        frames_decoded: u32,
        /// `totalSamplesReceived` of the voices, summed, in milliseconds.
        sound_ms: u32,
        /// Of these, concealed and not silent, in milliseconds.
        concealed_ms: u32,
    },
    /// Every 5 s from whoever publishes or receives: how its line does.
    Line {
        /// What its page measured since the last one.
        report: LineReport,
    },
    /// Whoever receives tells how large it shows its pictures, whenever that changes and for every new WHEP session: what is
    /// not looked at needs no line.
    Shows {
        /// In the order of the session's video m-lines, at most 64; those beyond are shown as large as can be.
        pictures: Vec<PictureShown>,
    },
}

/// Why a request was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The message could not be read; `detail` names the field.
    Malformed,
    /// The first message must be `hello`.
    HelloFirst,
    /// This role may not do that.
    NotAllowed,
    /// No such participant in this lesson.
    UnknownParticipant,
    /// That point is not connected.
    PointAbsent,
    /// The lesson is not live.
    NotLive,
    /// The lesson has ended.
    Ended,
    /// That point does not hold the floor.
    NotOnFloor,
    /// Too many messages in a short time; this one was dropped.
    TooFast,
}

/// Server → client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// Answer to `hello`.
    Welcome {
        /// Who the server takes this connection for.
        you: ParticipantId,
        /// Its role.
        role: Role,
        /// The lesson as it stands.
        lesson: Box<LessonSnapshot>,
        /// The server's clock now; pages never trust their own.
        server_time: UtcMs,
    },
    /// The lesson moved on.
    PhaseChanged {
        /// Where it stands now.
        phase: Phase,
        /// Since when.
        at: UtcMs,
    },
    /// A participant changed; replaces the one with the same id.
    ParticipantChanged {
        /// As it is now.
        participant: Participant,
    },
    /// The queue of raised hands as it is now.
    HandsChanged {
        /// First raised first.
        hands: Vec<ParticipantId>,
    },
    /// The holders of the floor seats as they are now.
    FloorChanged {
        /// Empty when nobody is called on.
        floor: Vec<ParticipantId>,
    },
    /// Courseware was started or stopped.
    CoursewareChanged {
        /// Whether it is shared now.
        courseware: bool,
    },
    /// The recording's state changed.
    RecordingChanged {
        /// As it is now.
        recording: RecordingState,
    },
    /// The timetable was changed: the lesson's plan as it is now.
    PlanChanged {
        /// The lesson as it stands.
        lesson: Box<LessonSnapshot>,
    },
    /// A point told how many pupils are there, to the lead and the point.
    HeadcountChanged {
        /// The point.
        point: ParticipantId,
        /// How many.
        count: u16,
    },
    /// The lesson's video codec was fixed.
    VideoCodecChanged {
        /// The codec.
        video_codec: VideoCodec,
    },
    /// To the lead only: which point each wall picture shows, by video m-line of its WHEP session.
    WallChanged {
        /// Page shown, from 0.
        page: u16,
        /// How many pages there are, at least 1.
        pages: u16,
        /// Point of each tile, in m-line order; shorter than the m-lines on the last page.
        tiles: Vec<ParticipantId>,
    },
    /// To a receiver only: what its line allows it of its pictures has changed.
    PicturesChanged {
        /// In the order of the video m-lines of its WHEP session; a picture beyond them is given whole.
        pictures: Vec<PictureGiven>,
    },
    /// To the lead only: how the line of a point on the wall's page does.
    LineReported {
        /// The point.
        participant: ParticipantId,
        /// What it reported.
        report: LineReport,
    },
    /// A request was not carried out.
    Refused {
        /// `type` of the client message, or empty if unreadable.
        request: String,
        /// Why.
        reason: Refusal,
        /// The field at fault or other plain detail, for logs and developers.
        detail: String,
    },
    /// The same person joined elsewhere; this connection is about to close and must not come back by itself.
    Replaced,
    /// The server's clock, every 5 s: a page that misses three of them reconnects.
    Clock {
        /// Now.
        server_time: UtcMs,
    },
}
