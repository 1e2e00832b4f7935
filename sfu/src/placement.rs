//! Which shard a session goes to.
//!
//! A lesson's publishers are all on its home, and so are its first viewers: a class of a few points is one thread's work. A
//! lesson with more is spread over all shards.

use std::collections::HashMap;

use crate::{
    command::{LessonKey, PeerId},
    limits::SPREAD_FROM,
    relay::ShardId,
};

/// Where a viewer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its shard.
    pub shard: ShardId,
    /// Whether the lesson's home must be told that this shard follows from now on.
    pub is_new_follower: bool,
}

#[derive(Debug)]
struct Lesson {
    home: ShardId,
    /// Viewers per shard.
    viewers: Vec<usize>,
    followed_by: Vec<bool>,
}

/// Knows where every session is.
#[derive(Debug)]
pub struct Placement {
    /// Sessions per shard.
    sessions: Vec<usize>,
    lessons: HashMap<LessonKey, Lesson>,
    peers: HashMap<PeerId, (ShardId, Option<LessonKey>)>,
}

impl Placement {
    /// Nothing is anywhere on `shards` shards, of which there is one at least.
    pub fn new(shards: usize) -> Self {
        Self { sessions: vec![0; shards.clamp(1, 256)], lessons: HashMap::new(), peers: HashMap::new() }
    }

    fn least_loaded(&self) -> ShardId {
        let least = self.sessions.iter().enumerate().min_by_key(|(_, sessions)| **sessions);
        ShardId(least.map_or(0, |(at, _)| at as u8))
    }

    /// The shard a lesson's publishers are on, if it has any sessions.
    pub fn home_of(&self, lesson: LessonKey) -> Option<ShardId> {
        self.lessons.get(&lesson).map(|known| known.home)
    }

    /// The shard a lesson's publishers are on; chosen with its first session.
    fn home(&mut self, lesson: LessonKey) -> ShardId {
        let (home, shards) = (self.least_loaded(), self.sessions.len());
        let fresh = || Lesson { home, viewers: vec![0; shards], followed_by: vec![false; shards] };
        self.lessons.entry(lesson).or_insert_with(fresh).home
    }

    /// Places a publisher.
    pub fn publisher(&mut self, lesson: LessonKey, peer: PeerId) -> ShardId {
        let home = self.home(lesson);
        self.keep(peer, home, None);
        home
    }

    /// Places a viewer.
    pub fn viewer(&mut self, lesson: LessonKey, peer: PeerId) -> Placed {
        let home = self.home(lesson);
        let least = self.least_loaded();
        let mut placed = Placed { shard: home, is_new_follower: false };
        if let Some(known) = self.lessons.get_mut(&lesson) {
            if known.viewers[usize::from(home.0)] >= SPREAD_FROM {
                placed.shard = least;
            }
            let at = usize::from(placed.shard.0);
            known.viewers[at] += 1;
            placed.is_new_follower = placed.shard != home && !std::mem::replace(&mut known.followed_by[at], true);
        }
        self.keep(peer, placed.shard, Some(lesson));
        placed
    }

    fn keep(&mut self, peer: PeerId, shard: ShardId, watches: Option<LessonKey>) {
        self.sessions[usize::from(shard.0)] += 1;
        self.peers.insert(peer, (shard, watches));
    }

    /// Where a session is.
    pub fn shard_of(&self, peer: PeerId) -> Option<ShardId> {
        self.peers.get(&peer).map(|(shard, _)| *shard)
    }

    /// Forgets a session.
    pub fn closed(&mut self, peer: PeerId) {
        let Some((shard, watches)) = self.peers.remove(&peer) else { return };
        self.sessions[usize::from(shard.0)] -= 1;
        if let Some(lesson) = watches.and_then(|lesson| self.lessons.get_mut(&lesson)) {
            // The lesson may have ended and begun again since.
            let viewers = &mut lesson.viewers[usize::from(shard.0)];
            *viewers = viewers.saturating_sub(1);
        }
    }

    /// Forgets a lesson; its sessions are forgotten as they close.
    pub fn ended(&mut self, lesson: LessonKey) {
        self.lessons.remove(&lesson);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LESSON: LessonKey = LessonKey(1);

    fn viewers(placement: &mut Placement, lesson: LessonKey, peers: std::ops::Range<u64>) -> Vec<Placed> {
        peers.map(|peer| placement.viewer(lesson, PeerId(peer))).collect()
    }

    #[test]
    fn a_class_of_a_few_points_stays_on_one_shard_and_the_next_class_goes_to_another() {
        let mut placement = Placement::new(2);
        let home = placement.publisher(LESSON, PeerId(1));
        assert!(viewers(&mut placement, LESSON, 10..40).iter().all(|placed| placed.shard == home));
        assert_ne!(placement.publisher(LessonKey(2), PeerId(2)), home);
    }

    #[test]
    fn a_large_lesson_is_spread_evenly_and_each_follower_is_told_once() {
        let mut placement = Placement::new(4);
        let home = placement.publisher(LESSON, PeerId(1));
        let placed = viewers(&mut placement, LESSON, 10..1010);
        let on = |shard| placed.iter().filter(|placed| placed.shard == ShardId(shard)).count();
        assert!((0..4).all(|shard| (245..=256).contains(&on(shard))), "{:?}", [on(0), on(1), on(2), on(3)]);
        let told: Vec<ShardId> =
            placed.iter().filter(|placed| placed.is_new_follower).map(|placed| placed.shard).collect();
        assert_eq!(told.len(), 3);
        assert!(!told.contains(&home) && told[0] != told[1] && told[1] != told[2] && told[2] != told[0]);
    }

    #[test]
    fn what_has_closed_counts_no_longer_even_after_its_lesson() {
        let mut placement = Placement::new(2);
        viewers(&mut placement, LESSON, 0..200);
        placement.ended(LESSON);
        (0..200).for_each(|peer| placement.closed(PeerId(peer)));
        placement.closed(PeerId(0));
        assert_eq!(placement.sessions, [0, 0]);
        assert_eq!(placement.shard_of(PeerId(3)), None);
    }

    #[test]
    fn one_shard_has_everything() {
        let mut placement = Placement::new(0);
        let placed = viewers(&mut placement, LESSON, 0..300);
        assert!(placed.iter().all(|placed| *placed == Placed { shard: ShardId(0), is_new_follower: false }));
    }
}
