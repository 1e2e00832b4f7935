//! The delivery report, the records behind it, and the curriculum plan.

use access::Person;
use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, QueryRejection},
    },
    response::IntoResponse,
};
use jiff::civil::Date;
use ledger::{
    Cell, Event, Fact, Filter, Judgement, Report as Counted, RoomSide, Week, What, drilled_to_lessons, judge, offered,
};
use protocol::{
    LessonId, UtcMs,
    county::{
        CorrectionOrder, LedgerLine, LedgerRoom, LedgerView, OfferedView, Report, ReportBy, ReportFilter, ReportLesson,
        ReportLessons, ReportSide,
    },
    line::LessonLines,
};
use serde::Deserialize;
use timetable::{Timetable, week_of};

use super::{
    App,
    auth::Bearer,
    facts::facts,
    problem::{Kind, Problem},
    timetable::{malformed_body, malformed_query, xlsx},
};
use crate::clock::utc_now;

/// Lessons listed behind a row; further ones are only counted.
const LISTED: usize = 500;
/// Lessons in a spreadsheet, the newest; further ones are only counted. It is put together in memory, some 4 kB a row.
const EXPORTED: usize = 10_000;

/// The query of `/api/report` and its likes, beside the filter.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Wanted {
    #[serde(default = "receive")]
    side: ReportSide,
    #[serde(default = "area")]
    by: ReportBy,
}

/// Both parts of the query: of one flattened into the other no number could be read.
type Asked = (Result<Query<Wanted>, QueryRejection>, Result<Query<ReportFilter>, QueryRejection>);

fn read((wanted, filter): Asked) -> Result<(Wanted, ReportFilter), Problem> {
    let (Query(wanted), Query(filter)) = (wanted.map_err(malformed_query)?, filter.map_err(malformed_query)?);
    Ok((wanted, filter))
}

fn receive() -> ReportSide {
    ReportSide::Receive
}

fn area() -> ReportBy {
    ReportBy::Area
}

/// `GET /api/report`
pub async fn report(
    State(app): State<App>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    asked: Result<Query<ReportFilter>, QueryRejection>,
) -> Result<Json<Report>, Problem> {
    let (wanted, asked) = read((wanted, asked))?;
    let now = utc_now();
    let counted = count(&app, wanted, &asked, now).await?;
    Ok(Json(Report {
        side: wanted.side,
        by: wanted.by,
        rows: counted.rows.iter().map(Into::into).collect(),
        total: (&counted.total).into(),
        server_time: now,
    }))
}

/// `GET /api/report.xlsx`: the report, and the lessons behind it.
pub async fn report_xlsx(
    State(app): State<App>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    asked: Result<Query<ReportFilter>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let (wanted, asked) = read((wanted, asked))?;
    let now = utc_now();
    let counted = count(&app, wanted, &asked, now).await?;
    let facts = of_query(&app, &asked, now).await?;
    let mut lessons = drilled_to_lessons(&facts, wanted.side.into(), &filter(&asked)?);
    lessons.truncate(EXPORTED);
    let tables = [("开课报表", counted.table()), ("课时", ledger::lesson_table(&lessons))];
    let tables = tables.map(|(name, table)| sheet(name, table));
    let workbook = sheets::write(&tables).map_err(anyhow::Error::from)?;
    Ok(xlsx("report.xlsx", workbook))
}

fn sheet(name: &str, table: ledger::Table) -> sheets::Table {
    let value = |cell| match cell {
        Cell::Text(text) => sheets::Value::Text(text),
        Cell::Count(count) => sheets::Value::from(count),
        Cell::Share(share) => sheets::Value::Percent(share),
        Cell::Empty => sheets::Value::Empty,
    };
    sheets::Table {
        name: name.to_owned(),
        header: table.header.into_iter().map(str::to_owned).collect(),
        rows: table.rows.into_iter().map(|row| row.into_iter().map(value).collect()).collect(),
        ..sheets::Table::default()
    }
}

async fn count(app: &App, wanted: Wanted, asked: &ReportFilter, now: UtcMs) -> Result<Counted, Problem> {
    let filter = filter(asked)?;
    let facts = of_query(app, asked, now).await?;
    let (side, by) = (RoomSide::from(wanted.side), wanted.by.into());
    let work = tokio::task::spawn_blocking(move || Counted::by(by, &facts, side, &filter));
    Ok(work.await.map_err(anyhow::Error::from)?)
}

/// The facts a query is about: of its dates, else of the present term.
async fn of_query(app: &App, filter: &ReportFilter, now: UtcMs) -> Result<std::sync::Arc<Vec<Fact>>, Problem> {
    let (first, last) = term_dates(app, now);
    let (first, last) = (filter.from.unwrap_or(first), filter.to.unwrap_or(last));
    // At most about two school years: nobody asks for more at once, and nothing is to be worked out for ever.
    let last = last.min(first.saturating_add(jiff::Span::new().days(800)));
    Ok(facts(app, first, last, now).await?)
}

/// First and last day of the term that is on, else of the one that was last.
fn term_dates(app: &App, now: UtcMs) -> (Date, Date) {
    let today = app.county().date(now);
    let state = app.county().state();
    let timetable = state.timetable();
    let terms = timetable.terms();
    let term = timetable.term_on(today).or_else(|| terms.iter().rev().find(|term| term.last_day < today).copied());
    term.or(terms.first().copied()).map_or((today, today), |term| (term.first_day, term.last_day))
}

fn filter(asked: &ReportFilter) -> Result<Filter, Problem> {
    Filter::try_from(asked).map_err(|error| Problem::new(Kind::MalformedParameter, error.to_string()))
}

/// `GET /api/report/lessons`
pub async fn report_lessons(
    State(app): State<App>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    asked: Result<Query<ReportFilter>, QueryRejection>,
) -> Result<Json<ReportLessons>, Problem> {
    let (wanted, asked) = read((wanted, asked))?;
    let facts = of_query(&app, &asked, utc_now()).await?;
    let side = RoomSide::from(wanted.side);
    let behind = drilled_to_lessons(&facts, side, &filter(&asked)?);
    let left_off = u32::try_from(behind.len().saturating_sub(LISTED)).unwrap_or(u32::MAX);
    let lessons = behind.into_iter().take(LISTED).map(|fact| lesson_line(fact, side));
    Ok(Json(ReportLessons { lessons: lessons.collect::<Result<_, anyhow::Error>>()?, left_off }))
}

fn lesson_line(fact: &Fact, side: RoomSide) -> anyhow::Result<ReportLesson> {
    let room = fact.room.as_deref().filter(|_| side == RoomSide::ReceiveRoom);
    Ok(ReportLesson {
        lesson: LessonId::parse(&*fact.lesson)?,
        title: fact.title.to_string(),
        date: fact.date,
        period: fact.period,
        school: fact.school_name.to_string(),
        room: room.map(protocol::RoomId::parse).transpose()?,
        teacher: fact.teacher_name.to_string(),
        ad_hoc: fact.ad_hoc,
        verdict: fact.standing.into(),
    })
}

/// `GET /api/lessons/{lesson}/ledger`
pub async fn ledger_of(State(app): State<App>, Path(lesson): Path<String>) -> Result<Json<LedgerView>, Problem> {
    Ok(Json(view(&app, &lesson_id(lesson)?, utc_now()).await?))
}

/// `POST /api/lessons/{lesson}/corrections`
pub async fn correct(
    State(app): State<App>,
    Bearer(Person { id: by, .. }): Bearer,
    Path(lesson): Path<String>,
    order: Result<Json<CorrectionOrder>, JsonRejection>,
) -> Result<Json<LedgerView>, Problem> {
    let Json(order) = order.map_err(malformed_body)?;
    let (lesson, now) = (lesson_id(lesson)?, utc_now());
    app.lessons().correct(&lesson, by, order, now).await?;
    app.facts().forget();
    Ok(Json(view(&app, &lesson, now).await?))
}

/// `GET /api/lessons/{lesson}/lines`
pub async fn lines_of(State(app): State<App>, Path(lesson): Path<String>) -> Result<Json<LessonLines>, Problem> {
    let lesson = lesson_id(lesson)?;
    let lines = app.lessons().lines(&lesson).await?.ok_or_else(unknown)?;
    Ok(Json(LessonLines { lesson, lines }))
}

fn lesson_id(text: String) -> Result<LessonId, Problem> {
    LessonId::parse(text).map_err(|_| unknown())
}

fn unknown() -> Problem {
    Problem::new(Kind::UnknownLesson, "there is no record of this lesson").at("lesson")
}

async fn view(app: &App, lesson: &LessonId, now: UtcMs) -> Result<LedgerView, Problem> {
    let mut events = app.db().ledger(lesson).await?;
    let state = app.county().state();
    if events.is_empty() {
        // Its time has not come: the record will begin with the plan as it is then.
        let planned = app.lessons().dated(lesson).await?.ok_or_else(unknown)?;
        let plan = crate::lessons::ledger_plan(&planned, state.timetable());
        events.push(Event { at: now, what: What::Planned(Box::new(plan)) });
    }
    let judgement = judge(&events, now, app.lessons().criteria()).map_err(|_| unknown())?;
    let timetable = state.timetable();
    let rooms = judgement.points.iter().map(|point| LedgerRoom {
        room: point.room.clone(),
        name: timetable.room_name(point.room),
        picture_s: seconds(point.picture_ms),
        sound_s: seconds(point.sound_ms),
        outages: point.outages,
        headcount: point.headcount,
        verdict: point.reception.into(),
        corrected: point.corrected,
    });
    Ok(LedgerView {
        lesson: lesson.clone(),
        title: judgement.plan.title.clone(),
        starts_at: judgement.plan.starts_at,
        ends_at: judgement.plan.ends_at,
        started_at: judgement.started_at,
        ended_at: judgement.ended_at,
        taught_s: seconds(judgement.taught_ms),
        verdict: judgement.master.into(),
        corrected: judgement.corrected,
        rooms: rooms.collect(),
        events: events.iter().map(|event| line(event, &judgement, timetable)).collect(),
    })
}

fn seconds(ms: i64) -> u32 {
    u32::try_from(ms / 1000).unwrap_or(0)
}

fn line(event: &Event, judgement: &Judgement<'_>, timetable: &Timetable) -> LedgerLine {
    let whom = match (&event.what, event.what.room()) {
        (_, Some(room)) => timetable.room_name(room),
        (What::Outage { room: None, .. }, None) => judgement.plan.master.teacher_name.clone(),
        _ => String::new(),
    };
    let detail = serde_json::to_value(&event.what).map_or_else(
        |_| String::new(),
        |mut value| {
            if let Some(fields) = value.as_object_mut() {
                fields.remove("what");
            }
            value.to_string()
        },
    );
    LedgerLine { at: event.at, what: event.what.name().to_owned(), whom, detail }
}

/// The query of `/api/offered`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OfferedQuery {
    week: Option<u8>,
}

/// `GET /api/offered`: 开齐, 开足 in one week of the present term.
pub async fn offered_view(
    State(app): State<App>,
    query: Result<Query<OfferedQuery>, QueryRejection>,
) -> Result<Json<OfferedView>, Problem> {
    let Query(query) = query.map_err(malformed_query)?;
    let now = utc_now();
    let (first, last) = term_dates(&app, now);
    let facts = facts(&app, first, last, now).await?;
    let state = app.county().state();
    let timetable = state.timetable();
    let Some(term) = timetable.term_on(first) else { return Ok(Json(OfferedView { points: Vec::new() })) };
    let today = app.county().date(now).clamp(term.first_day, term.last_day);
    let week = Week { term: term.id.as_str().into(), week_no: query.week.unwrap_or_else(|| week_of(term, today)) };
    let points = offered(&week, &timetable.requirements(), &[], &facts);
    let points = points.iter().map(TryInto::try_into).collect::<Result<Vec<_>, _>>();
    Ok(Json(OfferedView { points: points.map_err(anyhow::Error::from)? }))
}
