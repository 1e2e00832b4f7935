//! A dated lesson (课时): who teaches whom, when, and where it stands by the clock.

use jiff::civil::Date;
use protocol::{
    CourseId, LessonId, ParticipantId, RoomId, SchoolId, TermId, UtcMs, message::Phase, timetable::SessionKind,
};
use serde::{Deserialize, Serialize};

use crate::DOORS_OPEN_BEFORE_MS;

/// A party of a lesson: its master teacher or one of its teaching points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The person or device.
    pub id: ParticipantId,
    /// Name to show.
    pub name: String,
}

/// One dated lesson of the timetable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// Stable id.
    pub id: LessonId,
    /// The term it is of.
    pub term: TermId,
    /// The course it belongs to.
    pub course: CourseId,
    /// 课名.
    pub title: String,
    /// 学科.
    pub subject: String,
    /// 年级; empty when it is not told.
    pub grade: String,
    /// Class groups, as shown.
    pub class_group: String,
    /// What its session is.
    pub kind: SessionKind,
    /// 主校, as shown.
    pub hub_school: String,
    /// 主校.
    pub hub_school_id: SchoolId,
    /// 主讲教室, if it has one.
    pub master_room: Option<RoomId>,
    /// The date, by the county's clock.
    pub date: Date,
    /// 周次, counted from 1.
    pub week_no: u8,
    /// 节次, counted from 1; 0 where it keeps no bell.
    pub period: u8,
    /// First bell.
    pub starts_at: UtcMs,
    /// Last bell.
    pub ends_at: UtcMs,
    /// The latest it can go on (拖堂): [`crate::OVERRUN_LIMIT_MS`] past the bell, less where its teacher or a room of it is needed.
    pub latest_end: UtcMs,
    /// Why it is cancelled, if it is.
    pub cancelled: Option<String>,
    /// 调课: it is not held where the weekly timetable has it.
    pub moved: bool,
    /// 代课: another teacher than the course's teaches it.
    pub substituted: bool,
    /// When the lead first published, if that has happened.
    pub live_since: Option<UtcMs>,
    /// When it was ended, if it was.
    pub ended_at: Option<UtcMs>,
    /// 主讲教师.
    pub master: Party,
    /// Teaching points in their fixed order.
    pub points: Vec<Party>,
}

impl Lesson {
    /// When the doors open.
    pub fn doors_open_at(&self) -> UtcMs {
        self.starts_at.plus_ms(-DOORS_OPEN_BEFORE_MS)
    }

    /// Where it stands by the clock alone. A running lesson knows more; this is for lessons nobody is in.
    pub fn phase(&self, now: UtcMs) -> Phase {
        let over = match self.live_since {
            Some(_) => now >= self.latest_end,
            None => now >= self.ends_at,
        };
        if self.ended_at.is_some() || self.cancelled.is_some() || over {
            Phase::Ended
        } else if self.live_since.is_some() {
            Phase::Live
        } else if now >= self.doors_open_at() {
            Phase::DoorsOpen
        } else {
            Phase::Scheduled
        }
    }

    /// Whether `person` teaches it or takes part as a point.
    pub fn concerns(&self, person: &ParticipantId) -> bool {
        self.master.id == *person || self.points.iter().any(|point| point.id == *person)
    }
}

/// What the program must do about a lesson that is not running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Run it: its doors are open and its time is not over.
    Run,
    /// Write down that it is over: nobody ran it to its end.
    WriteEnd {
        /// When it was over.
        at: UtcMs,
    },
}

/// What is to be done now about `lesson`, which is not running.
pub fn due(lesson: &Lesson, now: UtcMs) -> Option<Due> {
    match lesson.phase(now) {
        Phase::DoorsOpen | Phase::Live => Some(Due::Run),
        Phase::Ended if now < lesson.ends_at && lesson.cancelled.is_some() => None,
        Phase::Ended if lesson.ended_at.is_none() => Some(Due::WriteEnd { at: lesson.ends_at }),
        Phase::Ended | Phase::Scheduled => None,
    }
}

/// The lesson to put before someone: the one under way, else the next to come, else the one that ended last.
///
/// `lessons` are those that concern the person (for an observer: all of the day). When several are under way, the one
/// that started last counts: the earlier one is overrunning.
pub fn current_for(lessons: &[Lesson], now: UtcMs) -> Option<&Lesson> {
    let under_way = lessons
        .iter()
        .filter(|l| matches!(l.phase(now), Phase::DoorsOpen | Phase::Live))
        .max_by_key(|l| (l.starts_at <= now, l.starts_at));
    let next = || lessons.iter().filter(|l| l.phase(now) == Phase::Scheduled).min_by_key(|l| l.starts_at);
    let last = || lessons.iter().filter(|l| l.ended_at.is_some()).max_by_key(|l| l.ended_at);
    under_way.or_else(next).or_else(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const BELL: UtcMs = UtcMs(1_000_000_000);

    fn party(id: &str) -> Party {
        Party { id: ParticipantId::parse(id).unwrap(), name: id.into() }
    }

    fn lesson(id: &str, starts_at: UtcMs) -> Lesson {
        Lesson {
            id: LessonId::parse(id).unwrap(),
            term: TermId::parse("t").unwrap(),
            course: CourseId::parse("music").unwrap(),
            grade: "三年级".into(),
            kind: SessionKind::DedicatedLesson,
            hub_school_id: SchoolId::parse("hub").unwrap(),
            master_room: None,
            date: jiff::civil::date(2026, 10, 10),
            week_no: 6,
            cancelled: None,
            moved: false,
            substituted: false,
            title: "《茉莉花》欣赏与演唱".into(),
            subject: "音乐".into(),
            class_group: "三年级".into(),
            hub_school: "中心小学".into(),
            period: 3,
            starts_at,
            ends_at: starts_at.plus_ms(40 * MINUTE),
            latest_end: starts_at.plus_ms(70 * MINUTE),
            live_since: None,
            ended_at: None,
            master: party("master"),
            points: vec![party("point-1"), party("point-2")],
        }
    }

    #[test]
    fn the_phase_follows_the_clock() {
        let quiet = lesson("a", BELL);
        let held = Lesson { live_since: Some(BELL), ..quiet.clone() };
        let rows = [
            (-11, Phase::Scheduled, Phase::Live),
            (-10, Phase::DoorsOpen, Phase::Live),
            (39, Phase::DoorsOpen, Phase::Live),
            (40, Phase::Ended, Phase::Live),
            (69, Phase::Ended, Phase::Live),
            (70, Phase::Ended, Phase::Ended),
        ];
        for (minute, without_lead, with_lead) in rows {
            let now = BELL.plus_ms(minute * MINUTE);
            assert_eq!(quiet.phase(now), without_lead, "{minute}");
            assert_eq!(held.phase(now), with_lead, "{minute}");
        }
    }

    #[test]
    fn an_ended_lesson_stays_ended() {
        let ended = Lesson { ended_at: Some(BELL), ..lesson("a", BELL) };
        assert_eq!(ended.phase(BELL.plus_ms(-60 * MINUTE)), Phase::Ended);
    }

    #[test]
    fn the_current_lesson_is_the_one_under_way_then_the_next_then_the_last() {
        let first = lesson("first", BELL);
        let second = lesson("second", BELL.plus_ms(50 * MINUTE));
        let over = Lesson { ended_at: Some(BELL.plus_ms(-9 * MINUTE)), ..lesson("over", BELL.plus_ms(-49 * MINUTE)) };
        let all = [over, first, second];
        let current = |now: UtcMs| current_for(&all, now).map(|l| l.id.as_str());
        assert_eq!(current(BELL), Some("first"));
        assert_eq!(current(BELL.plus_ms(-30 * MINUTE)), Some("first"));
        assert_eq!(current(BELL.plus_ms(39 * MINUTE)), Some("first"));
        assert_eq!(current(BELL.plus_ms(41 * MINUTE)), Some("second"));
        assert_eq!(current(BELL.plus_ms(200 * MINUTE)), Some("over"));
        assert_eq!(current_for(&[], BELL).map(|l| l.id.as_str()), None);
    }

    #[test]
    fn doors_open_for_the_next_lesson_do_not_hide_the_one_in_its_last_minutes() {
        let first = Lesson { live_since: Some(BELL), ..lesson("first", BELL) };
        let second = lesson("second", BELL.plus_ms(45 * MINUTE));
        let all = [first, second];
        let current = |minute: i64| current_for(&all, BELL.plus_ms(minute * MINUTE)).map(|l| l.id.as_str().to_owned());
        assert_eq!(current(38).as_deref(), Some("first"));
        assert_eq!(current(45).as_deref(), Some("second"));
    }

    #[test]
    fn a_lesson_is_run_in_its_time_and_its_end_is_written_down_after() {
        let quiet = lesson("a", BELL);
        let rows =
            [(-11, None), (-10, Some(Due::Run)), (39, Some(Due::Run)), (40, Some(Due::WriteEnd { at: quiet.ends_at }))];
        for (minute, expected) in rows {
            assert_eq!(due(&quiet, BELL.plus_ms(minute * MINUTE)), expected);
        }
        let ended = Lesson { ended_at: Some(BELL), ..quiet };
        assert_eq!(due(&ended, BELL), None);
    }

    #[test]
    fn only_its_teacher_and_its_points_are_concerned() {
        let lesson = lesson("a", BELL);
        let concerns = |id: &str| lesson.concerns(&ParticipantId::parse(id).unwrap());
        assert!(concerns("master") && concerns("point-2"));
        assert!(!concerns("point-3"));
    }
}
