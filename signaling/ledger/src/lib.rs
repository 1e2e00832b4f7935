//! The delivery ledger: what was planned, what was received, and what each lesson counts as. Pure.
//!
//! ```text
//! SFU, pages ──> RoomReception ──> Event ──> (stored, append only) ──> judge ──> Fact ──> Report, offered
//! lesson engine, timetable, people ──^
//! ```
//!
//! Everything a lesson counts as is worked out from its [`Event`]s by [`judge`]: nothing that was counted is stored
//! and nothing that was stored is altered. What a person says ([`What::Corrected`]) stands beside what the machine
//! saw, with the name and the reason. Where the ledger does not know enough to tell good from bad it says
//! [`Verdict::Unjudged`].

mod error;
mod event;
mod fraction;
mod judge;
pub mod limits;
mod offered;
mod plan;
mod reception;
mod report;
mod spans;
mod stream;
mod verdict;
mod wire;

pub use error::LedgerError;
pub use event::{Correction, EndCause, Event, OutageReason, What};
pub use fraction::Fraction;
pub use judge::{Criteria, Judgement, PointJudgement, judge};
pub use offered::{Offer, OfferedPoint, OfferedSubject, Point, Shortfall, Week, offered};
pub use plan::{Plan, PointPlan, Side};
pub use reception::{Acknowledged, PageEvidence, RoomReception, RtcpEvidence};
pub use report::{
    Cell, Dimension, Fact, Filter, Names, Report, Row, Table, Tally, drilled_to_lessons, facts_of, lesson_table,
};
pub use spans::Spans;
pub use stream::{PerStream, Stream};
pub use verdict::{Reception, RoomSide, Standing, Verdict};
