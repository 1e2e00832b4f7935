//! Packets that a receiver is sent again, because it asked or to try its line.

use std::time::{Duration, Instant};

use super::{Subscriber, seal};
use crate::{
    bandwidth::ClusterId,
    fanout::{FanoutRef, PACKET_OVERHEAD},
    limits::{RTX_BUDGET_CEILING_BPS, RTX_BUDGET_PERCENT},
    numbering::Probing,
    outbox::Outbox,
    ring::{Kept, PacketRing},
};

/// Packets of a probe that leave in one go, at most.
const MAX_PROBE_PACKETS: u64 = 32;
/// Bytes from which on a packet is worth sending again as part of a probe.
const LEAST_PROBE_PAYLOAD: usize = 200;
/// A round trip from which on a packet that is lost twice is missed.
const FAR: Duration = Duration::from_millis(100);
/// Bytes that may be sent again at once, however thin the line.
const RTX_LEAST_BYTES: u64 = 6000;

/// Bytes that may still be sent again. Earned by time, as a share of what the line carries: a receiver that asks for everything
/// gets its share and no more.
pub(super) struct RetransmissionBudget {
    bytes: u64,
    refilled: Instant,
}

impl RetransmissionBudget {
    pub(super) fn new(now: Instant) -> Self {
        Self { bytes: RTX_LEAST_BYTES, refilled: now }
    }

    fn spend(&mut self, now: Instant, estimate_bps: u64, bytes: usize) -> bool {
        let elapsed = now.saturating_duration_since(self.refilled).as_millis() as u64;
        self.refilled = now;
        let a_second = estimate_bps.min(RTX_BUDGET_CEILING_BPS) / 8 * RTX_BUDGET_PERCENT / 100;
        let earned = elapsed.saturating_mul(a_second) / 1000;
        // What is saved up in calm is worth a second, or the packets that a moment's loss takes.
        self.bytes = self.bytes.saturating_add(earned).min(a_second.max(RTX_LEAST_BYTES));
        let affordable = self.bytes >= bytes as u64;
        if affordable {
            self.bytes -= bytes as u64;
        }
        affordable
    }
}

impl Subscriber {
    /// How many times a packet of this line is sent again. Where much is lost and the way is long, what is lost twice comes too
    /// late and stops the picture.
    pub(crate) fn times_again(&self, now: Instant, line: usize) -> u8 {
        let is_far =
            self.numbering.estimator.as_ref().and_then(|estimator| estimator.rtt()).is_some_and(|rtt| rtt >= FAR);
        let is_twice = is_far && self.is_lossy(now) && !self.lines[line].spec.audio;
        1 + u8::from(is_twice)
    }

    /// Sends a packet again on `line`, within the budget. Whether it was sent.
    pub(crate) fn send_again(
        &mut self,
        now: Instant,
        line: usize,
        sequence: u16,
        packet: (&Kept<'_>, &PacketRing),
        outbox: &mut Outbox,
    ) -> bool {
        if !self.budget.spend(now, self.estimate_bps(), packet.0.payload.len()) {
            return false;
        }
        let Some((path, outbound)) = self.transport.outbound() else { return false };
        let Some(written) = self.lines[line].write_again(sequence, packet, self.numbering.next(), outbox.room()) else {
            return false;
        };
        let sealed = seal(outbox, path, outbound, &written);
        self.numbering.sent(now, &written, sealed, None);
        sealed > 0
    }

    /// Sends what a probe under way sends now: the newest packets again where there are such, else padding. `packet` finds one
    /// by its stream and its number there.
    pub(crate) fn probe<'r>(
        &mut self,
        now: Instant,
        packet: impl Fn(FanoutRef, u64) -> Option<(Kept<'r>, &'r PacketRing)>,
        outbox: &mut Outbox,
    ) {
        let Some(mut probing) = self.probing.filter(|probing| probing.due().is_some_and(|due| due <= now)) else {
            return;
        };
        let mut allowance = probing.allowance(now);
        for back in 0..MAX_PROBE_PACKETS {
            if allowance == 0 || probing.due().is_none() {
                break;
            }
            let again = self.lines.iter().position(|line| !line.spec.audio && line.newest(back).is_some());
            let len = again.and_then(|line| self.probe_again(now, (line, back), probing.cluster(), &packet, outbox));
            let Some(len) = len.or_else(|| self.probe_with_padding(now, &probing, outbox)) else {
                // There is nothing to probe with: it is decided anew when its time is over.
                self.probing = None;
                return;
            };
            probing.sent(len);
            allowance = allowance.saturating_sub(len);
        }
        probing.wait(now);
        self.probing = probing.due().map(|_| probing);
    }

    fn probe_again<'r>(
        &mut self,
        now: Instant,
        (line, back): (usize, u64),
        cluster: ClusterId,
        packet: impl Fn(FanoutRef, u64) -> Option<(Kept<'r>, &'r PacketRing)>,
        outbox: &mut Outbox,
    ) -> Option<usize> {
        let (stream, index, sequence) = self.lines[line].newest(back)?;
        let (kept, ring) = packet(stream, index).filter(|(kept, _)| kept.payload.len() >= LEAST_PROBE_PAYLOAD)?;
        let (path, outbound) = self.transport.outbound()?;
        let number = self.numbering.next();
        let written = self.lines[line].write_again(sequence, (&kept, ring), number, outbox.room())?;
        let sealed = seal(outbox, path, outbound, &written);
        self.numbering.sent(now, &written, sealed, Some(cluster));
        (sealed > 0 && written.is_numbered).then_some(sealed)
    }

    fn probe_with_padding(&mut self, now: Instant, probing: &Probing, outbox: &mut Outbox) -> Option<usize> {
        let (path, outbound) = self.transport.outbound()?;
        let number = self.numbering.next();
        let len = probing.packet_len().saturating_sub(PACKET_OVERHEAD);
        let mut lines = self.lines.iter_mut().filter(|line| !line.spec.audio);
        let written = lines.find_map(|line| line.write_padding(len, number, outbox.room()))?;
        let sealed = seal(outbox, path, outbound, &written);
        self.numbering.sent(now, &written, sealed, Some(probing.cluster()));
        (sealed > 0).then_some(sealed)
    }
}
