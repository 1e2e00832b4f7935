//! Where the lesson stands: scheduled, doors open, live, ended. It only ever moves forward.

use protocol::{
    UtcMs,
    message::{Phase, Presence},
};

use crate::{Plan, effect::Happening, grace::Grace, limits::LEAD_GONE_AFTER_BELL_MS};

/// The phase and what moves it.
#[derive(Debug)]
pub(crate) struct Clock {
    phase: Phase,
    live_since: Option<UtcMs>,
    doors_open_at: UtcMs,
    ends_at: UtcMs,
    latest_end: UtcMs,
    lead_away: Grace,
    /// The wall clock is not trusted: nothing happens by it.
    held: bool,
}

impl Clock {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            phase: match plan.live_since {
                Some(_) => Phase::Live,
                None => Phase::Scheduled,
            },
            live_since: plan.live_since,
            doors_open_at: plan.doors_open_at,
            ends_at: plan.ends_at,
            latest_end: plan.latest_end,
            lead_away: Grace::default(),
            held: false,
        }
    }

    /// Takes the times of another plan.
    pub(crate) fn replan(&mut self, plan: &Plan) {
        self.doors_open_at = plan.doors_open_at;
        self.ends_at = plan.ends_at;
        self.latest_end = plan.latest_end;
        if self.phase == Phase::DoorsOpen {
            // It may be later now; the doors open again when its time comes.
            self.phase = Phase::Scheduled;
        }
    }

    /// While held, neither the doors open nor does the lesson end by the clock.
    pub(crate) fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// The timetable has it cancelled.
    pub(crate) fn cancel(&mut self) -> Option<Happening> {
        (self.phase != Phase::Ended).then(|| {
            self.phase = Phase::Ended;
            Happening::Cancelled
        })
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn live_since(&self) -> Option<UtcMs> {
        self.live_since
    }

    /// The lead ends the lesson.
    pub(crate) fn end(&mut self) -> Option<Happening> {
        (self.phase != Phase::Ended).then(|| {
            self.phase = Phase::Ended;
            Happening::EndedByLead
        })
    }

    /// Moves on as far as time and the lead's presence ask for; one step a call, `None` when there is none to take.
    pub(crate) fn step(&mut self, lead: Presence, now: UtcMs) -> Option<Happening> {
        self.lead_away.observe(lead, now);
        match self.phase {
            Phase::Scheduled if !self.held && now >= self.doors_open_at => {
                self.phase = Phase::DoorsOpen;
                Some(Happening::DoorsOpened)
            }
            Phase::DoorsOpen if lead == Presence::Present => {
                self.phase = Phase::Live;
                self.live_since = Some(now);
                Some(Happening::WentLive)
            }
            Phase::DoorsOpen | Phase::Live if !self.held && self.end_deadline().is_some_and(|at| now >= at) => {
                self.phase = Phase::Ended;
                Some(Happening::EndedByClock)
            }
            _ => None,
        }
    }

    /// When the lesson ends by itself as things stand.
    fn end_deadline(&self) -> Option<UtcMs> {
        match self.phase {
            Phase::DoorsOpen => Some(self.ends_at),
            Phase::Live => {
                let gone = self.lead_away.deadline(LEAD_GONE_AFTER_BELL_MS);
                let given_up = gone.map_or(self.latest_end, |at| at.max(self.ends_at));
                Some(given_up.min(self.latest_end))
            }
            Phase::Scheduled | Phase::Ended => None,
        }
    }

    /// When to look again.
    pub(crate) fn deadline(&self) -> Option<UtcMs> {
        match self.phase {
            _ if self.held => None,
            Phase::Scheduled => Some(self.doors_open_at),
            _ => self.end_deadline(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn at(minute: i64) -> UtcMs {
        UtcMs(minute * MINUTE)
    }

    /// Doors at 0, bell at 10, last bell at 50, no later than 80.
    fn clock() -> Clock {
        Clock {
            phase: Phase::Scheduled,
            live_since: None,
            doors_open_at: at(0),
            ends_at: at(50),
            latest_end: at(80),
            lead_away: Grace::default(),
            held: false,
        }
    }

    #[test]
    fn doors_open_by_the_clock_and_the_lead_makes_it_live() {
        let mut clock = clock();
        assert_eq!(clock.step(Presence::Absent, at(-1)), None);
        assert_eq!(clock.step(Presence::Absent, at(0)), Some(Happening::DoorsOpened));
        assert_eq!(clock.step(Presence::Joining, at(1)), None);
        assert_eq!(clock.step(Presence::Present, at(2)), Some(Happening::WentLive));
        assert_eq!(clock.live_since(), Some(at(2)));
        assert_eq!(clock.step(Presence::Present, at(3)), None);
    }

    #[test]
    fn a_lesson_whose_lead_never_came_is_over_at_the_last_bell() {
        let mut clock = clock();
        clock.step(Presence::Absent, at(0));
        assert_eq!(clock.deadline(), Some(at(50)));
        assert_eq!(clock.step(Presence::Absent, at(49)), None);
        assert_eq!(clock.step(Presence::Absent, at(50)), Some(Happening::EndedByClock));
        assert_eq!(clock.phase(), Phase::Ended);
    }

    #[test]
    fn an_overrunning_lesson_goes_on_while_the_lead_is_there_up_to_the_limit() {
        let mut clock = clock();
        clock.step(Presence::Absent, at(0));
        clock.step(Presence::Present, at(10));
        assert_eq!(clock.step(Presence::Present, at(79)), None);
        assert_eq!(clock.step(Presence::Present, at(80)), Some(Happening::EndedByClock));
    }

    #[test]
    fn a_lead_that_goes_after_the_bell_and_stays_away_has_ended_the_lesson() {
        let mut clock = clock();
        clock.step(Presence::Absent, at(0));
        clock.step(Presence::Present, at(10));
        assert_eq!(clock.step(Presence::Lost, at(30)), None);
        assert_eq!(clock.step(Presence::Lost, at(49)), None);
        assert_eq!(clock.step(Presence::Present, at(50)), None);
        assert_eq!(clock.step(Presence::Absent, at(55)), None);
        assert_eq!(clock.deadline(), Some(at(57)));
        assert_eq!(clock.step(Presence::Absent, at(57)), Some(Happening::EndedByClock));
    }

    #[test]
    fn an_ended_lesson_never_moves_again() {
        let mut clock = clock();
        assert_eq!(clock.end(), Some(Happening::EndedByLead));
        assert_eq!(clock.end(), None);
        assert_eq!(clock.step(Presence::Present, at(1)), None);
        assert_eq!(clock.deadline(), None);
    }
}
