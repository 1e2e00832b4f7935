//! `impair`: a UDP relay that makes a real line weak, on the network model of the simulation.
//!
//! ```text
//! clients ── LISTEN ── up link ── one socket for each client ── TARGET
//! clients ◀─ LISTEN ── down link ◀───────────────┘
//! ```
//!
//! One line for all its ports and clients. Ends with 0 when it was asked to, with 1 when a socket cannot be had, with 2 when
//! the arguments are wrong.

#![expect(clippy::disallowed_methods, reason = "it runs in real time")]
#![expect(clippy::disallowed_types, reason = "it relays between real sockets")]

mod relay;

use std::{
    io::{BufRead, Write},
    net::{SocketAddr, ToSocketAddrs},
    process::ExitCode,
    sync::mpsc,
    time::{Duration, Instant},
};

use lexopt::prelude::*;
use relay::{Line, Relays};
use sim::{Change, Way, steering};

const HELP: &str = "\
Relays UDP over a line that is as bad as asked. Port 0 listens on a free port; what it listens on is told first, as lines
`relay LISTEN TARGET`, then `ready`. One line for all ports and clients, each client with a socket of its own to the target.

  impair LISTEN=TARGET... [--SETTING VALUE | --up-SETTING VALUE | --down-SETTING VALUE]...
      --seed N         chance (default 1)
      --secs N         ends after so long
      --until-eof      ends when standard input does: with the process that started it
  up is from the client to the target. Settings:
";
const STEERING: &str = "\
  Each can be changed while it runs, by a line on standard input: `down-rate 250`, answered by `ok` or by `error: ...`.
  `stats` is answered by one line for each way.
";
/// Longest wait for a datagram before standard input is looked at again.
const LOOK: Duration = Duration::from_millis(20);

struct Options {
    relays: Vec<(SocketAddr, SocketAddr)>,
    changes: Vec<(&'static [Way], Change)>,
    seed: u64,
    length: Option<Duration>,
    until_eof: bool,
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => return ended(&mut std::io::stdout(), &format!("{HELP}{}{STEERING}", steering::SETTINGS), 0),
        Err(error) => return ended(&mut std::io::stderr(), &format!("impair: {error}; see impair --help\n"), 2),
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ended(&mut std::io::stderr(), &format!("impair: {error}\n"), 1),
    }
}

fn ended(to: &mut impl Write, text: &str, code: u8) -> ExitCode {
    let _ = write!(to, "{text}");
    ExitCode::from(code)
}

fn options() -> Result<Option<Options>, Box<dyn std::error::Error>> {
    let mut parser = lexopt::Parser::from_env();
    let mut options = Options { relays: Vec::new(), changes: Vec::new(), seed: 1, length: None, until_eof: false };
    while let Some(argument) = parser.next()? {
        match argument {
            Value(pair) => {
                let pair = pair.string()?;
                let (listen, target) = pair.split_once('=').ok_or("it takes LISTEN=TARGET")?;
                options.relays.push((address(listen)?, address(target)?));
            }
            Long("help") | Short('h') => return Ok(None),
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("secs") => options.length = Some(Duration::try_from_secs_f64(parser.value()?.parse()?)?),
            Long("until-eof") => options.until_eof = true,
            Long(name) => {
                let name = name.to_owned();
                options.changes.push(steering::parse(&name, &parser.value()?.string()?)?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if options.relays.is_empty() {
        return Err("it takes LISTEN=TARGET".into());
    }
    Ok(Some(options))
}

fn address(text: &str) -> Result<SocketAddr, Box<dyn std::error::Error>> {
    Ok(text.to_socket_addrs()?.next().ok_or("an address without an address")?)
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let began = Instant::now();
    let mut line = Line::new(options.seed);
    options.changes.iter().for_each(|&(ways, change)| line.change(began, ways, change));
    let mut relays = Relays::bind(&options.relays)?;
    let mut out = std::io::stdout();
    for (listen, target) in relays.addresses()? {
        writeln!(out, "relay {listen} {target}")?;
    }
    writeln!(out, "ready")?;
    out.flush()?;
    let said = listen_to_input()?;
    let end = options.length.map(|length| began + length);
    while end.is_none_or(|end| Instant::now() < end) {
        relays.turn(&mut line, LOOK)?;
        loop {
            match said.try_recv() {
                Ok(text) => {
                    let answer = steered(&mut line, &text);
                    writeln!(out, "{answer}")?;
                    out.flush()?;
                }
                Err(mpsc::TryRecvError::Disconnected) if options.until_eof => return Ok(()),
                Err(_) => break,
            }
        }
    }
    Ok(())
}

/// The lines of standard input, as they come.
fn listen_to_input() -> std::io::Result<mpsc::Receiver<String>> {
    let (tell, said) = mpsc::sync_channel(64);
    std::thread::Builder::new().name("input".into()).spawn(move || {
        let lines = std::io::stdin().lock().lines();
        lines.map_while(Result::ok).take_while(|line| tell.send(line.clone()).is_ok()).for_each(drop);
    })?;
    Ok(said)
}

fn steered(line: &mut Line, text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        ["stats"] => line.stats(Instant::now()),
        [name, value] => match steering::parse(name, value) {
            Ok((ways, change)) => {
                line.change(Instant::now(), ways, change);
                "ok".into()
            }
            Err(error) => format!("error: {error}"),
        },
        _ => "error: it takes a setting and its value, or stats".into(),
    }
}
