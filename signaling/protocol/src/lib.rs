//! What crosses the wire between the server and its clients: ids, time, messages, errors. Serde only, no rules.
//!
//! The TypeScript of every type is generated into `web-client/src/core/protocol/` (see `tests/typescript.rs`); a test
//! fails when it is stale.

pub mod api;
pub mod county;
pub mod ids;
pub mod import;
pub mod line;
pub mod message;
pub mod time;
pub mod timetable;

pub use ids::{CourseId, LessonId, ParticipantId, RoomId, SchoolId, TermId};
pub use message::{ClientMessage, ServerMessage};
pub use time::UtcMs;
