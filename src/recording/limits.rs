//! Every bound of the recorder's shell.

use std::time::Duration;

/// Orders waiting for the writer thread. Beyond it publishers are no longer introduced, with an error in the log, and their
/// tracks are called after their keys.
pub const ORDERS: usize = 1_024;

/// How long a recording that could not be written waits before it is tried again.
pub const RETRY: Duration = Duration::from_secs(2);

/// Events waiting to be routed to their lessons; one that does not fit is counted lost with a warning.
pub const EVENTS: usize = 4_096;

/// Jobs waiting for the sync thread. Manifests coalesce there; a job that does not fit waits on the writer's side, whose
/// own queue then drops batches: by then the disk has stood still for a long time.
pub const SYNC_JOBS: usize = 4_096;

/// Longest wait of the writer thread for a batch.
pub const TURN: Duration = Duration::from_millis(20);

/// Time a lesson's last packets have to come through the tap after its end.
pub const LAST_PACKETS: Duration = Duration::from_millis(400);

/// How often everything written is brought to the disk.
pub const SYNC_EVERY: Duration = Duration::from_secs(1);

/// Largest manifest or index read for a replay, in bytes.
pub const REPLAY_FILE_BYTES: u64 = 64 << 20;

/// How long a replay's address works: a lesson, a break, and the lesson again.
pub const TICKET_LIFE: Duration = Duration::from_secs(6 * 3_600);

/// Bytes of a file that is put together while it is sent, read at once.
pub const FILM_CHUNK_BYTES: u64 = 256 << 10;

/// Such files whose make-up is kept for the next request of a part of them. The one asked for longest ago goes.
pub const FILMS: usize = 8;

/// Files kept open by whoever reads a recording: those of the picture and the voice, and the next ones after a cut.
pub const FILES_OPEN: usize = 4;

/// Lessons whose manifests are kept. The one asked for longest ago goes.
pub const MANIFESTS: usize = 64;

/// How long a manifest that was read counts as what is on the disk. A finished recording changes only where a lesson goes on
/// after a restart.
pub const FINISHED_FRESH: Duration = Duration::from_secs(1);

/// The same of a running recording, which the writer is asked for: half a turn of it.
pub const RUNNING_FRESH: Duration = Duration::from_millis(100);

/// How long the writer is waited for. Then what is on the disk is told.
pub const LONGEST_LOOK: Duration = Duration::from_secs(2);
