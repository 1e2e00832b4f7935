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
struct Reports(Arc<Mutex<HashMap<(LessonId, &'static str), Standing>>>);

#[derive(Debug)]
struct Standing {
    report: JobReport,
    /// It waits to be done, or to be done once more: a lesson that goes on after a restart ends again.
    waits: bool,
}

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
    let jobs = Jobs { orders: Some(orders), reports: reports.clone() };
    tokio::spawn(order_what_lacks(jobs.clone(), replays.clone()));
    tokio::spawn(run::all(run::Tools { ffmpeg, replays, done }, reports, waiting));
    jobs
}

/// What is made of every recording.
const OF_EVERY_ONE: [Job; 2] = [Job::Thumbnails, Job::Compatible];

/// Orders what finished recordings lack: an ffmpeg is there only now, or the program ended before it was made. What finds no
/// place is ordered after the next start.
async fn order_what_lacks(jobs: Jobs, replays: Replays) {
    let lacking = tokio::task::spawn_blocking(move || {
        let lacks = |lesson: &LessonId, job: &Job| {
            replays.result(lesson, &format!("{}/{}", job.name(), job.result())).is_none()
        };
        let of = |lesson: LessonId| {
            let jobs = OF_EVERY_ONE.into_iter().filter(|job| lacks(&lesson, job)).collect::<Vec<_>>();
            jobs.into_iter().map(move |job| (lesson.clone(), job))
        };
        replays.finished().into_iter().flat_map(of).take(WAITING).collect::<Vec<_>>()
    });
    for (lesson, job) in lacking.await.unwrap_or_default() {
        if jobs.order(lesson, job).is_err() {
            return;
        }
    }
}

impl Jobs {
    /// Whether there is an ffmpeg.
    pub fn available(&self) -> bool {
        self.orders.is_some()
    }

    /// A recording is finished: what is made of every one is ordered.
    pub fn finished(&self, lesson: &LessonId) {
        for job in OF_EVERY_ONE {
            let name = job.name();
            match self.order(lesson.clone(), job) {
                Ok(()) | Err(Refused::NoFfmpeg) => {}
                Err(Refused::Busy) => tracing::warn!(%lesson, name, "too many jobs wait: order it again later"),
            }
        }
    }

    /// Orders `job`; one that waits already is not ordered twice.
    pub fn order(&self, lesson: LessonId, job: Job) -> Result<(), Refused> {
        let orders = self.orders.as_ref().ok_or(Refused::NoFfmpeg)?;
        let name = job.name();
        if !self.reports.waits(&lesson, name) {
            return Ok(());
        }
        orders.try_send(Order { lesson: lesson.clone(), job }).map_err(|error| {
            self.reports.begins(&lesson, name);
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
    fn with<T>(&self, look: impl FnOnce(&mut HashMap<(LessonId, &'static str), Standing>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that a job waits. `false` if it did already.
    fn waits(&self, lesson: &LessonId, job: &'static str) -> bool {
        let waiting = || JobReport { job: job.to_owned(), state: JobState::Waiting, percent: 0 };
        self.with(|all| {
            let fresh = || Standing { report: waiting(), waits: false };
            let standing = all.entry((lesson.clone(), job)).or_insert_with(fresh);
            if standing.report.state != JobState::Running {
                standing.report = waiting();
            }
            !std::mem::replace(&mut standing.waits, true)
        })
    }

    fn put(&self, lesson: &LessonId, job: &'static str, state: JobState, percent: u8) {
        self.with(|all| {
            let Some(standing) = all.get_mut(&(lesson.clone(), job)) else { return };
            // What is done and waits to be done once more waits.
            let state = if standing.waits && state == JobState::Done { JobState::Waiting } else { state };
            standing.report = JobReport { job: job.to_owned(), state, percent };
        });
    }

    /// It was taken up.
    fn begins(&self, lesson: &LessonId, job: &'static str) {
        self.with(|all| {
            if let Some(standing) = all.get_mut(&(lesson.clone(), job)) {
                standing.waits = false;
            }
        });
        self.put(lesson, job, JobState::Running, 0);
    }

    fn of_lesson(&self, lesson: &LessonId) -> Vec<JobReport> {
        let mut found: Vec<JobReport> = self.with(|all| {
            let of_it = all.iter().filter(|((of, _), _)| of == lesson);
            of_it.map(|(_, standing)| standing.report.clone()).collect()
        });
        found.sort_by(|a, b| a.job.cmp(&b.job));
        found
    }
}
