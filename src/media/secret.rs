//! Randomness for credentials and stream numbers.

use aws_lc_rs::rand;
use sfu::relay::ShardId;

/// Letters of tokens: the base64url alphabet, all of them ice-chars once '-' and '_' are swapped for '+' and '/'.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn fill(bytes: &mut [u8]) {
    // The system's source does not fail once the process runs; a weak secret must never be used instead.
    if rand::fill(bytes).is_err() {
        tracing::error!("the system gives no randomness; stopping");
        std::process::abort();
    }
}

/// A number nobody can guess.
pub fn random_number() -> u32 {
    let mut bytes = [0; 4];
    fill(&mut bytes);
    u32::from_ne_bytes(bytes)
}

/// A token of `bytes` random bytes, in four letters for every three bytes.
pub fn random_token(bytes: usize) -> String {
    let mut random = vec![0; bytes.div_ceil(3) * 4];
    fill(&mut random);
    random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect()
}

/// Letters of a user fragment that nobody can guess: 48 bits, of the 24 that RFC 8445 section 5.3 wants.
const UFRAG_LETTERS: usize = 8;

/// A fresh user fragment of a session on `shard`. Its first letter says which that is: a TCP connection may come in anywhere
/// and has to find its session.
pub(super) fn ufrag_on(shard: ShardId) -> String {
    let letter = ALPHABET[usize::from(shard.0) % ALPHABET.len()];
    format!("{}{}", char::from(letter), random_token(UFRAG_LETTERS / 4 * 3))
}

/// The shard that a user fragment of ours names.
pub(super) fn shard_of_ufrag(ufrag: &str) -> Option<ShardId> {
    let letter = ufrag.bytes().next()?;
    ALPHABET.iter().position(|&known| known == letter).map(|place| ShardId(place as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_fragment_names_its_shard_and_is_otherwise_chance() {
        for shard in (0..super::super::MAX_SHARDS).map(|shard| ShardId(shard as u8)) {
            let (one, other) = (ufrag_on(shard), ufrag_on(shard));
            assert_eq!((shard_of_ufrag(&one), one.len()), (Some(shard), 1 + UFRAG_LETTERS));
            assert!(one != other && one.bytes().all(|byte| ALPHABET.contains(&byte)));
        }
        assert_eq!((shard_of_ufrag(""), shard_of_ufrag("-a"), shard_of_ufrag("同")), (None, None, None));
    }
}
