//! Who and what the names of a course mean: its hub school and teacher, its master room, its receive rooms.

use std::collections::BTreeSet;

use protocol::{ParticipantId, RoomId, SchoolId, timetable::RoomKind};

use super::{
    course_words::CourseWords,
    directory::Directory,
    places::find_school,
    problems::{Problems, Said},
    roster::Meant,
    table::checked_name,
};
use crate::{grammar::lists, spelling::tidy};

/// Whose course it is.
pub struct Hub {
    /// 主校.
    pub school: SchoolId,
    /// 主讲教师, if one is named.
    pub teacher: Option<ParticipantId>,
}

/// Finds the hub school: the one that is named, else that of the teacher if only one has the name, else `hint`, which
/// the sheet's title or the file's name tells. `None` after a report where nothing tells it.
pub fn find_hub(
    words: &CourseWords,
    hint: Option<&SchoolId>,
    directory: &Directory,
    problems: &mut Problems,
) -> Option<Hub> {
    let named = match &words.school {
        Some(said) => match find_school(said, directory, problems) {
            Some(school) => Some(school.id),
            None => {
                report_stranger(words.teacher.as_ref(), directory, problems);
                return None;
            }
        },
        None => None,
    };
    let Some(said) = &words.teacher else {
        let school = named.or_else(|| hint.cloned());
        if school.is_none() {
            problems.empty(words.at, "学校");
        }
        return Some(Hub { school: school?, teacher: None });
    };
    let teachers = &directory.teachers;
    let at = |school: Option<&SchoolId>| school.map_or(Meant::None, |school| teachers.at(school, &said.text));
    let meant = match &named {
        Some(school) => {
            at(Some(school)).or_else(|| teachers.in_full(&said.text)).or_else(|| teachers.anywhere(&said.text))
        }
        None => match teachers.anywhere(&said.text) {
            Meant::Several(all) => at(hint).or_else(|| Meant::Several(all)),
            meant => meant.or_else(|| teachers.in_full(&said.text)),
        },
    };
    match meant {
        Meant::One(teacher) => {
            let school = named.or_else(|| teachers.get(&teacher).map(|(school, _)| school.clone()))?;
            Some(Hub { school, teacher: Some(teacher) })
        }
        Meant::None => {
            report_stranger(Some(said), directory, problems);
            None
        }
        Meant::Several(all) => {
            let schools: BTreeSet<&str> =
                all.iter().filter_map(|id| teachers.get(id)).map(|(school, _)| directory.school_name(school)).collect();
            problems.ambiguous(said, "teacher", schools.into_iter().map(str::to_owned).collect());
            None
        }
    }
}

/// Reports a teacher whom no school has.
fn report_stranger(said: Option<&Said>, directory: &Directory, problems: &mut Problems) {
    let teachers = &directory.teachers;
    let is_known = |said: &Said| teachers.anywhere(&said.text).or_else(|| teachers.in_full(&said.text)) != Meant::None;
    if let Some(said) = said.filter(|said| !is_known(said)) {
        problems.unknown(said, "teacher", || teachers.all().map(|(_, _, name)| name.to_owned()).collect());
    }
}

/// Finds the room at the hub school, or the one that is named with its school.
pub fn find_master_room(
    said: &Said,
    school: &SchoolId,
    directory: &Directory,
    problems: &mut Problems,
) -> Option<RoomId> {
    checked_name(Some(said.clone()), problems)?;
    if let Some(room) = directory.room_at(school, &said.text) {
        return Some(room.id.clone());
    }
    match directory.rooms_named.in_full(&said.text) {
        Meant::One(room) => Some(room),
        Meant::Several(rooms) => rooms.into_iter().next(),
        Meant::None => {
            // Rooms of other schools have the same names, so only those of this one are near.
            report_room(
                said,
                directory.rooms_named.all_at(school).map(|(_, name)| name.to_owned()).collect(),
                problems,
            );
            None
        }
    }
}

fn report_room(said: &Said, mut near: Vec<String>, problems: &mut Problems) {
    near.sort_by_cached_key(|name| (std::cmp::Reverse(ordered_likeness(name, &said.text)), name.clone()));
    near.truncate(crate::limits::SUGGESTIONS);
    let (what, name) = ("room".to_owned(), crate::spelling::shown(&said.tidy()));
    problems.report(said.at, protocol::import::ImportProblem::Unknown { what, name, did_you_mean: near });
}

/// Likeness in thousandths, which can be sorted by.
fn ordered_likeness(a: &str, b: &str) -> u32 {
    let b: String = b.chars().take(100).collect();
    (strsim::normalized_damerau_levenshtein(a, &b) * 1000.0) as u32
}

/// Finds the rooms of a list. Each part is a school that has one receive room, or `学校 教室`, or a receive room's name
/// that no other has. A room that is named twice is one point.
pub fn find_points(said: &Said, directory: &Directory, problems: &mut Problems) -> Option<Vec<RoomId>> {
    let mut rooms: Vec<RoomId> = Vec::new();
    let mut all_found = true;
    for chunk in lists::chunks(&said.text) {
        // A name may have a separator in it: 三、四年级教室.
        let parts = if is_point(chunk, directory) { vec![chunk] } else { lists::parts(chunk) };
        for part in parts {
            let part = Said { text: tidy(part), ..said.clone() };
            let room = find_point(&part, directory, problems);
            all_found &= room.is_some();
            rooms.extend(room.filter(|room| !rooms.contains(room)));
        }
    }
    all_found.then_some(rooms)
}

fn is_point(name: &str, directory: &Directory) -> bool {
    let rooms = &directory.rooms_named;
    directory.school_named(name).is_some() || rooms.in_full(name).or_else(|| rooms.anywhere(name)) != Meant::None
}

fn find_point(said: &Said, directory: &Directory, problems: &mut Problems) -> Option<RoomId> {
    checked_name(Some(said.clone()), problems)?;
    let receives = |id: &RoomId| directory.room(id).is_some_and(|room| room.kind == RoomKind::ReceiveRoom);
    if let Some(school) = directory.school_named(&said.text) {
        let rooms: Vec<(&RoomId, &str)> =
            directory.rooms_named.all_at(&school.id).filter(|(id, _)| receives(id)).collect();
        return match rooms[..] {
            [(room, _)] => Some(room.clone()),
            [] => {
                let names = directory.rooms_named.all_at(&school.id).map(|(_, name)| format!("{} {name}", school.name));
                report_room(said, names.collect(), problems);
                None
            }
            _ => {
                let names = rooms.iter().map(|(_, name)| format!("{} {name}", school.name));
                problems.ambiguous(said, "room", names.collect());
                None
            }
        };
    }
    let receiving = |meant: Meant<RoomId>| match meant {
        Meant::Several(rooms) => {
            let rooms: Vec<RoomId> = rooms.into_iter().filter(receives).collect();
            match &rooms[..] {
                [] => Meant::None,
                [room] => Meant::One(room.clone()),
                _ => Meant::Several(rooms),
            }
        }
        meant => meant,
    };
    match directory.rooms_named.in_full(&said.text).or_else(|| receiving(directory.rooms_named.anywhere(&said.text))) {
        Meant::One(room) => Some(room),
        Meant::Several(rooms) => {
            let full =
                |id: &RoomId| directory.rooms_named.get(id).map(|(school, name)| directory.in_full((school, name)));
            problems.ambiguous(said, "room", rooms.iter().filter_map(full).collect());
            None
        }
        Meant::None => {
            let rooms = || directory.rooms_named.all().filter(|(id, ..)| receives(id));
            problems.unknown(said, "room", || {
                let full = rooms().map(|(_, school, name)| directory.in_full((school, name)));
                directory.school_names().into_iter().chain(full).collect()
            });
            None
        }
    }
}
