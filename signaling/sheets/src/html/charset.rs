//! The encoding that a page declares about itself (HTML standard, 13.2.3.2).

use encoding_rs::Encoding;

/// How far into a page the declaration is looked for, as browsers do.
const HEAD_BYTES: usize = 1024;

/// The encoding of `<meta charset="gb2312">` or of `<meta … content="text/html; charset=gb2312">`, if there is one.
pub(super) fn declared(page: &[u8]) -> Option<&'static Encoding> {
    let head = page[..page.len().min(HEAD_BYTES)].to_ascii_lowercase();
    let name_at = head.windows(8).position(|window| window == b"charset=")? + 8;
    let value = head[name_at..].trim_ascii_start();
    let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value);
    let end = value.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-_:.".contains(byte));
    Encoding::for_label(&value[..end.unwrap_or(value.len())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{GBK, UTF_8};

    #[test]
    fn a_declared_encoding_is_found() {
        let rows: [(&[u8], Option<&'static Encoding>); 6] = [
            (b"<meta charset=utf-8>", Some(UTF_8)),
            (b"<META http-equiv=Content-Type content=\"text/html; charset=gb2312\">", Some(GBK)),
            (b"<meta charset=' gbk'>", None),
            (b"<meta charset='gbk'>", Some(GBK)),
            (b"<meta charset=", None),
            (b"<table>", None),
        ];
        for (page, encoding) in rows {
            assert_eq!(declared(page), encoding);
        }
    }
}
