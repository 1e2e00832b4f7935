//! One WHEP session: sends each of its lines what feeds it, again what was lost, and reports what was sent.

use std::time::Instant;

use crate::{
    clock::{Mapping, NtpClock},
    codec::Codec,
    command::{LessonKey, ParticipantKey, PeerId},
    limits::{MAX_DATAGRAM, MAX_PARAMETER_SET, REPORT_INTERVAL, RTX_BUDGET_FLOOR, RTX_BUDGET_PERCENT},
    line::{Line, Offered},
    outbox::Outbox,
    payload::{Entry, h264::ParameterSets},
    ring::Kept,
    rtcp::{Feedback, SenderInfo, Writer, read},
    rtp::FIXED_HEADER_LEN,
    sdp::SubscribePlan,
    srtp::MAX_OVERHEAD,
    track::TrackRef,
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
    next_report: Instant,
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

/// A packet of a source on its way to lines, with what a line may need to enter there.
pub(crate) struct Passing<'s> {
    pub(crate) track: TrackRef,
    pub(crate) codec: Codec,
    pub(crate) kept: Kept<'s>,
    pub(crate) entry: Entry,
    pub(crate) parameter_sets: &'s ParameterSets,
    pub(crate) mapping: Option<Mapping>,
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
            next_report: now + REPORT_INTERVAL,
        }
    }

    /// Sends a packet on one of its lines, if the line takes it. Returns the track the line left, if it changed.
    pub(crate) fn forward(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        line: usize,
        passing: &Passing<'_>,
        outbox: &mut Outbox,
    ) -> Option<TrackRef> {
        let entering = match self.lines[line].offer(passing.track, passing.kept.index, passing.entry) {
            Offered::Skipped => return None,
            // Nobody can receive yet: enter when they can, not before, or the key frame is lost.
            _ if self.transport.outbound().is_none() => return None,
            Offered::Forward => false,
            Offered::Enter => true,
        };
        let previous = entering.then(|| self.enter(now, clock, line, passing, outbox)).flatten();
        let (path, outbound) = self.transport.outbound()?;
        let line = &mut self.lines[line];
        let room = outbox.room();
        if let Some((len, index)) = line.write(now, &passing.kept, entering, room)
            && let Ok(sealed) = outbound.seal_rtp(room, len, FIXED_HEADER_LEN, line.spec.ssrc, index)
        {
            outbox.commit(path, sealed);
            self.budget.earn(sealed);
        }
        previous
    }

    /// Lets a line enter a new source: the sender report with the new mapping goes first, then parameter sets if the
    /// source's key frame comes without.
    fn enter(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        at: usize,
        passing: &Passing<'_>,
        outbox: &mut Outbox,
    ) -> Option<TrackRef> {
        let mut sets = [0; 2 * MAX_PARAMETER_SET + 8];
        let bare = passing.entry == Entry::AfterParameterSets;
        let sets_len = if bare { passing.parameter_sets.write(&mut sets) } else { None };
        let line = &mut self.lines[at];
        let previous = line.enter(now, passing.track, passing.codec, &passing.kept, u64::from(sets_len.is_some()));
        self.send_report(now, clock, at, passing.mapping, outbox);
        let line = &mut self.lines[at];
        let (path, outbound) = self.transport.outbound()?;
        if let Some(len) = sets_len {
            let room = outbox.room();
            if let Some((len, index)) = line.write_ahead(&passing.kept, &sets[..len], room)
                && let Ok(sealed) = outbound.seal_rtp(room, len, FIXED_HEADER_LEN, line.spec.ssrc, index)
            {
                outbox.commit(path, sealed);
            }
        }
        previous
    }

    /// Whether the line cannot take this codec, so that wanting it would wait forever.
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
        if !self.budget.spend(now, kept.payload.len() + FIXED_HEADER_LEN) {
            return false;
        }
        let Some((path, outbound)) = self.transport.outbound() else { return false };
        let room = outbox.room();
        let written = self.lines[line].write_again(sequence, kept, room);
        let sealed =
            written.and_then(|(len, ssrc, index)| outbound.seal_rtp(room, len, FIXED_HEADER_LEN, ssrc, index).ok());
        if let Some(len) = sealed {
            outbox.commit(path, len);
        }
        sealed.is_some()
    }

    /// Takes in one SRTCP packet; `asked` is called with each request it makes. `true` when it was authentic.
    pub(crate) fn receive_rtcp(&mut self, packet: &mut [u8], mut asked: impl FnMut(Asked)) -> bool {
        let Some(inbound) = self.transport.inbound() else { return false };
        let Ok(len) = inbound.open_rtcp(packet) else { return false };
        let lines = &mut self.lines;
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
                    lines[line].fraction_lost = Some(block.fraction_lost);
                }
            }
            Feedback::SenderReport { .. } | Feedback::Goodbye { .. } => {}
        });
        true
    }

    /// Worst fraction lost of its lines, of 256.
    pub(crate) fn fraction_lost(&self) -> Option<u8> {
        self.lines.iter().filter_map(|line| line.fraction_lost).max()
    }

    /// Whether its sender reports are due; schedules the next.
    pub(crate) fn report_due(&mut self, now: Instant) -> bool {
        let due = now >= self.next_report;
        if due {
            self.next_report = now + REPORT_INTERVAL;
        }
        due
    }

    /// Sends a sender report for a line whose source has a known clock.
    pub(crate) fn send_report(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        line: usize,
        mapping: Option<Mapping>,
        outbox: &mut Outbox,
    ) {
        let line = &self.lines[line];
        let rate = if line.spec.audio { 48_000 } else { 90_000 };
        let ntp = clock.ntp(now);
        let Some(rtp) = mapping.and_then(|mapping| line.outgoing_timestamp(mapping.rtp_at(ntp, rate))) else { return };
        let Some((path, outbound)) = self.transport.outbound() else { return };
        let room = outbox.room();
        let mut writer = Writer::new(&mut room[..MAX_DATAGRAM - MAX_OVERHEAD]);
        let info = SenderInfo { ntp, rtp, packets: line.packets, octets: line.octets };
        writer.sender_report(line.spec.ssrc, &info);
        writer.cname(line.spec.ssrc, &self.cname);
        let len = writer.len();
        if let Ok(sealed) = outbound.seal_rtcp(room, len) {
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
