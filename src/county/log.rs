//! The log of changes in the words of those who read it.

use std::collections::BTreeMap;

use protocol::{
    LessonId,
    county::{ChangeKind, ChangeLine},
    import::RecordCount,
    timetable::{Change, Edit, Key, Record},
};
use timetable::Timetable;

use crate::db::LoggedChange;

/// What a change made by `edit` is called in the log.
pub fn change_kind(edit: &Edit, change: &Change, timetable: &Timetable) -> ChangeKind {
    match edit {
        Edit::Records { .. } => ChangeKind::Records { put: counts_of_put(change), removed: counts_of_removed(change) },
        edit => {
            let title = lesson_of(edit).and_then(|id| timetable.find(id)).map(|held| held.title().to_owned());
            ChangeKind::Edited { edit: edit.clone(), title: title.unwrap_or_default() }
        }
    }
}

/// The lesson an edit is about.
pub fn lesson_of(edit: &Edit) -> Option<&LessonId> {
    match edit {
        Edit::Reschedule { lesson, .. }
        | Edit::Substitute { lesson, .. }
        | Edit::ChangeRoom { lesson, .. }
        | Edit::Cancel { lesson, .. }
        | Edit::Retitle { lesson, .. }
        | Edit::Restore { lesson } => Some(lesson),
        Edit::AddLesson { .. } | Edit::Records { .. } => None,
    }
}

/// How many records of each kind a change puts.
pub fn counts_of_put(change: &Change) -> Vec<RecordCount> {
    counts(change.put.iter().map(Record::key))
}

/// How many records of each kind a change removes.
pub fn counts_of_removed(change: &Change) -> Vec<RecordCount> {
    counts(change.remove.iter().cloned())
}

fn counts(keys: impl Iterator<Item = Key>) -> Vec<RecordCount> {
    let mut counts: BTreeMap<&'static str, u32> = BTreeMap::new();
    for key in keys {
        *counts.entry(key.kind()).or_default() += 1;
    }
    counts.into_iter().map(|(kind, count)| RecordCount { kind: kind.to_owned(), count }).collect()
}

/// Whether everything a change did is still so: then it can be taken back.
pub fn still_stands(logged: &LoggedChange, timetable: &Timetable) -> bool {
    let put = logged.change.put.iter().all(|record| timetable.record(&record.key()).as_ref() == Some(record));
    put && logged.change.remove.iter().all(|key| timetable.record(key).is_none())
}

/// A change as the log lists it.
pub fn line(logged: LoggedChange, timetable: &Timetable) -> ChangeLine {
    ChangeLine {
        can_undo: logged.undone_by.is_none() && still_stands(&logged, timetable),
        number: logged.number,
        at: logged.at,
        by: logged.person_name,
        what: logged.what,
        undone_by: logged.undone_by,
    }
}
