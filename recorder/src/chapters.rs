//! Chapters of a lesson as WebVTT (W3C, section 1.1 and 4): what happened, from each moment to the next.

use std::{collections::BTreeMap, fmt::Write};

use protocol::ids::ParticipantId;

use crate::{
    LessonEvent,
    limits::CHAPTER_MIN,
    manifest::{Manifest, TimedEvent},
};

/// Language of the titles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    Chinese,
    /// English.
    English,
}

/// `chapters.vtt` of a recording. `names` are the names people read; one without a name is told by its id.
///
/// A chapter lasts until the next. Events closer than `limits::CHAPTER_MIN` share one chapter, so no cue is empty and none
/// overlaps another; what happens after the last sample has none.
pub fn chapters(manifest: &Manifest, names: &BTreeMap<ParticipantId, String>, language: Language) -> String {
    let end_ms = manifest.duration_ms;
    let mut text = String::from("WEBVTT\n");
    let mut cues = cues(&manifest.events, end_ms, |event| title(event, names, language)).into_iter().peekable();
    while let Some(cue) = cues.next() {
        let until_ms = cues.peek().map_or(end_ms, |next| next.at_ms);
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "\n{} --> {}\n{}\n",
            timestamp(cue.at_ms),
            timestamp(until_ms),
            escape(&cue.titles.join(" · "))
        );
    }
    text
}

struct Cue {
    at_ms: u64,
    titles: Vec<String>,
}

fn cues(events: &[TimedEvent], end_ms: u64, title: impl Fn(&LessonEvent) -> String) -> Vec<Cue> {
    let mut events: Vec<&TimedEvent> = events.iter().filter(|event| event.at_ms < end_ms).collect();
    events.sort_by_key(|event| event.at_ms);
    let mut cues: Vec<Cue> = Vec::new();
    for event in events {
        let title = title(&event.event);
        match cues.last_mut().filter(|last| event.at_ms - last.at_ms < CHAPTER_MIN.as_millis() as u64) {
            Some(last) if last.titles.contains(&title) => {}
            Some(last) => last.titles.push(title),
            None => cues.push(Cue { at_ms: event.at_ms, titles: vec![title] }),
        }
    }
    cues
}

fn title(event: &LessonEvent, names: &BTreeMap<ParticipantId, String>, language: Language) -> String {
    let name =
        |participant: &ParticipantId| names.get(participant).map_or(participant.as_str(), String::as_str).to_owned();
    let (chinese, english, of) = match event {
        LessonEvent::CalledOn { participant } => ("点名", "Called on", name(participant)),
        LessonEvent::FloorReleased { participant } => ("发言结束", "Floor released", name(participant)),
        LessonEvent::CoursewareStarted => ("课件", "Courseware", String::new()),
        LessonEvent::CoursewareStopped => ("课件结束", "Courseware ends", String::new()),
        LessonEvent::Marker { participant, text } => {
            let text =
                if text.trim().is_empty() { participant.as_ref().map(name).unwrap_or_default() } else { text.clone() };
            ("打点", "Marker", text)
        }
        LessonEvent::Bell => ("铃声", "Bell", String::new()),
        LessonEvent::LeadAway => ("主讲教师离线", "The teacher is away", String::new()),
        LessonEvent::LeadBack => ("主讲教师返回", "The teacher is back", String::new()),
    };
    match (language, of.is_empty()) {
        (Language::Chinese, true) => chinese.to_owned(),
        (Language::Chinese, false) => format!("{chinese}：{of}"),
        (Language::English, true) => english.to_owned(),
        (Language::English, false) => format!("{english}: {of}"),
    }
}

/// Section 4.2.2: `&` and `<` begin something else in a cue's text, `>` could end an arrow, and a line break could end the cue.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // U+2028 and U+2029 break lines where a title is shown.
            character if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

/// Section 4.1: hours of two digits or more.
pub(crate) fn timestamp(ms: u64) -> String {
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::{lesson, participant};

    fn marker(text: &str) -> LessonEvent {
        LessonEvent::Marker { participant: None, text: text.into() }
    }

    fn recorded(events: &[(u64, LessonEvent)]) -> Manifest {
        let mut manifest = Manifest::new(lesson());
        manifest.duration_ms = 4_000_000;
        manifest.events =
            events.iter().map(|(at_ms, event)| TimedEvent { at_ms: *at_ms, event: event.clone() }).collect();
        manifest
    }

    fn vtt(events: &[(u64, LessonEvent)], language: Language) -> String {
        let names = [(participant("point-1"), "平安小学".to_owned())].into();
        chapters(&recorded(events), &names, language)
    }

    #[test]
    fn every_event_has_a_title_in_both_languages() {
        let point = || participant("point-1");
        for (event, chinese, english) in [
            (LessonEvent::CalledOn { participant: point() }, "点名：平安小学", "Called on: 平安小学"),
            (LessonEvent::CalledOn { participant: participant("point-2") }, "点名：point-2", "Called on: point-2"),
            (LessonEvent::FloorReleased { participant: point() }, "发言结束：平安小学", "Floor released: 平安小学"),
            (LessonEvent::CoursewareStarted, "课件", "Courseware"),
            (LessonEvent::CoursewareStopped, "课件结束", "Courseware ends"),
            (marker("重点"), "打点：重点", "Marker: 重点"),
            (marker(" "), "打点", "Marker"),
            (
                LessonEvent::Marker { participant: Some(point()), text: String::new() },
                "打点：平安小学",
                "Marker: 平安小学",
            ),
            (LessonEvent::Bell, "铃声", "Bell"),
            (LessonEvent::LeadAway, "主讲教师离线", "The teacher is away"),
            (LessonEvent::LeadBack, "主讲教师返回", "The teacher is back"),
        ] {
            for (language, title) in [(Language::Chinese, chinese), (Language::English, english)] {
                let expected = format!("WEBVTT\n\n01:00:00.005 --> 01:06:40.000\n{title}\n");
                assert_eq!(vtt(&[(3_600_005, event.clone())], language), expected);
            }
        }
    }

    #[test]
    fn a_chapter_lasts_until_the_next_whatever_the_order_they_were_told_in() {
        let text = vtt(&[(60_000, LessonEvent::Bell), (0, LessonEvent::CoursewareStarted)], Language::English);
        let cues = "00:00:00.000 --> 00:01:00.000\nCourseware\n\n00:01:00.000 --> 01:06:40.000\nBell\n";
        assert_eq!(text, format!("WEBVTT\n\n{cues}"));
    }

    #[test]
    fn events_of_one_moment_share_a_chapter() {
        let events = [(5_000, LessonEvent::Bell), (5_000, LessonEvent::LeadBack), (5_900, LessonEvent::Bell)];
        assert_eq!(vtt(&events, Language::Chinese), "WEBVTT\n\n00:00:05.000 --> 01:06:40.000\n铃声 · 主讲教师返回\n");
    }

    #[test]
    fn what_happened_after_the_last_sample_has_no_chapter() {
        for at_ms in [4_000_000, u64::MAX] {
            assert_eq!(vtt(&[(at_ms, LessonEvent::Bell)], Language::English), "WEBVTT\n");
        }
    }

    #[test]
    fn no_text_breaks_out_of_its_cue() {
        let text = vtt(&[(0, marker("a\n\n00:00 --> 1\r<b>&amp;\u{2028}"))], Language::English);
        assert_eq!(text.lines().count(), 4);
        assert!(text.ends_with("\nMarker: a  00:00 --&gt; 1 &lt;b&gt;&amp;amp; \n"), "{text}");
    }
}
