//! The head of the file: what it is, the tables of its samples, and the start of their bytes (ISO/IEC 14496-12 section 8).

use mp4_atom::{
    Avc1, Avc3, Co64, Codec, Dinf, Dref, Edts, Elst, ElstEntry, Encode, FourCC, Ftyp, Hdlr, Mdhd, Mdia, Minf, Moov,
    Mvhd, Smhd, Stbl, Stco, Stsc, StscEntry, Stsd, Stss, Stsz, StszSamples, Stts, SttsEntry, Tkhd, Trak, Url, Vmhd,
};

use super::{
    DownloadError,
    reel::{Chunk, Reel},
};

/// Ticks a second of the movie: those of a picture.
const TIMESCALE: u32 = 90_000;
/// Length of an mdat's header, with the long form of its length.
const MDAT_HEADER: u64 = 16;

/// Everything before the samples' bytes, which are `data` long and lie in `order`.
pub fn head(reels: &[Reel], order: &[(usize, &Chunk)], data: u64) -> Result<Vec<u8>, DownloadError> {
    let fault = |error: mp4_atom::Error| DownloadError::Box(error.to_string());
    let brands = [b"isom", b"iso6", b"mp41"].map(FourCC::new);
    let mut head = Vec::new();
    let ftyp = Ftyp { major_brand: brands[0], minor_version: 0x200, compatible_brands: brands.to_vec() };
    ftyp.encode(&mut head).map_err(fault)?;
    // How long the tables are does not depend on what the offsets in them are, only on how wide these are.
    let mut measured = Vec::new();
    moov(reels, order, 0, true).encode(&mut measured).map_err(fault)?;
    let wide = head.len() as u64 + measured.len() as u64 + MDAT_HEADER + data > u64::from(u32::MAX);
    measured.clear();
    moov(reels, order, 0, wide).encode(&mut measured).map_err(fault)?;
    let first = head.len() as u64 + measured.len() as u64 + MDAT_HEADER;
    moov(reels, order, first, wide).encode(&mut head).map_err(fault)?;
    head.extend_from_slice(&1u32.to_be_bytes());
    head.extend_from_slice(b"mdat");
    head.extend_from_slice(&(MDAT_HEADER + data).to_be_bytes());
    Ok(head)
}

fn moov(reels: &[Reel], order: &[(usize, &Chunk)], first: u64, wide: bool) -> Moov {
    let mut offsets = vec![Vec::new(); reels.len()];
    let mut at = first;
    for (number, chunk) in order {
        offsets[*number].push(at);
        at += chunk.bytes();
    }
    let begins_us = reels.iter().map(Reel::begins_us).min().unwrap_or(0);
    let track = |(number, (reel, offsets)): (usize, (&Reel, Vec<u64>))| trak(number, reel, offsets, begins_us, wide);
    let traks: Vec<Trak> = reels.iter().zip(offsets).enumerate().map(track).collect();
    let duration = traks.iter().map(|trak| trak.tkhd.duration).max().unwrap_or(0);
    let next_track_id = traks.len() as u32 + 1;
    Moov {
        // rate and volume of 1 are what section 8.2.2 calls normal; left at 0, players may play nothing.
        mvhd: Mvhd {
            timescale: TIMESCALE,
            duration,
            rate: 1.into(),
            volume: 1.into(),
            next_track_id,
            ..Default::default()
        },
        trak: traks,
        ..Default::default()
    }
}

/// The movie begins with the track that began first; one that began later waits (an empty edit, section 8.6.6).
fn trak(number: usize, reel: &Reel, offsets: Vec<u64>, begins_us: u64, wide: bool) -> Trak {
    let movie = |ticks: u64| (u128::from(ticks) * u128::from(TIMESCALE) / u128::from(reel.timescale)) as u64;
    let begins = (u128::from(begins_us) * u128::from(reel.timescale) / 1_000_000) as u64;
    let late = reel.begins().saturating_sub(begins);
    let length = reel.end.saturating_sub(reel.begins());
    let edit = |ticks, media_time| ElstEntry { segment_duration: movie(ticks), media_time, media_rate: 1.into() };
    let edits = if late > 0 { vec![edit(late, None), edit(length, Some(0))] } else { Vec::new() };
    let video = reel.is_video();
    let codec = sample_entry(reel);
    let (width, height) = size(&codec);
    let (handler, name) = if video { (b"vide", "video") } else { (b"soun", "voice") };
    Trak {
        tkhd: Tkhd {
            track_id: number as u32 + 1,
            duration: movie(late + length),
            enabled: true,
            in_movie: true,
            volume: if video { 0 } else { 1 }.into(),
            width: width.into(),
            height: height.into(),
            ..Default::default()
        },
        edts: (!edits.is_empty()).then_some(Edts { elst: Some(Elst { entries: edits }) }),
        mdia: Mdia {
            mdhd: Mdhd { timescale: reel.timescale, duration: length, language: "und".into(), ..Default::default() },
            hdlr: Hdlr { handler: FourCC::new(handler), name: name.into() },
            minf: Minf {
                vmhd: video.then(Vmhd::default),
                smhd: (!video).then(Smhd::default),
                dinf: Dinf { dref: Dref { entries: vec![Url::default().into()] } },
                stbl: tables(reel, codec, offsets, wide),
                ..Default::default()
            },
        },
        ..Default::default()
    }
}

fn tables(reel: &Reel, codec: Codec, offsets: Vec<u64>, wide: bool) -> Stbl {
    let mut lasts: Vec<SttsEntry> = Vec::new();
    for sample_delta in reel.durations() {
        match lasts.last_mut().filter(|last| last.sample_delta == sample_delta) {
            Some(last) => last.sample_count += 1,
            None => lasts.push(SttsEntry { sample_count: 1, sample_delta }),
        }
    }
    let mut chunks: Vec<StscEntry> = Vec::new();
    for (first_chunk, chunk) in (1u32..).zip(&reel.chunks) {
        if chunks.last().is_none_or(|last| last.samples_per_chunk != chunk.samples) {
            chunks.push(StscEntry { first_chunk, samples_per_chunk: chunk.samples, sample_description_index: 1 });
        }
    }
    let keyframes = (1u32..).zip(&reel.samples).filter(|(_, sample)| sample.keyframe).map(|(number, _)| number);
    let sizes = reel.samples.iter().map(|sample| sample.size).collect();
    // Firefox rejects a file without stco, also one with nothing in it.
    let narrow = if wide { Vec::new() } else { offsets.iter().map(|offset| *offset as u32).collect() };
    Stbl {
        stsd: Stsd { codecs: vec![codec] },
        stts: Stts { entries: lasts },
        stsc: Stsc { entries: chunks },
        stsz: Stsz { samples: StszSamples::Different { sizes } },
        stss: reel.is_video().then(|| Stss { entries: keyframes.collect() }),
        stco: (!wide).then_some(Stco { entries: narrow }),
        co64: wide.then_some(Co64 { entries: offsets }),
        ..Default::default()
    }
}

/// The one sample entry; `avc3` where parameter sets stand among the samples.
fn sample_entry(reel: &Reel) -> Codec {
    match &reel.codec {
        Codec::Avc1(Avc1 { visual, avcc, .. }) if !reel.is_uniform => {
            Avc3 { visual: visual.clone(), avcc: avcc.clone(), ..Default::default() }.into()
        }
        codec => codec.clone(),
    }
}

fn size(codec: &Codec) -> (u16, u16) {
    let visual = match codec {
        Codec::Avc1(entry) => &entry.visual,
        Codec::Avc3(entry) => &entry.visual,
        Codec::Vp09(entry) => &entry.visual,
        Codec::Av01(entry) => &entry.visual,
        _ => return (0, 0),
    };
    (visual.width, visual.height)
}
