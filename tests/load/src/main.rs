//! `load`: measures a server, prints one line of JSON.
//!
//! Ends with 0 when the run was measured, whatever came of it; with 2 when the arguments are wrong, with 1 when the server
//! refused or ended.

use std::{io::Write, process::ExitCode};

use load::{Options, Target};

fn main() -> ExitCode {
    let options = match load::parse(std::env::args_os().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => return told(load::HELP.trim_end(), 0),
        Err(error) => return fault(&format!("{error:#}; see load --help"), 2),
    };
    match line(&options) {
        Ok(line) => told(&line, 0),
        Err(error) => fault(&format!("{error:#}"), 1),
    }
}

/// Runs it and tells how it went.
fn line(options: &Options) -> anyhow::Result<String> {
    Ok(match options.target {
        Target::Floor => serde_json::to_string(&load::floor::run(options.viewers, options.seconds)?)?,
        _ => serde_json::to_string(&load::run(options)?)?,
    })
}

fn told(text: &str, code: u8) -> ExitCode {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => ExitCode::from(code),
        Err(_) => ExitCode::from(1),
    }
}

fn fault(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "load: {text}");
    ExitCode::from(code)
}
