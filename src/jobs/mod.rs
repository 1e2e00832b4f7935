//! Work on finished recordings that an ffmpeg does, one job at a time and behind everything else. Without a configured
//! ffmpeg there is none of it, and everything else works all the same.

mod run;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use protocol::{
    LessonId,
    api::{JobReport, JobState},
};
use recorder::jobs::Job;
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::recording::Replays;

/// Jobs waiting; a further one is refused, and told so.
const WAITING: usize = 256;

/// Directory of the results, in the recording's.
pub const DIRECTORY: &str = "jobs";

/// How to order work, and ask how it stands. The default one has no ffmpeg.
#[derive(Debug, Clone, Default)]
pub struct Jobs {
    orders: Option<mpsc::Sender<Order>>,
    reports: Reports,
}

/// How every job ordered since the start stands. Cheap to clone.
#[derive(Debug, Clone, Default)]
struct Reports(Arc<Mutex<HashMap<(LessonId, &'static str), JobReport>>>);

/// Something to be done.
#[derive(Debug)]
struct Order {
    lesson: LessonId,
    job: Job,
}

/// Why an order was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no ffmpeg.
    #[error("no ffmpeg is configured")]
    NoFfmpeg,
    /// Too much is waiting.
    #[error("too many jobs are waiting")]
    Busy,
}

/// Begins to take orders. `ffmpeg` is the program's path; `done` is told of each lesson something was made of.
pub fn start(ffmpeg: Option<PathBuf>, replays: Replays, done: mpsc::Sender<LessonId>) -> Jobs {
    let Some(ffmpeg) = ffmpeg else { return Jobs::default() };
    let (orders, waiting) = mpsc::channel(WAITING);
    let reports = Reports::default();
    tokio::spawn(run::all(run::Tools { ffmpeg, replays, done }, reports.clone(), waiting));
    Jobs { orders: Some(orders), reports }
}

impl Jobs {
    /// Whether there is an ffmpeg.
    pub fn available(&self) -> bool {
        self.orders.is_some()
    }

    /// A recording is finished: what is made of every one is ordered.
    pub fn finished(&self, lesson: &LessonId) {
        for job in [Job::Thumbnails, Job::Compatible] {
            let name = job.name();
            match self.order(lesson.clone(), job) {
                Ok(()) | Err(Refused::NoFfmpeg) => {}
                Err(Refused::Busy) => tracing::warn!(%lesson, name, "too many jobs wait: order it again later"),
            }
        }
    }

    /// Orders `job`; one that waits or runs already is not ordered twice.
    pub fn order(&self, lesson: LessonId, job: Job) -> Result<(), Refused> {
        let orders = self.orders.as_ref().ok_or(Refused::NoFfmpeg)?;
        if self.reports.of(&lesson, job.name()).is_some_and(|report| report.state.is_under_way()) {
            return Ok(());
        }
        self.reports.put(&lesson, job.name(), JobState::Waiting, 0);
        let name = job.name();
        orders.try_send(Order { lesson: lesson.clone(), job }).map_err(|error| {
            self.reports.put(&lesson, name, JobState::Failed, 0);
            match error {
                TrySendError::Full(_) => Refused::Busy,
                TrySendError::Closed(_) => Refused::NoFfmpeg,
            }
        })
    }

    /// How the jobs of a lesson stand.
    pub fn reports(&self, lesson: &LessonId) -> Vec<JobReport> {
        self.reports.of_lesson(lesson)
    }
}

impl Reports {
    fn with<T>(&self, look: impl FnOnce(&mut HashMap<(LessonId, &'static str), JobReport>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, lesson: &LessonId, job: &'static str, state: JobState, percent: u8) {
        let report = JobReport { job: job.to_owned(), state, percent };
        self.with(|all| drop(all.insert((lesson.clone(), job), report)));
    }

    fn of(&self, lesson: &LessonId, job: &'static str) -> Option<JobReport> {
        self.with(|all| all.get(&(lesson.clone(), job)).cloned())
    }

    fn of_lesson(&self, lesson: &LessonId) -> Vec<JobReport> {
        let mut found: Vec<JobReport> = self.with(|all| {
            let of_it = all.iter().filter(|((of, _), _)| of == lesson);
            of_it.map(|(_, report)| report.clone()).collect()
        });
        found.sort_by(|a, b| a.job.cmp(&b.job));
        found
    }
}
