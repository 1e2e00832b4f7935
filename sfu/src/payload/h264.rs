//! H.264 in RTP (RFC 6184): parameter sets and IDR pictures, seen from outside.

use super::{Entry, Layering};
use crate::limits::MAX_PARAMETER_SET;

const SLICE: u8 = 1;
const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// Calls `see` with each whole NAL unit of a single-unit or STAP-A payload, and with the header alone of a fragmented
/// unit's first fragment.
fn units<'p>(payload: &'p [u8], mut see: impl FnMut(u8, &'p [u8])) {
    let Some(&first) = payload.first() else { return };
    match first & 0x1f {
        STAP_A => {
            let mut rest = &payload[1..];
            while let Some((len, tail)) = rest.split_first_chunk::<2>() {
                let len = usize::from(u16::from_be_bytes(*len));
                let Some((unit, tail)) = tail.split_at_checked(len) else { return };
                if let Some(head) = unit.first() {
                    see(head & 0x1f, unit);
                }
                rest = tail;
            }
        }
        FU_A => {
            if let Some(&fragment) = payload.get(1)
                && fragment & 0x80 != 0
            {
                see(fragment & 0x1f, &[]);
            }
        }
        kind => see(kind, payload),
    }
}

/// Where a receiver may enter: at a sequence parameter set (the IDR follows it), or at an IDR that has none before it.
pub fn entry(payload: &[u8]) -> Entry {
    let mut found = Entry::No;
    units(payload, |kind, _| match kind {
        SPS => found = Entry::Here,
        IDR if found == Entry::No => found = Entry::AfterParameterSets,
        _ => {}
    });
    found
}

/// The first whole sequence parameter set in `payload`.
pub fn parameter_set(payload: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    units(payload, |kind, unit| {
        if kind == SPS && !unit.is_empty() {
            found = found.or(Some(unit));
        }
    });
    found
}

/// What a payload tells without a dependency descriptor: one layer, where it can be entered, and whether it is of slices
/// that nothing refers to (nal_ref_idc 0, section 1.3). Where its frame begins and ends it does not tell.
pub fn layering(payload: &[u8]) -> Layering {
    let key = entry(payload) != Entry::No;
    let discardable = payload.first().is_some_and(|first| {
        let kind = match first & 0x1f {
            FU_A => payload.get(1).map_or(0, |fragment| fragment & 0x1f),
            kind => kind,
        };
        // An aggregate may hold what is needed later, whatever its highest nal_ref_idc: parameter sets, say.
        first & 0x60 == 0 && kind == SLICE
    });
    Layering { key, discardable, ..Layering::default() }
}

/// The newest parameter sets of a source, kept for receivers that enter at a bare IDR.
#[derive(Debug, Clone, Default)]
pub struct ParameterSets {
    sps: Vec<u8>,
    pps: Vec<u8>,
}

impl ParameterSets {
    /// Room is taken once, so that the packet path never allocates.
    pub fn new() -> Self {
        Self { sps: Vec::with_capacity(MAX_PARAMETER_SET), pps: Vec::with_capacity(MAX_PARAMETER_SET) }
    }

    /// Forgets them: another encoder's pictures need others.
    pub fn clear(&mut self) {
        self.sps.clear();
        self.pps.clear();
    }

    /// Keeps the parameter sets in `payload`, if it has any.
    pub fn observe(&mut self, payload: &[u8]) {
        units(payload, |kind, unit| {
            let kept = match kind {
                SPS => &mut self.sps,
                PPS => &mut self.pps,
                _ => return,
            };
            if unit.len() <= MAX_PARAMETER_SET {
                kept.clear();
                kept.extend_from_slice(unit);
            }
        });
    }

    /// Writes a STAP-A of both sets (RFC 6184 section 5.7.1); `None` while one is missing or `out` is too short.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        if self.sps.is_empty() || self.pps.is_empty() {
            return None;
        }
        let len = 1 + 2 + self.sps.len() + 2 + self.pps.len();
        let out = out.get_mut(..len)?;
        // NRI of the aggregate is the highest of its parts.
        out[0] = (self.sps[0].max(self.pps[0]) & 0x60) | STAP_A;
        let mut at = 1;
        for unit in [&self.sps, &self.pps] {
            out[at..at + 2].copy_from_slice(&(unit.len() as u16).to_be_bytes());
            out[at + 2..at + 2 + unit.len()].copy_from_slice(unit);
            at += 2 + unit.len();
        }
        Some(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_enters_at_parameter_sets_or_at_a_bare_idr() {
        let rows: &[(&[u8], Entry)] = &[
            (&[0x67, 1, 2], Entry::Here),
            (&[0x68, 1], Entry::No),
            (&[0x65, 1], Entry::AfterParameterSets),
            (&[0x41, 1], Entry::No),
            (&[0x78, 0, 1, 0x67, 0, 1, 0x68, 0, 1, 0x65], Entry::Here),
            (&[0x78, 0, 1, 0x65], Entry::AfterParameterSets),
            (&[0x7c, 0x85, 1], Entry::AfterParameterSets),
            (&[0x7c, 0x05, 1], Entry::No),
            (&[0x7c, 0x87, 1], Entry::Here),
            (&[0x78, 0, 0, 0x67], Entry::No),
            (&[0x78, 0, 9, 0x67], Entry::No),
            (&[0x7c], Entry::No),
            (&[], Entry::No),
        ];
        for (payload, expected) in rows {
            assert_eq!(entry(payload), *expected, "{payload:02x?}");
        }
    }

    #[test]
    fn slices_that_nothing_refers_to_are_told_from_the_others() {
        // (payload, key, discardable)
        let rows: &[(&[u8], bool, bool)] = &[
            (&[0x01, 9], false, true),
            (&[0x41, 9], false, false),
            (&[0x1c, 0x81, 9], false, true),
            (&[0x1c, 0x41, 9], false, true),
            (&[0x5c, 0x81, 9], false, false),
            (&[0x1c], false, false),
            (&[0x06, 9], false, false),
            (&[0x18, 0, 1, 0x01], false, false),
            (&[0x67, 1], true, false),
            (&[0x65, 1], true, false),
            (&[], false, false),
        ];
        for &(payload, key, discardable) in rows {
            assert_eq!(layering(payload), Layering { key, discardable, ..Layering::default() }, "{payload:02x?}");
        }
    }

    #[test]
    fn kept_parameter_sets_are_written_as_one_aggregate() {
        let mut sets = ParameterSets::new();
        let mut out = [0; 64];
        assert_eq!(sets.write(&mut out), None);
        sets.observe(&[0x78, 0, 3, 0x67, 1, 2, 0, 2, 0x68, 9]);
        let len = sets.write(&mut out).unwrap();
        assert_eq!(out[..len], [0x78, 0, 3, 0x67, 1, 2, 0, 2, 0x68, 9]);
        sets.observe(&[0x67; MAX_PARAMETER_SET + 1]);
        assert_eq!(sets.write(&mut out), Some(len), "a set that is too long is not kept");
        assert_eq!(sets.write(&mut [0; 3]), None);
    }
}
