//! `/api/imports`: spreadsheets are collected, looked at, and applied all at once or not at all.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use exchange::{Options, Upload};
use protocol::{
    ParticipantId, TermId, UtcMs,
    county::{ChangeKind, EditDone},
    import::ImportPreview,
    timetable::Change,
};
use serde::Deserialize;

use super::{
    App,
    auth::Bearer,
    problem::{Kind, Problem},
    timetable::malformed_query,
};
use crate::{
    clock::utc_now,
    county::{Author, counts_of_put, counts_of_removed},
    http::fresh_token,
};

/// Longest file taken, in bytes.
pub const MAX_FILE: usize = 10 * 1024 * 1024;
/// Files of one import; a further one is refused.
const MAX_FILES: usize = 200;
/// Bytes of all files sent for one import, replaced ones too; a further file is refused.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Imports that wait to be applied; beyond it the oldest is forgotten.
const MAX_IMPORTS: usize = 8;

/// Imports that wait to be applied.
#[derive(Default)]
pub struct Imports(Mutex<HashMap<String, Import>>);

/// Files that were sent, and what they would do.
struct Import {
    by: ParticipantId,
    touched_at: UtcMs,
    files: Vec<Upload>,
    /// What was sent, in bytes.
    bytes: usize,
    /// The change, and the version of the timetable it was worked out from.
    change: Option<(Change, u64)>,
}

impl Imports {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Import>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The query of `POST /api/imports`.
#[derive(Debug, Deserialize)]
pub struct ImportQuery {
    name: String,
    #[serde(default)]
    import: Option<String>,
    #[serde(default)]
    term: Option<TermId>,
    #[serde(default)]
    remove_courses_not_named: bool,
    /// Further files follow at once: nothing is worked out yet.
    #[serde(default)]
    more: bool,
}

/// `POST /api/imports?name=FILE[&import=ID]`: adds a file, in place of the one of its name, and tells what all of them would do.
pub async fn add(
    State(app): State<App>,
    Bearer(person): Bearer,
    query: Result<Query<ImportQuery>, QueryRejection>,
    body: Bytes,
) -> Result<Json<ImportPreview>, Problem> {
    let Query(query) = query.map_err(malformed_query)?;
    let now = utc_now();
    let today = app.county().date(now);
    let options = Options { term: query.term, today, remove_courses_not_named: query.remove_courses_not_named };
    let id = match query.import {
        Some(id) => id,
        None => begin(&app, &person.id, now)?,
    };
    let (name, sent) = (query.name, body.len());
    let upload = tokio::task::spawn_blocking(move || Upload::read(&name, &body)).await.map_err(anyhow::Error::from)?;
    let files = {
        let mut imports = app.imports().all();
        let import = imports.get_mut(&id).filter(|import| import.by == person.id).ok_or_else(unknown)?;
        import.touched_at = now;
        import.change = None;
        import.files.retain(|file| file.name != upload.name);
        if import.files.len() >= MAX_FILES || import.bytes + sent > MAX_BYTES {
            let detail = "too many files at once: apply these first";
            return Err(Problem::new(Kind::BodyTooLarge, detail).at("body"));
        }
        import.bytes += sent;
        import.files.push(upload);
        if query.more {
            return Ok(Json(ImportPreview { id, ..ImportPreview::default() }));
        }
        import.files.clone()
    };
    let state = app.county().state();
    let version = state.version();
    let work = tokio::task::spawn_blocking(move || exchange::preview_sheets(state.timetable(), &files, &options));
    let worked_out = work.await.map_err(anyhow::Error::from)?;
    if let Some(import) = app.imports().all().get_mut(&id) {
        import.change = Some((worked_out.change, version));
    }
    Ok(Json(ImportPreview { id, ..worked_out.preview }))
}

fn begin(app: &App, by: &ParticipantId, now: UtcMs) -> Result<String, Problem> {
    let id = fresh_token()?[..16].to_owned();
    let mut imports = app.imports().all();
    if imports.len() >= MAX_IMPORTS {
        let oldest = imports.iter().min_by_key(|(_, import)| import.touched_at).map(|(id, _)| id.clone());
        oldest.map(|id| imports.remove(&id));
    }
    imports.insert(id.clone(), Import { by: by.clone(), touched_at: now, files: Vec::new(), bytes: 0, change: None });
    Ok(id)
}

/// `DELETE /api/imports/{import}`
pub async fn forget(State(app): State<App>, Bearer(person): Bearer, Path(id): Path<String>) -> StatusCode {
    let mut imports = app.imports().all();
    if imports.get(&id).is_some_and(|import| import.by == person.id) {
        imports.remove(&id);
    }
    StatusCode::NO_CONTENT
}

/// `POST /api/imports/{import}/apply`
pub async fn apply(
    State(app): State<App>,
    Bearer(person): Bearer,
    Path(id): Path<String>,
) -> Result<Json<EditDone>, Problem> {
    let import = {
        let mut imports = app.imports().all();
        let ready = imports.get(&id).is_some_and(|import| import.by == person.id && import.change.is_some());
        imports.remove(&id).filter(|_| ready).ok_or_else(unknown)?
    };
    let (change, version) = import.change.unwrap_or_default();
    let what = ChangeKind::Imported {
        files: import.files.into_iter().map(|file| file.name).collect(),
        put: counts_of_put(&change),
        removed: counts_of_removed(&change),
    };
    let by = Author { person: Some(person.id), name: person.name };
    let done = app.county().change(change, version, what, &by, utc_now()).await?;
    app.reconcile_soon();
    Ok(Json(done))
}

fn unknown() -> Problem {
    Problem::new(Kind::NotFound, "there is no such import: send the files again").at("import")
}
