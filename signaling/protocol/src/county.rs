//! Bodies of the HTTP interface about a county's timetable, its day and its delivery ledger.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    CourseId, LessonId, ParticipantId, RoomId, SchoolId, UtcMs,
    api::LessonSummary,
    import::RecordCount,
    message::Phase,
    timetable::{BellPeriod, Conflict, DatePeriod, Edit, Record, SessionKind, SpecialDay, Term, Weekday},
};

/// `GET /api/timetable/week`: one week of what a school, a teacher, a room or all hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WeekView {
    /// The term; `None` outside every term.
    pub term: Option<Term>,
    /// 周次, counted from 1; 0 outside every term.
    pub week_no: u8,
    /// Monday to Sunday.
    pub days: Vec<DayView>,
    /// The bells of the school that is shown, else the county's.
    pub periods: Vec<BellPeriod>,
    /// The lessons, first bell first.
    pub lessons: Vec<WeekLesson>,
    /// The conflicts of these lessons.
    pub conflicts: Vec<Conflict>,
    /// Rises with every change of the timetable.
    #[ts(type = "number")]
    pub version: u64,
    /// The server's clock.
    pub server_time: UtcMs,
}

/// One day of a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DayView {
    /// The date.
    #[ts(type = "string")]
    pub date: Date,
    /// Its weekday.
    pub weekday: Weekday,
    /// What is special about it.
    pub special: Option<SpecialDay>,
}

/// One lesson of a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WeekLesson {
    /// Its id.
    pub id: LessonId,
    /// Its course.
    pub course: CourseId,
    /// 课名.
    pub title: String,
    /// 学科.
    pub subject: String,
    /// 年级.
    pub grade: String,
    /// Class groups.
    pub class_group: String,
    /// What its session is.
    pub kind: SessionKind,
    /// 主校.
    pub hub_school: SchoolId,
    /// Its name.
    pub hub_school_name: String,
    /// Who teaches it.
    pub teacher: ParticipantId,
    /// Their name.
    pub teacher_name: String,
    /// 主讲教室.
    pub master_room: Option<RoomId>,
    /// Its name.
    pub master_room_name: String,
    /// Names of the receive rooms, in their fixed order.
    pub points: Vec<String>,
    /// The date.
    #[ts(type = "string")]
    pub date: Date,
    /// 节次; 0 where it keeps no bell.
    pub period: u8,
    /// First bell.
    pub starts_at: UtcMs,
    /// Last bell.
    pub ends_at: UtcMs,
    /// Where it stands.
    pub phase: Phase,
    /// Why it is cancelled, if it is.
    pub cancelled: Option<String>,
    /// 调课.
    pub moved: bool,
    /// 代课.
    pub substituted: bool,
    /// Whether it is of the weekly timetable.
    pub weekly: bool,
}

/// `GET /api/timetable/records`: records of some kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecordList {
    /// The records, those that others name first.
    pub records: Vec<Record>,
    /// Rises with every change of the timetable.
    #[ts(type = "number")]
    pub version: u64,
}

/// `POST /api/timetable/edits` and `…/edits/check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EditOrder {
    /// What to do.
    pub edit: Edit,
}

/// What an edit did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EditDone {
    /// Number of the change in the log; 0 when it was only checked.
    #[ts(type = "number")]
    pub number: u64,
    /// The timetable's version then.
    #[ts(type = "number")]
    pub version: u64,
    /// The conflicts of the lessons it is about.
    pub conflicts: Vec<Conflict>,
    /// When the lesson could be held without one, nearest first; empty where there is none to solve.
    pub free: Vec<DatePeriod>,
}

/// `GET /api/timetable/changes`: what was changed by whom, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChangeList {
    /// The changes.
    pub changes: Vec<ChangeLine>,
}

/// One change in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChangeLine {
    /// Its number, from 1.
    #[ts(type = "number")]
    pub number: u64,
    /// When.
    pub at: UtcMs,
    /// Who made it, as shown.
    pub by: String,
    /// What it was.
    pub what: ChangeKind,
    /// The change that took it back, if one did.
    #[ts(type = "number | null")]
    pub undone_by: Option<u64>,
    /// Whether it can be taken back: nothing it touched was changed since.
    pub can_undo: bool,
}

/// What a change was.
#[allow(clippy::large_enum_variant, reason = "there are a few dozen at a time")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum ChangeKind {
    /// Someone edited one thing.
    Edited {
        /// What.
        edit: Edit,
        /// The title of the lesson it is about; empty where it is about none.
        title: String,
    },
    /// Records were put and removed.
    Records {
        /// How many of which kinds were put.
        put: Vec<RecordCount>,
        /// How many of which kinds were removed.
        removed: Vec<RecordCount>,
    },
    /// Files were imported.
    Imported {
        /// Their names.
        files: Vec<String>,
        /// How many of which kinds were put.
        put: Vec<RecordCount>,
        /// How many of which kinds were removed.
        removed: Vec<RecordCount>,
    },
    /// An earlier change was taken back.
    Undone {
        /// Its number.
        #[ts(type = "number")]
        number: u64,
    },
}

/// `GET /api/timetable/conflicts`: conflicts of a stretch of dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConflictList {
    /// The conflicts, by date.
    pub conflicts: Vec<ListedConflict>,
    /// Further ones that are not listed.
    pub left_off: u32,
}

/// A conflict with what helps to solve it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ListedConflict {
    /// The conflict.
    pub conflict: Conflict,
    /// Title, teacher and class group of the lesson.
    pub lesson: String,
    /// The same of the other lesson; empty where there is none.
    pub other: String,
    /// When the lesson could be held instead, nearest first.
    pub free: Vec<DatePeriod>,
}

/// `GET /api/today`: the day as the bearer needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Today {
    /// The server's clock.
    pub server_time: UtcMs,
    /// The county's date.
    #[ts(type = "string")]
    pub date: Date,
    /// 周次; 0 outside every term.
    pub week_no: u8,
    /// What is special about the day at the bearer's school.
    pub special: Option<SpecialDay>,
    /// The bearer's lessons of today, first bell first.
    pub lessons: Vec<LessonSummary>,
    /// The next lesson after today, where none of today is left.
    pub next: Option<LessonSummary>,
}

/// `GET /api/county/today`: will today work?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CountyToday {
    /// The server's clock.
    pub server_time: UtcMs,
    /// The county's date.
    #[ts(type = "string")]
    pub date: Date,
    /// What is special about the day in the county.
    pub special: Option<SpecialDay>,
    /// Lessons planned for today, cancelled ones too.
    pub planned: u32,
    /// Of these: over, and started at all.
    pub held: u32,
    /// Of these: live now.
    pub live: u32,
    /// Of these: still to come.
    pub to_come: u32,
    /// Of these: cancelled.
    pub cancelled: u32,
    /// Of these: their time passed and nobody started them.
    pub missed: u32,
    /// Today's conflicts.
    pub conflicts: u32,
    /// Devices and teachers of today's lessons that were not seen since midnight, by school.
    pub unseen: Vec<UnseenParty>,
    /// What the program itself needs help with.
    pub alarms: Vec<Alarm>,
}

/// A party of a lesson of today that was not seen today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UnseenParty {
    /// The device or person.
    pub id: ParticipantId,
    /// Its name.
    pub name: String,
    /// Its first lesson of today.
    pub first_lesson_at: UtcMs,
    /// When it was last seen, if ever since the server started.
    pub last_seen: Option<UtcMs>,
}

/// Something the program itself needs help with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "alarm", rename_all = "snake_case")]
pub enum Alarm {
    /// The wall clock departed from the monotonic one: nothing starts or ends by itself until someone confirms the time.
    ClockDeparted {
        /// By how much the wall clock is ahead, in milliseconds; negative when it is behind.
        #[ts(type = "number")]
        ahead_ms: i64,
    },
    /// The database does not take what is to be written: it waits in memory.
    DatabaseBehind {
        /// Notes that wait.
        waiting: u32,
        /// Since when.
        since: UtcMs,
    },
    /// Notes about lessons were lost, because too many waited.
    NotesLost {
        /// How many since the start.
        count: u32,
    },
    /// The disk is nearly full.
    DiskLow {
        /// Free bytes.
        #[ts(type = "number")]
        free: u64,
    },
}

/// `GET /api/readiness`: who is ready for the lessons whose doors are open or open soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Readiness {
    /// The server's clock.
    pub server_time: UtcMs,
    /// Parties that are ready, of all lessons listed.
    pub ready: u32,
    /// Parties of all lessons listed.
    pub of: u32,
    /// The lessons, first bell first.
    pub lessons: Vec<LessonReadiness>,
}

/// Who is ready for one lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LessonReadiness {
    /// Which lesson.
    pub lesson: LessonId,
    /// 课名.
    pub title: String,
    /// First bell.
    pub starts_at: UtcMs,
    /// Parties that are ready.
    pub ready: u32,
    /// All its parties: the master teacher and the points.
    pub of: u32,
    /// Those that are not.
    pub absent: Vec<AbsentParty>,
}

/// A party that is not ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AbsentParty {
    /// The person or device.
    pub id: ParticipantId,
    /// Name to show.
    pub name: String,
    /// Whether it is the master teacher.
    pub is_lead: bool,
    /// The last that is known.
    pub reason: AbsentReason,
    /// When it was last seen, if ever since the server started.
    pub last_seen: Option<UtcMs>,
}

/// The last that is known of a party that is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AbsentReason {
    /// It was not seen since the server started: switched off, or no line.
    NeverSeen,
    /// It was seen, and is not any more.
    Offline,
    /// Its page is open and has not joined yet.
    NotJoined,
    /// It is in the lesson, and its media is not through: a firewall, or its camera or microphone is not free.
    NoMedia,
    /// It was in the lesson and its line broke.
    Lost,
    /// It is in another lesson that has not ended.
    InOtherLesson,
}

/// What a lesson, or its reception in one room, counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 有效授课.
    ValidDelivery,
    /// 无效授课.
    InvalidDelivery,
    /// 有效听课.
    ValidReception,
    /// 无效听课.
    InvalidReception,
    /// 因故停课.
    ExcusedCancellation,
    /// 无故停课; of a room: the lesson was not delivered.
    UnexcusedAbsence,
    /// 未判定.
    Unjudged,
    /// Its time is not over.
    NotDue,
}

/// Which rooms a report counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ReportSide {
    /// Master rooms: was it taught?
    Master,
    /// Receive rooms: was it received?
    Receive,
}

/// What the rows of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ReportBy {
    /// 乡镇, district.
    Area,
    /// School of the room.
    School,
    /// 学科.
    Subject,
    /// 主讲教师.
    Teacher,
    /// 周次.
    Week,
    /// Month.
    Month,
}

/// Which lessons a report counts: query parameters of `GET /api/report` and its likes. What is not given is not filtered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct ReportFilter {
    /// First date.
    #[ts(type = "string | null")]
    pub from: Option<Date>,
    /// Last date.
    #[ts(type = "string | null")]
    pub to: Option<Date>,
    /// 乡镇, district.
    pub area: Option<String>,
    /// School.
    pub school: Option<SchoolId>,
    /// 学科.
    pub subject: Option<String>,
    /// 主讲教师.
    pub teacher: Option<ParticipantId>,
    /// 周次.
    pub week: Option<u8>,
    /// Month, `2026-10`.
    pub month: Option<String>,
}

/// `GET /api/report`: the delivery report (开课率).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Report {
    /// Which rooms are counted.
    pub side: ReportSide,
    /// What the rows are.
    pub by: ReportBy,
    /// The rows.
    pub rows: Vec<ReportRow>,
    /// Their sum.
    pub total: ReportRow,
    /// The server's clock: what is due is so by it.
    pub server_time: UtcMs,
}

/// One row of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReportRow {
    /// What to filter by to drill down: an id, a name, a week or a month.
    pub key: String,
    /// Name to show.
    pub label: String,
    /// 计划.
    pub planned: u32,
    /// 应开: planned to date less excused.
    pub due: u32,
    /// 实开: valid deliveries, or receptions.
    pub delivered: u32,
    /// 开课率: delivered of due, 0 to 1; `None` where none is due.
    pub ratio: Option<f64>,
    /// 有效.
    pub valid: u32,
    /// 无效.
    pub invalid: u32,
    /// 因故停课.
    pub excused: u32,
    /// 无故停课.
    pub unexcused: u32,
    /// 未判定.
    pub unjudged: u32,
    /// 自主开课, counted apart.
    pub ad_hoc: u32,
}

/// `GET /api/report/lessons`: the lessons behind a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportLessons {
    /// The lessons, newest first.
    pub lessons: Vec<ReportLesson>,
    /// Further ones that are not listed.
    pub left_off: u32,
}

/// One lesson, or its reception in one room, behind a row of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportLesson {
    /// Which lesson.
    pub lesson: LessonId,
    /// 课名.
    pub title: String,
    /// The date.
    #[ts(type = "string")]
    pub date: Date,
    /// 节次.
    pub period: u8,
    /// The school of the room.
    pub school: String,
    /// The receive room; `None` for the master room.
    pub room: Option<RoomId>,
    /// 主讲教师.
    pub teacher: String,
    /// 自主开课.
    pub ad_hoc: bool,
    /// What it counts as.
    pub verdict: Verdict,
}

/// `GET /api/lessons/{lesson}/ledger`: what the record of a lesson says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LedgerView {
    /// Which lesson.
    pub lesson: LessonId,
    /// 课名.
    pub title: String,
    /// Planned start.
    pub starts_at: UtcMs,
    /// Planned end.
    pub ends_at: UtcMs,
    /// When it was really started, if it was.
    pub started_at: Option<UtcMs>,
    /// When it really ended.
    pub ended_at: Option<UtcMs>,
    /// Seconds taught.
    pub taught_s: u32,
    /// What it counts as.
    pub verdict: Verdict,
    /// Whether someone corrected what it counts as.
    pub corrected: bool,
    /// The receive rooms.
    pub rooms: Vec<LedgerRoom>,
    /// Everything that was written down, in order.
    pub events: Vec<LedgerLine>,
}

/// What the record says of one receive room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LedgerRoom {
    /// The room.
    pub room: RoomId,
    /// Name to show.
    pub name: String,
    /// Seconds of picture received.
    pub picture_s: u32,
    /// Seconds of sound received.
    pub sound_s: u32,
    /// How often it was cut off.
    pub outages: u32,
    /// 到课人数, if it was told.
    pub headcount: Option<u32>,
    /// What it counts as.
    pub verdict: Verdict,
    /// Whether someone corrected what it counts as.
    pub corrected: bool,
}

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LedgerLine {
    /// When.
    pub at: UtcMs,
    /// `planned`, `started`, `received`, `outage`, `called_on`, `corrected`… as the record names it.
    pub what: String,
    /// The room or person it is about, as shown; empty for the lesson.
    pub whom: String,
    /// Figures, reasons: what the event carries, as JSON.
    pub detail: String,
}

/// `POST /api/lessons/{lesson}/corrections`: a correction is added to the record; nothing in it is overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CorrectionOrder {
    /// The receive room; `None` for the master room.
    pub room: Option<RoomId>,
    /// What it is to count as; `None` for what the machine says.
    pub verdict: Option<Verdict>,
    /// Why.
    pub reason: String,
}

/// `GET /api/offered`: 开齐, 开足, by teaching point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OfferedView {
    /// The points with a requirement, by name.
    pub points: Vec<OfferedPoint>,
}

/// One teaching point's week against the curriculum plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OfferedPoint {
    /// The school.
    pub school: SchoolId,
    /// Its name.
    pub name: String,
    /// 年级.
    pub grade: String,
    /// 开齐: every required subject is offered.
    pub offered_all: bool,
    /// 开足: each in as many periods as required.
    pub offered_enough: bool,
    /// Each required subject.
    pub subjects: Vec<OfferedSubject>,
}

/// One required subject at one point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OfferedSubject {
    /// 学科.
    pub subject: String,
    /// Periods required in the week.
    pub required: u32,
    /// Periods planned in the week.
    pub planned: u32,
    /// Periods validly received in the week.
    pub delivered: u32,
}

/// `GET /api/clock`: whether the program trusts its clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ClockView {
    /// The time the program goes by.
    pub server_time: UtcMs,
    /// The machine's wall clock.
    pub wall_time: UtcMs,
    /// Nothing starts or ends by itself until someone confirms the time.
    pub frozen: bool,
}

/// `POST /api/clock/confirm`: someone looked at a watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ClockConfirmation {
    /// True: the machine's wall clock is right. False: the time the program goes by is.
    pub adopt_wall: bool,
}

/// `POST /api/feeds`: makes a secret address of an iCalendar feed; an earlier one for the same stops working.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FeedOrder {
    /// The room; `None` for the bearer's own lessons.
    pub room: Option<RoomId>,
}

/// The feed's address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Feed {
    /// Path on this server; whoever knows it can read the feed.
    pub path: String,
}
