//! A lesson on several shards: what goes to followers, what comes from a home.

use std::{collections::VecDeque, time::Instant};

use super::Shard;
use crate::{
    command::LessonKey,
    fanout::Fanout,
    layers::Layers,
    limits::{MAX_KEYFRAME_WISHES, TICK},
    relay::{RelayBatch, Relayed, ShardId, Stream},
    ring::Kept,
    seats::Source,
};

/// A key frame to be asked for at another shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFrameWish {
    /// Where the publisher is.
    pub home: ShardId,
    /// Of which lesson.
    pub lesson: LessonKey,
    /// Of which stream.
    pub source: Source,
    /// Of which of its simulcast layers.
    pub layer: u8,
}

/// What is to go to other shards.
pub(super) struct Relays {
    own: ShardId,
    /// Batches under way, one for each shard that follows a lesson of ours.
    batches: Vec<(ShardId, RelayBatch)>,
    /// Key frames to be asked for at homes.
    wishes: VecDeque<KeyFrameWish>,
}

impl Relays {
    pub(super) fn new(own: ShardId) -> Self {
        Self { own, batches: Vec::new(), wishes: VecDeque::new() }
    }

    fn batch(&mut self, to: ShardId) -> &mut RelayBatch {
        let at = self.batches.iter().position(|(shard, _)| *shard == to).unwrap_or_else(|| {
            self.batches.push((to, RelayBatch::new(self.own)));
            self.batches.len() - 1
        });
        &mut self.batches[at].1
    }
}

impl Shard {
    /// The next batch for another shard. Call after each turn that brought datagrams, until `None`.
    pub fn poll_relay(&mut self) -> Option<(ShardId, RelayBatch)> {
        let (shard, batch) = self.relays.batches.iter_mut().find(|(_, batch)| !batch.is_empty())?;
        Some((*shard, batch.take()))
    }

    /// Takes back a batch that found no place at the other shard: its packets are lost, but that a stream has ended is told
    /// with the next.
    pub fn return_relay(&mut self, to: ShardId, batch: &RelayBatch) {
        for entry in batch.entries.iter().filter(|entry| matches!(entry.what, Relayed::Ended)) {
            self.relays.batch(to).push(entry.stream, Relayed::Ended);
        }
    }

    /// The next key frame to be asked for at another shard, by `Command::RequestKeyFrame`.
    pub fn poll_key_frame_wish(&mut self) -> Option<KeyFrameWish> {
        self.relays.wishes.pop_front()
    }

    /// Handles what a home sent to this shard.
    pub fn handle_relayed(&mut self, now: Instant, batch: &RelayBatch) {
        let soon = now + TICK;
        self.next_tick = Some(self.next_tick.map_or(soon, |at| at.min(soon)));
        for entry in &batch.entries {
            // The lesson may have ended here before its last packets came.
            if self.ended.contains(&entry.stream.lesson) {
                continue;
            }
            match entry.what {
                Relayed::Ended => self.forget_relayed(now, |fanout| fanout.stream() == entry.stream),
                Relayed::Clock(mapping) => {
                    let Some(at) = self.relayed(now, entry.stream, batch.home) else { continue };
                    self.fanouts[at].mapping = mapping;
                }
                Relayed::Packet(packet) => {
                    let Some(at) = self.relayed(now, entry.stream, batch.home) else { continue };
                    let kept = batch.kept(&packet);
                    if self.fanouts[at].keep(packet.arrival, &kept) {
                        self.gather(packet.arrival, at, kept.index, kept.marker);
                    }
                }
            }
        }
    }

    /// The fanout here of a stream from elsewhere; none where the source has a publisher here.
    fn relayed(&mut self, now: Instant, stream: Stream, home: ShardId) -> Option<usize> {
        let room = self.rooms.entry(stream.lesson).or_default();
        let known = room.sources.get(&stream.source).and_then(|layers| layers.get(stream.layer));
        if let Some(at) = known {
            let fanout = &self.fanouts[at];
            if fanout.home.is_none() || fanout.stream() == stream {
                return fanout.home.map(|_| at);
            }
        }
        let at = self.fanouts.insert(Fanout::new(stream, Some(home)));
        if let Some(old) = room.sources.entry(stream.source).or_default().insert(stream.layer, at) {
            self.fanouts.remove(old);
        }
        self.reseat(now, stream.lesson);
        Some(at)
    }

    /// Forgets streams from elsewhere.
    pub(super) fn forget_relayed(&mut self, now: Instant, which: impl Fn(&Fanout) -> bool) {
        let gone = |(at, fanout): (usize, &Fanout)| (fanout.home.is_some() && which(fanout)).then_some(at);
        let places: Vec<usize> = self.fanouts.iter().filter_map(gone).collect();
        for at in places {
            let Stream { lesson, source, layer, .. } = self.fanouts.remove(at).stream();
            if let Some(room) = self.rooms.get_mut(&lesson) {
                room.forget(source, layer, at);
            }
            self.reseat(now, lesson);
        }
    }

    pub(super) fn add_follower(&mut self, lesson: LessonKey, shard: ShardId) {
        let room = self.rooms.entry(lesson).or_default();
        if shard == self.relays.own || room.followers.contains(&shard) {
            return;
        }
        room.followers.push(shard);
        // It learns at once what there is to see, and can ask for key frames.
        for at in room.sources.values().flat_map(Layers::iter) {
            if let Some(fanout) = self.fanouts.get(at) {
                self.relays.batch(shard).push(fanout.stream(), Relayed::Clock(fanout.mapping));
            }
        }
    }

    /// Tells a lesson's followers something about a stream of ours.
    pub(super) fn relay(&mut self, at: usize, what: Relayed) {
        self.tell_followers(at, |batch, stream| batch.push(stream, what));
    }

    pub(super) fn relay_packet(&mut self, now: Instant, at: usize, kept: &Kept<'_>) {
        self.tell_followers(at, |batch, stream| batch.push_packet(stream, now, kept));
    }

    fn tell_followers(&mut self, at: usize, mut put: impl FnMut(&mut RelayBatch, Stream)) {
        let Some(stream) = self.fanouts.get(at).map(Fanout::stream) else { return };
        let Some(room) = self.rooms.get(&stream.lesson) else { return };
        // Only the newest publisher of a source is relayed: it is the one that is seen.
        if room.sources.get(&stream.source).and_then(|layers| layers.get(stream.layer)) != Some(at) {
            return;
        }
        for &shard in &room.followers {
            put(self.relays.batch(shard), stream);
        }
    }

    /// Passes on that receivers here need key frames of publishers elsewhere.
    pub(super) fn ask_homes_for_key_frames(&mut self, now: Instant) {
        for (_, fanout) in &mut self.fanouts {
            if let Some(home) = fanout.home
                && fanout.take_key_frame_wish(now)
                && self.relays.wishes.len() < MAX_KEYFRAME_WISHES
            {
                let Stream { lesson, source, layer, .. } = fanout.stream();
                self.relays.wishes.push_back(KeyFrameWish { home, lesson, source, layer });
            }
        }
    }
}
