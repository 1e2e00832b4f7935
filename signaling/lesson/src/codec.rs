//! Which video codec a lesson runs on: decided once, when the first publisher connects.

use protocol::message::VideoCodec;

/// Codecs in the order they are preferred: H.264 decodes in hardware on panels, VP8 is recorded as WebM, which HLS does not
/// carry.
const PREFERRED: [VideoCodec; 3] = [VideoCodec::H264, VideoCodec::Vp9, VideoCodec::Vp8];

/// The most preferred codec that the publisher offered and every listed device decodes; if there is none, the most
/// preferred one offered. `None` when no video codec was offered.
pub(crate) fn choose<'a>(
    offered: &[VideoCodec],
    decoders: impl Iterator<Item = &'a [VideoCodec]> + Clone,
) -> Option<VideoCodec> {
    let offered_in_order = || PREFERRED.into_iter().filter(|codec| offered.contains(codec));
    let everyone_decodes = |codec: &VideoCodec| decoders.clone().all(|decodes| decodes.contains(codec));
    offered_in_order().find(everyone_decodes).or_else(|| offered_in_order().next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use VideoCodec::{H264, Vp8, Vp9};

    #[test]
    fn the_most_preferred_codec_everyone_decodes_wins() {
        type Row = (&'static [VideoCodec], &'static [&'static [VideoCodec]], Option<VideoCodec>);
        let rows: [Row; 7] = [
            (&[Vp8, Vp9, H264], &[], Some(H264)),
            (&[Vp8, Vp9, H264], &[&[H264, Vp9, Vp8], &[Vp9, Vp8]], Some(Vp9)),
            (&[H264], &[&[Vp9]], Some(H264)),
            (&[Vp9, Vp8], &[&[H264]], Some(Vp9)),
            (&[H264, Vp9, Vp8], &[&[H264], &[Vp9]], Some(H264)),
            (&[H264, Vp8], &[&[Vp8, Vp9]], Some(Vp8)),
            (&[], &[&[H264]], None),
        ];
        for (offered, decoders, expected) in rows {
            let chosen = choose(offered, decoders.iter().copied());
            assert_eq!(chosen, expected, "{offered:?} {decoders:?}");
        }
    }
}
