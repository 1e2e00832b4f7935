//! Bounds of running lessons in the shell, each with what happens beyond it.

use std::time::Duration;

/// Inputs waiting for one lesson; whoever brings the next one waits.
pub const INPUTS: usize = 1024;

/// Messages waiting for one connection; one that takes them too slowly is disconnected.
pub const OUTBOX: usize = 256;

/// Notes waiting to be written to the database: an hour of a whole county, should it be locked so long. Further ones are
/// lost, and an administrator is told.
pub const NOTES: usize = 262_144;

/// Notes written in one transaction.
pub const NOTES_AT_ONCE: usize = 256;

/// How long after its end a lesson still tells its people about the recording.
pub const LINGER: Duration = Duration::from_secs(60);

/// Longest sleep of a lesson: a wall clock that is set is noticed this late.
pub const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// How often what should run is compared with what runs.
pub const RECONCILE: Duration = Duration::from_secs(2);

/// How long the end of the program waits for lessons to close.
pub const SHUTDOWN: Duration = Duration::from_secs(10);
