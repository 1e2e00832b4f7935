//! Identifiers as they appear in paths, tokens and messages: short lower-case slugs, checked at the edge.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Longest identifier accepted, in bytes.
pub const MAX_ID_LEN: usize = 64;

/// Why a string is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identifier is 1 to {MAX_ID_LEN} characters of a-z, 0-9 and '-'")]
pub struct InvalidId;

fn check(text: &str) -> Result<(), InvalidId> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if text.is_empty() || text.len() > MAX_ID_LEN || !text.bytes().all(allowed) {
        return Err(InvalidId);
    }
    Ok(())
}

macro_rules! slug_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
        #[serde(try_from = "String", into = "String")]
        #[ts(type = "string")]
        pub struct $name(String);

        impl $name {
            /// Checks `text` and takes it as an identifier.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                check(&text)?;
                Ok(Self(text))
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

slug_id! {
    /// One dated lesson of the timetable (课时). Stable for the life of the lesson and its recording.
    LessonId
}
slug_id! {
    /// One party of a lesson: the lead teacher, a teaching point, an observer. For a seeded person or device it is
    /// the person's key (`master`, `point-1`); an observer gets a fresh one for each connection.
    ParticipantId
}
slug_id! {
    /// A school, teaching point or office.
    SchoolId
}
slug_id! {
    /// A master room, receive room or recording room. The device of a receive room is the [`ParticipantId`] of the
    /// same text.
    RoomId
}
slug_id! {
    /// A term (学期).
    TermId
}
slug_id! {
    /// A course (课程) of one term: one subject taught by one master teacher to fixed rooms.
    CourseId
}

impl From<RoomId> for ParticipantId {
    /// The device in the room.
    fn from(room: RoomId) -> Self {
        Self(room.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_short_lower_case_slug() {
        for good in ["a", "point-1", "music-3a-2026-11-22-p3"] {
            assert!(LessonId::parse(good).is_ok(), "{good}");
        }
        let long = "x".repeat(MAX_ID_LEN + 1);
        for bad in ["", "A", "a b", "../x", "课", long.as_str()] {
            assert_eq!(LessonId::parse(bad), Err(InvalidId), "{bad}");
        }
    }

    #[test]
    fn a_bad_id_does_not_deserialize() {
        assert!(serde_json::from_str::<ParticipantId>("\"../etc\"").is_err());
    }
}
