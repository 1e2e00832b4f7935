//! Days of the week as timetables write them: 一, 周一, 星期一, 礼拜天, Mon, 7; several in one cell too.

use protocol::timetable::Weekday;

use crate::spelling::fold_spaced;

const ENGLISH: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The one day that `text` means.
pub fn weekday(text: &str) -> Option<Weekday> {
    let text = fold_spaced(text).replace(' ', "");
    one(&text)
}

/// The days that `text` means, in the order of the week and each once; `None` where a part of it is no day.
pub fn weekdays(text: &str) -> Option<Vec<Weekday>> {
    let text = fold_spaced(text);
    let mut found = Vec::new();
    for part in text.split([',', '、', ';', '/', ' ']).filter(|part| !part.is_empty()) {
        match part.split_once(['-', '~', '至']) {
            Some((first, last)) => {
                let (first, last) = (one(first)?, one(last)?);
                found.extend((first.iso()..=last.iso()).filter_map(Weekday::from_iso));
            }
            None => found.push(one(part)?),
        }
    }
    found.sort_unstable();
    found.dedup();
    (!found.is_empty()).then_some(found)
}

fn one(text: &str) -> Option<Weekday> {
    let name = ["星期", "礼拜", "禮拜", "周"].iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
    let mut chars = name.chars();
    if let (Some(sign), None) = (chars.next(), chars.next()) {
        return sign_of(sign);
    }
    let english = name.trim_end_matches('.');
    let at = ENGLISH.iter().position(|day| english.len() >= 3 && day.starts_with(english))?;
    Weekday::from_iso(at as u8 + 1)
}

/// The day that stands behind 周, 星期 or 礼拜.
pub fn sign_of(sign: char) -> Option<Weekday> {
    let number = match sign {
        '日' | '天' => 7,
        '1'..='7' => sign as u8 - b'0',
        _ => "一二三四五六七".chars().position(|it| it == sign)? as u8 + 1,
    };
    Weekday::from_iso(number)
}

/// 一 to 日.
pub fn sign(weekday: Weekday) -> char {
    "一二三四五六日".chars().nth(usize::from(weekday.iso()) - 1).unwrap_or('日')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_in_all_the_ways_it_is_written() {
        let rows = [
            (1, &["一", "周一", "星期一", "礼拜一", "Mon", "MON.", "monday", "1", "星期１", "周 一"][..]),
            (7, &["日", "天", "七", "周日", "星期天", "礼拜天", "7", "Sun"][..]),
        ];
        for (number, texts) in rows {
            for text in texts {
                assert_eq!(weekday(text).map(Weekday::iso), Some(number), "{text}");
            }
        }
        for bad in ["", "八", "0", "8", "周", "星期", "周一周", "mo", "星期一二", "第一"] {
            assert_eq!(weekday(bad), None, "{bad}");
        }
    }

    #[test]
    fn several_days_can_stand_in_one_cell() {
        let days = |text| weekdays(text).map(|days| days.into_iter().map(Weekday::iso).collect::<Vec<_>>());
        assert_eq!(days("周一、周三"), Some(vec![1, 3]));
        assert_eq!(days("一/一 五"), Some(vec![1, 5]));
        assert_eq!(days("周一至周五"), Some(vec![1, 2, 3, 4, 5]));
        assert_eq!(days("周一、八"), None);
        assert_eq!(days("五-一"), None);
    }

    #[test]
    fn the_sign_of_a_day_leads_back_to_it() {
        for day in (1..=7).filter_map(Weekday::from_iso) {
            assert_eq!(sign_of(sign(day)), Some(day));
        }
    }
}
