//! Numbers in texts, in digits and as people say them: 16, 十六.

/// A number, or a character that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// Numbers beyond [`u32::MAX`] are that.
    Number(u32),
    /// Anything else.
    Char(char),
}

/// Takes a folded text apart. Chinese digits that do not make one number (`一二`) are a number each.
pub fn tokens(folded: &str) -> Vec<Token> {
    let chars: Vec<char> = folded.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if let Some(mut number) = chars[at].to_digit(10) {
            at += 1;
            while let Some(digit) = chars.get(at).and_then(|c| c.to_digit(10)) {
                number = number.saturating_mul(10).saturating_add(digit);
                at += 1;
            }
            found.push(Token::Number(number));
        } else if let Some((number, length)) = spoken(&chars[at..]) {
            found.push(Token::Number(number));
            at += length;
        } else {
            found.push(Token::Char(chars[at]));
            at += 1;
        }
    }
    found
}

/// The number below 100 in Chinese with which `chars` begins, and its length: 七, 十, 十六, 二十, 二十一.
fn spoken(chars: &[char]) -> Option<(u32, usize)> {
    let digit = |at: usize| chars.get(at).copied().and_then(chinese_digit);
    let is_ten = |at: usize| chars.get(at) == Some(&'十');
    match (digit(0), is_ten(0)) {
        (None, true) => Some(digit(1).map_or((10, 1), |ones| (10 + ones, 2))),
        (Some(tens), _) if is_ten(1) => Some(digit(2).map_or((tens * 10, 2), |ones| (tens * 10 + ones, 3))),
        (Some(ones), _) => Some((ones, 1)),
        (None, false) => None,
    }
}

fn chinese_digit(c: char) -> Option<u32> {
    "一二三四五六七八九".chars().position(|digit| digit == c).map(|at| at as u32 + 1)
}

/// The one number in `text`, beside which only characters of `around` may stand: `第5周` with `第周` around it.
pub fn only_number(folded: &str, around: &str) -> Option<u32> {
    let mut number = None;
    for token in tokens(folded) {
        match token {
            Token::Number(it) if number.is_none() => number = Some(it),
            Token::Char(c) if around.contains(c) => {}
            _ => return None,
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_digits_and_in_chinese() {
        let rows = [
            ("7", Some(7)),
            ("第十六周", Some(16)),
            ("第二十周", Some(20)),
            ("二十一", Some(21)),
            ("十", Some(10)),
            ("999999999999999999", Some(u32::MAX)),
            ("一二", None),
            ("五六周", None),
            ("1.5", None),
            ("", None),
            ("x", None),
        ];
        for (text, expected) in rows {
            assert_eq!(only_number(text, "第周"), expected, "{text}");
        }
    }
}
