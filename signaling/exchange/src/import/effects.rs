//! What a change would do: how many records of each kind, how many lessons, which conflicts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use protocol::{
    TermId,
    import::{ImportPreview, RecordCount},
    timetable::{Change, Conflict, Course, Key, Record, Term, Weekday},
};
use timetable::{Timetable, dates};

use crate::limits::{CONFLICTS, PAIRS_AT_ONCE};

/// Kinds of record in the order in which they are told.
const KINDS: [&str; 11] = [
    "term",
    "school",
    "room",
    "teacher",
    "bells",
    "special_day",
    "course",
    "entry",
    "requirement",
    "lesson_edit",
    "extra_lesson",
];

/// Counts what `whole` puts and removes. Of it `change` is what would alter anything in `before`.
pub fn count(preview: &mut ImportPreview, before: &Timetable, whole: &Change, change: &Change) {
    let is_there = |record: &&Record| before.record(&record.key()).is_some();
    let put = |there: bool| change.put.iter().filter(move |record| is_there(record) == there).map(Record::key);
    preview.added = counted(put(false));
    preview.changed = counted(put(true));
    preview.removed = counted(change.remove.iter().cloned());
    let changing: BTreeSet<Key> = change.put.iter().map(Record::key).collect();
    preview.unchanged = counted(whole.put.iter().map(Record::key).filter(|key| !changing.contains(key)));
}

fn counted(keys: impl Iterator<Item = Key>) -> Vec<RecordCount> {
    let mut counts: BTreeMap<usize, u32> = BTreeMap::new();
    for key in keys {
        let at = KINDS.iter().position(|kind| *kind == key.kind()).unwrap_or(KINDS.len());
        *counts.entry(at).or_default() += 1;
    }
    let named = |(at, count): (usize, u32)| Some(RecordCount { kind: (*KINDS.get(at)?).to_owned(), count });
    counts.into_iter().filter_map(named).collect()
}

/// The dated lessons of a term.
pub fn lessons(timetable: &Timetable, term: &TermId) -> u32 {
    let Some(term) = term_of(timetable, term) else { return 0 };
    let on = |date| timetable.on_for(date, |course| course.term == term.id).len();
    let count: usize = dates(term.first_day, term.last_day).map(on).sum();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn term_of<'a>(timetable: &'a Timetable, id: &TermId) -> Option<&'a Term> {
    timetable.terms().into_iter().find(|term| term.id == *id)
}

/// The conflicts of the term that `after` has and `before` has not, by date, and how many are not listed. None are
/// worked out where there are too many for that.
pub fn new_conflicts(before: &Timetable, after: &Timetable, term: &TermId) -> (Vec<Conflict>, u32) {
    if [before, after].iter().any(|timetable| overcrowded(&timetable.records()).is_some()) {
        return (Vec::new(), 0);
    }
    let Some(term) = term_of(after, term) else { return (Vec::new(), 0) };
    let mut listed = Vec::new();
    let mut left_off = 0;
    for date in dates(term.first_day, term.last_day) {
        let there: BTreeSet<Conflict> = before.conflicts_on(date).into_iter().collect();
        let mut new: Vec<Conflict> = after.conflicts_on(date).into_iter().filter(|it| !there.contains(it)).collect();
        new.sort_by(|a, b| (a.at, a.kind, &a.lesson, &a.other).cmp(&(b.at, b.kind, &b.lesson, &b.other)));
        new.dedup();
        let room = CONFLICTS - listed.len();
        left_off += u32::try_from(new.len().saturating_sub(room)).unwrap_or(u32::MAX);
        listed.extend(new.into_iter().take(room));
    }
    (listed, left_off)
}

/// One who or what is in more lessons at once than anyone means, if there is one: a teacher or room, the place in the
/// week, and the number of courses.
pub fn overcrowded(records: &[Record]) -> Option<String> {
    let courses: HashMap<&str, &Course> = records
        .iter()
        .filter_map(|record| match record {
            Record::Course(course) => Some((course.id.as_str(), course)),
            _ => None,
        })
        .collect();
    let mut at_once: HashMap<(&str, Weekday, u8), [u32; 32]> = HashMap::new();
    for entry in records.iter().filter_map(|record| if let Record::Entry(entry) = record { Some(entry) } else { None })
    {
        let Some(course) = courses.get(entry.course.as_str()) else { continue };
        for whom in needed(course) {
            let weeks = at_once.entry((whom, entry.weekday, entry.period)).or_insert([0; 32]);
            entry.weeks.iter().for_each(|week| weeks[usize::from(week % 32)] += 1);
        }
    }
    let pairs =
        |weeks: &[u32; 32]| weeks.iter().map(|n| u64::from(*n) * u64::from(n.saturating_sub(1)) / 2).sum::<u64>();
    let total: u64 = at_once.values().map(pairs).sum();
    if total <= PAIRS_AT_ONCE {
        return None;
    }
    let worst = at_once.iter().max_by_key(|(whom, weeks)| (pairs(weeks), *whom))?;
    let ((whom, weekday, period), weeks) = worst;
    let most = weeks.iter().max().copied().unwrap_or_default();
    Some(format!(
        "{} is in {most} lessons at once, on weekday {} in period {period}",
        name_of(whom, records),
        weekday.iso()
    ))
}

fn needed(course: &Course) -> impl Iterator<Item = &str> {
    let points = course.points.iter().map(|point| point.room.as_str());
    std::iter::once(course.master_teacher.as_str())
        .chain(course.master_room.iter().map(|room| room.as_str()))
        .chain(points)
}

fn name_of<'a>(id: &'a str, records: &'a [Record]) -> &'a str {
    let name = |record: &'a Record| match record {
        Record::Teacher(it) if it.id.as_str() == id => Some(it.name.as_str()),
        Record::Room(it) if it.id.as_str() == id => Some(it.name.as_str()),
        _ => None,
    };
    records.iter().find_map(name).unwrap_or(id)
}
