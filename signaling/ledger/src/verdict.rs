//! What a lesson, and its reception in one room, can count as, and what that is called.

use serde::{Deserialize, Serialize};

/// What a planned lesson counts as in its master room: exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 有效授课: it was taught for long enough.
    ValidDelivery,
    /// 无效授课: it was begun, and not taught for long enough.
    InvalidDelivery,
    /// 因故停课: it was cancelled before its time was over.
    ExcusedCancellation,
    /// 无故停课: its time has passed, the server watched, and it never started.
    UnexcusedAbsence,
    /// 未判定: the ledger does not know enough.
    Unjudged,
    /// Its time is not over. No statement about the lesson.
    NotDue,
}

/// What a planned lesson counts as in one receive room: exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reception {
    /// 有效听课: picture and sound arrived for long enough.
    ValidReception,
    /// 无效听课: the lesson was held, and picture or sound did not arrive for long enough.
    InvalidReception,
    /// The lesson was cancelled.
    Excused,
    /// Nothing was taught: the room is not to blame, and was not served.
    NotDelivered,
    /// 未判定: the ledger does not know enough.
    Unjudged,
    /// Its time is not over.
    NotDue,
}

/// Which rooms are counted; they are never summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomSide {
    /// 主讲教室.
    MasterRoom,
    /// 接收教室.
    ReceiveRoom,
}

/// What a lesson counts as in one of its rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// In its master room.
    Master(Verdict),
    /// In one of its receive rooms.
    Receive(Reception),
}

impl Verdict {
    /// As the report calls it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::ValidDelivery => "有效授课",
            Self::InvalidDelivery => "无效授课",
            Self::ExcusedCancellation => "因故停课",
            Self::UnexcusedAbsence => "无故停课",
            Self::Unjudged => "未判定",
            Self::NotDue => "未到期",
        }
    }
}

impl Reception {
    /// As the report calls it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::ValidReception => "有效听课",
            Self::InvalidReception => "无效听课",
            Self::Excused => "因故停课",
            Self::NotDelivered => "主讲未开课",
            Self::Unjudged => "未判定",
            Self::NotDue => "未到期",
        }
    }
}

impl Standing {
    /// In which room.
    pub fn side(self) -> RoomSide {
        match self {
            Self::Master(_) => RoomSide::MasterRoom,
            Self::Receive(_) => RoomSide::ReceiveRoom,
        }
    }

    /// As the report calls it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Master(verdict) => verdict.chinese(),
            Self::Receive(reception) => reception.chinese(),
        }
    }
}
