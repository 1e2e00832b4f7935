//! What is known while files are read: the records of the timetable, and over them those that the files bring.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::{ToSpan, civil::Date};
use protocol::{
    CourseId, ParticipantId, RoomId, SchoolId, TermId,
    timetable::{Course, Entry, Key, LAST_WEEK, LessonEdit, Record, Room, School, Term},
};
use timetable::{Timetable, week_of};

use super::{
    problems::Place,
    roster::{Meant, Roster},
};
use crate::{natural_id::natural_id, spelling::fold};

/// What a course is found by within a term: hub school, folded name, folded class group.
type CourseNames = (TermId, SchoolId, String, String);

/// See the file's comment.
pub struct Directory {
    terms: BTreeMap<TermId, Term>,
    schools: BTreeMap<SchoolId, School>,
    schools_named: HashMap<String, SchoolId>,
    rooms: BTreeMap<RoomId, Room>,
    /// Rooms by their names.
    pub rooms_named: Roster<RoomId>,
    /// Teachers by their names.
    pub teachers: Roster<ParticipantId>,
    periods: HashMap<Option<SchoolId>, BTreeSet<u8>>,
    day_names: HashMap<(Option<SchoolId>, Date), String>,
    courses: BTreeMap<CourseId, Course>,
    courses_named: HashMap<CourseNames, CourseId>,
    /// Rows of the weekly timetable, by course.
    pub entries: HashMap<CourseId, Vec<Entry>>,
    /// What was decided about single lessons, by course.
    pub edits: HashMap<CourseId, Vec<LessonEdit>>,
    /// Courses that lessons outside the weekly timetable have.
    pub extra_courses: HashSet<CourseId>,
    extra_lessons: HashSet<String>,
    /// The date that a year is guessed by.
    pub today: Date,
    /// The term that the files are about.
    pub term: Option<TermId>,
    gathered: BTreeMap<Key, (Record, Place)>,
}

impl Directory {
    /// What `timetable` holds.
    pub fn new(timetable: &Timetable, today: Date) -> Self {
        let mut directory = Self {
            terms: BTreeMap::new(),
            schools: BTreeMap::new(),
            schools_named: HashMap::new(),
            rooms: BTreeMap::new(),
            rooms_named: Roster::new(),
            teachers: Roster::new(),
            periods: HashMap::new(),
            day_names: HashMap::new(),
            courses: BTreeMap::new(),
            courses_named: HashMap::new(),
            entries: HashMap::new(),
            edits: HashMap::new(),
            extra_courses: HashSet::new(),
            extra_lessons: HashSet::new(),
            today,
            term: None,
            gathered: BTreeMap::new(),
        };
        for record in timetable.records() {
            directory.know(&record);
        }
        directory.name_courses();
        directory
    }

    fn know(&mut self, record: &Record) {
        match record {
            Record::Term(it) => drop(self.terms.insert(it.id.clone(), it.clone())),
            Record::School(it) => {
                self.schools_named.entry(fold(&it.name)).or_insert_with(|| it.id.clone());
                self.schools.insert(it.id.clone(), it.clone());
            }
            Record::Room(it) => {
                let school = self.school_name(&it.school).to_owned();
                self.rooms_named.put(&it.id, &it.school, &school, &it.name);
                self.rooms.insert(it.id.clone(), it.clone());
            }
            Record::Teacher(it) => {
                let school = self.school_name(&it.school).to_owned();
                self.teachers.put(&it.id, &it.school, &school, &it.name);
            }
            Record::Bells(it) => {
                let numbers = it.periods.iter().map(|period| period.number);
                self.periods.entry(it.school.clone()).or_default().extend(numbers);
            }
            Record::Course(it) => drop(self.courses.insert(it.id.clone(), it.clone())),
            Record::Entry(it) => self.entries.entry(it.course.clone()).or_default().push(it.clone()),
            Record::LessonEdit(it) => self.edits.entry(it.origin.course.clone()).or_default().push(it.clone()),
            Record::ExtraLesson(it) => {
                self.extra_courses.insert(it.course.clone());
                self.extra_lessons.insert(it.id.to_string());
            }
            Record::SpecialDay(it) => {
                self.day_names.insert((it.school.clone(), it.date), it.name.clone());
            }
            Record::Requirement(_) => {}
        }
    }

    /// A course that was made for a lesson outside the weekly timetable is none that a file can mean.
    fn name_courses(&mut self) {
        let mut named = HashMap::new();
        for course in self.courses.values().filter(|course| self.is_weekly(&course.id)) {
            let names = (course.term.clone(), course.hub_school.clone(), fold(&course.name), fold(&course.class_group));
            named.entry(names).or_insert_with(|| course.id.clone());
        }
        self.courses_named = named;
    }

    /// Whether a course can be of the weekly timetable. One that was made for a lesson outside of it has that lesson's
    /// id.
    pub fn is_weekly(&self, course: &CourseId) -> bool {
        self.entries.contains_key(course) || !self.extra_lessons.contains(course.as_str())
    }

    /// Takes a record that stands at `at` in a file. Where the files have said something else under its key before,
    /// that comes back instead.
    pub fn gather(&mut self, record: Record, at: Place) -> Option<(Record, Place)> {
        if let Some((other, place)) = self.gathered.get(&record.key()) {
            return (*other != record).then(|| (other.clone(), *place));
        }
        self.know(&record);
        self.gathered.insert(record.key(), (record, at));
        None
    }

    /// The records that the files bring, but for courses and rows.
    pub fn gathered(self) -> impl Iterator<Item = Record> {
        self.gathered.into_values().map(|(record, _)| record)
    }

    /// The term with this name, or else the one that begins in the same week: terms do not overlap.
    pub fn term_named(&self, name: &str, week_1: Date) -> Option<&Term> {
        let named = self.terms.values().find(|term| fold(&term.name) == fold(name));
        named.or_else(|| self.terms.values().find(|term| term.week_1 == week_1))
    }

    /// An id for a term of this name.
    pub fn fresh_term(&self, name: &str) -> Option<TermId> {
        fresh('t', &[name], TermId::parse, |id| !self.terms.contains_key(id))
    }

    /// Every term.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        self.terms.values()
    }

    /// The term that the files are about.
    pub fn target(&self) -> Option<&Term> {
        self.terms.get(self.term.as_ref()?)
    }

    /// The last week of the term that the files are about.
    pub fn last_week(&self) -> u8 {
        self.target().map_or(LAST_WEEK, |term| week_of(term, term.last_day).min(LAST_WEEK))
    }

    /// The term in which `date` lies.
    pub fn term_on(&self, date: Date) -> Option<&Term> {
        self.terms.values().find(|term| term.first_day <= date && date <= term.last_day)
    }

    /// The date of a month and day that is given without a year: within two months of a term, that of the files first;
    /// else in this year.
    pub fn near(&self, month: i8, day: i8) -> Option<Date> {
        let in_year = |year: i16| Date::new(year, month, day).ok();
        let in_term = |term: &Term| {
            let first = term.week_1.saturating_sub(60.days());
            let last = term.last_day.saturating_add(60.days());
            let years = [term.week_1.year(), term.last_day.year(), first.year(), last.year()];
            years.into_iter().filter_map(in_year).find(|date| first <= *date && *date <= last)
        };
        let terms = self.target().into_iter().chain(self.terms.values());
        terms.into_iter().find_map(in_term).or_else(|| in_year(self.today.year()))
    }

    /// The school with this name.
    pub fn school_named(&self, name: &str) -> Option<&School> {
        self.schools.get(self.schools_named.get(&fold(name))?)
    }

    /// The school whose name, the longest where several are, is in one of `texts`.
    pub fn school_in<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Option<SchoolId> {
        let find = |text: &str| {
            let text = fold(&text.chars().take(400).collect::<String>());
            let within = self.schools_named.iter().filter(|(name, _)| !name.is_empty() && text.contains(name.as_str()));
            within.max_by_key(|(name, _)| (name.len(), *name)).map(|(_, id)| id.clone())
        };
        texts.into_iter().find_map(find)
    }

    /// An id for a school of this name.
    pub fn fresh_school(&self, name: &str) -> Option<SchoolId> {
        fresh('s', &[name], SchoolId::parse, |id| !self.schools.contains_key(id))
    }

    /// The name of a school.
    pub fn school_name(&self, id: &SchoolId) -> &str {
        self.schools.get(id).map_or("", |school| school.name.as_str())
    }

    /// The names of all schools.
    pub fn school_names(&self) -> Vec<String> {
        self.schools.values().map(|school| school.name.clone()).collect()
    }

    /// The room of this name at a school.
    pub fn room_at(&self, school: &SchoolId, name: &str) -> Option<&Room> {
        match self.rooms_named.at(school, name) {
            Meant::One(id) => self.rooms.get(&id),
            Meant::Several(ids) => ids.first().and_then(|id| self.rooms.get(id)),
            Meant::None => None,
        }
    }

    /// The room with this id.
    pub fn room(&self, id: &RoomId) -> Option<&Room> {
        self.rooms.get(id)
    }

    /// An id for a room of this name at a school.
    pub fn fresh_room(&self, school: &str, name: &str) -> Option<RoomId> {
        fresh('r', &[school, name], RoomId::parse, |id| !self.rooms.contains_key(id))
    }

    /// An id for a teacher of this name at a school.
    pub fn fresh_teacher(&self, school: &str, name: &str) -> Option<ParticipantId> {
        fresh('p', &[school, name], ParticipantId::parse, |id| self.teachers.get(id).is_none())
    }

    /// A room or teacher as it is written where the name alone does not tell which one: `school name`.
    pub fn in_full(&self, (school, name): (&SchoolId, &str)) -> String {
        format!("{} {name}", self.school_name(school))
    }

    /// What a special day is called.
    pub fn day_name(&self, school: &Option<SchoolId>, date: Date) -> Option<&str> {
        self.day_names.get(&(school.clone(), date)).map(String::as_str)
    }

    /// Whether the bells of a school have a period; all are, where no bells are known.
    pub fn has_period(&self, school: &SchoolId, period: u8) -> bool {
        let bells = self.periods.get(&Some(school.clone())).or_else(|| self.periods.get(&None));
        bells.is_none_or(|periods| periods.contains(&period))
    }

    /// The course with these names.
    pub fn course_named(&self, term: &TermId, hub_school: &SchoolId, name: &str, class: &str) -> Option<&Course> {
        let names = (term.clone(), hub_school.clone(), fold(name), fold(class));
        self.courses.get(self.courses_named.get(&names)?)
    }

    /// The course with this id.
    pub fn course(&self, id: &CourseId) -> Option<&Course> {
        self.courses.get(id)
    }

    /// An id for a course of these names.
    pub fn fresh_course(&self, names: &[&str; 4]) -> Option<CourseId> {
        fresh('c', names, CourseId::parse, |id| !self.courses.contains_key(id))
    }

    /// Every course.
    pub fn courses(&self) -> impl Iterator<Item = &Course> {
        self.courses.values()
    }
}

fn fresh<I, E>(
    kind: char,
    names: &[&str],
    parse: impl Fn(String) -> Result<I, E>,
    is_free: impl Fn(&I) -> bool,
) -> Option<I> {
    parse(natural_id(kind, names, |id| parse(id.to_owned()).is_ok_and(|id| is_free(&id)))).ok()
}
