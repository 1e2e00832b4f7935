//! What can go wrong, one variant per fault.

/// A fault of the recorder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not an RTP packet (RFC 3550 section 5.1). Drop it.
    #[error("not an RTP packet")]
    MalformedRtp,
    /// A sequence parameter set that cannot be read. The stream cannot be recorded until a better one comes.
    #[error("unreadable H.264 sequence parameter set")]
    MalformedSps,
    /// A VP9 frame header that cannot be read. Drop the frame.
    #[error("unreadable VP9 frame header")]
    MalformedVp9,
    /// A VP8 payload or frame header that cannot be read. Drop the frame.
    #[error("unreadable VP8 frame header")]
    MalformedVp8,
    /// An AV1 payload, OBU or sequence header that cannot be read. Drop the temporal unit.
    #[error("unreadable AV1 temporal unit")]
    MalformedAv1,
    /// A box did not encode, which the sizes checked before should make impossible. Give the track up.
    #[error("MP4 box: {0}")]
    Box(String),
    /// The lesson has `limits::TRACKS` tracks already. The track is not recorded.
    #[error("too many tracks in one lesson")]
    TooManyTracks,
    /// The track has restarted `limits::EPOCHS` times. It is not recorded any further.
    #[error("too many epochs in one track")]
    TooManyEpochs,
    /// The recording has ended. Nothing more is taken.
    #[error("the recording has ended")]
    Ended,
    /// Bytes were read back that nobody asked for. They are left out.
    #[error("nothing was to be read back")]
    NothingToRead,
    /// No such track. Start it first.
    #[error("unknown track")]
    UnknownTrack,
    /// lesson.json or manifest.json does not have the shape this version writes.
    #[error("manifest: {0}")]
    Manifest(String),
    /// The journal holds no lesson: nothing was recorded, or the file is not a journal.
    #[error("the journal does not begin with a lesson")]
    NotAJournal,
    /// A recording cannot go on before its own end, nor a day after it began: a clock was set. Begin a new one.
    #[error("the clock was set since the recording began")]
    UnbelievableClock,
}
