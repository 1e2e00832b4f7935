//! Lessons as a calendar that people follow in their own calendar (iCalendar, RFC 5545).
//!
//! Each dated lesson is an event of its own, never a recurrence: a lesson that is moved or cancelled keeps its `UID`,
//! and its `SEQUENCE` tells how often it was changed, so every calendar shows what holds. Written here and not with the
//! `icalendar` crate, which reads the clock and makes random ids where a property is missing, and folds a line in
//! quadratic time; its parser reads the feed back in the tests.

use jiff::{Timestamp, tz};
use protocol::UtcMs;
use timetable::Lesson;

/// Octets of a line, without its end (RFC 5545, 3.1).
const LINE_OCTETS: usize = 75;
/// The zone of every county: eight hours ahead of UTC, with no summer time since 1991.
const ZONE: &str = "Asia/Shanghai";
const ZONE_HOURS: i8 = 8;
/// How often calendars are asked to look again.
const REFRESH: &str = "PT1H";

/// The calendar called `name` of these lessons, each with the number of times it was changed. It was made at `stamp`.
pub fn feed(name: &str, lessons: &[(&Lesson, u32)], stamp: UtcMs) -> String {
    let mut lines = Lines::default();
    lines.put("BEGIN", "VCALENDAR");
    lines.put("VERSION", "2.0");
    lines.put("PRODID", "-//Tongke//Timetable//ZH");
    lines.put("CALSCALE", "GREGORIAN");
    lines.put("METHOD", "PUBLISH");
    // RFC 7986, 5.1 and 5.7, and what calendars understood before.
    lines.text("NAME", name);
    lines.text("X-WR-CALNAME", name);
    lines.put("X-WR-TIMEZONE", ZONE);
    lines.put("REFRESH-INTERVAL;VALUE=DURATION", REFRESH);
    lines.put("X-PUBLISHED-TTL", REFRESH);
    put_zone(&mut lines);
    for (lesson, sequence) in lessons {
        put_event(&mut lines, lesson, *sequence, stamp);
    }
    lines.put("END", "VCALENDAR");
    lines.0
}

fn put_zone(lines: &mut Lines) {
    lines.put("BEGIN", "VTIMEZONE");
    lines.put("TZID", ZONE);
    lines.put("BEGIN", "STANDARD");
    lines.put("DTSTART", "19700101T000000");
    lines.put("TZOFFSETFROM", "+0800");
    lines.put("TZOFFSETTO", "+0800");
    lines.put("TZNAME", "CST");
    lines.put("END", "STANDARD");
    lines.put("END", "VTIMEZONE");
}

/// An event; none for a lesson at a time that no calendar has.
fn put_event(lines: &mut Lines, lesson: &Lesson, sequence: u32, stamp: UtcMs) {
    let times = (local(lesson.starts_at), local(lesson.ends_at), utc(stamp));
    let (Some(starts), Some(ends), Some(stamp)) = times else { return };
    lines.put("BEGIN", "VEVENT");
    lines.put("UID", &format!("{}@tongke", lesson.id));
    lines.put("SEQUENCE", &sequence.to_string());
    lines.put("DTSTAMP", &stamp);
    lines.put("LAST-MODIFIED", &stamp);
    lines.put(&format!("DTSTART;TZID={ZONE}"), &starts);
    lines.put(&format!("DTEND;TZID={ZONE}"), &ends);
    lines.put("STATUS", if lesson.cancelled.is_some() { "CANCELLED" } else { "CONFIRMED" });
    // Some calendars show a cancelled event like any other.
    let mark = if lesson.cancelled.is_some() { "【停课】" } else { "" };
    lines.text("SUMMARY", &format!("{mark}{}", lesson.title));
    lines.text("LOCATION", &lesson.hub_school);
    lines.text("DESCRIPTION", &description(lesson));
    lines.put("END", "VEVENT");
}

fn description(lesson: &Lesson) -> String {
    let points: Vec<&str> = lesson.points.iter().map(|point| point.name.as_str()).collect();
    let substitute = if lesson.substituted { "（代课）" } else { "" };
    let moved = if lesson.moved { "（调课）" } else { "" };
    let time = match lesson.period {
        0 => format!("第{}周{moved}", lesson.week_no),
        period => format!("第{}周 第{period}节{moved}", lesson.week_no),
    };
    let told = [
        ("停课", lesson.cancelled.clone().unwrap_or_default()),
        ("学科", lesson.subject.clone()),
        ("主讲教师", format!("{}{substitute}", lesson.master.name)),
        ("班级", lesson.class_group.clone()),
        ("教学点", points.join("、")),
        ("时间", time),
    ];
    let lines = told.iter().filter(|(_, text)| !text.is_empty()).map(|(what, text)| format!("{what}：{text}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn local(at: UtcMs) -> Option<String> {
    let zoned = Timestamp::from_millisecond(at.0).ok()?.to_zoned(tz::offset(ZONE_HOURS).to_time_zone());
    Some(zoned.strftime("%Y%m%dT%H%M%S").to_string())
}

fn utc(at: UtcMs) -> Option<String> {
    Some(Timestamp::from_millisecond(at.0).ok()?.strftime("%Y%m%dT%H%M%SZ").to_string())
}

/// Content lines as they are written.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// A property whose value is no text, or one that is escaped.
    fn put(&mut self, name: &str, value: &str) {
        let mut octets = 0;
        let mut chars = name.chars().chain([':']).chain(value.chars()).peekable();
        while let Some(c) = chars.next() {
            // A line is folded between two characters, never within one, and not between a `\` and what it escapes
            // either: that would be allowed, but not every calendar unfolds before it unescapes.
            let escaped = chars.next_if(|_| c == '\\');
            let length = c.len_utf8() + escaped.map_or(0, char::len_utf8);
            if octets + length > LINE_OCTETS {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.extend([c].into_iter().chain(escaped));
            octets += length;
        }
        self.0.push_str("\r\n");
    }

    /// A property whose value is a text (RFC 5545, 3.3.11).
    fn text(&mut self, name: &str, text: &str) {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' => escaped.push_str("\\n"),
                '\\' | ';' | ',' => escaped.extend(['\\', c]),
                c if c.is_control() => {}
                c => escaped.push(c),
            }
        }
        self.put(name, &escaped);
    }
}

#[cfg(test)]
mod tests;
