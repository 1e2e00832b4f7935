//! The events of a lesson, gathered by what they are about. Evidence counts alike in whatever order it was appended;
//! plans, cancellations and corrections count in the order in which they were.

use protocol::UtcMs;

use crate::{Correction, Event, LedgerError, PerStream, Plan, PointPlan, Reception, Spans, Verdict, What};

type Stretches = Vec<(UtcMs, UtcMs)>;

/// A lesson as it was written down.
pub(super) struct Story<'a> {
    pub(super) plan: &'a Plan,
    pub(super) started_at: Option<UtcMs>,
    pub(super) ended_at: Option<UtcMs>,
    /// What a person says it counts as.
    pub(super) correction: Option<Verdict>,
    /// Of the plan, in its order.
    pub(super) rooms: Vec<RoomStory<'a>>,
    watched: Stretches,
    outages: Stretches,
    unsent: PerStream<Stretches>,
    /// Cancelled or not, and when that was written, in order.
    excuses: Vec<(UtcMs, bool)>,
}

/// What was written down about one receive room.
pub(super) struct RoomStory<'a> {
    pub(super) plan: &'a PointPlan,
    /// What a person says its reception counts as.
    pub(super) correction: Option<Reception>,
    pub(super) called_on: u32,
    batches: Vec<Batch>,
    outages: Stretches,
    told: Option<u32>,
    counted: Option<u32>,
}

/// One `received` event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Batch {
    from: UtcMs,
    to: UtcMs,
    picture_ms: i64,
    sound_ms: i64,
    doubt_ms: i64,
}

impl<'a> Story<'a> {
    pub(super) fn of(events: &'a [Event]) -> Result<Self, LedgerError> {
        let plan = plan_of(events).ok_or(LedgerError::Unplanned)?;
        let mut story = Self {
            plan,
            started_at: started_at(events),
            ended_at: None,
            correction: None,
            rooms: plan.points.iter().map(RoomStory::new).collect(),
            watched: Vec::new(),
            outages: Vec::new(),
            unsent: PerStream::default(),
            excuses: Vec::new(),
        };
        for event in events {
            story.take(event);
        }
        Ok(story)
    }

    fn take(&mut self, event: &Event) {
        match &event.what {
            // Read off before.
            What::Planned(_) | What::Started => {}
            What::Watched { from, to } => self.watched.push((*from, *to)),
            What::Ended { .. } => self.ended_at = self.ended_at.max(Some(event.at)),
            What::Unsent { stream, from, to } => self.unsent.of_mut(*stream).push((*from, *to)),
            What::Received { from, to, .. } => {
                // Whoever took evidence was there to watch.
                self.watched.push((*from, *to));
                self.tell_room(&event.what);
            }
            What::Outage { room: None, from, to, .. } => self.outages.push((*from, *to)),
            What::Excused { .. } => self.excuses.push((event.at, true)),
            What::Reinstated => self.excuses.push((event.at, false)),
            What::Corrected { correction: Correction::Master { verdict }, .. } => self.correction = *verdict,
            What::Outage { room: Some(_), .. }
            | What::CalledOn { .. }
            | What::Released { .. }
            | What::Headcount { .. }
            | What::Corrected { .. } => self.tell_room(&event.what),
            What::Unknown => {}
        }
    }

    /// What is about a room that is not of the plan counts for nothing.
    fn tell_room(&mut self, what: &What) {
        let Some(room) = what.room() else { return };
        for of_plan in self.rooms.iter_mut().filter(|of_plan| of_plan.plan.room == *room) {
            of_plan.take(what);
        }
    }

    /// When the server was there.
    pub(super) fn watched(&self) -> Spans {
        Spans::of(self.watched.iter().copied())
    }

    /// When the master was cut off.
    pub(super) fn outages(&self) -> Spans {
        Spans::of(self.outages.iter().copied())
    }

    /// How much of `taught` the master sent nothing, in milliseconds.
    pub(super) fn unsent_ms(&self, taught: &Spans) -> PerStream<i64> {
        let of = |stretches: &Stretches| Spans::of(stretches.iter().copied()).and(taught).length_ms();
        PerStream { picture: of(&self.unsent.picture), sound: of(&self.unsent.sound) }
    }

    /// Planned length in milliseconds; 0 where the plan makes no sense.
    pub(super) fn planned_ms(&self) -> i64 {
        self.plan.ends_at.since_ms(self.plan.starts_at).max(0)
    }

    /// Whether it is cancelled. A cancellation written after the planned end would explain an absence away: that takes
    /// a correction, with a name.
    pub(super) fn is_excused(&self) -> bool {
        let mut in_time = self.excuses.iter().filter(|(at, _)| *at < self.plan.ends_at);
        in_time.next_back().is_some_and(|(_, excused)| *excused)
    }
}

impl<'a> RoomStory<'a> {
    fn new(plan: &'a PointPlan) -> Self {
        Self {
            plan,
            correction: None,
            called_on: 0,
            batches: Vec::new(),
            outages: Vec::new(),
            told: None,
            counted: None,
        }
    }

    fn take(&mut self, what: &What) {
        match what {
            What::Received { from, to, picture_ms, sound_ms, doubt_ms, .. } => self.batches.push(Batch {
                from: *from,
                to: *to,
                picture_ms: i64::from(*picture_ms),
                sound_ms: i64::from(*sound_ms),
                doubt_ms: i64::from(*doubt_ms),
            }),
            What::Outage { from, to, .. } => self.outages.push((*from, *to)),
            What::CalledOn { .. } => self.called_on = self.called_on.saturating_add(1),
            What::Headcount { count, .. } => self.told = Some(*count),
            What::Corrected { correction: Correction::Room { reception, .. }, .. } => self.correction = *reception,
            What::Corrected { correction: Correction::Headcount { count, .. }, .. } => self.counted = *count,
            _ => {}
        }
    }

    /// What arrived of `taught`, in milliseconds.
    pub(super) fn received_ms(&self, taught: &Spans) -> PerStream<i64> {
        PerStream {
            picture: self.within_ms(taught, |batch| batch.picture_ms),
            sound: self.within_ms(taught, |batch| batch.sound_ms),
        }
    }

    /// What may have arrived of `taught`, in milliseconds.
    pub(super) fn doubt_ms(&self, taught: &Spans) -> i64 {
        self.within_ms(taught, |batch| batch.doubt_ms)
    }

    /// How often it was cut off. The same outage may have been written down twice.
    pub(super) fn outages(&self) -> u32 {
        let mut outages = self.outages.clone();
        outages.sort_unstable();
        outages.dedup();
        u32::try_from(outages.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn headcount(&self) -> Option<u32> {
        self.counted.or(self.told)
    }

    /// Sums a figure of the batches. No batch counts for more than its share of `taught`, one that was written twice
    /// counts once, and all together for no more than the time they speak for.
    fn within_ms(&self, taught: &Spans, figure: impl Fn(&Batch) -> i64) -> i64 {
        let mut batches = self.batches.clone();
        batches.sort_unstable();
        batches.dedup();
        let within = batches.iter().map(|batch| figure(batch).min(taught.length_within_ms(batch.from, batch.to)));
        let sum = within.fold(0, i64::saturating_add);
        let spoken_for = Spans::of(batches.iter().map(|batch| (batch.from, batch.to)));
        sum.min(spoken_for.and(taught).length_ms())
    }
}

fn started_at(events: &[Event]) -> Option<UtcMs> {
    events.iter().filter(|event| event.what == What::Started).map(|event| event.at).min()
}

/// The plan that counts: the last one written before the lesson began. The first counts whenever it was written: a
/// server that was down when the doors opened writes it down later.
fn plan_of(events: &[Event]) -> Option<&Plan> {
    let started_at = started_at(events).unwrap_or(UtcMs(i64::MAX));
    let plans = events.iter().filter_map(|event| match &event.what {
        What::Planned(plan) => Some((event.at, plan.as_ref())),
        _ => None,
    });
    let counting = plans.reduce(|in_force, later| {
        let begins_at = in_force.1.starts_at.min(started_at);
        if later.0 < begins_at { later } else { in_force }
    });
    counting.map(|(_, plan)| plan)
}
