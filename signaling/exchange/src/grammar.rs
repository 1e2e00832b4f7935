//! The small languages of cells: weeks, periods, days, dates, times, kinds, lists.

pub mod clock;
pub mod dates;
pub mod day_rules;
pub mod kinds;
pub mod lists;
pub mod number;
pub mod periods;
pub mod weekdays;
pub mod weeks;

/// `1-16` again where Excel has made a date of it: `1月16日`, or `2026-01-16` as the cell is read.
fn undated(folded: &str) -> String {
    let text = folded.trim();
    let days = text.strip_suffix('日').and_then(|text| text.split_once('月'));
    let iso = || {
        let (year, day) = text.split_once('-')?;
        let day = (year.len() == 4).then_some(day)?;
        day.split_once('-').filter(|(month, day)| month.len() == 2 && day.len() == 2)
    };
    match days.or_else(iso) {
        Some((first, last)) if is_digits(first) && is_digits(last) => format!("{first}-{last}"),
        _ => text.to_owned(),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
