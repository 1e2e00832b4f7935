//! Whether records fit together, all of them looked at.

use jiff::ToSpan;
use protocol::timetable::{Bells, Course, DayRule, Key, Record, Term};

use crate::reference::Reference;

impl Reference {
    pub fn is_sound(&self) -> bool {
        let terms: Vec<&Term> = self.terms().collect();
        let apart = |a: &Term, b: &Term| a.last_day < b.first_day || b.last_day < a.first_day;
        let terms_apart = terms.iter().enumerate().all(|(at, a)| terms[at + 1..].iter().all(|b| apart(a, b)));
        terms_apart && self.records.values().all(|record| self.fits(record) && self.has_what_it_names(record))
    }

    fn fits(&self, record: &Record) -> bool {
        let named = |name: &str| !name.trim().is_empty() && name.chars().count() <= 100;
        let period = |number: u8| number > 0 && number <= 20;
        match record {
            Record::Term(term) => term_fits(term),
            Record::School(school) => named(&school.name),
            Record::Room(room) => named(&room.name),
            Record::Teacher(teacher) => named(&teacher.name),
            Record::Bells(bells) => bells_fit(bells),
            Record::SpecialDay(day) => match day.rule {
                DayRule::Off => true,
                DayRule::Follows { week_no, .. } => week_no > 0 && week_no <= 30,
            },
            Record::Course(course) => named(&course.name) && named(&course.subject),
            Record::Entry(entry) => {
                period(entry.period) && !entry.weeks.is_empty() && entry.course.as_str().len() <= 40
            }
            Record::LessonEdit(edit) => edit.moved_to.is_none_or(|to| period(to.period)),
            Record::ExtraLesson(extra) => {
                let minutes = i32::from(extra.ends_min) - i32::from(extra.starts_min);
                let weekly = extra.id.as_str().contains("-w0");
                extra.starts_min < 1440 && minutes > 0 && minutes <= 1440 && extra.period <= 20 && !weekly
            }
            Record::Requirement(it) => named(&it.grade) && named(&it.subject),
        }
    }

    fn has_what_it_names(&self, record: &Record) -> bool {
        let mut names: Vec<Key> = Vec::new();
        match record {
            Record::Term(_) | Record::School(_) | Record::Requirement(_) => {}
            Record::Room(it) => names.push(Key::School(it.school.clone())),
            Record::Teacher(it) => names.push(Key::School(it.school.clone())),
            Record::Bells(it) => names.extend(it.school.clone().map(Key::School)),
            Record::SpecialDay(it) => names.extend(it.school.clone().map(Key::School)),
            Record::Course(course) => names.extend(names_of_course(course)),
            Record::Entry(it) => names.push(Key::Course(it.course.clone())),
            Record::LessonEdit(it) => {
                names.push(Key::Course(it.origin.course.clone()));
                names.extend(it.substitute.clone().map(Key::Teacher));
                names.extend(it.master_room.clone().map(Key::Room));
            }
            Record::ExtraLesson(it) => names.push(Key::Course(it.course.clone())),
        }
        names.iter().all(|key| self.records.contains_key(key))
    }
}

fn names_of_course(course: &Course) -> Vec<Key> {
    let mut names = vec![
        Key::Term(course.term.clone()),
        Key::School(course.hub_school.clone()),
        Key::Teacher(course.master_teacher.clone()),
    ];
    names.extend(course.master_room.clone().map(Key::Room));
    names.extend(course.points.iter().map(|point| Key::Room(point.room.clone())));
    names
}

fn term_fits(term: &Term) -> bool {
    let begins = term.week_1 <= term.first_day && term.first_day < term.week_1 + 7.days();
    let ends = term.first_day < term.last_day && term.last_day < term.week_1 + (7 * 30).days();
    term.week_1.weekday() == jiff::civil::Weekday::Monday && begins && ends
}

fn bells_fit(bells: &Bells) -> bool {
    let (mut over, mut number) = (0, 0);
    for period in &bells.periods {
        let length = i32::from(period.ends_min) - i32::from(period.starts_min);
        let times = period.starts_min < 1440 && period.starts_min >= over && length > 0 && length <= 240;
        if !times || period.number <= number || period.number > 20 {
            return false;
        }
        (over, number) = (period.ends_min, period.number);
    }
    !bells.periods.is_empty()
}
