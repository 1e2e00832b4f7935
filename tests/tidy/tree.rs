//! The tracked files, and how a law reports what it found in them.

use std::{fmt, fs, path::Path, process::Command, sync::LazyLock};

use crate::lexer::{self, Language};

/// One tracked text file.
pub struct File {
    /// From the root of the tree, with `/`.
    pub path: String,
    pub text: String,
    /// The text with comments and the insides of strings blanked out; lines stay where they are.
    pub code: String,
    /// The text with comments blanked out.
    pub uncommented: String,
}

/// A broken law.
#[derive(PartialEq, Eq)]
pub struct Finding {
    pub path: String,
    pub line: usize,
    pub why: String,
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.why)
    }
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        let (code, uncommented) = match Language::of(path) {
            Some(language) => (lexer::code(text, language), lexer::uncommented(text, language)),
            None => (text.to_owned(), text.to_owned()),
        };
        Self { path: path.to_owned(), text: text.to_owned(), code, uncommented }
    }

    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    pub fn is_rust(&self) -> bool {
        self.extension() == "rs"
    }

    /// The code that is shipped: what stands above the tests.
    pub fn shipped(&self) -> &str {
        &self.code[..self.tests_begin()]
    }

    /// The code that is only there for tests, on the lines where it stands: a file of tests, or a module at the end.
    pub fn tests(&self) -> String {
        let whole = self.path.split('/').any(|part| part == "tests")
            || ["tests.rs", "testing.rs", "vectors.rs"].contains(&self.name())
            || self.path.ends_with(".test.ts");
        let (above, below) = self.code.split_at(if whole { 0 } else { self.tests_begin() });
        "\n".repeat(above.matches('\n').count()) + below
    }

    fn tests_begin(&self) -> usize {
        const MARK: &str = "#[cfg(test)]";
        let mut marks = self.code.match_indices(MARK).map(|(at, _)| at);
        let opens_module = |at: &usize| {
            let after = self.code[at + MARK.len()..].trim_start();
            after.starts_with("mod ") && after.find('{') < after.find(';').or(Some(usize::MAX))
        };
        marks.find(opens_module).unwrap_or(self.code.len())
    }

    /// One finding for every line of one of the file's texts about which `broken` has something to say.
    pub fn lines(&self, text: &str, mut broken: impl FnMut(&str) -> Option<String>) -> Vec<Finding> {
        text.lines().enumerate().filter_map(|(i, line)| Some(self.finding(i + 1, broken(line)?))).collect()
    }

    pub fn finding(&self, line: usize, why: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, why: why.into() }
    }
}

/// Whether `word` stands in `line` with nothing of a name on either side.
pub fn has_word(line: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

/// All text files that git tracks, as they are in the work tree now.
pub fn tracked() -> &'static [File] {
    static TREE: LazyLock<Vec<File>> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output().unwrap();
        assert!(listed.status.success(), "tidy reads what git tracks: {}", String::from_utf8_lossy(&listed.stderr));
        let paths = String::from_utf8(listed.stdout).unwrap();
        let texts = paths.split_terminator('\0').filter_map(|path| {
            let text = String::from_utf8(fs::read(root.join(path)).ok()?).ok()?;
            Some(File::new(path, &text))
        });
        texts.collect()
    });
    &TREE
}

/// Runs a law on the tree, and stops with every place where it is broken.
pub fn enforce(law: impl Fn(&[File]) -> Vec<Finding>) {
    let found = law(tracked());
    assert!(found.is_empty(), "{} found:\n{}", found.len(), shown(&found));
}

/// What a law finds in one made-up file.
pub fn found_in(law: impl Fn(&[File]) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
    law(&[File::new(path, text)]).iter().map(|finding| finding.line).collect()
}

fn shown(found: &[Finding]) -> String {
    found.iter().map(|finding| format!("{finding:?}\n")).collect()
}

#[test]
fn a_word_is_found_only_where_it_stands_alone() {
    assert!(has_word("x: any;", "any") && has_word("<any>", "any"));
    assert!(!has_word("company", "any") && !has_word("many_any_x", "any"));
}

#[test]
fn lines_are_counted_from_the_top_of_the_file_also_in_its_tests() {
    let file = File::new("a.rs", "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    bad\n}\n");
    let bad = |line: &str| line.contains("bad").then(|| "bad".to_owned());
    assert_eq!(file.lines(&file.code, bad)[0].line, 5);
    assert_eq!(file.lines(&file.tests(), bad)[0].line, 5);
    assert_eq!(file.lines(file.shipped(), bad), []);
}

#[test]
fn the_tree_is_really_read() {
    assert!(tracked().iter().any(|file| file.path == "Cargo.toml"));
    assert!(tracked().iter().filter(|file| file.is_rust()).count() > 50);
}
