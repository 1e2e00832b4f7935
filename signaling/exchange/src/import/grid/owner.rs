//! Whose a block is: 「三年级1班课表」「陈静老师课表」「录播教室1课表」.

use protocol::{RoomId, SchoolId, timetable::RoomKind};

use crate::{
    import::{directory::Directory, problems::Said, roster::Meant},
    spelling::{fold, tidy},
};

/// Whose it is, with the title that tells.
#[derive(Debug)]
pub enum Owner {
    /// A class group.
    ClassGroup(Said),
    /// A teacher.
    Teacher(Said),
    /// A master or recording room. (A receive room's timetable tells nothing of master rooms.)
    MasterRoom(Said),
    /// Nobody's that is known: the cells tell.
    Unknown,
}

/// The owner that the first of `titles` tells which tells one.
pub fn find(titles: &[Said], school: Option<&SchoolId>, directory: &Directory) -> Owner {
    titles.iter().find_map(|title| of_title(title, school, directory)).unwrap_or(Owner::Unknown)
}

fn of_title(title: &Said, school: Option<&SchoolId>, directory: &Directory) -> Option<Owner> {
    let text: String = tidy(&title.text).chars().take(200).collect();
    let said = |name: &str| Said { text: name.to_owned(), ..title.clone() };
    let labelled = |words: &[&str]| words.iter().find_map(|word| after_label(&text, word));
    if let Some(name) = labelled(&["班级"]) {
        return Some(Owner::ClassGroup(said(name)));
    }
    if let Some(name) = labelled(&["教师", "老师", "教师姓名", "任课教师"]) {
        return Some(Owner::Teacher(said(name)));
    }
    let teacher = || teacher_in(&text, school, directory).map(|name| Owner::Teacher(said(&name)));
    let says_teacher = text.contains("老师") || text.contains("教师");
    if let Some(owner) = says_teacher.then(teacher).flatten() {
        return Some(owner);
    }
    if let Some(name) = class_in(&text) {
        return Some(Owner::ClassGroup(said(&name)));
    }
    teacher().or_else(|| room_in(&text, school, directory).map(|name| Owner::MasterRoom(said(&name))))
}

/// The word behind `label:`.
fn after_label<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(label)?;
    let rest = rest.trim_start().strip_prefix([':', '：'])?.trim_start();
    rest.split([' ', '，', ',', '；', ';']).next().filter(|word| !word.is_empty())
}

/// The class in a text: `三年级1班`, `三（1）班`, `2024级3班`, or a whole grade.
pub fn class_in(text: &str) -> Option<String> {
    const IN_A_CLASS: &str = "0123456789一二三四五六七八九十()年级初高届";
    let chars: Vec<char> = text.chars().collect();
    let fits = |c: char| fold(&c.to_string()).chars().all(|c| IN_A_CLASS.contains(c));
    let ends: [&[char]; 2] = [&['班'], &['年', '级']];
    ends.iter().find_map(|end| {
        let at = (0..chars.len()).find(|at| chars[*at..].starts_with(end))?;
        let first = (0..at).rev().take_while(|before| fits(chars[*before])).last()?;
        let name: String = chars[first..at + end.len()].iter().collect();
        Some(name.trim_start_matches([')', '）', '年', '级']).to_owned())
    })
}

/// The longest name of a teacher in a text: one of the school, if it is known.
fn teacher_in(text: &str, school: Option<&SchoolId>, directory: &Directory) -> Option<String> {
    let is_here = |of: &SchoolId| school.is_none_or(|school| school == of);
    directory.teachers.longest_in(&fold(text), |_, of| is_here(of)).map(str::to_owned)
}

/// The longest name of a room to teach from: one of the school, or if that is not known, one that no other room has.
fn room_in(text: &str, school: Option<&SchoolId>, directory: &Directory) -> Option<String> {
    let rooms = &directory.rooms_named;
    let is_taught_from = |id: &RoomId| directory.room(id).is_some_and(|room| room.kind != RoomKind::ReceiveRoom);
    let is_here = |id: &RoomId, of: &SchoolId| match school {
        Some(school) => school == of,
        None => rooms.get(id).is_some_and(|(_, name)| matches!(rooms.anywhere(name), Meant::One(_))),
    };
    rooms.longest_in(&fold(text), |id, of| is_taught_from(id) && is_here(id, of)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_found_in_a_title() {
        let rows = [
            ("清溪县实验小学三年级1班课表", Some("三年级1班")),
            ("三（1）班课程表", Some("三（1）班")),
            ("2024级3班", Some("2024级3班")),
            ("七年级(12)班 2026年秋", Some("七年级(12)班")),
            ("三年级课表", Some("三年级")),
            ("实验小学课表", None),
            ("班主任", None),
        ];
        for (text, expected) in rows {
            assert_eq!(class_in(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_labelled_name_is_the_word_behind_its_label() {
        assert_eq!(after_label("班级： 三(1)班  教师：陈静", "班级"), Some("三(1)班"));
        assert_eq!(after_label("班级： 三(1)班  教师：陈静", "教师"), Some("陈静"));
        assert_eq!(after_label("教师课表", "教师"), None);
    }
}
