//! The init segment: ftyp and moov, with everything a decoder must be told.

use mp4_atom::{
    Audio, Av01, Av1c, Avc1, Avcc, AvccExt, Codec as SampleEntry, Dinf, Dops, Dref, Encode, FourCC, Ftyp, Hdlr, Mdhd,
    Mdia, Minf, Moov, Mvex, Mvhd, Opus, Smhd, Stbl, Stco, Stsd, Tkhd, Trak, Trex, Url, Visual, Vmhd, Vp09, VpcC,
};

use super::TRACK_ID;
use crate::{
    Error,
    depacketize::{Av1Format, Format, ParameterSets, Vp9Format, sps::Sps},
};

/// What playlists and the manifest need to know of an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochSpec {
    /// RFC 6381 codec string, as in CODECS.
    pub codecs: String,
    /// Width in pixels, 0 for voice.
    pub width: u16,
    /// Height in pixels, 0 for voice.
    pub height: u16,
    /// Ticks a second.
    pub timescale: u32,
}

/// The init segment of `format`, and what it says in short.
pub fn init_segment(format: &Format) -> Result<(EpochSpec, Vec<u8>), Error> {
    let (spec, entry) = match format {
        Format::H264(sets) => h264(sets)?,
        Format::Vp9(format) => vp9(*format),
        Format::Av1(format) => av1(format),
        Format::Opus => opus(),
        Format::Vp8(_) => return Err(Error::Box("VP8 has no sample entry that plays".into())),
    };
    let mut bytes = Vec::with_capacity(1_024);
    let brands = [b"iso6", b"cmfc", b"mp41"].map(FourCC::new);
    Ftyp { major_brand: brands[0], minor_version: 0, compatible_brands: brands.to_vec() }.encode(&mut bytes)?;
    moov(&spec, entry).encode(&mut bytes)?;
    Ok((spec, bytes))
}

fn h264(sets: &ParameterSets) -> Result<(EpochSpec, SampleEntry), Error> {
    let sps = Sps::parse(&sets.sps)?;
    let mut avcc = Avcc {
        configuration_version: 1,
        avc_profile_indication: sps.profile,
        profile_compatibility: sps.constraints,
        avc_level_indication: sps.level,
        length_size: 4,
        sequence_parameter_sets: vec![sets.sps.clone()],
        picture_parameter_sets: sets.pps.values().cloned().collect(),
        ext: None,
    };
    if sps.has_chroma_info() {
        avcc.ext = Some(AvccExt {
            chroma_format: sps.chroma_format,
            bit_depth_luma: sps.luma_bits,
            bit_depth_chroma: sps.chroma_bits,
            sequence_parameter_sets_ext: Vec::new(),
        });
    }
    let spec = EpochSpec {
        codecs: format!("avc1.{:02x}{:02x}{:02x}", sps.profile, sps.constraints, sps.level),
        width: sps.width,
        height: sps.height,
        timescale: 90_000,
    };
    let entry = Avc1 { visual: visual(&spec), avcc, ..Default::default() };
    Ok((spec, entry.into()))
}

fn vp9(format: Vp9Format) -> (EpochSpec, SampleEntry) {
    let level = vp9_level(format.width, format.height);
    let spec = EpochSpec {
        codecs: format!("vp09.{:02}.{level:02}.08", format.profile),
        width: format.width,
        height: format.height,
        timescale: 90_000,
    };
    // 4:2:0 with chroma samples beside the luma ones (1), as WebRTC encoders produce.
    let vpcc = VpcC { profile: format.profile, level, chroma_subsampling: 1, ..Default::default() };
    let entry = Vp09 { visual: visual(&spec), vpcc, ..Default::default() };
    (spec, entry.into())
}

/// The lowest level whose picture size and, at 30 frames a second, sample rate suffice (VP9 levels, webmproject.org).
fn vp9_level(width: u16, height: u16) -> u8 {
    const LEVELS: [(u64, u64, u8); 10] = [
        (36_864, 829_440, 10),
        (73_728, 2_764_800, 11),
        (122_880, 4_608_000, 20),
        (245_760, 9_216_000, 21),
        (552_960, 20_736_000, 30),
        (983_040, 36_864_000, 31),
        (2_228_224, 83_558_400, 40),
        (2_228_224, 160_432_128, 41),
        (8_912_896, 311_951_360, 50),
        (8_912_896, 588_251_136, 51),
    ];
    let size = u64::from(width) * u64::from(height);
    LEVELS.iter().find(|(picture, rate, _)| size <= *picture && size * 30 <= *rate).map_or(60, |level| level.2)
}

/// av1C and the codec string of "AV1 Codec ISO Media File Format Binding", sections 2.3 and 5.
fn av1(format: &Av1Format) -> (EpochSpec, SampleEntry) {
    let sequence = &format.sequence;
    let tier = if sequence.high_tier { 'H' } else { 'M' };
    let spec = EpochSpec {
        codecs: format!("av01.{}.{:02}{tier}.{:02}", sequence.profile, sequence.level, sequence.bit_depth),
        width: sequence.width,
        height: sequence.height,
        timescale: 90_000,
    };
    let av1c = Av1c {
        seq_profile: sequence.profile,
        seq_level_idx_0: sequence.level,
        seq_tier_0: sequence.high_tier,
        high_bitdepth: sequence.bit_depth > 8,
        twelve_bit: sequence.bit_depth == 12,
        monochrome: sequence.monochrome,
        chroma_subsampling_x: sequence.subsampling_x,
        chroma_subsampling_y: sequence.subsampling_y,
        chroma_sample_position: sequence.chroma_sample_position,
        initial_presentation_delay: None,
        config_obus: format.obu.clone(),
    };
    let entry = Av01 { visual: visual(&spec), av1c, ..Default::default() };
    (spec, entry.into())
}

fn opus() -> (EpochSpec, SampleEntry) {
    let spec = EpochSpec { codecs: "opus".into(), width: 0, height: 0, timescale: 48_000 };
    let audio = Audio { data_reference_index: 1, channel_count: 2, sample_size: 16, sample_rate: 48_000.into() };
    // RFC 7587 section 4.1: a stream may switch channels at any packet; a decoder set to two plays both. Nothing is skipped
    // at the start: the sender had been encoding before, and every packet is to be heard at its own time.
    let dops =
        Dops { output_channel_count: 2, pre_skip: 0, input_sample_rate: 48_000, output_gain: 0, channel_mapping: None };
    (spec, Opus { audio, dops, btrt: None }.into())
}

/// A sample entry whose data_reference_index is not 1 refers to no file: players reject it.
fn visual(spec: &EpochSpec) -> Visual {
    Visual { data_reference_index: 1, width: spec.width, height: spec.height, ..Default::default() }
}

fn moov(spec: &EpochSpec, entry: SampleEntry) -> Moov {
    let video = spec.width > 0;
    let (handler, name) = if video { (b"vide", "video") } else { (b"soun", "voice") };
    let tkhd = Tkhd {
        track_id: TRACK_ID,
        enabled: true,
        in_movie: true,
        volume: if video { 0 } else { 1 }.into(),
        width: spec.width.into(),
        height: spec.height.into(),
        ..Default::default()
    };
    let mdia = Mdia {
        mdhd: Mdhd { timescale: spec.timescale, language: "und".into(), ..Default::default() },
        hdlr: Hdlr { handler: FourCC::new(handler), name: name.into() },
        minf: Minf {
            vmhd: video.then(Vmhd::default),
            smhd: (!video).then(Smhd::default),
            dinf: Dinf { dref: Dref { entries: vec![Url::default().into()] } },
            // stco must be there although it is empty, or Firefox rejects the file.
            stbl: Stbl { stsd: Stsd { codecs: vec![entry] }, stco: Some(Stco::default()), ..Default::default() },
            ..Default::default()
        },
    };
    Moov {
        // rate and volume of 1 are what section 8.2.2 calls normal; left at 0, players may play nothing.
        mvhd: Mvhd { rate: 1.into(), volume: 1.into(), next_track_id: TRACK_ID + 1, ..Default::default() },
        mvex: Some(Mvex {
            mehd: None,
            trex: vec![Trex { track_id: TRACK_ID, default_sample_description_index: 1, ..Default::default() }],
        }),
        trak: vec![Trak { tkhd, mdia, ..Default::default() }],
        ..Default::default()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use mp4_atom::{Atom, Decode, Header};

    use super::*;
    use crate::depacketize::av1_header::{SequenceHeader, tests::LIBAOM};

    /// x264 baseline, 1280x720, level 3.1.
    pub fn parameter_sets() -> ParameterSets {
        let sps = [
            0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10, 0, 0, 3, 0, 0x10, 0, 0, 3, 1, 0xe0, 0xf1,
            0x83, 0x24, 0x80,
        ];
        ParameterSets { sps: sps.to_vec(), pps: [(0, vec![0x68, 0xce, 0x3c, 0x80])].into() }
    }

    fn read(bytes: &[u8]) -> (Ftyp, Moov) {
        let mut rest = bytes;
        let ftyp = Ftyp::decode(&mut rest).unwrap();
        let moov = Moov::decode(&mut rest).unwrap();
        assert!(rest.is_empty());
        (ftyp, moov)
    }

    #[test]
    fn init_segments_read_back_with_what_players_insist_on() {
        let vp9 = Vp9Format { profile: 0, width: 1_280, height: 720 };
        let sequence = SequenceHeader::parse(&LIBAOM).unwrap();
        let av1 = Av1Format { sequence, obu: [&[0x0a, 11][..], &LIBAOM].concat() };
        for (format, codecs, timescale) in [
            (Format::H264(parameter_sets()), "avc1.42c01f", 90_000),
            (Format::Vp9(vp9), "vp09.00.31.08", 90_000),
            (Format::Av1(av1), "av01.0.01M.08", 90_000),
            (Format::Opus, "opus", 48_000),
        ] {
            let (spec, bytes) = init_segment(&format).unwrap();
            let (ftyp, moov) = read(&bytes);
            assert_eq!((spec.codecs.as_str(), spec.timescale), (codecs, timescale));
            assert_eq!(ftyp.major_brand, FourCC::new(b"iso6"));
            assert_eq!((moov.mvhd.rate.integer(), moov.mvhd.volume.integer()), (1, 1), "{codecs}");
            assert_eq!(moov.trak[0].mdia.mdhd.timescale, timescale);
            assert!(moov.trak[0].mdia.minf.stbl.stco.is_some(), "{codecs}");
            assert_eq!(moov.mvex.unwrap().trex[0].track_id, TRACK_ID);
            let reference = match &moov.trak[0].mdia.minf.stbl.stsd.codecs[0] {
                SampleEntry::Avc1(entry) => entry.visual.data_reference_index,
                SampleEntry::Vp09(entry) => entry.visual.data_reference_index,
                SampleEntry::Av01(entry) => entry.visual.data_reference_index,
                SampleEntry::Opus(entry) => entry.audio.data_reference_index,
                other => panic!("{other:?}"),
            };
            assert_eq!(reference, 1, "{codecs}");
        }
    }

    #[test]
    fn the_parameter_sets_are_in_the_file() {
        let (spec, bytes) = init_segment(&Format::H264(parameter_sets())).unwrap();
        assert_eq!((spec.width, spec.height), (1_280, 720));
        let (_, moov) = read(&bytes);
        let SampleEntry::Avc1(entry) = &moov.trak[0].mdia.minf.stbl.stsd.codecs[0] else { panic!() };
        assert_eq!(entry.avcc.sequence_parameter_sets, [parameter_sets().sps]);
        assert_eq!(entry.avcc.picture_parameter_sets, [vec![0x68, 0xce, 0x3c, 0x80]]);
        assert_eq!(entry.avcc.length_size, 4);
    }

    #[test]
    fn the_sequence_header_is_in_the_file() {
        let obu = [&[0x0a, 11][..], &LIBAOM].concat();
        let sequence =
            SequenceHeader { high_tier: true, level: 9, bit_depth: 10, ..SequenceHeader::parse(&LIBAOM).unwrap() };
        let (spec, bytes) = init_segment(&Format::Av1(Av1Format { sequence, obu: obu.clone() })).unwrap();
        assert_eq!((spec.codecs.as_str(), spec.width, spec.height), ("av01.0.09H.10", 640, 360));
        let (_, moov) = read(&bytes);
        let SampleEntry::Av01(entry) = &moov.trak[0].mdia.minf.stbl.stsd.codecs[0] else { panic!() };
        let av1c = &entry.av1c;
        assert_eq!(
            (av1c.seq_level_idx_0, av1c.seq_tier_0, av1c.high_bitdepth, av1c.twelve_bit),
            (9, true, true, false)
        );
        assert_eq!((av1c.chroma_subsampling_x, av1c.chroma_subsampling_y, &av1c.config_obus), (true, true, &obu));
    }

    #[test]
    fn boxes_follow_each_other_without_a_gap() {
        let (_, bytes) = init_segment(&Format::Opus).unwrap();
        let mut rest = bytes.as_slice();
        let header = Header::decode(&mut rest).unwrap();
        assert_eq!((header.kind, header.size), (Ftyp::KIND, Some(20)));
    }

    #[test]
    fn an_unreadable_sps_makes_no_file() {
        let sets = ParameterSets { sps: vec![0x67, 0x42], pps: [(0, vec![0x68])].into() };
        assert_eq!(init_segment(&Format::H264(sets)), Err(Error::MalformedSps));
    }

    #[test]
    fn vp9_levels_follow_the_picture_size() {
        for (width, height, level) in [
            (320, 180, 11),
            (640, 360, 21),
            (1_280, 720, 31),
            (1_920, 1_080, 40),
            (3_840, 2_160, 50),
            (7_680, 4_320, 60),
        ] {
            assert_eq!(vp9_level(width, height), level, "{width}x{height}");
        }
    }
}
