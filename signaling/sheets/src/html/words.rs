//! The text of a cell as a browser shows it: runs of white space are one space, and only elements break lines.

/// Text that grows token by token.
#[derive(Debug, Default)]
pub(super) struct Words {
    text: Vec<u8>,
    space_owed: bool,
}

impl Words {
    /// Adds text of the page, entities already replaced. It may be cut anywhere.
    pub(super) fn push(&mut self, text: &[u8]) {
        for byte in text {
            if byte.is_ascii_whitespace() {
                self.space_owed = true;
                continue;
            }
            if std::mem::take(&mut self.space_owed) && !self.at_line_start() {
                self.text.push(b' ');
            }
            self.text.push(*byte);
        }
    }

    /// A line break that was asked for.
    pub(super) fn break_line(&mut self) {
        self.space_owed = false;
        self.text.push(b'\n');
    }

    /// The begin or end of a block, which stands on lines of its own.
    pub(super) fn break_paragraph(&mut self) {
        if !self.at_line_start() {
            self.break_line();
        }
    }

    /// The text; a space that may not be broken is one like any other.
    pub(super) fn take(&mut self) -> String {
        self.space_owed = false;
        String::from_utf8_lossy(&std::mem::take(&mut self.text)).replace('\u{A0}', " ")
    }

    fn at_line_start(&self) -> bool {
        matches!(self.text.last(), None | Some(b'\n'))
    }
}
