//! Ids made from what people call a thing, so that the same file gives the same ids whenever it is read.
//!
//! An id is a letter for the kind of record, a hyphen, and the first 60 bits of the FNV-1a hash of the folded names, as
//! twelve characters of a-z and 2-7. What a name is made of, by kind of record:
//!
//! | id    | record  | names                                        |
//! |-------|---------|----------------------------------------------|
//! | `t-…` | term    | its name                                     |
//! | `s-…` | school  | its name                                     |
//! | `r-…` | room    | school, name                                 |
//! | `p-…` | teacher | school, name                                 |
//! | `c-…` | course  | term's id, hub school's id, name, class group |

use crate::spelling::fold;

/// Characters of base 32 (RFC 4648, section 6), in lower case.
const BASE_32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const CHARACTERS: u32 = 12;

/// The id of the record of this kind with these names that `is_free`. Nearly always the first one is; it is not where
/// somebody has given the record another name since.
pub fn natural_id(kind: char, names: &[&str], is_free: impl Fn(&str) -> bool) -> String {
    let mut hash = Fnv::new();
    for name in names {
        hash.take(fold(name).as_bytes());
        // No name has this octet, so "a" + "bc" is not "ab" + "c".
        hash.take(&[0xFF]);
    }
    loop {
        let id = format!("{kind}-{}", hash.letters());
        if is_free(&id) {
            return id;
        }
        hash.take(&[0xFE]);
    }
}

/// FNV-1a of 64 bits (draft-eastlake-fnv, section 2): stable for good, unlike the hashes of the standard library.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn letters(&self) -> String {
        (0..CHARACTERS).map(|at| char::from(BASE_32[(self.0 >> (59 - 5 * at) & 31) as usize])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        for (text, expected) in
            [("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8)]
        {
            let mut hash = Fnv::new();
            hash.take(text.as_bytes());
            assert_eq!(hash.0, expected, "{text}");
        }
    }

    #[test]
    fn an_id_stays_what_it_is_however_the_name_is_spaced() {
        let id = |names: &[&str]| natural_id('s', names, |_| true);
        assert_eq!(id(&["清溪县实验小学"]), "s-r62mq2vloycq");
        assert_eq!(id(&["三（1）班"]), id(&[" 三(1) 班"]));
        assert_ne!(id(&["a", "bc"]), id(&["ab", "c"]));
    }

    #[test]
    fn a_taken_id_is_not_given_again() {
        let first = natural_id('s', &["a"], |_| true);
        let second = natural_id('s', &["a"], |id| id != first);
        assert_ne!(first, second);
        assert_eq!(second.len(), 14);
    }
}
