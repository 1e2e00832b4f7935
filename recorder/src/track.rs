//! One track on its way from packets to files: reorder, depacketize, put on the lesson clock, write.

use std::{collections::VecDeque, time::Duration};

use crate::{
    Codec, Error, Refusal, TrackName,
    cmaf::Sample,
    depacketize::{Depacketized, Depacketizer, Frame, opus},
    effect::{Effect, Outbox},
    epoch::EpochWriter,
    limits::{
        AWAITING_CLOCK_BYTES, AWAITING_CLOCK_FRAMES, EPOCHS, KEYFRAME_EVERY, KEYFRAME_RETRY, SENDER_REPORT_WAIT, TICK,
    },
    reorder::{Reorder, Verdict},
    rtp::RtpPacket,
    timeline::{PublisherClock, SenderReport, TrackClock},
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
    /// Nothing can be used before the next keyframe.
    needs_keyframe: bool,
    last_keyframe: Duration,
    last_request: Option<Duration>,
    last_packet: Option<Duration>,
}

impl TrackRecorder {
    pub fn new(name: TrackName, number: u16, codec: Codec) -> Self {
        Self { name, number, codec, source: None, file: None, next_epoch: 0, end: 0, refused: false }
    }

    pub fn is_live(&self) -> bool {
        self.source.is_some()
    }

    /// The source began, or began again: what comes now goes into a new file.
    pub fn start(&mut self, now: Duration, codec: Codec, ssrc: u32, outbox: &mut Outbox) {
        self.stop(outbox);
        let Some(depacketizer) = Depacketizer::new(codec) else {
            self.refuse(Refusal::Vp8, outbox);
            return;
        };
        if codec.clock_rate() != self.codec.clock_rate() {
            // A slot is voice or picture for good, so this is a fault of the feed.
            self.refuse(Refusal::Internal, outbox);
            return;
        }
        self.codec = codec;
        self.source = Some(SourceRecorder {
            ssrc,
            reorder: Reorder::default(),
            depacketizer,
            clock: TrackClock::new(codec.clock_rate(), self.end),
            awaiting_clock: VecDeque::new(),
            awaiting_clock_bytes: 0,
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
        if let Verdict::Next(sequence) = source.reorder.push(now, packet.sequence, bytes) {
            source.depacketizer.push(sequence, &packet);
            self.take_frames(now, outbox);
        }
        self.release(now, outbox);
        Ok(())
    }

    pub fn sender_report(
        &mut self,
        now: Duration,
        report: SenderReport,
        publisher: &mut PublisherClock,
        outbox: &mut Outbox,
    ) {
        if let Some(source) = &mut self.source {
            source.clock.handle_report(report, publisher, now);
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
        self.ask_for_keyframe(now, outbox);
    }

    /// The source is gone: everything held is written.
    pub fn stop(&mut self, outbox: &mut Outbox) {
        while let Some(released) = self.source.as_mut().and_then(|source| source.reorder.flush()) {
            self.depacketize(released.sequence, released.arrival, &released.bytes, outbox);
        }
        if let Some(source) = &mut self.source {
            source.fix_clock_by_arrival();
            self.write_awaiting(outbox);
        }
        self.source = None;
        self.finish_file(None, outbox);
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

    /// Writes what waited, if the clock can place it now.
    fn write_awaiting(&mut self, outbox: &mut Outbox) {
        while let Some(source) = &mut self.source {
            let Some((time, frame)) = source.next_placed() else { break };
            if let Err(error) = self.write(time, frame, outbox) {
                self.give_up(&error, outbox);
            }
        }
    }

    fn write(&mut self, time: u64, frame: Frame, outbox: &mut Outbox) -> Result<(), Error> {
        let Frame { keyframe, format, data, .. } = frame;
        if let Some(format) = format
            && !self.file.as_ref().is_some_and(|file| file.fits(&format))
        {
            self.finish_file(Some(time), outbox);
            if self.next_epoch >= EPOCHS {
                return Err(Error::TooManyEpochs);
            }
            let track = (&self.name, self.number);
            self.file = Some(EpochWriter::start(track, self.next_epoch, format, time, outbox)?);
            self.next_epoch += 1;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        if self.codec == Codec::Opus {
            fill_hole_in_voice(file, time, outbox)?;
        }
        if keyframe && self.codec.is_video() {
            outbox.place_keyframe(self.number, time);
        }
        file.push(Sample { time, keyframe, data }, outbox)
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
            Error::MalformedSps => {
                if let Some(source) = &mut self.source {
                    source.needs_keyframe = true;
                }
            }
            Error::TooManyEpochs => self.refuse(Refusal::TooManyEpochs, outbox),
            _ => self.refuse(Refusal::Internal, outbox),
        }
    }

    fn refuse(&mut self, reason: Refusal, outbox: &mut Outbox) {
        self.source = None;
        self.file = None;
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

/// Players play voice packets one after another: a hole would put all that follows before its time. So packets of silence
/// stand in for lost ones and for pauses in which nothing was sent (DTX). Filling of the longer holes between files
/// belongs here too.
fn fill_hole_in_voice(file: &mut EpochWriter, time: u64, outbox: &mut Outbox) -> Result<(), Error> {
    if time.saturating_sub(file.end()) > file.bridgeable() {
        return Ok(());
    }
    while file.end() + u64::from(opus::SILENCE_SAMPLES) <= time {
        let silence = Sample { time: file.end(), keyframe: true, data: opus::SILENCE.to_vec() };
        file.push(silence, outbox)?;
    }
    Ok(())
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
            self.fix_clock_by_arrival();
        }
    }

    fn next_placed(&mut self) -> Option<(u64, Frame)> {
        let time = self.clock.time_of(self.awaiting_clock.front()?.1.timestamp)?;
        let (_, frame) = self.awaiting_clock.pop_front()?;
        self.awaiting_clock_bytes -= frame.data.len();
        Some((time, frame))
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
