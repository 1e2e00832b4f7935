//! Stories of a timetable that changes while the lesson is on, and of a clock that is not trusted.

mod support;

use lesson::{Effect, Happening, Party};
use protocol::{
    ClientMessage, ServerMessage, UtcMs,
    message::{Phase, Presence},
};
use support::{Class, MINUTE_MS, id, plan};

fn at(minute: i64) -> UtcMs {
    UtcMs(minute * MINUTE_MS)
}

impl Class {
    fn replanned(&mut self, plan: lesson::Plan) {
        self.lesson.handle_plan(plan, self.now);
        self.wait(0);
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(effect) = self.lesson.poll_effect() {
            self.effects.push(effect);
        }
    }
}

#[test]
fn everyone_hears_of_another_plan_and_keeps_seat_and_media() {
    let mut class = Class::live(2);
    let point = class.joins("point-1");
    class.forget();
    let later = lesson::Plan { ends_at: at(60), latest_end: at(65), title: "合唱".into(), ..plan(2) };
    class.replanned(later);
    let told = class.told(point);
    let Some(ServerMessage::PlanChanged { lesson }) = told.first() else { panic!("{told:?}") };
    assert_eq!((lesson.title.as_str(), lesson.ends_at, lesson.latest_end), ("合唱", at(60), at(65)));
    assert_eq!(class.presence("point-2"), Presence::Present);
    assert!(!class.effects.iter().any(|effect| matches!(effect, Effect::ClosePeer(_))));
    class.wait(65 * MINUTE_MS);
    assert_eq!(class.phase(), Phase::Ended, "the overrun ends where the new plan says");
}

#[test]
fn a_point_that_is_no_longer_planned_is_sent_away_and_a_new_one_may_come() {
    let mut class = Class::new(2);
    class.joins("point-1");
    class.publishes("point-1");
    let gone = class.joins("point-2");
    class.publishes("point-2");
    class.forget();
    let mut other = plan(1);
    other.points.push(Party { id: id("point-3"), name: "柳河教学点".into() });
    class.replanned(other);
    assert!(class.wanted(&Effect::CloseConnection(gone)));
    assert!(class.effects.iter().any(|effect| matches!(effect, Effect::ClosePeer(_))));
    class.joins("point-3");
    class.publishes("point-3");
    assert_eq!(class.presence("point-3"), Presence::Present);
    assert_eq!(class.presence("point-1"), Presence::Present);
}

#[test]
fn a_substitute_takes_the_lead_seat_of_a_lesson_that_waits() {
    let mut class = Class::new(1);
    let other = lesson::Plan { master: Party { id: id("master-two"), name: "李老师".into() }, ..plan(1) };
    class.replanned(other);
    class.joins("master-two");
    class.publishes("master-two");
    assert_eq!(class.phase(), Phase::Live);
}

#[test]
fn a_lesson_put_off_while_its_doors_are_open_waits_for_its_new_time() {
    let mut class = Class::new(1);
    assert_eq!(class.phase(), Phase::DoorsOpen);
    let later =
        lesson::Plan { doors_open_at: at(120), starts_at: at(130), ends_at: at(170), latest_end: at(200), ..plan(1) };
    class.replanned(later);
    assert_eq!(class.phase(), Phase::Scheduled);
    class.wait(120 * MINUTE_MS);
    assert_eq!(class.phase(), Phase::DoorsOpen);
}

#[test]
fn a_cancelled_lesson_is_over_at_once() {
    let mut class = Class::live(1);
    class.forget();
    class.lesson.handle_cancelled(class.now);
    class.collect();
    assert_eq!(class.phase(), Phase::Ended);
    assert_eq!(class.journal(), [(None, Happening::Cancelled)]);
}

#[test]
fn while_the_clock_is_not_trusted_nothing_starts_or_ends_by_it() {
    let later = lesson::Plan { doors_open_at: at(5), ..plan(1) };
    let mut waiting = Class::from_plan(later);
    let mut live = Class::live(1);
    for class in [&mut waiting, &mut live] {
        class.lesson.handle_clock(false, class.now);
        class.wait(24 * 60 * MINUTE_MS);
    }
    assert_eq!((waiting.phase(), live.phase()), (Phase::Scheduled, Phase::Live));
    live.lesson.handle_clock(true, at(20));
    assert_eq!(live.phase(), Phase::Live, "the clock was put right: it is not over");
    live.lesson.handle_clock(true, at(81));
    assert_eq!(live.phase(), Phase::Ended);
}

#[test]
fn the_lead_and_the_point_see_how_many_pupils_are_there() {
    let mut class = Class::new(2);
    let [master, one, two] = ["master", "point-1", "point-2"].map(|who| class.joins(who));
    class.forget();
    class.says(one, ClientMessage::Headcount { count: 23 });
    let told = ServerMessage::HeadcountChanged { point: id("point-1"), count: 23 };
    assert_eq!(class.told(master), std::slice::from_ref(&told));
    assert_eq!(class.told(one), [told]);
    assert!(class.told(two).is_empty());
    assert_eq!(class.journal(), [(Some("point-1".into()), Happening::Headcount(23))]);
    class.says(two, ClientMessage::Headcount { count: u16::MAX });
    assert_eq!(class.refusals(two).len(), 1);
    class.says(master, ClientMessage::Headcount { count: 2 });
    assert_eq!(class.refusals(master).len(), 1, "only points have a class of their own");
}
