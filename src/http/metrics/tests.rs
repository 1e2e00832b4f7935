//! What is told, read by a strict reader of the format, and the dashboard and the guide that name it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Duration,
};

use serde_json::Value;

use super::*;

const DASHBOARD: &str = include_str!("../../../docs/grafana.json");
const GUIDE: &str = include_str!("../../../docs/operate.md");

/// One line of figures.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Sample {
    fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }

    /// Its labels but the bucket's bound.
    fn series(&self) -> BTreeMap<&str, &str> {
        let labels = self.labels.iter().filter(|(name, _)| *name != "le");
        labels.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// Reads an exposition, and says what is wrong with it. Stricter than Prometheus: every family has its help, then its type,
/// then its samples, and stands in one place; what counts is called so.
fn read(text: &str) -> Result<Vec<Sample>, String> {
    if !text.ends_with('\n') {
        return Err("does not end with a line end".into());
    }
    let (mut samples, mut seen, mut known) = (Vec::new(), HashSet::new(), HashSet::new());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, help) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')).ok_or(line)?;
        let kind = lines.next().and_then(|line| line.strip_prefix("# TYPE ")?.strip_prefix(name)?.strip_prefix(' '));
        let kind = kind.ok_or(format!("{name} has no type"))?;
        if !is_name(name) || help.is_empty() || !known.insert(name.to_owned()) {
            return Err(format!("{name} is no name, has no help or was there before"));
        }
        if !["counter", "gauge", "histogram"].contains(&kind) || (kind == "counter") != name.ends_with("_total") {
            return Err(format!("{name} is not called as a {kind} is"));
        }
        let mut family = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            let sample = read_sample(line).ok_or(format!("cannot read {line}"))?;
            let suffix = sample.name.strip_prefix(name).ok_or(format!("{line} below {name}"))?;
            let suffixes: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            if !suffixes.contains(&suffix) || !seen.insert((sample.name.clone(), format!("{:?}", sample.labels))) {
                return Err(format!("{line} does not belong to {name} or was there before"));
            }
            family.push(sample);
        }
        if kind == "histogram" {
            check_histogram(name, &family)?;
        }
        samples.append(&mut family);
    }
    Ok(samples)
}

fn read_sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = BTreeMap::new();
    if let Some(mut inside) = rest.strip_prefix('{') {
        loop {
            let (label, after) = inside.split_once("=\"")?;
            let (value, after) = read_quoted(after)?;
            if !is_name(label) || labels.insert(label.to_owned(), value).is_some() {
                return None;
            }
            match after.strip_prefix(',') {
                Some(more) => inside = more,
                None => break rest = after.strip_prefix('}')?,
            }
        }
    }
    let value = rest.strip_prefix(' ')?.parse().ok().filter(|value: &f64| value.is_finite())?;
    is_name(name).then(|| Sample { name: name.to_owned(), labels, value })
}

/// What stands before the closing quote, and what after.
fn read_quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    loop {
        match chars.next()? {
            (at, '"') => return Some((value, &text[at + 1..])),
            (_, '\\') => value.push(match chars.next()?.1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                _ => return None,
            }),
            (_, c) => value.push(c),
        }
    }
}

fn is_name(name: &str) -> bool {
    let letters = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    letters && name.starts_with(|c: char| c.is_ascii_lowercase())
}

fn check_histogram(name: &str, family: &[Sample]) -> Result<(), String> {
    let mut last: HashMap<_, (f64, f64)> = HashMap::new();
    for sample in family.iter().filter(|sample| sample.name.ends_with("_bucket")) {
        let bound: f64 = sample.label("le").and_then(|le| le.parse().ok()).ok_or(format!("{name}: no bound"))?;
        let (bound_before, count_before) =
            last.insert(sample.series(), (bound, sample.value)).unwrap_or((f64::NEG_INFINITY, 0.0));
        if bound <= bound_before || sample.value < count_before {
            return Err(format!("{name}: buckets do not grow"));
        }
    }
    let of = |suffix: &str| {
        let found = family.iter().filter(|sample| sample.name.strip_prefix(name) == Some(suffix));
        found.map(|sample| (sample.series(), sample.value)).collect::<HashMap<_, _>>()
    };
    let whole: HashMap<_, _> = last.iter().map(|(series, (_, count))| (series.clone(), *count)).collect();
    let open = last.values().all(|(bound, _)| *bound == f64::INFINITY);
    let summed: HashSet<_> = of("_sum").into_keys().collect();
    if !open || whole != of("_count") || summed != whole.into_keys().collect::<HashSet<_>>() {
        return Err(format!("{name}: the last bucket is not all"));
    }
    Ok(())
}

/// Two shards, in each of which every figure is another one.
fn two_shards() -> Figures {
    let shard = |from: u64| {
        let mut report = ShardReport::default();
        let numbers = [
            &mut report.counters.received,
            &mut report.counters.forwarded,
            &mut report.counters.dropped.behind,
            &mut report.sent.bytes,
            &mut report.sent.refused,
            &mut report.received.too_long,
            &mut report.relay_lost,
            &mut report.streams.dropped,
        ];
        numbers.into_iter().zip(from..).for_each(|(place, number)| *place = number);
        report.counters.lag.buckets = [from, 0, 1, 0, 0, 0, 2, 3];
        report.counters.lag.sum_us = from * 1_500;
        report.cpu = Duration::from_millis(from * 10);
        report.streams.open = 5;
        (report.publishers, report.subscribers) = (1, 40);
        report
    };
    let (shards, process) = (vec![shard(100), shard(200)], Process::now());
    let (disk_free_bytes, tcp_turned_away) = (Some(1 << 31), 9);
    Figures { shards, lessons: 3, database_queries: 7, process, tcp_turned_away, disk_free_bytes, failed_writes: 2 }
}

fn told() -> Vec<Sample> {
    read(&text(&two_shards())).unwrap()
}

/// The names of metrics in a text, as they stand in it.
fn named_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("tongke_") || word.starts_with("process_")).collect()
}

#[test]
fn the_reader_finds_what_is_wrong() {
    let good = "# HELP a_total A.\n# TYPE a_total counter\na_total{b=\"x\\\\\\\"\\n\",c=\"y\"} 1\na_total 2\n";
    assert_eq!(read(good).unwrap()[0].label("b"), Some("x\\\"\n"));
    let head = "# HELP a_total A.\n# TYPE a_total counter\n";
    let histogram = "# HELP h A.\n# TYPE h histogram\n";
    let rows = [
        "a_total 1\n".to_owned(),
        "# HELP a_total A.\na_total 1\n".to_owned(),
        "# HELP a A.\n# TYPE a counter\na 1\n".to_owned(),
        format!("{head}b_total 1\n"),
        format!("{head}a_total 1"),
        format!("{head}a_total 1\n\n"),
        format!("{head}a_total 1\na_total 2\n"),
        format!("{head}a_total{{b=\"x\",b=\"y\"}} 1\n"),
        format!("{head}a_total{{b=\"x\\y\"}} 1\n"),
        format!("{head}a_total{{b=\"x}} 1\n"),
        format!("{head}a_total{{}} 1\n"),
        format!("{head}a_total NaN\n"),
        format!("{head}a_total one\n"),
        format!("{head}a_total 1\n{head}a_total{{b=\"x\"}} 1\n"),
        format!("{histogram}h 1\n"),
        format!("{histogram}h_bucket{{le=\"+Inf\"}} 2\nh_sum 1\nh_count 3\n"),
        format!("{histogram}h_bucket{{le=\"1\"}} 2\nh_sum 1\nh_count 2\n"),
        format!("{histogram}h_bucket{{le=\"1\"}} 3\nh_bucket{{le=\"+Inf\"}} 2\nh_sum 1\nh_count 2\n"),
        format!("{histogram}h_bucket{{le=\"+Inf\"}} 2\nh_count 2\n"),
    ];
    for text in rows {
        assert!(read(&text).is_err(), "{text}");
    }
    read(&format!("{histogram}h_bucket{{le=\"1\"}} 2\nh_bucket{{le=\"+Inf\"}} 2\nh_sum 1\nh_count 2\n")).unwrap();
}

#[test]
fn what_is_told_can_be_read_also_when_there_is_nothing() {
    assert!(told().len() > 2 * (COUNTERS.len() + DROPPED.len()));
    assert_eq!(read(&text(&Figures::default())).unwrap().len(), 5);
}

#[test]
fn each_shard_has_its_figures_under_its_label() {
    let told = told();
    let of = |name: &str, labels: &[(&str, &str)]| {
        let is_it = |sample: &&Sample| {
            sample.name == name && labels.iter().all(|(label, value)| sample.label(label) == Some(value))
        };
        let found: Vec<f64> = told.iter().filter(is_it).map(|sample| sample.value).collect();
        assert_eq!(found.len(), 1, "{name} {labels:?}");
        found[0]
    };
    for (shard, from) in [("0", 100.0), ("1", 200.0)] {
        let number = |name: &str| of(name, &[("shard", shard)]);
        assert_eq!(number("tongke_media_rtp_received_packets_total"), from);
        assert_eq!(number("tongke_media_forwarded_packets_total"), from + 1.0);
        assert_eq!(number("tongke_media_sent_bytes_total"), from + 3.0);
        assert_eq!(number("tongke_media_relay_lost_packets_total"), from + 6.0);
        assert_eq!(number("tongke_media_cpu_seconds_total"), from / 100.0);
        assert_eq!(number("tongke_media_tcp_connections"), 5.0);
        assert_eq!(number("tongke_media_lag_seconds_count"), from + 6.0);
        assert_eq!(number("tongke_media_lag_seconds_sum"), from * 0.0015);
        for (cause, count) in
            [("behind", from + 2.0), ("refused", from + 4.0), ("too_long", from + 5.0), ("slow_tcp", from + 7.0)]
        {
            assert_eq!(of("tongke_media_dropped_packets_total", &[("shard", shard), ("cause", cause)]), count);
        }
        for (le, count) in [("0.001", from), ("0.005", from + 1.0), ("0.1", from + 3.0), ("+Inf", from + 6.0)] {
            assert_eq!(of("tongke_media_lag_seconds_bucket", &[("shard", shard), ("le", le)]), count);
        }
        for (kind, count) in [("publisher", 1.0), ("subscriber", 40.0)] {
            assert_eq!(of("tongke_media_sessions", &[("shard", shard), ("kind", kind)]), count);
        }
    }
    assert_eq!(of("tongke_lessons_running", &[]), 3.0);
    assert_eq!(of("tongke_media_tcp_turned_away_total", &[]), 9.0);
    assert_eq!(of("tongke_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
}

#[test]
fn every_cause_that_is_counted_has_a_label() {
    let mut report = ShardReport::default();
    let dropped = &mut report.counters.dropped;
    (dropped.unknown, dropped.unreadable, dropped.not_authentic) = (1, 2, 4);
    (dropped.handshakes, dropped.behind, dropped.unusable) = (8, 16, 32);
    let all: u64 = DROPPED.iter().map(|(_, count)| count(&report)).sum();
    // The total is the shard's own: a cause that is new there is missing here.
    assert_eq!(all, report.counters.dropped.total());
    assert!(DROPPED.iter().all(|(cause, _)| GUIDE.contains(&format!("| `{cause}` |"))));
}

#[test]
fn the_dashboard_and_the_guide_name_only_what_is_told() {
    let told = told();
    let names: BTreeSet<&str> = told.iter().map(|sample| sample.name.as_str()).collect();
    for (text, what) in [(DASHBOARD, "docs/grafana.json"), (GUIDE, "docs/operate.md")] {
        let named = named_in(text);
        assert!(named.len() > 3, "{what} names nothing");
        let unknown: Vec<_> = named.difference(&names).collect();
        assert!(unknown.is_empty(), "{what} names {unknown:?}");
    }
}

#[test]
fn every_panel_asks_the_chosen_source_and_says_in_two_languages_what_it_shows() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    assert_eq!(dashboard["templating"]["list"][0]["query"], "prometheus");
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = HashSet::new();
    for panel in panels {
        let (title, description) = (panel["title"].as_str().unwrap(), panel["description"].as_str().unwrap());
        assert!(!title.is_ascii() && description.is_ascii() && description.ends_with('.'), "{title}: {description}");
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            assert!(!named_in(query).is_empty() && query.contains("instance=\"$instance\""), "{title}: {query}");
        }
    }
}
