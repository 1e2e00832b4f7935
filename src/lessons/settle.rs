//! Lessons that are over are judged: once, and again when someone corrects them.

use ledger::{Event, What, judge};
use protocol::{LessonId, ParticipantId, UtcMs, county::CorrectionOrder, message::Phase};
use timetable::Lesson;

use super::Lessons;
use crate::db::Note;

/// A lesson is judged this long after its end, so that everything about it is written down.
const SETTLE_AFTER_MS: i64 = 10_000;
/// Lessons judged in one go; the rest follow in the next.
const AT_ONCE: u32 = 1_000;

/// Why a correction was not made.
#[derive(Debug, thiserror::Error)]
pub enum CorrectionError {
    /// There is no record of the lesson.
    #[error("there is no record of this lesson")]
    Unknown,
    /// It does not fit.
    #[error(transparent)]
    Unfit(#[from] ledger::LedgerError),
    /// It could not be written down.
    #[error("it could not be written")]
    Unwritten(#[from] anyhow::Error),
}

impl Lessons {
    /// Judges the lessons that are over and were not judged yet. True when there were any.
    pub async fn settle(&self, now: UtcMs) -> anyhow::Result<bool> {
        if self.0.scribe.is_behind() {
            // Their record is not whole yet.
            return Ok(false);
        }
        let before = now.plus_ms(-SETTLE_AFTER_MS);
        let mut settled = false;
        for lesson in self.0.db.unsettled_lessons(before, AT_ONCE).await? {
            if self.is_over(&lesson, before) {
                self.judge(&lesson.id, now).await?;
                settled = true;
            }
        }
        Ok(settled)
    }

    /// Whether nothing more will happen in it.
    fn is_over(&self, kept: &Lesson, before: UtcMs) -> bool {
        // One that has ended still runs for a minute, to tell its people about the recording.
        self.standing(&kept.id).is_none_or(|standing| standing.phase == Phase::Ended)
            && match kept.ended_at {
                Some(ended_at) => ended_at <= before,
                None => kept.phase(before) == Phase::Ended,
            }
    }

    /// Works out what a lesson counts as from its record, and writes it down.
    async fn judge(&self, lesson: &LessonId, now: UtcMs) -> anyhow::Result<()> {
        let events = self.0.db.ledger(lesson).await?;
        match judge(&events, now, &self.0.criteria) {
            Ok(judgement) => self.0.db.put_judgement(lesson, &judgement, now).await,
            // From before there was a ledger.
            Err(_) => self.0.db.settle_unjudged(lesson, now).await,
        }
    }

    /// By what lessons are judged.
    pub fn criteria(&self) -> &ledger::Criteria {
        &self.0.criteria
    }

    /// Appends a correction to the record of a lesson and judges it anew.
    pub async fn correct(
        &self,
        lesson: &LessonId,
        by: ParticipantId,
        order: CorrectionOrder,
        now: UtcMs,
    ) -> Result<(), CorrectionError> {
        if self.0.db.ledger(lesson).await?.is_empty() {
            return Err(CorrectionError::Unknown);
        }
        let event = Event { at: now, what: What::corrected(by, order)? };
        let note = [(lesson.clone(), Note::Ledger(event))];
        self.0.db.write_notes(&note).await.map_err(anyhow::Error::from)?;
        // One that is not over is judged when it is.
        let kept = self.0.db.lesson(lesson).await?;
        if kept.is_some_and(|kept| self.is_over(&kept, now)) {
            self.judge(lesson, now).await?;
        }
        Ok(())
    }
}
