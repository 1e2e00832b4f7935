//! What happens in a lesson that is worth finding again.

use protocol::ids::ParticipantId;
use serde::{Deserialize, Serialize};

/// Something that happened in the lesson. The journal numbers these; append only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LessonEvent {
    /// Somebody was given the floor.
    CalledOn {
        /// Who.
        participant: ParticipantId,
    },
    /// Somebody gave it back.
    FloorReleased {
        /// Who.
        participant: ParticipantId,
    },
    /// The lead began to show courseware.
    CoursewareStarted,
    /// The lead stopped showing it.
    CoursewareStopped,
    /// Somebody marked the moment.
    Marker {
        /// Who, where it is known.
        participant: Option<ParticipantId>,
        /// As they called it; may be empty.
        text: String,
    },
    /// The school's bell rang.
    Bell,
    /// The lead's connection broke.
    LeadAway,
    /// The lead came back.
    LeadBack,
}
