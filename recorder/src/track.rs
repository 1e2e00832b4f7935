//! One track on its way from packets to files: reorder, depacketize, put on the lesson clock, write.

mod filling;

use std::{collections::VecDeque, time::Duration};

use crate::{
    Codec, Error, Refusal, TrackName,
    cmaf::Sample,
    depacketize::{Depacketized, Depacketizer, Format, Frame},
    effect::{Effect, Outbox},
    epoch::EpochWriter,
    limits::{
        AWAITING_CLOCK_BYTES, AWAITING_CLOCK_FRAMES, EPOCHS, KEYFRAME_EVERY, KEYFRAME_RETRY, SENDER_REPORT_WAIT, TICK,
        VOICE_LAG,
    },
    picture::Pause,
    reorder::{Reorder, Verdict},
    rtp::RtpPacket,
    timeline::{Correction, TrackClock},
    voice::{self, ContinuousVoice},
    waiting::Waiting,
};

/// A frame and when its last packet came.
type Arrived = (Duration, Frame);

/// One track of a lesson, through all its epochs.
#[derive(Debug)]
pub(crate) struct TrackRecorder {
    pub name: TrackName,
    number: u16,
    codec: Codec,
    source: Option<SourceRecorder>,
    file: Option<EpochWriter>,
    /// Another source goes on: its first keyframe begins another file, even if it would fit.
    restarted: bool,
    pause: Pause,
    waiting: Waiting,
    /// From the first packet of a voice on.
    voice: Option<ContinuousVoice>,
    next_epoch: u32,
    /// Where the last finished file ends, in ticks.
    end: u64,
    refused: bool,
}

/// What is forgotten when the source restarts.
#[derive(Debug)]
struct SourceRecorder {
    ssrc: u32,
    reorder: Reorder,
    depacketizer: Depacketizer,
    clock: TrackClock,
    awaiting_clock: VecDeque<Arrived>,
    awaiting_clock_bytes: usize,
    /// Time of the first of them, once it has one.
    placed: Option<u64>,
    /// Nothing can be used before the next keyframe.
    needs_keyframe: bool,
    last_keyframe: Duration,
    last_request: Option<Duration>,
    last_packet: Option<Duration>,
}

impl TrackRecorder {
    pub fn new(name: TrackName, number: u16, codec: Codec) -> Self {
        Self {
            name,
            number,
            codec,
            source: None,
            file: None,
            restarted: false,
            pause: Pause::default(),
            waiting: Waiting::default(),
            voice: None,
            next_epoch: 0,
            end: 0,
            refused: false,
        }
    }

    /// A track that was recorded before: its next file is number `next_epoch` and begins at `end` ticks or later.
    pub fn resume(name: TrackName, number: u16, codec: Codec, next_epoch: u32, end: u64) -> Self {
        Self { next_epoch, end, ..Self::new(name, number, codec) }
    }

    pub fn is_live(&self) -> bool {
        self.source.is_some()
    }

    /// Codec and SSRC of the source, if there is one.
    pub fn live(&self) -> Option<(Codec, u32)> {
        self.source.as_ref().map(|source| (self.codec, source.ssrc))
    }

    /// The source began, or began again: what comes now goes into a new file.
    pub fn start(&mut self, now: Duration, codec: Codec, ssrc: u32, outbox: &mut Outbox) {
        self.stop(outbox);
        if codec.clock_rate() != self.codec.clock_rate() {
            // A slot is voice or picture for good, so this is a fault of the feed.
            self.refuse(Refusal::Internal, outbox);
            return;
        }
        self.codec = codec;
        self.restarted = true;
        self.source = Some(SourceRecorder {
            ssrc,
            reorder: Reorder::default(),
            depacketizer: Depacketizer::new(codec),
            clock: TrackClock::new(codec.clock_rate(), self.end),
            awaiting_clock: VecDeque::new(),
            awaiting_clock_bytes: 0,
            placed: None,
            needs_keyframe: codec.is_video(),
            last_keyframe: now,
            last_request: None,
            last_packet: None,
        });
    }

    /// Takes one RTP packet. One of another SSRC is not of this source and is left out.
    pub fn packet(&mut self, now: Duration, bytes: &[u8], outbox: &mut Outbox) -> Result<(), Error> {
        let packet = RtpPacket::parse(bytes)?;
        let Some(source) = self.source.as_mut().filter(|source| source.ssrc == packet.ssrc) else { return Ok(()) };
        source.last_packet = Some(now);
        if !source.clock.is_fixed() {
            self.waiting.keep(now, bytes);
        }
        if let Verdict::Next(sequence) = source.reorder.push(now, packet.sequence, bytes) {
            source.depacketizer.push(sequence, &packet);
            self.take_frames(now, outbox);
        }
        self.release(now, outbox);
        Ok(())
    }

    /// Its publisher's clock was compared with ours.
    pub fn correct(&mut self, correction: Correction) {
        if let Some(source) = &mut self.source {
            source.clock.correct(correction);
        }
    }

    /// A sender report: the publisher's NTP time in microseconds, and the RTP timestamp of the same instant.
    pub fn sender_report(&mut self, timestamp: u32, ntp: i64, outbox: &mut Outbox) {
        if let Some(source) = &mut self.source {
            source.clock.handle_report(timestamp, ntp);
            self.write_awaiting(outbox);
        }
    }

    /// Whatever time alone brings about.
    pub fn tick(&mut self, now: Duration, outbox: &mut Outbox) {
        self.release(now, outbox);
        if let Some(source) = &mut self.source {
            source.give_up_on_reports(now);
            self.write_awaiting(outbox);
        }
        self.keep_waiting(outbox);
        self.fill_to(self.fillable_at(now), outbox);
        self.ask_for_keyframe(now, outbox);
        let until = self.unplaced_voice().unwrap_or(now.saturating_sub(VOICE_LAG));
        self.fill_voice(until, outbox);
    }

    /// From when on there may be voice that waits for its clock: it was said before it came.
    pub fn unplaced_voice(&self) -> Option<Duration> {
        let source = self.source.as_ref().filter(|_| self.codec == Codec::Opus)?;
        source.awaiting_clock.front().map(|(arrival, _)| arrival.saturating_sub(VOICE_LAG))
    }

    /// The lesson is over, or nothing more is to be written for now: its file is written to the end.
    pub fn close(&mut self, now: Duration, outbox: &mut Outbox) {
        while !self.fill_voice(now, outbox) {}
        self.voice = None;
        self.pause = Pause::default();
        let end = self.ticks(now);
        self.finish_file(Some(end).filter(|_| self.codec.is_video()), outbox);
    }

    /// The source is gone: everything held is written. Its file stays open, to be filled.
    pub fn stop(&mut self, outbox: &mut Outbox) {
        while let Some(released) = self.source.as_mut().and_then(|source| source.reorder.flush()) {
            self.depacketize(released.sequence, released.arrival, &released.bytes, outbox);
        }
        if let Some(source) = &mut self.source {
            source.fix_clock_by_arrival();
            self.write_awaiting(outbox);
        }
        self.source = None;
        self.waiting.forget(&self.name, outbox);
    }

    /// Brings to the disk what still waits for its clock. What has none to wait for any more is in its file.
    fn keep_waiting(&mut self, outbox: &mut Outbox) {
        match self.source.as_ref().is_some_and(|source| !source.clock.is_fixed()) {
            true => self.waiting.write(&self.name, outbox),
            false => self.waiting.forget(&self.name, outbox),
        }
    }

    /// Whether it is written to the end of the lesson, with or without a source.
    pub fn goes_on(&self) -> bool {
        self.file.is_some()
    }

    /// Brings its index up to its last part.
    pub fn write_index(&mut self, outbox: &mut Outbox) {
        if let Some(file) = &mut self.file {
            file.write_index(outbox);
        }
    }

    pub fn number(&self) -> u16 {
        self.number
    }

    /// Asks for a keyframe now, unless one was asked for just before.
    pub fn request_keyframe(&mut self, now: Duration, outbox: &mut Outbox) {
        if self.source.as_mut().is_some_and(|source| source.may_request(self.codec, now)) {
            outbox.push(Effect::RequestKeyframe { track: self.name.clone() });
        }
    }

    /// Whether packets came lately.
    pub fn is_sending(&self, now: Duration, lately: Duration) -> bool {
        let last = self.source.as_ref().and_then(|source| source.last_packet);
        last.is_some_and(|last| now.saturating_sub(last) <= lately)
    }

    fn release(&mut self, now: Duration, outbox: &mut Outbox) {
        while let Some(released) = self.source.as_mut().and_then(|source| source.reorder.pop(now)) {
            self.depacketize(released.sequence, released.arrival, &released.bytes, outbox);
        }
    }

    fn depacketize(&mut self, sequence: i64, arrival: Duration, bytes: &[u8], outbox: &mut Outbox) {
        if let (Some(source), Ok(packet)) = (&mut self.source, RtpPacket::parse(bytes)) {
            source.depacketizer.push(sequence, &packet);
            self.take_frames(arrival, outbox);
        }
    }

    fn take_frames(&mut self, arrival: Duration, outbox: &mut Outbox) {
        while let Some(source) = &mut self.source {
            match source.depacketizer.poll() {
                Some(Depacketized::Frame(frame)) => source.take_frame(arrival, frame),
                Some(Depacketized::Lost) => source.needs_keyframe = self.codec.is_video(),
                None => break,
            }
        }
        self.write_awaiting(outbox);
        if self.source.as_ref().is_some_and(|source| source.needs_keyframe) {
            self.ask_for_keyframe(arrival, outbox);
        }
    }

    /// Writes what waited, if the clock can place it now and nothing is to be filled in first.
    fn write_awaiting(&mut self, outbox: &mut Outbox) {
        while let Some(time) = self.source.as_mut().and_then(SourceRecorder::place_next) {
            if self.codec.is_video() {
                self.stand_in(outbox);
                if !self.fill(time, outbox) {
                    break;
                }
            }
            let Some(frame) = self.source.as_mut().and_then(SourceRecorder::take_placed) else { break };
            if let Err(error) = self.write(time, frame, outbox) {
                self.give_up(&error, outbox);
            }
        }
    }

    fn write(&mut self, time: u64, frame: Frame, outbox: &mut Outbox) -> Result<(), Error> {
        let Frame { keyframe, format, data, .. } = frame;
        if self.codec == Codec::Opus {
            return self.write_packet(time, format, data, outbox);
        }
        // What comes later than the filling is squeezed in behind it.
        let time = self.file.as_ref().map_or(time, |file| time.max(file.earliest()));
        match format {
            Some(format) if !self.file.as_ref().is_some_and(|file| self.fits(file, &format)) => {
                self.start_file(format, time, outbox)?;
                self.restarted = false;
            }
            // Nothing but a keyframe can follow the card.
            _ if self.pause.card.is_some() => {
                self.need_keyframe();
                return Ok(());
            }
            _ => {}
        }
        self.pause.end(time);
        let Some(file) = &mut self.file else { return Ok(()) };
        // WebM cannot be cut together with anything.
        if keyframe && self.codec != Codec::Vp8 {
            outbox.place_keyframe(self.number, time);
        }
        file.push(Sample { time, keyframe, data }, outbox)
    }

    fn fits(&self, file: &EpochWriter, format: &Format) -> bool {
        file.fits(format) && (!self.restarted || file.outlasts_source())
    }

    fn write_packet(
        &mut self,
        time: u64,
        format: Option<Format>,
        data: Vec<u8>,
        outbox: &mut Outbox,
    ) -> Result<(), Error> {
        // A voice that had ended before goes on where it ended.
        let start = if self.end > 0 { self.end } else { time };
        if let (Some(format), None) = (format, &self.file) {
            self.start_file(format, start, outbox)?;
        }
        self.voice.get_or_insert_with(|| ContinuousVoice::new(start)).push(time, data);
        self.write_voice(outbox)
    }

    fn start_file(&mut self, format: Format, time: u64, outbox: &mut Outbox) -> Result<(), Error> {
        self.finish_file(Some(time), outbox);
        if self.next_epoch >= EPOCHS {
            return Err(Error::TooManyEpochs);
        }
        let track = (&self.name, self.number);
        self.file = Some(EpochWriter::start(track, self.next_epoch, format, time, outbox)?);
        self.next_epoch += 1;
        Ok(())
    }

    fn write_voice(&mut self, outbox: &mut Outbox) -> Result<(), Error> {
        let (Some(voice), Some(file)) = (&mut self.voice, &mut self.file) else { return Ok(()) };
        while let Some(packet) = voice.poll() {
            let (time, data) = (packet.time, packet.data.clone());
            outbox.voice(self.number, packet);
            file.push(Sample { time, keyframe: true, data }, outbox)?;
        }
        Ok(())
    }

    /// Fills the voice with silence up to `until`; whether that was all of it.
    fn fill_voice(&mut self, until: Duration, outbox: &mut Outbox) -> bool {
        let filled = self.voice.as_mut().is_none_or(|voice| voice.fill(voice::ticks(until)));
        if let Err(error) = self.write_voice(outbox) {
            self.give_up(&error, outbox);
        }
        filled
    }

    fn finish_file(&mut self, next: Option<u64>, outbox: &mut Outbox) {
        if let Some(file) = self.file.take() {
            match file.finish(next, outbox) {
                Ok(end) => self.end = end,
                Err(error) => self.give_up(&error, outbox),
            }
        }
    }

    fn give_up(&mut self, error: &Error, outbox: &mut Outbox) {
        match error {
            // Another keyframe may bring a better parameter set.
            Error::MalformedSps => self.need_keyframe(),
            Error::TooManyEpochs => self.refuse(Refusal::TooManyEpochs, outbox),
            _ => self.refuse(Refusal::Internal, outbox),
        }
    }

    fn need_keyframe(&mut self) {
        if let Some(source) = &mut self.source {
            source.needs_keyframe = true;
        }
    }

    fn refuse(&mut self, reason: Refusal, outbox: &mut Outbox) {
        self.source = None;
        self.file = None;
        self.voice = None;
        if !std::mem::replace(&mut self.refused, true) {
            outbox.refuse_track(&self.name, reason);
        }
    }

    fn ask_for_keyframe(&mut self, now: Duration, outbox: &mut Outbox) {
        if self.source.as_mut().is_some_and(|source| source.wants_keyframe(self.codec, now)) {
            outbox.push(Effect::RequestKeyframe { track: self.name.clone() });
        }
    }
}

impl SourceRecorder {
    fn take_frame(&mut self, arrival: Duration, frame: Frame) {
        if frame.keyframe && frame.format.is_some() {
            self.needs_keyframe = false;
            self.last_keyframe = arrival;
        }
        if self.needs_keyframe {
            return;
        }
        self.clock.observe(frame.timestamp);
        self.awaiting_clock_bytes += frame.data.len();
        self.awaiting_clock.push_back((arrival, frame));
        if self.awaiting_clock_bytes > AWAITING_CLOCK_BYTES || self.awaiting_clock.len() > AWAITING_CLOCK_FRAMES {
            self.make_room();
        }
    }

    /// Too much waits: for the clock, which is set by arrival, or for a pause to be filled, and then it is forgotten.
    fn make_room(&mut self) {
        if self.clock.is_fixed() {
            self.awaiting_clock.clear();
            self.awaiting_clock_bytes = 0;
            self.placed = None;
            self.needs_keyframe = true;
        } else {
            self.fix_clock_by_arrival();
        }
    }

    /// Time of the frame that is to be written next.
    fn place_next(&mut self) -> Option<u64> {
        if self.placed.is_none() {
            let (arrival, frame) = self.awaiting_clock.front()?;
            self.placed = self.clock.time_of(frame.timestamp, *arrival);
        }
        self.placed
    }

    fn take_placed(&mut self) -> Option<Frame> {
        self.placed = None;
        let (_, frame) = self.awaiting_clock.pop_front()?;
        self.awaiting_clock_bytes -= frame.data.len();
        Some(frame)
    }

    fn give_up_on_reports(&mut self, now: Duration) {
        let waiting_since = self.awaiting_clock.front().map(|(arrival, _)| *arrival);
        if waiting_since.is_some_and(|since| now.saturating_sub(since) >= SENDER_REPORT_WAIT) {
            self.fix_clock_by_arrival();
        }
    }

    fn fix_clock_by_arrival(&mut self) {
        if let Some((arrival, frame)) = self.awaiting_clock.front() {
            self.clock.fix_by_arrival(frame.timestamp, *arrival);
        }
    }

    fn wants_keyframe(&mut self, codec: Codec, now: Duration) -> bool {
        let due = self.needs_keyframe || now.saturating_sub(self.last_keyframe) >= KEYFRAME_EVERY;
        due && self.may_request(codec, now)
    }

    /// Nobody is asked who is silent: a stopped source would be asked for ever.
    fn may_request(&mut self, codec: Codec, now: Duration) -> bool {
        let sending = self.last_packet.is_some_and(|last| now.saturating_sub(last) <= KEYFRAME_RETRY + TICK);
        let asked = self.last_request.is_some_and(|last| now.saturating_sub(last) < KEYFRAME_RETRY);
        if !codec.is_video() || !sending || asked {
            return false;
        }
        self.last_request = Some(now);
        true
    }
}
