//! Cell addresses as Excel writes them: `AB12`, and ranges of them: `A1:B2`. Here rows and columns count from 0.

use crate::sheet::Merge;

/// The rows that a worksheet of Excel has.
const EXCEL_ROWS: usize = 1_048_576;
/// The columns that a worksheet of Excel has.
const EXCEL_COLUMNS: usize = 16_384;

/// Row and column of an address like `AB12` or `$AB$12`, if a worksheet of Excel has it.
pub(crate) fn parse(address: &str) -> Option<(usize, usize)> {
    let mut col = 0;
    let mut row = 0;
    for byte in address.bytes() {
        match byte {
            b'$' => (),
            b'A'..=b'Z' | b'a'..=b'z' if row == 0 => {
                col = col * 26 + usize::from(byte.to_ascii_uppercase() - b'A') + 1;
            }
            b'0'..=b'9' if col > 0 => row = row * 10 + usize::from(byte - b'0'),
            _ => return None,
        }
        if col > EXCEL_COLUMNS || row > EXCEL_ROWS {
            return None;
        }
    }
    Some((row.checked_sub(1)?, col.checked_sub(1)?))
}

/// The range of `A1:B2`, whichever corners it names, or of the one cell `A1`.
pub(super) fn parse_range(range: &str) -> Option<Merge> {
    let (one, other) = range.split_once(':').unwrap_or((range, range));
    let ((row_a, col_a), (row_b, col_b)) = (parse(one)?, parse(other)?);
    Some(Merge {
        first_row: row_a.min(row_b),
        first_col: col_a.min(col_b),
        last_row: row_a.max(row_b),
        last_col: col_a.max(col_b),
    })
}

/// The address of a cell whose row and column are counted from 1.
pub(crate) fn of(row: usize, column: usize) -> String {
    let mut letters = Vec::new();
    let mut left = column;
    while left > 0 {
        letters.push(char::from(b'A' + ((left - 1) % 26) as u8));
        left = (left - 1) / 26;
    }
    let letters: String = letters.iter().rev().collect();
    format!("{letters}{row}")
}

/// A range as Excel writes it.
pub(crate) fn range(merge: &Merge) -> String {
    let first = of(merge.first_row + 1, merge.first_col + 1);
    format!("{first}:{}", of(merge.last_row + 1, merge.last_col + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_alike() {
        let rows =
            [("A1", 0, 0), ("Z9", 8, 25), ("AA10", 9, 26), ("IV20000", 19_999, 255), ("XFD1048576", 1_048_575, 16_383)];
        for (address, row, col) in rows {
            assert_eq!(parse(address), Some((row, col)));
            assert_eq!(of(row + 1, col + 1), address);
        }
        assert_eq!(parse("$ab$12"), Some((11, 27)));
    }

    #[test]
    fn what_no_worksheet_has_is_no_address() {
        for address in [
            "",
            "A",
            "1",
            "A0",
            "1A",
            "A1B",
            "XFE1",
            "A1048577",
            "A-1",
            "字1",
            "ZZZZZZZZZZZZZZZZZ1",
            "A99999999999999999999",
        ] {
            assert_eq!(parse(address), None, "{address}");
        }
    }

    #[test]
    fn a_range_may_name_any_two_corners() {
        let merge = Merge { first_row: 1, first_col: 0, last_row: 3, last_col: 2 };
        for text in ["A2:C4", "C4:A2", "C2:A4"] {
            assert_eq!(parse_range(text), Some(merge));
        }
        assert_eq!(range(&merge), "A2:C4");
        assert_eq!(parse_range("B2").map(|merge| merge.size()), Some((1, 1)));
        assert_eq!(parse_range("A1:"), None);
    }
}
