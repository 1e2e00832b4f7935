//! Weeks as timetables write them: `1-16周`, `1-8,10周(单)`, `第一周至第十六周`, `3,5,7`, `双周`.
//!
//! ```text
//! weeks = group { [","] group }
//! group = [parity] range { "," range } ["周"] [[","] parity]  |  parity
//! range = number [["周"] "-" number]
//! ```
//!
//! A parity holds for its whole group, and a group ends with 周 or a parity: of `1-4周,6-9周(单)` all of the first four
//! weeks are meant, of `1-4,6-9周(单)` only the odd ones. A parity alone means the whole term.

use protocol::timetable::WeekSet;

use super::{
    number::{Token, tokens},
    undated,
};
use crate::spelling::fold_spaced;

/// Why a text is no weeks of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeeksError {
    /// It cannot be read, or it means no week at all.
    Malformed,
    /// It has weeks that the term does not have.
    OutsideTerm,
}

/// Which weeks of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// 单周.
    Odd,
    /// 双周.
    Even,
    /// Every week.
    All,
}

impl Parity {
    /// What the column 单双周 says; `None` where that is nothing known.
    pub fn read(text: &str) -> Option<Self> {
        match fold_spaced(text).replace(['周', ' '], "").as_str() {
            "单" | "奇" | "单数" | "odd" => Some(Self::Odd),
            "双" | "偶" | "双数" | "even" => Some(Self::Even),
            "" | "全" | "每" | "单双" | "都上" | "不限" | "无" | "-" | "/" | "all" => Some(Self::All),
            _ => None,
        }
    }

    /// Those of `weeks`.
    pub fn of(self, weeks: WeekSet) -> WeekSet {
        match self {
            Self::Odd => weeks.odd(),
            Self::Even => weeks.even(),
            Self::All => weeks,
        }
    }
}

/// Reads weeks of a term whose last one is `last_week`.
pub fn weeks(text: &str, last_week: u8) -> Result<WeekSet, WeeksError> {
    let mut reader = Reader { signs: signs(text).ok_or(WeeksError::Malformed)?, at: 0, last_week };
    let mut all = WeekSet::default();
    loop {
        all = all.union(reader.group()?);
        while reader.take(Sign::Comma) {}
        if reader.peek().is_none() {
            return Ok(all);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Number(u32),
    Dash,
    Comma,
    Zhou,
    Parity(Parity),
}

/// The signs of a text, without those that say nothing; `None` where there is one that has no place in weeks.
fn signs(text: &str) -> Option<Vec<Sign>> {
    let text = undated(&fold_spaced(text)).replace("学期", "").replace("单双", "全");
    let mut signs: Vec<Sign> = Vec::new();
    let mut spaced = false;
    for token in tokens(&text) {
        let sign = match token {
            Token::Number(number) => Sign::Number(number),
            Token::Char('-' | '~' | '至' | '到') if signs.last() == Some(&Sign::Dash) => continue,
            Token::Char('-' | '~' | '至' | '到') => Sign::Dash,
            Token::Char(',' | '、' | ';' | '/' | '和' | '及') => Sign::Comma,
            Token::Char('周') => Sign::Zhou,
            Token::Char('单' | '奇') => Sign::Parity(Parity::Odd),
            Token::Char('双' | '偶') => Sign::Parity(Parity::Even),
            Token::Char('全' | '每' | '整') => Sign::Parity(Parity::All),
            Token::Char('第' | '(' | ')' | '[' | ']') => continue,
            Token::Char(' ') => {
                spaced = true;
                continue;
            }
            Token::Char(_) => return None,
        };
        // A blank between two numbers is all that keeps them apart.
        if spaced && matches!((signs.last(), sign), (Some(Sign::Number(_)), Sign::Number(_))) {
            signs.push(Sign::Comma);
        }
        spaced = false;
        signs.push(sign);
    }
    Some(signs)
}

struct Reader {
    signs: Vec<Sign>,
    at: usize,
    last_week: u8,
}

impl Reader {
    fn peek(&self) -> Option<Sign> {
        self.signs.get(self.at).copied()
    }

    fn take(&mut self, sign: Sign) -> bool {
        let is_next = self.peek() == Some(sign);
        self.at += usize::from(is_next);
        is_next
    }

    fn number(&mut self) -> Option<u32> {
        let Some(Sign::Number(number)) = self.peek() else { return None };
        self.at += 1;
        Some(number)
    }

    fn parity(&mut self) -> Option<Parity> {
        let Some(Sign::Parity(parity)) = self.peek() else { return None };
        self.at += 1;
        self.take(Sign::Zhou);
        Some(parity)
    }

    fn group(&mut self) -> Result<WeekSet, WeeksError> {
        let before = self.parity();
        let whole = WeekSet::range(1, self.last_week);
        let Some(mut weeks) = self.range()? else {
            return before.map(|parity| parity.of(whole)).ok_or(WeeksError::Malformed);
        };
        let mut closed = self.take(Sign::Zhou);
        while !closed && self.peek() == Some(Sign::Comma) {
            let here = self.at;
            self.at += 1;
            let Some(more) = self.range()? else {
                self.at = here;
                break;
            };
            weeks = weeks.union(more);
            closed = self.take(Sign::Zhou);
        }
        let after = self.parity_after();
        if !closed && after.is_none() && matches!(self.peek(), Some(Sign::Number(_) | Sign::Dash)) {
            return Err(WeeksError::Malformed);
        }
        let weeks = after.or(before).map_or(weeks, |parity| parity.of(weeks));
        if weeks.is_empty() { Err(WeeksError::Malformed) } else { Ok(weeks) }
    }

    /// The parity behind a group, perhaps after a comma: `1-8周,单周` means its odd weeks, but `1-8周,单周9-15` has two
    /// groups.
    fn parity_after(&mut self) -> Option<Parity> {
        let here = self.at;
        let comma = self.take(Sign::Comma);
        let parity = self.parity();
        if parity.is_none() || comma && matches!(self.peek(), Some(Sign::Number(_))) {
            self.at = here;
            return None;
        }
        parity
    }

    fn range(&mut self) -> Result<Option<WeekSet>, WeeksError> {
        let Some(first) = self.number() else { return Ok(None) };
        let here = self.at;
        self.take(Sign::Zhou);
        let last = if self.take(Sign::Dash) {
            self.number().ok_or(WeeksError::Malformed)?
        } else {
            self.at = here;
            first
        };
        if first == 0 || last < first {
            return Err(WeeksError::Malformed);
        }
        match (u8::try_from(first), u8::try_from(last)) {
            (Ok(first), Ok(last)) if last <= self.last_week => Ok(Some(WeekSet::range(first, last))),
            _ => Err(WeeksError::OutsideTerm),
        }
    }
}

/// The rows that tell these weeks, each as first week, last week and parity: as few as possible where one will do.
pub fn spans(weeks: WeekSet) -> Vec<(u8, u8, Parity)> {
    let (Some(first), Some(last)) = (weeks.iter().next(), weeks.iter().last()) else { return Vec::new() };
    let whole = WeekSet::range(first, last);
    let parity = [Parity::All, Parity::Odd, Parity::Even].into_iter().find(|parity| parity.of(whole) == weeks);
    if let Some(parity) = parity {
        return vec![(first, last, if first == last { Parity::All } else { parity })];
    }
    let mut runs: Vec<(u8, u8, Parity)> = Vec::new();
    for week in weeks.iter() {
        match runs.last_mut() {
            Some(run) if run.1 + 1 == week => run.1 = week,
            _ => runs.push((week, week, Parity::All)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<u8>, WeeksError> {
        weeks(text, 20).map(Vec::from)
    }

    #[test]
    fn weeks_are_read_in_all_the_ways_they_are_written() {
        let to = |first: u8, last: u8| (first..=last).collect::<Vec<_>>();
        let step = |first: u8, last: u8| (first..=last).step_by(2).collect::<Vec<_>>();
        let rows = [
            ("1-16周", to(1, 16)),
            ("第1-16周", to(1, 16)),
            ("第1周至第16周", to(1, 16)),
            ("第一周至第十六周", to(1, 16)),
            ("１－１６周", to(1, 16)),
            ("1–16", to(1, 16)),
            ("1——16周", to(1, 16)),
            ("1~16", to(1, 16)),
            ("1 - 16 周", to(1, 16)),
            ("1-16(双)", step(2, 16)),
            ("1-16周（单周）", step(1, 15)),
            ("1-16单周", step(1, 15)),
            ("单周1-15", step(1, 15)),
            ("1-16周,双周", step(2, 16)),
            ("单周", step(1, 19)),
            ("双", step(2, 20)),
            ("每周", to(1, 20)),
            ("全学期", to(1, 20)),
            ("单双周", to(1, 20)),
            ("1-8,10周(单)", vec![1, 3, 5, 7]),
            ("1-8,11周(单)", vec![1, 3, 5, 7, 11]),
            ("1-4周,6-9周(单)", vec![1, 2, 3, 4, 7, 9]),
            ("1-4周(单)，6-9周（双）", vec![1, 3, 6, 8]),
            ("1-4(单),6-9(双)", vec![1, 3, 6, 8]),
            ("单周1-5,双周6-10", vec![1, 3, 5, 6, 8, 10]),
            ("1-4周6-8周", vec![1, 2, 3, 4, 6, 7, 8]),
            ("3,5,7", vec![3, 5, 7]),
            ("3、5、7周", vec![3, 5, 7]),
            ("3 5\n7", vec![3, 5, 7]),
            ("5", vec![5]),
            ("1,2,", vec![1, 2]),
            ("2026-01-16", to(1, 16)),
            ("1月16日", to(1, 16)),
        ];
        for (text, expected) in rows {
            assert_eq!(of(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_means_no_week_of_the_term_is_refused() {
        use WeeksError::{Malformed, OutsideTerm};
        let long = "1-16,".repeat(400) + "x";
        let rows = [
            ("", Malformed),
            ("0", Malformed),
            ("0-3", Malformed),
            ("8-4", Malformed),
            ("1-", Malformed),
            ("-", Malformed),
            ("1-2-3", Malformed),
            ("周", Malformed),
            ("10周(单)", Malformed),
            ("一二周", Malformed),
            ("1-16周陈静", Malformed),
            (long.as_str(), Malformed),
            ("1-21", OutsideTerm),
            ("31", OutsideTerm),
            ("1-999999999", OutsideTerm),
            ("1-99999999999999999999", OutsideTerm),
        ];
        for (text, why) in rows {
            assert_eq!(of(text), Err(why), "{text}");
        }
        assert_eq!(of(&"1-16,".repeat(400)).map(|weeks| weeks.len()), Ok(16));
    }

    #[test]
    fn every_set_of_weeks_can_be_written_and_read_again() {
        let mut seed = 1_u32;
        for _ in 0..500 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let set = (1..=20).filter(|week| seed >> week & 1 == 1).fold(WeekSet::default(), WeekSet::with);
            for set in [set, set.odd(), WeekSet::range(2, 16).even(), WeekSet::range(3, 3)] {
                let again = spans(set).into_iter().fold(WeekSet::default(), |all, (first, last, parity)| {
                    all.union(parity.of(WeekSet::range(first, last)))
                });
                assert_eq!(again, set);
            }
        }
        assert_eq!(spans(WeekSet::range(1, 16).odd()), [(1, 15, Parity::Odd)]);
    }

    #[test]
    fn the_column_of_parities_is_read() {
        let rows = [("单", Some(Parity::Odd)), ("双周", Some(Parity::Even)), ("", Some(Parity::All)), ("三", None)];
        for (text, expected) in rows {
            assert_eq!(Parity::read(text), expected, "{text}");
        }
    }
}
