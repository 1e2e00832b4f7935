//! What can be wrong with what the ledger is given.

use crate::limits::LONGEST_REASON;

/// One variant per fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The events of a lesson do not tell its plan: append a `planned` from the timetable.
    #[error("nothing says how the lesson was planned")]
    Unplanned,
    /// A room, or a lesson, cannot count as that: choose a verdict of its side.
    #[error("that verdict is not one of this side of a lesson")]
    WrongSide,
    /// What is not over cannot be corrected to be so: choose another verdict.
    #[error("nobody can decide that a lesson is not due")]
    NotADecision,
    /// A correction says why: give a reason of at most [`LONGEST_REASON`] characters.
    #[error("a correction needs a reason of 1 to {LONGEST_REASON} characters")]
    BadReason,
    /// The key of a row does not fit its dimension: take it from a report.
    #[error("no row of that dimension has such a key")]
    BadKey,
}
