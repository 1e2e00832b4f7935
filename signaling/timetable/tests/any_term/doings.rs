//! What people might do to a timetable, sound or not, picked by chance.

use jiff::civil::{Date, date};
use protocol::{
    CourseId,
    timetable::{
        Bells, Change, Course, DatePeriod, DayRule, Edit, Entry, ExtraLesson, Key, LessonEdit, Origin, Record,
        SpecialDay, Term, WeekSet, Weekday,
    },
};

use crate::{
    county::{County, course_id, lesson_id, room_id, school_id, teacher_id, weekday},
    dice::Dice,
    reference::{Planned, Reference},
};

/// Some edit.
pub fn edit(county: &County, reference: &Reference, lessons: &[Planned], dice: &mut Dice) -> Edit {
    if lessons.is_empty() || dice.chance(45) {
        return match dice.chance(15) {
            true => added(county, dice),
            false => Edit::Records { change: change(county, reference, lessons, dice) },
        };
    }
    let lesson = match dice.below(25) {
        0 => lesson_id("course-0-w01d1p9"),
        1 => lesson_id("extra-77"),
        2..=12 => lesson_id(remarkable(reference, lessons, dice).id),
        _ => lesson_id(dice.pick(lessons).id),
    };
    match dice.below(9) {
        0..=2 => Edit::Reschedule { lesson, to: place(county, reference, lessons, dice) },
        3 => Edit::Substitute { lesson, teacher: teacher_id(dice.below(5)) },
        4 => Edit::ChangeRoom { lesson, room: room_id(dice.below(9)) },
        5 => Edit::Cancel { lesson, reason: dice.pick(&["停电", "教师培训", " "]).into() },
        6 => Edit::Retitle { lesson, title: dice.pick(&["", "茉莉花", " 送别 ", "课程0"]).into() },
        _ => Edit::Restore { lesson },
    }
}

/// A lesson that is not simply its row's, if there is one.
fn remarkable(reference: &Reference, lessons: &[Planned], dice: &mut Dice) -> Planned {
    let edited = |origin: &Origin| reference.records.contains_key(&Key::LessonEdit(origin.clone()));
    let is_remarkable =
        |it: &&Planned| it.origin.as_ref().is_none_or(|origin| origin.again_on.is_some() || edited(origin));
    let some: Vec<Planned> = lessons.iter().filter(is_remarkable).cloned().collect();
    dice.pick(if some.is_empty() { lessons } else { &some })
}

/// Anywhere, or on a special day, or where another lesson is.
fn place(county: &County, reference: &Reference, lessons: &[Planned], dice: &mut Dice) -> DatePeriod {
    let any = county.date_period(dice);
    let special: Vec<Date> = reference.special_days().map(|day| day.date).collect();
    match dice.below(4) {
        0 if !special.is_empty() => DatePeriod { date: dice.pick(&special), ..any },
        1 if !lessons.is_empty() => {
            let other = dice.pick(lessons);
            DatePeriod { date: other.date, period: other.period }
        }
        _ => any,
    }
}

/// A day off, or one that follows another: often one on which there are lessons, and one that is off.
fn special_day(county: &County, reference: &Reference, lessons: &[Planned], dice: &mut Dice) -> SpecialDay {
    let date = place(county, reference, lessons, dice).date;
    let day = SpecialDay { date, ..county.special_day(dice) };
    let followed = place(county, reference, lessons, dice).date;
    let Some(term) = reference.term_on(followed).filter(|_| dice.chance(50)) else { return day };
    let week_no = (followed - term.week_1).get_days() / 7 + 1;
    let rule = DayRule::Follows { week_no: week_no as u8, weekday: Weekday::of(followed) };
    SpecialDay { rule, ..day }
}

fn added(county: &County, dice: &mut Dice) -> Edit {
    let starts_min = dice.within(400..=1500) as u16;
    Edit::AddLesson {
        course: county.course(7, dice),
        title: dice.pick(&["", "教研"]).into(),
        date: county.date(dice),
        period: dice.small(0..=5),
        starts_min,
        ends_min: starts_min + dice.pick(&[0, 40, 90]),
    }
}

/// Some records put and removed.
fn change(county: &County, reference: &Reference, lessons: &[Planned], dice: &mut Dice) -> Change {
    let put = (0..dice.small(0..=2)).map(|_| record(county, reference, lessons, dice)).collect::<Vec<_>>();
    let keys: Vec<Key> = reference.records.keys().cloned().collect();
    let mut remove: Vec<Key> = (0..dice.small(0..=1)).map(|_| dice.pick(&keys)).collect();
    if dice.chance(3) {
        remove.extend(put.first().map(Record::key));
    }
    Change { put, remove }
}

fn record(county: &County, reference: &Reference, lessons: &[Planned], dice: &mut Dice) -> Record {
    if dice.chance(15) {
        return odd_record(county, dice);
    }
    let rows: Vec<Entry> = reference.entries().cloned().collect();
    match dice.below(20) {
        0 => Record::Term(county.term(dice.below(2), dice)),
        1 => Record::School(county.school(dice.below(5), dice.pick(&["小学", "学校"]))),
        2 => Record::Room(county.room(dice.below(9), dice.below(4), "教室")),
        3 => Record::Teacher(county.teacher(dice.below(5), dice.below(4), dice.pick(&["王", "李"]))),
        4 | 5 => Record::Bells(county.bells(dice)),
        6..=9 => Record::SpecialDay(special_day(county, reference, lessons, dice)),
        10 | 11 => Record::Course(county.course(dice.below(4), dice)),
        12..=14 => Record::Entry(county.entry(dice)),
        15..=17 if !rows.is_empty() => {
            let mut edit = county.lesson_edit(&dice.pick(&rows), dice);
            if let Some(again) = &mut edit.origin.again_on {
                *again = place(county, reference, lessons, dice).date;
            }
            Record::LessonEdit(edit)
        }
        18 => {
            let others: Vec<CourseId> = reference.extras().map(|extra| extra.course.clone()).collect();
            let extra = county.extra(dice);
            let shared = dice.chance(50) && !others.is_empty();
            let course = if shared { dice.pick(&others) } else { extra.course.clone() };
            Record::ExtraLesson(ExtraLesson { course, ..extra })
        }
        _ => Record::Requirement(county.requirement(dice)),
    }
}

/// A record with something wrong in it, most often.
fn odd_record(county: &County, dice: &mut Dice) -> Record {
    let term = county.term(0, dice);
    let course = county.course(0, dice);
    let entry = county.entry(dice);
    let mut bells = county.bells(dice);
    match dice.below(17) {
        0 => Record::Term(Term { week_1: date(2026, 9, 1), ..term }),
        1 => Record::Term(Term { last_day: term.first_day, ..term }),
        2 => Record::Term(Term { id: county.term(1, dice).id, ..term }),
        3 => Record::School(county.school(0, &"长".repeat(dice.pick(&[99, 100])))),
        4 => Record::Course(Course { subject: "  ".into(), ..course }),
        5 => Record::Course(Course { id: course_id(8), master_teacher: teacher_id(8), ..course }),
        6 => Record::Course(Course { term: county.term(1, dice).id, ..course }),
        7 => Record::Course(Course { hub_school: school_id(8), ..course }),
        8 => Record::Entry(Entry { period: dice.pick(&[0, 20, 21]), ..entry }),
        9 => Record::Entry(Entry { weeks: WeekSet::default(), ..entry }),
        10 => Record::Entry(Entry { course: course_id(8), ..entry }),
        11 => Record::Bells(Bells { periods: Vec::new(), ..bells }),
        12 => {
            bells.periods[1].starts_min = dice.pick(&[500, 1440]);
            Record::Bells(bells)
        }
        13 => {
            bells.periods[2].number = dice.pick(&[0, 2, 21]);
            Record::Bells(bells)
        }
        14 => {
            let rule = DayRule::Follows { week_no: dice.pick(&[0, 31, 30]), weekday: weekday(dice) };
            Record::SpecialDay(SpecialDay { rule, ..county.special_day(dice) })
        }
        15 => {
            let edit = county.lesson_edit(&entry, dice);
            Record::LessonEdit(LessonEdit { substitute: Some(teacher_id(4)), master_room: Some(room_id(8)), ..edit })
        }
        _ => {
            let extra = county.extra(dice);
            let id = dice.pick(&[extra.id.clone(), lesson_id("course-0-w02d1p1")]);
            Record::ExtraLesson(ExtraLesson { id, ends_min: extra.starts_min + dice.pick(&[0, 1440, 40]), ..extra })
        }
    }
}
