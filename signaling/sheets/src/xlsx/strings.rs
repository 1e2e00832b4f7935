//! Strings of a workbook: plain or in runs of different looks, shared or in the cell.

use super::xml::{Node, Xml};
use crate::error::ReadError;
use crate::limits;

/// Reads the table of shared strings; cells refer to them by number.
pub(super) fn read(part: &str, xml: &str) -> Result<Vec<String>, ReadError> {
    let mut xml = Xml::new(part, xml);
    let mut strings = Vec::new();
    let mut bytes = 0usize;
    loop {
        match xml.next()? {
            Node::Open(element) if element.is("si") => {
                let string = item(&mut xml)?;
                bytes += string.len();
                if bytes > limits::TEXT_BYTES {
                    return Err(ReadError::TooMuchText);
                }
                if strings.len() == limits::SHARED_STRINGS {
                    return Err(ReadError::TooManyCells);
                }
                strings.push(string);
            }
            Node::End => return Ok(strings),
            _ => (),
        }
    }
}

/// The text of the item that has just begun: of its runs, without how to pronounce it.
pub(super) fn item(xml: &mut Xml<'_>) -> Result<String, ReadError> {
    let mut text = String::new();
    let mut open = 1usize;
    while open > 0 {
        match xml.next()? {
            Node::Open(element) if element.is("t") => text.push_str(&xml.text()?),
            Node::Open(element) if element.is("rPh") => xml.skip()?,
            Node::Open(_) => open += 1,
            Node::Close => open -= 1,
            Node::Text(_) => (),
            Node::End => return Err(xml.cut_off()),
        }
    }
    Ok(unescape(&text))
}

/// Replaces `_x000D_` by the character of that number (`ST_Xstring`, ECMA-376 part 1, 22.9.2.19).
pub(super) fn unescape(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let escape = rest.get(at..at + 7).filter(|escape| escape.ends_with('_'));
        let character = escape.and_then(|escape| u32::from_str_radix(&escape[2..6], 16).ok()).and_then(char::from_u32);
        let kept = if character.is_some() { at } else { at + 2 };
        unescaped.push_str(&rest[..kept]);
        unescaped.extend(character);
        rest = &rest[if character.is_some() { at + 7 } else { kept }..];
    }
    unescaped.push_str(rest);
    unescaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_characters_are_replaced() {
        let rows = [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x", "_x"),
            ("_x00", "_x00"),
            ("_xD800_", "_xD800_"),
            ("_x字字_", "_x字字_"),
            ("_x_x0041_", "_xA"),
        ];
        for (text, unescaped) in rows {
            assert_eq!(unescape(text), unescaped);
        }
    }

    #[test]
    fn runs_are_joined_and_phonetic_hints_left_out() {
        let xml = "<sst uniqueCount='99999999999999999'><si><t>语</t></si>\
                   <si><r><rPr><b/></rPr><t>张</t></r><r><t xml:space='preserve'> 三</t></r><rPh><t>zhang</t></rPh></si>\
                   <si/><si><t>a&lt;&#98;</t></si></sst>";
        assert_eq!(read("sharedStrings.xml", xml).unwrap(), ["语", "张 三", "", "a<b"]);
    }

    #[test]
    fn a_declared_entity_is_refused_and_not_replaced() {
        let bomb = "<!DOCTYPE s [<!ENTITY a '哈哈哈'><!ENTITY b '&a;&a;&a;'>]><sst><si><t>&b;</t></si></sst>";
        let unknown = "<sst><si><t>&b;</t></si></sst>";
        for xml in [bomb, unknown, "<sst><si><t>a", "<sst><si></sst>"] {
            assert!(matches!(read("s", xml), Err(ReadError::Damaged { .. })), "{xml}");
        }
    }

    #[test]
    fn more_strings_than_cells_may_be_are_refused() {
        let xml = format!("<sst>{}</sst>", "<si/>".repeat(limits::SHARED_STRINGS + 1));
        assert_eq!(read("s", &xml), Err(ReadError::TooManyCells));
    }
}
