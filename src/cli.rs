//! The command line.

use std::{ffi::OsString, path::PathBuf};

use jiff::civil::DateTime;
use lexopt::{Parser, prelude::*};

use crate::fault::Fault;

/// What `tongke --help` prints.
pub const HELP: &str = "\
同课 Tongke：专递课堂服务器 (a live-classroom media server)

用法 Usage:
  tongke serve --config FILE     按配置文件运行 (run by a configuration file)
  tongke demo [options]          用一个示范县试用 (try it with a made-up county)
      --listen HOST:PORT         网页和音视频的地址 (address of web and media, port 0 picks one;
                                 default 127.0.0.1:8080, with media on all addresses of this machine)
      --media-port BASE          音视频起始端口，每个处理器一个 (first media port, one a processor; default 8000, 0 picks)
      --data DIR                 数据目录 (data directory; default ./data/demo)
      --points N                 教学点个数 (teaching points, 1 to 64; default 3)
      --low-latency              资源库中回看正在上的课，只晚几秒 (let replays of a running lesson come within seconds of it)
      --ffmpeg PATH              生成缩略图、兼容格式和精品课的 ffmpeg (makes thumbnails, a compatible rendition, showcases)
      --now DATETIME             从这一时刻开始，如 2026-10-10T07:55 (begin at this local time instead of now)
      --no-lesson                不排示范课，课表由您导入 (no lesson of its own: import a timetable)
      --json                     就绪后输出一行 JSON (print one line of JSON when ready)
  tongke cert --out DIR --name HOST [--name HOST ...]
                                 生成私有 CA 和服务器证书 (make a private CA and a server certificate)
  tongke token --data DIR --person ID [--person ID ...] [--days N]
                                 签发登录令牌，一人一行 (issue bearer tokens, a line each; default 30 days)
  tongke backup --config FILE --out DIR     (or --data DIR instead of --config)
                                 备份，可在运行时进行 (back up, also while running)
  tongke restore --from DIR --data DIR
                                 恢复到空目录 (restore into an empty directory)
  tongke recordings check --data DIR [LESSON ...]
                                 检查录像，可在运行时进行；有问题时退出码为 1 (check recordings, also while running;
                                 exit code 1 if anything is wrong)
  tongke recordings export --data DIR --out DIR [LESSON ...]
                                 导出录像和课程信息，一课一个目录 (export recordings with what is known of their
                                 lessons, one directory each)
  tongke --help | --version
";

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Run by a configuration file.
    Serve {
        /// The file.
        config: PathBuf,
    },
    /// Run the demo.
    Demo(DemoOptions),
    /// Make certificates.
    Cert {
        /// Where to.
        out: PathBuf,
        /// Host names and addresses of the server.
        names: Vec<String>,
    },
    /// Issue bearer tokens, also while the server runs.
    Token {
        /// The data directory.
        data: PathBuf,
        /// Whose they are.
        people: Vec<String>,
        /// How long it is valid.
        days: u16,
    },
    /// Copy the data while it is in use.
    Backup {
        /// What to copy.
        source: BackupSource,
        /// Where to.
        out: PathBuf,
    },
    /// Lay a backup out as a data directory.
    Restore {
        /// The backup.
        from: PathBuf,
        /// Where to.
        data: PathBuf,
    },
    /// Say what is wrong with recordings.
    CheckRecordings {
        /// The data directory.
        data: PathBuf,
        /// Of which lessons; none means all.
        lessons: Vec<String>,
    },
    /// Copy recordings with what is known of their lessons.
    ExportRecordings {
        /// The data directory.
        data: PathBuf,
        /// Where to.
        out: PathBuf,
        /// Of which lessons; none means all.
        lessons: Vec<String>,
    },
    /// Print the help.
    Help,
    /// Print the version.
    Version,
}

/// What a backup is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupSource {
    /// The data directory named in a configuration file, and the file itself.
    Config(PathBuf),
    /// A data directory.
    Data(PathBuf),
}

/// Options of `tongke demo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoOptions {
    /// Web address.
    pub listen: Option<String>,
    /// First port of media.
    pub media_port: u16,
    /// Data directory.
    pub data: PathBuf,
    /// How many teaching points.
    pub points: u8,
    /// Whether players of a running lesson may come within a few seconds of it.
    pub low_latency: bool,
    /// A program that makes further things of finished recordings; empty: none are made.
    pub ffmpeg: PathBuf,
    /// The county's local time at the start, instead of the wall clock's.
    pub now: Option<DateTime>,
    /// Only schools, rooms and people, and no lesson: the timetable is to be imported.
    pub no_lesson: bool,
    /// Print one line of JSON when ready.
    pub json: bool,
}

/// How long an issued token is valid, unless said otherwise.
const TOKEN_DAYS: u16 = 30;

/// The most teaching points a demo has.
const MOST_POINTS: u8 = 64;

impl Default for DemoOptions {
    fn default() -> Self {
        let (data, ffmpeg) = (PathBuf::from("data/demo"), PathBuf::new());
        Self {
            listen: None,
            media_port: 8000,
            data,
            points: 3,
            low_latency: false,
            ffmpeg,
            now: None,
            no_lesson: false,
            json: false,
        }
    }
}

/// Reads the arguments after the program's name.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Fault> {
    let mut parser = Parser::from_args(arguments);
    let command = match parser.next().map_err(unreadable)? {
        None => return Err(missing("一个命令", "a command")),
        Some(Long("help") | Short('h')) => Ok(Command::Help),
        Some(Long("version") | Short('V')) => Ok(Command::Version),
        Some(Value(name)) => match name.to_str() {
            Some("serve") => serve(&mut parser),
            Some("demo") => demo(&mut parser),
            Some("cert") => cert(&mut parser),
            Some("token") => token(&mut parser),
            Some("backup") => backup(&mut parser),
            Some("restore") => restore(&mut parser),
            Some("recordings") => recordings(&mut parser),
            Some("help") => Ok(Command::Help),
            _ => Err(Value(name).unexpected().into()),
        },
        Some(other) => Err(other.unexpected().into()),
    };
    command.map_err(|stop| match stop {
        Stop::Fault(fault) => fault,
        Stop::Unreadable(error) => unreadable(error),
    })
}

/// Why reading stopped.
enum Stop {
    Fault(Fault),
    Unreadable(lexopt::Error),
}

impl From<lexopt::Error> for Stop {
    fn from(error: lexopt::Error) -> Self {
        Stop::Unreadable(error)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Fault(fault)
    }
}

fn unreadable(error: lexopt::Error) -> Fault {
    Fault::new(format_args!("命令行有误：{error}；用法见 tongke --help"), format_args!("{error}; see tongke --help"))
}

fn missing(chinese: &str, english: &str) -> Fault {
    Fault::new(
        format_args!("缺少{chinese}；用法见 tongke --help"),
        format_args!("missing {english}; see tongke --help"),
    )
}

fn required<T>(value: Option<T>, option: &str) -> Result<T, Fault> {
    value.ok_or_else(|| missing(&format!("选项 {option}"), option))
}

fn serve(parser: &mut Parser) -> Result<Command, Stop> {
    let mut config = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("config") => config = Some(PathBuf::from(parser.value()?)),
            Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let config = required(config, "--config")?;
    Ok(Command::Serve { config })
}

fn demo(parser: &mut Parser) -> Result<Command, Stop> {
    let mut options = DemoOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("listen") => options.listen = Some(parser.value()?.string()?),
            Long("media-port") => options.media_port = parser.value()?.parse()?,
            Long("data") => options.data = parser.value()?.into(),
            Long("points") => options.points = parser.value()?.parse()?,
            Long("low-latency") => options.low_latency = true,
            Long("ffmpeg") => options.ffmpeg = parser.value()?.into(),
            Long("now") => options.now = Some(parser.value()?.parse()?),
            Long("no-lesson") => options.no_lesson = true,
            Long("json") => options.json = true,
            Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    if !(1..=MOST_POINTS).contains(&options.points) {
        let fault = Fault::new(
            format_args!("--points 应为 1 到 {MOST_POINTS}"),
            format_args!("--points takes 1 to {MOST_POINTS}"),
        );
        return Err(fault.into());
    }
    Ok(Command::Demo(options))
}

fn cert(parser: &mut Parser) -> Result<Command, Stop> {
    let (mut out, mut names) = (None, Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Long("out") => out = Some(PathBuf::from(parser.value()?)),
            Long("name") => {
                for name in parser.values()? {
                    names.push(name.string()?);
                }
            }
            Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let out = required(out, "--out")?;
    if names.is_empty() {
        return Err(missing("选项 --name", "--name").into());
    }
    Ok(Command::Cert { out, names })
}

fn token(parser: &mut Parser) -> Result<Command, Stop> {
    let (mut data, mut people, mut days) = (None, Vec::new(), TOKEN_DAYS);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("data") => data = Some(PathBuf::from(parser.value()?)),
            Long("person") => people.push(parser.value()?.string()?),
            Long("days") => days = parser.value()?.parse()?,
            Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let data = required(data, "--data")?;
    if people.is_empty() {
        return Err(missing("选项 --person", "--person").into());
    }
    Ok(Command::Token { data, people, days })
}

fn backup(parser: &mut Parser) -> Result<Command, Stop> {
    let (mut source, mut out) = (None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("config") => source = Some(BackupSource::Config(parser.value()?.into())),
            Long("data") => source = Some(BackupSource::Data(parser.value()?.into())),
            Long("out") => out = Some(PathBuf::from(parser.value()?)),
            Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let source = required(source, "--config")?;
    let out = required(out, "--out")?;
    Ok(Command::Backup { source, out })
}

fn restore(parser: &mut Parser) -> Result<Command, Stop> {
    let (mut from, mut data) = (None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("from") => from = Some(PathBuf::from(parser.value()?)),
            Long("data") => data = Some(PathBuf::from(parser.value()?)),
            Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let from = required(from, "--from")?;
    let data = required(data, "--data")?;
    Ok(Command::Restore { from, data })
}

fn recordings(parser: &mut Parser) -> Result<Command, Stop> {
    let what = match parser.next()? {
        Some(Value(what)) if what == "check" || what == "export" => what,
        Some(Long("help")) => return Ok(Command::Help),
        Some(other) => return Err(other.unexpected().into()),
        None => return Err(missing("check 或 export", "check or export").into()),
    };
    let (mut data, mut out, mut lessons) = (None, None, Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Long("data") => data = Some(PathBuf::from(parser.value()?)),
            Long("out") if what == "export" => out = Some(PathBuf::from(parser.value()?)),
            Value(lesson) => lessons.push(lesson.string()?),
            Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let data = required(data, "--data")?;
    if what == "check" {
        return Ok(Command::CheckRecordings { data, lessons });
    }
    let out = required(out, "--out")?;
    Ok(Command::ExportRecordings { data, out, lessons })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from)).map_err(|fault| fault.to_string())
    }

    #[test]
    fn every_command_of_the_help_is_understood() {
        let demo = DemoOptions {
            listen: Some("[::1]:0".into()),
            media_port: 0,
            data: "d".into(),
            points: 5,
            low_latency: true,
            ffmpeg: "f".into(),
            now: Some(jiff::civil::date(2026, 10, 10).at(7, 55, 0, 0)),
            no_lesson: true,
            json: true,
        };
        let rows = [
            (
                "token --data d --person p --person q",
                Command::Token { data: "d".into(), people: vec!["p".into(), "q".into()], days: TOKEN_DAYS },
            ),
            ("--help", Command::Help),
            ("demo --help", Command::Help),
            ("--version", Command::Version),
            ("demo", Command::Demo(DemoOptions::default())),
            (
                "demo --listen [::1]:0 --media-port 0 --data d --points 5 --low-latency --ffmpeg f --now 2026-10-10T07:55 --no-lesson --json",
                Command::Demo(demo),
            ),
            ("serve --config f", Command::Serve { config: "f".into() }),
            (
                "cert --out d --name a --name 10.0.0.1",
                Command::Cert { out: "d".into(), names: vec!["a".into(), "10.0.0.1".into()] },
            ),
            ("backup --data a --out b", Command::Backup { source: BackupSource::Data("a".into()), out: "b".into() }),
            ("recordings check --data d", Command::CheckRecordings { data: "d".into(), lessons: Vec::new() }),
            (
                "recordings export --data d --out o a b",
                Command::ExportRecordings { data: "d".into(), out: "o".into(), lessons: vec!["a".into(), "b".into()] },
            ),
            ("restore --from b --data c", Command::Restore { from: "b".into(), data: "c".into() }),
        ];
        for (line, command) in rows {
            assert_eq!(parsed(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn a_wrong_line_says_what_is_wrong_with_it() {
        let rows = [
            ("", "a command"),
            ("paint", "paint"),
            ("serve", "--config"),
            ("demo --points 0", "--points"),
            ("demo --points many", "many"),
            ("demo --media-port 70000", "70000"),
            ("demo --colour red", "--colour"),
            ("cert --out d", "--name"),
            ("token --data d", "--person"),
            ("backup --out d", "--config"),
            ("restore --from d", "--data"),
            ("recordings", "check or export"),
            ("recordings paint", "paint"),
            ("recordings check", "--data"),
            ("recordings check --data d --out o", "--out"),
            ("recordings export --data d", "--out"),
        ];
        for (line, named) in rows {
            let fault = parsed(line).unwrap_err();
            assert!(fault.contains(named), "{line}: {fault}");
        }
    }
}
