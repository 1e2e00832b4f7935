//! A part of a WebM file, against what its index says of it.

use super::PartFlaw;
use crate::{
    index::Part,
    webm::{id, millis},
};

/// Whether `bytes` are one whole cluster that begins when its index says.
pub fn check_cluster(part: &Part, bytes: &[u8]) -> Result<(), PartFlaw> {
    let body = bytes.strip_prefix(&id::CLUSTER.to_be_bytes()).ok_or(PartFlaw::NoCluster)?;
    let (len, body) = length(body).ok_or(PartFlaw::NoCluster)?;
    if len != body.len() as u64 {
        return Err(PartFlaw::WrongSize);
    }
    // The muxer writes it first.
    let timestamp = body.strip_prefix(&[id::TIMESTAMP as u8]).and_then(length);
    let timestamp = timestamp.and_then(|(len, rest)| rest.get(..usize::try_from(len).ok()?));
    match timestamp
        .filter(|bytes| bytes.len() <= 8)
        .map(|bytes| bytes.iter().fold(0, |sum, b| sum << 8 | u64::from(*b)))
    {
        Some(told) if told == millis(part.start) => Ok(()),
        _ => Err(PartFlaw::WrongStart),
    }
}

/// A length (RFC 8794 section 4) and what follows it: the octets' number is told by the zeros before the first one.
fn length(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let first = *bytes.first()?;
    let octets = first.leading_zeros() as usize + 1;
    let (told, rest) = bytes.split_at_checked(octets)?;
    let marked = told.iter().fold(0u64, |sum, octet| sum << 8 | u64::from(*octet));
    let marker = 1u64.checked_shl(7 * u32::try_from(octets).ok()?)?;
    (octets <= 8).then(|| (marked & (marker - 1), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Part = Part { offset: 0, len: 0, start: 90_000, duration: 36_000, independent: true };
    /// A cluster at 1,000 ms with an empty block group.
    const CLUSTER: [u8; 11] = [0x1f, 0x43, 0xb6, 0x75, 0x86, 0xe7, 0x82, 0x03, 0xe8, 0xa0, 0x80];

    #[test]
    fn a_cluster_must_be_whole_and_begin_when_it_is_said_to() {
        assert_eq!(check_cluster(&PART, &CLUSTER), Ok(()));
        assert_eq!(check_cluster(&PART, &CLUSTER[..10]), Err(PartFlaw::WrongSize));
        assert_eq!(check_cluster(&Part { start: 90_090, ..PART }, &CLUSTER), Err(PartFlaw::WrongStart));
        assert_eq!(check_cluster(&PART, b"moof"), Err(PartFlaw::NoCluster));
    }

    #[test]
    fn any_bytes_are_survived() {
        for cut in 0..CLUSTER.len() {
            for value in 0..=255 {
                let mut bytes = CLUSTER;
                bytes[cut] = value;
                let _ = check_cluster(&PART, &bytes);
                let _ = check_cluster(&PART, &bytes[..cut]);
            }
        }
    }
}
