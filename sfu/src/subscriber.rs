//! One WHEP session: sends each of its lines what feeds it, and reports what was sent. What is known of its line is apart, and so is
//! what it is sent again.

mod again;
mod caution;
mod estimate;

use std::time::{Duration, Instant};

use again::RetransmissionBudget;
use caution::Caution;

use crate::{
    allocation::{Pace, Part},
    clock::{Mapping, NtpClock},
    command::{Acknowledged, Given, LessonKey, ParticipantKey, PeerId, Shown},
    fanout::{FanoutRef, PACKET_OVERHEAD, Passing, Replay},
    ice::Path,
    limits::{
        COUNT_INTERVAL, MAX_COURSEWARE_DELAY, MAX_PACED_DELAY, MAX_PARAMETER_SET, MAX_REPLAY_DELAY, MAX_STILL_DELAY,
        MAX_UDP_PAYLOAD,
    },
    line::{Line, Offered},
    numbering::{Numbering, Probing},
    outbox::Outbox,
    outgoing::Written,
    pacer::{Paced, Pacer},
    payload::Entry,
    ring::Kept,
    rtcp::{Feedback, SenderInfo, Writer, read},
    sdp::SubscribePlan,
    srtp::{MAX_OVERHEAD, Outbound},
    told::ToldEstimate,
    transport::Transport,
};

/// What a line is taken to carry whose receiver tells nothing of it, in bit/s.
const UNKNOWN_BPS: u64 = 1 << 40;
/// Fraction lost from which on a line is lossy, of 256: 2 %.
const LOSSY_FROM: u8 = 5;

/// A receiving session.
pub(crate) struct Subscriber {
    pub(crate) peer: PeerId,
    pub(crate) lesson: LessonKey,
    pub(crate) participant: ParticipantKey,
    pub(crate) transport: Transport,
    pub(crate) lines: Vec<Line>,
    /// What was last told of its loss, of 256; none before the first report.
    pub(crate) told_loss: Option<u8>,
    /// What it is given of each picture, and what was last told of that.
    pub(crate) given: Vec<Given>,
    told_given: Vec<Given>,
    /// When a report last told of much that was lost.
    lost: Option<Instant>,
    /// Seconds in which much was lost, less those in which little was: a queue that overflows once makes no lossy line.
    lossy_seconds: u8,
    /// What it could use, in bit/s; what of that it is given, and its voices among that.
    needs_bps: u64,
    given_bps: u64,
    voices_bps: u64,
    /// How much more than its estimate it was allowed to keep when it was last allotted, in percent.
    held_percent: u64,
    /// Whether it was lossy then.
    was_lossy: bool,
    /// Its estimate, since when it has been about that, and whether that was long when it was last allotted.
    steady_bps: u64,
    steady_since: Instant,
    was_steady: bool,
    caution: Caution,
    /// When its line is next tried for being much better than that.
    next_trial: Instant,
    /// What its line carries, in bit/s.
    estimate_bps: u64,
    cname: String,
    budget: RetransmissionBudget,
    numbering: Numbering,
    /// A probe under way.
    probing: Option<Probing>,
    /// The estimate by which it was last allotted what it is given.
    allotted_bps: u64,
    /// Whether it may need less by that than the time before.
    has_fallen: bool,
    /// There once the receiver has told what its line carries.
    pacer: Option<Box<Pacer>>,
    /// Whether it may have missed what it was sent: its pictures go on with key frames, once these can leave.
    pub(crate) has_missed: bool,
    /// Whether so much is on the way to it that no picture begins.
    pub(crate) is_congested: bool,
    /// Whether that was about to be over when it was last looked at.
    was_relief_soon: bool,
    /// Whether the shard knows that packets wait in the pacer.
    is_paced: bool,
    sent: SentBytes,
    /// Its own estimate of its line, where it tells one.
    told: Option<ToldEstimate>,
    /// Times its pictures were shed because too much of them waited.
    pub(crate) shed: u64,
    /// When it was last told what arrived; none where that counts for nobody.
    counted_at: Option<Instant>,
}

/// How much is sent, for telling a slow line.
struct SentBytes {
    bytes: u64,
    since: Instant,
    bps: u64,
}

/// How long packets of a picture may have to wait: courseware is not to be looked in the eye, and its key frames are large.
pub(crate) fn longest_wait(part: Part) -> Duration {
    if part == Part::Courseware { MAX_COURSEWARE_DELAY } else { MAX_PACED_DELAY }
}

/// Seals what was written at the start of the outbox's room and sends it. Returns the sealed length, 0 if it did not go.
fn seal(outbox: &mut Outbox, to: Path, outbound: &Outbound, written: &Written) -> usize {
    let Written { len, header_len, ssrc, index, .. } = *written;
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
        let numbering = Numbering::new(&plan, now);
        Self {
            peer: ids.0,
            lesson: ids.1,
            participant: ids.2,
            transport,
            lines: plan.lines.into_iter().map(Line::new).collect(),
            told_loss: None,
            given: Vec::new(),
            told_given: Vec::new(),
            lost: None,
            lossy_seconds: 0,
            needs_bps: 0,
            given_bps: 0,
            voices_bps: 0,
            held_percent: 0,
            was_lossy: false,
            steady_bps: UNKNOWN_BPS,
            steady_since: now,
            was_steady: false,
            caution: Caution::default(),
            next_trial: now,
            estimate_bps: UNKNOWN_BPS,
            cname: plan.cname,
            budget: RetransmissionBudget::new(now),
            numbering,
            probing: None,
            allotted_bps: UNKNOWN_BPS,
            has_fallen: false,
            pacer: None,
            has_missed: false,
            is_congested: false,
            was_relief_soon: false,
            is_paced: false,
            sent: SentBytes { bytes: 0, since: now, bps: 0 },
            told: None,
            shed: 0,
            counted_at: None,
        }
    }

    /// What it is given, if that has changed since it was last told.
    pub(crate) fn take_given(&mut self) -> Option<Vec<Given>> {
        if self.given == self.told_given {
            return None;
        }
        self.told_given.clone_from(&self.given);
        Some(self.given.clone())
    }

    /// Takes in how large its pictures are shown.
    pub(crate) fn show(&mut self, pictures: &[Shown]) {
        let lines = self.lines.iter_mut().filter(|line| !line.spec.audio);
        lines.zip(pictures).for_each(|(line, &shown)| line.shown = Some(shown));
    }

    /// Sets which layer one of its pictures is given and how.
    pub(crate) fn choose(&mut self, line: usize, chosen: Option<(u8, Pace)>) {
        let had_stills = self.lines[line].sends_stills();
        self.lines[line].choose(chosen);
        if let Some(pacer) = &mut self.pacer {
            // What waits of one is nothing to the other.
            if self.lines[line].sends_stills() != had_stills {
                pacer.clear(line);
            }
            pacer.thin(line, self.lines[line].target(), self.lines[line].under_way());
        }
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
        if self.lines[line].sends_stills() {
            return None;
        }
        if passing.codec.is_video() && self.pacer.as_ref().is_some_and(|pacer| pacer.holds(self.paced_bps())) {
            passing.packets.iter().for_each(|kept| self.pace(now, line, passing.from, kept));
            return None;
        }
        let mut left = None;
        for kept in passing.packets {
            left = self.forward_one(now, clock, line, (passing, kept), outbox).or(left);
        }
        left
    }

    /// Lets a packet wait for its turn, or sheds what waits if that is too much.
    fn pace(&mut self, now: Instant, line: usize, from: FanoutRef, kept: &Kept<'_>) {
        let Some(pacer) = &mut self.pacer else { return };
        let offered = self.lines[line].offer(from, kept.index, kept.entry);
        if kept.entry != Entry::No {
            self.lines[line].has_missed = false;
        }
        // What would wait is not begun: there will be a newer key frame.
        if offered == Offered::Enter && self.is_congested && !pacer.has(line, from) {
            return;
        }
        // Behind a key frame that waits there, its followers wait too.
        if offered == Offered::Skipped && !pacer.has(line, from) {
            return;
        }
        // What is left out takes nothing of the line. It waits with the rest all the same, for its number is decided on in order.
        let is_left_out = self.lines[line].is_to_leave_out(kept);
        let len = kept.payload.len() + PACKET_OVERHEAD;
        let bytes = if is_left_out { 0 } else { len };
        if !pacer.has_room_for(line, (1, bytes), longest_wait(self.lines[line].part)) {
            pacer.clear(line);
            self.lines[line].leave();
            self.shed += 1;
        } else {
            let (index, timestamp, level) = (kept.index, kept.timestamp, kept.layer.level);
            pacer.push(now, Paced { line, from, index, timestamp, level, len, is_left_out });
        }
    }

    /// Gives a line that carries no more than stills the newest, if it has had it not yet and nothing waits for it. Whether it
    /// does.
    pub(crate) fn give_still(
        &mut self,
        now: Instant,
        line: usize,
        (from, still): (FanoutRef, Replay),
        len: impl Fn(u64) -> usize,
    ) -> bool {
        let pacer = self.pacer.get_or_insert_with(|| Box::new(Pacer::new(now)));
        let packets = (still.first..=still.last).count();
        let is_new = self.lines[line].last_still != Some((from, still.first));
        if !is_new || pacer.has_line(line) || !pacer.has_room_for(line, (packets, still.bytes), MAX_STILL_DELAY) {
            return false;
        }
        self.lines[line].begin_still((from, still.first));
        for index in still.first..=still.last {
            pacer.push(now, Paced::whole(line, from, index, len(index) + PACKET_OVERHEAD));
        }
        true
    }

    /// Gives a line whose picture has not begun the newest key frame with what followed, as far as its line carries that in
    /// time. Whether it does.
    pub(crate) fn replay(
        &mut self,
        now: Instant,
        line: usize,
        from: FanoutRef,
        replay: Replay,
        len: impl Fn(u64) -> usize,
    ) -> bool {
        let pacer = self.pacer.get_or_insert_with(|| Box::new(Pacer::new(now)));
        let packets = (replay.first..=replay.last).count();
        if self.lines[line].current().is_some()
            || pacer.has(line, from)
            || !pacer.has_room_for(line, (packets, replay.bytes), MAX_REPLAY_DELAY)
        {
            return false;
        }
        self.lines[line].replayed = Some((from, replay.live_from));
        for index in replay.first..=replay.last {
            pacer.push(now, Paced::whole(line, from, index, len(index) + PACKET_OVERHEAD));
        }
        true
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
        let (number, padding) = (self.numbering.next(), passing.padding(kept));
        if let Some(written) = line.write(now, (kept, passing.ring), number, padding, outbox.room()) {
            let sealed = seal(outbox, path, outbound, &written);
            self.numbering.sent(now, &written, sealed, None);
            self.sent.bytes += sealed as u64;
        }
        left
    }

    /// Lets a voice that has ended fade away at the receiver.
    pub(crate) fn send_silence(&mut self, now: Instant, line: usize, outbox: &mut Outbox) {
        let Some((path, outbound)) = self.transport.outbound() else { return };
        if let Some(written) = self.lines[line].write_silence(now, self.numbering.next(), outbox.room()) {
            let sealed = seal(outbox, path, outbound, &written);
            self.numbering.sent(now, &written, sealed, None);
        }
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
        let left = line.enter(now, (passing.from, passing.mapping), passing.codec, kept, u64::from(sets_len.is_some()));
        self.send_reports(now, clock, at..at + 1, |_| passing.mapping, outbox);
        let (path, outbound) = self.transport.outbound()?;
        let sets = &sets[..sets_len.unwrap_or(0)];
        if !sets.is_empty()
            && let Some(written) = self.lines[at].write_ahead(kept, sets, self.numbering.next(), outbox.room())
        {
            let sealed = seal(outbox, path, outbound, &written);
            self.numbering.sent(now, &written, sealed, None);
        }
        left
    }

    /// Takes in one SRTCP packet; `asked` is called with each request it makes. `true` when it was authentic.
    pub(crate) fn receive_rtcp(&mut self, now: Instant, packet: &mut [u8], mut asked: impl FnMut(Asked)) -> bool {
        let Some(inbound) = self.transport.inbound() else { return false };
        let Ok(len) = inbound.open_rtcp(packet) else { return false };
        let Self { lines, pacer, told, lost, numbering, has_missed, .. } = self;
        let sent_bps = self.sent.bps;
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
                    if block.fraction_lost >= LOSSY_FROM {
                        *lost = Some(now);
                    }
                }
            }
            Feedback::Estimate { bps } => {
                pacer.get_or_insert_with(|| Box::new(Pacer::new(now)));
                told.get_or_insert_default().told(now, bps, sent_bps);
            }
            Feedback::TransportWide(wide) => {
                if let Some(estimator) = &mut numbering.estimator {
                    *has_missed |= estimator.handle_feedback(now, &wide);
                }
            }
            Feedback::SenderReport { .. } | Feedback::Goodbye { .. } => {}
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

    /// Forgets what waits of a stream that this line takes no more.
    pub(crate) fn forget_paced(&mut self, line: usize, from: FanoutRef) {
        if let Some(pacer) = &mut self.pacer {
            pacer.forget(line, from);
        }
    }

    /// When its pacer or a probe lets the first packets go, if the shard does not know yet that some wait.
    pub(crate) fn newly_paced(&mut self) -> Option<Instant> {
        if self.is_paced {
            return None;
        }
        self.still_paced()
    }

    /// When its pacer lets the next packets go; none when nothing waits any more.
    pub(crate) fn still_paced(&mut self) -> Option<Instant> {
        let pacer = self.pacer.as_ref().and_then(|pacer| pacer.due());
        let probe = self.probing.and_then(|probing| probing.due());
        let due = pacer.into_iter().chain(probe).min();
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
        packet: &Paced,
        passing: &Passing<'_>,
        outbox: &mut Outbox,
    ) -> Option<FanoutRef> {
        let kept = passing.packets.first()?;
        let before = self.sent.bytes;
        let left = self.forward_one(now, clock, packet.line, (passing, kept), outbox);
        if let Some(pacer) = self.pacer.as_mut().filter(|_| self.lines[packet.line].is_thinned()) {
            pacer.settle(packet, self.sent.bytes > before);
        }
        left
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
        let mut reported = self.lines[lines].iter_mut().filter_map(|line| {
            let rtp = line.report(ntp, mapping(line.current()?)?)?;
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
