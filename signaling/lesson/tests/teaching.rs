//! Stories of hands, the floor, courseware, the wall and the end.

mod support;

use lesson::{Effect, EntryError, Happening, MediaEvent, PeerId, limits};
use protocol::{
    ClientMessage, ServerMessage, UtcMs,
    message::{Phase, Presence, Refusal},
};
use support::{ALL_CODECS, Class, MINUTE_MS, grant, id, names, person, plan, release};

/// A live class of two points, and the connections of the master and both points.
fn class_of_two() -> (Class, [lesson::ConnectionId; 3]) {
    let mut class = Class::new(2);
    let connections = ["master", "point-1", "point-2"].map(|who| class.joins(who));
    for who in ["master", "point-1", "point-2"] {
        class.publishes(who);
    }
    class.forget();
    (class, connections)
}

#[test]
fn hands_queue_in_the_order_they_are_raised() {
    let (mut class, [_, one, two]) = class_of_two();
    class.says(two, ClientMessage::RaiseHand);
    class.says(one, ClientMessage::RaiseHand);
    class.says(two, ClientMessage::RaiseHand);
    assert_eq!(class.hands(), ["point-2", "point-1"]);
    class.says(two, ClientMessage::LowerHand);
    assert_eq!(class.hands(), ["point-1"]);
    let hands = vec![id("point-1")];
    assert_eq!(class.told(one).last(), Some(&ServerMessage::HandsChanged { hands }));
}

#[test]
fn the_point_called_on_takes_the_floor_and_its_hand_comes_down() {
    let (mut class, [master, one, two]) = class_of_two();
    class.says(one, ClientMessage::RaiseHand);
    class.says(two, ClientMessage::RaiseHand);
    class.says(master, grant("point-1"));
    assert_eq!((class.floor(), class.hands()), (vec!["point-1".into()], vec!["point-2".into()]));
    assert_eq!(names(&class.stage().unwrap().floor), ["point-1"]);
    class.says(master, grant("point-2"));
    assert_eq!(class.floor(), ["point-2"], "the new one replaces the old");
    class.says(master, release("point-2"));
    assert!(class.floor().is_empty());
    assert!(class.stage().unwrap().floor.is_empty());
    let floor_talk: Vec<_> = class
        .journal()
        .into_iter()
        .filter(|(_, what)| matches!(what, Happening::FloorGranted | Happening::FloorReleased))
        .map(|(who, what)| (who.unwrap(), what))
        .collect();
    assert_eq!(
        floor_talk,
        [
            ("point-1".into(), Happening::FloorGranted),
            ("point-1".into(), Happening::FloorReleased),
            ("point-2".into(), Happening::FloorGranted),
            ("point-2".into(), Happening::FloorReleased),
        ]
    );
}

#[test]
fn a_point_gives_its_own_floor_seat_back_but_not_another_ones() {
    let (mut class, [master, one, two]) = class_of_two();
    class.says(master, grant("point-1"));
    class.says(two, release("point-1"));
    assert_eq!(class.refusals(two), [Refusal::NotAllowed]);
    assert_eq!(class.floor(), ["point-1"]);
    class.says(one, release("point-1"));
    assert!(class.floor().is_empty());
    class.says(one, release("point-1"));
    assert_eq!(class.refusals(one), [Refusal::NotOnFloor]);
}

#[test]
fn each_request_that_cannot_be_carried_out_says_why() {
    let (mut class, [master, one, _]) = class_of_two();
    let silent = class.connects("observer");
    let observer = class.joins("observer");
    let rows = [
        (one, grant("point-1"), Refusal::NotAllowed),
        (master, grant("point-9"), Refusal::UnknownParticipant),
        (master, grant("master"), Refusal::UnknownParticipant),
        (master, release("point-1"), Refusal::NotOnFloor),
        (master, ClientMessage::RaiseHand, Refusal::NotAllowed),
        (one, ClientMessage::EndLesson, Refusal::NotAllowed),
        (one, ClientMessage::StartCourseware, Refusal::NotAllowed),
        (one, ClientMessage::TurnWall { page: 1 }, Refusal::NotAllowed),
        (observer, ClientMessage::RaiseHand, Refusal::NotAllowed),
        (silent, ClientMessage::RaiseHand, Refusal::HelloFirst),
    ];
    for (from, message, reason) in rows {
        class.forget();
        class.says(from, message.clone());
        assert_eq!(class.refusals(from), [reason], "{message:?}");
        assert_eq!(class.told(from).len(), 1, "{message:?}");
    }
}

#[test]
fn an_absent_or_lost_point_cannot_be_called_on() {
    let mut class = Class::new(2);
    let master = class.joins("master");
    class.publishes("master");
    let peer = class.publishes("point-2");
    class.media(peer, MediaEvent::Silent);
    for point in ["point-1", "point-2"] {
        class.forget();
        class.says(master, grant(point));
        assert_eq!(class.refusals(master), [Refusal::PointAbsent], "{point}");
    }
}

#[test]
fn before_the_lesson_is_live_nobody_is_called_on() {
    let mut class = Class::new(1);
    let master = class.joins("master");
    let point = class.joins("point-1");
    class.says(master, grant("point-1"));
    class.says(point, ClientMessage::RaiseHand);
    assert_eq!(class.refusals(master), [Refusal::NotLive]);
    assert_eq!(class.refusals(point), [Refusal::NotLive]);
}

#[test]
fn a_lost_point_keeps_floor_and_hand_for_a_while_and_one_that_left_does_not() {
    let mut class = Class::new(1);
    let master = class.joins("master");
    let point = class.joins("point-1");
    class.publishes("master");
    let peer = class.publishes("point-1");
    class.says(master, grant("point-1"));
    class.says(point, ClientMessage::RaiseHand);
    class.media(peer, MediaEvent::Silent);
    class.wait(limits::FLOOR_KEPT_MS - 1);
    assert_eq!(class.floor(), ["point-1"]);
    class.wait(1);
    assert!(class.floor().is_empty());
    assert_eq!(class.hands(), ["point-1"]);
    class.wait(limits::HAND_KEPT_MS - limits::FLOOR_KEPT_MS);
    assert!(class.hands().is_empty());

    class.media(peer, MediaEvent::Flowing);
    class.says(master, grant("point-1"));
    class.says(point, ClientMessage::RaiseHand);
    class.media(peer, MediaEvent::Over { vanished: false });
    class.hangs_up(point);
    assert_eq!(class.presence("point-1"), Presence::Absent);
    assert!(class.floor().is_empty() && class.hands().is_empty());
}

#[test]
fn courseware_is_the_leads_and_goes_with_a_lead_that_stays_away() {
    let mut class = Class::new(1);
    let master = class.joins("master");
    let peer = class.publishes("master");
    class.says(master, ClientMessage::StartCourseware);
    assert!(class.stage().unwrap().courseware);
    class.media(peer, MediaEvent::Silent);
    class.wait(limits::COURSEWARE_KEPT_MS - 1);
    assert!(class.lesson.snapshot().courseware);
    class.wait(1);
    assert!(!class.lesson.snapshot().courseware);
    assert!(!class.stage().unwrap().courseware);

    class.media(peer, MediaEvent::Flowing);
    class.says(master, ClientMessage::StartCourseware);
    class.wait(10 * MINUTE_MS);
    assert!(class.lesson.snapshot().courseware);
    class.says(master, ClientMessage::StopCourseware);
    assert!(!class.lesson.snapshot().courseware);
}

#[test]
fn the_wall_has_a_page_of_as_many_points_as_the_lead_can_show() {
    let mut class = Class::new(5);
    let master = class.joins("master");
    class.watches("master", 2);
    let shown = |class: &Class| names(&class.stage().unwrap().wall);
    assert_eq!(shown(&class), ["point-1", "point-2"]);
    class.says(master, ClientMessage::TurnWall { page: 9 });
    assert_eq!(shown(&class), ["point-5"]);
    let (page, pages, tiles) = (2, 3, vec![id("point-5")]);
    let wall = ServerMessage::WallChanged { page, pages, tiles };
    assert_eq!(class.told(master).last(), Some(&wall));
    class.forget();
    let again = class.joins("master");
    assert_eq!(class.told(again).last(), Some(&wall), "a new page is told");
}

#[test]
fn the_lead_ends_the_lesson_for_all_and_for_good() {
    let (mut class, [master, one, _]) = class_of_two();
    class.says(master, grant("point-1"));
    class.says(master, ClientMessage::StartCourseware);
    class.forget();
    class.says(master, ClientMessage::EndLesson);
    assert_eq!(class.phase(), Phase::Ended);
    assert!(class.floor().is_empty());
    let (phase, at) = (Phase::Ended, class.now);
    assert!(class.wanted(&Effect::PhaseReached { phase, at }));
    assert!(class.told(one).contains(&ServerMessage::PhaseChanged { phase, at }));
    assert!(class.journal().contains(&(None, Happening::EndedByLead)));
    class.forget();
    class.says(one, ClientMessage::RaiseHand);
    class.says(master, ClientMessage::EndLesson);
    assert_eq!(class.refusals(one), [Refusal::Ended]);
    assert_eq!(class.refusals(master), [Refusal::Ended]);
    let late = class.lesson.admit_publisher(&person("master"), PeerId(99), &ALL_CODECS, class.now);
    assert_eq!(late, Err(EntryError::Ended));
    assert_eq!(class.lesson.poll_timeout(), None);
}

#[test]
fn a_lesson_nobody_came_to_ends_at_the_last_bell() {
    let mut class = Class::new(1);
    class.wait(50 * MINUTE_MS - 1);
    assert_eq!(class.phase(), Phase::DoorsOpen);
    class.wait(1);
    assert_eq!(class.phase(), Phase::Ended);
}

#[test]
fn who_sends_too_fast_is_told_and_in_the_end_cut_off() {
    let mut class = Class::live(1);
    let point = class.joins("point-1");
    class.forget();
    for _ in 0..limits::MESSAGE_BURST + limits::TOO_FAST_IN_A_ROW + 1 {
        class.says(point, ClientMessage::LowerHand);
    }
    let told = class.refusals(point);
    assert!(told.iter().all(|&reason| reason == Refusal::TooFast));
    assert!(class.wanted(&Effect::CloseConnection(point)));
    class.forget();
    class.says(point, ClientMessage::RaiseHand);
    assert!(class.effects.is_empty(), "a closed connection is not heard");
}

#[test]
fn an_unreadable_message_names_the_field_and_counts_like_any_other() {
    let mut class = Class::new(1);
    let point = class.joins("point-1");
    class.forget();
    let detail = "missing field `point`".to_owned();
    class.lesson.handle_unreadable(point, detail.clone(), class.now);
    let refused = class.lesson.poll_effect();
    let message = ServerMessage::Refused { request: String::new(), reason: Refusal::Malformed, detail };
    let to = vec![point];
    assert_eq!(refused, Some(Effect::Tell { to, message }));
}

#[test]
fn the_full_lesson_turns_the_next_one_away() {
    let mut class = Class::from_plan(plan(1));
    for i in 0..limits::CONNECTIONS {
        let connection = lesson::ConnectionId(i as u64);
        let open = class.lesson.handle_connected(connection, &person("observer"), UtcMs(0));
        assert_eq!(open, Ok(()));
    }
    let one_more = class.lesson.handle_connected(lesson::ConnectionId(u64::MAX), &person("point-1"), UtcMs(0));
    assert_eq!(one_more, Err(EntryError::Full));
}
