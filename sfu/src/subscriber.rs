//! One WHEP session: sends each of its lines what feeds it, again what was lost, and reports what was sent.

use std::time::{Duration, Instant};

use crate::{
    allocation::{Pace, Part},
    bandwidth::{ClusterId, Estimator},
    clock::{Mapping, NtpClock},
    command::{Acknowledged, Given, LessonKey, ParticipantKey, PeerId, Shown},
    fanout::{FanoutRef, PACKET_OVERHEAD, Passing, Replay},
    ice::Path,
    limits::{
        CALM_HOLD_PERCENT, COUNT_INTERVAL, HOLD_PERCENT, MAX_COURSEWARE_DELAY, MAX_PACED_DELAY, MAX_PARAMETER_SET,
        MAX_REPLAY_DELAY, MAX_STILL_DELAY, MAX_UDP_PAYLOAD, RTX_BUDGET_CEILING_BPS, RTX_BUDGET_PERCENT,
    },
    line::{Line, Offered},
    line_figures::LineFigures,
    numbering::{Numbering, Probing},
    outbox::Outbox,
    outgoing::Written,
    pacer::{Paced, Pacer},
    payload::Entry,
    ring::{Kept, PacketRing},
    rtcp::{Feedback, SenderInfo, Writer, read},
    sdp::SubscribePlan,
    srtp::{MAX_OVERHEAD, Outbound},
    told::ToldEstimate,
    transport::Transport,
};

/// What every line is taken to carry, in bit/s: a voice.
const LEAST_BPS: u64 = 24_000;
/// What a line is taken to carry whose receiver tells nothing of it, in bit/s.
const UNKNOWN_BPS: u64 = 1 << 40;

/// Fraction lost from which on a line is lossy, of 256: 2 %.
const LOSSY_FROM: u8 = 5;
/// The same as a share.
const LOSSY_SHARE: f64 = 0.02;
/// Share of what it was, in percent, to which an estimate has to fall, or rise, for what is given to be worked out anew.
const FALLEN_PERCENT: u64 = 97;
const RISEN_PERCENT: u64 = 105;
/// Share of what is needed, in percent, from which on a line is so good that nothing depends on how good.
const SLOW_FROM_PERCENT: u64 = 220;
/// Share of what is needed, in percent, from which on a line is good enough; and time between two trials whether it is better.
const ENOUGH_PERCENT: u64 = 112;
const TRIAL_INTERVAL: Duration = Duration::from_secs(20);
/// Packets of a probe that leave in one go, at most.
const MAX_PROBE_PACKETS: u64 = 32;
/// Bytes from which on a packet is worth sending again as part of a probe.
const LEAST_PROBE_PAYLOAD: usize = 200;
/// Seconds of that which make a line lossy, and the most that are counted.
const LOSSY_SECONDS: u8 = 3;
const MOST_LOSSY_SECONDS: u8 = 15;
/// Time for which it then is, where nothing else is known of it.
const LOSSY_FOR: Duration = Duration::from_secs(20);
/// A round trip from which on a packet that is lost twice is missed.
const FAR: Duration = Duration::from_millis(100);
/// Bytes that may be sent again at once, however thin the line.
const RTX_LEAST_BYTES: u64 = 6000;
/// A receiver is strained whose pictures wait so long for their turn.
const STRAINED_FROM: Duration = Duration::from_millis(400);
/// Waiting for less than this on the way, packets meet a calm line.
const CALM_BELOW: Duration = Duration::from_millis(120);
/// What is given may be so much of what leaves, in percent, for a key frame to catch up; and the wait on the way from which on no
/// more leaves than is estimated.
const PACED_PERCENT: u64 = 108;
const DRAINS_FROM: Duration = Duration::from_millis(100);

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
    /// There once the receiver has told what its line carries.
    pacer: Option<Box<Pacer>>,
    /// Whether it may have missed what it was sent: its pictures go on with key frames, once these can leave.
    pub(crate) has_missed: bool,
    /// Whether so much is on the way to it that no picture begins.
    pub(crate) is_congested: bool,
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

/// Bytes that may still be sent again. Earned by time, as a share of what the line carries: a receiver that asks for everything
/// gets its share and no more.
struct RetransmissionBudget {
    bytes: u64,
    refilled: Instant,
}

impl RetransmissionBudget {
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

/// How long packets of a picture may have to wait: courseware is not to be looked in the eye, and its key frames are large.
fn longest_wait(part: Part) -> Duration {
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
            next_trial: now,
            estimate_bps: UNKNOWN_BPS,
            cname: plan.cname,
            budget: RetransmissionBudget { bytes: RTX_LEAST_BYTES, refilled: now },
            numbering,
            probing: None,
            allotted_bps: UNKNOWN_BPS,
            pacer: None,
            has_missed: false,
            is_congested: false,
            is_paced: false,
            sent: SentBytes { bytes: 0, since: now, bps: 0 },
            told: None,
            shed: 0,
            counted_at: None,
        }
    }

    /// What its line carries, in bit/s, as far as is known.
    pub(crate) fn estimate_bps(&self) -> u64 {
        self.estimate_bps
    }

    /// Whether it reports again since this was asked last, after a silence in which something was lost.
    pub(crate) fn take_returned(&mut self) -> bool {
        self.numbering.estimator.as_mut().is_some_and(|estimator| estimator.take_returned())
    }

    /// Its round trip when nothing waits on the way.
    pub(crate) fn least_rtt(&self) -> Option<Duration> {
        self.numbering.estimator.as_ref()?.least_rtt()
    }

    /// What is known of its line.
    pub(crate) fn line_figures(&self, now: Instant) -> LineFigures {
        let estimator = self.numbering.estimator.as_deref();
        LineFigures {
            estimate_bps: Some(self.known_bps(now).0).filter(|&bps| bps < UNKNOWN_BPS),
            needs_bps: self.needs_bps,
            given_bps: self.given_bps,
            sent_bps: self.sent.bps,
            rtt: estimator.and_then(|estimator| estimator.rtt()),
            queue: estimator.map_or(Duration::ZERO, |estimator| estimator.queue_delay()),
            loss: estimator.map_or(0.0, |estimator| estimator.loss()),
        }
    }

    /// Works out anew what its line carries.
    pub(crate) fn estimate(&mut self, now: Instant) -> u64 {
        self.estimate_bps = self.known_bps(now).0;
        self.allotted_bps = self.estimate_bps;
        self.held_percent = self.hold_percent();
        self.was_lossy = self.is_lossy(now);
        self.estimate_bps
    }

    /// How much more than its line is estimated to carry it may keep, in percent: less where its pictures wait, here or on the
    /// way.
    pub(crate) fn hold_percent(&self) -> u64 {
        let is_calm = |estimator: &Estimator| estimator.newest_delay().max(estimator.queue_delay()) < CALM_BELOW;
        match (&self.pacer, &self.numbering.estimator) {
            (Some(pacer), _) if pacer.backlog() >= STRAINED_FROM => 0,
            (_, Some(estimator)) if is_calm(estimator) => CALM_HOLD_PERCENT,
            _ => HOLD_PERCENT,
        }
    }

    /// Paces its pictures by what its line carries: by what it is given, where that is a little more and nothing waits on the way.
    fn set_pace(&mut self, now: Instant) {
        let bps = self.known_bps(now).1;
        let mut most = bps;
        if let Some(estimator) = &self.numbering.estimator {
            self.pacer.get_or_insert_with(|| Box::new(Pacer::new(now)));
            if estimator.newest_delay().min(estimator.queue_delay()) < DRAINS_FROM {
                most = most.max((self.given_bps * PACED_PERCENT / 100).min(bps * (100 + CALM_HOLD_PERCENT) / 100));
            }
        }
        if let Some(pacer) = &mut self.pacer {
            pacer.set_rate(bps, most, self.voices_bps);
        }
    }

    /// The same; without a bound as long as that is a guess.
    pub(crate) fn proven_bps(&self) -> u64 {
        let is_guess = self.numbering.estimator.as_ref().is_some_and(|estimator| !estimator.is_proven());
        if is_guess { UNKNOWN_BPS } else { self.estimate_bps }
    }

    /// Whether much of what it is sent has been lost lately.
    pub(crate) fn is_lossy(&self, now: Instant) -> bool {
        match &self.numbering.estimator {
            Some(estimator) if estimator.rtt().is_some() => self.lossy_seconds >= LOSSY_SECONDS,
            _ => self.lost.is_some_and(|at| now.saturating_duration_since(at) < LOSSY_FOR),
        }
    }

    /// Notes what it could use, were its line good enough, and what of that it is given as voices and as pictures, in bit/s.
    pub(crate) fn note_needs(&mut self, now: Instant, bps: u64, (voices, pictures): (u64, u64)) {
        (self.needs_bps, self.given_bps, self.voices_bps) = (bps, voices + pictures, voices);
        self.set_pace(now);
        let Some(estimator) = &mut self.numbering.estimator else { return };
        let enough = bps * ENOUGH_PERCENT / 100;
        // A line that is much better takes no pacing. Whether it is is tried now and then, for the trial is a burst.
        let is_tried = estimator.estimate_bps() >= enough && now >= self.next_trial;
        if is_tried {
            self.next_trial = now + TRIAL_INTERVAL;
        }
        estimator.want(if is_tried { bps * SLOW_FROM_PERCENT / 100 } else { enough });
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
        self.lines[line].choose(chosen);
        if let Some(pacer) = &mut self.pacer {
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
        if passing.codec.is_video() && self.pacer.as_ref().is_some_and(|pacer| pacer.holds(self.sent.bps)) {
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
        if !pacer.has_room_for(1, if is_left_out { 0 } else { len }, longest_wait(self.lines[line].part)) {
            pacer.clear(line);
            self.lines[line].leave();
            self.shed += 1;
        } else {
            let (index, timestamp, level) = (kept.index, kept.timestamp, kept.layer.level);
            pacer.push(now, Paced { line, from, index, timestamp, level, len, is_still: false, is_left_out });
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
        if !is_new || pacer.has_line(line) || !pacer.has_room_for_still(packets, still.bytes, MAX_STILL_DELAY) {
            return false;
        }
        self.lines[line].begin_still((from, still.first));
        for index in still.first..=still.last {
            let packet = Paced::whole(line, from, index, len(index) + PACKET_OVERHEAD);
            pacer.push(now, Paced { is_still: true, ..packet });
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
            || !pacer.has_room_for(packets, replay.bytes, MAX_REPLAY_DELAY)
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

    /// Looks after its estimator. Whether what it is given is to be worked out anew.
    pub(crate) fn estimate_timeout(&mut self, now: Instant) -> bool {
        let is_other = self.is_lossy(now) != self.was_lossy;
        let Some(estimator) = &mut self.numbering.estimator else { return is_other };
        estimator.handle_timeout(now);
        if self.probing.is_none() {
            self.probing = estimator.poll_probe(now).map(|probe| Probing::new(probe, now));
        }
        self.set_pace(now);
        // It may keep less than it could, or more, of what it has beyond its estimate.
        let keeps_other = self.given_bps > self.allotted_bps && self.hold_percent() != self.held_percent;
        is_other || keeps_other || self.has_moved(now)
    }

    /// Whether its line carries so much less, or more where more is of use, than when it was last allotted.
    pub(crate) fn has_moved(&self, now: Instant) -> bool {
        let (bps, then) = (self.known_bps(now).0, self.allotted_bps);
        let enough = self.needs_bps * SLOW_FROM_PERCENT / 100;
        let has_enough = then >= enough && bps >= enough;
        !has_enough && (bps * 100 < then * FALLEN_PERCENT || bps * 100 > then * RISEN_PERCENT)
    }

    /// Looks whether too much is on the way to it. Whether that is over now.
    pub(crate) fn has_relief(&mut self) -> bool {
        let is_congested = self.numbering.estimator.as_ref().is_some_and(|estimator| estimator.is_congested());
        if let Some(pacer) = &mut self.pacer {
            pacer.hold(is_congested);
        }
        std::mem::replace(&mut self.is_congested, is_congested) && !is_congested
    }

    /// What its line carries, in bit/s: for choosing what it is given, and for pacing that.
    fn known_bps(&self, now: Instant) -> (u64, u64) {
        let (to_give, to_pace) = match (&self.numbering.estimator, self.told) {
            (Some(estimator), _) => (estimator.estimate_bps(), estimator.estimate_bps()),
            (None, Some(told)) => (told.budget_bps(now), told.bps()),
            (None, None) => (UNKNOWN_BPS, UNKNOWN_BPS),
        };
        (to_give.clamp(LEAST_BPS, UNKNOWN_BPS), to_pace)
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

    /// Takes in one SRTCP packet; `asked` is called with each request it makes. `true` when it was authentic.
    pub(crate) fn receive_rtcp(&mut self, now: Instant, packet: &mut [u8], mut asked: impl FnMut(Asked)) -> bool {
        let Some(inbound) = self.transport.inbound() else { return false };
        let Ok(len) = inbound.open_rtcp(packet) else { return false };
        let Self { lines, pacer, told, lost, numbering, .. } = self;
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
                    estimator.handle_feedback(now, &wide);
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

    /// Works out what it is sent, from what was sent since the last call.
    pub(crate) fn measure(&mut self, now: Instant) {
        let is_lossy = self.numbering.estimator.as_ref().is_some_and(|estimator| estimator.loss() >= LOSSY_SHARE);
        self.lossy_seconds = if is_lossy {
            (self.lossy_seconds + 1).min(MOST_LOSSY_SECONDS)
        } else {
            self.lossy_seconds.saturating_sub(1)
        };
        let elapsed = now.saturating_duration_since(self.sent.since).as_millis().max(1) as u64;
        self.sent = SentBytes { bytes: 0, since: now, bps: self.sent.bytes * 8000 / elapsed };
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
