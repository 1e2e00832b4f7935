//! Where the program leaves a track in the middle of a part. Players take a segment to last as long as its samples do and
//! put all that follows behind it, so what lies beyond the cut must not be in it. Such a part is made anew, shorter, when it
//! is asked for; everything else is bytes of the files.

use crate::{
    cmaf::{Muxer, Sample, take_moof},
    manifest::Epoch,
};

/// Directory of seams in a recording: `seam/<track>/<epoch>-<offset>-<until>.cmaf`.
pub const SEAMS: &str = "seam";

/// A part of a file, up to a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seam {
    /// Which of the track's files.
    pub epoch: u32,
    /// Where the part begins in it.
    pub offset: u64,
    /// The moment, in microseconds on the lesson clock.
    pub until: u64,
}

impl Seam {
    /// Its name in the track's directory of seams.
    pub fn name(&self) -> String {
        format!("{}-{}-{}.cmaf", self.epoch, self.offset, self.until)
    }

    /// Reads such a name.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut numbers = name.strip_suffix(".cmaf")?.split('-');
        let (epoch, offset, until) = (numbers.next()?, numbers.next()?, numbers.next()?);
        let seam = Self { epoch: epoch.parse().ok()?, offset: offset.parse().ok()?, until: until.parse().ok()? };
        (seam.name() == name).then_some(seam)
    }

    /// The part `bytes` of a file `written`, made shorter: its last sample ends at the seam. `None` if it is no part, or
    /// begins later.
    pub fn cut(&self, written: &Epoch, bytes: &[u8]) -> Option<Vec<u8>> {
        let until = u64::try_from(u128::from(self.until) * u128::from(written.timescale) / 1_000_000).ok()?;
        let mut rest = bytes;
        let moof = take_moof(&mut rest)?;
        let mut data = rest.get(8..)?;
        let [traf] = moof.traf.as_slice() else { return None };
        let [trun] = traf.trun.as_slice() else { return None };
        let mut time = traf.tfdt.as_ref()?.base_media_decode_time;
        let mut muxer = Muxer::new(written.timescale, written.width > 0);
        let mut made = Vec::new();
        for (position, entry) in trun.samples.iter().enumerate() {
            let (sample, more) = data.split_at_checked(entry.size? as usize)?;
            data = more;
            if time >= until {
                break;
            }
            // A part has one keyframe at most, and it is the first.
            let keyframe = position == 0 && entry.flags.is_none_or(|flags| flags & NON_SYNC == 0);
            let whole = muxer.push(Sample { time, keyframe, data: sample.to_vec() }).ok()?;
            made.extend(whole.into_iter().flat_map(|part| part.bytes));
            time = time.checked_add(u64::from(entry.duration?))?;
        }
        made.extend(muxer.finish(Some(until)).ok()?.into_iter().flat_map(|part| part.bytes));
        (!made.is_empty()).then_some(made)
    }
}

/// The flag sample_is_non_sync_sample (ISO/IEC 14496-12 section 8.8.3.1).
const NON_SYNC: u32 = 0x0001_0000;
