//! Bodies of the JSON HTTP interface under `/api`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    LessonId, ParticipantId, UtcMs,
    message::{Phase, RecordingState, Role},
    timetable::SessionKind,
};

/// RFC 9457 problem document (`application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Problem {
    /// Relative URI of the kind of problem, e.g. `/problems/sdp-no-bundle`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short, the same for every problem of this kind.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// What was wrong this time and what to do, in one sentence.
    pub detail: String,
    /// The field, attribute or parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub field: Option<String>,
}

/// A person or device one can be (`GET /api/demo/people`; exists in demo mode only).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DemoPerson {
    /// `master`, `point-1`, `observer`, `student`, `admin`.
    pub key: String,
    /// Name to show.
    pub name: String,
    /// School or office.
    pub organisation: String,
    /// Role.
    pub role: Role,
    /// Bearer token, valid while the demo runs.
    pub token: String,
}

/// `GET /api/me`: who the bearer is and which lesson concerns them now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Me {
    /// Id used in lessons.
    pub id: ParticipantId,
    /// Name to show.
    pub name: String,
    /// School or office.
    pub organisation: String,
    /// Role.
    pub role: Role,
    /// The lesson to show: the one under way or next, if any. A waiting page joins by itself when its doors open.
    pub current: Option<LessonSummary>,
    /// The server's clock.
    pub server_time: UtcMs,
}

/// A lesson in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LessonSummary {
    /// Which lesson.
    pub id: LessonId,
    /// 课名.
    pub title: String,
    /// 学科.
    pub subject: String,
    /// Class groups.
    pub class_group: String,
    /// 主讲教师.
    pub master_teacher: String,
    /// 主校.
    pub hub_school: String,
    /// What its session is.
    pub kind: SessionKind,
    /// Names of the receive rooms, in their fixed order.
    pub points: Vec<String>,
    /// Why it is cancelled, if it is.
    pub cancelled: Option<String>,
    /// 节次, counted from 1; 0 where it keeps no bell.
    pub period: u8,
    /// When the doors open.
    pub doors_open_at: UtcMs,
    /// Planned start.
    pub starts_at: UtcMs,
    /// Planned end.
    pub ends_at: UtcMs,
    /// Where it stands.
    pub phase: Phase,
    /// Its recording.
    pub recording: RecordingState,
    /// Length of the recording in milliseconds, once finished.
    pub duration_ms: Option<u32>,
}

/// `GET /api/library`: lessons with a recording, newest first; `GET /api/lessons`: today's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LessonList {
    /// The lessons.
    pub lessons: Vec<LessonSummary>,
}

/// `POST /api/lessons/{id}/playback`: where to play a recording from. Every path is signed: what it names needs no header,
/// so native players work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Playback {
    /// HLS master playlist of program_mode: one switched picture and the lesson's mixed voice. Where `program` is false, that
    /// of resource_mode.
    pub playlist: String,
    /// HLS master playlist of resource_mode: the lead's camera and the lesson's sound first, every other track beside them.
    pub resource: String,
    /// Whether there is a program_mode. VP8 lessons have none.
    pub program: bool,
    /// The lesson is still on: the playlists grow, and looking back in them is time_shift.
    pub live: bool,
    /// HLS master playlist of the sound alone.
    pub audio: String,
    /// `chapters.vtt`: WebVTT whose cues are titled stretches of the lesson.
    pub chapters: String,
    /// One ordinary seekable MP4 of the program; null where there is none.
    pub download: Option<String>,
    /// WebVTT whose cues are `sprite.jpg#xywh=x,y,w,h`, beside the sprite; null until they are made.
    pub thumbnails: Option<String>,
    /// HLS playlist of the program in H.264 and AAC, for players without Opus; null until it is made.
    pub compatible: Option<String>,
    /// 精品课: the MP4 that contests take; null until it is ordered and made.
    pub showcase: Option<String>,
    /// When the paths stop working.
    pub expires_at: UtcMs,
    /// Every recorded track.
    pub tracks: Vec<PlaybackTrack>,
}

/// What the bytes of a track are wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// CMAF, played through the track's playlist.
    Mp4,
    /// WebM (VP8), which HLS does not carry: played by appending its parts.
    Webm,
}

/// One recorded track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PlaybackTrack {
    /// Directory of the track, e.g. `master-camera`.
    pub name: String,
    /// Whose it is.
    pub participant: ParticipantId,
    /// Their name, to show.
    pub person: String,
    /// Whether the lead teacher published it.
    pub lead: bool,
    /// `voice`, `camera`, `screen`, or `program` for the lesson's mixed voice.
    pub slot: String,
    /// What its bytes are wrapped in.
    pub container: Container,
    /// Signed path of the track's own media playlist.
    pub playlist: String,
    /// Signed path of a JSON of the track's parts on the lesson clock, for players that append them themselves:
    /// `{"ended": bool, "epochs": [{"mime", "url", "init": [offset, length], "parts": [[start_ms, end_ms, offset, length,
    /// key], …]}]}`. `url` is a file beside the JSON, `key` is 1 where the part begins with a keyframe (always for voice).
    pub parts: String,
    /// Start on the lesson clock, milliseconds.
    pub starts_at_ms: u32,
    /// Length in milliseconds.
    pub duration_ms: u32,
}

/// `GET /api/lessons/{id}/jobs`: what is made of a recording besides what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct JobList {
    /// Whether anything can be made: the server has an ffmpeg.
    pub available: bool,
    /// What was ordered since the server started.
    pub jobs: Vec<JobReport>,
}

/// How one job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct JobReport {
    /// `thumbnails`, `compatible` or `showcase`.
    pub job: String,
    /// How it stands.
    pub state: JobState,
    /// How far it is, 0 to 100.
    pub percent: u8,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Others are before it.
    Waiting,
    /// It is being done.
    Running,
    /// Its result is there.
    Done,
    /// It came to nothing; the server's log says why.
    Failed,
}

impl JobState {
    /// Whether its end is still to come.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// `POST /api/lessons/{id}/jobs`: orders something to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct JobOrder {
    /// `thumbnails`, `compatible` or `showcase`.
    pub job: String,
    /// 教材版本, for the title card of a showcase lesson.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub textbook_edition: String,
    /// 年级, for the same.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub grade: String,
}
