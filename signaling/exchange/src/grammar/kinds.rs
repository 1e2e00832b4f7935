//! What schools, rooms and sessions are called.

use protocol::timetable::{RoomKind, SchoolKind, SessionKind};

use crate::spelling::fold;

/// What a school is called in a file; the first name of each kind is the one that is written.
const SCHOOLS: [(SchoolKind, &[&str]); 3] = [
    (SchoolKind::TeachingPoint, &["教学点", "村小", "分校", "校点"]),
    (SchoolKind::Bureau, &["教育局", "教研室", "教研", "电教", "机构", "局"]),
    (SchoolKind::HubSchool, &["主校", "中心校", "学校", "小学", "中学", "完小", "学区"]),
];
const ROOMS: [(RoomKind, &[&str]); 3] = [
    (RoomKind::RecordingRoom, &["录播教室", "录播"]),
    (RoomKind::ReceiveRoom, &["接收教室", "接收", "听课教室", "互动教室"]),
    (RoomKind::MasterRoom, &["主讲教室", "主讲", "授课教室"]),
];
const SESSIONS: [(SessionKind, &[&str]); 6] = [
    (SessionKind::DedicatedLesson, &["专门开课", "专递课堂", "专递"]),
    (SessionKind::SynchronousLesson, &["同步课堂", "同步"]),
    (SessionKind::ResearchMeeting, &["教研", "集体备课", "网络教研", "备课"]),
    (SessionKind::RecordOnly, &["微课", "录课", "录制"]),
    (SessionKind::BroadcastLesson, &["直播大课", "直播", "大课"]),
    (SessionKind::AdHocLesson, &["自主开课"]),
];

/// The kind whose name, or else part of whose name, is in `text`.
fn find<K: Copy>(kinds: &[(K, &[&str])], text: &str) -> Option<K> {
    let text = fold(text);
    let named = |names: &&(K, &[&str])| names.1.iter().any(|name| text.contains(name));
    kinds.iter().find(named).map(|(kind, _)| *kind)
}

fn name<K: Copy + PartialEq>(kinds: &[(K, &[&'static str])], kind: K) -> &'static str {
    kinds.iter().find(|(it, _)| *it == kind).and_then(|(_, names)| names.first().copied()).unwrap_or_default()
}

/// What a school is, from what a file calls it, or from its own name.
pub fn school_kind(text: &str) -> Option<SchoolKind> {
    find(&SCHOOLS, text)
}

/// What a room is for, from what a file calls it, or from its own name.
pub fn room_kind(text: &str) -> Option<RoomKind> {
    find(&ROOMS, text)
}

/// What a session is.
pub fn session_kind(text: &str) -> Option<SessionKind> {
    find(&SESSIONS, text)
}

/// What is written for a kind of school.
pub fn school_kind_name(kind: SchoolKind) -> &'static str {
    name(&SCHOOLS, kind)
}

/// What is written for a kind of room.
pub fn room_kind_name(kind: RoomKind) -> &'static str {
    name(&ROOMS, kind)
}

/// What is written for a kind of session.
pub fn session_kind_name(kind: SessionKind) -> &'static str {
    name(&SESSIONS, kind)
}

/// Subjects of the national curriculum (义务教育课程方案, 2022) and what they were called before.
pub const SUBJECTS: [&str; 26] = [
    "道德与法治",
    "思想品德",
    "心理健康",
    "信息科技",
    "信息技术",
    "综合实践",
    "体育与健康",
    "语文",
    "数学",
    "英语",
    "科学",
    "音乐",
    "美术",
    "书法",
    "舞蹈",
    "体育",
    "劳动",
    "艺术",
    "物理",
    "化学",
    "生物",
    "历史",
    "地理",
    "政治",
    "健康",
    "品德",
];

/// The subject that a course's name has in it: `音乐` of `三年级音乐`. Else the name itself.
pub fn subject_of(course: &str) -> String {
    let subject = SUBJECTS.iter().find(|subject| course.contains(**subject));
    subject.map_or_else(|| course.to_owned(), |subject| (*subject).to_owned())
}

/// The grade of a class: `三年级` of `三年级1班` and of `三(1)班`; empty where the name does not tell.
pub fn grade_of(class_group: &str) -> String {
    let folded = fold(class_group);
    if let Some((before, _)) = folded.split_once("年级") {
        return format!("{before}年级");
    }
    let mut chars = folded.chars();
    let first = chars.next().filter(|c| "一二三四五六七八九".contains(*c));
    let numbered = chars.next().is_some_and(|c| c == '(' || c.is_ascii_digit()) && folded.ends_with('班');
    match first {
        Some(first) if numbered => format!("{first}年级"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_for_a_kind_is_read_as_that_kind() {
        for (kind, _) in SCHOOLS {
            assert_eq!(school_kind(school_kind_name(kind)), Some(kind));
        }
        for (kind, _) in ROOMS {
            assert_eq!(room_kind(room_kind_name(kind)), Some(kind));
        }
        for (kind, _) in SESSIONS {
            assert_eq!(session_kind(session_kind_name(kind)), Some(kind));
        }
    }

    #[test]
    fn a_name_tells_what_a_school_is() {
        let rows = [
            ("石门教学点", SchoolKind::TeachingPoint),
            ("清溪县实验小学", SchoolKind::HubSchool),
            ("清溪县教育局", SchoolKind::Bureau),
        ];
        for (name, kind) in rows {
            assert_eq!(school_kind(name), Some(kind), "{name}");
        }
        assert_eq!(session_kind("体检"), None);
    }

    #[test]
    fn subject_and_grade_are_told_from_names() {
        assert_eq!([subject_of("三年级音乐"), subject_of("竖笛")], ["音乐", "竖笛"]);
        let rows = [("三年级1班", "三年级"), ("三（1）班", "三年级"), ("四2班", "四年级"), ("合唱团", ""), ("", "")];
        for (class, grade) in rows {
            assert_eq!(grade_of(class), grade, "{class}");
        }
    }
}
