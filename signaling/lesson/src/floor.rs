//! 发言席: the seat a called-on class speaks from. One class at a time.

use protocol::{ParticipantId, UtcMs, message::Presence};

use crate::{grace::Grace, limits::FLOOR_KEPT_MS};

/// The floor seat.
#[derive(Debug, Default)]
pub(crate) struct Floor {
    holder: Option<(ParticipantId, Grace)>,
}

impl Floor {
    /// Who holds it.
    pub(crate) fn holders(&self) -> Vec<ParticipantId> {
        self.holder.iter().map(|(id, _)| id.clone()).collect()
    }

    /// Gives it to `point`, in place of whoever holds it.
    pub(crate) fn grant(&mut self, point: ParticipantId) {
        if self.holder.as_ref().is_none_or(|(id, _)| *id != point) {
            self.holder = Some((point, Grace::default()));
        }
    }

    /// Takes it back from `point`; false when that point does not hold it.
    pub(crate) fn release(&mut self, point: &ParticipantId) -> bool {
        let held = self.holder.as_ref().is_some_and(|(id, _)| id == point);
        if held {
            self.holder = None;
        }
        held
    }

    /// Empties the seat.
    pub(crate) fn clear(&mut self) {
        self.holder = None;
    }

    /// Takes note of the holder's presence: one that left loses the seat at once, one that is away after a while.
    pub(crate) fn observe(&mut self, presence: impl Fn(&ParticipantId) -> Presence, now: UtcMs) {
        let Some((id, grace)) = &mut self.holder else {
            return;
        };
        let presence = presence(id);
        grace.observe(presence, now);
        if presence == Presence::Absent || grace.is_over(FLOOR_KEPT_MS, now) {
            self.holder = None;
        }
    }

    /// When to look again.
    pub(crate) fn deadline(&self) -> Option<UtcMs> {
        self.holder.as_ref().and_then(|(_, grace)| grace.deadline(FLOOR_KEPT_MS))
    }
}
