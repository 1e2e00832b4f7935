//! One lesson in one of its rooms, as a report counts it.

use std::{collections::HashSet, sync::Arc};

use jiff::civil::Date;
use protocol::timetable::SessionKind;

use crate::{Judgement, Standing};

/// One lesson in its master room or in one receive room. Texts are shared: make them with [`Names`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The lesson.
    pub lesson: Arc<str>,
    /// 课名.
    pub title: Arc<str>,
    /// The room; `None` for a master who has none.
    pub room: Option<Arc<str>>,
    /// The school of the room.
    pub school: Arc<str>,
    /// Its name.
    pub school_name: Arc<str>,
    /// Its township, district or whatever the county counts by.
    pub area: Arc<str>,
    /// The class group in the room; empty when it is not told.
    pub class_group: Arc<str>,
    /// 学科.
    pub subject: Arc<str>,
    /// 年级; empty when it is not told.
    pub grade: Arc<str>,
    /// 主讲教师, on both sides.
    pub teacher: Arc<str>,
    /// Their name.
    pub teacher_name: Arc<str>,
    /// 学期, if it is of one.
    pub term: Option<Arc<str>>,
    /// 周次, if it is of a term.
    pub week_no: Option<u8>,
    /// The date.
    pub date: Date,
    /// 节次; 0 where it keeps no bell.
    pub period: u8,
    /// What its session is.
    pub kind: SessionKind,
    /// 自主开课.
    pub ad_hoc: bool,
    /// What it counts as, and on which side.
    pub standing: Standing,
}

/// Texts that are kept once however often they occur. It grows with the different texts it is given; make one for a
/// set of facts and drop it with them.
#[derive(Debug, Default)]
pub struct Names(HashSet<Arc<str>>);

impl Names {
    /// `text`, shared with all who asked for it before.
    pub fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }
}

/// The facts of a judged lesson: of its master room first, then of each receive room in the order of the plan.
pub fn facts_of(judgement: &Judgement<'_>, names: &mut Names) -> Vec<Fact> {
    let plan = judgement.plan;
    let master = Fact {
        lesson: plan.lesson.as_str().into(),
        title: names.share(&plan.title),
        room: plan.master.room.as_ref().map(|room| names.share(room.as_str())),
        school: names.share(plan.master.school.as_str()),
        school_name: names.share(&plan.master.school_name),
        area: names.share(&plan.master.area),
        class_group: names.share(&plan.master.class_group),
        subject: names.share(&plan.subject),
        grade: names.share(&plan.grade),
        teacher: names.share(plan.master.teacher.as_str()),
        teacher_name: names.share(&plan.master.teacher_name),
        term: plan.term.as_ref().map(|term| names.share(term.as_str())),
        week_no: plan.week_no,
        date: plan.date,
        period: plan.period,
        kind: plan.kind,
        ad_hoc: plan.ad_hoc,
        standing: Standing::Master(judgement.master),
    };
    let mut facts = vec![master.clone()];
    facts.extend(plan.points.iter().zip(&judgement.points).map(|(point, judged)| Fact {
        room: Some(names.share(point.room.as_str())),
        school: names.share(point.school.as_str()),
        school_name: names.share(&point.school_name),
        area: names.share(&point.area),
        class_group: names.share(&point.class_group),
        standing: Standing::Receive(judged.reception),
        ..master.clone()
    }));
    facts
}
