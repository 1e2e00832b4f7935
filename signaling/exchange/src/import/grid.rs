//! Timetables drawn as people hang them up: weekdays across, periods down, one class, teacher or room to each block.

mod cell;
mod layout;
mod owner;

use std::rc::Rc;

use protocol::{SchoolId, import::ImportProblem, timetable::WeekSet};

use super::{
    course_words::CourseWords,
    directory::Directory,
    plan::{Plan, Slot},
    problems::{Problems, Said},
};
use crate::grammar::weeks::{Parity, WeeksError, weeks};

pub use cell::Words;
pub use layout::{Block, blocks};

use cell::Item;
use owner::Owner;

const WEEKS_EXAMPLE: &str = "1-16周";
const TEACHER: &str = "教师";

/// Reads a block. Whose it is its title tells, or else the sheet's name, or else the file's.
pub fn read(
    block: &Block<'_>,
    file: &str,
    words: &Words,
    plan: &mut Plan,
    directory: &Directory,
    problems: &mut Problems,
) {
    let titles = block.titles(file);
    let school = directory.school_in(titles.iter().map(|title| title.text.as_str()));
    let owner = owner::find(&titles, school.as_ref(), directory);
    block.report_labels(problems);
    for cell in block.cells() {
        let said = cell.said();
        for item in cell::items(&said.text, school.as_ref(), words, directory) {
            take(&item, &said, &owner, school.as_ref(), &cell, plan, directory, problems);
            if plan.is_full() {
                return;
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "what is read, from where, by what is known, into what")]
fn take(
    item: &Item,
    cell: &Said,
    owner: &Owner,
    school: Option<&SchoolId>,
    place: &layout::Cell<'_>,
    plan: &mut Plan,
    directory: &Directory,
    problems: &mut Problems,
) {
    let part = |heading: &str, text: &String| Said { text: text.clone(), heading: Rc::from(heading), at: cell.at };
    for text in &item.unknown {
        let said = part(if is_room(text) { "地点" } else { TEACHER }, text);
        if is_room(text) {
            problems
                .unknown(&said, "room", || directory.rooms_named.all().map(|(_, _, name)| name.to_owned()).collect());
        } else {
            let names = || directory.teachers.all().map(|(_, _, name)| name.to_owned()).collect();
            problems.unknown(&said, "teacher", names);
        }
    }
    let weeks = item_weeks(item, directory.last_week(), &part("周次", &item.weeks.join(" ")), problems);
    let mut said = CourseWords::named(part("课程", &item.course), TEACHER);
    said.class_group = item.class_group.as_ref().map(|text| part("班级", text));
    said.teacher = item.teacher.as_ref().map(|text| part(TEACHER, text));
    said.master_room = item.room.as_ref().map(|text| part("地点", text));
    said.kind = item.kind.as_ref().map(|text| part("类型", text));
    said.points = (!item.points.is_empty()).then(|| part("接收教室", &item.points.join("、")));
    match owner {
        Owner::ClassGroup(title) => said.class_group = said.class_group.or_else(|| Some(title.clone())),
        Owner::Teacher(title) => said.teacher = said.teacher.or_else(|| Some(title.clone())),
        Owner::MasterRoom(title) => said.master_room = said.master_room.or_else(|| Some(title.clone())),
        Owner::Unknown => {}
    }
    let Some(said) = said.checked(problems) else { return };
    if !item.unknown.is_empty() {
        return;
    }
    let number = plan.take(&said, school, directory, problems);
    let (Some(number), Some(weeks)) = (number, weeks) else { return };
    let slot = Slot { weekdays: vec![place.weekday], periods: place.periods.clone(), periods_at: cell.at, weeks };
    plan.place(number, &slot, directory, problems);
}

/// The weeks of an item: those that are told, of which a parity that stands alone leaves the odd or even ones.
fn item_weeks(item: &Item, last_week: u8, said: &Said, problems: &mut Problems) -> Option<WeekSet> {
    let mut parity = Parity::All;
    let mut told: Option<WeekSet> = None;
    for text in &item.weeks {
        if let Some(only) = Parity::read(text) {
            parity = only;
            continue;
        }
        match weeks(text, last_week) {
            Ok(weeks) => told = Some(told.unwrap_or_default().union(weeks)),
            Err(WeeksError::OutsideTerm) => {
                problems.report(said.at, ImportProblem::OutsideTerm { last_week });
                return None;
            }
            Err(WeeksError::Malformed) => {
                problems.bad(said, WEEKS_EXAMPLE);
                return None;
            }
        }
    }
    let weeks = parity.of(told.unwrap_or_else(|| WeekSet::range(1, last_week)));
    if weeks.is_empty() {
        problems.bad(said, WEEKS_EXAMPLE);
        return None;
    }
    Some(weeks)
}

fn is_room(text: &str) -> bool {
    text.ends_with(['室', '厅', '馆', '房']) || text.contains("录播")
}
