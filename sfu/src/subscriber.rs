//! One WHEP session: sends each of its lines what feeds it, again what was lost, and reports what was sent.

use std::time::Instant;

use crate::{
    clock::{Mapping, NtpClock},
    codec::Codec,
    command::{Acknowledged, LessonKey, ParticipantKey, PeerId, Shown},
    fanout::{FanoutRef, Passing},
    ice::Path,
    limits::{COUNT_INTERVAL, MAX_PARAMETER_SET, MAX_UDP_PAYLOAD, RTX_BUDGET_FLOOR, RTX_BUDGET_PERCENT},
    line::{Line, Offered, Written},
    outbox::Outbox,
    pacer::{Paced, Pacer},
    payload::Entry,
    ring::Kept,
    rtcp::{Feedback, SenderInfo, Writer, read},
    sdp::SubscribePlan,
    srtp::{MAX_OVERHEAD, Outbound},
    transport::Transport,
};

/// A receiving session.
pub(crate) struct Subscriber {
    pub(crate) peer: PeerId,
    pub(crate) lesson: LessonKey,
    pub(crate) participant: ParticipantKey,
    pub(crate) transport: Transport,
    pub(crate) lines: Vec<Line>,
    /// What was last told of its loss, of 256; none before the first report.
    pub(crate) told_loss: Option<u8>,
    cname: String,
    budget: RetransmissionBudget,
    /// Next transport-wide number: one row for all lines, retransmissions included.
    next_number: u16,
    /// There once the receiver has told what its line carries.
    pacer: Option<Box<Pacer>>,
    /// Whether the shard knows that packets wait in the pacer.
    is_paced: bool,
    sent: SentBytes,
    /// When it was last told what arrived; none where that counts for nobody.
    counted_at: Option<Instant>,
}

/// How much is sent, for telling a slow line.
struct SentBytes {
    bytes: u64,
    since: Instant,
    bps: u64,
}

/// Bytes that may still be sent again. Earned by media sent and by time; a receiver that asks for everything gets its share
/// and no more.
struct RetransmissionBudget {
    bytes: u64,
    refilled: Instant,
}

impl RetransmissionBudget {
    fn earn(&mut self, media: usize) {
        self.bytes = (self.bytes + media as u64 * RTX_BUDGET_PERCENT / 100).min(4 * RTX_BUDGET_FLOOR);
    }

    fn spend(&mut self, now: Instant, bytes: usize) -> bool {
        let elapsed = now.saturating_duration_since(self.refilled).as_millis() as u64;
        self.refilled = now;
        self.bytes = (self.bytes + elapsed * RTX_BUDGET_FLOOR / 1000).min(4 * RTX_BUDGET_FLOOR);
        let affordable = self.bytes >= bytes as u64;
        if affordable {
            self.bytes -= bytes as u64;
        }
        affordable
    }
}

/// Seals what was written at the start of the outbox's room and sends it. Returns the sealed length, 0 if it did not go.
fn seal(outbox: &mut Outbox, to: Path, outbound: &Outbound, written: &Written) -> usize {
    let Written { len, header_len, ssrc, index } = *written;
    match outbound.seal_rtp(outbox.room(), len, header_len, ssrc, index) {
        Ok(sealed) => {
            outbox.commit(to, sealed);
            sealed
        }
        Err(_) => 0,
    }
}

impl Subscriber {
    pub(crate) fn new(
        ids: (PeerId, LessonKey, ParticipantKey),
        transport: Transport,
        plan: SubscribePlan,
        now: Instant,
    ) -> Self {
        Self {
            peer: ids.0,
            lesson: ids.1,
            participant: ids.2,
            transport,
            lines: plan.lines.into_iter().map(Line::new).collect(),
            told_loss: None,
            cname: plan.cname,
            budget: RetransmissionBudget { bytes: RTX_BUDGET_FLOOR, refilled: now },
            next_number: 0,
            pacer: None,
            is_paced: false,
            sent: SentBytes { bytes: 0, since: now, bps: 0 },
            counted_at: None,
        }
    }

    /// Takes in how large its pictures are shown.
    pub(crate) fn show(&mut self, pictures: &[Shown]) {
        let lines = self.lines.iter_mut().filter(|line| !line.spec.audio);
        lines.zip(pictures).for_each(|(line, &shown)| line.shown = Some(shown));
    }

    /// What arrives there is to be told from now on.
    pub(crate) fn count(&mut self, now: Instant) {
        self.counted_at = Some(now);
    }

    /// Sends a group of packets on one of its lines, as far as the line takes them; pictures to a slow line wait in the pacer.
    /// Returns the stream the line left, if it changed.
    pub(crate) fn forward(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        line: usize,
        passing: &Passing<'_>,
        outbox: &mut Outbox,
    ) -> Option<FanoutRef> {
        if let Some(pacer) = self.pacer.as_mut().filter(|pacer| pacer.holds(self.sent.bps))
            && passing.codec.is_video()
        {
            for kept in passing.packets {
                let offered = self.lines[line].offer(passing.from, kept.index, kept.entry);
                // Behind a key frame that waits there, its followers wait too.
                if offered != Offered::Skipped || pacer.has(line, passing.from) {
                    pacer.push(now, Paced { line, from: passing.from, index: kept.index, len: kept.payload.len() });
                }
            }
            return None;
        }
        let mut left = None;
        for kept in passing.packets {
            left = self.forward_one(now, clock, line, (passing, kept), outbox).or(left);
        }
        left
    }

    /// Sends one packet on one of its lines, if the line takes it.
    fn forward_one(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        line: usize,
        (passing, kept): (&Passing<'_>, &Kept<'_>),
        outbox: &mut Outbox,
    ) -> Option<FanoutRef> {
        let left = match self.lines[line].offer(passing.from, kept.index, kept.entry) {
            Offered::Skipped => return None,
            // Nobody can receive yet: enter when they can, not before, or the key frame is lost.
            _ if self.transport.outbound().is_none() => return None,
            Offered::Forward => None,
            Offered::Enter => self.enter(now, clock, line, (passing, kept), outbox),
        };
        let (path, outbound) = self.transport.outbound()?;
        let line = &mut self.lines[line];
        if let Some(written) = line.write(now, kept, self.next_number, passing.padding(kept), outbox.room()) {
            let sealed = seal(outbox, path, outbound, &written);
            self.next_number = self.next_number.wrapping_add(u16::from(written.is_numbered()));
            self.budget.earn(sealed);
            self.sent.bytes += sealed as u64;
        }
        left
    }

    /// Lets a line enter a new source: the sender report with the new mapping goes first, then parameter sets if the
    /// source's key frame comes without.
    fn enter(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        at: usize,
        (passing, kept): (&Passing<'_>, &Kept<'_>),
        outbox: &mut Outbox,
    ) -> Option<FanoutRef> {
        let mut sets = [0; 2 * MAX_PARAMETER_SET + 8];
        let bare = kept.entry == Entry::AfterParameterSets;
        let sets_len = if bare { passing.parameter_sets.write(&mut sets) } else { None };
        let line = &mut self.lines[at];
        let left = line.enter(now, passing.from, passing.codec, kept, u64::from(sets_len.is_some()));
        self.send_reports(now, clock, at..at + 1, |_| passing.mapping, outbox);
        let (path, outbound) = self.transport.outbound()?;
        let sets = &sets[..sets_len.unwrap_or(0)];
        if !sets.is_empty()
            && let Some(written) = self.lines[at].write_ahead(kept, sets, self.next_number, outbox.room())
        {
            seal(outbox, path, outbound, &written);
            self.next_number = self.next_number.wrapping_add(u16::from(written.is_numbered()));
        }
        left
    }

    /// Whether the line can take this codec; wanting another would wait forever.
    pub(crate) fn takes(&self, line: usize, codec: Codec) -> bool {
        self.lines[line].payload_for(codec).is_some()
    }

    /// Sends packet `kept` again on `line`, within the budget. Whether it was sent.
    pub(crate) fn send_again(
        &mut self,
        now: Instant,
        line: usize,
        sequence: u16,
        kept: &Kept<'_>,
        outbox: &mut Outbox,
    ) -> bool {
        if !self.budget.spend(now, kept.payload.len()) {
            return false;
        }
        let Some((path, outbound)) = self.transport.outbound() else { return false };
        let Some(written) = self.lines[line].write_again(sequence, kept, self.next_number, outbox.room()) else {
            return false;
        };
        self.next_number = self.next_number.wrapping_add(u16::from(written.is_numbered()));
        seal(outbox, path, outbound, &written) > 0
    }

    /// Takes in one SRTCP packet; `asked` is called with each request it makes. `true` when it was authentic.
    pub(crate) fn receive_rtcp(&mut self, now: Instant, packet: &mut [u8], mut asked: impl FnMut(Asked)) -> bool {
        let Some(inbound) = self.transport.inbound() else { return false };
        let Ok(len) = inbound.open_rtcp(packet) else { return false };
        let (lines, pacer) = (&mut self.lines, &mut self.pacer);
        let line_of = |lines: &[Line], ssrc| lines.iter().position(|line| line.spec.ssrc == ssrc);
        read(&packet[..len], |feedback| match feedback {
            Feedback::Nack { ssrc, packets } => {
                let Some(line) = line_of(lines, ssrc) else { return };
                packets.sequences().for_each(|sequence| asked(Asked::Packet { line, sequence }));
            }
            Feedback::KeyFrame { ssrc } => {
                if let Some(line) = line_of(lines, ssrc) {
                    asked(Asked::KeyFrame { line });
                }
            }
            Feedback::Report(block) => {
                if let Some(line) = line_of(lines, block.ssrc) {
                    lines[line].reported(&block);
                }
            }
            Feedback::Estimate { bps } => {
                pacer.get_or_insert_with(|| Box::new(Pacer::new(now))).estimated(bps);
            }
            Feedback::TransportWide(_) | Feedback::SenderReport { .. } | Feedback::Goodbye { .. } => {}
        });
        true
    }

    /// What has arrived, when it is time to tell.
    pub(crate) fn take_count(&mut self, now: Instant) -> Option<(Acknowledged, Acknowledged)> {
        let at = self.counted_at.as_mut().filter(|at| now.saturating_duration_since(**at) >= COUNT_INTERVAL)?;
        *at = now;
        let (mut pictures, mut voices) = (Acknowledged::default(), Acknowledged::default());
        for line in &self.lines {
            let sum = if line.spec.audio { &mut voices } else { &mut pictures };
            sum.sent += u64::from(line.packets);
            sum.arrived += line.arrived;
        }
        Some((pictures, voices))
    }

    /// Worst fraction lost of its lines, of 256.
    pub(crate) fn fraction_lost(&self) -> Option<u8> {
        self.lines.iter().filter_map(|line| line.fraction_lost).max()
    }

    /// Works out what it is sent, from what was sent since the last call.
    pub(crate) fn measure(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.sent.since).as_millis().max(1) as u64;
        self.sent = SentBytes { bytes: 0, since: now, bps: self.sent.bytes * 8000 / elapsed };
    }

    /// When its pacer lets the first packets go, if the shard does not know yet that some wait.
    pub(crate) fn newly_paced(&mut self) -> Option<Instant> {
        if self.is_paced {
            return None;
        }
        self.still_paced()
    }

    /// When its pacer lets the next packets go; none when nothing waits any more.
    pub(crate) fn still_paced(&mut self) -> Option<Instant> {
        let due = self.pacer.as_ref().and_then(|pacer| pacer.due());
        self.is_paced = due.is_some();
        due
    }

    /// Packets its pacer lets go now, into `released`.
    pub(crate) fn release_paced(&mut self, now: Instant, released: &mut Vec<Paced>) {
        if let Some(pacer) = &mut self.pacer {
            pacer.release(now, |packet| released.push(packet));
        }
    }

    /// Sends a packet that its pacer let go.
    pub(crate) fn forward_paced(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        line: usize,
        passing: &Passing<'_>,
        outbox: &mut Outbox,
    ) -> Option<FanoutRef> {
        let kept = passing.packets.first()?;
        self.forward_one(now, clock, line, (passing, kept), outbox)
    }

    /// Sends a sender report for each of `lines` whose source has a known clock, together where they fit.
    pub(crate) fn send_reports(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        lines: std::ops::Range<usize>,
        mapping: impl Fn(FanoutRef) -> Option<Mapping>,
        outbox: &mut Outbox,
    ) {
        let Some((path, outbound)) = self.transport.outbound() else { return };
        let ntp = clock.ntp(now);
        let mut reported = self.lines[lines].iter().filter_map(|line| {
            let rate = if line.spec.audio { 48_000 } else { 90_000 };
            let rtp = line.outgoing_timestamp(mapping(line.current()?)?.rtp_at(ntp, rate))?;
            Some((line.spec.ssrc, SenderInfo { ntp, rtp, packets: line.packets, octets: line.octets }))
        });
        let mut next = reported.next();
        while next.is_some() {
            let room = outbox.room();
            let mut writer = Writer::new(&mut room[..MAX_UDP_PAYLOAD - MAX_OVERHEAD]);
            while let Some((ssrc, info)) = &next
                && writer.fits_report(&self.cname)
            {
                writer.sender_report(*ssrc, info);
                writer.cname(*ssrc, &self.cname);
                next = reported.next();
            }
            let len = writer.len();
            let Ok(sealed) = outbound.seal_rtcp(room, len) else { return };
            outbox.commit(path, sealed);
        }
    }
}

/// What a receiver asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A packet again.
    Packet { line: usize, sequence: u16 },
    /// A key frame.
    KeyFrame { line: usize },
}
