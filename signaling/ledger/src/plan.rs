//! A lesson as it was planned, with every name as it was then: schools are renamed and people move, the record stands.

use jiff::civil::Date;
use protocol::{CourseId, LessonId, ParticipantId, RoomId, SchoolId, TermId, UtcMs, timetable::SessionKind};
use serde::{Deserialize, Serialize};

/// A lesson as it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The lesson.
    pub lesson: LessonId,
    /// Its term, if it is of one.
    #[serde(default)]
    pub term: Option<TermId>,
    /// Its course, if it is of one.
    #[serde(default)]
    pub course: Option<CourseId>,
    /// 课名.
    pub title: String,
    /// 学科.
    pub subject: String,
    /// 年级; empty when it is not told.
    #[serde(default)]
    pub grade: String,
    /// What its session is.
    pub kind: SessionKind,
    /// 自主开课: outside the timetable, counted apart.
    #[serde(default)]
    pub ad_hoc: bool,
    /// The date, by the county's clock.
    pub date: Date,
    /// 周次, counted from 1; `None` outside every term.
    #[serde(default)]
    pub week_no: Option<u8>,
    /// 节次, counted from 1; 0 where it keeps no bell.
    pub period: u8,
    /// First bell.
    pub starts_at: UtcMs,
    /// Last bell.
    pub ends_at: UtcMs,
    /// Who teaches it, from where.
    pub master: Side,
    /// Who receives it, in their fixed order.
    #[serde(default)]
    pub points: Vec<PointPlan>,
}

/// The master's side of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// 主校.
    pub school: SchoolId,
    /// Its name then.
    pub school_name: String,
    /// Township (乡镇), district or whatever the county counts by.
    #[serde(default)]
    pub area: String,
    /// 主讲教室, if it has one.
    #[serde(default)]
    pub room: Option<RoomId>,
    /// 主讲教师.
    pub teacher: ParticipantId,
    /// Their name then.
    pub teacher_name: String,
    /// The class group it is for, as the school names it.
    #[serde(default)]
    pub class_group: String,
}

/// One receive room of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointPlan {
    /// 接收教室.
    pub room: RoomId,
    /// Whose it is.
    pub school: SchoolId,
    /// Its name then.
    pub school_name: String,
    /// Township (乡镇), district or whatever the county counts by.
    #[serde(default)]
    pub area: String,
    /// The class group that sits there, if it is told.
    #[serde(default)]
    pub class_group: String,
}
