//! What a lesson counts as, from everything that was written down about it.
//!
//! One principle decides every close call: time the ledger did not see is doubt, and a verdict that the doubt could
//! turn is [`Verdict::Unjudged`]. So a server that was down never makes an absence, and a device that was off while
//! the server watched is no mystery.
//!
//! ```text
//! first bell                                         last bell      overrun limit
//!     |-------------------- planned ---------------------|...............|
//!   started |======= taught =====|  outage  |==== taught =====| ended
//!                   |---- not watched ----|                     is taught, and in doubt
//! ```

use protocol::{RoomId, UtcMs};

use crate::{Event, Fraction, LedgerError, PerStream, Plan, Reception, Spans, Verdict};

mod story;

use story::{RoomStory, Story};

/// What makes a lesson valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Criteria {
    /// A delivery is valid from this many minutes of teaching on.
    pub least_minutes: u32,
    /// Of a lesson planned so short that `least_minutes` cannot be asked of it (微课), this much must be taught. Three
    /// quarters, because 30 minutes are that of the 40 the limit was made for.
    pub least_share: Fraction,
    /// A reception is valid from this much of what was taught on, of the planned length at most.
    pub reception_fraction: Fraction,
    /// An absence is believed only if the server watched this much of the planned time.
    pub watched_fraction: Fraction,
    /// Time in which the master sent no picture, or no sound, is taken off what a room had to receive of it, up to
    /// this much: a lesson without any picture served nobody.
    pub unsent_fraction: Fraction,
    /// How long after the last bell a lesson can go on; one without a recorded end is over then.
    pub overrun_minutes: u32,
}

impl Default for Criteria {
    fn default() -> Self {
        Self {
            least_minutes: 30,
            least_share: Fraction::THREE_QUARTERS,
            reception_fraction: Fraction::TWO_THIRDS,
            watched_fraction: Fraction::TWO_THIRDS,
            unsent_fraction: Fraction::HALF,
            overrun_minutes: 30,
        }
    }
}

impl Criteria {
    /// How long a lesson planned for `planned_ms` milliseconds must be taught, in milliseconds.
    pub fn least_taught_ms(&self, planned_ms: i64) -> i64 {
        let least_ms = i64::from(self.least_minutes) * 60_000;
        if planned_ms <= 0 { least_ms } else { least_ms.min(self.least_share.of_ms(planned_ms)) }
    }

    fn overrun_ms(&self) -> i64 {
        i64::from(self.overrun_minutes) * 60_000
    }
}

/// What one lesson counts as, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement<'a> {
    /// The plan it is judged by.
    pub plan: &'a Plan,
    /// What it counts as.
    pub master: Verdict,
    /// Whether that was set by a person.
    pub corrected: bool,
    /// When it went on air, if it did; may be before the first bell.
    pub started_at: Option<UtcMs>,
    /// When it ended, if that is recorded.
    pub ended_at: Option<UtcMs>,
    /// Time taught from the first bell on, known outages of the master left out, in milliseconds.
    pub taught_ms: i64,
    /// Each receive room of the plan, in its order.
    pub points: Vec<PointJudgement<'a>>,
}

/// What a lesson counts as in one receive room, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointJudgement<'a> {
    /// The room.
    pub room: &'a RoomId,
    /// What its reception counts as.
    pub reception: Reception,
    /// Whether that was set by a person.
    pub corrected: bool,
    /// Picture received, in milliseconds.
    pub picture_ms: i64,
    /// Sound received, in milliseconds.
    pub sound_ms: i64,
    /// How often it was cut off.
    pub outages: u32,
    /// How often it was called on.
    pub called_on: u32,
    /// 到课人数: as it was corrected, else as it was told last.
    pub headcount: Option<u32>,
}

/// Judges a lesson by its `events`, in the order in which they were appended, as things stand at `now`.
///
/// A correction never makes a lesson that is not due count as anything.
///
/// # Errors
/// [`LedgerError::Unplanned`] when no event tells the plan.
pub fn judge<'a>(events: &'a [Event], now: UtcMs, criteria: &Criteria) -> Result<Judgement<'a>, LedgerError> {
    let story = Story::of(events)?;
    let taught = Taught::of(&story, criteria);
    let machine = delivery(&story, &taught, now, criteria);
    let corrected = decided(machine == Verdict::NotDue, story.correction, Verdict::NotDue);
    let master = corrected.unwrap_or(machine);
    let points = story.rooms.iter().map(|room| {
        let reception = reception(room, &taught, (machine, master), &story, criteria);
        let corrected = decided(machine == Verdict::NotDue, room.correction, Reception::NotDue);
        let received = room.received_ms(&taught.known);
        PointJudgement {
            room: &room.plan.room,
            reception: corrected.unwrap_or(reception),
            corrected: corrected.is_some(),
            picture_ms: received.picture,
            sound_ms: received.sound,
            outages: room.outages(),
            called_on: room.called_on,
            headcount: room.headcount(),
        }
    });
    Ok(Judgement {
        plan: story.plan,
        master,
        corrected: corrected.is_some(),
        started_at: story.started_at,
        ended_at: story.ended_at,
        taught_ms: taught.known.length_ms(),
        points: points.collect(),
    })
}

/// A correction as far as it decides something.
fn decided<T: PartialEq>(is_not_due: bool, correction: Option<T>, not_due: T) -> Option<T> {
    correction.filter(|verdict| !is_not_due && *verdict != not_due)
}

/// When a lesson was taught.
struct Taught {
    /// From its start to its recorded end, or as far as it was seen; known outages left out.
    known: Spans,
    /// Of this: the server was there.
    seen: Spans,
    /// The same if it went on while nobody watched. The same as `known` where the end is recorded.
    possible: Spans,
    /// How much must be received of it at most, in milliseconds.
    measure_ms: i64,
}

impl Taught {
    fn of(story: &Story<'_>, criteria: &Criteria) -> Self {
        let Plan { starts_at, ends_at, .. } = *story.plan;
        let watched = story.watched();
        let outages = story.outages();
        let limit = ends_at.plus_ms(criteria.overrun_ms());
        let seen_until = watched.end().unwrap_or(starts_at).min(limit);
        let until = |end: UtcMs| match story.started_at {
            Some(started_at) => Spans::one(started_at.max(starts_at), end).less(&outages),
            None => Spans::default(),
        };
        let known = until(story.ended_at.unwrap_or(seen_until));
        let possible = until(story.ended_at.unwrap_or(seen_until.max(ends_at)));
        let planned_ms = story.planned_ms();
        let possible_ms = possible.length_ms();
        let measure_ms = if planned_ms > 0 { possible_ms.min(planned_ms) } else { possible_ms };
        Self { seen: known.and(&watched), known, possible, measure_ms }
    }

    /// Time that may have been taught while nobody watched, in milliseconds.
    fn doubt_ms(&self) -> i64 {
        self.possible.length_ms().saturating_sub(self.seen.length_ms())
    }
}

/// What the machine says of the master room.
fn delivery(story: &Story<'_>, taught: &Taught, now: UtcMs, criteria: &Criteria) -> Verdict {
    let Plan { starts_at, ends_at, .. } = *story.plan;
    let least_ms = criteria.least_taught_ms(story.planned_ms());
    let is_over = match (story.started_at, story.ended_at) {
        (Some(_), Some(_)) => true,
        (Some(_), None) => now >= ends_at.plus_ms(criteria.overrun_ms()),
        (None, _) => now >= ends_at,
    };
    let long_enough = taught.seen.length_ms() >= least_ms;
    if story.is_excused() && !(is_over && long_enough) {
        return Verdict::ExcusedCancellation;
    }
    if !is_over {
        return Verdict::NotDue;
    }
    if story.started_at.is_none() {
        let watched_ms = story.watched().length_within_ms(starts_at, ends_at);
        let enough = watched_ms > 0 && watched_ms >= criteria.watched_fraction.of_ms(story.planned_ms());
        return if enough { Verdict::UnexcusedAbsence } else { Verdict::Unjudged };
    }
    if long_enough {
        Verdict::ValidDelivery
    } else if taught.possible.length_ms() < least_ms {
        Verdict::InvalidDelivery
    } else {
        Verdict::Unjudged
    }
}

/// What the machine says of a receive room, given what it says of the master room and what that counts as.
fn reception(
    room: &RoomStory<'_>,
    taught: &Taught,
    (machine, master): (Verdict, Verdict),
    story: &Story<'_>,
    criteria: &Criteria,
) -> Reception {
    match machine {
        Verdict::NotDue => return Reception::NotDue,
        // Also where only a person knows that the lesson was cancelled, as long as nothing was taught.
        Verdict::ExcusedCancellation => return Reception::Excused,
        _ if master == Verdict::ExcusedCancellation && story.started_at.is_none() => return Reception::Excused,
        Verdict::UnexcusedAbsence => return Reception::NotDelivered,
        Verdict::Unjudged if story.started_at.is_none() => return Reception::Unjudged,
        _ if taught.measure_ms == 0 => return Reception::NotDelivered,
        _ => {}
    }
    let unsent_ms = story.unsent_ms(&taught.possible);
    let most_unsent_ms = criteria.unsent_fraction.of_ms(taught.measure_ms);
    let needed = unsent_ms.map(|ms| criteria.reception_fraction.of_ms(taught.measure_ms - ms.min(most_unsent_ms)));
    let received = room.received_ms(&taught.known);
    let doubt_ms = room.doubt_ms(&taught.known).saturating_add(taught.doubt_ms());
    let is_enough = |received: PerStream<i64>| received.zip(needed, |has, needs| has > 0 && has >= needs).both();
    if is_enough(received) {
        Reception::ValidReception
    } else if is_enough(received.map(|ms| ms.saturating_add(doubt_ms))) {
        Reception::Unjudged
    } else {
        Reception::InvalidReception
    }
}

#[cfg(test)]
mod tests;
