//! A course that the files describe, made of all that is said about it.

use std::{collections::BTreeMap, rc::Rc};

use protocol::{
    CourseId, ParticipantId, RoomId, SchoolId,
    timetable::{Course, CoursePoint, SessionKind, WeekSet, Weekday},
};

use super::{
    course_words::CourseWords,
    directory::Directory,
    problems::{Place, Problems, Said},
};
use crate::{
    grammar::{kinds, lists},
    spelling::tidy,
};

/// What is written for a point of which no class is told, among others of which one is.
pub const NO_CLASS: &str = "-";

/// What is said about a course, with the cell that says so: a later cell may say the same again, but nothing else.
#[derive(Debug, Clone)]
pub struct Claim<T>(Option<(T, Said)>);

impl<T> Default for Claim<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: PartialEq> Claim<T> {
    /// Takes in what `said` says, or reports that it contradicts what was said before.
    pub fn claim(&mut self, value: T, said: &Said, problems: &mut Problems) {
        match &self.0 {
            None => self.0 = Some((value, said.clone())),
            Some((other, _)) if *other == value => {}
            Some((_, earlier)) => problems.contradicts(said, earlier),
        }
    }

    /// What is said, if anything is.
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(value, _)| value)
    }
}

/// A course that the files describe.
pub struct Draft {
    /// Its id: that of the course of its names, if there is one.
    pub id: CourseId,
    /// Where it is named first.
    pub at: Place,
    /// Whether it is in a timetable, and not only in a list of courses.
    pub is_in_timetable: bool,
    /// Its rows.
    pub entries: BTreeMap<(Weekday, u8), WeekSet>,
    hub_school: SchoolId,
    name: String,
    class_group: String,
    teacher_heading: Rc<str>,
    /// 主讲教师.
    pub teacher: Claim<ParticipantId>,
    /// 主讲教室.
    pub master_room: Claim<RoomId>,
    /// 接收教室, in their order.
    pub points: Claim<Vec<RoomId>>,
    /// 接收班级, as written.
    pub point_classes: Claim<String>,
    /// 学科.
    pub subject: Claim<String>,
    /// 年级.
    pub grade: Claim<String>,
    /// 类型.
    pub kind: Claim<SessionKind>,
}

impl Draft {
    /// A course of which nothing is said yet but its name. One that is known keeps the spelling of its names.
    pub fn new(id: CourseId, hub_school: SchoolId, words: &CourseWords, base: Option<&Course>, class: &str) -> Self {
        Self {
            id,
            at: words.at,
            is_in_timetable: false,
            entries: BTreeMap::new(),
            hub_school,
            name: base.map_or_else(|| words.name.tidy(), |course| course.name.clone()),
            class_group: base.map_or_else(|| class.to_owned(), |course| course.class_group.clone()),
            teacher_heading: words.teacher_heading.clone(),
            teacher: Claim::default(),
            master_room: Claim::default(),
            points: Claim::default(),
            point_classes: Claim::default(),
            subject: Claim::default(),
            grade: Claim::default(),
            kind: Claim::default(),
        }
    }

    /// 主校.
    pub fn hub_school(&self) -> &SchoolId {
        &self.hub_school
    }

    /// The course as it will be: what is not said stays as it is known, and for a new course is told by its names. A
    /// course of a class that is called …班 is a synchronous lesson, because a class of the hub school sits in it; one
    /// of a whole grade or of no class is a dedicated one.
    pub fn course(&self, directory: &Directory, problems: &mut Problems) -> Option<Course> {
        let base = directory.course(&self.id);
        let teacher = self.teacher.get().or_else(|| base.map(|course| &course.master_teacher));
        if teacher.is_none() {
            problems.empty(self.at, &self.teacher_heading);
        }
        let by_name = match self.class_group.ends_with('班') {
            true => SessionKind::SynchronousLesson,
            false => SessionKind::DedicatedLesson,
        };
        let kind = self.kind.get().copied().or_else(|| base.map(|course| course.kind));
        let subject = self.subject.get().cloned().or_else(|| base.map(|course| course.subject.clone()));
        let grade = self.grade.get().cloned().or_else(|| base.map(|course| course.grade.clone()));
        let points = self.course_points(base, problems);
        Some(Course {
            id: self.id.clone(),
            term: directory.term.clone()?,
            name: self.name.clone(),
            subject: subject.unwrap_or_else(|| kinds::subject_of(&self.name)),
            grade: grade.unwrap_or_else(|| kinds::grade_of(&self.class_group)),
            kind: kind.unwrap_or(by_name),
            hub_school: self.hub_school.clone(),
            class_group: self.class_group.clone(),
            master_teacher: teacher?.clone(),
            master_room: self
                .master_room
                .get()
                .or_else(|| base.and_then(|course| course.master_room.as_ref()))
                .cloned(),
            points,
        })
    }

    fn course_points(&self, base: Option<&Course>, problems: &mut Problems) -> Vec<CoursePoint> {
        let known = base.map_or(&[][..], |course| &course.points);
        let mut points = match self.points.get() {
            None => known.to_vec(),
            Some(rooms) => {
                let class_of = |room: &RoomId| known.iter().find(|point| point.room == *room);
                let class_group = |room| class_of(room).map(|point| point.class_group.clone()).unwrap_or_default();
                rooms.iter().map(|room| CoursePoint { room: room.clone(), class_group: class_group(room) }).collect()
            }
        };
        let Some((text, said)) = &self.point_classes.0 else { return points };
        let classes = classes_of(text, points.len());
        match &classes[..] {
            [one] => points.iter_mut().for_each(|point| point.class_group.clone_from(one)),
            _ if classes.len() == points.len() => {
                for (point, class) in points.iter_mut().zip(classes) {
                    point.class_group = class;
                }
            }
            _ => problems.bad(said, "三年级；四年级"),
        }
        points
    }
}

/// The classes of so many points. A class of several grades may be called 三、四年级, so 、 separates only where
/// nothing else does; `-` is no class.
fn classes_of(text: &str, points: usize) -> Vec<String> {
    let strong = [';', '；', '\n'];
    let parts = match points {
        1 => vec![text],
        _ if text.contains(strong) => text.split(strong).collect(),
        _ => lists::parts(text),
    };
    parts.into_iter().map(tidy).map(|class| if class == NO_CLASS { String::new() } else { class }).collect()
}
