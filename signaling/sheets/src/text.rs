//! Text files: which encoding they are in. Windows in China saves text as GB18030 and does not say so.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8};

use crate::error::{FileKind, ReadError};

/// The text of a file: what its byte order mark says, else what it `declares` about itself, else UTF-8, else GB18030
/// (which holds all of GBK and GB2312). An encoding in which some bytes mean nothing is not the right one.
pub(crate) fn decode<'a>(bytes: &'a [u8], declares: Option<&'static Encoding>) -> Result<Cow<'a, str>, ReadError> {
    let whole = |encoding: &'static Encoding, bytes: &'a [u8]| {
        encoding.decode_without_bom_handling_and_without_replacement(bytes)
    };
    let text = match Encoding::for_bom(bytes) {
        Some((encoding, mark_len)) => whole(encoding, &bytes[mark_len..]),
        None => declares
            .and_then(|encoding| whole(encoding, bytes))
            .or_else(|| whole(UTF_8, bytes))
            .or_else(|| whole(GB18030, bytes)),
    };
    let text = text.ok_or(ReadError::UnknownEncoding)?;
    if text.contains('\0') {
        return Err(ReadError::Unsupported { kind: FileKind::Unknown });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(mark: u16, text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(mark).chain(text.encode_utf16()).flat_map(to_bytes).collect()
    }

    #[test]
    fn the_encoding_is_told_from_the_bytes() {
        let text = "姓名,班级\n张三,三(1)班\n";
        let files = [
            text.as_bytes().to_vec(),
            format!("\u{FEFF}{text}").into_bytes(),
            utf16(0xFEFF, text, u16::to_le_bytes),
            utf16(0xFEFF, text, u16::to_be_bytes),
            GB18030.encode(text).0.into_owned(),
        ];
        for file in files {
            assert_eq!(decode(&file, None).unwrap(), text, "{file:02x?}");
        }
    }

    #[test]
    fn characters_that_only_gb18030_has_are_read() {
        // 㐀 takes four bytes.
        assert_eq!(decode(b"\x81\x39\xEE\x39,1", None).unwrap(), "\u{3400},1");
    }

    #[test]
    fn a_declared_encoding_holds_unless_the_bytes_are_not_in_it() {
        let gb = GB18030.encode("课表").0;
        assert_eq!(decode(&gb, Some(GB18030)).unwrap(), "课表");
        assert_eq!(decode(&gb, Some(UTF_8)).unwrap(), "课表");
        assert_eq!(decode("课表".as_bytes(), Some(GB18030)).unwrap().chars().count(), 3);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert_eq!(decode(b"\xFF\x81", None), Err(ReadError::UnknownEncoding));
        assert_eq!(decode(b"a\0b", None), Err(ReadError::Unsupported { kind: FileKind::Unknown }));
        assert_eq!(decode(b"\xFF\xFEa", None), Err(ReadError::UnknownEncoding));
    }
}
