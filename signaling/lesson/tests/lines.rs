//! Stories of how the lines do.

mod support;

use lesson::{ConnectionId, limits::LINE_MINUTES};
use protocol::{
    ClientMessage, ServerMessage,
    line::{LineReport, Spread},
};
use support::{Class, MINUTE_MS};

fn report(rtt_ms: u32) -> LineReport {
    LineReport { rtt_ms: Some(rtt_ms), frozen_ms: 100, ..LineReport::default() }
}

fn reports(class: &mut Class, from: ConnectionId, rtt_ms: u32) {
    class.says(from, ClientMessage::Line { report: report(rtt_ms) });
}

/// Of whom the connection was told, and which round trip.
fn told(class: &Class, connection: ConnectionId) -> Vec<(String, Option<u32>)> {
    let line = |message| match message {
        ServerMessage::LineReported { participant, report } => Some((participant.to_string(), report.rtt_ms)),
        _ => None,
    };
    class.told(connection).into_iter().filter_map(line).collect()
}

#[test]
fn the_lead_alone_is_told_of_the_points_its_wall_shows_and_not_too_often() {
    let mut class = Class::live(3);
    let [master, one, three] = ["master", "point-1", "point-3"].map(|who| class.joins(who));
    class.watches("master", 2);
    class.forget();
    reports(&mut class, one, 80);
    reports(&mut class, three, 90);
    reports(&mut class, master, 10);
    class.wait(1_000);
    reports(&mut class, one, 81);
    class.wait(3_000);
    reports(&mut class, one, 82);
    assert_eq!(told(&class, master), [("point-1".into(), Some(80)), ("point-1".into(), Some(82))]);
    assert_eq!((told(&class, one), told(&class, three)), (vec![], vec![]));
}

#[test]
fn each_minute_of_a_line_keeps_its_least_mean_and_most() {
    let mut class = Class::live(1);
    let one = class.joins("point-1");
    for rtt_ms in [30, 90, 61] {
        reports(&mut class, one, rtt_ms);
        class.wait(5_000);
    }
    class.wait(MINUTE_MS);
    reports(&mut class, one, 500);
    let lines = class.lesson.lines();
    assert_eq!(lines.len(), 1, "whoever reported nothing has no line");
    assert_eq!((lines[0].participant.as_str(), lines[0].latest.rtt_ms), ("point-1", Some(500)));
    let minutes: Vec<_> = lines[0].minutes.iter().map(|m| (m.at.0, m.rtt_ms, m.up_kbps, m.frozen_ms)).collect();
    let spread = |min, avg, max| Some(Spread { min, avg, max });
    assert_eq!(minutes, [(0, spread(30, 60, 90), None, 300), (MINUTE_MS, spread(500, 500, 500), None, 100)]);
}

#[test]
fn the_oldest_minute_makes_way() {
    let mut class = Class::live(1);
    let one = class.joins("point-1");
    let mut lesson_minutes = 0;
    class.lesson.handle_plan(lesson::Plan { latest_end: protocol::UtcMs(i64::MAX), ..support::plan(1) }, class.now);
    for minute in 0..=LINE_MINUTES as i64 {
        class.now = protocol::UtcMs(minute * MINUTE_MS);
        class.lesson.handle_message(one, ClientMessage::Line { report: report(5) }, class.now);
        lesson_minutes = class.lesson.lines()[0].minutes.len();
    }
    assert_eq!(lesson_minutes, LINE_MINUTES);
    assert_eq!(class.lesson.lines()[0].minutes[0].at.0, MINUTE_MS);
}

#[test]
fn observers_have_no_line_and_a_clock_that_is_set_back_makes_no_new_minute() {
    let mut class = Class::live(1);
    let [one, observer] = ["point-1", "observer"].map(|who| class.joins(who));
    reports(&mut class, observer, 5);
    class.wait(2 * MINUTE_MS);
    reports(&mut class, one, 5);
    class.now = protocol::UtcMs(0);
    reports(&mut class, one, 7);
    let lines = class.lesson.lines();
    assert_eq!(lines.iter().map(|line| line.minutes.len()).collect::<Vec<_>>(), [1]);
}
