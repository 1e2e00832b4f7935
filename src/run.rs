//! `tongke serve` and `tongke demo`: everything started in order, run, and ended in order.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use jiff::{civil::Date, tz::TimeZone};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use protocol::{LessonId, UtcMs, api::DemoPerson, message::RecordingState};
use sfu::{
    command::{Command, Event, LessonKey},
    seats::Source,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{Notify, mpsc, watch},
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{
    archive::{self, Archive, Store},
    cli::DemoOptions,
    clock::{self, utc_now},
    config::{self, CountyConfig, RecordingConfig},
    county::County,
    data_dir,
    db::Db,
    demo::{self, Demo},
    fault::Fault,
    http::{self, App, Parts},
    jobs::{self, Jobs},
    lessons::{self, Lessons},
    media::{self, Media, MediaAddress, MediaHandle},
    recording::{self, DiskGauge, RecordingEvent, Replays},
    seen::Seen,
    telemetry,
};

/// How often the demo looks whether its lesson is over.
const DEMO_INTERVAL: Duration = Duration::from_secs(30);

/// How often tokens are read anew if others wrote some, lessons that are over are judged, and it is written down that the
/// program runs.
const KEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Where the demo's pages are unless told otherwise.
const DEMO_LISTEN: &str = "127.0.0.1:8080";

/// Results of jobs on their way to the archive; a job waits for room.
const RESULTS: usize = 16;

/// How long the end of the program waits for recordings to be closed.
const FILING_LIMIT: Duration = Duration::from_secs(20);

/// How the program is to run.
struct Plan {
    listen: String,
    tls: Option<(PathBuf, PathBuf)>,
    data: PathBuf,
    media: MediaAddress,
    recording: RecordingConfig,
    time_zone: String,
    criteria: ledger::Criteria,
    demo: Option<DemoOptions>,
}

/// Runs by a configuration file until told to stop.
pub async fn serve(path: &Path) -> anyhow::Result<()> {
    let config = config::load(path)?;
    telemetry::start(&config.log);
    let tls = config.tls.files()?;
    run(Plan {
        tls: tls.map(|(certificate, key)| (certificate.to_owned(), key.to_owned())),
        listen: config.listen,
        data: config.data,
        media: MediaAddress {
            bind: config.media.bind,
            port: config.media.port,
            shards: config.media.shards,
            announce: config.media.announce,
            tcp: config.media.tcp,
            web: None,
        },
        recording: config.recording,
        time_zone: config.county.time_zone,
        criteria: config.ledger.criteria(),
        demo: None,
    })
    .await
}

/// Runs the demo until told to stop.
pub async fn demo(options: DemoOptions) -> anyhow::Result<()> {
    telemetry::start("warn,tongke=info");
    let media_bind = match &options.listen {
        Some(listen) => host_of(listen),
        // Firefox takes no candidate of the loopback interface: media listens on every address unless told otherwise.
        None => IpAddr::from([0, 0, 0, 0]),
    };
    run(Plan {
        listen: options.listen.clone().unwrap_or_else(|| DEMO_LISTEN.into()),
        tls: None,
        data: options.data.clone(),
        media: MediaAddress {
            bind: media_bind,
            port: options.media_port,
            shards: 0,
            announce: Vec::new(),
            tcp: true,
            web: None,
        },
        recording: RecordingConfig {
            low_latency: options.low_latency,
            ffmpeg: options.ffmpeg.clone(),
            ..RecordingConfig::default()
        },
        time_zone: CountyConfig::default().time_zone,
        criteria: ledger::Criteria::default(),
        demo: Some(options),
    })
    .await
}

/// The address in `HOST:PORT`, or this machine's own where it is a name.
fn host_of(listen: &str) -> IpAddr {
    let host = listen.rsplit_once(':').map_or(listen, |(host, _)| host);
    host.trim_matches(['[', ']']).parse().unwrap_or(IpAddr::from([127, 0, 0, 1]))
}

async fn run(mut plan: Plan) -> anyhow::Result<()> {
    let told_to_stop = told_to_stop()?;
    allow_many_files();
    let _data = data_dir::take(&plan.data)?;
    let server = listen(&mut plan).await?;
    let db = Db::open(&plan.data).await?;
    let zone = zone(&plan.time_zone)?;
    set_clock(&db, plan.demo.as_ref(), &zone).await?;
    let county = County::open(db.clone(), zone).await?;
    let seeded = seed(&db, &county, plan.demo.as_ref()).await?;
    let Media { handle, events, tap } = media::start(&plan.media)?;
    let ask = ask_for_key_frames(handle.clone());
    let recordings = plan.data.join(data_dir::RECORDINGS);
    let disk = Arc::new(DiskGauge::new(plan.recording.keep_free_bytes()));
    let (recorder, recorded) = recording::start(&recordings, disk.clone(), tap, ask)?;
    let lessons = Lessons::new(db.clone(), county.clone(), handle.clone(), recorder.clone(), plan.criteria);
    let unwritten_from = lessons.take_up(utc_now()).await?;
    lessons.reconcile(unwritten_from, utc_now(), clock::look()).await;
    let tokens = http::Tokens::default();
    tokens.refresh(&db, utc_now()).await?;
    let reconcile = Arc::new(Notify::new());

    let replays = Replays::new(&recordings, recorder.clone(), plan.recording.latency());
    let archive = archive::start(Store::open(&plan.recording.store)?, &recordings);
    let (done, made) = mpsc::channel(RESULTS);
    let jobs = jobs::start(plan.recording.ffmpeg(), replays.clone(), done);

    let (stop, stopping) = watch::channel(false);
    let works = Works::new(&db, &county, &lessons, &tokens, unwritten_from);
    works.spawn(reconcile.clone(), plan.demo.as_ref().is_some_and(|options| !options.no_lesson), &stopping);
    let app = App::new(Parts {
        sessions: http::Sessions::default(),
        replay: http::ReplayState::new(replays.clone())?,
        jobs: jobs.clone(),
        db: db.clone(),
        county,
        lessons: lessons.clone(),
        reconcile,
        tokens,
        seen: Seen::default(),
        media: handle,
        disk,
        demo: seeded.as_ref().map(|demo| demo.people.clone()),
    });
    tokio::spawn(route_events(app.clone(), events));
    let recorded = tokio::spawn(route_recordings(lessons.clone(), recorded, jobs, archive.clone()));
    tokio::spawn(route_results(archive, made));
    let base = base_url(server.local_addr()?, server.is_secure());
    let serving = tokio::spawn(server.run(app, stopped(stopping)));
    announce(&base, &plan, seeded.as_ref())?;

    told_to_stop.await;
    tracing::info!("ending");
    lessons.stop().await;
    let _ = stop.send(true);
    let _ = serving.await;
    let filed = async {
        recorder.finish().await;
        let _ = recorded.await;
    };
    if timeout(FILING_LIMIT, filed).await.is_err() {
        tracing::warn!("the recordings were not closed in time: they are closed at the next start");
    }
    lessons.written().await;
    if plan.demo.is_some() {
        db.forget_tokens().await?;
    }
    db.close().await;
    Ok(())
}

/// Takes the address of the pages, which media shares.
async fn listen(plan: &mut Plan) -> anyhow::Result<http::Server> {
    let tls = plan.tls.as_ref().map(|(certificate, key)| (certificate.as_path(), key.as_path()));
    let server = http::bind(&plan.listen, tls).await?;
    plan.media.web = Some(server.local_addr()?);
    Ok(server)
}

/// Every connection is a file descriptor, and the usual limit (1024) is one for programs that use select(2): the hard one is
/// meant to be taken.
fn allow_many_files() {
    let raised =
        getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// The demo's county, if this is a demo.
async fn seed(db: &Db, county: &County, options: Option<&DemoOptions>) -> anyhow::Result<Option<Demo>> {
    Ok(match options {
        Some(options) if options.no_lesson => Some(demo::seed_people(db, county, options.points, utc_now()).await?),
        Some(options) => Some(demo::seed(db, county, options.points, utc_now()).await?),
        None => None,
    })
}

/// The county's time zone.
fn zone(name: &str) -> anyhow::Result<TimeZone> {
    let unknown = || {
        Fault::new(format_args!("county.time_zone：没有时区 {name}"), format_args!("county.time_zone: no zone {name}"))
    };
    Ok(TimeZone::get(name).map_err(|_| unknown())?)
}

/// Sets the program's time: a demo's as it was asked for, any other to the wall clock's unless that went back.
async fn set_clock(db: &Db, demo: Option<&DemoOptions>, zone: &TimeZone) -> anyhow::Result<()> {
    if let Some(local) = demo.and_then(|options| options.now) {
        let at = local.to_zoned(zone.clone()).context("there is no such time")?;
        clock::simulate(UtcMs(at.timestamp().as_millisecond()));
    } else if let Some(last) = db.remembered(lessons::LAST_RUNNING).await? {
        clock::was_running_at(UtcMs(last));
    }
    Ok(())
}

/// What is done again and again.
#[derive(Clone)]
struct Works {
    db: Db,
    county: County,
    lessons: Lessons,
    tokens: http::Tokens,
    unwritten_from: Date,
}

impl Works {
    /// Lessons from `unwritten_from` on may not be written down yet.
    fn new(db: &Db, county: &County, lessons: &Lessons, tokens: &http::Tokens, unwritten_from: Date) -> Self {
        let (db, county, lessons, tokens) = (db.clone(), county.clone(), lessons.clone(), tokens.clone());
        Self { db, county, lessons, tokens, unwritten_from }
    }

    /// Each in its own task, until the program stops.
    fn spawn(self, asked: Arc<Notify>, keeps_a_lesson_on: bool, stopping: &watch::Receiver<bool>) {
        let works = self.clone();
        let first = Mutex::new(self.unwritten_from);
        let reconcile = async move || {
            let (now, trusted) = (utc_now(), clock::look());
            let from = *first.lock().unwrap_or_else(PoisonError::into_inner);
            works.lessons.reconcile(from, now, trusted).await;
            if trusted {
                let today = works.county.date(now);
                *first.lock().unwrap_or_else(PoisonError::into_inner) = today.yesterday().unwrap_or(today);
            }
            Ok(())
        };
        tokio::spawn(every(lessons::limits::RECONCILE, asked, stopping.clone(), reconcile));
        let works = self.clone();
        let keep = async move || {
            works.tokens.refresh(&works.db, utc_now()).await?;
            works.db.remember(lessons::LAST_RUNNING, utc_now().0).await?;
            works.lessons.settle(utc_now()).await?;
            Ok(())
        };
        tokio::spawn(every(KEEP_INTERVAL, Arc::default(), stopping.clone(), keep));
        if keeps_a_lesson_on {
            let keep_current = async move || demo::keep_current(&self.db, &self.county, utc_now()).await;
            tokio::spawn(every(DEMO_INTERVAL, Arc::default(), stopping.clone(), keep_current));
        }
    }
}

/// Does `job` again and again, and whenever it is `asked` for, until the program stops; a failure is told and tried again.
async fn every(
    period: Duration,
    asked: Arc<Notify>,
    stopping: watch::Receiver<bool>,
    job: impl AsyncFn() -> anyhow::Result<()>,
) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = asked.notified() => {}
            () = stopped(stopping.clone()) => return,
        }
        if let Err(error) = job().await {
            tracing::warn!(error = format!("{error:#}"), "the timetable could not be followed: check the database");
        }
    }
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// What the recorder does to get a key frame.
fn ask_for_key_frames(media: MediaHandle) -> impl Fn(LessonKey, Source) + Send {
    move |lesson, source| media.send(Command::RequestKeyFrame { lesson, source, layer: None })
}

/// Until the recorder ends.
async fn route_recordings(lessons: Lessons, mut events: mpsc::Receiver<RecordingEvent>, jobs: Jobs, archive: Archive) {
    while let Some(RecordingEvent { lesson, recording }) = events.recv().await {
        if recording.state == RecordingState::Finished {
            jobs.finished(&lesson);
            archive.finished(lesson.clone());
        }
        lessons.recording_event(&lesson, recording).await;
    }
}

/// What was made of a recording is copied as the recording is.
async fn route_results(archive: Archive, mut made: mpsc::Receiver<LessonId>) {
    while let Some(lesson) = made.recv().await {
        archive.finished(lesson);
    }
}

/// Brings what the media threads tell to the lesson it is about.
async fn route_events(app: App, mut events: mpsc::Receiver<(LessonKey, Event)>) {
    while let Some((lesson, event)) = events.recv().await {
        if let Event::Closed { peer, .. } = event {
            app.sessions().closed(peer);
            app.media().closed(peer);
        }
        app.lessons().peer_event(lesson, event).await;
    }
}

/// Done when Ctrl-C is pressed or the service manager ends the program. Both are caught from this call on, not only from
/// the first wait.
fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Where a browser on this machine finds the pages.
fn base_url(address: SocketAddr, is_secure: bool) -> String {
    let scheme = if is_secure { "https" } else { "http" };
    let host = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
    };
    format!("{scheme}://{}", SocketAddr::new(host, address.port()))
}

/// Tells the operator that everything listens.
fn announce(base: &str, plan: &Plan, demo: Option<&Demo>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let as_json = plan.demo.as_ref().is_some_and(|options| options.json);
    match demo {
        Some(demo) if as_json => writeln!(out, "{}", json_line(base, demo))?,
        Some(demo) => {
            writeln!(out, "同课示范已就绪 (the Tongke demo is ready)：{base}/")?;
            let lesson = demo.lesson.as_ref().map_or_else(String::new, ToString::to_string);
            writeln!(out, "  用浏览器打开上面的地址，选一个身份进入 {lesson}。")?;
            writeln!(out, "  Open it and pick who to be. Data: {}", plan.data.display())?;
            writeln!(out, "  Ctrl-C 结束 (ends it)。")?;
        }
        None => writeln!(out, "同课已就绪 (Tongke is ready)：{base}/")?,
    }
    out.flush()?;
    Ok(())
}

fn json_line(base: &str, demo: &Demo) -> serde_json::Value {
    let token = |person: &DemoPerson| (person.key.clone(), person.token.clone().into());
    let tokens: serde_json::Map<_, _> = demo.people.iter().map(token).collect();
    serde_json::json!({ "base": base, "lesson": demo.lesson, "tokens": tokens })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_address_is_shown_as_this_machine() {
        let rows = [
            ("127.0.0.1:80", false, "http://127.0.0.1:80"),
            ("0.0.0.0:8080", false, "http://127.0.0.1:8080"),
            ("[::]:8443", true, "https://[::1]:8443"),
            ("10.1.2.3:443", true, "https://10.1.2.3:443"),
        ];
        for (address, is_secure, base) in rows {
            assert_eq!(base_url(address.parse().unwrap(), is_secure), base);
        }
    }
}
