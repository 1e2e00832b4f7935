//! What is written down about one lesson. Events are appended by the machine and read back years later: a field may be
//! added with a default, none may change its meaning or its name.

use protocol::{ParticipantId, RoomId, UtcMs, county::CorrectionOrder};
use serde::{Deserialize, Serialize};

use crate::{LedgerError, Plan, Reception, Stream, Verdict, limits::LONGEST_REASON};

/// One line of the record of a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it was written down.
    pub at: UtcMs,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What can be written down. Stretches run from `from` (included) to `to` (not included).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// The plan as it stood when the doors opened. A later one counts only if it was written before the lesson's start,
    /// planned or real: what has begun cannot be planned away.
    Planned(Box<Plan>),
    /// The server was up and would have seen whoever came.
    Watched {
        /// Since when.
        from: UtcMs,
        /// Until when.
        to: UtcMs,
    },
    /// The master went on air, at [`Event::at`].
    Started,
    /// The lesson was over, at [`Event::at`].
    Ended {
        /// Why.
        cause: EndCause,
    },
    /// The master sent no picture, or no sound, and meant it so (paused, muted): nobody could receive it.
    Unsent {
        /// What was not sent.
        stream: Stream,
        /// Since when.
        from: UtcMs,
        /// Until when.
        to: UtcMs,
    },
    /// What arrived in a receive room.
    Received {
        /// The room.
        room: RoomId,
        /// Since when.
        from: UtcMs,
        /// Until when.
        to: UtcMs,
        /// Of this time: the picture arrived, in milliseconds.
        picture_ms: u32,
        /// Of this time: the sound arrived, in milliseconds.
        sound_ms: u32,
        /// Of this time: one of RTCP and the page said that something arrived, and the other said nothing.
        #[serde(default, skip_serializing_if = "is_zero")]
        doubt_ms: u32,
    },
    /// A room was cut off.
    Outage {
        /// The receive room; `None` for the master.
        #[serde(default)]
        room: Option<RoomId>,
        /// Since when.
        from: UtcMs,
        /// Until when.
        to: UtcMs,
        /// Why, as far as it is known.
        reason: OutageReason,
    },
    /// 点名: the room got the floor.
    CalledOn {
        /// The room.
        room: RoomId,
    },
    /// The room gave the floor back.
    Released {
        /// The room.
        room: RoomId,
    },
    /// 到课人数 as the room told it.
    Headcount {
        /// The room.
        room: RoomId,
        /// How many pupils.
        count: u32,
        /// Who counted; `None` for the device in the room.
        #[serde(default)]
        by: Option<ParticipantId>,
    },
    /// 停课 in the timetable. It excuses a lesson only if it is written before the planned end.
    Excused {
        /// Why.
        reason: String,
        /// Who cancelled it.
        #[serde(default)]
        by: Option<ParticipantId>,
    },
    /// The cancellation was taken back.
    Reinstated,
    /// A person says what the machine does not know.
    Corrected {
        /// Who.
        by: ParticipantId,
        /// Why.
        reason: String,
        /// What.
        correction: Correction,
    },
    /// Written by a later version of the program. It counts for nothing here.
    #[serde(other)]
    Unknown,
}

/// Why a lesson was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// The master teacher ended it.
    Lead,
    /// The bell, or the limit of the overrun.
    Clock,
    /// The master teacher was gone after the bell.
    Absence,
    /// 一键关停 by the bureau or an admin.
    EmergencyStop,
    /// 停课 while it was on.
    Cancellation,
    /// Some other cause of a later version.
    #[serde(other)]
    Other,
}

/// Why a room was cut off, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutageReason {
    /// The sound went on.
    NoPicture,
    /// The picture went on.
    NoSound,
    /// Neither arrived.
    NothingReceived,
    /// Neither RTCP nor the page said anything: the device was off or its line was dead.
    NoEvidence,
    /// The room, or the master, left.
    Left,
    /// The line broke.
    LineLost,
    /// The server was restarted.
    ServerRestarted,
    /// Some other reason of a later version.
    #[serde(other)]
    Other,
}

/// What a correction sets. Of several the last that was appended counts; `None` takes back to what the machine says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Correction {
    /// What the lesson counts as.
    Master {
        /// That.
        verdict: Option<Verdict>,
    },
    /// What its reception in one room counts as.
    Room {
        /// The room.
        room: RoomId,
        /// That.
        reception: Option<Reception>,
    },
    /// How many pupils were there.
    Headcount {
        /// The room.
        room: RoomId,
        /// That many.
        count: Option<u32>,
    },
}

impl What {
    /// Stable name, as stored.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Planned(_) => "planned",
            Self::Watched { .. } => "watched",
            Self::Started => "started",
            Self::Ended { .. } => "ended",
            Self::Unsent { .. } => "unsent",
            Self::Received { .. } => "received",
            Self::Outage { .. } => "outage",
            Self::CalledOn { .. } => "called_on",
            Self::Released { .. } => "released",
            Self::Headcount { .. } => "headcount",
            Self::Excused { .. } => "excused",
            Self::Reinstated => "reinstated",
            Self::Corrected { .. } => "corrected",
            Self::Unknown => "unknown",
        }
    }

    /// The receive room it is about, if it is about one.
    pub fn room(&self) -> Option<&RoomId> {
        match self {
            Self::Received { room, .. }
            | Self::CalledOn { room }
            | Self::Released { room }
            | Self::Headcount { room, .. }
            | Self::Corrected {
                correction: Correction::Room { room, .. } | Correction::Headcount { room, .. }, ..
            } => Some(room),
            Self::Outage { room, .. } => room.as_ref(),
            _ => None,
        }
    }

    /// The correction that `by` ordered.
    ///
    /// # Errors
    /// [`LedgerError::BadReason`] without a reason, [`LedgerError::WrongSide`] and [`LedgerError::NotADecision`] for a
    /// verdict that nobody can set there.
    pub fn corrected(by: ParticipantId, order: CorrectionOrder) -> Result<Self, LedgerError> {
        let reason = order.reason.trim();
        if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
            return Err(LedgerError::BadReason);
        }
        if order.verdict == Some(protocol::county::Verdict::NotDue) {
            return Err(LedgerError::NotADecision);
        }
        let correction = match order.room {
            None => Correction::Master { verdict: order.verdict.map(Verdict::try_from).transpose()? },
            Some(room) => Correction::Room { room, reception: order.verdict.map(Reception::try_from).transpose()? },
        };
        Ok(Self::Corrected { by, reason: reason.to_owned(), correction })
    }
}

fn is_zero(ms: &u32) -> bool {
    *ms == 0
}

#[cfg(test)]
mod tests;
