//! What a line leaves out of the stream that feeds it: the fate of each packet, and the way back from what went out.
//!
//! A packet's fate is decided when it leaves, not when it begins to wait in the pacer: what waits there when the line turns
//! slow is thinned too, what is shed had no number yet, and packets are decided on in the order in which receivers get them.

use std::time::Instant;

use super::{Line, Span};
use crate::{
    limits::RISE_PATIENCE,
    outgoing::{Outgoing, Written},
    payload::{Layering, TemporalLayer},
    ring::Kept,
    rtp::RtpHeader,
    temporal::{ALL, Fate, Thinning},
};

/// Bytes of padding of a packet that has nothing else.
pub(super) const FILLING: usize = 1;

/// How the current stream is thinned. Room for it is taken and given back where what a line is given is worked out, never on
/// the packet path.
#[derive(Debug, Default)]
pub(super) struct Thin {
    thinning: Option<Box<Thinning>>,
    /// Whether something that it shall be sent was left out since that was last looked at: no frame has allowed it yet.
    /// [`Thinning::current`] does not tell, for it stays below the target where the stream has fewer layers.
    holds_back: bool,
    /// Since when it has been so.
    waits_since: Option<Instant>,
}

/// What a packet goes out as.
#[derive(Debug, Clone, Copy)]
pub(super) struct Going {
    /// Its extended sequence number.
    pub(super) index: u64,
    /// Frames of its span left out before it, modulo 2^16.
    pub(super) left_out: u16,
    /// Whether it goes without its content.
    pub(super) is_filling: bool,
}

impl Thin {
    /// A new span begins. Whether it is thinned.
    pub(super) fn begin(&mut self) -> bool {
        (self.holds_back, self.waits_since) = (false, None);
        let Some(thinning) = self.thinning.as_mut().filter(|thinning| thinning.target() < ALL) else { return false };
        thinning.restart(None);
        true
    }

    /// Decides on a packet of the current span; `None` where it does not go.
    pub(super) fn decide(&mut self, span: &Span, kept: &Kept<'_>) -> Option<Going> {
        let Some(thinning) = self.thinning.as_mut().filter(|_| span.is_thinned) else { return going(span, kept, None) };
        let fate = thinning.pass(kept.index, kept.timestamp, &layering(kept.layer));
        self.holds_back |= fate == Fate::LeaveOut && kept.layer.level <= thinning.target();
        going(span, kept, Some(fate))
    }

    /// How a packet goes again. Of an earlier span that was thinned nothing is known any more.
    pub(super) fn again(&self, span: &Span, is_current: bool, kept: &Kept<'_>) -> Option<Going> {
        if !span.is_thinned {
            return going(span, kept, None);
        }
        let thinning = self.thinning.as_ref().filter(|_| is_current)?;
        going(span, kept, Some(thinning.again(kept.index, kept.timestamp)))
    }

    /// Which packet of its source went out as `index`.
    pub(super) fn origin(&self, span: &Span, is_current: bool, index: u64) -> Option<u64> {
        let out = index.wrapping_sub(span.index_offset);
        let origin = match span.is_thinned {
            true => self.thinning.as_ref().filter(|_| is_current)?.origin(out)?,
            false => out,
        };
        // Parameter sets of ours came from no packet of the source.
        (origin >= span.first_index).then_some(origin)
    }
}

fn layering(layer: TemporalLayer) -> Layering {
    Layering { temporal: layer.level, rise: layer.rise, key: layer.key, ..Layering::default() }
}

fn going(span: &Span, kept: &Kept<'_>, fate: Option<Fate>) -> Option<Going> {
    let going = |index: u64, left_out, is_filling| {
        Some(Going { index: index.wrapping_add(span.index_offset), left_out, is_filling })
    };
    match fate {
        None => going(kept.index, 0, false),
        Some(Fate::Send { index, left_out }) => going(index, left_out, false),
        Some(Fate::Fill { index }) => going(index, 0, true),
        Some(Fate::LeaveOut) => None,
    }
}

impl Line {
    /// Sets the highest temporal layer that it shall be sent.
    pub(super) fn aim(&mut self, target: u8) {
        let thinning = &mut self.thin.thinning;
        if target < ALL {
            thinning.get_or_insert_with(|| Box::new(Thinning::new()));
        }
        let Some(thinning) = thinning else { return };
        thinning.aim(target);
        match &mut self.current {
            Some(span) if span.is_thinned => {}
            Some(span) if target < ALL => {
                thinning.restart(Some(span.newest_timestamp));
                span.is_thinned = true;
            }
            _ if target == ALL => self.thin = Thin::default(),
            _ => {}
        }
    }

    /// The highest temporal layer that it shall be sent.
    pub(crate) fn target(&self) -> u8 {
        self.thin.thinning.as_ref().map_or(ALL, |thinning| thinning.target())
    }

    /// Timestamp of the source's newest picture that has begun to go out.
    pub(crate) fn under_way(&self) -> Option<u32> {
        self.current.map(|span| span.newest_timestamp)
    }

    /// Whether a packet of the stream that feeds it is to be left out, as far as can be told before its turn.
    pub(crate) fn is_to_leave_out(&self, kept: &Kept<'_>) -> bool {
        kept.layer.level > self.target() && self.under_way() != Some(kept.timestamp)
    }

    /// Whether packets of the stream that feeds it may be left out.
    pub(crate) fn is_thinned(&self) -> bool {
        self.current.is_some_and(|span| span.is_thinned)
    }

    /// Whether it has waited so long for more of what feeds it that a key frame is to be asked for: with one, all may follow.
    pub(crate) fn needs_key_frame_to_rise(&mut self, now: Instant) -> bool {
        if !std::mem::take(&mut self.thin.holds_back) {
            self.thin.waits_since = None;
            return false;
        }
        let since = *self.thin.waits_since.get_or_insert(now);
        now.saturating_duration_since(since) >= RISE_PATIENCE && self.may_ask_key_frame(now)
    }

    /// Writes, in place of a packet that is left out too late, one of nothing but padding under the number that was kept for
    /// it: the receiver waits for it no longer.
    pub(super) fn write_filling(
        &mut self,
        now: Instant,
        kept: &Kept<'_>,
        index: u64,
        number: u16,
        room: &mut [u8],
    ) -> Option<Written> {
        let elements = self.elements(0, number, false);
        let span = self.current.as_ref()?;
        let timestamp = span.timestamp(kept);
        let header = RtpHeader::fixed(span.payload.number, index as u16, timestamp, self.spec.ssrc);
        let packet = Outgoing { header, elements, original: None, payload: &[], repeats: None, padding: FILLING };
        let written = packet.write(index, room).filter(|_| self.sealed.first(index))?;
        self.advance(now, index, timestamp);
        self.count(0);
        Some(written)
    }
}
