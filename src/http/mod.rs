//! The HTTP interface: pages, `/api`, `/ws`, WHIP and WHEP, `/metrics`.

mod api;
mod auth;
mod jobs;
mod metrics;
pub mod problem;
mod replay;
mod routes;
mod serve;
mod sessions;
#[cfg(test)]
mod tests;
mod web;
mod whep;
mod whip;
mod ws;

use std::sync::Arc;

use protocol::api::DemoPerson;

use crate::{db::Db, jobs::Jobs, lessons::Lessons, media::MediaHandle, recording::DiskGauge};

pub use auth::{fresh_token, hash};
pub use replay::ReplayState;
pub use serve::bind;
pub use sessions::Sessions;

/// What handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The running lessons.
    pub lessons: Lessons,
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
        Self(Arc::new(parts))
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The running lessons.
    pub fn lessons(&self) -> &Lessons {
        &self.0.lessons
    }

    /// The recordings.
    pub fn replay(&self) -> &ReplayState {
        &self.0.replay
    }

    /// The disk the recordings are on.
    pub fn disk(&self) -> &DiskGauge {
        &self.0.disk
    }

    /// The media threads.
    pub fn media(&self) -> &MediaHandle {
        &self.0.media
    }

    /// The WHIP and WHEP sessions.
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// What is made of recordings.
    pub fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }

    /// People one can be, in demo mode.
    pub fn demo(&self) -> Option<&[DemoPerson]> {
        self.0.demo.as_deref()
    }
}
