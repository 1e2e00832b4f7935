//! The records a timetable is made of. What they mean together is the `timetable` crate's matter.
//!
//! The same types are stored and sent: a record is plain data with its key inside, and a [`Change`] is the one way in
//! which records come, alter and go.

mod week_set;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CourseId, LessonId, ParticipantId, RoomId, SchoolId, TermId};

pub use week_set::{LAST_WEEK, WeekSet};

/// Day of the week; Monday is 1, Sunday 7 (ISO 8601).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "u8", into = "u8")]
#[ts(type = "number")]
pub struct Weekday(u8);

impl Weekday {
    /// Monday is 1, Sunday 7.
    pub fn from_iso(number: u8) -> Option<Self> {
        (1..=7).contains(&number).then_some(Self(number))
    }

    /// The weekday of a date.
    pub fn of(date: Date) -> Self {
        Self(date.weekday().to_monday_one_offset().unsigned_abs())
    }

    /// Monday is 1, Sunday 7.
    pub fn iso(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Weekday {
    type Error = &'static str;
    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::from_iso(number).ok_or("a weekday is 1 to 7")
    }
}

impl From<Weekday> for u8 {
    fn from(weekday: Weekday) -> u8 {
        weekday.0
    }
}

/// What is taught in a session, and to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// 专门开课: the master teacher teaches only the points.
    DedicatedLesson,
    /// 同步课堂: the master's own class sits there too.
    SynchronousLesson,
    /// 集体备课, 网络教研.
    ResearchMeeting,
    /// 微课: recorded, with nobody on the other side.
    RecordOnly,
    /// 直播大课.
    BroadcastLesson,
    /// 自主开课: outside the timetable.
    AdHocLesson,
}

/// 学期.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Term {
    /// Its id.
    pub id: TermId,
    /// e.g. `2026–2027 学年第一学期`.
    pub name: String,
    /// The Monday of week 1.
    #[ts(type = "string")]
    pub week_1: Date,
    /// First day of school; within week 1.
    #[ts(type = "string")]
    pub first_day: Date,
    /// Last day of school.
    #[ts(type = "string")]
    pub last_day: Date,
}

/// What a school or office is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SchoolKind {
    /// 主校.
    HubSchool,
    /// 教学点.
    TeachingPoint,
    /// 教育局 and its offices.
    Bureau,
}

/// A school, teaching point or office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct School {
    /// Its id.
    pub id: SchoolId,
    /// Its name, unique in the county.
    pub name: String,
    /// Township (乡镇), district or whatever the county counts by.
    pub area: String,
    /// What it is.
    pub kind: SchoolKind,
}

/// What a room is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// 主讲教室.
    MasterRoom,
    /// 接收教室.
    ReceiveRoom,
    /// 录播教室.
    RecordingRoom,
}

/// A room with a device in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Room {
    /// Its id; the device in a receive room takes part in lessons under the same id.
    pub id: RoomId,
    /// Whose it is.
    pub school: SchoolId,
    /// Its name, unique in its school.
    pub name: String,
    /// What it is for.
    pub kind: RoomKind,
}

/// A master teacher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Teacher {
    /// The person.
    pub id: ParticipantId,
    /// Where they teach.
    pub school: SchoolId,
    /// Their name.
    pub name: String,
}

/// One period (节次) of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct BellPeriod {
    /// Counted from 1.
    pub number: u8,
    /// First minute, counted from local midnight.
    pub starts_min: u16,
    /// The minute it is over; past 24 hours for a period that crosses midnight.
    pub ends_min: u16,
}

/// A bell schedule (作息表) and from when it holds: a school's own goes before the county's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Bells {
    /// The school; `None` for the county.
    pub school: Option<SchoolId>,
    /// First day on which it holds, until the next one's.
    #[ts(type = "string")]
    pub from: Date,
    /// The periods, in order.
    pub periods: Vec<BellPeriod>,
}

/// What a date is when it is not simply its weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum DayRule {
    /// No school.
    Off,
    /// 补班日, 调休: the lessons of this weekday of this week are held.
    Follows {
        /// 周次, counted from 1.
        week_no: u8,
        /// 星期.
        weekday: Weekday,
    },
}

/// A holiday, makeup day or swapped day. A school's own goes before the county's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SpecialDay {
    /// The school; `None` for the county.
    pub school: Option<SchoolId>,
    /// The date.
    #[ts(type = "string")]
    pub date: Date,
    /// What it is called, e.g. `国庆节`.
    pub name: String,
    /// What is held on it.
    pub rule: DayRule,
}

/// One receive room of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CoursePoint {
    /// The room.
    pub room: RoomId,
    /// The class group that sits there, if it is told.
    #[serde(default)]
    pub class_group: String,
}

/// A course (课程): one subject, one master teacher, the rooms it is paired with (1+N).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Course {
    /// Its id.
    pub id: CourseId,
    /// The term it is of.
    pub term: TermId,
    /// 课名.
    pub name: String,
    /// 学科.
    pub subject: String,
    /// 年级; empty when it is not told.
    #[serde(default)]
    pub grade: String,
    /// What its sessions are.
    pub kind: SessionKind,
    /// 主校.
    pub hub_school: SchoolId,
    /// The class group it is for, as the school names it.
    pub class_group: String,
    /// 主讲教师.
    pub master_teacher: ParticipantId,
    /// 主讲教室, if it has one.
    pub master_room: Option<RoomId>,
    /// Receive rooms in their fixed order.
    pub points: Vec<CoursePoint>,
}

/// One row of the weekly timetable (课表).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Entry {
    /// Which course.
    pub course: CourseId,
    /// On which day of the week.
    pub weekday: Weekday,
    /// In which period.
    pub period: u8,
    /// In which weeks.
    pub weeks: WeekSet,
}

/// Where in the weekly timetable a lesson comes from. It names the lesson for good, wherever the lesson is moved.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct Origin {
    /// The course.
    pub course: CourseId,
    /// The weekday of the row.
    pub weekday: Weekday,
    /// The period of the row.
    pub period: u8,
    /// The week.
    pub week_no: u8,
    /// Set where more than one day follows the same weekday of the same week: this one is held again on this date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "string", optional)]
    pub again_on: Option<Date>,
}

/// What was decided about one lesson of the weekly timetable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LessonEdit {
    /// Which lesson.
    pub origin: Origin,
    /// 调课: it is held then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub moved_to: Option<DatePeriod>,
    /// 代课: this teacher teaches it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub substitute: Option<ParticipantId>,
    /// It is held in this master room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub master_room: Option<RoomId>,
    /// 停课, with the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cancelled: Option<String>,
    /// What it is about, where that is more than the course's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
}

/// A period of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct DatePeriod {
    /// The date.
    #[ts(type = "string")]
    pub date: Date,
    /// The period, by the bells of the hub school on that date.
    pub period: u8,
}

/// A lesson that is in no weekly timetable (自主开课, a research meeting, a broadcast).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExtraLesson {
    /// Its id.
    pub id: LessonId,
    /// Its course; several extra lessons may share one.
    pub course: CourseId,
    /// What it is about; empty for the course's name.
    pub title: String,
    /// The date.
    #[ts(type = "string")]
    pub date: Date,
    /// 节次; 0 where it keeps no bell.
    pub period: u8,
    /// First minute, counted from local midnight.
    pub starts_min: u16,
    /// The minute it is over.
    pub ends_min: u16,
    /// 停课, with the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cancelled: Option<String>,
}

/// 开齐开足: how many periods a week a grade must have of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Requirement {
    /// 年级.
    pub grade: String,
    /// 学科.
    pub subject: String,
    /// Periods a week.
    pub periods: u8,
}

/// One record of the timetable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is what its type says")]
pub enum Record {
    Term(Term),
    School(School),
    Room(Room),
    Teacher(Teacher),
    Bells(Bells),
    SpecialDay(SpecialDay),
    Course(Course),
    Entry(Entry),
    LessonEdit(LessonEdit),
    ExtraLesson(ExtraLesson),
    Requirement(Requirement),
}

/// What a record is found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(tag = "kind", content = "key", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is the key of the record of its name")]
pub enum Key {
    Term(TermId),
    School(SchoolId),
    Room(RoomId),
    Teacher(ParticipantId),
    Bells(Option<SchoolId>, #[ts(type = "string")] Date),
    SpecialDay(Option<SchoolId>, #[ts(type = "string")] Date),
    Course(CourseId),
    Entry(CourseId, Weekday, u8),
    LessonEdit(Origin),
    ExtraLesson(LessonId),
    Requirement(String, String),
}

impl Record {
    /// What it is found by.
    pub fn key(&self) -> Key {
        match self {
            Self::Term(it) => Key::Term(it.id.clone()),
            Self::School(it) => Key::School(it.id.clone()),
            Self::Room(it) => Key::Room(it.id.clone()),
            Self::Teacher(it) => Key::Teacher(it.id.clone()),
            Self::Bells(it) => Key::Bells(it.school.clone(), it.from),
            Self::SpecialDay(it) => Key::SpecialDay(it.school.clone(), it.date),
            Self::Course(it) => Key::Course(it.id.clone()),
            Self::Entry(it) => Key::Entry(it.course.clone(), it.weekday, it.period),
            Self::LessonEdit(it) => Key::LessonEdit(it.origin.clone()),
            Self::ExtraLesson(it) => Key::ExtraLesson(it.id.clone()),
            Self::Requirement(it) => Key::Requirement(it.grade.clone(), it.subject.clone()),
        }
    }
}

impl Key {
    /// The kind of record, as on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Term(_) => "term",
            Self::School(_) => "school",
            Self::Room(_) => "room",
            Self::Teacher(_) => "teacher",
            Self::Bells(..) => "bells",
            Self::SpecialDay(..) => "special_day",
            Self::Course(_) => "course",
            Self::Entry(..) => "entry",
            Self::LessonEdit(_) => "lesson_edit",
            Self::ExtraLesson(_) => "extra_lesson",
            Self::Requirement(..) => "requirement",
        }
    }
}

/// Records that are put and keys whose records are removed, all at once or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Change {
    /// Put in place of what has their key.
    #[serde(default)]
    pub put: Vec<Record>,
    /// Removed.
    #[serde(default)]
    pub remove: Vec<Key>,
}

impl Change {
    /// Whether it would do nothing.
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.remove.is_empty()
    }
}

/// What cannot be about a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Its teacher teaches another one.
    TeacherBusy,
    /// Another is taught from its master room.
    MasterRoomBusy,
    /// Another is received in one of its receive rooms.
    ReceiveRoomBusy,
    /// A class group of it has another.
    ClassGroupBusy,
    /// It is not within its term.
    OutsideTerm,
    /// The hub school is off.
    DayOff,
    /// A point is off.
    PointDayOff,
    /// It takes parts of two periods of a point.
    BellsDiffer,
    /// The hub school's bells lack its period.
    NoSuchPeriod,
}

/// One conflict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct Conflict {
    /// What it is.
    pub kind: ConflictKind,
    /// The lesson.
    pub lesson: LessonId,
    /// The other lesson, where it takes two.
    pub other: Option<LessonId>,
    /// The teacher, room, class group or school at issue, as people know it; for a missing period its number.
    pub whom: String,
    /// When the lesson is held.
    pub at: DatePeriod,
}

/// One edit of the timetable, as a person makes it.
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "edit", rename_all = "snake_case")]
pub enum Edit {
    /// 调课.
    Reschedule {
        /// Which lesson.
        lesson: LessonId,
        /// When it is held.
        to: DatePeriod,
    },
    /// 代课.
    Substitute {
        /// Which lesson.
        lesson: LessonId,
        /// Who teaches it.
        teacher: ParticipantId,
    },
    /// It is taught from another room.
    ChangeRoom {
        /// Which lesson.
        lesson: LessonId,
        /// The master room.
        room: RoomId,
    },
    /// 停课.
    Cancel {
        /// Which lesson.
        lesson: LessonId,
        /// Why; what makes it an excused cancellation.
        reason: String,
    },
    /// What it is about.
    Retitle {
        /// Which lesson.
        lesson: LessonId,
        /// 课名.
        title: String,
    },
    /// The lesson is held as the weekly timetable has it.
    Restore {
        /// Which lesson.
        lesson: LessonId,
    },
    /// 自主开课 and whatever else is outside the weekly timetable.
    AddLesson {
        /// What, by whom, for whom. Its id is not used: the lesson gets one of its own.
        course: Course,
        /// What it is about.
        title: String,
        /// The date.
        #[ts(type = "string")]
        date: Date,
        /// 节次; 0 where it keeps no bell.
        period: u8,
        /// First minute, counted from local midnight; not used where `period` is given.
        starts_min: u16,
        /// The minute it is over; not used where `period` is given.
        ends_min: u16,
    },
    /// Records put and removed: terms, bells, special days, courses, rows.
    Records {
        /// Which.
        change: Change,
    },
}
