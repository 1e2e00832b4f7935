//! How the lines of the lesson's parties do: what each last reported, and minute by minute what came before.

use std::collections::{BTreeMap, VecDeque};

use protocol::{
    ParticipantId, ServerMessage, UtcMs,
    line::{LineMinute, LineReport, ParticipantLine, Spread},
};

use crate::{
    ConnectionId, Lesson,
    limits::{LINE_MINUTES, LINE_TOLD_EVERY_MS},
};

const MINUTE_MS: i64 = 60_000;

/// The lines of all parties. Only seat-holders have one, so there are no more than the roster has.
#[derive(Debug, Default)]
pub(crate) struct Lines(BTreeMap<ParticipantId, Line>);

#[derive(Debug)]
struct Line {
    latest: LineReport,
    at: UtcMs,
    told_at: Option<UtcMs>,
    minutes: VecDeque<Minute>,
}

/// Least, sum and most of the values of a minute.
#[derive(Debug, Clone, Copy, Default)]
struct Values {
    min: u32,
    max: u32,
    sum: u64,
    count: u32,
}

impl Values {
    fn add(&mut self, value: Option<u32>) {
        let Some(value) = value else { return };
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = self.max.max(value);
        self.sum = self.sum.saturating_add(value.into());
        self.count = self.count.saturating_add(1);
    }

    fn spread(self) -> Option<Spread> {
        let avg = self.sum.checked_div(self.count.into())?;
        Some(Spread { min: self.min, avg: u32::try_from(avg).unwrap_or(u32::MAX), max: self.max })
    }
}

#[derive(Debug)]
struct Minute {
    at: UtcMs,
    rtt_ms: Values,
    up_kbps: Values,
    down_kbps: Values,
    up_lost_permille: Values,
    down_lost_permille: Values,
    concealed_permille: Values,
    frozen_ms: u32,
}

impl Minute {
    fn new(at: UtcMs) -> Self {
        let none = Values::default();
        Self {
            at,
            rtt_ms: none,
            up_kbps: none,
            down_kbps: none,
            up_lost_permille: none,
            down_lost_permille: none,
            concealed_permille: none,
            frozen_ms: 0,
        }
    }

    fn add(&mut self, report: &LineReport) {
        self.rtt_ms.add(report.rtt_ms);
        self.up_kbps.add(report.up_kbps);
        self.down_kbps.add(report.down_kbps);
        self.up_lost_permille.add(report.up_lost_permille);
        self.down_lost_permille.add(report.down_lost_permille);
        self.concealed_permille.add(report.concealed_permille);
        self.frozen_ms = self.frozen_ms.saturating_add(report.frozen_ms);
    }

    fn told(&self) -> LineMinute {
        LineMinute {
            at: self.at,
            rtt_ms: self.rtt_ms.spread(),
            up_kbps: self.up_kbps.spread(),
            down_kbps: self.down_kbps.spread(),
            up_lost_permille: self.up_lost_permille.spread(),
            down_lost_permille: self.down_lost_permille.spread(),
            concealed_permille: self.concealed_permille.spread(),
            frozen_ms: self.frozen_ms,
        }
    }
}

impl Line {
    fn report(&mut self, report: LineReport, now: UtcMs) {
        (self.latest, self.at) = (report, now);
        let at = UtcMs(now.0.div_euclid(MINUTE_MS).saturating_mul(MINUTE_MS));
        // A clock that was set back goes on in the minute it was in.
        if self.minutes.back().is_none_or(|minute| minute.at < at) {
            if self.minutes.len() == LINE_MINUTES {
                self.minutes.pop_front();
            }
            self.minutes.push_back(Minute::new(at));
        }
        if let Some(minute) = self.minutes.back_mut() {
            minute.add(&report);
        }
    }

    /// Whether it is time to tell the lead; if so, it counts as told.
    fn is_due(&mut self, now: UtcMs) -> bool {
        let is_due = self.told_at.is_none_or(|at| !(0..LINE_TOLD_EVERY_MS).contains(&now.since_ms(at)));
        if is_due {
            self.told_at = Some(now);
        }
        is_due
    }
}

impl Lesson {
    /// A page tells how its line does. Whoever has no seat is not written down.
    pub(crate) fn line_reported(&mut self, from: ConnectionId, report: LineReport, now: UtcMs) {
        let Some(participant) = self.roster.speaks_through(from).map(|member| member.id.clone()) else { return };
        let report = report.bounded();
        let line = self.lines.0.entry(participant.clone()).or_insert_with(|| Line {
            latest: report,
            at: now,
            told_at: None,
            minutes: VecDeque::new(),
        });
        line.report(report, now);
        // The lead's own line has better to do than to bring what it does not show.
        let is_shown = self.wall.shown(self.roster.point_ids()).tiles.contains(&participant);
        if let Some(lead) = self.roster.lead().connection.filter(|_| is_shown && line.is_due(now)) {
            self.tell(lead, ServerMessage::LineReported { participant, report });
        }
    }

    /// How the lines of its parties do and did, in the order of the roster.
    pub fn lines(&self) -> Vec<ParticipantLine> {
        let line_of = |member: &crate::member::Member| {
            let line = self.lines.0.get(&member.id)?;
            Some(ParticipantLine {
                participant: member.id.clone(),
                name: member.name.clone(),
                at: line.at,
                latest: line.latest,
                minutes: line.minutes.iter().map(Minute::told).collect(),
            })
        };
        self.roster.members().filter_map(line_of).collect()
    }
}
