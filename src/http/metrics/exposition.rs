//! Prometheus' text exposition format 0.0.4, as far as it is needed.
//!
//! Own, because the crates for it (`prometheus`, `prometheus-client`, `metrics`) are registries of shared atomics that are
//! counted in where things happen. Here threads count in plain numbers of their own; what is left to do is this page.

use std::fmt::{Display, Write};

/// What sort of figures a family has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, but for a restart.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// Names and values that tell the samples of a family apart.
pub type Labels<'l> = &'l [(&'l str, &'l str)];

/// The text as it grows.
#[derive(Debug, Default)]
pub struct Exposition(String);

/// Metrics of one name.
#[derive(Debug)]
pub struct Family<'e> {
    text: &'e mut String,
    name: &'static str,
}

impl Exposition {
    /// Begins a family; what it measures, in one sentence.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.line(format_args!("# HELP {name} {}", help.replace('\\', "\\\\").replace('\n', "\\n")));
        self.line(format_args!("# TYPE {name} {kind}"));
        Family { text: &mut self.0, name }
    }

    /// All of it.
    pub fn into_text(self) -> String {
        self.0
    }

    fn line(&mut self, line: impl Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{line}");
    }
}

impl Family<'_> {
    /// One value.
    pub fn sample(&mut self, labels: Labels<'_>, value: impl Display) {
        self.write("", labels, value);
    }

    /// A histogram from what fell between each upper bound and the one before, what was above all, and the sum of it all.
    pub fn histogram(&mut self, labels: Labels<'_>, buckets: &[(f64, u64)], above: u64, sum: f64) {
        let mut below = 0;
        for (bound, count) in buckets {
            below += count;
            self.write("_bucket", &[labels, &[("le", &bound.to_string())]].concat(), below);
        }
        let count = below + above;
        self.write("_bucket", &[labels, &[("le", "+Inf")]].concat(), count);
        self.write("_sum", labels, sum);
        self.write("_count", labels, count);
    }

    fn write(&mut self, suffix: &str, labels: Labels<'_>, value: impl Display) {
        let pair = |(name, value): &(&str, &str)| format!("{name}=\"{}\"", escaped(value));
        let pairs: Vec<String> = labels.iter().map(pair).collect();
        let labels = if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) };
        let _ = writeln!(self.text, "{}{suffix}{labels} {value}", self.name);
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_its_help_its_type_and_its_samples() {
        let mut text = Exposition::default();
        let mut family = text.family("a_total", Kind::Counter, "What\nis \\ counted.");
        family.sample(&[], 1);
        family.sample(&[("b", "x"), ("c", "\"\\\n")], 0.5);
        let expected = "# HELP a_total What\\nis \\\\ counted.\n# TYPE a_total counter\na_total 1\n\
                        a_total{b=\"x\",c=\"\\\"\\\\\\n\"} 0.5\n";
        assert_eq!(text.into_text(), expected);
    }

    #[test]
    fn the_buckets_of_a_histogram_add_up() {
        let mut text = Exposition::default();
        text.family("a_seconds", Kind::Histogram, "A.").histogram(
            &[("b", "x")],
            &[(0.001, 3), (0.5, 0), (1.0, 4)],
            5,
            9.5,
        );
        let expected = "# HELP a_seconds A.\n# TYPE a_seconds histogram\na_seconds_bucket{b=\"x\",le=\"0.001\"} 3\n\
                        a_seconds_bucket{b=\"x\",le=\"0.5\"} 3\na_seconds_bucket{b=\"x\",le=\"1\"} 7\n\
                        a_seconds_bucket{b=\"x\",le=\"+Inf\"} 12\na_seconds_sum{b=\"x\"} 9.5\na_seconds_count{b=\"x\"} 12\n";
        assert_eq!(text.into_text(), expected);
    }
}
