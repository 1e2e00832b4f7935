//! Just enough of a lexer: which characters are code, which are in a string, which in a comment; and where functions
//! begin and end. Blanked characters become spaces, so lines and columns stay.

/// How comments and strings look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Rust,
    /// TypeScript, JavaScript, and the script of a Vue component.
    Script,
    /// Shell and TOML: `#` comments; strings are left as they are.
    Hash,
}

impl Language {
    pub fn of(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "rs" => Some(Self::Rust),
            "ts" | "js" | "mjs" | "vue" => Some(Self::Script),
            "sh" | "toml" => Some(Self::Hash),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Text,
    Comment,
}

/// Only code; comments and the insides of strings are spaces.
pub fn code(source: &str, language: Language) -> String {
    keep(source, language, |kind| kind == Kind::Code)
}

/// Code and strings; comments are spaces.
pub fn uncommented(source: &str, language: Language) -> String {
    keep(source, language, |kind| kind != Kind::Comment)
}

fn keep(source: &str, language: Language, wanted: impl Fn(Kind) -> bool) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let (kind, len) = next(&chars, at, language);
        let piece = chars[at..(at + len).min(chars.len())].iter();
        out.extend(piece.map(|&c| if wanted(kind) || c == '\n' { c } else { ' ' }));
        at += len;
    }
    out
}

/// What begins at `at`, and how long it is.
fn next(chars: &[char], at: usize, language: Language) -> (Kind, usize) {
    let rest = &chars[at..];
    let starts = |text: &str| text.chars().enumerate().all(|(i, c)| rest.get(i) == Some(&c));
    match language {
        Language::Hash if rest[0] == '#' && (at == 0 || chars[at - 1].is_whitespace()) => line_comment(rest),
        Language::Hash => (Kind::Code, 1),
        // A colon before the slashes is an address in the text of a template, not a comment.
        _ if starts("//") && !(language == Language::Script && at > 0 && chars[at - 1] == ':') => line_comment(rest),
        _ if starts("/*") => (Kind::Comment, block_comment(rest, language == Language::Rust)),
        Language::Script if starts("<!--") => (Kind::Comment, find(rest, "-->").map_or(rest.len(), |end| end + 3)),
        Language::Script if rest[0] == '/' && regex_may_begin(&chars[..at]) => (Kind::Text, regex(rest)),
        Language::Script if matches!(rest[0], '"' | '`') => (Kind::Text, quoted(rest, 1)),
        // In the text of a template an apostrophe opens nothing: a string ends in its line.
        Language::Script if rest[0] == '\'' => match quoted(rest, 1) {
            len if rest[..len].contains(&'\n') => (Kind::Code, 1),
            len => (Kind::Text, len),
        },
        Language::Script => (Kind::Code, 1),
        Language::Rust => rust(chars, at),
    }
}

fn rust(chars: &[char], at: usize) -> (Kind, usize) {
    let rest = &chars[at..];
    let in_name = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    let prefix = rest.iter().take_while(|c| matches!(c, 'b' | 'c' | 'r')).count();
    if prefix == 0 || (!in_name && prefix <= 2) {
        let hashes = rest[prefix..].iter().take_while(|&&c| c == '#').count();
        let raw = rest[..prefix].contains(&'r');
        if rest.get(prefix + hashes) == Some(&'"') && (raw || hashes == 0) {
            let open = prefix + hashes + 1;
            return (Kind::Text, if raw { raw_string(rest, open, hashes) } else { quoted(rest, open) });
        }
        if rest.get(prefix) == Some(&'\'') && prefix <= 1 && !raw {
            return char_or_lifetime(&rest[prefix..], prefix);
        }
    }
    (Kind::Code, 1)
}

/// `'a'` and `'\u{1f600}'` are characters, `'a` is a lifetime.
fn char_or_lifetime(rest: &[char], prefix: usize) -> (Kind, usize) {
    match (rest.get(1), rest.get(2)) {
        (Some('\\'), _) => (Kind::Text, prefix + quoted(rest, 1)),
        (Some(_), Some('\'')) => (Kind::Text, prefix + 3),
        _ => (Kind::Code, prefix + 1),
    }
}

fn line_comment(rest: &[char]) -> (Kind, usize) {
    (Kind::Comment, rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()))
}

fn block_comment(rest: &[char], nested: bool) -> usize {
    let (mut depth, mut at) = (1, 2);
    while at < rest.len() && depth > 0 {
        let pair = (rest[at], rest.get(at + 1).copied().unwrap_or(' '));
        depth += match pair {
            ('/', '*') if nested => 1,
            ('*', '/') => -1,
            _ => 0,
        };
        at += if matches!(pair, ('*', '/')) || (nested && pair == ('/', '*')) { 2 } else { 1 };
    }
    at
}

/// Length of a string whose inside begins at `open`, closed by the character before that, with backslash escapes.
fn quoted(rest: &[char], open: usize) -> usize {
    let quote = rest[open - 1];
    let mut at = open;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn raw_string(rest: &[char], open: usize, hashes: usize) -> usize {
    let close: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    find(&rest[open..], &close).map_or(rest.len(), |end| open + end + close.len())
}

fn find(chars: &[char], text: &str) -> Option<usize> {
    let text: Vec<char> = text.chars().collect();
    chars.windows(text.len()).position(|window| window == text)
}

/// After a value a slash divides; after an operator or an opening bracket it begins a regular expression.
fn regex_may_begin(before: &[char]) -> bool {
    before.iter().rev().find(|&&c| c != ' ').is_some_and(|c| "(,=:[!&|?{;".contains(*c))
}

fn regex(rest: &[char]) -> usize {
    let (mut at, mut class) = (1, false);
    while at < rest.len() && rest[at] != '\n' {
        match rest[at] {
            '\\' => at += 1,
            '[' => class = true,
            ']' => class = false,
            '/' if !class => return at + 1,
            _ => {}
        }
        at += 1;
    }
    1
}

/// A function with a body: its name, its first line, and how many lines it has to its closing brace.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
}

/// The functions of blanked Rust code.
pub fn functions(code: &str) -> Vec<Function> {
    let chars: Vec<char> = code.chars().collect();
    let mut found = Vec::new();
    let mut line = 1;
    for at in 0..chars.len() {
        line += usize::from(chars[at] == '\n');
        let alone = at == 0 || !(chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
        if alone && chars[at..].starts_with(&['f', 'n', ' ']) {
            let name: String = chars[at + 3..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
            if let Some(lines) = body(&chars[at..]).filter(|_| !name.is_empty()) {
                found.push(Function { name, line, lines });
            }
        }
    }
    found
}

/// Lines from the beginning of a signature to the brace that closes the body; nothing if there is none.
fn body(chars: &[char]) -> Option<usize> {
    let (mut round, mut curly, mut lines) = (0, 0, 1);
    for &c in chars {
        match c {
            '\n' => lines += 1,
            '(' | '[' => round += 1,
            ')' | ']' => round -= 1,
            '{' => curly += 1,
            '}' => curly -= 1,
            ';' if round == 0 && curly == 0 => return None,
            _ => {}
        }
        if c == '}' && curly == 0 && round == 0 {
            return Some(lines);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is blanked is shown as `_`.
    fn shown(source: &str, language: Language) -> String {
        let blanked = code(source, language);
        let pairs = source.chars().zip(blanked.chars());
        pairs.map(|(was, is)| if was != ' ' && is == ' ' { '_' } else { was }).collect()
    }

    #[test]
    fn comments_and_strings_of_rust_are_blanked_and_lines_stay() {
        let cases = [
            ("a//b\nc", "a___\nc"),
            ("a/*b/*c*/d*/e", "a___________e"),
            (r#"f("x\"{")}"#, "f(______)}"),
            ("r#\"a\"b\"#c", "________c"),
            ("b\"{\"c", "____c"),
            ("'{'x", "___x"),
            (r"'\''x", "____x"),
            (r"'\u{7b}'}", "________}"),
            ("<'a>&'a str", "<'a>&'a str"),
            ("bar(\"{\")", "bar(___)"),
        ];
        for (source, expected) in cases {
            assert_eq!(shown(source, Language::Rust), expected, "{source}");
        }
    }

    #[test]
    fn comments_strings_and_patterns_of_scripts_are_blanked() {
        let cases = [
            ("a(/['\"]/g,'x')", "a(______g,___)"),
            ("1/2 // x", "1/2 __ _"),
            ("`a${b}`c", "_______c"),
            ("<!--any--><p>", "__________<p>"),
            ("<p>teacher's</p>\n<b>", "<p>teacher's</p>\n<b>"),
        ];
        for (source, expected) in cases {
            assert_eq!(shown(source, Language::Script), expected, "{source}");
        }
    }

    #[test]
    fn strings_stay_where_only_comments_are_asked_away() {
        assert_eq!(uncommented("a(\"//\") // b", Language::Rust), "a(\"//\")     ");
        assert_eq!(uncommented("a # b\nc#d", Language::Hash), "a    \nc#d");
    }

    #[test]
    fn functions_are_measured_from_their_signature_to_their_closing_brace() {
        let source = "fn a() {\n  if x { \"}\" }\n}\ntrait T { fn b(&self); }\nfn c(x: [u8; 3],\n) -> fn(u8) {\n}";
        let found = functions(&code(source, Language::Rust));
        let expected =
            [("a", 1, 3), ("c", 5, 3)].map(|(name, line, lines)| Function { name: name.into(), line, lines });
        assert_eq!(found, expected);
    }
}
