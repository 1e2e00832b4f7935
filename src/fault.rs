//! Faults an operator can put right: a port in use, an unwritable directory, a wrong key. One sentence each, exit code 2.

use std::fmt;

/// One sentence that says what is wrong and, where it is not plain, what to do.
#[derive(Debug)]
pub struct Fault(String);

impl Fault {
    /// The sentence in Chinese, and again in English.
    pub fn new(chinese: impl fmt::Display, english: impl fmt::Display) -> Self {
        Self(format!("{chinese}（{english}）"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whatever was quoted must not make two lines of it.
        f.write_str(&self.0.replace(['\n', '\r'], " "))
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_one_line_whatever_it_quotes() {
        let fault = Fault::new("不能读 a\nb", "cannot read a\nb");
        assert_eq!(fault.to_string(), "不能读 a b（cannot read a b）");
    }
}
