//! The picture of a track, filled to its end: what is described in [`crate::picture`], done to the track's file.

use std::time::Duration;

use super::TrackRecorder;
use crate::{
    Error,
    cmaf::Sample,
    effect::Outbox,
    limits::{FILL_LAG, FILL_STRETCHES, REORDER_HOLD, VIDEO_TICKS_A_MS},
    picture::{Filling, card::Card, repeat},
};

impl TrackRecorder {
    /// Up to when nothing more can come: `limits::FILL_LAG` ago, or before the first frame that still waits for a clock.
    pub(super) fn fillable_at(&self, now: Duration) -> Duration {
        let waiting = self.source.as_ref().filter(|source| !source.clock.is_fixed());
        let first = waiting.and_then(|source| source.awaiting_clock.front());
        let before = first.map(|(arrival, _)| arrival.saturating_sub(REORDER_HOLD));
        before.unwrap_or(now).min(now.saturating_sub(FILL_LAG))
    }

    /// Fills the picture up to `until`, as far as that goes in one call.
    pub fn fill_to(&mut self, until: Duration, outbox: &mut Outbox) {
        if self.codec.is_video() {
            self.pause.until = self.pause.until.max(self.ticks(until));
            self.fill(self.pause.until, outbox);
        }
    }

    /// The group of pictures was read back, or could not be: what waited for it goes on.
    pub fn read_back(&mut self, bytes: Option<&[u8]>, outbox: &mut Outbox) {
        self.pause.reading = false;
        match bytes.and_then(repeat::samples) {
            Some(samples) => {
                if let Err(error) = self.repeat(samples, outbox) {
                    self.give_up(&error, outbox);
                }
            }
            None => self.pause.unreadable = true,
        }
        if self.fill(self.pause.until, outbox) {
            self.write_awaiting(outbox);
        }
    }

    /// Fills until a frame at `until` can follow within `limits::PICTURE_STRETCH`. Returns whether it can.
    pub(super) fn fill(&mut self, until: u64, outbox: &mut Outbox) -> bool {
        for _ in 0..FILL_STRETCHES {
            let Some(file) = self.file.as_ref().filter(|_| !self.pause.reading) else { break };
            if file.outlasts_source() {
                return true;
            }
            let due = file.filling_due();
            if due >= until {
                return true;
            }
            let card_exists = Card::exists_for(file.format());
            let filled = match self.pause.filling(due, file.group_bytes(), card_exists) {
                Filling::Repeat => self.ask_for_group(due, outbox),
                Filling::Card => self.show_card(due, outbox),
                Filling::Nothing => return true,
            };
            if let Err(error) = filled {
                self.give_up(&error, outbox);
            }
        }
        self.file.is_none()
    }

    /// A picture whose file ended before the lesson did (the program was restarted, or the disk was low) goes on from there
    /// with the card, as far as there is one for its codec.
    pub(super) fn stand_in(&mut self, outbox: &mut Outbox) {
        if self.file.is_some() || self.end == 0 {
            return;
        }
        let next = self.source.as_ref().and_then(|source| source.awaiting_clock.front());
        let Some(card) = next.and_then(|(_, frame)| Card::instead_of(frame.format.as_ref()?)) else { return };
        match self.start_file(card.format(), self.end, outbox) {
            Ok(()) => self.pause.card = Some(card),
            Err(error) => self.give_up(&error, outbox),
        }
    }

    fn ask_for_group(&mut self, due: u64, outbox: &mut Outbox) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.flush(due, outbox)?;
        file.read_group_back(outbox);
        self.pause.reading = true;
        Ok(())
    }

    fn repeat(&mut self, samples: Vec<repeat::Repeated>, outbox: &mut Outbox) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut time = file.earliest();
        for repeat::Repeated { keyframe, data } in samples {
            file.push(Sample { time, keyframe, data }, outbox)?;
            time += VIDEO_TICKS_A_MS;
        }
        Ok(())
    }

    fn show_card(&mut self, time: u64, outbox: &mut Outbox) -> Result<(), Error> {
        if self.pause.card.is_none() {
            let Some(card) = self.file.as_ref().and_then(|file| Card::instead_of(file.format())) else { return Ok(()) };
            self.start_file(card.format(), time, outbox)?;
            self.pause.card = Some(card);
            self.need_keyframe();
        }
        let (Some(file), Some(card)) = (&mut self.file, &mut self.pause.card) else { return Ok(()) };
        file.push(Sample { time, keyframe: true, data: card.draw() }, outbox)
    }

    pub(super) fn ticks(&self, time: Duration) -> u64 {
        (time.as_micros() * u128::from(self.codec.clock_rate()) / 1_000_000) as u64
    }
}
