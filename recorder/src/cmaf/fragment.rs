//! Reading a moof back. A file may have been changed since it was written.

use mp4_atom::{Decode, Moof};

/// Boxes that [`super::Muxer`] writes into a moof, and into its traf.
const IN_MOOF: [&[u8; 4]; 2] = [b"mfhd", b"traf"];
const IN_TRAF: [&[u8; 4]; 3] = [b"tfhd", b"tfdt", b"trun"];

/// Takes the moof off the start of `bytes`. `None` if there is none, or one that holds a box no part of ours has: some count
/// things that take no bytes (sgpd), and reading one would fill the memory.
pub fn take_moof(bytes: &mut &[u8]) -> Option<Moof> {
    let (kind, body, _) = split_box(bytes)?;
    if kind != b"moof" || !has_only(body, &IN_MOOF) {
        return None;
    }
    let mut rest = body;
    while let Some((kind, body, after)) = split_box(rest) {
        if kind == b"traf" && !has_only(body, &IN_TRAF) {
            return None;
        }
        rest = after;
    }
    Moof::decode(bytes).ok()
}

/// Whether `body` is made up of boxes of these kinds.
fn has_only(mut body: &[u8], kinds: &[&[u8; 4]]) -> bool {
    while !body.is_empty() {
        match split_box(body) {
            Some((kind, _, rest)) if kinds.contains(&kind) => body = rest,
            _ => return false,
        }
    }
    true
}

/// The kind and body of the first box, and what follows it.
fn split_box(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    let len = (u32::from_be_bytes(*len) as usize).checked_sub(8)?;
    let (body, after) = rest.split_at_checked(len)?;
    Some((kind, body, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmaf::ten_pictures;

    #[test]
    fn a_part_of_ours_is_read_and_what_follows_is_left() {
        let part = ten_pictures();
        let mut rest = part.as_slice();
        let moof = take_moof(&mut rest).unwrap();
        assert_eq!((moof.traf.len(), moof.traf[0].trun.len(), &rest[4..8]), (1, 1, &b"mdat"[..]));
    }

    #[test]
    fn a_box_that_counts_what_takes_no_bytes_is_refused_before_it_is_read() {
        // Version 0: entries without a length, and 2^32 - 1 of them.
        let sgpd = [&[0, 0, 0, 20][..], b"sgpd", &[0; 4], b"roll", &[0xff; 4]].concat();
        for nested in [false, true] {
            let inner = if nested { [&[0, 0, 0, 28][..], b"traf", &sgpd].concat() } else { sgpd.clone() };
            let moof = [&(inner.len() as u32 + 8).to_be_bytes()[..], b"moof", &inner].concat();
            assert_eq!(take_moof(&mut moof.as_slice()), None);
        }
    }

    #[test]
    fn what_is_torn_is_no_moof() {
        let part = ten_pictures();
        let end = u32::from_be_bytes(*part.first_chunk().unwrap()) as usize;
        assert!((0..end).all(|len| take_moof(&mut &part[..len]).is_none()));
    }
}
