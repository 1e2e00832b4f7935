//! The mix as a track of the recording: `<lead>-program`.

use crate::{
    Codec, Error, Slot, TrackName, cmaf::Sample, depacketize::Format, effect::Outbox, epoch::EpochWriter, mix::Mix,
};

/// Mixes the voices of a lesson and writes the result.
#[derive(Debug, Default)]
pub(crate) struct ProgramVoice {
    mix: Mix,
    file: Option<EpochWriter>,
    number: Option<u16>,
}

impl ProgramVoice {
    /// Takes what was written of all voices; `now` in ticks.
    pub fn advance(&mut self, now: u64, outbox: &mut Outbox) -> Result<(), Error> {
        self.take(outbox);
        self.mix.advance(now);
        self.write(outbox)
    }

    /// The lesson is over.
    pub fn finish(&mut self, at_ms: u64, outbox: &mut Outbox) -> Result<(), Error> {
        self.take(outbox);
        self.mix.finish();
        self.write(outbox)?;
        if let Some(file) = self.file.take() {
            file.finish(None, outbox)?;
        }
        if let Some(number) = self.number {
            outbox.end_track(number, at_ms);
        }
        Ok(())
    }

    fn take(&mut self, outbox: &mut Outbox) {
        for (track, packet) in outbox.take_voices() {
            let lead = outbox.manifest().lesson.lead.as_ref();
            let speaker = outbox.manifest().tracks.get(usize::from(track)).map(|track| &track.name.participant);
            self.mix.push(track, lead.is_some() && speaker == lead, packet);
        }
    }

    fn write(&mut self, outbox: &mut Outbox) -> Result<(), Error> {
        while let Some(packet) = self.mix.poll() {
            if self.file.is_none() {
                self.file = self.start(packet.time, outbox)?;
            }
            let Some(file) = &mut self.file else { return Ok(()) };
            file.push(Sample { time: packet.time, keyframe: true, data: packet.data }, outbox)?;
        }
        Ok(())
    }

    fn start(&mut self, time: u64, outbox: &mut Outbox) -> Result<Option<EpochWriter>, Error> {
        let manifest = outbox.manifest();
        let first = manifest.tracks.iter().find(|track| track.name.slot == Slot::Voice);
        let lead = manifest.lesson.lead.clone().or_else(|| first.map(|track| track.name.participant.clone()));
        let Some(participant) = lead else { return Ok(None) };
        let name = TrackName { participant, slot: Slot::Program };
        outbox.start_track(&name, Codec::Opus);
        self.number = outbox.manifest().track(&name).map(|(number, _)| number);
        let Some(number) = self.number else { return Ok(None) };
        EpochWriter::start((&name, number), 0, Format::Opus, time, outbox).map(Some)
    }
}
