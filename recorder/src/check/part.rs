//! Whether the bytes of a part are one moof and one mdat that say what its index entry says.

use mp4_atom::Traf;

use crate::{cmaf::take_moof, index::Part};

/// Why a part cannot be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartFlaw {
    /// Its bytes are not there, or are too many to be a part.
    #[error("its bytes cannot be read")]
    Unreadable,
    /// The first box is not a moof with one track.
    #[error("no moof with one track")]
    NoMoof,
    /// It is no cluster.
    #[error("no cluster")]
    NoCluster,
    /// What follows is not one mdat up to the end.
    #[error("no mdat up to its end")]
    NoMdat,
    /// It says to begin at another time than the index.
    #[error("tfdt differs from the index")]
    WrongStart,
    /// Its samples do not add up to the length in the index.
    #[error("its samples are not as long as the index says")]
    WrongDuration,
    /// Its samples do not fill the mdat, or the cluster is not as long as it says.
    #[error("its length is not what it says")]
    WrongSize,
}

/// Checks the bytes of `part`.
pub fn check_part(part: &Part, bytes: &[u8]) -> Result<(), PartFlaw> {
    let mut rest = bytes;
    let moof = take_moof(&mut rest).ok_or(PartFlaw::NoMoof)?;
    let [traf] = moof.traf.as_slice() else { return Err(PartFlaw::NoMoof) };
    let moof_len = bytes.len() - rest.len();
    let payload = mdat(rest).ok_or(PartFlaw::NoMdat)?;
    check_samples(part, traf, moof_len, payload as u64)
}

/// Length of the payload, if `bytes` are one mdat.
fn mdat(bytes: &[u8]) -> Option<usize> {
    let (header, payload) = bytes.split_first_chunk::<8>()?;
    let [l0, l1, l2, l3, kind @ ..] = *header;
    let is_whole = u32::from_be_bytes([l0, l1, l2, l3]) as usize == bytes.len();
    (is_whole && &kind == b"mdat").then_some(payload.len())
}

fn check_samples(part: &Part, traf: &Traf, moof_len: usize, payload: u64) -> Result<(), PartFlaw> {
    if traf.tfdt.as_ref().map(|tfdt| tfdt.base_media_decode_time) != Some(part.start) {
        return Err(PartFlaw::WrongStart);
    }
    let [trun] = traf.trun.as_slice() else { return Err(PartFlaw::WrongSize) };
    if trun.data_offset.and_then(|offset| usize::try_from(offset).ok()) != Some(moof_len + 8) {
        return Err(PartFlaw::WrongSize);
    }
    let (mut duration, mut size) = (0u64, 0u64);
    for sample in trun.samples.iter() {
        duration += u64::from(sample.duration.or(traf.tfhd.default_sample_duration).unwrap_or(0));
        size += u64::from(sample.size.or(traf.tfhd.default_sample_size).unwrap_or(0));
    }
    if duration != part.duration {
        return Err(PartFlaw::WrongDuration);
    }
    if size == payload { Ok(()) } else { Err(PartFlaw::WrongSize) }
}
