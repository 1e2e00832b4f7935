//! The courses and rows that the files describe, put together from all that is said about each course.

use std::collections::HashMap;

use protocol::{
    CourseId, ParticipantId, SchoolId,
    import::ImportProblem,
    timetable::{Course, WeekSet, Weekday},
};

use super::{
    course_words::CourseWords,
    directory::Directory,
    draft::Draft,
    problems::{Place, Problems, Said},
    resolve::{Hub, find_hub, find_master_room, find_points},
};
use crate::{grammar::kinds, limits::ENTRIES, spelling::fold};

/// All courses that the files describe.
#[derive(Default)]
pub struct Plan {
    drafts: Vec<Draft>,
    by_names: HashMap<(SchoolId, String, String), usize>,
    /// The drafts of each name at each school.
    by_name: HashMap<(SchoolId, String), Vec<usize>>,
    entries: usize,
}

/// A place in the week.
pub struct Slot {
    /// 星期.
    pub weekdays: Vec<Weekday>,
    /// 节次, with the cell.
    pub periods: Vec<u8>,
    /// The cell that tells the periods.
    pub periods_at: Place,
    /// 周次.
    pub weeks: WeekSet,
}

impl Plan {
    /// The courses, in the order in which the files name them.
    pub fn drafts(&self) -> &[Draft] {
        &self.drafts
    }

    /// Takes in what is said about a course. The answer is its number, where it can be told which course is meant.
    pub fn take(
        &mut self,
        words: &CourseWords,
        hint: Option<&SchoolId>,
        directory: &Directory,
        problems: &mut Problems,
    ) -> Option<usize> {
        let hub = find_hub(words, hint, directory, problems);
        let points = words.points.as_ref().and_then(|said| Some((find_points(said, directory, problems)?, said)));
        let kind = words.kind.as_ref().and_then(|said| {
            let kind = kinds::session_kind(&said.text);
            if kind.is_none() {
                problems.bad(said, "专门开课");
            }
            Some((kind?, said))
        });
        let Hub { school, teacher } = hub?;
        let master_room = words
            .master_room
            .as_ref()
            .and_then(|said| Some((find_master_room(said, &school, directory, problems)?, said)));
        let number = self.number_of(words, &school, teacher.as_ref(), directory)?;
        let draft = self.drafts.get_mut(number)?;
        if let Some((id, said)) = teacher.zip(words.teacher.as_ref()) {
            draft.teacher.claim(id, said, problems);
        }
        if let Some((rooms, said)) = points {
            draft.points.claim(rooms, said, problems);
        }
        if let Some((kind, said)) = kind {
            draft.kind.claim(kind, said, problems);
        }
        if let Some((room, said)) = master_room {
            draft.master_room.claim(room, said, problems);
        }
        for (claim, said) in [(&mut draft.subject, &words.subject), (&mut draft.grade, &words.grade)] {
            if let Some(said) = said {
                claim.claim(said.tidy(), said, problems);
            }
        }
        if let Some(said) = &words.point_classes {
            draft.point_classes.claim(said.text.clone(), said, problems);
        }
        Some(number)
    }

    /// Puts a course into the week. A course that is there already is there in these weeks too.
    pub fn place(&mut self, number: usize, slot: &Slot, directory: &Directory, problems: &mut Problems) {
        let Some(draft) = self.drafts.get_mut(number) else { return };
        draft.is_in_timetable = true;
        for period in &slot.periods {
            if !directory.has_period(draft.hub_school(), *period) {
                let school = directory.school_name(draft.hub_school()).to_owned();
                problems.report(slot.periods_at, ImportProblem::NoSuchPeriod { period: *period, school });
                continue;
            }
            for weekday in &slot.weekdays {
                let weeks = draft.entries.entry((*weekday, *period)).or_insert_with(|| {
                    self.entries += 1;
                    WeekSet::default()
                });
                *weeks = weeks.union(slot.weeks);
            }
        }
        if self.entries > ENTRIES {
            let detail = format!("the files have more than {ENTRIES} places in the week: import them in parts");
            problems.report(slot.periods_at, ImportProblem::Invalid { detail });
        }
    }

    /// Whether no more rows can be taken.
    pub fn is_full(&self) -> bool {
        self.entries > ENTRIES
    }

    /// The draft of the course that is meant. A row without 班级 means the course without one; where there is none, the
    /// only course of the name that its teacher teaches.
    fn number_of(
        &mut self,
        words: &CourseWords,
        school: &SchoolId,
        teacher: Option<&ParticipantId>,
        directory: &Directory,
    ) -> Option<usize> {
        let name = words.name.tidy();
        let class = words.class_group.as_ref().map(Said::tidy).unwrap_or_default();
        let names = (school.clone(), fold(&name), fold(&class));
        if let Some(number) = self.by_names.get(&names) {
            return Some(*number);
        }
        let term = directory.term.as_ref()?;
        let base = directory.course_named(term, school, &name, &class);
        if base.is_none() && class.is_empty() {
            if let Some(number) = self.only_draft(&names, teacher, directory) {
                return Some(number);
            }
            let mut same = directory.courses().filter(|course| {
                course.term == *term
                    && course.hub_school == *school
                    && teacher == Some(&course.master_teacher)
                    && directory.is_weekly(&course.id)
                    && fold(&course.name) == names.1
            });
            if let (Some(course), None) = (same.next(), same.next()) {
                let names = (school.clone(), names.1, fold(&course.class_group));
                if let Some(number) = self.by_names.get(&names) {
                    return Some(*number);
                }
                return Some(self.begin(names, Some(course), course.id.clone(), words, &course.class_group));
            }
        }
        let id = match base {
            Some(course) => course.id.clone(),
            None => directory.fresh_course(&[term.as_str(), school.as_str(), &name, &class])?,
        };
        Some(self.begin(names, base, id, words, &class))
    }

    /// The only draft of the name, if `teacher` teaches it.
    fn only_draft(
        &self,
        names: &(SchoolId, String, String),
        teacher: Option<&ParticipantId>,
        directory: &Directory,
    ) -> Option<usize> {
        let taught = |number: &&usize| {
            let draft = &self.drafts[**number];
            let known = || directory.course(&draft.id).map(|course| &course.master_teacher);
            teacher.is_none() || draft.teacher.get().or_else(known) == teacher
        };
        let mut same = self.by_name.get(&(names.0.clone(), names.1.clone()))?.iter().filter(taught);
        let only = same.next()?;
        same.next().is_none().then_some(*only)
    }

    fn begin(
        &mut self,
        names: (SchoolId, String, String),
        base: Option<&Course>,
        id: CourseId,
        words: &CourseWords,
        class: &str,
    ) -> usize {
        let number = self.drafts.len();
        self.drafts.push(Draft::new(id, names.0.clone(), words, base, class));
        self.by_name.entry((names.0.clone(), names.1.clone())).or_default().push(number);
        self.by_names.insert(names, number);
        number
    }
}
