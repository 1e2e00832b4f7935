//! The county's timetable as the running program holds it: whole in memory, read by everyone, changed one change at a time,
//! each written down before it counts.

mod log;
mod state;
#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError, RwLock};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use protocol::{
    LessonId, ParticipantId, UtcMs,
    county::{ChangeKind, ChangeLine, EditDone},
    timetable::{Change, Conflict, Edit},
};
use timetable::{EditError, Timetable};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::db::{Db, LoggedChange};

pub use log::{change_kind, counts_of_put, counts_of_removed};
pub use state::State;

/// Changes that the log lists; older ones stay in the database.
const LISTED_CHANGES: u32 = 50;

/// Who makes a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The person; none for the program itself.
    pub person: Option<ParticipantId>,
    /// Their name, as the log shows it.
    pub name: String,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The edit does not fit.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// Something it touched was changed since.
    #[error("what it touched was changed since")]
    ChangedSince,
    /// There is no such change, or it was taken back already.
    #[error("there is no such change to take back")]
    UnknownChange,
    /// It could not be written down.
    #[error("the change could not be written")]
    Unwritten(#[from] anyhow::Error),
}

/// The timetable and everything that changes it. Cheap to clone.
#[derive(Clone)]
pub struct County(Arc<Inner>);

struct Inner {
    db: Db,
    zone: TimeZone,
    state: RwLock<Arc<State>>,
    /// Held while a change is made.
    changing: Arc<Mutex<()>>,
}

/// The turn of one who makes a change: nobody else does meanwhile.
struct Turn {
    state: Arc<State>,
    _alone: OwnedMutexGuard<()>,
}

impl County {
    /// Reads the timetable from the database.
    pub async fn open(db: Db, zone: TimeZone) -> anyhow::Result<Self> {
        let mut timetable = Timetable::default();
        let put = db.timetable_records().await?;
        timetable.apply(&Change { put, remove: Vec::new() })?;
        let state = State::new(timetable, db.last_change().await?, zone.clone());
        Ok(Self(Arc::new(Inner { db, zone, state: RwLock::new(Arc::new(state)), changing: Arc::default() })))
    }

    /// The timetable as it is now.
    pub fn state(&self) -> Arc<State> {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The county's time zone.
    pub fn zone(&self) -> &TimeZone {
        &self.0.zone
    }

    /// The county's date at an instant.
    pub fn date(&self, at: UtcMs) -> Date {
        let at = Timestamp::from_millisecond(at.0).unwrap_or_default();
        self.0.zone.to_datetime(at).date()
    }

    /// What `edit` would do: the conflicts its lessons would have, and when they could be held without.
    pub fn check(&self, edit: &Edit, fresh: LessonId, now: UtcMs) -> Result<EditDone, ChangeError> {
        let state = self.state();
        let change = state.timetable().change_of(edit, fresh.clone(), now, &self.0.zone)?;
        let mut timetable = state.timetable().clone();
        timetable.apply(&change).map_err(EditError::from)?;
        Ok(EditDone { number: 0, version: state.version(), ..outcome(&timetable, edit, &fresh, &change) })
    }

    /// Makes an edit.
    pub async fn edit(&self, edit: &Edit, fresh: LessonId, by: &Author, now: UtcMs) -> Result<EditDone, ChangeError> {
        let turn = self.turn().await;
        let state = turn.state.clone();
        let change = state.timetable().change_of(edit, fresh.clone(), now, &self.0.zone)?;
        let what = change_kind(edit, &change, state.timetable());
        let version = self.make(turn, &change, what, by, now).await?;
        let done = outcome(self.state().timetable(), edit, &fresh, &change);
        Ok(EditDone { number: version, version, ..done })
    }

    /// Makes a change that was worked out from the timetable of `version`; refused when that is not the present one.
    pub async fn change(
        &self,
        change: Change,
        version: u64,
        what: ChangeKind,
        by: &Author,
        now: UtcMs,
    ) -> Result<EditDone, ChangeError> {
        let turn = self.turn().await;
        let state = turn.state.clone();
        if state.version() != version {
            return Err(ChangeError::ChangedSince);
        }
        let change = state.timetable().effective(change);
        if change.is_empty() {
            return Err(EditError::NothingChanges.into());
        }
        let version = self.make(turn, &change, what, by, now).await?;
        Ok(self.made(&change, version))
    }

    /// Takes a change back.
    pub async fn undo(&self, number: u64, by: &Author, now: UtcMs) -> Result<EditDone, ChangeError> {
        let turn = self.turn().await;
        let logged = self.0.db.change(number).await?.filter(|logged| logged.undone_by.is_none());
        let logged = logged.ok_or(ChangeError::UnknownChange)?;
        if !log::still_stands(&logged, turn.state.timetable()) {
            return Err(ChangeError::ChangedSince);
        }
        let what = ChangeKind::Undone { number };
        let version = self.make(turn, &logged.inverse, what, by, now).await?;
        Ok(self.made(&logged.inverse, version))
    }

    /// What a change of records did.
    fn made(&self, change: &Change, version: u64) -> EditDone {
        let conflicts = self.state().timetable().conflicts_of_change(change);
        EditDone { number: version, version, conflicts, free: Vec::new() }
    }

    /// The last changes, newest first.
    pub async fn changes(&self) -> anyhow::Result<Vec<ChangeLine>> {
        let state = self.state();
        let changes = self.0.db.changes(LISTED_CHANGES).await?;
        Ok(changes.into_iter().map(|logged| log::line(logged, state.timetable())).collect())
    }

    async fn turn(&self) -> Turn {
        let _alone = self.0.changing.clone().lock_owned().await;
        Turn { state: self.state(), _alone }
    }

    /// Applies, writes down, and only then shows a change. Returns its number. Whoever asked may go meanwhile: what is
    /// written is shown all the same.
    async fn make(
        &self,
        turn: Turn,
        change: &Change,
        what: ChangeKind,
        by: &Author,
        now: UtcMs,
    ) -> Result<u64, ChangeError> {
        let undoes = match what {
            ChangeKind::Undone { number } => Some(number),
            _ => None,
        };
        let mut timetable = turn.state.timetable().clone();
        let inverse = timetable.apply(change).map_err(EditError::from)?;
        let number = turn.state.version() + 1;
        let logged = LoggedChange {
            number,
            at: now,
            person: by.person.clone(),
            person_name: by.name.clone(),
            what,
            change: change.clone(),
            inverse,
            undone_by: None,
        };
        let inner = self.0.clone();
        let written = tokio::spawn(async move {
            inner.db.log_change(&logged, undoes, |room| timetable.room_name(room)).await?;
            let next = State::new(timetable, number, inner.zone.clone());
            *inner.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
            drop(turn);
            anyhow::Ok(())
        });
        written.await.map_err(anyhow::Error::from)??;
        Ok(number)
    }
}

/// What an edit means for the lesson it is about.
fn outcome(timetable: &Timetable, edit: &Edit, fresh: &LessonId, change: &Change) -> EditDone {
    let lesson = match edit {
        Edit::AddLesson { .. } => Some(fresh),
        other => log::lesson_of(other),
    };
    let conflicts: Vec<Conflict> = match lesson {
        Some(lesson) => timetable.conflicts_of(lesson),
        None => timetable.conflicts_of_change(change),
    };
    let free = lesson.filter(|_| !conflicts.is_empty()).map_or_else(Vec::new, |id| timetable.free_periods(id));
    EditDone { number: 0, version: 0, conflicts, free }
}
