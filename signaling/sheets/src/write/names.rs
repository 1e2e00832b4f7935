//! Names of worksheets that Excel accepts: at most 31 characters, none of `[]:*?/\`, no apostrophe at either end, and
//! no two alike when case is ignored.

use std::collections::HashSet;

use super::Table;

/// The length that Excel allows, in UTF-16 units.
const LONGEST: usize = 31;

/// The names of the worksheets of these tables.
pub(super) fn of(tables: &[Table]) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut names = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let allowed = allowed(&table.name, at + 1);
        let numbered = (2..).map(|number| {
            let suffix = format!(" ({number})");
            shorten(&allowed, LONGEST - suffix.len()) + &suffix
        });
        let name = std::iter::once(allowed.clone()).chain(numbered).find(|name| taken.insert(name.to_lowercase()));
        names.push(name.unwrap_or(allowed));
    }
    names
}

/// The name without what Excel refuses.
fn allowed(name: &str, number: usize) -> String {
    let replaced: String =
        name.chars().map(|c| if "[]:*?/\\".contains(c) || c.is_control() { '_' } else { c }).collect();
    let is_margin = |c: char| c == '\'' || c.is_whitespace();
    let name = shorten(replaced.trim_matches(is_margin), LONGEST);
    match name.trim_end_matches(is_margin) {
        "" => format!("表{number}"),
        // Excel keeps this one for itself.
        name if name.eq_ignore_ascii_case("history") => format!("{name}_"),
        name => name.to_owned(),
    }
}

/// As many whole characters as have at most `units` of UTF-16.
fn shorten(name: &str, units: usize) -> String {
    let mut left = units;
    name.chars()
        .take_while(|c| {
            let fits = c.len_utf16() <= left;
            left = left.saturating_sub(c.len_utf16());
            fits
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_so_that_excel_accepts_them() {
        let long = "长".repeat(40);
        let rows = [
            ("三年级(1)班", "三年级(1)班"),
            ("a[b]:c*d?e/f\\g", "a_b__c_d_e_f_g"),
            ("'课表'", "课表"),
            ("  ", "表4"),
            ("课表", "课表 (2)"),
            (&long, &"长".repeat(31)),
            (&long, &format!("{} (2)", "长".repeat(27))),
            ("History", "History_"),
            ("ABC", "ABC"),
            ("abc", "abc (2)"),
            ("𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀", "𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀"),
        ];
        let tables: Vec<_> =
            rows.iter().map(|(name, _)| Table { name: (*name).to_owned(), ..Table::default() }).collect();
        assert_eq!(of(&tables), rows.map(|(_, name)| name));
    }
}
