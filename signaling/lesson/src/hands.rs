//! 举手: the queue of raised hands, first raised first.

use protocol::{ParticipantId, UtcMs, message::Presence};

use crate::{grace::Grace, limits::HAND_KEPT_MS};

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    raised: Vec<(ParticipantId, Grace)>,
}

impl Hands {
    /// First raised first.
    pub(crate) fn queue(&self) -> Vec<ParticipantId> {
        self.raised.iter().map(|(id, _)| id.clone()).collect()
    }

    /// Puts a hand up, at the end of the queue; one that is up keeps its place.
    pub(crate) fn raise(&mut self, point: &ParticipantId) {
        if !self.raised.iter().any(|(id, _)| id == point) {
            self.raised.push((point.clone(), Grace::default()));
        }
    }

    /// Takes a hand down.
    pub(crate) fn lower(&mut self, point: &ParticipantId) {
        self.raised.retain(|(id, _)| id != point);
    }

    /// Takes all hands down.
    pub(crate) fn clear(&mut self) {
        self.raised.clear();
    }

    /// Takes note of presence: who left has no hand up, who is lost keeps it for a while.
    pub(crate) fn observe(&mut self, presence: impl Fn(&ParticipantId) -> Presence, now: UtcMs) {
        self.raised.retain_mut(|(id, grace)| {
            let presence = presence(id);
            grace.observe(presence, now);
            presence != Presence::Absent && !grace.is_over(HAND_KEPT_MS, now)
        });
    }

    /// When to look again.
    pub(crate) fn deadline(&self) -> Option<UtcMs> {
        let deadlines = self.raised.iter();
        deadlines.filter_map(|(_, g)| g.deadline(HAND_KEPT_MS)).min()
    }
}
