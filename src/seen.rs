//! Who was seen when: the last request or connection of each person and device since the program started.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use protocol::{ParticipantId, UtcMs};

/// When people and devices were last seen. Cheap to clone; one entry for each that ever was.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<RwLock<HashMap<ParticipantId, UtcMs>>>);

impl Seen {
    /// It has just shown itself.
    pub fn note(&self, id: &ParticipantId, now: UtcMs) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), now);
    }

    /// When it last did.
    pub fn last(&self, id: &ParticipantId) -> Option<UtcMs> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }
}
