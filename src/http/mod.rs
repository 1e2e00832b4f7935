//! The HTTP interface: pages, `/api`, `/ws`, WHIP and WHEP, `/metrics`.

mod api;
mod auth;
mod facts;
mod feeds;
mod imports;
mod jobs;
mod line_check;
mod media_check;
mod metrics;
pub mod problem;
mod replay;
mod report;
mod routes;
mod serve;
mod sessions;
#[cfg(test)]
mod tests;
mod timetable;
mod today;
mod tokens;
mod web;
mod whep;
mod whip;
mod ws;

use std::sync::Arc;

use protocol::api::DemoPerson;

use tokio::sync::Notify;

use self::{facts::Facts, imports::Imports, line_check::LineChecks};
use crate::{
    county::County, db::Db, jobs::Jobs, lessons::Lessons, media::MediaHandle, recording::DiskGauge, seen::Seen,
};

pub use auth::{fresh_token, hash};
pub use replay::ReplayState;
pub use serve::{Server, bind};
pub use sessions::Sessions;
pub use tokens::Tokens;

/// What handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Whole>);

struct Whole {
    parts: Parts,
    imports: Imports,
    facts: Facts,
    line_checks: LineChecks,
}

/// What an [`App`] is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The timetable.
    pub county: County,
    /// The running lessons.
    pub lessons: Lessons,
    /// Woken when lessons are to be compared with the timetable at once.
    pub reconcile: Arc<Notify>,
    /// The valid tokens.
    pub tokens: Tokens,
    /// Who was seen when.
    pub seen: Seen,
    /// The media threads.
    pub media: MediaHandle,
    /// The WHIP and WHEP sessions.
    pub sessions: Sessions,
    /// The recordings.
    pub replay: ReplayState,
    /// The disk they are on.
    pub disk: Arc<DiskGauge>,
    /// What is made of recordings.
    pub jobs: Jobs,
    /// People one can be, in demo mode.
    pub demo: Option<Vec<DemoPerson>>,
}

impl App {
    /// Puts it together.
    pub fn new(parts: Parts) -> Self {
        let line_checks = LineChecks::default();
        Self(Arc::new(Whole { parts, imports: Imports::default(), facts: Facts::default(), line_checks }))
    }

    /// The timetable.
    pub fn county(&self) -> &County {
        &self.0.parts.county
    }

    /// Lets running lessons follow the timetable at once.
    pub fn reconcile_soon(&self) {
        self.0.parts.reconcile.notify_one();
    }

    /// The valid tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.0.parts.tokens
    }

    /// Who was seen when.
    pub fn seen(&self) -> &Seen {
        &self.0.parts.seen
    }

    /// Imports that wait to be applied.
    fn imports(&self) -> &Imports {
        &self.0.imports
    }

    /// The facts worked out last.
    fn facts(&self) -> &Facts {
        &self.0.facts
    }

    /// Who has checked a line lately.
    fn line_checks(&self) -> &LineChecks {
        &self.0.line_checks
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.parts.db
    }

    /// The running lessons.
    pub fn lessons(&self) -> &Lessons {
        &self.0.parts.lessons
    }

    /// The recordings.
    pub fn replay(&self) -> &ReplayState {
        &self.0.parts.replay
    }

    /// The disk the recordings are on.
    pub fn disk(&self) -> &DiskGauge {
        &self.0.parts.disk
    }

    /// The media threads.
    pub fn media(&self) -> &MediaHandle {
        &self.0.parts.media
    }

    /// The WHIP and WHEP sessions.
    pub fn sessions(&self) -> &Sessions {
        &self.0.parts.sessions
    }

    /// What is made of recordings.
    pub fn jobs(&self) -> &Jobs {
        &self.0.parts.jobs
    }

    /// People one can be, in demo mode.
    pub fn demo(&self) -> Option<&[DemoPerson]> {
        self.0.parts.demo.as_deref()
    }
}
