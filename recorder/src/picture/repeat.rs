//! Parts read back from a file of our own, to be repeated. The file may have been changed since: nothing in it is trusted.

use mp4_atom::{Decode, Mdat};

use crate::{cmaf::take_moof, limits::REPEAT_SAMPLES};

/// The flag sample_is_non_sync_sample (ISO/IEC 14496-12 section 8.8.3.1).
const NON_SYNC: u32 = 0x0001_0000;

/// A sample without its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    /// Whether decoding can begin here.
    pub keyframe: bool,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// The samples of whole parts, one moof and mdat after another. `None` if anything is not as the muxer writes it, the first
/// is no keyframe, or they are more than `limits::REPEAT_SAMPLES`.
pub fn samples(mut bytes: &[u8]) -> Option<Vec<Repeated>> {
    let mut samples = Vec::new();
    while !bytes.is_empty() {
        let moof = take_moof(&mut bytes)?;
        let mdat = Mdat::decode(&mut bytes).ok()?;
        let [traf] = moof.traf.as_slice() else { return None };
        let [trun] = traf.trun.as_slice() else { return None };
        let mut data = mdat.data.as_slice();
        for entry in trun.samples.iter() {
            if samples.len() >= REPEAT_SAMPLES {
                return None;
            }
            let (sample, rest) = data.split_at_checked(entry.size? as usize)?;
            data = rest;
            samples.push(Repeated { keyframe: entry.flags? & NON_SYNC == 0, data: sample.to_vec() });
        }
        if !data.is_empty() {
            return None;
        }
    }
    samples.first().is_some_and(|first| first.keyframe).then_some(samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmaf::ten_pictures as parts;

    #[test]
    fn what_was_written_reads_back() {
        let samples = samples(&parts()).unwrap();
        assert_eq!(samples.len(), 10);
        assert!(samples.iter().enumerate().all(|(n, sample)| sample.keyframe == (n == 0)));
        assert_eq!(samples[9].data, [9; 10]);
    }

    #[test]
    fn what_is_torn_or_begins_in_the_middle_is_not_repeated() {
        let bytes = parts();
        assert_eq!(samples(&[]), None);
        assert!((1..bytes.len()).filter_map(|cut| samples(&bytes[..cut])).all(|samples| samples.len() < 10));
        let second = bytes.windows(4).skip(8).position(|kind| kind == b"moof").unwrap() + 8 - 4;
        assert_eq!(samples(&bytes[second..]), None);
    }

    #[test]
    fn any_bytes_are_survived() {
        let good = parts();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..20_000 {
            let mut bytes = good.clone();
            for _ in 0..3 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = (state >> 16) as usize % bytes.len();
                bytes[at] = state as u8;
            }
            samples(&bytes);
        }
    }
}
