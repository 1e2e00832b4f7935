//! 开齐, 开足: whether every teaching point gets the subjects and periods the curriculum plan asks for, in one week.
//!
//! A class group is what gets lessons: two class groups of one grade in one school do not share theirs. What counts is
//! what they were offered through the platform, 自主开课 included and cancelled lessons not; lessons a point gives by
//! itself are not in the ledger, so the requirements given here should be those the platform is to meet.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use protocol::timetable::{Requirement, SessionKind};

use crate::{Fact, Reception, Standing};

/// A week of a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// 学期.
    pub term: Arc<str>,
    /// 周次, counted from 1.
    pub week_no: u8,
}

/// A class group at a teaching point.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// The school.
    pub school: Arc<str>,
    /// 年级.
    pub grade: Arc<str>,
    /// The class group; empty where the school does not tell them apart.
    pub class_group: Arc<str>,
    /// Name of the school.
    pub school_name: Arc<str>,
}

/// One required subject at one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedSubject {
    /// 学科.
    pub subject: String,
    /// Periods required in the week.
    pub required: u32,
    /// Lessons planned in the week and not cancelled.
    pub planned: u32,
    /// Of these: validly received.
    pub delivered: u32,
}

/// A subject with fewer periods than required, but some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// 学科.
    pub subject: String,
    /// How many periods are missing.
    pub missing: u32,
}

/// What a point lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// Required subjects of which there is no lesson at all.
    pub missing: Vec<String>,
    /// Required subjects of which there are too few.
    pub short: Vec<Shortfall>,
}

impl Offer {
    /// 开齐: every required subject is offered.
    pub fn offered_all(&self) -> bool {
        self.missing.is_empty()
    }

    /// 开足: each in as many periods as required.
    pub fn offered_enough(&self) -> bool {
        self.missing.is_empty() && self.short.is_empty()
    }

    fn of(subjects: &[OfferedSubject], count: impl Fn(&OfferedSubject) -> u32) -> Self {
        let mut offer = Self::default();
        for subject in subjects {
            match count(subject) {
                0 => offer.missing.push(subject.subject.clone()),
                some if some < subject.required => {
                    let missing = subject.required - some;
                    offer.short.push(Shortfall { subject: subject.subject.clone(), missing });
                }
                _ => {}
            }
        }
        offer
    }
}

/// One point's week against the curriculum plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedPoint {
    /// The class group.
    pub point: Point,
    /// Each subject required of its grade, in the order of the requirements.
    pub subjects: Vec<OfferedSubject>,
    /// What the timetable lacks.
    pub by_plan: Offer,
    /// What the pupils did not get. Of a week that is not over, what is still to come is missing.
    pub by_delivery: Offer,
}

/// School, grade and class group.
type Place<'a> = (&'a str, &'a str, &'a str);

/// Checks one week. `points` are those that must be offered something whether or not anything is planned for them;
/// those of the `facts` are added. Points of whose grade nothing is required are left out. In the order of schools and
/// grades.
///
/// A subject that is required twice of a grade counts with the larger figure; one required in 0 periods is not
/// required.
pub fn offered(week: &Week, requirements: &[Requirement], points: &[Point], facts: &[Fact]) -> Vec<OfferedPoint> {
    let mut counts: BTreeMap<Place<'_>, BTreeMap<&str, (u32, u32)>> = BTreeMap::new();
    let mut all: BTreeMap<Place<'_>, Point> = points.iter().map(|point| (place(point), point.clone())).collect();
    for (fact, reception) in received_in(week, facts) {
        let key = (&*fact.school, &*fact.grade, &*fact.class_group);
        all.entry(key).or_insert_with(|| point_of(fact));
        let (planned, delivered) = counts.entry(key).or_default().entry(&*fact.subject).or_default();
        *planned += u32::from(reception != Reception::Excused);
        *delivered += u32::from(reception == Reception::ValidReception);
    }
    let checked = all.iter().filter_map(|(key, point)| {
        let counted = |subject: &str| counts.get(key).and_then(|of| of.get(subject)).copied().unwrap_or_default();
        let subjects: Vec<_> = required_of(&point.grade, requirements)
            .map(|(subject, required)| {
                let (planned, delivered) = counted(subject);
                OfferedSubject { subject: subject.to_owned(), required, planned, delivered }
            })
            .collect();
        (!subjects.is_empty()).then(|| OfferedPoint {
            point: point.clone(),
            by_plan: Offer::of(&subjects, |subject| subject.planned),
            by_delivery: Offer::of(&subjects, |subject| subject.delivered),
            subjects,
        })
    });
    checked.collect()
}

/// The lessons of a week in receive rooms. Research meetings are for teachers.
fn received_in<'a>(week: &Week, facts: &'a [Fact]) -> impl Iterator<Item = (&'a Fact, Reception)> {
    facts.iter().filter_map(move |fact| match fact.standing {
        Standing::Receive(reception)
            if fact.week_no == Some(week.week_no)
                && fact.term.as_ref() == Some(&week.term)
                && fact.kind != SessionKind::ResearchMeeting =>
        {
            Some((fact, reception))
        }
        _ => None,
    })
}

/// Each subject required of a grade, once, in the order in which they are first named.
fn required_of<'a>(grade: &str, requirements: &'a [Requirement]) -> impl Iterator<Item = (&'a str, u32)> {
    let of_grade: Vec<_> = requirements.iter().filter(|it| it.grade == grade && it.periods > 0).collect();
    let mut seen = BTreeSet::new();
    let firsts: Vec<_> =
        of_grade.iter().map(|it| it.subject.as_str()).filter(|subject| seen.insert(*subject)).collect();
    firsts.into_iter().map(move |subject| {
        let periods = of_grade.iter().filter(|it| it.subject == subject).map(|it| u32::from(it.periods));
        (subject, periods.max().unwrap_or(0))
    })
}

fn place(point: &Point) -> Place<'_> {
    (&point.school, &point.grade, &point.class_group)
}

fn point_of(fact: &Fact) -> Point {
    Point {
        school: Arc::clone(&fact.school),
        grade: Arc::clone(&fact.grade),
        class_group: Arc::clone(&fact.class_group),
        school_name: Arc::clone(&fact.school_name),
    }
}

#[cfg(test)]
mod tests;
