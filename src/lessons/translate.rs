//! Between the words of the classroom and those of the media plane.

use lesson::{Happening, JournalEntry, MediaEvent};
use protocol::{ParticipantId, message::Participant};
use recorder::LessonEvent;
use sfu::{
    command::{CloseReason, Event, ParticipantKey},
    seats,
};
use timetable::Lesson as Dated;

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
        latest_end: dated.latest_end(),
        live_since: dated.live_since,
    }
}

/// Which session an event is about, and what it means for the lesson.
pub fn media_event(event: &Event) -> (lesson::PeerId, MediaEvent) {
    let meaning = match *event {
        Event::Connected { .. } | Event::Recovered { .. } => MediaEvent::Flowing,
        Event::Lost { .. } => MediaEvent::Silent,
        Event::Closed { reason, .. } => MediaEvent::Over { vanished: reason == CloseReason::ConsentExpired },
        Event::Loss { fraction_lost, .. } => MediaEvent::Loss { fraction_lost },
    };
    (peer_out(event.peer()), meaning)
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
