//! Delimited text: fields separated by a comma, a tab or a semicolon, quoted as in RFC 4180.
//!
//! Common readers take a quotation mark too many as the begin of a field that goes on to the next mark, however many
//! rows later, and say nothing. Here it is an error that names the line.

use crate::draft::{Draft, Totals};
use crate::error::ReadError;
use crate::sheet::Sheet;

/// What may separate fields, the likelier first: text has commas in it more often than tabs.
const DELIMITERS: [u8; 3] = [b'\t', b',', b';'];
/// How many lines are looked at to tell the delimiter.
const LINES_LOOKED_AT: usize = 50;

/// Reads `text` into a sheet of this name. A field that spans lines is one row.
pub(crate) fn read(text: &str, name: &str) -> Result<Sheet, ReadError> {
    let mut totals = Totals::default();
    let mut draft = Draft::new(&mut totals, name, false);
    let mut fields = Fields { text, at: 0, line: 1, delimiter: delimiter(text) };
    let (mut row, mut col) = (0, 0);
    while fields.at < text.len() {
        draft.put(row, col, &fields.field()?)?;
        if fields.ends_row() {
            (row, col) = (row + 1, 0);
        } else {
            col += 1;
        }
    }
    draft.finish()
}

/// The delimiter that most lines have equally often.
fn delimiter(text: &str) -> u8 {
    let mut best = (0, b',');
    for delimiter in DELIMITERS {
        let counts: Vec<usize> =
            text.lines().take(LINES_LOOKED_AT).map(|line| count_unquoted(line, delimiter)).collect();
        let agreeing = |count: &usize| counts.iter().filter(|other| *other == count).count();
        let score = counts.iter().filter(|count| **count > 0).map(agreeing).max().unwrap_or(0);
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

fn count_unquoted(line: &str, delimiter: u8) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for byte in line.bytes() {
        quoted ^= byte == b'"';
        count += usize::from(byte == delimiter && !quoted);
    }
    count
}

/// Goes through the text field by field.
struct Fields<'a> {
    text: &'a str,
    at: usize,
    /// The line of text, from 1.
    line: usize,
    delimiter: u8,
}

impl<'a> Fields<'a> {
    /// The next field. Afterwards `at` is at a delimiter, a line break or the end.
    fn field(&mut self) -> Result<std::borrow::Cow<'a, str>, ReadError> {
        if self.peek() == Some(b'"') {
            return self.quoted().map(Into::into);
        }
        let rest = &self.text.as_bytes()[self.at..];
        let len = rest.iter().position(|byte| *byte == self.delimiter || matches!(byte, b'\n' | b'\r'));
        let start = self.at;
        self.at += len.unwrap_or(rest.len());
        // Delimiters and line breaks are ASCII, so the cut is between characters.
        Ok(self.text[start..self.at].into())
    }

    fn quoted(&mut self) -> Result<String, ReadError> {
        let line = self.line;
        let mut field = String::new();
        loop {
            self.at += 1;
            let len = self.text[self.at..].find('"').ok_or(ReadError::UnclosedQuote { line })?;
            let part = &self.text[self.at..self.at + len];
            self.line += part.bytes().filter(|byte| *byte == b'\n').count();
            field.push_str(part);
            self.at += len + 1;
            if self.peek() != Some(b'"') {
                break;
            }
            field.push('"');
        }
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
        match self.peek() {
            None | Some(b'\n' | b'\r') => Ok(field),
            Some(byte) if byte == self.delimiter => Ok(field),
            Some(_) => Err(ReadError::StrayQuote { line }),
        }
    }

    /// Steps over what ends a field; whether that also ends the row.
    fn ends_row(&mut self) -> bool {
        let Some(byte) = self.peek() else { return true };
        self.at += 1;
        if byte == self.delimiter {
            return false;
        }
        if byte == b'\r' && self.peek() == Some(b'\n') {
            self.at += 1;
        }
        self.line += 1;
        true
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    fn texts(text: &str) -> Result<Vec<Vec<String>>, ReadError> {
        let sheet = read(text, "名单")?;
        Ok(sheet.rows.into_iter().map(|row| row.into_iter().map(|cell| cell.text).collect()).collect())
    }

    #[test]
    fn fields_are_read_as_rfc_4180_has_them() {
        let rows: [(&str, &[&[&str]]); 14] = [
            ("姓名,班级\n张三,一班", &[&["姓名", "班级"], &["张三", "一班"]]),
            ("a\tb\r\nc\td\r\n", &[&["a", "b"], &["c", "d"]]),
            ("a;b\rc;d\r", &[&["a", "b"], &["c", "d"]]),
            ("\"a,b\",\"c\"\"d\"\n", &[&["a,b", "c\"d"]]),
            ("\"第一行\n第二行\",x\ny,z", &[&["第一行\n第二行", "x"], &["y", "z"]]),
            ("a,b\"c\"d\n", &[&["a", "b\"c\"d"]]),
            ("\"a\" ,b", &[&["a", "b"]]),
            ("\"\",b", &[&["", "b"]]),
            (",,\n,,x,", &[&[], &["", "", "x"]]),
            ("\n\na", &[&[], &[], &["a"]]),
            ("张三\t语文,数学\n李四\t英语,音乐", &[&["张三", "语文,数学"], &["李四", "英语,音乐"]]),
            ("a;b;c\n1,5;2;3\n4;5;6", &[&["a", "b", "c"], &["1,5", "2", "3"], &["4", "5", "6"]]),
            ("只有一列\n第二行", &[&["只有一列"], &["第二行"]]),
            ("", &[]),
        ];
        for (text, expected) in rows {
            assert_eq!(texts(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_stray_quote_is_an_error_that_names_its_line() {
        let rows = [
            ("a,b\n\"c,d\ne,f\n", ReadError::UnclosedQuote { line: 2 }),
            ("\"a\nb\",c\n\"", ReadError::UnclosedQuote { line: 3 }),
            ("a,\"张三,一班\n李四,\"二班\"\n", ReadError::StrayQuote { line: 1 }),
            ("a,b\n\"优秀\"教师,c", ReadError::StrayQuote { line: 2 }),
        ];
        for (text, error) in rows {
            assert_eq!(texts(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_file_of_delimiters_or_of_line_breaks_has_no_cells() {
        for byte in ["\n", ",", "\r"] {
            assert_eq!(texts(&byte.repeat(limits::FILE_BYTES)), Ok(vec![]));
        }
    }

    #[test]
    fn the_sheet_of_a_long_file_is_named_in_the_error() {
        let sheet = "名单".to_owned();
        assert_eq!(texts(&"a\n".repeat(20_001)), Err(ReadError::TooManyRows { sheet, rows: 20_001 }));
    }
}
