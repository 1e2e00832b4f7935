//! The transport-wide numbers of one receiver: one row for all its lines, retransmissions and probes included. What left under
//! each is what its line is estimated by.

use std::time::{Duration, Instant};

use crate::{
    bandwidth::{ClusterId, Estimator, Probe},
    limits::{PACE_INTERVAL, UDP_IP_LEN},
    outgoing::Written,
    sdp::SubscribePlan,
};

/// Gives out the numbers, and has the estimator know what left.
pub(crate) struct Numbering {
    next: u16,
    /// There where the receiver reports on what arrives.
    pub(crate) estimator: Option<Box<Estimator>>,
}

impl Numbering {
    pub(crate) fn new(plan: &SubscribePlan, now: Instant) -> Self {
        // Voices alone are too little to tell a line by, and there is nothing to choose for them.
        let reports = plan.lines.iter().any(|line| !line.audio && line.twcc_extension.is_some());
        Self { next: 0, estimator: reports.then(|| Box::new(Estimator::new(now))) }
    }

    /// The number that the next packet that carries one goes with.
    pub(crate) fn next(&self) -> u16 {
        self.next
    }

    /// Notes that a packet left, of `sealed` bytes; it may belong to a probe.
    pub(crate) fn sent(&mut self, now: Instant, written: &Written, sealed: usize, probe: Option<ClusterId>) {
        if !written.is_numbered {
            return;
        }
        let number = self.next;
        self.next = number.wrapping_add(1);
        if let Some(estimator) = &mut self.estimator {
            estimator.sent(now, number, (sealed + UDP_IP_LEN) as u16, probe);
        }
    }
}

/// A probe under way: so many packets and bytes at such a rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probing {
    probe: Probe,
    packets: usize,
    bytes: usize,
    began: Instant,
    next: Instant,
}

impl Probing {
    pub(crate) fn new(probe: Probe, now: Instant) -> Self {
        Self { probe, packets: 0, bytes: 0, began: now, next: now }
    }

    pub(crate) fn cluster(&self) -> ClusterId {
        self.probe.cluster
    }

    /// When the next of its packets leave; none when all have.
    pub(crate) fn due(&self) -> Option<Instant> {
        let is_done = self.packets >= self.probe.packets && self.bytes >= self.probe.bytes;
        (!is_done).then_some(self.next)
    }

    /// Bytes that may leave now.
    pub(crate) fn allowance(&self, now: Instant) -> usize {
        let elapsed = now.saturating_duration_since(self.began) + PACE_INTERVAL;
        let by_now = (u128::from(self.probe.bps) * elapsed.as_micros() / 8_000_000) as usize;
        by_now.saturating_sub(self.bytes)
    }

    /// How long each of its packets is to be, in bytes on the wire.
    pub(crate) fn packet_len(&self) -> usize {
        self.probe.bytes / self.probe.packets.max(1)
    }

    /// Notes that a packet of it left.
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes + UDP_IP_LEN;
    }

    /// Nothing more leaves now.
    pub(crate) fn wait(&mut self, now: Instant) {
        let owed = (self.bytes as u64 * 8_000_000 / self.probe.bps.max(1)) as u128;
        let elapsed = now.saturating_duration_since(self.began).as_micros();
        let wait = Duration::from_micros(owed.saturating_sub(elapsed) as u64);
        self.next = now + wait.max(Duration::from_millis(1));
    }
}
