//! Periods of a day as timetables write them: `3`, `第三节`, `1-2`, `1,2节`, `第1-2节`.

use timetable::LAST_PERIOD;

use super::{
    number::{Token, tokens},
    undated,
};
use crate::spelling::fold_spaced;

/// The periods that `text` means, in order and each once; `None` where it means none of 1 to [`LAST_PERIOD`].
pub fn periods(text: &str) -> Option<Vec<u8>> {
    let mut found: Vec<u8> = Vec::new();
    let mut from: Option<u8> = None;
    let mut apart = true;
    for token in tokens(&undated(&fold_spaced(text))) {
        match token {
            Token::Number(number) => {
                let number = u8::try_from(number).ok().filter(|number| (1..=LAST_PERIOD).contains(number))?;
                match from.take() {
                    Some(first) if first < number => found.extend(first + 1..=number),
                    None if apart => found.push(number),
                    _ => return None,
                }
                apart = false;
            }
            Token::Char('-' | '~' | '至' | '到') if from.is_some() => {}
            Token::Char('-' | '~' | '至' | '到') => from = Some(*found.last()?),
            Token::Char(',' | '、' | ';' | ' ' | '和') => apart = true,
            Token::Char('第' | '节' | '课') => {}
            Token::Char(_) => return None,
        }
    }
    if found.is_empty() || from.is_some() {
        return None;
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_in_all_the_ways_they_are_written() {
        let rows: [(&str, &[u8]); 14] = [
            ("3", &[3]),
            ("第3节", &[3]),
            ("第三节", &[3]),
            ("第十一节", &[11]),
            ("３", &[3]),
            ("1-2", &[1, 2]),
            ("第1－2节", &[1, 2]),
            ("第1节至第3节", &[1, 2, 3]),
            ("1,2节", &[1, 2]),
            ("第1、2节", &[1, 2]),
            ("4 1-2", &[1, 2, 4]),
            ("2026-01-02", &[1, 2]),
            ("1月2日", &[1, 2]),
            ("1,1", &[1]),
        ];
        for (text, expected) in rows {
            assert_eq!(periods(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for bad in ["", "0", "99", "21", "1-", "-2", "2-1", "第节", "一二节", "午休", "1-999999999", "1.5", "8:00"]
        {
            assert_eq!(periods(bad), None, "{bad}");
        }
        assert_eq!(periods(&"1-20,".repeat(400)).map(|it| it.len()), Some(20));
    }
}
