//! The configuration file of `tongke serve`. `tongke.example.toml` lists every key with its default.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
};

use recorder::playlist::Latency;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::fault::Fault;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where pages and API listen, `HOST:PORT`.
    pub listen: String,
    /// Database and recordings.
    pub data: PathBuf,
    /// What to log.
    pub log: String,
    /// Encryption of pages and API.
    pub tls: TlsConfig,
    /// Sound and picture.
    pub media: MediaConfig,
    /// What is kept of lessons.
    pub recording: RecordingConfig,
    /// Where the county's clocks stand.
    pub county: CountyConfig,
    /// What counts as delivered.
    pub ledger: LedgerConfig,
}

/// The county.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CountyConfig {
    /// IANA name of its time zone.
    pub time_zone: String,
}

impl Default for CountyConfig {
    fn default() -> Self {
        Self { time_zone: "Asia/Shanghai".into() }
    }
}

/// What counts as delivered (有效授课) and received (有效听课).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LedgerConfig {
    /// Minutes a lesson must have been taught.
    pub least_minutes: u16,
    /// Percent of the lesson for which picture and sound must each have arrived.
    pub least_received_percent: u8,
}

impl LedgerConfig {
    /// The same in the ledger's terms.
    pub fn criteria(&self) -> ledger::Criteria {
        let usual = ledger::Criteria::default();
        ledger::Criteria {
            least_minutes: self.least_minutes.into(),
            // Two thirds are not 67 percent.
            reception_fraction: match self.least_received_percent {
                67 => usual.reception_fraction,
                percent => ledger::Fraction::new(percent.into(), 100).unwrap_or(usual.reception_fraction),
            },
            ..usual
        }
    }
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self { least_minutes: 30, least_received_percent: 67 }
    }
}

/// PEM files; both empty means plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Sound and picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaConfig {
    /// Address to bind; a wildcard binds all.
    pub bind: IpAddr,
    /// First port; 0 picks free ones.
    pub port: u16,
    /// Media threads, each with a port of its own from `port` on; 0: one for each processor.
    pub shards: usize,
    /// Addresses at which browsers reach this machine; empty: those of its interfaces that match `bind`.
    pub announce: Vec<IpAddr>,
    /// Whether media is also taken in over TCP, at the same ports and at that of the pages.
    pub tcp: bool,
}

/// What is kept of lessons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecordingConfig {
    /// Space to keep free on the disk of the recordings, in MB of 2^20 bytes.
    pub keep_free_mb: u32,
    /// Whether players of a running lesson may come within a few seconds of it (LL-HLS).
    pub low_latency: bool,
    /// A program that makes further things of finished recordings; empty: none are made.
    pub ffmpeg: PathBuf,
    /// Where finished recordings are copied to.
    pub store: StoreConfig,
}

/// An object store; without a URL nothing is copied.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// `s3://BUCKET/PREFIX` or `file:///DIRECTORY`.
    pub url: String,
    /// Where an S3-compatible store listens; empty: Amazon's.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// Who we are there.
    pub access_key_id: String,
    /// What proves it.
    pub secret_access_key: String,
}

impl RecordingConfig {
    /// The same in bytes.
    pub fn keep_free_bytes(&self) -> u64 {
        u64::from(self.keep_free_mb) << 20
    }

    /// How near to a running lesson its playlists let players come.
    pub fn latency(&self) -> Latency {
        if self.low_latency { Latency::Low } else { Latency::Ordinary }
    }

    /// The ffmpeg there is, if one is.
    pub fn ffmpeg(&self) -> Option<PathBuf> {
        Some(self.ffmpeg.clone()).filter(|path| !path.as_os_str().is_empty())
    }
}

impl Default for RecordingConfig {
    fn default() -> Self {
        Self { keep_free_mb: 2_048, low_latency: false, ffmpeg: PathBuf::new(), store: StoreConfig::default() }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            data: "data/server".into(),
            log: "info".into(),
            tls: TlsConfig::default(),
            media: MediaConfig::default(),
            recording: RecordingConfig::default(),
            county: CountyConfig::default(),
            ledger: LedgerConfig::default(),
        }
    }
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self { bind: Ipv4Addr::UNSPECIFIED.into(), port: 8000, shards: 0, announce: Vec::new(), tcp: true }
    }
}

impl TlsConfig {
    /// The certificate and key files, if there are any.
    pub fn files(&self) -> Result<Option<(&Path, &Path)>, Fault> {
        let set = |path: &Path| !path.as_os_str().is_empty();
        match (set(&self.certificate), set(&self.key)) {
            (false, false) => Ok(None),
            (true, true) => Ok(Some((&self.certificate, &self.key))),
            _ => Err(Fault::new(
                "tls.certificate 和 tls.key 要么都填，要么都不填",
                "set both tls.certificate and tls.key, or neither",
            )),
        }
    }
}

/// Reads and checks a configuration file.
pub fn load(path: &Path) -> Result<Config, Fault> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        let path = path.display();
        Fault::new(format_args!("不能读配置文件 {path}：{e}"), format_args!("cannot read {path}"))
    })?;
    parse(&text).map_err(|(chinese, english)| {
        let path = path.display();
        Fault::new(format_args!("{path}：{chinese}"), format_args!("{path}: {english}"))
    })
}

type Complaint = (String, String);

fn parse(text: &str) -> Result<Config, Complaint> {
    let wrong = |e: toml::de::Error| {
        let at = e.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        let message = e.message().to_owned();
        (format!("第 {at} 行有误：{message}"), format!("line {at}: {message}"))
    };
    let table: Table = toml::from_str(text).map_err(wrong)?;
    let known = keys(&defaults()?);
    for key in keys(&table) {
        if !known.iter().any(|k| *k == key || k.starts_with(&format!("{key}."))) {
            return Err(unknown(&key, &known));
        }
    }
    toml::from_str(text).map_err(wrong)
}

fn defaults() -> Result<Table, Complaint> {
    Table::try_from(Config::default()).map_err(|e| (e.to_string(), e.to_string()))
}

/// Every key of a table, those of its tables with dots.
fn keys(table: &Table) -> Vec<String> {
    table
        .iter()
        .flat_map(|(key, value)| match value {
            Value::Table(inner) if !inner.is_empty() => keys(inner).iter().map(|k| format!("{key}.{k}")).collect(),
            _ => vec![key.clone()],
        })
        .collect()
}

fn unknown(key: &str, known: &[String]) -> Complaint {
    let similarity = |k: &String| (strsim::jaro_winkler(key, k) * 1000.0) as u32;
    let nearest = known.iter().max_by_key(|k| similarity(k));
    let nearest = nearest.map_or("", String::as_str);
    (format!("没有配置项 {key}，最接近的是 {nearest}"), format!("unknown key {key}, the nearest is {nearest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../tongke.example.toml");

    #[test]
    fn the_example_lists_every_key_with_its_default() {
        assert_eq!(parse(EXAMPLE), Ok(Config::default()));
        let example: Table = toml::from_str(EXAMPLE).unwrap();
        assert_eq!(keys(&example), keys(&defaults().unwrap()));
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        assert_eq!(parse(""), Ok(Config::default()));
        assert_eq!(parse("[media]\n"), Ok(Config::default()));
    }

    #[test]
    fn a_wrong_key_or_value_names_itself_and_the_nearest_key() {
        let rows = [
            ("lisen = \"a:1\"", "lisen", "listen"),
            ("[media]\nports = 1", "media.ports", "media.port"),
            ("[tls]\ncert = \"x\"", "tls.cert", "tls.certificate"),
            ("[meda]\nport = 1", "meda.port", "media.port"),
            ("data = 7", "line 1", "string"),
            ("\nlisten = ", "line 2", "string"),
            ("[media]\nport = 70000", "line 2", "70000"),
        ];
        for (text, named, also) in rows {
            let (_, english) = parse(text).unwrap_err();
            assert!(english.contains(named), "{text}: {english}");
            assert!(english.contains(also), "{text}: {english}");
        }
    }

    #[test]
    fn half_a_pair_of_tls_files_is_a_fault() {
        let half = parse("[tls]\nkey = \"k.pem\"").unwrap();
        assert!(half.tls.files().is_err());
        assert_eq!(Config::default().tls.files().unwrap(), None);
    }
}
