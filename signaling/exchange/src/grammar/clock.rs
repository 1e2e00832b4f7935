//! Times of day as bell schedules write them: `8:00`, `08:00:00`, `8点半`, `下午2:30`, `8:00-8:40`.

use super::number::{Token, tokens};
use crate::spelling::fold;

/// A period may end after midnight, but not a day later.
const LAST_HOUR: u32 = 28;

/// The minute of the day that `text` means.
pub fn minute(text: &str) -> Option<u16> {
    let text = fold(text);
    let is_afternoon = text.contains("下午") || text.contains("晚上");
    let text = text.replace("上午", "").replace("下午", "").replace("晚上", "");
    let (hour, minute) = match tokens(&text)[..] {
        [Token::Number(hour), Token::Char(':' | '.' | '点' | '时'), Token::Number(minute)]
        | [Token::Number(hour), Token::Char('点' | '时'), Token::Number(minute), Token::Char('分')]
        | [Token::Number(hour), Token::Char(':'), Token::Number(minute), Token::Char(':'), Token::Number(0)] => {
            (hour, minute)
        }
        [Token::Number(hour), Token::Char('点' | '时')] => (hour, 0),
        [Token::Number(hour), Token::Char('点'), Token::Char('半')] => (hour, 30),
        _ => return None,
    };
    let hour = if is_afternoon && hour < 12 { hour + 12 } else { hour };
    (hour <= LAST_HOUR && minute < 60).then(|| u16::try_from(hour * 60 + minute).ok())?
}

/// The first and last minute of `8:00-8:40`.
pub fn span(text: &str) -> Option<(u16, u16)> {
    let text = fold(text);
    let (first, last) = text.split_once(['-', '~', '至'])?;
    Some((minute(first)?, minute(last.trim_start_matches('-'))?))
}

/// `08:00`, and `24:30` for half an hour past midnight.
pub fn written(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_all_the_ways_it_is_written() {
        let rows = [
            ("8:00", 480),
            ("08：00", 480),
            ("08:00:00", 480),
            ("8.30", 510),
            ("8点", 480),
            ("8点半", 510),
            ("8时30分", 510),
            ("下午2:30", 870),
            ("上午 10:05", 605),
            ("24:30", 1470),
        ];
        for (text, expected) in rows {
            assert_eq!(minute(text), Some(expected), "{text}");
        }
        for bad in ["", "8", "8:60", "29:00", "-8:00", "8:0x", "第1节", "99999999999:00"] {
            assert_eq!(minute(bad), None, "{bad}");
        }
    }

    #[test]
    fn both_times_of_a_period_can_stand_in_one_cell() {
        assert_eq!(span("8:00—8:40"), Some((480, 520)));
        assert_eq!(span("14:00至14:40"), Some((840, 880)));
        assert_eq!(span("8:00"), None);
        assert_eq!(written(1470), "24:30");
    }
}
