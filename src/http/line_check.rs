//! 课前线路检测: what a page measures its line with. Nothing of what is sent here is kept.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use access::Person;
use aws_lc_rs::rand;
use axum::{
    body::Bytes,
    extract::{Query, State, rejection::QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::{ParticipantId, UtcMs};
use serde::Deserialize;

use super::{
    App,
    auth::Bearer,
    media_check::CheckRooms,
    problem::{Kind, Problem},
};
use crate::clock::utc_now;

/// The most bytes of one answer or body.
pub const MAX_BYTES: usize = 1_000_000;

/// Bytes a person may move at once: a whole check, twice over.
const BURST: u64 = 6_000_000;
/// Bytes a person may move in the long run, per second.
const BYTES_PER_SECOND: u64 = 50_000;
/// What a request counts beside its bytes.
const REQUEST: u64 = 1_000;
/// People whose checks are remembered; when there are more, those who could check anew at once are forgotten.
const REMEMBERED: usize = 10_000;

/// How much each person may still move, and the rooms of those whose media is tried.
#[derive(Debug, Default)]
pub struct LineChecks {
    budgets: Mutex<HashMap<ParticipantId, Budget>>,
    pub(super) rooms: CheckRooms,
}

#[derive(Debug, Clone, Copy)]
struct Budget {
    left: u64,
    at: UtcMs,
}

impl Budget {
    fn now(self, now: UtcMs) -> Self {
        let elapsed_ms = u64::try_from(now.since_ms(self.at)).unwrap_or(0);
        let gained = elapsed_ms.saturating_mul(BYTES_PER_SECOND) / 1000;
        Self { left: self.left.saturating_add(gained).min(BURST), at: now }
    }
}

impl LineChecks {
    /// Takes so many bytes from a person's budget; false where that is not enough.
    fn take(&self, who: &ParticipantId, bytes: usize, now: UtcMs) -> bool {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        if budgets.len() >= REMEMBERED && !budgets.contains_key(who) {
            budgets.retain(|_, budget| budget.now(now).left < BURST);
            if budgets.len() >= REMEMBERED {
                return false;
            }
        }
        let budget = budgets.entry(who.clone()).or_insert(Budget { left: BURST, at: now });
        *budget = budget.now(now);
        let cost = REQUEST.saturating_add(bytes as u64);
        let enough = budget.left >= cost;
        if enough {
            budget.left -= cost;
        }
        enough
    }
}

/// The query of `/api/line-check/down`.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    bytes: usize,
}

/// `GET /api/line-check/down?bytes=N`: so many bytes that nothing on the way can shorten.
pub async fn down(
    State(app): State<App>,
    Bearer(person): Bearer,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    let malformed = |detail: String| Problem::new(Kind::MalformedParameter, detail).at("bytes");
    let Query(Wanted { bytes }) = wanted.map_err(|rejection| malformed(rejection.body_text()))?;
    if bytes > MAX_BYTES {
        return Err(malformed(format!("at most {MAX_BYTES}")));
    }
    spend(&app, &person, bytes)?;
    let mut body = vec![0; bytes];
    rand::fill(&mut body).map_err(|_| anyhow::anyhow!("the system has no randomness"))?;
    let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body).into_response())
}

/// `POST /api/line-check/up`: takes a body and forgets it.
pub async fn up(State(app): State<App>, Bearer(person): Bearer, body: Bytes) -> Result<StatusCode, Problem> {
    spend(&app, &person, body.len())?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes so many bytes from what a person may move for checks.
pub(super) fn spend(app: &App, person: &Person, bytes: usize) -> Result<(), Problem> {
    match app.line_checks().take(&person.id, bytes, utc_now()) {
        true => Ok(()),
        false => Err(Problem::new(Kind::TooOften, "the line was checked often enough; wait two minutes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ParticipantId {
        ParticipantId::parse(text).unwrap()
    }

    #[test]
    fn a_person_may_check_some_times_in_a_row_and_again_after_a_while() {
        let checks = LineChecks::default();
        let moved = (0..100).take_while(|_| checks.take(&id("a"), MAX_BYTES, UtcMs(0))).count();
        assert_eq!(moved, 5);
        assert!(checks.take(&id("b"), MAX_BYTES, UtcMs(0)), "another person's budget is another");
        assert!(!checks.take(&id("a"), MAX_BYTES, UtcMs(100)));
        assert!(checks.take(&id("a"), MAX_BYTES, UtcMs(20_100)));
        assert!(!checks.take(&id("a"), MAX_BYTES, UtcMs(0)), "a clock that is set back gives nothing");
        assert!(!checks.take(&id("a"), usize::MAX, UtcMs(i64::MAX)));
    }

    #[test]
    fn whoever_could_begin_anew_is_forgotten_before_anyone_is_turned_away() {
        let checks = LineChecks::default();
        for i in 0..REMEMBERED {
            assert!(checks.take(&id(&format!("p{i}")), 0, UtcMs(0)));
        }
        assert!(!checks.take(&id("late"), 0, UtcMs(0)));
        assert!(checks.take(&id("late"), 0, UtcMs(1_000)));
    }
}
