//! What a lesson wants done. The actor carries these out in order and decides nothing.

use protocol::{
    ParticipantId, ServerMessage, UtcMs,
    message::{Phase, PictureShown, VideoCodec},
};

/// One WebSocket connection. Unique for the life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// One media session. Unique for the life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(pub u64);

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send `message` to each of these connections.
    Tell {
        /// Receivers; never empty.
        to: Vec<ConnectionId>,
        /// What to send.
        message: ServerMessage,
    },
    /// Close this connection once what was sent to it is out.
    CloseConnection(ConnectionId),
    /// Close this media session.
    ClosePeer(PeerId),
    /// Who holds which seat has changed.
    SetStage(Stage),
    /// The lead is about to publish for the first time: write down what is published from now on.
    BeginRecording,
    /// The lesson moved on. After `Ended` nothing more comes but answers to stragglers.
    PhaseReached {
        /// Where it stands now.
        phase: Phase,
        /// Since when.
        at: UtcMs,
    },
    /// Append to the lesson's journal.
    Journal(JournalEntry),
    /// A seat-holder's page told what it has decoded so far.
    Received {
        /// Whose page.
        who: ParticipantId,
        /// What it says; not to be believed without what the media plane knows.
        decoded: Decoded,
    },
    /// A receiver told how large it shows its pictures.
    Show {
        /// Its viewing session.
        peer: PeerId,
        /// In the order of its video m-lines.
        pictures: Vec<PictureShown>,
    },
}

/// What a page says it has decoded since it was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoded {
    /// Frames of pictures.
    pub frames: u32,
    /// Sound, in milliseconds.
    pub sound_ms: u32,
    /// Of the sound, what was made up for loss, in milliseconds.
    pub concealed_ms: u32,
}

/// Who holds which seat, in terms of participants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The lead teacher.
    pub lead: ParticipantId,
    /// Holders of the floor seats.
    pub floor: Vec<ParticipantId>,
    /// Whether the lead's screen carries courseware.
    pub courseware: bool,
    /// Points on the page of the wall now shown, in tile order.
    pub wall: Vec<ParticipantId>,
}

/// One line of a lesson's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// When.
    pub at: UtcMs,
    /// Whom it is about, if anyone.
    pub who: Option<ParticipantId>,
    /// What happened.
    pub what: Happening,
}

/// What can happen in a lesson that is worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// The doors opened.
    DoorsOpened,
    /// The lead published for the first time.
    WentLive,
    /// The party's media began to flow.
    Joined,
    /// The party left of its own accord.
    Left,
    /// The party vanished.
    Lost,
    /// The party's media flows again.
    Returned,
    /// The party's second connection took over from its first.
    TakenOver,
    /// The class raised its hand.
    HandRaised,
    /// The hand came down.
    HandLowered,
    /// The point was called on.
    FloorGranted,
    /// The point gave the floor back or lost it.
    FloorReleased,
    /// Courseware went onto the screens.
    CoursewareStarted,
    /// Courseware came off the screens.
    CoursewareStopped,
    /// The video codec of the lesson was fixed.
    CodecFixed(VideoCodec),
    /// 推门听课: someone began to watch unseen.
    DropInObservation,
    /// 到课人数: the point told how many pupils are there.
    Headcount(u16),
    /// The timetable was changed: time, title or parties.
    Replanned,
    /// 停课: the timetable has it cancelled.
    Cancelled,
    /// The lead ended the lesson.
    EndedByLead,
    /// Its time was over.
    EndedByClock,
}

impl Happening {
    /// Stable name, as stored.
    pub fn name(self) -> &'static str {
        match self {
            Happening::DoorsOpened => "doors_opened",
            Happening::WentLive => "went_live",
            Happening::Joined => "joined",
            Happening::Left => "left",
            Happening::Lost => "lost",
            Happening::Returned => "returned",
            Happening::TakenOver => "taken_over",
            Happening::HandRaised => "hand_raised",
            Happening::HandLowered => "hand_lowered",
            Happening::FloorGranted => "floor_granted",
            Happening::FloorReleased => "floor_released",
            Happening::CoursewareStarted => "courseware_started",
            Happening::CoursewareStopped => "courseware_stopped",
            Happening::CodecFixed(VideoCodec::H264) => "codec_fixed_h264",
            Happening::CodecFixed(VideoCodec::Vp9) => "codec_fixed_vp9",
            Happening::CodecFixed(VideoCodec::Vp8) => "codec_fixed_vp8",
            Happening::DropInObservation => "drop_in_observation",
            Happening::Headcount(_) => "headcount",
            Happening::Replanned => "replanned",
            Happening::Cancelled => "cancelled",
            Happening::EndedByLead => "ended_by_lead",
            Happening::EndedByClock => "ended_by_clock",
        }
    }
}
