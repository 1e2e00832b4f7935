//! Which time of a live lesson one receive room really received.
//!
//! Two sources speak for stretches of time: the SFU (RTCP: packets arrived) and the page in the room (it decoded
//! pictures and played sound). A millisecond counts where both speak for it and both say yes.
//!
//! ```text
//! RTCP   |---yes---|---yes---|---yes---|   silence    |---yes---|     a report every 5 s
//! page      |---yes---|---yes---|--no--|---yes---|---yes---|          the same, out of step
//! counted   |=================|                           |=|
//! ```
//!
//! - Silence is sound: a quiet voice sends few packets (DTX) and they arrive. Nothing here asks how loud it was.
//! - What the master does not send ([`RoomReception::handle_source`]) is not received, and is no outage either: the
//!   judge takes it off what the room had to receive (see [`crate::Criteria`]).
//! - What the SFU keeps back because the line is too weak is not received: the line of the room is the room's matter.
//! - RTCP is lenient about loss, it guards against claims of a page without a connection; the page tells the quality.

use protocol::{RoomId, UtcMs};

use crate::{Event, PerStream, Stream, limits::SETTLE_AFTER_MS};

mod account;
mod page;
mod rtcp;
mod said;
mod timeline;

use account::Account;
pub use page::PageEvidence;
pub use rtcp::{Acknowledged, RtcpEvidence};
use timeline::Timeline;

/// Decides what one room received of one live lesson. Make it when the doors open, so that the first reports, which
/// only tell where counters stand, come before the lesson starts.
#[derive(Debug)]
pub struct RoomReception {
    rtcp: rtcp::Meter,
    page: page::Meter,
    /// What the master sends.
    source: Timeline<PerStream<bool>>,
    /// Whether the room's connection is alive, as far as is known.
    line_up: Timeline<bool>,
    account: Account,
    /// No time before this is counted; `None` until the lesson starts.
    settled_to: Option<UtcMs>,
    finished: bool,
    /// The latest time it was told: the clock it is given may go back, its time does not.
    now: UtcMs,
}

impl RoomReception {
    /// Nothing is received yet in `room`.
    pub fn new(room: RoomId) -> Self {
        Self {
            rtcp: rtcp::Meter::default(),
            page: page::Meter::default(),
            source: Timeline::new(PerStream::BOTH),
            line_up: Timeline::new(true),
            account: Account::new(room),
            settled_to: None,
            finished: false,
            now: UtcMs(i64::MIN),
        }
    }

    /// The lesson went live at `at`, or goes on from then after a restart of the server. Only the first call counts.
    pub fn handle_started(&mut self, at: UtcMs) {
        if self.settled_to.is_none() && !self.finished {
            self.settled_to = Some(at);
            self.account.begin(at);
        }
    }

    /// What the SFU has sent to the room so far and what of it arrived; every few seconds.
    pub fn handle_rtcp(&mut self, now: UtcMs, evidence: RtcpEvidence) {
        if self.advance(now) {
            self.rtcp.handle(self.now, evidence);
            self.settle(self.horizon());
        }
    }

    /// What the page in the room says it has decoded so far; every few seconds. It may say anything.
    pub fn handle_page(&mut self, now: UtcMs, evidence: PageEvidence) {
        if self.advance(now) {
            self.page.handle(self.now, evidence);
            self.settle(self.horizon());
        }
    }

    /// Whether anything of `stream` is on air from now on, as the lesson knows it: false while the lead is paused,
    /// muted or away. At first both are.
    pub fn handle_source(&mut self, now: UtcMs, stream: Stream, sends: bool) {
        if self.advance(now) {
            let mut now_sends = self.source.latest();
            *now_sends.of_mut(stream) = sends;
            self.source.change(self.now, now_sends);
            self.settle(self.horizon());
        }
    }

    /// Nothing has been heard from the room's connection since `silent_since`, which may be some seconds ago, or it
    /// was closed. Until it is back nothing is received, whatever else is said: reports of a page may be held up, and
    /// acknowledgements may come late, but not from a dead line.
    pub fn handle_line_lost(&mut self, now: UtcMs, silent_since: UtcMs) {
        if self.advance(now) {
            self.line_up.change(silent_since.min(self.now), false);
            self.settle(self.horizon());
        }
    }

    /// The room's connection is heard again, or another one took its place.
    pub fn handle_line_back(&mut self, now: UtcMs) {
        if self.advance(now) {
            self.line_up.change(self.now, true);
            self.settle(self.horizon());
        }
    }

    /// Lets time pass. Needed about once a minute for a room that says nothing.
    pub fn handle_time(&mut self, now: UtcMs) {
        if self.advance(now) {
            self.settle(self.horizon());
        }
    }

    /// The lesson was over at `at`: settles what is open. Nothing counts after it. Best called some 15 s late where
    /// the room stays connected that long, so that the last seconds have their evidence; else they are not counted.
    pub fn finish(&mut self, at: UtcMs) {
        if self.finished {
            return;
        }
        self.now = self.now.max(at);
        self.settle(at);
        if let Some(settled_to) = self.settled_to {
            self.account.finish(settled_to, self.now);
        }
        self.finished = true;
    }

    /// The next event to write down.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.account.poll()
    }

    /// Whether it is still open, with the clock moved on.
    fn advance(&mut self, now: UtcMs) -> bool {
        self.now = self.now.max(now);
        !self.finished
    }

    fn horizon(&self) -> UtcMs {
        self.now.plus_ms(-SETTLE_AFTER_MS)
    }

    /// Counts the time up to `until` with the evidence there is.
    fn settle(&mut self, until: UtcMs) {
        let Some(mut at) = self.settled_to else {
            // Before the start nothing counts, and nothing is to pile up.
            self.rtcp.said(until);
            self.page.said(until);
            self.source.at(until);
            self.line_up.at(until);
            return;
        };
        if at >= until {
            return;
        }
        self.rtcp.decide_before(until);
        while at < until {
            let (rtcp, rtcp_until) = self.rtcp.said(at);
            let (page, page_until) = self.page.said(at);
            let (sends, sends_until) = self.source.at(at);
            let (line_up, line_until) = self.line_up.at(at);
            let to = until.min(rtcp_until).min(page_until).min(sends_until).min(line_until);
            self.account.add(at, to, account::Stretch { sends, line_up, rtcp, page }, self.now);
            at = to;
        }
        self.settled_to = Some(at);
    }
}

#[cfg(test)]
mod tests;
