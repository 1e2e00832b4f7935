//! Sheets of schools, rooms and teachers.

use protocol::timetable::{Record, Room, RoomKind, School, SchoolKind, Teacher};

use super::{
    directory::Directory,
    headings::Column,
    problems::{Place, Problems, Said},
    roster::Meant,
    table::{Row, Table},
};
use crate::grammar::kinds::{room_kind, room_kind_name, school_kind, school_kind_name};

/// Reads schools. What a row leaves blank stays as it is known; the kind of a new school is told by its name.
pub fn read_schools(table: &Table<'_>, directory: &mut Directory, problems: &mut Problems) {
    for row in table.rows() {
        let Some(name) = row.needed_name(Column::School, problems) else { continue };
        let area = row.name(Column::Area, problems);
        let kind = row.said(Column::Kind);
        let kind_said = kind.as_ref().and_then(|said| read_kind(said, school_kind, "教学点", problems));
        let name = name.tidy();
        let known = directory.school_named(&name);
        let Some(id) = known.map(|it| it.id.clone()).or_else(|| directory.fresh_school(&name)) else { continue };
        let kind_known = kind_said.or(known.map(|it| it.kind)).or_else(|| school_kind(&name));
        let school = School {
            id,
            area: area.as_ref().map(Said::tidy).or_else(|| known.map(|it| it.area.clone())).unwrap_or_default(),
            kind: kind_known.unwrap_or(SchoolKind::HubSchool),
            name: known.map_or(name, |it| it.name.clone()),
        };
        if let Some((Record::School(other), at)) = directory.gather(Record::School(school), row.place()) {
            let area_text = Some(other.area.as_str()).filter(|text| area.as_ref().is_some_and(|it| it.tidy() != *text));
            match (area_text, &area) {
                (Some(text), Some(area)) => contradicts(area, at, text, problems),
                _ => contradicts(
                    &kind.unwrap_or_else(|| whole(row, Column::Kind)),
                    at,
                    school_kind_name(other.kind),
                    problems,
                ),
            }
        }
    }
}

/// Reads rooms. What a row leaves blank stays as it is known; what a new room is for is told by its name, or else by
/// its school: teaching points receive.
pub fn read_rooms(table: &Table<'_>, directory: &mut Directory, problems: &mut Problems) {
    for row in table.rows() {
        let school = row.needed_name(Column::School, problems);
        let Some(name) = row.needed_name(Column::Room, problems) else { continue };
        let kind = row.said(Column::Kind);
        let kind_said = kind.as_ref().and_then(|said| read_kind(said, room_kind, "接收教室", problems));
        let Some(school) = school.and_then(|said| find_school(&said, directory, problems)) else { continue };
        let name = name.tidy();
        let known = directory.room_at(&school.id, &name);
        let Some(id) = known.map(|it| it.id.clone()).or_else(|| directory.fresh_room(&school.name, &name)) else {
            continue;
        };
        let of_school = match school.kind {
            SchoolKind::TeachingPoint => RoomKind::ReceiveRoom,
            SchoolKind::HubSchool | SchoolKind::Bureau => RoomKind::MasterRoom,
        };
        let kind_known = kind_said.or(known.map(|it| it.kind)).or_else(|| room_kind(&name)).unwrap_or(of_school);
        let name = known.map_or(name, |it| it.name.clone());
        let room = Room { id, school: school.id, name, kind: kind_known };
        if let Some((Record::Room(other), at)) = directory.gather(Record::Room(room), row.place()) {
            let kind = kind.unwrap_or_else(|| whole(row, Column::Kind));
            contradicts(&kind, at, room_kind_name(other.kind), problems);
        }
    }
}

/// Reads teachers.
pub fn read_teachers(table: &Table<'_>, directory: &mut Directory, problems: &mut Problems) {
    for row in table.rows() {
        let school = row.needed_name(Column::School, problems);
        let Some(name) = row.needed_name(Column::Teacher, problems) else { continue };
        let Some(school) = school.and_then(|said| find_school(&said, directory, problems)) else { continue };
        let name = name.tidy();
        let known = match directory.teachers.at(&school.id, &name) {
            Meant::One(id) => Some(id),
            // Which of several is meant makes no difference: all are there.
            Meant::Several(ids) => ids.first().cloned(),
            Meant::None => None,
        };
        let kept = known.as_ref().and_then(|id| directory.teachers.get(id)).map(|(_, name)| name.clone());
        let Some(id) = known.or_else(|| directory.fresh_teacher(&school.name, &name)) else { continue };
        let teacher = Teacher { id, school: school.id, name: kept.unwrap_or(name) };
        // All a teacher has is what they are found by, so nothing can contradict it.
        let _ = directory.gather(Record::Teacher(teacher), row.place());
    }
}

/// The school that a cell names; that there is none is reported.
pub fn find_school(said: &Said, directory: &Directory, problems: &mut Problems) -> Option<School> {
    let school = directory.school_named(&said.text).cloned();
    if school.is_none() {
        problems.unknown(said, "school", || directory.school_names());
    }
    school
}

fn read_kind<K>(said: &Said, read: impl Fn(&str) -> Option<K>, example: &str, problems: &mut Problems) -> Option<K> {
    let kind = read(&said.text);
    if kind.is_none() {
        problems.bad(said, example);
    }
    kind
}

/// A cell that says nothing, where a row as a whole contradicts another.
pub fn whole(row: Row<'_>, column: Column) -> Said {
    Said { text: String::new(), heading: row.table().heading(column), at: row.place() }
}

/// That `said` is not what another row says.
pub fn contradicts(said: &Said, other_at: Place, other: &str, problems: &mut Problems) {
    problems.contradicts(said, &Said { text: other.to_owned(), heading: said.heading.clone(), at: other_at });
}
