//! A feed is exactly what is written here, and a foreign parser reads it.

use icalendar::{Calendar, Component, EventStatus};
use jiff::civil::date;
use protocol::{CourseId, LessonId, ParticipantId, SchoolId, TermId, UtcMs, timetable::SessionKind};
use timetable::{Lesson, Party};

use super::feed;

/// 2026-10-12 10:00 in Shanghai.
const BELL: UtcMs = UtcMs(1_791_770_400_000);
const STAMP: UtcMs = UtcMs(1_788_998_400_000);

fn party(id: &str, name: &str) -> Party {
    Party { id: ParticipantId::parse(id).unwrap(), name: name.to_owned() }
}

fn lesson() -> Lesson {
    Lesson {
        id: LessonId::parse("c-music-w07d1p3").unwrap(),
        term: TermId::parse("t").unwrap(),
        course: CourseId::parse("c-music").unwrap(),
        title: "《茉莉花》欣赏与演唱".to_owned(),
        subject: "音乐".to_owned(),
        grade: "三年级".to_owned(),
        class_group: "三年级1班".to_owned(),
        kind: SessionKind::SynchronousLesson,
        hub_school: "清溪县实验小学".to_owned(),
        hub_school_id: SchoolId::parse("hub").unwrap(),
        master_room: None,
        date: date(2026, 10, 12),
        week_no: 7,
        period: 3,
        starts_at: BELL,
        ends_at: BELL.plus_ms(40 * 60_000),
        latest_end: BELL.plus_ms(70 * 60_000),
        cancelled: None,
        moved: false,
        substituted: false,
        live_since: None,
        ended_at: None,
        master: party("p-1", "陈静"),
        points: vec![party("r-1", "石门教学点"), party("r-2", "云岭教学点")],
    }
}

#[test]
fn a_feed_is_exactly_this() {
    let lesson = lesson();
    let expected = "BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Tongke//Timetable//ZH
CALSCALE:GREGORIAN
METHOD:PUBLISH
NAME:陈静
X-WR-CALNAME:陈静
X-WR-TIMEZONE:Asia/Shanghai
REFRESH-INTERVAL;VALUE=DURATION:PT1H
X-PUBLISHED-TTL:PT1H
BEGIN:VTIMEZONE
TZID:Asia/Shanghai
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0800
TZOFFSETTO:+0800
TZNAME:CST
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:c-music-w07d1p3@tongke
SEQUENCE:2
DTSTAMP:20260910T000000Z
LAST-MODIFIED:20260910T000000Z
DTSTART;TZID=Asia/Shanghai:20261012T100000
DTEND;TZID=Asia/Shanghai:20261012T104000
STATUS:CONFIRMED
SUMMARY:《茉莉花》欣赏与演唱
LOCATION:清溪县实验小学
DESCRIPTION:学科：音乐\\n主讲教师：陈静\\n班级：三年级1班
 \\n教学点：石门教学点、云岭教学点\\n时间：第7周 第3节
END:VEVENT
END:VCALENDAR
";
    assert_eq!(feed("陈静", &[(&lesson, 2)], STAMP), expected.replace('\n', "\r\n"));
}

#[test]
fn another_parser_reads_the_feed_back() {
    let plain = lesson();
    let changed = Lesson {
        id: LessonId::parse("c-music-w08d1p3").unwrap(),
        title: "合唱; 《让我们荡起双桨》, 第1\\2段".to_owned(),
        cancelled: Some("停电\n请等通知".to_owned()),
        moved: true,
        substituted: true,
        starts_at: BELL.plus_ms(7 * 86_400_000),
        ends_at: BELL.plus_ms(7 * 86_400_000 + 40 * 60_000),
        ..lesson()
    };
    let text = feed("接收教室", &[(&plain, 0), (&changed, 3)], STAMP);
    let calendar: Calendar = text.parse().unwrap();
    assert_eq!(calendar.get_name(), Some("接收教室"));
    let events: Vec<_> = calendar.components.iter().filter_map(|component| component.as_event()).collect();
    let [first, second] = &events[..] else { panic!("{} events", events.len()) };
    assert_eq!(first.get_uid(), Some("c-music-w07d1p3@tongke"));
    assert_eq!((first.get_sequence(), second.get_sequence()), (Some(0), Some(3)));
    assert_eq!((first.get_status(), second.get_status()), (Some(EventStatus::Confirmed), Some(EventStatus::Cancelled)));
    assert_eq!(second.get_summary(), Some("【停课】合唱; 《让我们荡起双桨》, 第1\\2段"));
    assert!(second.get_description().unwrap().starts_with("停课：停电\n请等通知\n"));
    assert!(second.get_description().unwrap().contains("陈静（代课）"));
    let start = format!("{:?}", first.get_start().unwrap());
    assert!(start.contains("2026-10-12T10:00:00") && start.contains("Asia/Shanghai"), "{start}");
}

#[test]
fn no_line_is_longer_than_75_octets_and_none_is_folded_within_a_character() {
    for length in 0..120 {
        let title = "a".repeat(length) + &"课".repeat(60) + "🎵🎵";
        let long = Lesson { title: title.clone(), ..lesson() };
        let text = feed(&title, &[(&long, 0)], STAMP);
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{length}");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
        let unfolded = text.replace("\r\n ", "");
        assert!(unfolded.contains(&format!("\r\nSUMMARY:{title}\r\n")), "{length}");
    }
}

#[test]
fn nothing_in_a_name_begins_a_property() {
    let strange = Lesson { title: "a\r\nEND:VEVENT\u{0}\u{1b}".to_owned(), ..lesson() };
    let text = feed("a\rb", &[(&strange, 0)], STAMP);
    assert!(text.contains("\r\nSUMMARY:a\\nEND:VEVENT\r\n"));
    assert_eq!(text.matches("\r\nEND:VEVENT\r\n").count(), 1);
    assert!(text.contains("\r\nNAME:ab\r\n"));
}

#[test]
fn a_lesson_at_an_impossible_time_is_left_out() {
    let never = Lesson { starts_at: UtcMs(i64::MAX), ..lesson() };
    assert!(!feed("", &[(&never, 0)], STAMP).contains("VEVENT"));
    assert!(!feed("", &[(&lesson(), 0)], UtcMs(i64::MIN)).contains("VEVENT"));
}
