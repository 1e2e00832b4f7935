//! `weak-links`: runs every scenario and writes the table into docs/weak-links.md.
//!
//! Ends with 0 when the table was written, whatever it says; with 1 when it could not be, with 2 when the arguments are wrong.

#![expect(clippy::disallowed_methods, reason = "it writes a document")]

use std::{io::Write, process::ExitCode};

use lexopt::prelude::*;
use sim::table;

const HELP: &str = "\
Runs every scenario of weak lines and writes the table into docs/weak-links.md. Run it in the root of the repository.

  weak-links [options]
      --only TEXT    only scenarios with TEXT in their name; the table goes to standard output
      --check        writes nothing; ends with 1 when the document's table is not what was measured
";

/// The document with the table.
const DOCUMENT: &str = "docs/weak-links.md";

#[derive(Debug, Default)]
struct Options {
    only: Option<String>,
    check: bool,
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => return ended(&mut std::io::stdout(), HELP.trim_end(), 0),
        Err(error) => return ended(&mut std::io::stderr(), &format!("weak-links: {error}"), 2),
    };
    let told = |row: &table::Row| {
        let kept = row.figures.iter().filter(|figure| figure.is_kept()).count();
        let _ = writeln!(std::io::stderr(), "{}: {kept} of {}", row.scenario, row.figures.len());
    };
    let rows = table::measure(options.only.as_deref().unwrap_or_default(), told);
    let text = table::write(&rows);
    if options.only.is_some() {
        return ended(&mut std::io::stdout(), text.trim_end(), 0);
    }
    let document = std::fs::read_to_string(DOCUMENT).unwrap_or_default();
    let Some(fresh) = table::replaced(&document, &text) else {
        return ended(&mut std::io::stderr(), &format!("weak-links: {DOCUMENT} is not here, or has no marks"), 1);
    };
    if options.check && fresh != document {
        return ended(&mut std::io::stderr(), &format!("weak-links: {DOCUMENT} is not what was measured"), 1);
    }
    match std::fs::write(DOCUMENT, fresh) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ended(&mut std::io::stderr(), &format!("weak-links: {DOCUMENT}: {error}"), 1),
    }
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("only") => options.only = Some(parser.value()?.string()?),
            Long("check") => options.check = true,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}

fn ended(to: &mut impl Write, text: &str, code: u8) -> ExitCode {
    let _ = writeln!(to, "{text}");
    ExitCode::from(code)
}
