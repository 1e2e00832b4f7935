//! Every route of the program, with what its caller must be permitted to do. Routes are registered here and nowhere else.

use access::Action;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    http::Method,
    middleware,
    routing::{MethodFilter, MethodRouter, on},
};

use super::{
    App, api, auth, feeds, imports, jobs, line_check, media_check, metrics, problem, replay, report, sessions,
    timetable, today, web, whep, whip, ws,
};

/// Longest body taken, in bytes; a longer one is a problem document.
const MAX_BODY: usize = 256 * 1024;

/// What the caller of a route must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    /// Nothing.
    Anyone,
    /// A token of someone who may do one of these.
    AnyOf(&'static [Action]),
}

/// One route.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) permission: Permission,
    handler: MethodRouter<App>,
}

/// The table.
pub(super) fn table() -> Vec<Route> {
    use Action as A;
    use Permission::{AnyOf, Anyone};
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    const PATCH: Method = Method::PATCH;
    const DELETE: Method = Method::DELETE;
    const PUBLISH: &[Action] = &[A::PublishLead, A::PublishPoint];
    const REPLAY: Permission = AnyOf(&[A::ReplayRecording]);
    const EDIT: Permission = AnyOf(&[A::EditTimetable]);
    const LEDGER: Permission = AnyOf(&[A::ReadLedger]);
    const SEE_LESSON: &[Action] = &[A::ListLessons, A::ListLibrary];
    vec![
        route(GET, "/healthz", Anyone, api::healthz),
        route(GET, "/metrics", AnyOf(&[A::ReadMetrics]), metrics::metrics),
        route(GET, "/api/demo/people", Anyone, api::demo_people),
        route(GET, "/api/me", AnyOf(&[A::ReadSelf]), api::me),
        route(GET, "/api/lessons", AnyOf(&[A::ListLessons]), api::lessons),
        route(GET, "/api/lessons/{lesson}", AnyOf(SEE_LESSON), api::lesson),
        route(GET, "/api/library", AnyOf(&[A::ListLibrary]), api::library),
        route(POST, "/api/lessons/{lesson}/playback", REPLAY, replay::playback),
        route(GET, "/api/lessons/{lesson}/master.m3u8", REPLAY, replay::master),
        route(GET, "/api/lessons/{lesson}/chapters.vtt", REPLAY, replay::chapters_of),
        route(GET, "/api/lessons/{lesson}/download.mp4", REPLAY, replay::download),
        route(GET, "/api/lessons/{lesson}/jobs", AnyOf(&[A::ExportRecording]), jobs::list),
        route(POST, "/api/lessons/{lesson}/jobs", AnyOf(&[A::ExportRecording]), jobs::order),
        route(GET, "/api/today", AnyOf(&[A::ListLessons]), today::today),
        route(GET, "/api/county/today", AnyOf(&[A::RunTheDay]), today::county_today),
        route(GET, "/api/readiness", AnyOf(&[A::ReadReadiness]), today::readiness),
        route(GET, "/api/clock", AnyOf(&[A::RunTheDay]), today::clock),
        route(POST, "/api/clock/confirm", AnyOf(&[A::RunTheDay]), today::confirm_clock),
        route(GET, "/api/timetable/week", AnyOf(&[A::ReadTimetable]), timetable::week),
        route(GET, "/api/timetable/records", AnyOf(&[A::ReadTimetable]), timetable::records),
        route(GET, "/api/timetable/conflicts", AnyOf(&[A::ReadTimetable]), timetable::conflicts),
        route(GET, "/api/timetable/export.xlsx", AnyOf(&[A::ReadTimetable]), timetable::export),
        route(POST, "/api/timetable/edits", EDIT, timetable::edit),
        route(POST, "/api/timetable/edits/check", EDIT, timetable::check_edit),
        route(GET, "/api/timetable/changes", EDIT, timetable::changes),
        route(POST, "/api/timetable/changes/{number}/undo", EDIT, timetable::undo),
        route(POST, "/api/imports", EDIT, imports::add).takes(imports::MAX_FILE),
        route(POST, "/api/imports/{import}/apply", EDIT, imports::apply),
        route(DELETE, "/api/imports/{import}", EDIT, imports::forget),
        route(GET, "/api/report", LEDGER, report::report),
        route(GET, "/api/report.xlsx", LEDGER, report::report_xlsx),
        route(GET, "/api/report/lessons", LEDGER, report::report_lessons),
        route(GET, "/api/offered", LEDGER, report::offered_view),
        route(GET, "/api/lessons/{lesson}/ledger", LEDGER, report::ledger_of),
        route(GET, "/api/lessons/{lesson}/lines", AnyOf(&[A::RunTheDay]), report::lines_of),
        route(GET, "/api/line-check/down", AnyOf(&[A::ReadSelf]), line_check::down),
        route(POST, "/api/line-check/up", AnyOf(&[A::ReadSelf]), line_check::up).takes(line_check::MAX_BYTES),
        route(POST, "/api/line-check/media", AnyOf(&[A::ReadSelf]), media_check::media),
        route(POST, "/api/line-check/media/{room}", AnyOf(&[A::ReadSelf]), media_check::voice),
        route(POST, "/api/lessons/{lesson}/corrections", AnyOf(&[A::CorrectLedger]), report::correct),
        route(POST, "/api/feeds", AnyOf(&[A::FollowFeed]), feeds::make),
        // The address is the permission: calendars send no header of ours.
        route(GET, "/feeds/{secret}", Anyone, feeds::read),
        // The ticket is the permission: players send no header of ours.
        route(GET, "/replay/{ticket}/{*path}", Anyone, replay::file),
        route(POST, "/whip/{lesson}", AnyOf(PUBLISH), whip::publish),
        route(PATCH, "/whip/{lesson}/{session}", AnyOf(PUBLISH), sessions::patch),
        route(DELETE, "/whip/{lesson}/{session}", AnyOf(PUBLISH), sessions::close),
        route(POST, "/whep/{lesson}", AnyOf(&[A::Watch]), whep::subscribe),
        route(PATCH, "/whep/{lesson}/{session}", AnyOf(&[A::Watch]), sessions::patch),
        route(DELETE, "/whep/{lesson}/{session}", AnyOf(&[A::Watch]), sessions::close),
        route(GET, "/ws", AnyOf(&[A::Watch]), ws::connect),
    ]
}

fn route<H, T>(method: Method, path: &'static str, permission: Permission, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
    Route { method, path, permission, handler: on(filter, handler) }
}

impl Route {
    /// Takes longer bodies than others: `max` bytes.
    fn takes(mut self, max: usize) -> Self {
        self.handler = self.handler.layer(DefaultBodyLimit::max(max));
        self
    }
}

/// The whole interface.
pub fn router(app: App) -> Router {
    let mut router = Router::new();
    for route in table() {
        tracing::trace!(method = %route.method, path = route.path, "route");
        let handler = match route.permission {
            Permission::Anyone => route.handler,
            Permission::AnyOf(actions) => {
                let checked = middleware::from_fn_with_state((app.clone(), actions), auth::check);
                route.handler.route_layer(checked)
            }
        };
        router = router.route(route.path, handler);
    }
    router
        .fallback(web::page_or_asset)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(problem::ensure))
        .layer(middleware::from_fn(web::guard))
        .with_state(app)
}
