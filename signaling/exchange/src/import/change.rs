//! What the files would change: their records in place of those that are there, and what has to go with that.

use std::collections::{BTreeSet, HashSet};

use protocol::{
    CourseId, SchoolId,
    import::ImportProblem,
    timetable::{Change, Course, Entry, Key, Record, SessionKind},
};

use super::{
    directory::Directory,
    draft::Draft,
    plan::Plan,
    problems::{Place, Problems},
};

/// See the file's comment. The second part tells the courses that no file names.
pub fn change(
    plan: &Plan,
    directory: Directory,
    remove_courses_not_named: bool,
    problems: &mut Problems,
) -> (Change, Vec<String>) {
    let mut change = Change::default();
    let mut named: HashSet<&CourseId> = HashSet::new();
    let mut schools: BTreeSet<SchoolId> = BTreeSet::new();
    for draft in plan.drafts() {
        named.insert(&draft.id);
        let Some(course) = draft.course(&directory, problems) else { continue };
        if course.points.is_empty() && !matches!(course.kind, SessionKind::RecordOnly | SessionKind::ResearchMeeting) {
            problems.warn(draft.at, ImportProblem::NoPoints { course: full_name(&course, &directory) });
        }
        schools.insert(course.hub_school.clone());
        change.put.push(Record::Course(course));
        if draft.is_in_timetable {
            replace_rows(draft, &directory, &mut change, problems);
        }
    }
    let not_named = |course: &&Course| {
        directory.term.as_ref() == Some(&course.term)
            && schools.contains(&course.hub_school)
            && !named.contains(&course.id)
            && directory.is_weekly(&course.id)
    };
    let not_named: Vec<&Course> = directory.courses().filter(not_named).collect();
    if remove_courses_not_named {
        remove(&not_named, &directory, &mut change, problems);
    }
    let mut names: Vec<String> = not_named.iter().map(|course| full_name(course, &directory)).collect();
    names.sort();
    let gathered = directory.gathered().collect::<Vec<_>>();
    change.put.splice(0..0, gathered);
    (change, names)
}

fn full_name(course: &Course, directory: &Directory) -> String {
    let words = [directory.school_name(&course.hub_school), &course.class_group, &course.name];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Rows of the course that the files do not have go, and with them and with their weeks what was decided about lessons.
fn replace_rows(draft: &Draft, directory: &Directory, change: &mut Change, problems: &mut Problems) {
    for (&(weekday, period), &weeks) in &draft.entries {
        change.put.push(Record::Entry(Entry { course: draft.id.clone(), weekday, period, weeks }));
    }
    let rows = directory.entries.get(&draft.id).into_iter().flatten();
    let gone = rows.filter(|entry| !draft.entries.contains_key(&(entry.weekday, entry.period)));
    change.remove.extend(gone.map(|entry| Key::Entry(entry.course.clone(), entry.weekday, entry.period)));
    let edits = directory.edits.get(&draft.id).into_iter().flatten();
    let stays =
        |weekday, period, week_no| draft.entries.get(&(weekday, period)).is_some_and(|weeks| weeks.contains(week_no));
    let gone: Vec<Key> = edits
        .map(|edit| &edit.origin)
        .filter(|origin| !stays(origin.weekday, origin.period, origin.week_no))
        .map(|origin| Key::LessonEdit(origin.clone()))
        .collect();
    edits_go(gone, draft.at, change, problems);
}

fn edits_go(keys: Vec<Key>, at: Place, change: &mut Change, problems: &mut Problems) {
    if !keys.is_empty() {
        problems.warn(at, ImportProblem::EditsGo { count: u32::try_from(keys.len()).unwrap_or(u32::MAX) });
        change.remove.extend(keys);
    }
}

/// Removes courses with their rows. One that lessons outside the weekly timetable share loses only its rows.
fn remove(courses: &[&Course], directory: &Directory, change: &mut Change, problems: &mut Problems) {
    let mut edits = Vec::new();
    for course in courses {
        let rows = directory.entries.get(&course.id).into_iter().flatten();
        change.remove.extend(rows.map(|entry| Key::Entry(entry.course.clone(), entry.weekday, entry.period)));
        let decided = directory.edits.get(&course.id).into_iter().flatten();
        edits.extend(decided.map(|edit| Key::LessonEdit(edit.origin.clone())));
        if !directory.extra_courses.contains(&course.id) {
            change.remove.push(Key::Course(course.id.clone()));
        }
    }
    edits_go(edits, Place::default(), change, problems);
}
