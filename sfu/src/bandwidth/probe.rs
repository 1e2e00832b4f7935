//! Short bursts above the estimate that show whether the line carries more. Without them a receiver that is sent a thin
//! picture never learns that it could have a better one.
//!
//! What makes a measurement valid is libwebrtc's. When to measure is ours: a burst is a few packets, so it may come every few
//! seconds for as long as the receiver has use for more.

use std::num::NonZeroU8;

use super::Usage;

/// Names a probe; reused after 255 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterId(NonZeroU8);

/// A burst to be sent now: at least this many packets and bytes of padding or of repeated packets, evenly at this rate,
/// beside the media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// What its packets are to be marked with when they are noted as sent.
    pub cluster: ClusterId,
    /// Rate in bit/s.
    pub bps: u64,
    /// Packets, at least.
    pub packets: usize,
    /// Bytes, at least.
    pub bytes: usize,
}

/// Packets and time a probe lasts at least: fewer measure chance.
const PACKETS: usize = 5;
const SECONDS: f64 = 0.025;
/// Longer than from one picture to the next, where these count: beside media that is as much as allowed, or that of others who share a
/// line. One that carries less than this, in bit/s, is rarely shared, and its voice would wait behind the probe; a line of which
/// nothing is known yet counts as shared.
const SECONDS_AMONG_PICTURES: f64 = 0.05;
const SHARED_FROM: f64 = 300_000.0;
/// Bytes of a probe, at least and at most.
const LEAST_BYTES: usize = 500;
const MOST_BYTES: usize = 20_000;
/// A probe aims at this many times the estimate where less is sent than allowed, and where as much is: there the media itself
/// fills the line.
const AIM: f64 = 3.0;
const AIM_WHEN_FULL: f64 = 2.0;
/// And at this many times the result of one that succeeded, at once.
const NEXT_AIM: f64 = 2.0;
/// But at no more than this share of what is wanted: a little more, for a probe finds a little less than it aims at.
const MOST_AIM: f64 = 1.1;
/// A probe succeeded that found this share of its aim, and this many times what was estimated.
const SUCCESS: f64 = 0.7;
const PROGRESS: f64 = 1.1;
/// It proves no more than this many times its aim: what left at once arrives at once, and says nothing of a stream.
const MOST_FOUND: f64 = 1.25;
/// Time between probes that fail, in µs: at first, and where doubling ends.
const FIRST_PAUSE_US: i64 = 1_000_000;
const LONGEST_PAUSE_US: i64 = 2_500_000;
/// After one that proved nothing either way, in µs.
const VOID_PAUSE_US: i64 = 1_500_000;
/// No probe comes this soon after the estimate was lowered, in µs.
const AFTER_DROP_US: i64 = 1_000_000;
/// A rate that a probe found, and that fell this soon after it, in µs, below this share of itself, was not there: a policer
/// lets a burst pass and not a stream. One overuse alone leaves 85 % of what arrives.
const TRIAL_US: i64 = 5_000_000;
const FOUND_FALSE: f64 = 0.68;
/// Time without probes for that share of it or more, in µs: at first, and where doubling ends. It would be a picture that comes
/// and goes.
const FIRST_PENALTY_US: i64 = 2_500_000;
const LONGEST_PENALTY_US: i64 = 10_000_000;
/// Time without probes after a silence, in µs: what was held up meanwhile comes first.
const AFTER_SILENCE_US: i64 = 300_000;
/// Fallen below this share of itself, an estimate is soon looked after.
const LARGE_DROP: f64 = 0.66;
/// With a queue longer than this, in µs, the answer is known.
const MOST_QUEUE_US: i64 = 60_000;
/// Time until a probe is judged by what is known of it, in µs.
const DEADLINE_US: i64 = 2_000_000;
/// Share of packets and of bytes that must arrive.
const LEAST_ARRIVED: f64 = 0.8;
/// Arriving at more than this many times the rate they left at, packets were held up and let go together.
const MOST_COMPRESSED: f64 = 2.0;
/// Arriving below this share of the rate they left at, they filled the line; this share of it is left to drain them.
const UNFILLED: f64 = 0.9;
const DRAINING: f64 = 0.95;
/// Longest time a probe spreads over, in µs.
const LONGEST_US: i64 = 1_000_000;

/// What a probe proved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Proof {
    /// A rate that the line carries, in bit/s; zero when that is only known to be less than was aimed at.
    pub(super) bps: f64,
    /// Whether it carries no more.
    pub(super) is_limit: bool,
}

/// First and last of packets, in time.
#[derive(Debug, Clone, Copy)]
struct Span {
    first_us: i64,
    first_bytes: u16,
    last_us: i64,
    last_bytes: u16,
}

impl Span {
    fn of(at_us: i64, bytes: u16) -> Self {
        Self { first_us: at_us, first_bytes: bytes, last_us: at_us, last_bytes: bytes }
    }

    fn add(&mut self, at_us: i64, bytes: u16) {
        if at_us < self.first_us {
            (self.first_us, self.first_bytes) = (at_us, bytes);
        }
        if at_us >= self.last_us {
            (self.last_us, self.last_bytes) = (at_us, bytes);
        }
    }

    fn seconds(&self) -> Option<f64> {
        let us = self.last_us - self.first_us;
        (1..=LONGEST_US).contains(&us).then(|| us as f64 / 1e6)
    }
}

#[derive(Debug)]
struct Cluster {
    probe: Probe,
    begun_us: i64,
    /// What it aims at, with the media beside it, and what was estimated before, in bit/s.
    aim: f64,
    estimate: f64,
    /// Whether as much media was sent as allowed.
    is_full: bool,
    /// What is still to leave.
    packets_left: usize,
    bytes_left: usize,
    last_index: Option<u64>,
    /// What has arrived.
    packets: usize,
    bytes: u64,
    departures: Option<Span>,
    arrivals: Option<Span>,
}

impl Cluster {
    fn has_left(&self) -> bool {
        self.packets_left == 0 && self.bytes_left == 0
    }

    fn proof(&self) -> Option<Proof> {
        let (departures, arrivals) = (self.departures?, self.arrivals?);
        let least = |wanted: usize| wanted as f64 * LEAST_ARRIVED;
        if (self.packets as f64) < least(self.probe.packets) || (self.bytes as f64) < least(self.probe.bytes) {
            return None;
        }
        // The last packet takes its time after it left, the first took it before it arrived.
        let most = MOST_FOUND * self.aim;
        let sent = (self.bytes - u64::from(departures.last_bytes)) as f64 * 8.0 / departures.seconds()?;
        let received = (self.bytes - u64::from(arrivals.first_bytes)) as f64 * 8.0 / arrivals.seconds()?;
        if received > MOST_COMPRESSED * sent {
            return None;
        }
        match received < UNFILLED * sent {
            // Beside media that fills the line, a probe takes from whoever shares it: it proves nothing.
            true if self.is_full => Some(Proof { bps: 0.0, is_limit: false }),
            true => Some(Proof { bps: (DRAINING * received).min(most), is_limit: true }),
            false => Some(Proof { bps: received.min(sent).min(most), is_limit: false }),
        }
    }
}

/// What it is decided by whether to probe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    pub(super) now_us: i64,
    /// The estimate and what the receiver has use for, in bit/s.
    pub(super) estimate: f64,
    pub(super) want: f64,
    /// The arriving rate in bit/s.
    pub(super) acked: Option<f64>,
    pub(super) usage: Usage,
    pub(super) queue_us: i64,
}

/// Decides on probes and measures them, one at a time.
#[derive(Debug)]
pub(super) struct Prober {
    next: NonZeroU8,
    current: Option<Cluster>,
    due_us: i64,
    pause_us: i64,
    penalty_us: i64,
    /// Until when no probe aims above what rate, after one that was not there, in µs and bit/s.
    doubted_until_us: i64,
    doubted: f64,
    /// When a probe last raised the estimate, in µs, and to what, in bit/s.
    raised: Option<(i64, f64)>,
    /// Whether the last one succeeded, and the next builds on it.
    climbs: bool,
}

impl Prober {
    pub(super) fn new(now_us: i64) -> Self {
        let next = NonZeroU8::MIN;
        Self {
            next,
            current: None,
            due_us: now_us,
            pause_us: FIRST_PAUSE_US,
            penalty_us: FIRST_PENALTY_US,
            doubted_until_us: now_us,
            doubted: 0.0,
            raised: None,
            climbs: false,
        }
    }

    /// The next probe, when it is time for one.
    pub(super) fn poll(&mut self, situation: &Situation) -> Option<Probe> {
        let &Situation { now_us, estimate, want, acked, usage, queue_us } = situation;
        let want = if now_us < self.doubted_until_us { want.min(self.doubted) } else { want };
        let is_full = acked.is_some_and(|acked| acked > super::APP_LIMITED * estimate);
        let useful = estimate < want && usage == Usage::Normal && queue_us < MOST_QUEUE_US;
        if self.current.is_some() || now_us < self.due_us || !useful {
            return None;
        }
        let times = match (is_full, self.climbs) {
            (true, _) => AIM_WHEN_FULL,
            (false, true) => NEXT_AIM,
            (false, false) => AIM,
        };
        let aim = (MOST_AIM * want).min(times * estimate);
        let bps = if is_full { (aim - estimate).max(estimate / 4.0) } else { aim };
        let seconds = if is_full || estimate >= SHARED_FROM { SECONDS_AMONG_PICTURES } else { SECONDS };
        let bytes = ((bps * seconds / 8.0) as usize).clamp(LEAST_BYTES, MOST_BYTES);
        let probe = Probe { cluster: ClusterId(self.next), bps: bps as u64, packets: PACKETS, bytes };
        self.next = self.next.checked_add(1).unwrap_or(NonZeroU8::MIN);
        self.current = Some(Cluster {
            probe,
            begun_us: now_us,
            aim,
            estimate,
            is_full,
            packets_left: PACKETS,
            bytes_left: bytes,
            last_index: None,
            packets: 0,
            bytes: 0,
            departures: None,
            arrivals: None,
        });
        Some(probe)
    }

    /// Which probe a packet that leaves now belongs to: media among its packets does too, for it fills the line with them.
    pub(super) fn belongs(&mut self, marked: Option<ClusterId>, bytes: u16) -> Option<ClusterId> {
        let cluster = self.current.as_mut().filter(|cluster| !cluster.has_left())?;
        let id = cluster.probe.cluster;
        if marked == Some(id) {
            cluster.packets_left = cluster.packets_left.saturating_sub(1);
            cluster.bytes_left = cluster.bytes_left.saturating_sub(usize::from(bytes));
        } else if cluster.last_index.is_none() {
            return None;
        }
        Some(id)
    }

    /// A packet of the probe left, with this extended number.
    pub(super) fn left(&mut self, index: u64) {
        if let Some(cluster) = &mut self.current {
            cluster.last_index = Some(index);
        }
    }

    /// A packet of a probe arrived.
    pub(super) fn arrived(&mut self, id: ClusterId, sent_us: i64, arrival_us: i64, bytes: u16) {
        let Some(cluster) = self.current.as_mut().filter(|cluster| cluster.probe.cluster == id) else { return };
        cluster.packets += 1;
        cluster.bytes += u64::from(bytes);
        cluster.departures.get_or_insert(Span::of(sent_us, bytes)).add(sent_us, bytes);
        cluster.arrivals.get_or_insert(Span::of(arrival_us, bytes)).add(arrival_us, bytes);
    }

    /// Judges the probe once all of it is told of, up to the extended number `told`, or its time is over. Returns what it
    /// proves.
    pub(super) fn judge(&mut self, now_us: i64, told: Option<u64>) -> Option<Proof> {
        let cluster = self.current.as_ref()?;
        let is_told = cluster.has_left() && told >= cluster.last_index;
        if !is_told && now_us - cluster.begun_us < DEADLINE_US {
            return None;
        }
        let proof = cluster.proof();
        let least = (SUCCESS * cluster.aim).max(PROGRESS * cluster.estimate);
        let succeeded = proof.is_some_and(|proof| proof.bps >= least);
        self.current = None;
        self.climbs = succeeded;
        match proof {
            Some(_) if succeeded => self.due_us = now_us,
            Some(_) => self.fail(now_us),
            None => self.due_us = self.due_us.max(now_us + VOID_PAUSE_US),
        }
        proof
    }

    fn fail(&mut self, now_us: i64) {
        self.due_us = self.due_us.max(now_us + self.pause_us);
        self.pause_us = (2 * self.pause_us).min(LONGEST_PAUSE_US);
    }

    /// A probe raised the estimate to this, in bit/s.
    pub(super) fn raised(&mut self, now_us: i64, bps: f64) {
        if self.raised.replace((now_us, bps)).is_some_and(|(at, _)| now_us - at >= TRIAL_US) {
            self.penalty_us = FIRST_PENALTY_US;
        }
    }

    /// The estimate was lowered.
    pub(super) fn lowered(&mut self, now_us: i64, before: f64, after: f64) {
        self.climbs = false;
        let is_false = |&mut (at, bps): &mut (i64, f64)| now_us - at < TRIAL_US && after < FOUND_FALSE * bps;
        if let Some((_, bps)) = self.raised.take_if(is_false) {
            (self.doubted_until_us, self.doubted) = (now_us + self.penalty_us, FOUND_FALSE * bps);
            self.penalty_us = (2 * self.penalty_us).min(LONGEST_PENALTY_US);
        } else if after < LARGE_DROP * before {
            self.pause_us = FIRST_PAUSE_US;
        }
        self.due_us = self.due_us.max(now_us + AFTER_DROP_US);
    }

    /// The receiver is back after a silence: probing starts over.
    pub(super) fn restart(&mut self, now_us: i64) {
        *self = Self { next: self.next, ..Self::new(now_us + AFTER_SILENCE_US) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation(now_us: i64, estimate: f64, want: f64) -> Situation {
        Situation { now_us, estimate, want, acked: None, usage: Usage::Normal, queue_us: 0 }
    }

    /// Sends a probe in packets of 200 bytes; they arrive at no more than `line` bit/s. Returns what it proves.
    fn carried(prober: &mut Prober, probe: Probe, now_us: i64, line: f64) -> Option<Proof> {
        let count = (probe.bytes.div_ceil(200)).max(probe.packets) as i64;
        let (departs_us, arrives_us) = ((1600e6 / probe.bps as f64) as i64, (1600e6 / line) as i64);
        for i in 0..count {
            assert_eq!(prober.belongs(Some(probe.cluster), 200), Some(probe.cluster));
            prober.left(i as u64);
            prober.arrived(probe.cluster, now_us + i * departs_us, now_us + i * departs_us.max(arrives_us), 200);
        }
        prober.judge(now_us + 100_000, Some(count as u64 - 1))
    }

    #[test]
    fn it_climbs_while_probes_succeed_and_stops_at_what_is_wanted() {
        let mut prober = Prober::new(0);
        let (mut estimate, mut now_us, mut aims) = (300_000.0, 0, Vec::new());
        while let Some(probe) = prober.poll(&situation(now_us, estimate, 2_000_000.0)) {
            aims.push(probe.bps);
            estimate = carried(&mut prober, probe, now_us, 1e9).unwrap().bps;
            now_us += 100_000;
        }
        assert_eq!(aims[0], 900_000);
        assert!((1_790_000..=1_810_000).contains(&aims[1]), "{aims:?}");
        assert_eq!((aims.len(), aims[2]), (3, 2_200_000));
        assert_eq!(prober.poll(&situation(now_us, 2_000_000.0, 2_000_000.0)), None);
        assert_eq!(prober.poll(&situation(now_us, 1_950_000.0, 0.0)), None);
    }

    #[test]
    fn a_full_line_shows_its_rate_and_the_pauses_grow_up_to_a_bound() {
        let mut prober = Prober::new(0);
        let (mut now_us, mut pauses) = (0, Vec::new());
        for _ in 0..6 {
            let begun_us = now_us;
            let probe = loop {
                match prober.poll(&situation(now_us, 300_000.0, 2e6)) {
                    Some(probe) => break probe,
                    None => now_us += 100_000,
                }
            };
            pauses.push((now_us - begun_us) / 100_000);
            let proof = carried(&mut prober, probe, now_us, 320_000.0).unwrap();
            assert!(proof.is_limit && (proof.bps / (0.95 * 320_000.0) - 1.0).abs() < 0.01, "{proof:?}");
        }
        assert_eq!(pauses, [0, 11, 21, 26, 26, 26]);
    }

    #[test]
    fn beside_media_that_fills_the_line_only_room_is_proven() {
        let mut prober = Prober::new(0);
        let full = Situation { acked: Some(290_000.0), ..situation(0, 300_000.0, 2e6) };
        let probe = prober.poll(&full).unwrap();
        assert_eq!(carried(&mut prober, probe, 0, 200_000.0), Some(Proof { bps: 0.0, is_limit: false }));
        let probe = prober.poll(&Situation { now_us: 2_000_000, ..full }).unwrap();
        let proof = carried(&mut prober, probe, 2_000_000, 1e9).unwrap();
        assert!(!proof.is_limit && proof.bps > 290_000.0, "{proof:?}");
    }

    #[test]
    fn nothing_is_probed_while_a_queue_says_the_answer() {
        let mut prober = Prober::new(0);
        let fine = situation(0, 300_000.0, 2e6);
        assert_eq!(prober.poll(&Situation { queue_us: 100_000, ..fine }), None);
        assert_eq!(prober.poll(&Situation { usage: Usage::Over, ..fine }), None);
        let full = prober.poll(&Situation { acked: Some(290_000.0), ..fine }).unwrap();
        assert_eq!(full.bps, 300_000, "the rest of twice the estimate is media");
        assert_eq!(prober.poll(&fine), None, "one at a time");
    }

    #[test]
    fn a_probe_is_void_with_too_few_arrivals_or_when_they_were_held_up_and_let_go() {
        let mut prober = Prober::new(0);
        let probe = prober.poll(&situation(0, 300_000.0, 2e6)).unwrap();
        for i in 0..14 {
            prober.belongs(Some(probe.cluster), 200);
            prober.left(i);
        }
        (0..10).for_each(|i| prober.arrived(probe.cluster, i * 2000, i * 2000, 200));
        assert_eq!(prober.judge(1000, Some(12)), None, "not all told of");
        assert_eq!(prober.judge(DEADLINE_US, Some(12)), None, "too few arrived");
        let probe = prober.poll(&situation(9_000_000, 300_000.0, 2e6)).unwrap();
        (0..14).for_each(|i| prober.arrived(probe.cluster, i * 2000, i * 500, 200));
        assert_eq!(prober.judge(9_000_000 + DEADLINE_US, None), None);
    }

    #[test]
    fn what_left_at_once_and_arrives_at_once_proves_little_more_than_was_aimed_at() {
        let mut prober = Prober::new(0);
        let probe = prober.poll(&situation(0, 300_000.0, 2e6)).unwrap();
        for i in 0..40 {
            prober.belongs(Some(probe.cluster), 200);
            prober.left(i);
            prober.arrived(probe.cluster, i as i64, i as i64 * 10, 200);
        }
        let proof = prober.judge(100_000, Some(39)).unwrap();
        assert!((900_000.0..=1_130_000.0).contains(&proof.bps), "{proof:?}");
    }

    #[test]
    fn media_among_the_packets_of_a_probe_counts_to_it() {
        let mut prober = Prober::new(0);
        let probe = prober.poll(&situation(0, 300_000.0, 2e6)).unwrap();
        assert_eq!(prober.belongs(None, 1000), None, "before its first packet");
        assert!(prober.belongs(Some(probe.cluster), 200).is_some());
        prober.left(0);
        assert_eq!(prober.belongs(None, 1000), Some(probe.cluster));
        while prober.belongs(Some(probe.cluster), 200).is_some() {}
        assert_eq!(prober.belongs(None, 1000), None, "after its last");
    }

    #[test]
    fn a_rate_that_was_not_there_makes_it_wait_ever_longer_until_one_is() {
        let mut prober = Prober::new(0);
        let mut pauses = Vec::new();
        for at_us in (0..7).map(|i| i * 100_000_000) {
            prober.raised(at_us, 2e6);
            prober.lowered(at_us + 1_000_000, 2e6, 5e5);
            pauses.push((prober.doubted_until_us - at_us - 1_000_000) / 100_000);
        }
        assert_eq!(pauses, [25, 50, 100, 100, 100, 100, 100]);
        prober.raised(800_000_000, 2e6);
        prober.lowered(801_000_000, 2e6, 1.7e6);
        prober.raised(806_000_000, 2.2e6);
        assert_eq!(prober.penalty_us, FIRST_PENALTY_US);
    }

    #[test]
    fn a_line_that_broke_down_is_soon_looked_after() {
        let mut prober = Prober::new(0);
        prober.pause_us = LONGEST_PAUSE_US;
        prober.lowered(20_000_000, 2e6, 1.9e6);
        assert_eq!((prober.due_us, prober.pause_us), (21_000_000, LONGEST_PAUSE_US));
        prober.lowered(20_000_000, 2e6, 5e5);
        assert_eq!(prober.pause_us, FIRST_PAUSE_US);
    }
}
