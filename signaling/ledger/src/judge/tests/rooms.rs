//! Receive rooms as tables: what arrived of what was taught.

use super::*;

const ALL: (u32, u32, u32) = (60, 60, 0);

fn held() -> Vec<Event> {
    vec![watched(-10, 40), started(0), ended(40)]
}

/// What arrived at the first point.
fn of(minutes: std::ops::Range<i64>, figures: (u32, u32, u32)) -> Vec<Event> {
    received("point-1", minutes, figures)
}

/// Judges each row at the first point, long after its planned 40 minutes.
fn judged_as(rows: Vec<(&str, Vec<Vec<Event>>, Reception)>) {
    for (name, parts, expected) in rows {
        let events: Vec<Event> = std::iter::once(planned(40)).chain(parts.into_iter().flatten()).collect();
        let judgement = judge(&events, at(80), &Criteria::default()).unwrap();
        assert_eq!(judgement.points[0].reception, expected, "{name}");
    }
}

#[test]
fn a_reception_is_judged_by_what_arrived_in_time() {
    use Reception::*;
    judged_as(vec![
        ("all of it", vec![held(), of(0..40, ALL)], ValidReception),
        ("two thirds", vec![held(), of(0..27, ALL)], ValidReception),
        ("less", vec![held(), of(0..26, ALL)], InvalidReception),
        ("picture without sound", vec![held(), of(0..40, (60, 39, 0))], InvalidReception),
        ("sound without picture", vec![held(), of(0..40, (39, 60, 0))], InvalidReception),
        ("nothing while the server watched", vec![held()], InvalidReception),
        ("one source only", vec![held(), of(0..40, (0, 0, 60))], Unjudged),
        ("one source only for too short a time", vec![held(), of(0..26, (0, 0, 60))], InvalidReception),
        ("another room", vec![held(), received("point-9", 0..40, ALL)], InvalidReception),
        ("nobody looked", vec![vec![watched(-10, 5), started(0), ended(40)], of(0..5, ALL)], Unjudged),
        ("before the bell", vec![held(), of(-10..26, ALL)], InvalidReception),
        ("after the end", vec![held(), of(14..70, ALL)], InvalidReception),
        ("written twice", vec![held(), of(0..20, ALL), of(0..20, ALL)], InvalidReception),
        ("half of it, written twice", vec![held(), of(0..40, (30, 30, 0)), of(0..40, (30, 30, 0))], InvalidReception),
        ("more than there was time for", vec![held(), of(0..20, (6_000, 6_000, 0))], InvalidReception),
        (
            "more at first, little then",
            vec![held(), of(0..20, (6_000, 6_000, 0)), of(20..40, (1, 1, 0))],
            InvalidReception,
        ),
    ]);
}

#[test]
fn a_room_need_not_receive_what_the_master_did_not_give() {
    use Reception::*;
    let from_to = |from, to| vec![watched(-10, 80), started(from), ended(to)];
    let out = || vec![master_out(0, 20)];
    let mute = |from, to| vec![event(to, What::Unsent { stream: Stream::Sound, from: at(from), to: at(to) })];
    let picture = (60, 0, 0);
    judged_as(vec![
        ("all of a short lesson", vec![from_to(0, 9), of(0..6, ALL)], ValidReception),
        ("overrun asks for no more", vec![from_to(0, 70), of(0..27, ALL)], ValidReception),
        ("while the master was out", vec![held(), out(), of(7..21, ALL)], InvalidReception),
        ("enough while the master was there", vec![held(), out(), of(20..34, ALL)], ValidReception),
        ("mute for a while", vec![held(), mute(20, 35), of(0..20, ALL), of(20..27, picture)], ValidReception),
        ("mute, and the picture missing", vec![held(), mute(20, 35), of(0..26, ALL)], InvalidReception),
        ("mute nearly always", vec![held(), mute(5, 40), of(0..5, ALL), of(5..40, picture)], InvalidReception),
        ("mute always", vec![held(), mute(0, 40), of(0..40, picture)], InvalidReception),
    ]);
}

#[test]
fn a_room_without_a_lesson_is_not_to_blame() {
    use Reception::*;
    let master_counts_as = |verdict| vec![watched(-10, 40), corrected(50, master_is(Some(verdict)))];
    judged_as(vec![
        ("absent master", vec![vec![watched(-10, 40)]], NotDelivered),
        ("perhaps absent master", vec![vec![]], Unjudged),
        ("cancelled", vec![vec![excused(-60)]], Excused),
        ("master who taught nothing", vec![vec![watched(-10, 40), started(0), ended(0)]], NotDelivered),
        ("a person knows it was cancelled", vec![master_counts_as(Verdict::ExcusedCancellation)], Excused),
        ("a person says it was taught otherwise", vec![master_counts_as(Verdict::ValidDelivery)], NotDelivered),
    ]);
}

#[test]
fn whoever_took_evidence_was_there_to_watch() {
    let events = [vec![planned(40), started(0), ended(40)], of(0..30, ALL)].concat();
    assert_eq!(verdict(&events, 50), Verdict::ValidDelivery);
}

#[test]
fn a_county_that_asks_for_nothing_asks_for_more_than_nothing() {
    let lax = Criteria { reception_fraction: Fraction::new(0, 1).unwrap(), ..Criteria::default() };
    let rows = [(held(), Reception::InvalidReception), ([held(), of(3..4, ALL)].concat(), Reception::ValidReception)];
    for (events, expected) in rows {
        let events = [vec![planned(40)], events].concat();
        assert_eq!(judge(&events, at(50), &lax).unwrap().points[0].reception, expected);
    }
}

#[test]
fn a_correction_of_one_room_leaves_the_other_and_the_master_alone() {
    let of_room = Correction::Room { room: room("point-2"), reception: Some(Reception::Excused) };
    let events = [planned(40), watched(-10, 40), started(0), ended(40), corrected(90, of_room)];
    let judgement = judge(&events, at(100), &Criteria::default()).unwrap();
    let points: Vec<_> = judgement.points.iter().map(|point| (point.reception, point.corrected)).collect();
    assert_eq!(points, [(Reception::InvalidReception, false), (Reception::Excused, true)]);
    assert_eq!((judgement.master, judgement.corrected), (Verdict::ValidDelivery, false));
}

#[test]
fn the_figures_of_a_lesson_are_told_with_its_verdict() {
    let counted = |count| Correction::Headcount { room: room("point-1"), count };
    let out = |from, to| What::Outage { room: Some(room("point-1")), from, to, reason: OutageReason::NoPicture };
    let mut events = vec![planned(40), watched(-10, 40), started(-3), ended(41), master_out(10, 12)];
    events.extend(received("point-1", 0..10, (50, 60, 0)));
    events.extend([
        event(6, out(at(5), at(6))),
        event(7, out(at(5), at(6))),
        event(9, out(at(8), at(9))),
        event(3, What::CalledOn { room: room("point-1") }),
        event(4, What::Released { room: room("point-1") }),
        event(2, What::Headcount { room: room("point-1"), count: 11, by: None }),
        event(3, What::Headcount { room: room("point-1"), count: 12, by: None }),
        event(3, What::Unknown),
    ]);
    let figures = |events: &[Event]| {
        let judgement = judge(events, at(50), &Criteria::default()).unwrap();
        let point = judgement.points[0].clone();
        (
            judgement.started_at,
            judgement.ended_at,
            judgement.taught_ms,
            point.picture_ms,
            point.sound_ms,
            point.headcount,
        )
    };
    let expected = (Some(at(-3)), Some(at(41)), 39 * MINUTE, 500_000, 600_000, Some(12));
    assert_eq!(figures(&events), expected);
    let judgement = judge(&events, at(50), &Criteria::default()).unwrap();
    assert_eq!((judgement.points[0].outages, judgement.points[0].called_on), (2, 1));
    events.push(corrected(60, counted(Some(9))));
    assert_eq!(figures(&events).5, Some(9));
    events.push(corrected(61, counted(None)));
    assert_eq!(figures(&events).5, Some(12));
}
