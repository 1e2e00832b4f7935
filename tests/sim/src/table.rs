//! The table of all scenarios: what is asked, what was got, of which seeds.

use std::fmt::Write;

use crate::{
    LAYERS, SIMULCAST, Way,
    scenario::{
        Asked, Figure, Measured, capacity, joining,
        outage::{self, Outage, Whose},
        rfc8867, stalled, thin,
        voice::{self, Loss},
    },
};

/// Seeds of the document's table are 1 to this; the worst of them is told.
pub const SEEDS: u64 = 3;
/// Around the table in the document.
pub const BEGIN: &str = "<!-- weak-links: begin -->";
/// Around the table in the document.
pub const END: &str = "<!-- weak-links: end -->";

/// A scenario and its figures, the worst of all seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What happens.
    pub scenario: String,
    /// What came of it.
    pub figures: Vec<Figure>,
    /// By how many of the seeds each figure was kept.
    pub kept: Vec<u64>,
    /// How many seeds there were.
    pub seeds: u64,
}

type Scenario = (String, Box<dyn Fn(u64) -> Vec<Figure>>);

fn scenario<M: Measured>(name: impl Into<String>, run: impl Fn(u64) -> M + 'static) -> Scenario {
    (name.into(), Box::new(move |seed| run(seed).figures()))
}

/// Every scenario, in the order of the table.
fn scenarios() -> Vec<Scenario> {
    let camera = &SIMULCAST;
    let mut all = vec![
        scenario("Line falls from 2 to 0.25 Mbit/s and comes back, 30 s each", |seed| {
            capacity::fall_and_rise(seed, camera)
        }),
        scenario("The same, the camera in spatial layers of one stream (VP9, L3T1_KEY)", |seed| {
            capacity::fall_and_rise(seed, &LAYERS)
        }),
        scenario("RFC 8867 5.1: 1, 2.5, 0.6, 1 Mbit/s", |seed| rfc8867::single_flow(seed, camera)),
        scenario("RFC 8867 5.2: two share 4, 2, 3.5, 1, 2 Mbit/s", |seed| rfc8867::two_flows(seed, camera)),
    ];
    for (way, name) in [(Way::Down, "down"), (Way::Up, "up")] {
        for asked in voice::ASKED {
            let loss = match asked.0 {
                Loss::Random(share) => format!("{:.0} % at random", share * 100.0),
                Loss::Bursty(share) => format!("{:.0} % in bursts", share * 100.0),
            };
            let run = move |seed| voice::concealment(seed, asked, way);
            all.push(scenario(format!("Voice, {loss} lost on the way {name}, round trip 40 ms"), run));
        }
    }
    all.extend([
        scenario("64 kbit/s", |seed| thin::speech_only(seed, camera)),
        scenario("300 kbit/s", |seed| thin::speech_and_courseware(seed, camera)),
        scenario("1 Mbit/s, 5 % lost, round trip 200 ms, all seats", |seed| thin::all_seats(seed, camera)),
    ]);
    for (outage, what) in [
        (Outage::Cut, "line cut for 10 s"),
        (Outage::Moved, "browser moves to another network"),
        (Outage::Rebound, "address changes in silence"),
    ] {
        for (whose, name) in [(Whose::Points, "A point's"), (Whose::Masters, "The master's")] {
            all.push(scenario(format!("{name} {what}"), move |seed| outage::back(seed, camera, outage, whose)));
        }
    }
    all.extend([
        scenario("Joining one by one, round trip 100 ms", |seed| joining::one_by_one(seed, camera)),
        scenario("200 join within a second", |seed| joining::all_at_once(seed, camera)),
        scenario("One viewer's line carries nothing for 10 minutes", |seed| stalled::beside(seed, camera)),
    ]);
    all
}

/// Runs every scenario whose name has `filter` in it with seeds 1 to `seeds`.
pub fn measure(filter: &str, seeds: u64, mut done: impl FnMut(&Row)) -> Vec<Row> {
    let wanted = scenarios().into_iter().filter(|(name, _)| name.contains(filter));
    let rows = wanted.map(|(scenario, run)| {
        let row = worst(scenario, (1..=seeds).map(run));
        done(&row);
        row
    });
    rows.collect()
}

/// The worst of these runs.
fn worst(scenario: String, runs: impl Iterator<Item = Vec<Figure>>) -> Row {
    let mut row = Row { scenario, figures: Vec::new(), kept: Vec::new(), seeds: 0 };
    for figures in runs {
        row.kept.resize(figures.len(), 0);
        row.seeds += 1;
        row.kept.iter_mut().zip(&figures).for_each(|(kept, figure)| *kept += u64::from(figure.is_kept()));
        let before = std::mem::take(&mut row.figures);
        row.figures = if before.is_empty() {
            figures
        } else {
            before.into_iter().zip(figures).map(|(a, b)| a.or_worse(b)).collect()
        };
    }
    row
}

/// The table in Markdown.
pub fn write(rows: &[Row]) -> String {
    let mut out = String::from("| scenario | figure | asked | got | |\n|---|---|---|---|---|\n");
    for row in rows {
        for (i, (figure, kept)) in row.figures.iter().zip(&row.kept).enumerate() {
            let scenario = if i == 0 { row.scenario.as_str() } else { "" };
            let (asked, kept) = match figure.asked {
                Asked::AtMost(most) => (format!("≤ {}", number(Some(most), figure.unit)), verdict(*kept, row.seeds)),
                Asked::AtLeast(least) => (format!("≥ {}", number(Some(least), figure.unit)), verdict(*kept, row.seeds)),
                Asked::Told => (String::new(), String::new()),
            };
            let got = number(figure.got, figure.unit);
            let _ = writeln!(out, "| {scenario} | {} | {asked} | {got} | {kept} |", figure.what);
        }
    }
    out
}

fn verdict(kept: u64, seeds: u64) -> String {
    match kept {
        _ if kept == seeds => "kept".into(),
        0 => "**not yet**".into(),
        _ => format!("**not yet**, kept by {kept} of {seeds} seeds"),
    }
}

/// Three digits that count; a difference below what is told is none.
fn number(value: Option<f64>, unit: &str) -> String {
    let Some(value) = value else { return "never".into() };
    let size = value.abs();
    let text = match size {
        0.0..0.005 => "0".into(),
        0.005..10.0 => format!("{value:.2}").trim_end_matches('0').trim_end_matches('.').into(),
        10.0..100.0 => format!("{value:.1}").trim_end_matches(".0").into(),
        _ => format!("{value:.0}"),
    };
    format!("{text} {unit}").trim_end().into()
}

/// The document with another table between its marks; none if it has no marks.
pub fn replaced(document: &str, table: &str) -> Option<String> {
    let (head, rest) = document.split_once(BEGIN)?;
    let (_, tail) = rest.split_once(END)?;
    Some(format!("{head}{BEGIN}\n{table}{END}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_tells_what_was_asked_got_and_kept() {
        let figures = |a, b: Option<f64>, c| {
            let told = Figure::told("c", "ms", c);
            vec![Figure::at_most("a", 2.0, "s", a), Figure::at_least("b", 75.0, "%", b), told]
        };
        let runs = [figures(1.3, None, 1234.4), figures(1.504, Some(80.0), 1000.0)];
        let table = write(&[worst("x".into(), runs.into_iter())]);
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| x | a | ≤ 2 s | 1.5 s | kept |",
                "|  | b | ≥ 75 % | never | **not yet**, kept by 1 of 2 seeds |",
                "|  | c |  | 1234 ms |  |",
            ]
        );
    }

    #[test]
    fn a_table_takes_the_place_of_the_last() {
        let document = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        assert_eq!(replaced(&document, "new\n"), Some(format!("a\n{BEGIN}\nnew\n{END}\nb\n")));
        assert_eq!(replaced("a", "new\n"), None);
    }
}
