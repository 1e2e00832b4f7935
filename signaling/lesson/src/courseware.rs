//! Courseware: whether the lead's screen is on the screens of the class.

use protocol::{UtcMs, message::Presence};

use crate::{grace::Grace, limits::COURSEWARE_KEPT_MS};

/// The one piece of courseware of a lesson.
#[derive(Debug, Default)]
pub(crate) struct Courseware {
    shared: Option<Grace>,
}

impl Courseware {
    /// Whether it is shared.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// The lead shares it.
    pub(crate) fn start(&mut self) {
        self.shared.get_or_insert_default();
    }

    /// It is taken off.
    pub(crate) fn stop(&mut self) {
        self.shared = None;
    }

    /// Takes note of the lead's presence: a lead that left takes it along, a lost one after a while.
    pub(crate) fn observe(&mut self, lead: Presence, now: UtcMs) {
        let Some(grace) = &mut self.shared else {
            return;
        };
        grace.observe(lead, now);
        if lead == Presence::Absent || grace.is_over(COURSEWARE_KEPT_MS, now) {
            self.shared = None;
        }
    }

    /// When to look again.
    pub(crate) fn deadline(&self) -> Option<UtcMs> {
        self.shared.and_then(|g| g.deadline(COURSEWARE_KEPT_MS))
    }
}
