//! The binary: reads the command line and does what it says.

mod archive;
mod backup;
mod cert;
mod cli;
mod clock;
mod config;
mod county;
mod data_dir;
mod db;
mod demo;
mod fault;
mod http;
mod jobs;
mod lessons;
mod media;
mod recording;
mod recordings;
mod run;
mod seen;
mod telemetry;
#[cfg(test)]
mod testing;
mod token;

use std::{io::Write, process::ExitCode};

use cli::Command;
use fault::Fault;

/// The operator can put it right.
const EXIT_FAULT: u8 = 2;

fn main() -> ExitCode {
    match cli::parse(std::env::args_os().skip(1)).map_err(Into::into).and_then(carry_out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut err = std::io::stderr().lock();
            match error.downcast_ref::<Fault>() {
                Some(fault) => {
                    let _ = writeln!(err, "{fault}");
                    ExitCode::from(EXIT_FAULT)
                }
                None => {
                    let _ = writeln!(err, "tongke: {error:#}");
                    ExitCode::FAILURE
                }
            }
        }
    }
}

fn carry_out(command: Command) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command {
        Command::Serve { config } => runtime.block_on(run::serve(&config)),
        Command::Demo(options) => runtime.block_on(run::demo(options)),
        Command::Cert { out, names } => cert::make(&out, &names),
        Command::Token { data, people, days } => print(&runtime.block_on(token::issue(&data, &people, days))?),
        Command::Backup { source, out } => runtime.block_on(backup::backup(&source, &out)),
        Command::Restore { from, data } => backup::restore(&from, &data),
        Command::CheckRecordings { data, lessons } => recordings::check(&data, &lessons, &mut std::io::stdout()),
        Command::ExportRecordings { data, out, lessons } => {
            runtime.block_on(recordings::export(&data, &out, &lessons, &mut std::io::stdout()))
        }
        Command::Help => print(cli::HELP),
        Command::Version => print(concat!("tongke ", env!("CARGO_PKG_VERSION"), "\n")),
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
