//! The command line.

use std::{ffi::OsString, path::PathBuf};

use anyhow::{Context, Result, bail, ensure};
use lexopt::{Parser, prelude::*};

use crate::{http::Endpoint, pacing::Burst, viewer::Fault};

/// What `load --help` prints.
pub const HELP: &str = "\
Measures an SFU's server CPU for each forwarded packet. One JSON line on standard output tells all of a run.

  load --tongke BIN [options]            starts `BIN demo` and ends it
  load --whip URL --whip-token T --whep URL --whep-token T --pid PID [options]
                                         measures a server that runs; --pid is optional
      --viewers N          viewers (default 200)
      --first N            of them in before the joins are measured (default 100)
      --seconds S          length of the measured window (default 10)
      --warmup S           between the last join and the window (default 2)
      --mode count|checked|full
                           count clear headers; open, check and ask again; or tell of every packet that came too, as a
                           browser does, so that the server sends what it finds the line to carry (default count)
      --profile gcm|cm     SRTP profile the viewers offer (default gcm)
      --burst frame|pair   the publisher sends a frame at once, as Chromium does, or two packets every 5 ms (default frame)
      --lines A,V          audio and video m-lines of a viewer (default 1,1)
      --joins N            joins at a time, each on a connection of its own (default 32)
      --ramp N             joins a second (default: as fast as they go)
      --silent             no publisher
      --churn R            joins and leaves a second in the window
      --bad reader|nack|rtcp
                           some more viewers misbehave: read nothing, ask for everything again, tell nonsense
      --bad-viewers M      so many (default 5)
  load --floor [--viewers N] [--seconds S]
                         no server: what a bare sender of the same datagrams costs
  load --help
";

/// Where the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// None: a bare sender of our own.
    Floor,
    /// A Tongke that is started for the run.
    Tongke(PathBuf),
    /// One that runs.
    Running {
        /// Where to publish; none only with `--silent`.
        whip: Option<Endpoint>,
        /// Where to watch.
        whep: Endpoint,
        /// Its process, if it is to be measured.
        pid: Option<u32>,
    },
}

/// What is done with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Clear headers are counted; a sample of the viewers opens, for the latency.
    Count,
    /// Every packet is opened and checked, and some are asked for again. The server knows nothing of the lines and sends all.
    Checked,
    /// The same, and the server is told of every packet that came: it sends what it finds a line to carry, which may be less.
    Full,
}

/// SRTP profile that the viewers offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// AES-GCM.
    Gcm,
    /// AES-CM with HMAC-SHA1-80.
    Cm,
}

/// All that can be said.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Where the server is.
    pub target: Target,
    /// Viewers that behave.
    pub viewers: usize,
    /// Of them, those that are in before joins are measured.
    pub first: usize,
    /// Length of the window.
    pub seconds: f64,
    /// Time before it.
    pub warmup: f64,
    /// What is done with packets.
    pub mode: Mode,
    /// What the viewers offer.
    pub profile: Profile,
    /// How the publisher paces.
    pub burst: Burst,
    /// Audio and video m-lines.
    pub lines: (usize, usize),
    /// Joins at a time.
    pub joins: usize,
    /// Joins a second.
    pub ramp: Option<f64>,
    /// Nobody publishes.
    pub silent: bool,
    /// Joins and leaves a second in the window.
    pub churn: f64,
    /// Viewers that misbehave: how, and how many.
    pub bad: Option<(Fault, usize)>,
}

impl Mode {
    /// Whether the server learns what the lines carry.
    pub fn is_estimated(self) -> bool {
        self == Self::Full
    }
}

impl Options {
    /// The defaults, for this server.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            viewers: 200,
            first: 100,
            seconds: 10.0,
            warmup: 2.0,
            mode: Mode::Count,
            profile: Profile::Gcm,
            burst: Burst::Frame,
            lines: (1, 1),
            joins: 32,
            ramp: None,
            silent: false,
            churn: 0.0,
            bad: None,
        }
    }
}

/// The options that only together make a target.
#[derive(Default)]
struct Addresses {
    floor: bool,
    tongke: Option<PathBuf>,
    whip: Option<String>,
    whip_token: String,
    whep: Option<String>,
    whep_token: String,
    pid: Option<u32>,
}

/// Reads the arguments after the program's name; none of them if help is wanted.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Options>> {
    let mut parser = Parser::from_args(arguments);
    let mut addresses = Addresses::default();
    let mut options = Options::new(Target::Tongke(PathBuf::new()));
    let (mut fault, mut bad_viewers) = (None, 5);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("floor") => addresses.floor = true,
            Long("tongke") => addresses.tongke = Some(parser.value()?.into()),
            Long("whip") => addresses.whip = Some(parser.value()?.string()?),
            Long("whip-token") => addresses.whip_token = parser.value()?.string()?,
            Long("whep") => addresses.whep = Some(parser.value()?.string()?),
            Long("whep-token") => addresses.whep_token = parser.value()?.string()?,
            Long("pid") => addresses.pid = Some(parser.value()?.parse()?),
            Long("viewers") => options.viewers = parser.value()?.parse()?,
            Long("first") => options.first = parser.value()?.parse()?,
            Long("seconds") => options.seconds = parser.value()?.parse()?,
            Long("warmup") => options.warmup = parser.value()?.parse()?,
            Long("mode") => {
                let modes = [("count", Mode::Count), ("checked", Mode::Checked), ("full", Mode::Full)];
                options.mode = one_of(&mut parser, "--mode", modes)?;
            }
            Long("burst") => {
                let choices = [("frame", Burst::Frame), ("pair", Burst::Pair)];
                options.burst = one_of(&mut parser, "--burst", choices)?;
            }
            Long("profile") => {
                options.profile = one_of(&mut parser, "--profile", [("gcm", Profile::Gcm), ("cm", Profile::Cm)])?;
            }
            Long("lines") => options.lines = lines(&parser.value()?.string()?)?,
            Long("joins") => options.joins = parser.value()?.parse()?,
            Long("ramp") => options.ramp = Some(parser.value()?.parse()?),
            Long("silent") => options.silent = true,
            Long("churn") => options.churn = parser.value()?.parse()?,
            Long("bad") => {
                let faults = [("reader", Fault::Reader), ("nack", Fault::Nack), ("rtcp", Fault::Rtcp)];
                fault = Some(one_of(&mut parser, "--bad", faults)?);
            }
            Long("bad-viewers") => bad_viewers = parser.value()?.parse()?,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    options.bad = fault.map(|fault| (fault, bad_viewers));
    options.target = target(addresses, options.silent)?;
    check(&options)?;
    Ok(Some(options))
}

fn one_of<T, const N: usize>(parser: &mut Parser, option: &str, known: [(&str, T); N]) -> Result<T> {
    let given = parser.value()?.string()?;
    let names = known.each_ref().map(|(name, _)| *name).join(", ");
    let found = known.into_iter().find(|(name, _)| *name == given);
    Ok(found.with_context(|| format!("{option} takes one of {names}, not {given}"))?.1)
}

fn lines(text: &str) -> Result<(usize, usize)> {
    let numbers = text.split_once(',').and_then(|(audio, video)| Some((audio.parse().ok()?, video.parse().ok()?)));
    numbers.filter(|(audio, video)| audio + video > 0).with_context(|| format!("--lines takes A,V, not {text}"))
}

fn target(addresses: Addresses, silent: bool) -> Result<Target> {
    let Addresses { floor, tongke, whip, whip_token, whep, whep_token, pid } = addresses;
    match (tongke, whip, whep) {
        (None, None, None) if floor => Ok(Target::Floor),
        (Some(program), None, None) => Ok(Target::Tongke(program)),
        (None, whip, Some(whep)) if whip.is_some() || silent => {
            let whip = whip.map(|whip| Endpoint::new(&whip, &whip_token)).transpose()?;
            Ok(Target::Running { whip, whep: Endpoint::new(&whep, &whep_token)?, pid })
        }
        _ => bail!("say either --tongke BIN, or --whip URL and --whep URL (without --whip only with --silent)"),
    }
}

fn check(options: &Options) -> Result<()> {
    let timely = |seconds: f64| (0.0..=86_400.0).contains(&seconds);
    ensure!(timely(options.seconds) && timely(options.warmup), "--seconds and --warmup take 0 to 86400");
    ensure!((1..=10_000).contains(&options.viewers), "--viewers takes 1 to 10000");
    ensure!((1..=1000).contains(&options.joins), "--joins takes 1 to 1000");
    ensure!(options.ramp.is_none_or(|ramp| ramp > 0.0), "--ramp takes more than 0");
    ensure!((0.0..=1000.0).contains(&options.churn), "--churn takes 0 to 1000");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Option<Options>, String> {
        parse(line.split_whitespace().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn every_option_of_the_help_is_understood() {
        assert_eq!(parsed("--help"), Ok(None));
        let line = "--tongke t --viewers 7 --first 3 --seconds 1.5 --warmup 0 --mode full --profile cm --burst pair --lines 2,3 \
            --joins 4 --ramp 9 --silent --churn 20 --bad nack --bad-viewers 2";
        let expected = Options {
            viewers: 7,
            first: 3,
            seconds: 1.5,
            warmup: 0.0,
            mode: Mode::Full,
            profile: Profile::Cm,
            burst: Burst::Pair,
            lines: (2, 3),
            joins: 4,
            ramp: Some(9.0),
            silent: true,
            churn: 20.0,
            bad: Some((Fault::Nack, 2)),
            ..Options::new(Target::Tongke("t".into()))
        };
        assert_eq!(parsed(line), Ok(Some(expected)));
        let whep = Endpoint::new("http://a:1/w", "t").unwrap();
        let running = parsed("--whep http://a:1/w --whep-token t --pid 5 --silent").unwrap().unwrap().target;
        assert_eq!(running, Target::Running { whip: None, whep, pid: Some(5) });
    }

    #[test]
    fn a_wrong_line_says_what_is_wrong_with_it() {
        let rows = [
            ("", "--tongke BIN"),
            ("--tongke t --whep http://a/", "say either"),
            ("--whep http://a/", "--silent"),
            ("--tongke t --mode fast", "one of count, checked, full, not fast"),
            ("--tongke t --lines 2", "A,V"),
            ("--tongke t --viewers 0", "--viewers takes"),
            ("--tongke t --viewers x", "x"),
            ("--tongke t --paint", "--paint"),
            ("--silent --whep ftp://a/", "http://"),
        ];
        for (line, part) in rows {
            let told = parsed(line).unwrap_err();
            assert!(told.contains(part), "{line}: {told}");
        }
    }
}
