//! The cells of a grid: `音乐\n陈静\n1-16周\n录播教室1`, `音乐(陈静)`, `音乐 单周/美术 双周`.
//!
//! A cell is split into words at lines, blanks, brackets and strokes, and each word is taken for what it is known as:
//! weeks, a teacher, a room, a class, a kind of session, a school that receives, or a course. A course begins a new
//! item, and so does what is not known where an item may begin; elsewhere it is reported.

use std::collections::HashSet;

use protocol::SchoolId;

use super::owner::class_in;
use crate::{
    grammar::{
        kinds::{SUBJECTS, session_kind, session_kind_name},
        weeks::{Parity, WeeksError, weeks},
    },
    import::{directory::Directory, roster::Meant},
    spelling::{fold, tidy},
};

/// One course in a cell.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// 课名.
    pub course: String,
    /// 教师.
    pub teacher: Option<String>,
    /// 地点.
    pub room: Option<String>,
    /// 班级.
    pub class_group: Option<String>,
    /// 类型.
    pub kind: Option<String>,
    /// Weeks and parities.
    pub weeks: Vec<String>,
    /// Schools that receive.
    pub points: Vec<String>,
    /// What none of these is.
    pub unknown: Vec<String>,
}

/// Names of courses.
pub struct Words {
    courses: HashSet<String>,
}

impl Words {
    /// The subjects of the curriculum, and the names of the courses that are known.
    pub fn of(directory: &Directory) -> Self {
        let known = directory.courses().map(|course| fold(&course.name));
        Self { courses: SUBJECTS.iter().map(|subject| (*subject).to_owned()).chain(known).collect() }
    }
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Weeks,
    Teacher,
    Room,
    ClassGroup,
    Kind,
    Point,
    Course,
    Unknown,
}

struct Reader<'a> {
    school: Option<&'a SchoolId>,
    words: &'a Words,
    directory: &'a Directory,
    items: Vec<Item>,
    /// Words before the first course of the cell.
    early: Item,
    /// Whether something that is not known begins an item here.
    may_begin: bool,
}

/// The courses in a cell.
pub fn items(text: &str, school: Option<&SchoolId>, words: &Words, directory: &Directory) -> Vec<Item> {
    let mut reader = Reader { school, words, directory, items: Vec::new(), early: Item::default(), may_begin: true };
    for line in text.lines() {
        if line.trim().is_empty() {
            reader.may_begin = true;
        } else if !reader.take_known(line) {
            reader.read_line(line);
        }
    }
    reader.items
}

impl Reader<'_> {
    /// Splits a line further, the less the earlier: a name may have a stroke, a blank or brackets in it.
    fn read_line(&mut self, line: &str) {
        for (at, part) in line.split(['/', '|', '／']).enumerate() {
            self.may_begin |= at > 0;
            if self.take_known(part) {
                continue;
            }
            for word in part.split_whitespace() {
                if self.take_known(word) {
                    continue;
                }
                for piece in pieces(word) {
                    self.take(piece);
                }
            }
        }
    }

    /// Takes a text as one word if it is known as one.
    fn take_known(&mut self, text: &str) -> bool {
        let text = tidy(text);
        let word = self.word(&text);
        if word != Word::Unknown {
            self.put(word, text);
        }
        word != Word::Unknown
    }

    fn take(&mut self, text: &str) {
        let text = tidy(text);
        if !text.is_empty() {
            self.put(self.word(&text), text);
        }
    }

    fn put(&mut self, word: Word, text: String) {
        let begins = word == Word::Course || word == Word::Unknown && (self.may_begin || self.items.is_empty());
        if begins {
            // What stands before the first course is said about it.
            let early = std::mem::take(&mut self.early);
            self.items.push(Item { course: text, ..early });
            self.may_begin = false;
            return;
        }
        let item = self.items.last_mut().unwrap_or(&mut self.early);
        match word {
            Word::Weeks => item.weeks.push(text),
            Word::Teacher if item.teacher.is_none() => {
                let name = text.trim_end_matches("老师").trim_end_matches("教师");
                item.teacher = Some(name.to_owned());
            }
            Word::Room if item.room.is_none() => item.room = Some(text),
            Word::ClassGroup if item.class_group.is_none() => item.class_group = Some(text),
            Word::Kind if item.kind.is_none() => item.kind = Some(text),
            Word::Point => item.points.push(text),
            _ => item.unknown.push(text),
        }
    }

    fn word(&self, text: &str) -> Word {
        let folded = fold(text);
        if folded.is_empty() || folded.chars().count() > 100 {
            return Word::Unknown;
        }
        if looks_like_weeks(&folded) {
            return Word::Weeks;
        }
        let name = folded.trim_end_matches("老师").trim_end_matches("教师");
        let teachers = &self.directory.teachers;
        if teachers.anywhere(name).or_else(|| teachers.in_full(name)) != Meant::None {
            return Word::Teacher;
        }
        if self.words.courses.contains(&folded) {
            return Word::Course;
        }
        let rooms = &self.directory.rooms_named;
        let at_school = self.school.map_or(Meant::None, |school| rooms.at(school, &folded));
        if at_school.or_else(|| rooms.in_full(&folded)).or_else(|| rooms.anywhere(&folded)) != Meant::None {
            return Word::Room;
        }
        if session_kind(&folded).is_some_and(|kind| session_kind_name(kind) == folded) {
            return Word::Kind;
        }
        if self.directory.school_named(&folded).is_some() {
            return Word::Point;
        }
        if class_in(text).as_deref() == Some(text) { Word::ClassGroup } else { Word::Unknown }
    }
}

/// Whether a word can only be meant as weeks. A bare number is not: it might be anything.
fn looks_like_weeks(folded: &str) -> bool {
    let is_parity = matches!(Parity::read(folded), Some(Parity::Odd | Parity::Even)) || folded == "单双周";
    let has_sign = folded.contains('周')
        || folded.contains(['-', '~', ',', '、']) && folded.contains(|c: char| c.is_ascii_digit());
    is_parity || has_sign && !matches!(weeks(folded, u8::MAX), Err(WeeksError::Malformed))
}

/// The pieces of a word between its brackets: `音乐(陈静)` is 音乐 and 陈静.
fn pieces(word: &str) -> impl Iterator<Item = &str> {
    let brackets = ['(', ')', '（', '）', '[', ']', '【', '】', '，', ',', '、', ';', '；', '：', ':'];
    word.split(brackets).filter(|piece| !piece.is_empty())
}
