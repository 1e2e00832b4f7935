//! Any bytes as a part of a recording, and as its files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recorder::{
    File,
    check::{Files, check, check_part},
    index::Part,
};

/// Every file holds the same bytes.
struct Same<'a>(&'a [u8]);

impl Files for Same<'_> {
    fn len(&self, _: &File) -> Option<u64> {
        Some(self.0.len() as u64)
    }

    fn read(&self, _: &File, offset: u64, len: usize) -> Option<Vec<u8>> {
        let offset = usize::try_from(offset).ok()?;
        self.0.get(offset..offset.checked_add(len)?).map(<[u8]>::to_vec)
    }
}

fuzz_target!(|input: &[u8]| {
    let part = Part { offset: 0, len: input.len() as u32, start: 0, duration: 0, independent: true };
    let _ = check_part(&part, input);
    for flaw in check(input, &Same(input)).flaws {
        assert!(!flaw.to_string().is_empty());
    }
});
