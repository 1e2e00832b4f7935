//! `weak-links`: runs every scenario and writes the table into docs/weak-links.md.
//!
//! Ends with 0 when the table was written, whatever it says; with 1 when it could not be, with 2 when the arguments are wrong.

#![expect(clippy::disallowed_methods, reason = "it writes a document, and tells how fast it is in real time")]

use std::{io::Write, process::ExitCode, time::Instant};

use lexopt::prelude::*;
use sim::{Conditions, Encoding, Publishes, Receives, SIMULCAST, SINGLE, scenario::Lesson, table};

const HELP: &str = "\
Runs every scenario of weak lines and writes the table into docs/weak-links.md. Run it in the root of the repository.

  weak-links [options]
      --only TEXT    only scenarios with TEXT in their name; the table goes to standard output
      --seeds N      with --only: seeds 1 to N; otherwise 3
      --speed        only tells how many seconds are simulated in one
      --check        writes nothing; ends with 1 when the document's table is not what was measured
";

/// Simulated seconds that the speed is worked out from.
const SIMULATED: f64 = 200.0;
/// The document with the table.
const DOCUMENT: &str = "docs/weak-links.md";

#[derive(Debug)]
struct Options {
    only: Option<String>,
    seeds: u64,
    check: bool,
    speed: bool,
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => return ended(&mut std::io::stdout(), HELP.trim_end(), 0),
        Err(error) => return ended(&mut std::io::stderr(), &format!("weak-links: {error}"), 2),
    };
    if options.speed {
        return ended(&mut std::io::stdout(), &speed(), 0);
    }
    let told = |row: &table::Row| {
        let kept = row.figures.iter().filter(|figure| figure.is_kept()).count();
        let _ = writeln!(std::io::stderr(), "{}: {kept} of {}", row.scenario, row.figures.len());
    };
    let seeds = if options.only.is_some() { options.seeds } else { table::SEEDS };
    let rows = table::measure(options.only.as_deref().unwrap_or_default(), seeds, told);
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

/// A master and four points, with one encoding and with three.
fn speed() -> String {
    let cameras: [(&str, &[Encoding]); 2] = [("one encoding", &[SINGLE]), ("three encodings", &SIMULCAST)];
    let told = cameras.map(|(name, camera)| {
        let mut lesson = Lesson::new(1, Publishes::camera(camera));
        for _ in 0..4 {
            lesson.join(Conditions::delayed(20), Receives::POINT);
        }
        lesson.world.run(2.0);
        let began = Instant::now();
        lesson.world.run(SIMULATED);
        let sent: Vec<_> = lesson.world.publisher(lesson.master).encodings().map(|(rid, _)| rid).collect();
        let rate = SIMULATED / began.elapsed().as_secs_f64();
        format!("{name} offered, {} sent, four points: {rate:.0} simulated seconds in one", sent.len())
    });
    told.join("\n")
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut options = Options { only: None, seeds: table::SEEDS, check: false, speed: false };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("only") => options.only = Some(parser.value()?.string()?),
            Long("speed") => options.speed = true,
            Long("seeds") => options.seeds = parser.value()?.parse()?,
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
