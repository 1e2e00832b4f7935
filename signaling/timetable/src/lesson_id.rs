//! How a lesson of the weekly timetable is named: its course, the week and the place in the week it comes from, never the
//! date on which it is held.

use jiff::civil::Date;
use protocol::{
    CourseId, LessonId,
    timetable::{Origin, Weekday},
};

/// Longest id of a course, in bytes, so that those of its lessons fit.
pub const LONGEST_COURSE_ID: usize = 40;

/// The id of the lesson that comes from `origin`: `music-3-w05d1p3`, and `-20261010` after it where it is held again.
///
/// `None` where the course's id is too long.
pub fn lesson_id(origin: &Origin) -> Option<LessonId> {
    let Origin { course, weekday, period, week_no, again_on } = origin;
    let mut id = format!("{course}-w{week_no:02}d{}p{period}", weekday.iso());
    if let Some(date) = again_on {
        id.push_str(&date.strftime("-%Y%m%d").to_string());
    }
    LessonId::parse(id).ok()
}

/// Where the lesson with this id comes from, if the id is one of the weekly timetable's.
pub fn origin_of(id: &LessonId) -> Option<Origin> {
    let text = id.as_str();
    let (course, place) = text.rsplit_once("-w")?;
    let (place, again) = place.split_once('-').map_or((place, None), |(place, again)| (place, Some(again)));
    let again_on = match again {
        None => None,
        Some(date) => Some(Date::strptime("%Y%m%d", date).ok()?),
    };
    let (week, place) = place.split_once('d')?;
    let (weekday, period) = place.split_once('p')?;
    let origin = Origin {
        course: CourseId::parse(course).ok()?,
        weekday: Weekday::from_iso(weekday.parse().ok()?)?,
        period: period.parse().ok()?,
        week_no: week.parse().ok()?,
        again_on,
    };
    // One spelling only: "w5" is not "w05".
    (lesson_id(&origin).as_ref() == Some(id)).then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_where_the_lesson_comes_from() {
        for again_on in [None, Some(jiff::civil::date(2026, 10, 10))] {
            let origin = Origin {
                course: CourseId::parse("music-w3-x").unwrap(),
                weekday: Weekday::from_iso(6).unwrap(),
                period: 12,
                week_no: 7,
                again_on,
            };
            assert_eq!(origin_of(&lesson_id(&origin).unwrap()), Some(origin));
        }
    }

    #[test]
    fn the_id_says_course_week_weekday_period_and_the_date_where_it_is_held_again() {
        let origin = Origin {
            course: CourseId::parse("music-3").unwrap(),
            weekday: Weekday::from_iso(1).unwrap(),
            period: 3,
            week_no: 5,
            again_on: None,
        };
        assert_eq!(lesson_id(&origin).unwrap().as_str(), "music-3-w05d1p3");
        let again = Origin { again_on: Some(jiff::civil::date(2026, 1, 9)), ..origin };
        assert_eq!(lesson_id(&again).unwrap().as_str(), "music-3-w05d1p3-20260109");
    }

    #[test]
    fn every_lesson_of_the_longest_course_has_an_id() {
        let origin = |course: String| Origin {
            course: CourseId::parse(course).unwrap(),
            weekday: Weekday::from_iso(7).unwrap(),
            period: crate::LAST_PERIOD,
            week_no: protocol::timetable::LAST_WEEK,
            again_on: Some(jiff::civil::date(2026, 12, 31)),
        };
        assert!(lesson_id(&origin("c".repeat(LONGEST_COURSE_ID))).is_some());
        assert_eq!(lesson_id(&origin("c".repeat(protocol::ids::MAX_ID_LEN))), None);
    }

    #[test]
    fn a_course_named_like_a_lesson_does_not_confuse_its_lessons_with_another_s() {
        let ids: Vec<LessonId> = ["music", "music-w05d1p3", "music-w05d1p3-20261003"]
            .iter()
            .map(|course| {
                let (course, weekday) = (CourseId::parse(*course).unwrap(), Weekday::from_iso(1).unwrap());
                lesson_id(&Origin { course, weekday, period: 3, week_no: 5, again_on: None }).unwrap()
            })
            .collect();
        let courses: Vec<String> = ids.iter().map(|id| origin_of(id).unwrap().course.to_string()).collect();
        assert_eq!(courses, ["music", "music-w05d1p3", "music-w05d1p3-20261003"]);
    }

    #[test]
    fn other_ids_are_none_of_the_weekly_timetable() {
        for id in [
            "music",
            "extra-20261010-ab12",
            "music-w5d1p3",
            "music-w05d9p3",
            "music-w05d1p3-2026",
            "-w05d1p3",
            "music-w05d1p300",
            "music-w05d1p3-20260230",
        ] {
            assert_eq!(origin_of(&LessonId::parse(id).unwrap()), None, "{id}");
        }
    }
}
