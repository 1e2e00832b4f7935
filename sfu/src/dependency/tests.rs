//! Descriptors made by hand of the structures in appendix A.10.2 and of those libwebrtc sends, read back.

use super::*;

/// Writes bits, highest first.
#[derive(Default)]
struct Writer {
    bits: Vec<bool>,
}

impl Writer {
    fn put(&mut self, count: usize, value: u32) -> &mut Self {
        self.bits.extend((0..count).rev().map(|at| value >> at & 1 == 1));
        self
    }

    fn non_symmetric(&mut self, values: u32, value: u32) -> &mut Self {
        let width = (u32::BITS - values.leading_zeros()) as usize;
        let short = (1 << width) - values;
        if value < short { self.put(width - 1, value) } else { self.put(width, value + short) }
    }

    fn bytes(&self) -> Vec<u8> {
        let byte = |bits: &[bool]| bits.iter().enumerate().fold(0, |byte, (at, &bit)| byte | u8::from(bit) << (7 - at));
        self.bits.chunks(8).map(byte).collect()
    }
}

/// A template as the appendix prints it: layers, frame differences, chain differences, indications.
type Row = (u8, u8, &'static [u32], &'static [u32], &'static str);

struct Made {
    rows: &'static [Row],
    protected_by: &'static [u32],
    sizes: &'static [(u32, u32)],
}

/// L1T2 as libwebrtc sends it: decode targets from low to high.
const L1T2: Made = Made {
    rows: &[(0, 0, &[], &[0], "SS"), (0, 0, &[2], &[2], "SS"), (0, 1, &[1], &[1], "-D")],
    protected_by: &[0, 0],
    sizes: &[(640, 360)],
};

/// L1T3 of A.10.2.1: decode targets from high to low.
const L1T3: Made = Made {
    rows: &[
        (0, 0, &[], &[0], "SSS"),
        (0, 0, &[4], &[4], "SSS"),
        (0, 1, &[2], &[2], "SD-"),
        (0, 2, &[1], &[1], "D--"),
        (0, 2, &[1], &[3], "D--"),
    ],
    protected_by: &[0, 0, 0],
    sizes: &[],
};

/// L3T3_KEY: after the key frame no spatial layer refers to another. Decode targets from low to high, as libwebrtc has them.
const L3T3_KEY: Made = Made {
    rows: &[
        (0, 0, &[], &[0, 0, 0], "SSSSSSSSS"),
        (0, 0, &[12], &[12, 11, 10], "SSS------"),
        (0, 1, &[6], &[6, 5, 4], "-DS------"),
        (0, 2, &[3], &[3, 2, 1], "--D------"),
        (0, 2, &[3], &[9, 8, 7], "--D------"),
        (1, 0, &[1], &[1, 1, 1], "---SSSSSS"),
        (1, 0, &[12], &[1, 12, 11], "---SSS---"),
        (1, 1, &[6], &[7, 6, 5], "----DS---"),
        (1, 2, &[3], &[4, 3, 2], "-----D---"),
        (1, 2, &[3], &[10, 9, 8], "-----D---"),
        (2, 0, &[1], &[2, 1, 1], "------SSS"),
        (2, 0, &[12], &[2, 1, 12], "------SSS"),
        (2, 1, &[6], &[8, 7, 6], "-------DS"),
        (2, 2, &[3], &[5, 4, 3], "--------D"),
        (2, 2, &[3], &[11, 10, 9], "--------D"),
    ],
    protected_by: &[0, 0, 0, 1, 1, 1, 2, 2, 2],
    sizes: &[(320, 180), (640, 360), (1_280, 720)],
};

const OFFSET: u32 = 60;

fn mandatory(writer: &mut Writer, template: u32, number: u16) {
    writer.put(1, 1).put(1, 0).put(6, (OFFSET + template) % 64).put(16, u32::from(number));
}

fn symbols(writer: &mut Writer, indications: &str) {
    for symbol in indications.chars() {
        writer.put(2, "-DSR".find(symbol).unwrap() as u32);
    }
}

impl Made {
    fn targets(&self) -> u32 {
        self.protected_by.len() as u32
    }

    fn write(&self, writer: &mut Writer, offset: u32) {
        writer.put(6, offset).put(5, self.targets() - 1);
        for pair in self.rows.windows(2) {
            let next = match (pair[1].0 > pair[0].0, pair[1].1 > pair[0].1) {
                (true, _) => 2,
                (false, true) => 1,
                (false, false) => 0,
            };
            writer.put(2, next);
        }
        writer.put(2, 3);
        self.rows.iter().for_each(|row| symbols(writer, row.4));
        for row in self.rows {
            row.2.iter().for_each(|difference| _ = writer.put(1, 1).put(4, difference - 1));
            writer.put(1, 0);
        }
        let chains = self.rows[0].3.len() as u32;
        writer.non_symmetric(self.targets() + 1, chains);
        self.protected_by.iter().for_each(|&chain| _ = writer.non_symmetric(chains, chain));
        self.rows.iter().flat_map(|row| row.3).for_each(|&difference| _ = writer.put(4, difference));
        writer.put(1, u32::from(!self.sizes.is_empty()));
        self.sizes.iter().for_each(|(width, height)| _ = writer.put(16, width - 1).put(16, height - 1));
    }

    /// The descriptor of a key frame's first packet.
    fn key(&self, number: u16) -> Writer {
        let mut writer = Writer::default();
        mandatory(&mut writer, 0, number);
        writer.put(5, 0b10_000);
        self.write(&mut writer, OFFSET);
        writer
    }

    fn known(&self) -> Structure {
        let mut structure = Structure::new();
        let frame = structure.read(&self.key(100).bytes()).unwrap();
        assert!(frame.has_structure && frame.begins && !frame.ends && frame.number == 100);
        structure
    }

    /// Frames of the templates in order, by descriptors of the mandatory fields alone.
    fn frames(&self, structure: &mut Structure) -> Vec<Frame> {
        let each = 0..self.rows.len() as u32;
        let frame = |template| {
            let mut writer = Writer::default();
            mandatory(&mut writer, template, 101 + template as u16);
            structure.read(&writer.bytes()).unwrap()
        };
        each.map(frame).collect()
    }
}

fn symbol(indication: Indication) -> char {
    match indication {
        Indication::NotPresent => '-',
        Indication::Discardable => 'D',
        Indication::Switch => 'S',
        Indication::Required => 'R',
    }
}

#[test]
fn every_template_is_read_back() {
    for made in [&L1T2, &L1T3, &L3T3_KEY] {
        let mut structure = made.known();
        for (frame, row) in made.frames(&mut structure).iter().zip(made.rows) {
            assert_eq!((frame.spatial, frame.temporal), (row.0, row.1));
            let indications: String = (0..row.4.len()).map(|at| symbol(frame.indication(at))).collect();
            assert_eq!(indications, row.4);
            assert!(!frame.has_structure && !frame.layering().key);
            assert_eq!(frame.indication(row.4.len()), Indication::NotPresent, "there is no such target");
            assert_eq!(frame.indication(usize::MAX), Indication::NotPresent);
        }
    }
}

#[test]
fn decode_targets_have_the_layers_of_their_frames() {
    let layers = |made: &Made| made.known().targets().iter().map(|t| (t.spatial, t.temporal)).collect::<Vec<_>>();
    assert_eq!(layers(&L1T2), [(0, 0), (0, 1)]);
    assert_eq!(layers(&L1T3), [(0, 2), (0, 1), (0, 0)]);
    let all: Vec<_> = (0..3).flat_map(|spatial| (0..3).map(move |temporal| (spatial, temporal))).collect();
    assert_eq!(layers(&L3T3_KEY), all);
    assert_eq!(Structure::new().targets(), []);
}

#[test]
fn a_receiver_of_fewer_layers_needs_only_their_frames() {
    // (structure, highest spatial and temporal layer, templates needed)
    let rows: &[(&Made, u8, u8, &str)] = &[
        (&L1T2, 0, 0, "xx."),
        (&L1T2, 0, 1, "xxx"),
        (&L1T2, 3, 7, "xxx"),
        (&L1T3, 0, 0, "xx..."),
        (&L1T3, 0, 1, "xxx.."),
        (&L1T3, 0, 7, "xxxxx"),
        (&L3T3_KEY, 0, 0, "xx............."),
        (&L3T3_KEY, 0, 1, "xxx............"),
        // Of the lower spatial layers only what the key frame has.
        (&L3T3_KEY, 1, 0, "x....xx........"),
        (&L3T3_KEY, 1, 2, "x....xxxxx....."),
        (&L3T3_KEY, 2, 1, "x....x....xxx.."),
        (&L3T3_KEY, 2, 2, "x....x....xxxxx"),
    ];
    for (made, spatial, temporal, expected) in rows {
        let mut structure = made.known();
        let frames = made.frames(&mut structure);
        let needs = |frame: &Frame| if structure.needs(frame, *spatial, *temporal) { 'x' } else { '.' };
        assert_eq!(frames.iter().map(needs).collect::<String>(), *expected, "{spatial} {temporal}");
    }
}

#[test]
fn layers_rise_where_every_higher_target_can_be_switched_to() {
    // (structure, whether the templates let layers rise, whether they are discardable)
    let rows: &[(&Made, &str, &str)] =
        &[(&L1T2, "xxx", "..x"), (&L1T3, "xxxxx", "...xx"), (&L3T3_KEY, "xxxxxxxxxxxxxxx", "...xx...xx...xx")];
    let marks = |frames: &[Frame], is: fn(&Layering) -> bool| {
        frames.iter().map(|frame| if is(&frame.layering()) { 'x' } else { '.' }).collect::<String>()
    };
    for (made, rising, discardable) in rows {
        let frames = made.frames(&mut made.known());
        assert_eq!(marks(&frames, |layering| layering.rise == Rise::After), *rising);
        assert_eq!(marks(&frames, |layering| layering.discardable), *discardable);
    }
    // A base layer frame after which the top layer may refer to what was before it.
    let mut structure = L1T3.known();
    let mut writer = Writer::default();
    mandatory(&mut writer, 1, 104);
    symbols(writer.put(5, 0b00_100), "RSS");
    assert_eq!(structure.read(&writer.bytes()).unwrap().layering().rise, Rise::No);
}

#[test]
fn a_frame_may_have_its_own_in_place_of_the_templates() {
    let mut structure = L1T3.known();
    let mut writer = Writer::default();
    mandatory(&mut writer, 3, 7);
    symbols(writer.put(5, 0b00_111), "R-D");
    // Differences of 4, 8 and 12 bits, then one chain.
    writer.put(2, 1).put(4, 15).put(2, 2).put(8, 255).put(2, 3).put(12, 4_095).put(2, 0).put(8, 200);
    let bytes = writer.bytes();
    let frame = structure.read(&bytes).unwrap();
    assert_eq!((0..3).map(|at| symbol(frame.indication(at))).collect::<String>(), "R-D");
    assert_eq!((frame.temporal, frame.number), (2, 7));
    for len in 0..bytes.len() {
        let expected = if len == MANDATORY_LEN { Ok(()) } else { Err(DependencyError::Truncated) };
        assert_eq!(structure.read(&bytes[..len]).map(|_| ()), expected, "{len}");
    }
}

#[test]
fn decode_targets_that_are_not_sent_are_not_chosen() {
    let mut structure = L3T3_KEY.known();
    assert_eq!(structure.target_for(2, 2), Some(8));
    let tell = |structure: &mut Structure, number: u16, active: u32| {
        let mut writer = Writer::default();
        mandatory(&mut writer, 1, number);
        writer.put(5, 0b01_000).put(9, active);
        structure.read(&writer.bytes()).map(|_| ())
    };
    assert_eq!(tell(&mut structure, 103, 0b000_011_111), Ok(()));
    assert_eq!((structure.target_for(2, 2), structure.target_for(1, 0)), (Some(4), Some(3)));
    assert_eq!((structure.target_for(0, 7), structure.is_active(5), structure.is_active(40)), (Some(2), false, false));
    assert_eq!(tell(&mut structure, 102, 0b111_111_111), Ok(()), "what comes late changes nothing");
    assert_eq!(structure.target_for(2, 2), Some(4));
    assert_eq!(tell(&mut structure, 104, 0), Ok(()));
    assert_eq!(structure.target_for(2, 2), None);
    let base = L3T3_KEY.frames(&mut structure)[1];
    assert!(structure.needs(&base, 1, 1), "the layers alone decide");
    structure.read(&L3T3_KEY.key(200).bytes()).unwrap();
    assert_eq!(structure.target_for(2, 2), Some(8), "a new structure sends all");
}

#[test]
fn a_structure_replaces_the_last_unless_it_comes_late() {
    let mut structure = L1T2.known();
    structure.read(&L1T3.key(130).bytes()).unwrap();
    assert_eq!(structure.targets().len(), 3);
    let late = structure.read(&L1T2.key(100).bytes()).unwrap();
    assert_eq!(
        (late.number, late.indication(1), late.indication(2)),
        (100, Indication::Switch, Indication::NotPresent)
    );
    assert_eq!(structure.targets().len(), 3, "the one before serves its own packet only");
    // Frame numbers wrap, and may begin anew.
    structure.read(&L1T2.key(130u16.wrapping_sub(MAX_LATE_FRAMES + 1)).bytes()).unwrap();
    assert_eq!(structure.targets().len(), 2);
    structure.read(&L1T3.key(u16::MAX - 3).bytes()).unwrap();
    structure.read(&L1T2.key(2).bytes()).unwrap();
    structure.read(&L1T3.key(u16::MAX).bytes()).unwrap();
    assert_eq!(structure.targets().len(), 2);
}

#[test]
fn what_has_no_structure_or_another_cannot_be_understood() {
    let mut writer = Writer::default();
    mandatory(&mut writer, 3, 7);
    assert_eq!(Structure::new().read(&writer.bytes()), Err(DependencyError::NoStructure));
    assert_eq!(L1T2.known().read(&writer.bytes()), Err(DependencyError::UnknownTemplate));
    assert!(L1T3.known().read(&writer.bytes()).is_ok());
    // The template before the first, which wraps to the last that there may be.
    let mut writer = Writer::default();
    mandatory(&mut writer, 63, 7);
    assert_eq!(L1T3.known().read(&writer.bytes()), Err(DependencyError::UnknownTemplate));
}

#[test]
fn every_truncation_is_refused_and_changes_nothing() {
    for made in [&L1T2, &L1T3, &L3T3_KEY] {
        let whole = made.key(200);
        let bytes = whole.bytes();
        for len in 0..bytes.len() {
            let error = Structure::new().read(&bytes[..len]).unwrap_err();
            let expected = if len == MANDATORY_LEN { DependencyError::NoStructure } else { DependencyError::Truncated };
            assert_eq!(error, expected, "{len}");
        }
        // Cut at every bit and filled up with zeros: whatever is read, it stays within bounds, and errors keep what was.
        for cut in 24..whole.bits.len() {
            let mut bits = whole.bits[..cut].to_vec();
            bits.resize(bytes.len() * 8, false);
            let mut structure = L1T2.known();
            let read = structure.read(&Writer { bits }.bytes());
            assert!(structure.targets().len() <= MAX_DECODE_TARGETS);
            assert!(read.is_ok() || structure.targets() == L1T2.known().targets(), "{cut}");
        }
    }
}

#[test]
fn a_structure_beyond_its_bounds_is_refused() {
    let layers = |next: &[u32]| {
        let mut writer = Writer::default();
        mandatory(&mut writer, 0, 1);
        writer.put(5, 0b10_000).put(6, OFFSET).put(5, 0);
        next.iter().for_each(|&next| _ = writer.put(2, next));
        // Enough for whatever follows: indications, differences, chains, sizes.
        writer.put(2, 3);
        (0..20).for_each(|_| _ = writer.put(32, 0));
        Structure::new().read(&writer.bytes()).map(|_| ())
    };
    let too_large = Err(DependencyError::TooLarge);
    assert_eq!((layers(&[0; 63]), layers(&[0; 64])), (Ok(()), too_large));
    assert_eq!((layers(&[1; 7]), layers(&[1; 8])), (Ok(()), too_large));
    assert_eq!((layers(&[2; 3]), layers(&[2; 4])), (Ok(()), too_large));
}

#[test]
fn the_most_decode_targets_are_read() {
    const MOST: Made = Made {
        rows: &[(0, 0, &[], &[0], "SRDSRDSRDSRDSRDSRDSRDSRDSRDSRDSR")],
        protected_by: &[0; MAX_DECODE_TARGETS],
        sizes: &[],
    };
    let mut structure = MOST.known();
    assert_eq!(structure.targets().len(), MAX_DECODE_TARGETS);
    let mut writer = Writer::default();
    mandatory(&mut writer, 0, 101);
    writer.put(5, 0b01_000).put(32, 0x8000_0000);
    let frame = structure.read(&writer.bytes()).unwrap();
    assert_eq!((frame.indication(31), frame.indication(30)), (Indication::Required, Indication::Switch));
    assert!(structure.is_active(31) && !structure.is_active(30));
    assert_eq!(structure.target_for(0, 0), Some(31));
}
