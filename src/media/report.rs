//! What the media threads tell of themselves: each copies its plain counters out at most once a second, so that nothing a
//! scrape of `/metrics` looks at is touched for a packet.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use nix::time::{ClockId, clock_gettime};
use sfu::counters::Counters;

use super::{
    socket::{Received, Sent},
    tcp::StreamsReport,
};

/// How often a thread tells.
const INTERVAL: Duration = Duration::from_secs(1);

/// One media thread, since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShardReport {
    /// What its shard counts.
    pub counters: Counters,
    /// Sessions that publish, now.
    pub publishers: usize,
    /// Sessions that receive, now.
    pub subscribers: usize,
    /// What its socket sent.
    pub sent: Sent,
    /// What its socket received.
    pub received: Received,
    /// What went over TCP.
    pub streams: StreamsReport,
    /// Processor time it took.
    pub cpu: Duration,
    /// Turns of its loop.
    pub turns: u64,
    /// Batches for which the recorder had no place.
    pub recorder_batches_dropped: u64,
    /// Packets handed to other shards.
    pub relayed_out: u64,
    /// Packets taken over from other shards.
    pub relayed_in: u64,
    /// Packets lost on the way between shards.
    pub relay_lost: u64,
}

/// The newest report of every shard. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reports(Arc<[Mutex<ShardReport>]>);

/// A media thread's way to tell.
#[derive(Debug)]
pub(super) struct Reporter {
    reports: Reports,
    shard: usize,
    next: Option<Instant>,
}

impl Reports {
    /// Empty ones for so many shards, with what each of them tells by.
    pub(super) fn new(shards: usize) -> (Self, Vec<Reporter>) {
        let reports = Self((0..shards).map(|_| Mutex::default()).collect());
        let reporter = |shard| Reporter { reports: reports.clone(), shard, next: None };
        let reporters = (0..shards).map(reporter).collect();
        (reports, reporters)
    }

    /// Those of all shards, in order. One that has told nothing yet is all zeros.
    pub fn all(&self) -> Vec<ShardReport> {
        let copy = |slot: &Mutex<ShardReport>| *slot.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.iter().map(copy).collect()
    }
}

impl Reporter {
    /// Whether it is time to tell; the next time is a second later.
    pub(super) fn due(&mut self, now: Instant) -> bool {
        let due = self.next.is_none_or(|next| now >= next);
        if due {
            self.next = Some(now + INTERVAL);
        }
        due
    }

    /// Tells. While someone reads the former report it stays: the thread never waits.
    pub(super) fn tell(&self, report: ShardReport) {
        if let Ok(mut slot) = self.reports.0[self.shard].try_lock() {
            *slot = report;
        }
    }
}

/// Processor time the calling thread took.
pub(super) fn thread_cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(turns: u64) -> ShardReport {
        ShardReport { turns, ..ShardReport::default() }
    }

    #[test]
    fn a_thread_tells_at_once_and_then_once_a_second() {
        let (_, mut reporters) = Reports::new(1);
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let due: Vec<u64> = (0..=3000).step_by(100).filter(|&ms| reporters[0].due(at(ms))).collect();
        assert_eq!(due, [0, 1000, 2000, 3000]);
    }

    #[test]
    fn each_shard_has_its_own_place() {
        let (reports, reporters) = Reports::new(3);
        reporters[2].tell(report(7));
        reporters[0].tell(report(5));
        assert_eq!(reports.all(), [report(5), report(0), report(7)]);
        reporters[0].tell(report(6));
        assert_eq!(reports.clone().all(), [report(6), report(0), report(7)]);
    }

    #[test]
    fn a_reader_never_holds_a_thread_up() {
        let (reports, reporters) = Reports::new(1);
        let reading = reports.0[0].lock().unwrap();
        reporters[0].tell(report(1));
        drop(reading);
        assert_eq!(reports.all(), [report(0)]);
        reporters[0].tell(report(2));
        assert_eq!(reports.all(), [report(2)]);
    }

    #[test]
    fn processor_time_grows_with_work() {
        let before = thread_cpu();
        while thread_cpu() == before {}
    }
}
