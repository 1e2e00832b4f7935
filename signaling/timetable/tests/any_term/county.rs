//! Counties made by chance: small enough that lessons meet, with everything a term can have in it.

use jiff::{
    ToSpan,
    civil::{Date, date},
};
use protocol::{
    CourseId, LessonId, ParticipantId, RoomId, SchoolId, TermId,
    timetable::{
        BellPeriod, Bells, Course, CoursePoint, DatePeriod, DayRule, Entry, ExtraLesson, LessonEdit, Origin, Record,
        Requirement, Room, RoomKind, School, SchoolKind, SessionKind, SpecialDay, Teacher, Term, WeekSet, Weekday,
    },
};

use crate::dice::Dice;

const KINDS: [SessionKind; 6] = [
    SessionKind::DedicatedLesson,
    SessionKind::SynchronousLesson,
    SessionKind::ResearchMeeting,
    SessionKind::RecordOnly,
    SessionKind::BroadcastLesson,
    SessionKind::AdHocLesson,
];
const CLASS_GROUPS: [&str; 3] = ["", "三年级", "四（1）班"];

/// What there is in a county, by number: the records of chance are about these, now and then about one that is missing.
pub struct County {
    /// The Monday of week 1.
    week_1: Date,
    pub weeks: u8,
    /// Anything with a date lies between these.
    pub first: Date,
    pub last: Date,
    schools: usize,
    courses: usize,
}

pub fn weekday(dice: &mut Dice) -> Weekday {
    let number = if dice.chance(85) { dice.small(1..=5) } else { dice.small(6..=7) };
    Weekday::from_iso(number).unwrap()
}

pub fn lesson_id(text: impl Into<String>) -> LessonId {
    LessonId::parse(text).unwrap()
}

impl County {
    pub fn new(dice: &mut Dice) -> Self {
        let weeks = if dice.chance(80) { dice.small(4..=7) } else { dice.small(8..=22) };
        let week_1 = date(2026, 8, 31) + (7 * dice.within(0..=30)).days();
        let last = week_1 + (7 * i32::from(weeks) + 14).days();
        let (schools, courses) = (dice.small(2..=4).into(), dice.small(1..=4).into());
        Self { week_1, weeks, first: week_1 - 4.days(), last, schools, courses }
    }

    /// Its records in the beginning, all sound.
    pub fn records(&self, dice: &mut Dice) -> Vec<Record> {
        let mut all = vec![Record::Term(self.term(0, dice))];
        for number in 0..self.schools {
            all.push(Record::School(self.school(number, "学校")));
            all.extend((0..2).map(|room| Record::Room(self.room(2 * number + room, number, "教室"))));
            all.push(Record::Teacher(self.teacher(number, number, "老师")));
        }
        all.push(Record::Bells(Bells { school: None, from: self.first, periods: periods(dice) }));
        all.extend((0..self.courses).map(|number| Record::Course(self.course(number, dice))));
        let mut some = |make: fn(&Self, &mut Dice) -> Record, most| {
            let count = dice.small(0..=most);
            all.extend((0..count).map(|_| make(self, dice)).collect::<Vec<_>>());
        };
        some(|county, dice| Record::Bells(county.bells(dice)), 2);
        some(|county, dice| Record::SpecialDay(county.special_day(dice)), 6);
        some(|county, dice| Record::Entry(county.entry(dice)), 9);
        all.into_iter()
            .map(|record| (record.key(), record))
            .collect::<std::collections::BTreeMap<_, _>>()
            .into_values()
            .collect()
    }

    pub fn date(&self, dice: &mut Dice) -> Date {
        self.first + dice.within(0..=(self.last - self.first).get_days()).days()
    }

    pub fn school_id(&self, dice: &mut Dice) -> SchoolId {
        school_id(dice.below(self.schools))
    }

    pub fn course_id(&self, dice: &mut Dice) -> CourseId {
        course_id(dice.below(self.courses))
    }

    pub fn teacher_id(&self, dice: &mut Dice) -> ParticipantId {
        teacher_id(dice.below(self.schools))
    }

    pub fn room_id(&self, dice: &mut Dice) -> RoomId {
        room_id(dice.below(2 * self.schools))
    }

    fn week(&self, dice: &mut Dice) -> u8 {
        dice.small(1..=self.weeks)
    }

    pub fn term(&self, number: usize, dice: &mut Dice) -> Term {
        // The second one follows on the first.
        let week_1 = self.week_1 + (number as i32 * 7 * i32::from(self.weeks)).days();
        let weeks = if number == 0 { self.weeks } else { 2 };
        let first_day = week_1 + dice.within(0..=3).days();
        let last_day = week_1 + (7 * i32::from(weeks) - 1 - dice.within(0..=6)).days();
        Term {
            id: TermId::parse(format!("term-{number}")).unwrap(), name: "学期".into(), week_1, first_day, last_day
        }
    }

    pub fn school(&self, number: usize, name: &str) -> School {
        let name = format!("{name}{number}");
        School { id: school_id(number), name, area: "城关镇".into(), kind: SchoolKind::TeachingPoint }
    }

    pub fn room(&self, number: usize, school: usize, name: &str) -> Room {
        let name = format!("{name}{number}");
        Room { id: room_id(number), school: school_id(school), name, kind: RoomKind::ReceiveRoom }
    }

    pub fn teacher(&self, number: usize, school: usize, name: &str) -> Teacher {
        Teacher { id: teacher_id(number), school: school_id(school), name: format!("{name}{number}") }
    }

    pub fn bells(&self, dice: &mut Dice) -> Bells {
        let school = dice.maybe(70, |dice| self.school_id(dice));
        Bells { school, from: self.date(dice), periods: periods(dice) }
    }

    pub fn special_day(&self, dice: &mut Dice) -> SpecialDay {
        let school = dice.maybe(50, |dice| self.school_id(dice));
        let rule = match dice.chance(45) {
            true => DayRule::Off,
            false => DayRule::Follows { week_no: self.week(dice), weekday: weekday(dice) },
        };
        SpecialDay { school, date: self.date(dice), name: "调休".into(), rule }
    }

    pub fn course(&self, number: usize, dice: &mut Dice) -> Course {
        let points = (0..dice.below(4))
            .map(|_| CoursePoint { room: self.room_id(dice), class_group: dice.pick(&CLASS_GROUPS).into() });
        let points = points.collect();
        Course {
            id: course_id(number),
            term: TermId::parse("term-0").unwrap(),
            name: format!("课程{number}"),
            subject: "音乐".into(),
            grade: String::new(),
            kind: dice.pick(&KINDS),
            hub_school: self.school_id(dice),
            class_group: dice.pick(&CLASS_GROUPS).into(),
            master_teacher: self.teacher_id(dice),
            master_room: dice.maybe(60, |dice| self.room_id(dice)),
            points,
        }
    }

    pub fn entry(&self, dice: &mut Dice) -> Entry {
        let (first, last) = (self.week(dice), self.week(dice));
        let all = WeekSet::range(first.min(last), first.max(last));
        let weeks = match dice.below(5) {
            0 if !all.odd().is_empty() => all.odd(),
            1 if !all.even().is_empty() => all.even(),
            2 => WeekSet::range(1, 30),
            _ => all,
        };
        Entry { course: self.course_id(dice), weekday: weekday(dice), period: dice.small(1..=5), weeks }
    }

    pub fn date_period(&self, dice: &mut Dice) -> DatePeriod {
        DatePeriod { date: self.date(dice), period: dice.small(1..=5) }
    }

    /// What may be decided about the lesson of a row.
    pub fn lesson_edit(&self, row: &Entry, dice: &mut Dice) -> LessonEdit {
        let again_on = dice.maybe(30, |dice| self.date(dice));
        let week_no = self.week(dice);
        let origin = Origin { course: row.course.clone(), weekday: row.weekday, period: row.period, week_no, again_on };
        LessonEdit {
            origin,
            moved_to: dice.maybe(60, |dice| self.date_period(dice)),
            substitute: dice.maybe(30, |dice| self.teacher_id(dice)),
            master_room: dice.maybe(30, |dice| self.room_id(dice)),
            cancelled: dice.maybe(20, |_| "停电".into()),
            title: dice.maybe(20, |_| "茉莉花".into()),
        }
    }

    pub fn extra(&self, dice: &mut Dice) -> ExtraLesson {
        let starts_min = dice.within(420..=900) as u16;
        ExtraLesson {
            id: lesson_id(format!("extra-{}", dice.below(4))),
            course: self.course_id(dice),
            title: dice.pick(&["", "公开课"]).into(),
            date: self.date(dice),
            period: dice.small(0..=3),
            starts_min,
            ends_min: starts_min + dice.within(1..=120) as u16,
            cancelled: dice.maybe(15, |_| "停电".into()),
        }
    }

    pub fn requirement(&self, dice: &mut Dice) -> Requirement {
        Requirement {
            grade: "三年级".into(), subject: dice.pick(&["音乐", "美术"]).into(), periods: dice.small(0..=5)
        }
    }
}

pub fn school_id(number: usize) -> SchoolId {
    SchoolId::parse(format!("school-{number}")).unwrap()
}

pub fn course_id(number: usize) -> CourseId {
    CourseId::parse(format!("course-{number}")).unwrap()
}

pub fn teacher_id(number: usize) -> ParticipantId {
    ParticipantId::parse(format!("teacher-{number}")).unwrap()
}

pub fn room_id(number: usize) -> RoomId {
    RoomId::parse(format!("room-{number}")).unwrap()
}

fn periods(dice: &mut Dice) -> Vec<BellPeriod> {
    let first = dice.pick(&[480, 500, 520]);
    let length = dice.pick(&[40, 45]);
    let count = dice.pick(&[3, 5, 5, 6]);
    let period = |i: u16| {
        let starts_min = first + i * (length + 10);
        BellPeriod { number: i as u8 + 1, starts_min, ends_min: starts_min + length }
    };
    (0..count).map(period).collect()
}
