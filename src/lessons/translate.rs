//! Between the words of the classroom and those of the media plane.

use lesson::{Happening, JournalEntry, MediaEvent};
use protocol::SchoolId;
use protocol::{
    ParticipantId,
    message::{Participant, PictureGiven, PictureShown},
};
use recorder::LessonEvent;
use sfu::{
    command::{CloseReason, Event, Given, ParticipantKey, Shown},
    seats,
};
use timetable::{Lesson as Dated, Timetable, is_ad_hoc};

/// The plan of a lesson, from the timetable.
pub fn plan(dated: &Dated) -> lesson::Plan {
    let party = |party: &timetable::Party| lesson::Party { id: party.id.clone(), name: party.name.clone() };
    lesson::Plan {
        id: dated.id.clone(),
        title: dated.title.clone(),
        subject: dated.subject.clone(),
        class_group: dated.class_group.clone(),
        hub_school: dated.hub_school.clone(),
        master: party(&dated.master),
        points: dated.points.iter().map(party).collect(),
        doors_open_at: dated.doors_open_at(),
        starts_at: dated.starts_at,
        ends_at: dated.ends_at,
        latest_end: dated.latest_end,
        kind: dated.kind,
        live_since: dated.live_since,
    }
}

/// Whether what arrives at an admitted viewer counts as reception of a teaching point.
pub fn is_counted(admission: &lesson::Admission) -> bool {
    !admission.unseen && admission.view == lesson::View::Class
}

/// Which session an event is about, and what it means for the lesson; none where it means nothing to it.
pub fn media_event(event: &Event) -> Option<(lesson::PeerId, MediaEvent)> {
    let meaning = match event {
        Event::Connected { .. } | Event::Recovered { .. } => MediaEvent::Flowing,
        Event::Lost { .. } => MediaEvent::Silent,
        Event::Closed { reason, .. } => MediaEvent::Over { vanished: *reason == CloseReason::ConsentExpired },
        Event::Loss { fraction_lost, .. } => MediaEvent::Loss { fraction_lost: *fraction_lost },
        Event::Given { pictures, .. } => MediaEvent::Given { pictures: pictures.iter().map(given).collect() },
        Event::Received { .. } => return None,
    };
    Some((peer_out(event.peer()), meaning))
}

fn given(of_picture: &Given) -> PictureGiven {
    match of_picture {
        Given::Withheld => PictureGiven::Withheld,
        Given::Stills => PictureGiven::Stills,
        Given::Slower => PictureGiven::Slower,
        Given::Smaller => PictureGiven::Smaller,
        Given::Whole => PictureGiven::Whole,
    }
}

/// How large a receiver shows its pictures, in the media plane's terms.
pub fn shown(pictures: &[PictureShown]) -> Vec<Shown> {
    pictures.iter().map(|&PictureShown { width, height }| Shown { width, height }).collect()
}

/// A session in the lesson's terms.
pub fn peer_out(peer: sfu::command::PeerId) -> lesson::PeerId {
    lesson::PeerId(peer.0)
}

/// A session in the media plane's terms.
pub fn peer_in(peer: lesson::PeerId) -> sfu::command::PeerId {
    sfu::command::PeerId(peer.0)
}

/// How a viewer's m-lines are given out.
pub fn view(view: lesson::View) -> seats::View {
    match view {
        lesson::View::Lead => seats::View::Lead,
        lesson::View::Class => seats::View::Class,
    }
}

/// What the recorder's program follows.
pub fn recorded_stage(stage: &lesson::Stage) -> recorder::Stage {
    recorder::Stage { floor: stage.floor.clone(), courseware: stage.courseware }
}

/// What of a lesson's journal becomes a chapter of its recording. `lead` is who leads it.
pub fn lesson_event(entry: &JournalEntry, lead: Option<&Participant>) -> Option<LessonEvent> {
    let who = || entry.who.clone();
    let is_lead = entry.who.is_some() && entry.who.as_ref() == lead.map(|lead| &lead.id);
    match entry.what {
        Happening::FloorGranted => Some(LessonEvent::CalledOn { participant: who()? }),
        Happening::FloorReleased => Some(LessonEvent::FloorReleased { participant: who()? }),
        Happening::CoursewareStarted => Some(LessonEvent::CoursewareStarted),
        Happening::CoursewareStopped => Some(LessonEvent::CoursewareStopped),
        Happening::Lost if is_lead => Some(LessonEvent::LeadAway),
        Happening::Returned if is_lead => Some(LessonEvent::LeadBack),
        _ => None,
    }
}

/// Who holds which seat, with the keys of the media plane.
pub fn stage(stage: &lesson::Stage, mut key: impl FnMut(&ParticipantId) -> ParticipantKey) -> seats::Stage {
    let mut floor = [None; seats::FLOOR_SEATS];
    for (seat, holder) in floor.iter_mut().zip(&stage.floor) {
        *seat = Some(key(holder));
    }
    seats::Stage {
        lead: Some(key(&stage.lead)),
        floor,
        courseware: stage.courseware,
        wall: stage.wall.iter().map(key).collect(),
    }
}

/// The plan of a lesson as the delivery ledger keeps it, with the schools and areas of now.
pub fn ledger_plan(dated: &Dated, timetable: &Timetable) -> ledger::Plan {
    let school = |id: &SchoolId| {
        let school = timetable.school(id);
        (
            school.map_or_else(|| id.to_string(), |it| it.name.clone()),
            school.map_or_else(String::new, |it| it.area.clone()),
        )
    };
    let (school_name, area) = school(&dated.hub_school_id);
    let point = |party: &timetable::Party| {
        let room = protocol::RoomId::parse(party.id.as_str()).ok()?;
        let of = timetable.school_of(&room)?.clone();
        let (school_name, area) = school(&of);
        let class_group = timetable.class_in(&dated.course, &room);
        Some(ledger::PointPlan { room, school: of, school_name, area, class_group })
    };
    ledger::Plan {
        lesson: dated.id.clone(),
        term: Some(dated.term.clone()),
        course: Some(dated.course.clone()),
        title: dated.title.clone(),
        subject: dated.subject.clone(),
        grade: dated.grade.clone(),
        kind: dated.kind,
        ad_hoc: is_ad_hoc(dated.kind),
        date: dated.date,
        week_no: Some(dated.week_no).filter(|week| *week > 0),
        period: dated.period,
        starts_at: dated.starts_at,
        ends_at: dated.ends_at,
        master: ledger::Side {
            school: dated.hub_school_id.clone(),
            school_name,
            area,
            room: dated.master_room.clone(),
            teacher: dated.master.id.clone(),
            teacher_name: dated.master.name.clone(),
            class_group: dated.class_group.clone(),
        },
        points: dated.points.iter().filter_map(point).collect(),
    }
}
