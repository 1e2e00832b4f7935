//! Number formats: whether a person sees a number as a number, a date or a time (ECMA-376 part 1, 18.8.30).

use std::collections::HashMap;

use super::xml::{Node, Xml};
use crate::error::ReadError;
use crate::limits;

/// How a number is shown, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum NumberFormat {
    /// As a number.
    #[default]
    Plain,
    /// As a whole number with zeros in front, up to so many digits: `007`.
    Padded(u8),
    /// As a day.
    Date,
    /// As a time of day.
    Time,
    /// As both.
    DateTime,
    /// As hours and minutes that may be more than a day.
    Elapsed,
}

/// Reads the number formats of the cells' styles, in the order of the styles.
pub(super) fn read(part: &str, xml: &str) -> Result<Vec<NumberFormat>, ReadError> {
    let mut xml = Xml::new(part, xml);
    let mut custom: HashMap<u32, NumberFormat> = HashMap::new();
    let mut formats = Vec::new();
    let mut in_cell_styles = false;
    loop {
        match xml.next()? {
            Node::Open(element) if element.is("numFmt") => {
                let id = element.attribute("numFmtId").and_then(|id| id.parse().ok());
                if let (Some(id), true) = (id, custom.len() < limits::CELL_FORMATS) {
                    custom.insert(id, of_code(&element.attribute("formatCode").unwrap_or_default()));
                }
            }
            Node::Open(element) if element.is("cellXfs") => in_cell_styles = true,
            // The lists that come after, of which one has elements of the same name.
            Node::Open(element) if element.is("cellStyles") || element.is("dxfs") => in_cell_styles = false,
            Node::Open(element) if in_cell_styles && element.is("xf") && formats.len() < limits::CELL_FORMATS => {
                let id: u32 = element.attribute("numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                formats.push(custom.get(&id).copied().unwrap_or_else(|| builtin(id)));
            }
            Node::End => return Ok(formats),
            _ => (),
        }
    }
}

/// The formats that a workbook need not describe; those from 27 on are as in Chinese Excel.
fn builtin(id: u32) -> NumberFormat {
    match id {
        14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => NumberFormat::Date,
        18..=21 | 32..=35 | 45 | 47 | 55 | 56 => NumberFormat::Time,
        22 => NumberFormat::DateTime,
        46 => NumberFormat::Elapsed,
        _ => NumberFormat::Plain,
    }
}

/// What a format code like `yyyy"年"m"月"` shows.
fn of_code(code: &str) -> NumberFormat {
    let bare = bare(&code.to_ascii_lowercase());
    if bare.starts_with("general") || bare.starts_with("g/") {
        return NumberFormat::Plain;
    }
    if bare.contains(ELAPSED) {
        return NumberFormat::Elapsed;
    }
    // The marks for morning and afternoon have the letters of others in them.
    let bare = bare.replace("am/pm", "h").replace("a/p", "h");
    let day = bare.contains(['y', 'd']) || bare.contains("aaa");
    let time = bare.contains(['h', 's']);
    match (day, time) {
        (true, true) => NumberFormat::DateTime,
        (false, true) => NumberFormat::Time,
        (true, false) => NumberFormat::Date,
        // Beside hours or seconds this is minutes, else months.
        (false, false) if bare.contains('m') => NumberFormat::Date,
        (false, false) if bare.len() > 1 && bare.bytes().all(|byte| byte == b'0') => {
            NumberFormat::Padded(bare.len().min(LONGEST_PADDED) as u8)
        }
        (false, false) => NumberFormat::Plain,
    }
}

/// Stands for hours, minutes or seconds in brackets, which go on beyond a day.
const ELAPSED: char = '[';
/// A whole number has no more digits than this.
const LONGEST_PADDED: usize = 20;

/// The first section of a format code without text to be shown as it stands, colours, conditions and languages. Further
/// sections are for negative numbers, zero and text.
fn bare(code: &str) -> String {
    let mut bare = String::new();
    let mut rest = code.chars();
    while let Some(c) = rest.next() {
        match c {
            ';' => break,
            '"' => rest = after(&rest, '"').1,
            '\\' | '_' | '*' => {
                rest.next();
            }
            '[' => {
                let (inside, behind) = after(&rest, ']');
                if ["h", "hh", "m", "mm", "s", "ss"].contains(&inside) {
                    bare.push(ELAPSED);
                }
                rest = behind;
            }
            c => bare.push(c),
        }
    }
    bare
}

/// What stands before and after the next `end`.
fn after<'a>(rest: &std::str::Chars<'a>, end: char) -> (&'a str, std::str::Chars<'a>) {
    let (before, behind) = rest.as_str().split_once(end).unwrap_or((rest.as_str(), ""));
    (before, behind.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_code_says_what_a_number_is() {
        let rows = [
            ("General", NumberFormat::Plain),
            ("G/通用格式", NumberFormat::Plain),
            ("0.00E+00", NumberFormat::Plain),
            ("#,##0;[Red]-#,##0", NumberFormat::Plain),
            ("0\"days\"", NumberFormat::Plain),
            ("0\\d", NumberFormat::Plain),
            ("[Red]0", NumberFormat::Plain),
            ("0%", NumberFormat::Plain),
            ("0", NumberFormat::Plain),
            ("000", NumberFormat::Padded(3)),
            ("00000000;@", NumberFormat::Padded(8)),
            ("yyyy\"年\"m\"月\"d\"日\"", NumberFormat::Date),
            ("[$-804]yyyy/m/d;@", NumberFormat::Date),
            ("mmm", NumberFormat::Date),
            ("aaaa", NumberFormat::Date),
            ("[Magenta]0", NumberFormat::Plain),
            ("\"第\"00", NumberFormat::Padded(2)),
            ("h:mm", NumberFormat::Time),
            ("h:mm AM/PM", NumberFormat::Time),
            ("上午/下午h\"时\"mm\"分\"", NumberFormat::Time),
            ("mm:ss", NumberFormat::Time),
            ("yyyy/m/d h:mm", NumberFormat::DateTime),
            ("[h]:mm:ss", NumberFormat::Elapsed),
            ("\"never closed", NumberFormat::Plain),
            ("[never closed", NumberFormat::Plain),
        ];
        for (code, format) in rows {
            assert_eq!(of_code(code), format, "{code}");
        }
    }

    #[test]
    fn only_the_styles_of_cells_count() {
        let xml = "<styleSheet><numFmts><numFmt numFmtId='176' formatCode='yyyy\\-mm\\-dd'/></numFmts>\
                   <cellStyleXfs><xf numFmtId='21'/></cellStyleXfs>\
                   <cellXfs><xf numFmtId='0'/><xf numFmtId='176'/><xf numFmtId='20'/><xf/></cellXfs>\
                   <cellStyles><xf numFmtId='14'/></cellStyles></styleSheet>";
        let expected = [NumberFormat::Plain, NumberFormat::Date, NumberFormat::Time, NumberFormat::Plain];
        assert_eq!(read("styles.xml", xml).unwrap(), expected);
    }
}
