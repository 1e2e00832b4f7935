//! Randomness for credentials and stream numbers.

use aws_lc_rs::rand;

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
