//! How people spell: full-width and half-width characters, spaces and dashes that mean the same.

use timetable::LONGEST_NAME;

use crate::limits::SHOWN_CHARS;

/// `text` as it is kept: without invisible characters, and with one space where there is white space.
pub fn tidy(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `text` as it is compared: half-width, lower case, one kind of dash, no white space.
pub fn fold(text: &str) -> String {
    folded(text).filter(|c| !c.is_whitespace()).collect()
}

/// Like [`fold`], with a blank for each character of white space: where blanks and lines keep things apart.
pub fn fold_spaced(text: &str) -> String {
    folded(text).map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

/// Like [`fold`], with spaces and line ends as they are.
pub fn fold_lines(text: &str) -> String {
    folded(text).collect()
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !is_invisible(*c)).flat_map(|c| half_width(c).to_lowercase())
}

/// Full-width ASCII stands in its own block of Unicode (U+FF01 to U+FF5E), in the order of ASCII.
fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' | '\u{2E3A}' => '-',
        '\u{301C}' | '\u{223C}' => '~',
        '【' | '〔' => '[',
        '】' | '〕' => ']',
        '週' => '周',
        _ => c,
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}')
}

/// Whether `text` can be the name of something: not too long, and of characters that can be shown.
pub fn is_name(text: &str) -> bool {
    let length = text.chars().count();
    (1..=LONGEST_NAME).contains(&length) && !text.chars().any(char::is_control)
}

/// The beginning of a text that may be long.
pub fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The letters of a column, counted from 0: `A`, `Z`, `AA`.
pub fn letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same_is_the_same_when_folded() {
        let rows = [
            ("三（１）班", "三(1)班"),
            ("2026—2027 学年", "2026-2027学年"),
            ("２０２６–２０２７学年", "2026-2027学年"),
            ("\u{FEFF}Ｍｏｎ", "mon"),
            ("实验\u{3000}小学", "实验小学"),
        ];
        for (text, expected) in rows {
            assert_eq!(fold(text), expected);
        }
    }

    #[test]
    fn a_name_is_kept_as_it_is_written_but_for_its_blanks() {
        assert_eq!(tidy(" 实验\u{3000} 小学（东）\n\u{200B}"), "实验 小学（东）");
    }

    #[test]
    fn names_are_short_and_can_be_shown() {
        let long = "名".repeat(LONGEST_NAME + 1);
        for bad in ["", "a\u{7}b", long.as_str()] {
            assert!(!is_name(bad), "{bad}");
        }
        assert!(is_name("三（1）班"));
        assert_eq!(shown(&long).chars().count(), SHOWN_CHARS + 1);
    }

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"]);
    }
}
