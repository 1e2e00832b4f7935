//! Every conflict, found by holding each lesson against each other of its date.

use std::collections::BTreeSet;

use protocol::{
    LessonId, RoomId, SchoolId,
    timetable::{Conflict, ConflictKind, DatePeriod, Key, Record, SessionKind},
};

use crate::reference::{Planned, Reference};

impl Reference {
    /// The conflicts among `lessons`, which are in order.
    pub fn conflicts(&self, lessons: &[Planned]) -> Vec<Conflict> {
        let open: Vec<&Planned> = lessons.iter().filter(|lesson| lesson.cancelled.is_none()).collect();
        let mut found = Vec::new();
        for (at, lesson) in open.iter().enumerate() {
            found.extend(self.alone(lesson));
            for other in open[at + 1..].iter().take_while(|other| other.date == lesson.date) {
                found.extend(self.between(lesson, other));
            }
        }
        found.sort();
        found
    }

    /// What two lessons of one date, the first of which comes first, cannot share.
    fn between(&self, lesson: &Planned, other: &Planned) -> Vec<Conflict> {
        let mut found = Vec::new();
        let (Some((a, b)), Some((c, d))) = (lesson.minutes, other.minutes) else { return found };
        if b <= c || d <= a {
            return found;
        }
        let mut add = |kind, whom| found.push(conflict(kind, lesson, Some(other), whom));
        if lesson.teacher == other.teacher {
            add(ConflictKind::TeacherBusy, self.name(&Key::Teacher(lesson.teacher.clone())));
        }
        for room in rooms(lesson).intersection(&rooms(other)) {
            let taught_in = [lesson, other].iter().any(|it| it.room.as_ref() == Some(*room));
            let kind = if taught_in { ConflictKind::MasterRoomBusy } else { ConflictKind::ReceiveRoomBusy };
            let school = self.name(&Key::School(self.school_of(room)));
            add(kind, format!("{school} {}", self.name(&Key::Room((*room).clone()))));
        }
        for (school, class) in self.class_groups(lesson).intersection(&self.class_groups(other)) {
            let school = self.name(&Key::School(school.clone()));
            add(ConflictKind::ClassGroupBusy, format!("{school} {class}"));
        }
        found
    }

    fn class_groups(&self, lesson: &Planned) -> BTreeSet<(SchoolId, String)> {
        let course = &lesson.course;
        let mut groups = BTreeSet::new();
        if course.kind == SessionKind::SynchronousLesson {
            groups.insert((course.hub_school.clone(), course.class_group.clone()));
        }
        if course.kind != SessionKind::BroadcastLesson {
            groups.extend(course.points.iter().map(|it| (self.school_of(&it.room), it.class_group.clone())));
        }
        groups.retain(|(_, class)| !class.is_empty());
        groups
    }

    fn alone(&self, lesson: &Planned) -> Vec<Conflict> {
        let course = &lesson.course;
        let mut found = Vec::new();
        let mut add = |kind, whom| found.push(conflict(kind, lesson, None, whom));
        let in_term = self.term_on(lesson.date).is_some_and(|term| term.id == course.term);
        let off = |school: &SchoolId| in_term && self.holds(school, lesson.date).is_none();
        if !in_term {
            add(ConflictKind::OutsideTerm, String::new());
        }
        if off(&course.hub_school) && lesson.origin.is_some() {
            add(ConflictKind::DayOff, self.name(&Key::School(course.hub_school.clone())));
        }
        let Some((starts, ends)) = lesson.minutes else {
            add(ConflictKind::NoSuchPeriod, lesson.period.to_string());
            return found;
        };
        for school in course.points.iter().map(|it| self.school_of(&it.room)).collect::<BTreeSet<_>>() {
            let name = self.name(&Key::School(school.clone()));
            if off(&school) {
                add(ConflictKind::PointDayOff, name.clone());
            }
            let bells = self.bells(&school, lesson.date).unwrap_or_default();
            if bells.iter().filter(|it| starts < it.ends_min && it.starts_min < ends).count() > 1 {
                add(ConflictKind::BellsDiffer, name);
            }
        }
        found
    }

    fn school_of(&self, id: &RoomId) -> SchoolId {
        self.rooms().find(|room| room.id == *id).unwrap().school.clone()
    }

    fn name(&self, key: &Key) -> String {
        match self.records.get(key) {
            Some(Record::School(it)) => it.name.clone(),
            Some(Record::Room(it)) => it.name.clone(),
            Some(Record::Teacher(it)) => it.name.clone(),
            other => panic!("{key:?} is {other:?}"),
        }
    }
}

fn rooms(lesson: &Planned) -> BTreeSet<&RoomId> {
    let points = lesson.course.points.iter().filter(|_| lesson.course.kind != SessionKind::BroadcastLesson);
    points.map(|point| &point.room).chain(&lesson.room).collect()
}

fn conflict(kind: ConflictKind, lesson: &Planned, other: Option<&Planned>, whom: String) -> Conflict {
    let id = |lesson: &Planned| LessonId::parse(lesson.id.as_str()).unwrap();
    let at = DatePeriod { date: lesson.date, period: lesson.period };
    Conflict { kind, lesson: id(lesson), other: other.map(id), whom, at }
}
