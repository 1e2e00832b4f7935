//! Whose a record is, and what things are called.

use jiff::civil::Date;
use protocol::{
    CourseId, RoomId, SchoolId,
    timetable::{Record, Requirement, SpecialDay},
};

use crate::{BellSchedule, Timetable};

impl Timetable {
    /// The school a room is in.
    pub fn school_of(&self, room: &RoomId) -> Option<&SchoolId> {
        self.rooms.get(room).map(|room| &room.school)
    }

    /// The name of a room within its school.
    pub fn own_room_name(&self, id: &RoomId) -> String {
        self.rooms.get(id).map_or_else(|| id.to_string(), |room| room.name.clone())
    }

    /// The record of a school.
    pub fn school(&self, id: &SchoolId) -> Option<&protocol::timetable::School> {
        self.schools.get(id)
    }

    /// What is special about a date at a school, or in the county where none is given.
    pub fn special_day_of(&self, school: Option<&SchoolId>, date: Date) -> Option<&SpecialDay> {
        match school {
            Some(school) => self.special_day(school, date),
            None => self.special_days.get(&date)?.get(&None),
        }
    }

    /// The bells of a school on a date, or the county's where none is given.
    pub fn bells_of(&self, school: Option<&SchoolId>, date: Date) -> Option<&BellSchedule> {
        match school {
            Some(school) => self.bells_on(school, date),
            None => self.bells.get(&None)?.range(..=date).next_back().map(|(_, bells)| bells),
        }
    }

    /// Whether a record is about a school: its own, of a course it teaches or receives, or the county's for all.
    pub fn is_of_school(&self, record: &Record, school: &SchoolId) -> bool {
        let of_course = |id| {
            self.courses.get(id).is_some_and(|course| {
                course.hub_school == *school
                    || course.points.iter().any(|point| self.school_of(&point.room) == Some(school))
            })
        };
        match record {
            Record::Term(_) | Record::Requirement(_) => true,
            Record::School(it) => it.id == *school,
            Record::Room(it) => it.school == *school,
            Record::Teacher(it) => it.school == *school,
            Record::Bells(it) => it.school.as_ref().is_none_or(|of| of == school),
            Record::SpecialDay(it) => it.school.as_ref().is_none_or(|of| of == school),
            Record::Course(it) => of_course(&it.id),
            Record::Entry(it) => of_course(&it.course),
            Record::LessonEdit(it) => of_course(&it.origin.course),
            Record::ExtraLesson(it) => of_course(&it.course),
        }
    }

    /// The class group that sits in a receive room of a course, if it is told.
    pub fn class_in(&self, course: &CourseId, room: &RoomId) -> String {
        let points = self.courses.get(course).map_or(&[][..], |course| &course.points);
        points.iter().find(|point| point.room == *room).map_or_else(String::new, |point| point.class_group.clone())
    }

    /// The curriculum plan.
    pub fn requirements(&self) -> Vec<Requirement> {
        self.requirements.values().cloned().collect()
    }

    /// How many extra lessons there are.
    pub fn extra_lessons(&self) -> usize {
        self.extras.len()
    }
}
