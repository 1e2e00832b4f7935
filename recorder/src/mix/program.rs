//! The mix as a track of the recording: `<lead>-program`.

use std::time::Duration;

use crate::{
    Codec, Error, Slot, TrackName, cmaf::Sample, depacketize::Format, effect::Outbox, epoch::EpochWriter,
    manifest::Manifest, mix::Mix, voice,
};

/// Mixes the voices of a lesson and writes the result.
#[derive(Debug, Default)]
pub(crate) struct ProgramVoice {
    mix: Mix,
    file: Option<EpochWriter>,
    number: Option<u16>,
}

impl ProgramVoice {
    /// Takes what was written of all voices up to `now`. From `held` on there are some that have no place yet.
    pub fn advance(&mut self, now: Duration, held: Option<Duration>, outbox: &mut Outbox) -> Result<(), Error> {
        self.take(outbox);
        self.mix.advance(voice::ticks(now), held.map(voice::ticks));
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

    /// Brings its index up to its last part.
    pub fn write_index(&mut self, outbox: &mut Outbox) {
        if let Some(file) = &mut self.file {
            file.write_index(outbox);
        }
    }

    fn take(&mut self, outbox: &mut Outbox) {
        let voices = outbox.take_voices();
        let manifest = outbox.manifest();
        if self.number.is_none()
            && let Some((_, before)) = program_of(manifest).and_then(|name| manifest.track(&name))
            && let Some(written) = before.epochs.iter().rfind(|epoch| epoch.parts > 0)
        {
            // The recording was interrupted and goes on.
            self.mix.begin(written.end);
        }
        let lead = manifest.lesson.lead.as_ref();
        for (track, packet) in voices {
            let speaker = manifest.tracks.get(usize::from(track)).map(|track| &track.name.participant);
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
        let Some(name) = program_of(outbox.manifest()) else { return Ok(None) };
        outbox.start_track(&name, Codec::Opus);
        let Some((number, track)) = outbox.manifest().track(&name) else { return Ok(None) };
        let epoch = track.epochs.len() as u32;
        self.number = Some(number);
        EpochWriter::start((&name, number), epoch, Format::Opus, time, outbox).map(Some)
    }
}

/// Under whose name it goes: the lead's, or without one that of whoever spoke first.
fn program_of(manifest: &Manifest) -> Option<TrackName> {
    let first = || manifest.tracks.iter().find(|track| track.name.slot == Slot::Voice);
    let lead = manifest.lesson.lead.clone().or_else(|| first().map(|track| track.name.participant.clone()));
    Some(TrackName { participant: lead?, slot: Slot::Program })
}
