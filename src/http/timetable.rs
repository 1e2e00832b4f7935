//! `/api/timetable`: weeks, records, edits, the log of changes, conflicts, export.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{
        Path, Query, State as Given,
        rejection::{JsonRejection, QueryRejection},
    },
    http::header,
    response::IntoResponse,
};
use jiff::{Span, civil::Date, tz::TimeZone};
use protocol::{
    LessonId, ParticipantId, RoomId, SchoolId, TermId,
    county::{
        ChangeList, ConflictList, DayView, EditDone, EditOrder, ListedConflict, RecordList, WeekLesson, WeekView,
    },
    message::Phase,
    timetable::{Edit, Term, Weekday},
};
use serde::Deserialize;
use timetable::{Held, Lesson, Timetable, dates, week_of};

use super::{
    App,
    auth::Bearer,
    problem::{Kind, Problem},
};
use crate::{
    clock::utc_now,
    county::{Author, State},
    http::fresh_token,
};

/// Conflicts listed at once.
const LISTED: usize = 200;
/// Of these, as many get suggestions: looking for free periods takes a while, and nobody solves more at once.
const SOLVED: usize = 20;

/// The query of `/api/timetable/week`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WeekQuery {
    term: Option<TermId>,
    week: Option<u8>,
    school: Option<SchoolId>,
    teacher: Option<ParticipantId>,
    room: Option<RoomId>,
}

/// `GET /api/timetable/week`
pub async fn week(
    Given(app): Given<App>,
    query: Result<Query<WeekQuery>, QueryRejection>,
) -> Result<Json<WeekView>, Problem> {
    let Query(query) = query.map_err(malformed_query)?;
    let state = app.county().state();
    let now = utc_now();
    let today = app.county().date(now);
    let timetable = state.timetable();
    let term = match &query.term {
        Some(id) => timetable.terms().into_iter().find(|term| term.id == *id),
        None => timetable.term_on(today).or_else(|| nearest_term(timetable, today)),
    };
    let monday = term.map_or_else(|| monday_of(today), |term| monday_of_week(term, query.week, today));
    let mut lessons = Vec::new();
    let mut conflicts = Vec::new();
    let mut days = Vec::new();
    for date in dates(monday, monday.saturating_add(Span::new().days(6))) {
        let wanted = wanted_on(&state, app.county().zone(), date, &query);
        lessons.extend(wanted.iter().map(|(lesson, held)| week_lesson(&app, timetable, lesson, held)));
        let ids: BTreeSet<&LessonId> = wanted.iter().map(|(lesson, _)| &lesson.id).collect();
        if !ids.is_empty() {
            conflicts.extend(timetable.conflicts_about(date, |held| ids.contains(&held.id)));
        }
        let school = query.school.clone().or_else(|| wanted.first().map(|(_, held)| held.course.hub_school.clone()));
        let special = timetable.special_day_of(school.as_ref(), date).cloned();
        days.push(DayView { date, weekday: Weekday::of(date), special });
    }
    let school = query.school.or_else(|| lessons.first().map(|lesson: &WeekLesson| lesson.hub_school.clone()));
    Ok(Json(WeekView {
        week_no: term.map_or(0, |term| week_of(term, monday)),
        term: term.cloned(),
        periods: timetable.bells_of(school.as_ref(), monday).map_or_else(Vec::new, |bells| bells.periods().to_vec()),
        days,
        lessons,
        conflicts,
        version: state.version(),
        server_time: now,
    }))
}

fn nearest_term(timetable: &Timetable, today: Date) -> Option<&Term> {
    let terms = timetable.terms();
    let coming = terms.iter().find(|term| term.first_day > today);
    coming.or(terms.last()).copied()
}

fn monday_of(date: Date) -> Date {
    date.saturating_sub(Span::new().days(date.weekday().to_monday_zero_offset()))
}

/// The Monday of the week asked for, else of this week, else of the term's week nearest to now.
fn monday_of_week(term: &Term, week: Option<u8>, today: Date) -> Date {
    let last = week_of(term, term.last_day);
    let now = if today < term.first_day { 1 } else { week_of(term, today) };
    let week = week.unwrap_or(now).clamp(1, last);
    term.week_1.saturating_add(Span::new().days(7 * (i32::from(week) - 1)))
}

/// The lessons of a date that the query asks for, each as it is shown and as the records have it.
fn wanted_on<'a>(state: &'a State, zone: &TimeZone, date: Date, query: &WeekQuery) -> Vec<(Lesson, Held<'a>)> {
    let timetable = state.timetable();
    let is_wanted = |held: &Held<'_>| {
        let of_school = |school: &SchoolId| {
            held.course.hub_school == *school
                || held.course.points.iter().any(|point| timetable.school_of(&point.room) == Some(school))
        };
        let of_room = |room: &RoomId| {
            held.master_room() == Some(room) || held.course.points.iter().any(|point| point.room == *room)
        };
        query.school.as_ref().is_none_or(of_school)
            && query.teacher.as_ref().is_none_or(|teacher| held.teacher() == teacher)
            && query.room.as_ref().is_none_or(of_room)
    };
    let wanted = timetable.on(date).into_iter().filter(is_wanted);
    wanted.filter_map(|held| Some((timetable.lesson(&held, zone)?, held))).collect()
}

fn week_lesson(app: &App, timetable: &Timetable, planned: &Lesson, held: &Held<'_>) -> WeekLesson {
    let lesson = app.lessons().with_progress(planned);
    let standing = app.lessons().standing(&lesson.id);
    let phase: Phase = standing.map_or_else(|| lesson.phase(utc_now()), |standing| standing.phase);
    let room = lesson.master_room.as_ref();
    WeekLesson {
        id: lesson.id,
        course: lesson.course,
        title: lesson.title,
        subject: lesson.subject,
        grade: lesson.grade,
        class_group: lesson.class_group,
        kind: lesson.kind,
        hub_school: lesson.hub_school_id,
        hub_school_name: lesson.hub_school,
        teacher: lesson.master.id,
        teacher_name: lesson.master.name,
        master_room_name: room.map_or_else(String::new, |room| timetable.own_room_name(room)),
        master_room: lesson.master_room,
        points: lesson.points.into_iter().map(|point| point.name).collect(),
        date: lesson.date,
        period: lesson.period,
        starts_at: lesson.starts_at,
        ends_at: lesson.ends_at,
        phase,
        cancelled: lesson.cancelled,
        moved: lesson.moved,
        substituted: lesson.substituted,
        weekly: held.origin.is_some(),
    }
}

/// The query of `/api/timetable/records`.
#[derive(Debug, Deserialize)]
pub struct RecordsQuery {
    kinds: String,
    #[serde(default)]
    school: Option<SchoolId>,
}

/// `GET /api/timetable/records?kinds=term,school`
pub async fn records(
    Given(app): Given<App>,
    query: Result<Query<RecordsQuery>, QueryRejection>,
) -> Result<Json<RecordList>, Problem> {
    let Query(query) = query.map_err(malformed_query)?;
    let kinds: Vec<&str> = query.kinds.split(',').collect();
    let state = app.county().state();
    let timetable = state.timetable();
    let mut records = timetable.records();
    records.retain(|record| {
        let of_school = query.school.as_ref().is_none_or(|school| timetable.is_of_school(record, school));
        kinds.contains(&record.key().kind()) && of_school
    });
    Ok(Json(RecordList { records, version: state.version() }))
}

/// `POST /api/timetable/edits/check`
pub async fn check_edit(
    Given(app): Given<App>,
    order: Result<Json<EditOrder>, JsonRejection>,
) -> Result<Json<EditDone>, Problem> {
    let Json(order) = order.map_err(malformed_body)?;
    refuse_once_begun(&app, &order.edit)?;
    Ok(Json(app.county().check(&order.edit, fresh_lesson()?, utc_now())?))
}

/// `POST /api/timetable/edits`
pub async fn edit(
    Given(app): Given<App>,
    Bearer(person): Bearer,
    order: Result<Json<EditOrder>, JsonRejection>,
) -> Result<Json<EditDone>, Problem> {
    let Json(order) = order.map_err(malformed_body)?;
    refuse_once_begun(&app, &order.edit)?;
    let by = Author { person: Some(person.id), name: person.name };
    let done = app.county().edit(&order.edit, fresh_lesson()?, &by, utc_now()).await?;
    app.reconcile_soon();
    Ok(Json(done))
}

/// A lesson that has been begun can be cancelled, that be taken back, and renamed, but not moved or given to another.
fn refuse_once_begun(app: &App, edit: &Edit) -> Result<(), Problem> {
    let (Edit::Reschedule { lesson, .. } | Edit::Substitute { lesson, .. } | Edit::ChangeRoom { lesson, .. }) = edit
    else {
        return Ok(());
    };
    let planned = app.county().state().lesson(lesson);
    let is_begun = planned.is_some_and(|planned| app.lessons().with_progress(&planned).live_since.is_some());
    let refused = Problem::new(Kind::EditRefused, "the lesson has been begun").at("live");
    if is_begun { Err(refused) } else { Ok(()) }
}

/// The id of a lesson that is added.
fn fresh_lesson() -> Result<LessonId, Problem> {
    let token = fresh_token()?;
    Ok(LessonId::parse(format!("extra-{}", &token[..12])).map_err(anyhow::Error::from)?)
}

/// `GET /api/timetable/changes`
pub async fn changes(Given(app): Given<App>) -> Result<Json<ChangeList>, Problem> {
    Ok(Json(ChangeList { changes: app.county().changes().await? }))
}

/// `POST /api/timetable/changes/{number}/undo`
pub async fn undo(
    Given(app): Given<App>,
    Bearer(person): Bearer,
    Path(number): Path<u64>,
) -> Result<Json<EditDone>, Problem> {
    let by = Author { person: Some(person.id), name: person.name };
    let done = app.county().undo(number, &by, utc_now()).await?;
    app.reconcile_soon();
    Ok(Json(done))
}

/// The query of `/api/timetable/conflicts`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ConflictsQuery {
    from: Option<Date>,
    to: Option<Date>,
}

/// `GET /api/timetable/conflicts`: of this week, unless dates are given.
pub async fn conflicts(
    Given(app): Given<App>,
    query: Result<Query<ConflictsQuery>, QueryRejection>,
) -> Result<Json<ConflictList>, Problem> {
    let Query(query) = query.map_err(malformed_query)?;
    let state = app.county().state();
    let timetable = state.timetable();
    let from = query.from.unwrap_or_else(|| monday_of(app.county().date(utc_now())));
    let to = query.to.unwrap_or_else(|| from.saturating_add(Span::new().days(6)));
    let longest = from.saturating_add(Span::new().days(7 * i32::from(protocol::timetable::LAST_WEEK)));
    let found = timetable.conflicts(from, to.min(longest));
    let left_off = u32::try_from(found.len().saturating_sub(LISTED)).unwrap_or(u32::MAX);
    let called = |id: &LessonId| timetable.find(id).map_or_else(String::new, |held| called(timetable, &held));
    let listed = found.into_iter().take(LISTED).enumerate().map(|(at, conflict)| ListedConflict {
        lesson: called(&conflict.lesson),
        other: conflict.other.as_ref().map_or_else(String::new, called),
        free: if at < SOLVED { timetable.free_periods(&conflict.lesson) } else { Vec::new() },
        conflict,
    });
    Ok(Json(ConflictList { conflicts: listed.collect(), left_off }))
}

/// A lesson in a few words.
fn called(timetable: &Timetable, held: &Held<'_>) -> String {
    let words = [held.title(), &timetable.teacher_name(held.teacher()), &held.course.class_group].map(str::to_owned);
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// The query of `/api/timetable/export.xlsx`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExportQuery {
    term: Option<TermId>,
}

/// `GET /api/timetable/export.xlsx`: what the import reads.
pub async fn export(
    Given(app): Given<App>,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Query(query) = query.map_err(malformed_query)?;
    let state = app.county().state();
    let timetable = state.timetable();
    let today = app.county().date(utc_now());
    let term = match &query.term {
        Some(id) => timetable.terms().into_iter().find(|term| term.id == *id),
        None => timetable.term_on(today).or_else(|| nearest_term(timetable, today)),
    };
    let term = term.ok_or_else(|| Problem::new(Kind::NotFound, "there is no such term").at("term"))?;
    let workbook = exchange::workbook(timetable, &term.id).map_err(anyhow::Error::from)?;
    Ok(xlsx("timetable.xlsx", workbook))
}

/// A spreadsheet to save.
pub fn xlsx(name: &str, bytes: Vec<u8>) -> impl IntoResponse + use<> {
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
}

pub(super) fn malformed_query(rejection: QueryRejection) -> Problem {
    Problem::new(Kind::MalformedParameter, rejection.body_text())
}

pub(super) fn malformed_body(rejection: JsonRejection) -> Problem {
    Problem::new(Kind::MalformedBody, rejection.body_text())
}
