//! What packets hold: shaped so that a server takes them for H.264, VP9 or Opus, with a tag at the end that tells the receiver
//! what it got.
//!
//! ```text
//! picture:  what a server looks at | filler | tag of 24
//! voice:    TOC | filler | tag of 8
//! ```

/// A sequence parameter set of constrained baseline, 640x360, and a picture parameter set.
const SPS: [u8; 16] = [0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01];
const PPS: [u8; 5] = [0x68, 0xcb, 0x83, 0xcb, 0x20];
/// Size of the highest spatial layer.
const WIDTH: u16 = 1280;
const HEIGHT: u16 = 720;
/// Opus: SILK, wide band, 20 ms, mono (RFC 6716 section 3.1).
const TOC: u8 = 0x48;
const MARK: u16 = 0x746b;
const PICTURE_TAG: usize = 24;
const VOICE_TAG: usize = 8;

/// What one packet of a picture is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureTag {
    /// Which encoding of which line of its sender.
    pub encoding: u8,
    /// Whether a receiver may enter here.
    pub is_key: bool,
    /// Its frame's place in the encoding.
    pub frame: u32,
    /// The frame it is predicted from; of a key frame, itself.
    pub needs: u32,
    /// Its place in the frame.
    pub index: u16,
    /// Packets of the frame.
    pub count: u16,
    /// When it was captured, in ms of the world's time.
    pub captured_ms: u32,
    /// Whether it also refers to the spatial layer below in the same picture.
    pub needs_below: bool,
}

/// Writes a packet of a frame of VP9 (RFC 9628 section 4.2), which is spatial layer `layer` of `layers`, `len` bytes long or the least
/// that it needs.
pub fn layer(tag: &PictureTag, (layer, layers): (u8, u8), len: usize) -> Vec<u8> {
    let (begins, ends) = (tag.index == 0, tag.index + 1 == tag.count);
    let has_structure = tag.is_key && begins && layer == 0;
    // Only layers of a key frame refer to those below (L3T1_KEY).
    let not_for_upper = !tag.is_key || layer + 1 == layers;
    let flags = [(0x80, true), (0x40, !tag.is_key), (0x20, true), (0x08, begins), (0x04, ends), (0x02, has_structure)];
    let flags: u8 = flags.iter().filter(|(_, is_set)| *is_set).map(|(bit, _)| bit).sum();
    let id = tag.frame as u16 | 0x8000;
    let mut out = vec![flags | u8::from(not_for_upper), (id >> 8) as u8, id as u8];
    out.extend([0x10 | layer << 1 | u8::from(tag.needs_below), tag.frame as u8]);
    if has_structure {
        out.push((layers - 1) << 5 | 0x10);
        let sizes = (0..layers).map(|at| layers - 1 - at).map(|halvings| [WIDTH >> halvings, HEIGHT >> halvings]);
        out.extend(sizes.flatten().flat_map(u16::to_be_bytes));
    }
    out.resize(len.saturating_sub(PICTURE_TAG).max(out.len()), tag.frame as u8);
    write_tag(tag, &mut out);
    out
}

/// Writes a packet of a frame of H.264, `len` bytes long or the least that it needs.
pub fn picture(tag: &PictureTag, len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(len.max(64));
    if tag.is_key && tag.index == 0 {
        // STAP-A (RFC 6184 section 5.7.1) of both sets and filler data that holds the tag.
        out.push(0x78);
        for unit in [&SPS[..], &PPS[..]] {
            out.extend_from_slice(&(unit.len() as u16).to_be_bytes());
            out.extend_from_slice(unit);
        }
        out.extend_from_slice(&(1 + PICTURE_TAG as u16).to_be_bytes());
        out.push(12);
    } else {
        // FU-A (RFC 6184 section 5.8) of an IDR picture or of another; in a key frame the slice begins in the second packet.
        let first = u16::from(tag.is_key);
        let (begins, ends) = (tag.index == first, tag.index + 1 == tag.count);
        out.push(if tag.is_key { 0x7c } else { 0x5c });
        out.push(if tag.is_key { 5 } else { 1 } | u8::from(begins) << 7 | u8::from(ends) << 6);
        out.resize(len.saturating_sub(PICTURE_TAG).max(2), tag.frame as u8);
    }
    write_tag(tag, &mut out);
    out
}

fn write_tag(tag: &PictureTag, out: &mut Vec<u8>) {
    let whole = out.len() + PICTURE_TAG;
    out.extend_from_slice(&tag.frame.to_be_bytes());
    out.extend_from_slice(&tag.needs.to_be_bytes());
    out.extend_from_slice(&tag.index.to_be_bytes());
    out.extend_from_slice(&tag.count.to_be_bytes());
    out.extend_from_slice(&tag.captured_ms.to_be_bytes());
    out.extend_from_slice(&[u8::from(tag.is_key), tag.encoding, u8::from(tag.needs_below), 0]);
    out.extend_from_slice(&(whole as u16).to_be_bytes());
    out.extend_from_slice(&MARK.to_be_bytes());
}

/// Reads the tag; none if the payload is not one of ours or not whole.
pub fn picture_tag(payload: &[u8]) -> Option<PictureTag> {
    let tag: &[u8; PICTURE_TAG] = payload.last_chunk()?;
    let number = |at: usize| u16::from_be_bytes([tag[at], tag[at + 1]]);
    let word = |at: usize| u32::from(number(at)) << 16 | u32::from(number(at + 2));
    let ours = usize::from(number(20)) == payload.len() && number(22) == MARK;
    ours.then(|| PictureTag {
        frame: word(0),
        needs: word(4),
        index: number(8),
        count: number(10),
        captured_ms: word(12),
        is_key: tag[16] == 1,
        encoding: tag[17],
        needs_below: tag[18] == 1,
    })
}

/// What a voice packet tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoiceTag {
    /// When it was captured, in ms of the world's time.
    pub captured_ms: u32,
    /// Whether it also holds the frame before it, at a lower rate (in-band FEC, RFC 6716 section 2.1.7).
    pub has_previous: bool,
}

/// Writes 20 ms of voice, `len` bytes long or the least that it needs.
pub fn voice(tag: &VoiceTag, len: usize) -> Vec<u8> {
    let mut out = vec![0x55; len.max(1 + VOICE_TAG)];
    out[0] = TOC;
    if let Some(end) = out.last_chunk_mut::<VOICE_TAG>() {
        end[..4].copy_from_slice(&tag.captured_ms.to_be_bytes());
        end[4..].copy_from_slice(&[u8::from(tag.has_previous), 0, (MARK >> 8) as u8, MARK as u8]);
    }
    out
}

/// Reads the tag; none if the payload is not one of ours.
pub fn voice_tag(payload: &[u8]) -> Option<VoiceTag> {
    let tag: &[u8; VOICE_TAG] = payload.last_chunk()?;
    let captured_ms = u32::from_be_bytes([tag[0], tag[1], tag[2], tag[3]]);
    (u16::from_be_bytes([tag[6], tag[7]]) == MARK).then_some(VoiceTag { captured_ms, has_previous: tag[4] == 1 })
}

#[cfg(test)]
mod tests {
    use sfu::payload::vp9;

    use super::*;

    fn tag(is_key: bool, index: u16) -> PictureTag {
        PictureTag {
            encoding: 2,
            is_key,
            frame: 0x0102_0304,
            needs: 7,
            index,
            count: 3,
            captured_ms: 99,
            needs_below: false,
        }
    }

    #[test]
    fn a_tag_reads_back_and_lengths_are_kept() {
        for (is_key, index) in [(true, 0), (true, 1), (false, 0), (false, 2)] {
            let payload = picture(&tag(is_key, index), 500);
            assert_eq!(picture_tag(&payload), Some(tag(is_key, index)));
            assert!(payload.len() == 500 || (is_key && index == 0));
            assert_eq!(picture_tag(&payload[1..]), None);
        }
        let said = VoiceTag { captured_ms: 5, has_previous: true };
        assert_eq!(voice_tag(&voice(&said, 60)), Some(said));
        assert_eq!(voice(&said, 60).len(), 60);
        assert_eq!(voice_tag(&[0; 20]), None);
    }

    #[test]
    fn a_spatial_layer_is_told_as_one() {
        let key = PictureTag { needs_below: true, ..tag(true, 0) };
        let payload = layer(&key, (1, 3), 500);
        assert_eq!((picture_tag(&payload), payload.len()), (Some(key), 500));
        let read = vp9::descriptor(&payload).unwrap();
        assert_eq!((read.layers.unwrap().spatial, read.not_for_upper, read.predicted), (1, false, false));
        assert!(read.begins && !read.ends && read.structure.is_none() && !vp9::starts_key_frame(&payload));
        let lowest = vp9::descriptor(&layer(&tag(true, 0), (0, 3), 0)).unwrap();
        let sizes = lowest.structure.unwrap().sizes.map(|size| size.map(|size| (size.width, size.height)));
        assert_eq!(sizes, [Some((320, 180)), Some((640, 360)), Some((1280, 720))]);
        assert!(
            vp9::descriptor(&layer(&tag(false, 2), (0, 3), 100)).is_some_and(|read| read.not_for_upper && read.ends)
        );
    }

    #[test]
    fn a_key_frame_begins_with_parameter_sets_and_goes_on_as_an_idr_picture() {
        assert_eq!(picture(&tag(true, 0), 0)[..4], [0x78, 0, 16, 0x67]);
        assert_eq!(picture(&tag(true, 1), 100)[..2], [0x7c, 0x85]);
        assert_eq!(picture(&tag(true, 2), 100)[..2], [0x7c, 0x45]);
        assert_eq!(picture(&tag(false, 0), 100)[..2], [0x5c, 0x81]);
    }
}
