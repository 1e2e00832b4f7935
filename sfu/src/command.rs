//! What the shell tells a shard, and what a shard tells the shell. Plain values; nothing here acts.

use std::net::SocketAddr;

use crate::{
    ice::Credentials,
    relay::ShardId,
    sdp::{PublishPlan, SubscribePlan},
    seats::{Source, Stage},
};

/// One WHIP or WHEP session. Unique for the life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(pub u64);

/// One live lesson. Unique for the life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LessonKey(pub u32);

/// One party of a lesson. Unique within the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParticipantKey(pub u32);

/// Whether a session sends media to us or takes it from us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// WHIP: it publishes.
    Publish,
    /// WHEP: it subscribes.
    Subscribe,
}

/// How large a receiver shows a picture, in pixels of its screen; nothing wide or high is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
}

/// What a receiver is given of a picture, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// Nothing: its line does not carry it.
    Withheld,
    /// A still now and then.
    Stills,
    /// Fewer frames a second than there are.
    Slower,
    /// A smaller picture than it could show.
    Smaller,
    /// All that it can show; also where there is nothing to be had.
    Whole,
}

/// Shell → shard.
#[derive(Debug)]
pub enum Command {
    /// A WHIP offer was answered: expect this peer.
    Publish {
        /// The session.
        peer: PeerId,
        /// Where its media goes.
        lesson: LessonKey,
        /// Whose media it is.
        participant: ParticipantKey,
        /// What was negotiated.
        plan: PublishPlan,
    },
    /// A WHEP offer was answered: expect this peer.
    Subscribe {
        /// The session.
        peer: PeerId,
        /// Which lesson it watches.
        lesson: LessonKey,
        /// Who watches: it never gets its own voice back.
        participant: ParticipantKey,
        /// What was negotiated.
        plan: SubscribePlan,
        /// Whether what arrives there is told ([`Event::Received`]): it counts for someone.
        counted: bool,
    },
    /// ICE restart (RFC 8445 section 9, RFC 9725 section 4.3.3): new credentials on both sides, same keys.
    RestartIce {
        /// The session.
        peer: PeerId,
        /// Ours and theirs from now on.
        credentials: Credentials,
    },
    /// The session ends (DELETE, takeover, end of lesson).
    Close {
        /// The session.
        peer: PeerId,
    },
    /// Who holds which seat has changed.
    SetStage {
        /// The lesson.
        lesson: LessonKey,
        /// The whole of it, as it is now.
        stage: Stage,
    },
    /// The recorder needs a key frame (at its start, at an unrepaired gap).
    RequestKeyFrame {
        /// The lesson.
        lesson: LessonKey,
        /// Of which stream.
        source: Source,
        /// Of which of its simulcast layers; none is the one that is recorded.
        layer: Option<u8>,
    },
    /// How large a receiver shows its pictures: it is sent no more than that is worth.
    Show {
        /// The session.
        peer: PeerId,
        /// In the order of its video m-lines; those beyond are shown as large as can be.
        pictures: Vec<Shown>,
    },
    /// Another shard has viewers of a lesson of this shard's: it gets its packets from now on.
    Follow {
        /// The lesson.
        lesson: LessonKey,
        /// Who follows.
        shard: ShardId,
    },
    /// Forget the lesson and close its sessions.
    EndLesson {
        /// The lesson.
        lesson: LessonKey,
    },
}

/// Shard → shell. Rare; never one per packet.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// ICE and DTLS are done: media may flow.
    Connected {
        /// The session.
        peer: PeerId,
        /// The address it is reached at.
        remote: SocketAddr,
    },
    /// Nothing authenticated has arrived for `limits::PUBLISHER_SILENCE` or `limits::RECEIVER_SILENCE`.
    Lost {
        /// The session.
        peer: PeerId,
    },
    /// A lost session is heard again.
    Recovered {
        /// The session.
        peer: PeerId,
    },
    /// The session is over and forgotten.
    Closed {
        /// The session.
        peer: PeerId,
        /// Why.
        reason: CloseReason,
    },
    /// The line of a session as its receiver reports tell, at most one a second and only when it changed class.
    Loss {
        /// The session.
        peer: PeerId,
        /// Fraction lost, 0 to 255 of 256 (RFC 3550 section 6.4.1).
        fraction_lost: u8,
    },
    /// What a counted receiver has had so far by its receiver reports, every `limits::COUNT_INTERVAL`.
    Received {
        /// The session.
        peer: PeerId,
        /// Of pictures.
        pictures: Acknowledged,
        /// Of voices.
        voices: Acknowledged,
    },
    /// What a receiver's line allows it has changed.
    Given {
        /// The session.
        peer: PeerId,
        /// In the order of its video m-lines.
        pictures: Vec<Given>,
    },
}

/// Packets of some lines since the session began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Acknowledged {
    /// Sent, retransmissions left out.
    pub sent: u64,
    /// Arrived, as far as receiver reports tell (RFC 3550 section 6.4.1).
    pub arrived: u64,
}

impl Event {
    /// The session it is about.
    pub fn peer(&self) -> PeerId {
        match *self {
            Self::Connected { peer, .. }
            | Self::Lost { peer }
            | Self::Recovered { peer }
            | Self::Closed { peer, .. }
            | Self::Loss { peer, .. }
            | Self::Received { peer, .. }
            | Self::Given { peer, .. } => peer,
        }
    }
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The shell asked for it.
    Asked,
    /// The peer closed DTLS.
    PeerClosed,
    /// It never finished ICE and DTLS in time.
    NeverConnected,
    /// No authenticated check for `limits::CONSENT_EXPIRY` (the intent of RFC 7675).
    ConsentExpired,
    /// The certificate is not the one the offer promised, or no usable SRTP profile.
    DtlsFailed,
}
