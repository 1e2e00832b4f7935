//! Stories of joining, leaving, vanishing and coming back.

mod support;

use lesson::{Effect, EntryError, Happening, MediaEvent, PeerId, View};
use protocol::{
    ServerMessage, UtcMs,
    message::{Phase, Presence, VideoCodec},
};
use support::{ALL_CODECS, Class, MINUTE_MS, grant, person, plan};

const GOODBYE: MediaEvent = MediaEvent::Over { vanished: false };
const EXPIRED: MediaEvent = MediaEvent::Over { vanished: true };

#[test]
fn nobody_comes_in_before_the_doors_open() {
    let mut class = Class::from_plan(lesson::Plan { doors_open_at: UtcMs(1000), ..plan(1) });
    let early = class.lesson.admit_viewer(&person("point-1"), PeerId(1), 1, None, UtcMs(999));
    let doors_open_at = UtcMs(1000);
    assert_eq!(early, Err(EntryError::NotOpenYet { doors_open_at }));
    let on_time = class.lesson.admit_viewer(&person("point-1"), PeerId(1), 1, None, UtcMs(1000));
    assert!(on_time.is_ok());
}

#[test]
fn only_its_own_people_may_publish_or_watch() {
    let mut class = Class::new(2);
    let rows = [
        ("master", Ok(()), Ok(())),
        ("point-2", Ok(()), Ok(())),
        ("master-of-another", Err(EntryError::NotInLesson), Err(EntryError::NotInLesson)),
        ("point-3", Err(EntryError::NotInLesson), Err(EntryError::NotInLesson)),
        ("observer", Err(EntryError::NotAllowed), Ok(())),
        ("admin", Err(EntryError::NotAllowed), Ok(())),
        ("student", Err(EntryError::NotAllowed), Err(EntryError::NotAllowed)),
    ];
    for (peer, (who, publish, watch)) in rows.into_iter().enumerate() {
        let (who, peer, now) = (person(who), PeerId(peer as u64), class.now);
        let lesson = &mut class.lesson;
        let published = lesson.admit_publisher(&who, peer, &ALL_CODECS, now);
        assert_eq!(published.map(|_| ()), publish, "{}", who.id);
        let watched = lesson.admit_viewer(&who, peer, 1, None, now);
        assert_eq!(watched.map(|_| ()), watch, "{}", who.id);
    }
}

#[test]
fn a_seat_needs_its_role_not_only_its_name() {
    let mut class = Class::new(1);
    let mut impostor = person("point-1");
    impostor.id = support::id("master");
    let admitted = class.lesson.admit_publisher(&impostor, PeerId(1), &ALL_CODECS, class.now);
    assert_eq!(admitted, Err(EntryError::NotInLesson));
}

#[test]
fn the_lesson_is_live_from_the_moment_the_lead_publishes() {
    let mut class = Class::new(1);
    let point = class.joins("point-1");
    class.joins("master");
    class.wait(3 * MINUTE_MS);
    let (peer, _) = class.offers("master", &ALL_CODECS);
    assert_eq!(class.phase(), Phase::DoorsOpen);
    assert!(class.wanted(&Effect::BeginRecording));
    class.forget();
    class.media(peer, MediaEvent::Flowing);
    assert_eq!(class.phase(), Phase::Live);
    let phase = Phase::Live;
    let at = UtcMs(3 * MINUTE_MS);
    assert!(class.wanted(&Effect::PhaseReached { phase, at }));
    let told = class.told(point);
    assert!(told.contains(&ServerMessage::PhaseChanged { phase, at }));
    assert!(!class.wanted(&Effect::BeginRecording));
}

#[test]
fn observers_watch_unseen_but_are_logged() {
    let mut class = Class::live(1);
    class.forget();
    let before = class.lesson.snapshot().participants;
    let first = class.joins("observer");
    let (_, one) = class.watches("observer", 3);
    let (_, two) = class.watches("observer", 3);
    assert_ne!(one.participant, two.participant);
    let (_, point) = class.watches("point-1", 3);
    assert_eq!((one.unseen, two.unseen, point.unseen), (true, true, false));
    assert_eq!(one.view, View::Class);
    assert_eq!(class.lesson.snapshot().participants, before);
    assert_eq!(
        class.journal(),
        [
            (Some("observer".into()), Happening::DropInObservation),
            (Some("observer".into()), Happening::DropInObservation)
        ]
    );
    let second = class.joins("observer");
    assert!(!class.wanted(&Effect::CloseConnection(first)));
    assert_ne!(first, second);
}

#[test]
fn a_vanished_publisher_is_lost_and_returns_in_the_same_state() {
    let mut class = Class::live(2);
    let master = class.joins("master");
    class.publishes("master");
    let peer = class.publishes("point-1");
    class.says(master, grant("point-1"));
    class.media(peer, MediaEvent::Silent);
    assert_eq!(class.presence("point-1"), Presence::Lost);
    class.wait(9_999);
    class.media(peer, MediaEvent::Flowing);
    assert_eq!(class.presence("point-1"), Presence::Present);
    class.wait(MINUTE_MS);
    assert_eq!(class.floor(), ["point-1"]);
    let journal = class.journal();
    assert!(journal.contains(&(Some("point-1".into()), Happening::Returned)));
}

#[test]
fn one_that_says_goodbye_has_left_and_one_whose_line_is_dead_stays_lost() {
    let mut class = Class::new(2);
    let one = class.publishes("point-1");
    let two = class.publishes("point-2");
    class.media(one, GOODBYE);
    class.media(two, MediaEvent::Silent);
    class.media(two, EXPIRED);
    assert_eq!(class.presence("point-1"), Presence::Absent);
    assert_eq!(class.presence("point-2"), Presence::Lost);
}

#[test]
fn a_broken_connection_does_not_make_flowing_media_absent() {
    let mut class = Class::new(1);
    let connection = class.joins("point-1");
    class.publishes("point-1");
    class.hangs_up(connection);
    assert_eq!(class.presence("point-1"), Presence::Present);
}

#[test]
fn a_second_device_takes_the_seat_over() {
    let mut class = Class::new(1);
    let old = class.joins("master");
    let publishing = class.publishes("master");
    let (watching, _) = class.watches("master", 3);
    class.forget();
    let new = class.joins("master");
    assert_eq!(class.told(old), [ServerMessage::Replaced]);
    assert!(class.wanted(&Effect::CloseConnection(old)));
    assert!(class.wanted(&Effect::ClosePeer(publishing)));
    assert!(class.wanted(&Effect::ClosePeer(watching)));
    assert_eq!(class.presence("master"), Presence::Joining);
    assert_eq!(class.phase(), Phase::Live);
    class.forget();
    class.hangs_up(old);
    class.media(publishing, GOODBYE);
    assert!(class.effects.is_empty(), "{:?}", class.effects);
    class.publishes("master");
    assert_eq!(class.presence("master"), Presence::Present);
    assert_ne!(old, new);
}

#[test]
fn the_same_page_that_reconnects_keeps_its_media() {
    let mut class = Class::new(1);
    let old = class.connects("point-1");
    class.greets(old, &ALL_CODECS, Some("page-a"));
    let peer = class.publishes("point-1");
    class.forget();
    let new = class.connects("point-1");
    class.greets(new, &ALL_CODECS, Some("page-a"));
    assert!(class.wanted(&Effect::CloseConnection(old)));
    assert!(!class.wanted(&Effect::ClosePeer(peer)));
    assert!(class.told(old).is_empty());
    assert_eq!(class.presence("point-1"), Presence::Present);
}

#[test]
fn media_that_came_without_a_page_is_not_taken_from_a_hardware_recorder() {
    let mut class = Class::new(1);
    let encoder = class.publishes("master");
    class.forget();
    class.joins("master");
    assert!(!class.wanted(&Effect::ClosePeer(encoder)));
    let page = class.publishes("master");
    assert!(class.wanted(&Effect::ClosePeer(encoder)));
    assert!(!class.wanted(&Effect::ClosePeer(page)));
}

#[test]
fn the_first_publisher_fixes_the_codec_for_those_who_are_here() {
    let mut class = Class::new(2);
    let firefox = class.connects("point-1");
    class.greets(firefox, &[VideoCodec::Vp8, VideoCodec::Vp9], None);
    let (_, admission) = class.offers("master", &ALL_CODECS);
    assert_eq!(admission.video_codec, Some(VideoCodec::Vp9));
    let old_panel = class.connects("point-2");
    class.greets(old_panel, &[VideoCodec::H264], None);
    let sees = |class: &Class, i: usize| class.lesson.snapshot().participants[i].sees_video;
    assert!(sees(&class, 1));
    assert!(!sees(&class, 2));
    let (_, voice_only) = class.offers("point-2", &[VideoCodec::H264]);
    assert_eq!(voice_only.video_codec, None);
    assert_eq!(class.lesson.snapshot().video_codec, Some(VideoCodec::Vp9), "it stays");
}

#[test]
fn a_lesson_on_vp8_is_recorded_like_any_other() {
    let mut class = Class::new(1);
    class.offers("master", &[VideoCodec::Vp8]);
    assert!(class.wanted(&Effect::BeginRecording));
}

#[test]
fn a_lesson_taken_up_after_a_restart_is_live_and_waits_for_its_lead() {
    let live_since = Some(UtcMs(-1000));
    let mut class = Class::from_plan(lesson::Plan { live_since, ..plan(1) });
    assert_eq!(class.phase(), Phase::Live);
    assert_eq!(class.lesson.snapshot().live_since, live_since);
    class.publishes("master");
    assert_eq!(class.phase(), Phase::Live);
    assert_eq!(class.lesson.snapshot().live_since, live_since);
}
