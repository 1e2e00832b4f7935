//! One run, from the first join to the report.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use anyhow::{Result, bail, ensure};
use tokio::time::{Instant, interval, sleep_until};

use crate::{
    answer::Answer,
    demo::Demo,
    handshake::Identity,
    http::{Client, Endpoint},
    joining::{Door, credentials},
    offer::{self, Lines},
    options::{Mode, Options, Profile, Target},
    pacing::Burst,
    packets::Packets,
    process::Process,
    publisher::{Publisher, SOURCES},
    receiver::{Counts, Receiver, Summary},
    report::{Joins, Latency, Report, Sent},
    stream::Outcome,
    transport::Transport,
    viewer::Manner,
};

/// Viewers that open packets where the others only count.
const SAMPLED: usize = 20;
/// How long the publisher may take to connect.
const PUBLISHER_PATIENCE: Duration = Duration::from_secs(10);
/// How often what is waited for is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// After the last packet was sent: what has not come so long after the last that came is lost.
const QUIET: Duration = Duration::from_millis(300);
/// It is not waited longer than that.
const LONGEST_QUIET: Duration = Duration::from_secs(5);
/// Time between two looks at the server's memory.
const RSS_INTERVAL: Duration = Duration::from_secs(10);
/// After that what joins cost is done with, and everyone has got a key frame.
const SETTLING: Duration = Duration::from_secs(1);

/// Where everything is.
struct Server {
    whip: Option<Endpoint>,
    whep: Endpoint,
    process: Option<Process>,
    demo: Option<Demo>,
}

/// The window.
#[derive(Default)]
struct Window {
    seconds: f64,
    cpu_s: Option<f64>,
    generator_cpu_s: f64,
    packets: u64,
    rss_kb: Vec<u64>,
    churned: u64,
}

/// Does what the options say.
pub fn run(options: &Options) -> Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measured(options))
}

fn server(target: &Target) -> Result<Server> {
    match target {
        Target::Floor => bail!("the floor has no server: see floor::run"),
        Target::Tongke(program) => {
            let demo = Demo::start(program, &std::env::temp_dir())?;
            let process = Some(Process::new(demo.pid())?);
            Ok(Server { whip: Some(demo.whip()?), whep: demo.whep()?, process, demo: Some(demo) })
        }
        Target::Running { whip, whep, pid } => {
            let process = pid.map(Process::new).transpose()?;
            Ok(Server { whip: whip.clone(), whep: whep.clone(), process, demo: None })
        }
    }
}

async fn measured(options: &Options) -> Result<Report> {
    let server = server(&options.target)?;
    let cpu = || server.process.map(Process::cpu_s).transpose();
    let rss = || server.process.map(Process::rss_kb).transpose();
    let identity = Identity::new(options.profile)?;
    let mut publisher = match &server.whip {
        Some(whip) if !options.silent => Some(publish(whip, options.burst).await?),
        _ => None,
    };
    let mut receiver = Receiver::start(identity.clone())?;
    let door = Door::new(server.whep.clone(), identity, options.lines, options.mode.is_estimated(), &receiver);

    let mut manners: Vec<Manner> = (0..options.viewers).map(|number| manner(options, number)).collect();
    let rest = manners.split_off(options.first.min(options.viewers));
    let bad = options.bad.map_or(0, |(_, count)| count);
    let first = manners.len();
    door.join_all(manners, options.joins, None).await?;
    sleep_until(Instant::now() + SETTLING).await;
    let (began, cpu_before, rss_first) = (Instant::now(), cpu()?, rss()?);
    let forwarded_before = packets(&receiver.counts);
    let joined = rest.len();
    door.join_all(rest, options.joins, options.ramp).await?;
    let (wall_s, join_cpu_s) = (began.elapsed().as_secs_f64(), difference(cpu()?, cpu_before));
    let forwarded = packets(&receiver.counts) - forwarded_before;
    if let Some((fault, count)) = options.bad {
        door.join_all(vec![Manner::Bad(fault); count], options.joins, None).await?;
    }
    sleep_until(Instant::now() + Duration::from_secs_f64(options.warmup)).await;
    if let Some(publisher) = &publisher {
        publisher.progress.behind_ns.store(0, Relaxed);
    }
    let window = window(options, &server, &receiver.counts, &door).await?;
    let rss_end = rss()?;
    if options.churn > 0.0 {
        // Those who came last still wait for their first key frame.
        sleep_until(Instant::now() + SETTLING).await;
    }

    let stopped = publisher.as_mut().map(|publisher| publisher.stop()).transpose()?;
    let sent = stopped.and(publisher.as_ref()).map(|publisher| Sent {
        voice: publisher.progress.voice.load(Relaxed),
        video: publisher.progress.video.load(Relaxed),
    });
    quiet(&receiver.counts).await;
    if server.demo.is_none() {
        door.close(options.joins).await?;
    }
    drop(door);
    let summary = receiver.end(sent.map(|sent| (sent.voice, sent.video)))?;
    ensure!(first + joined == options.viewers, "some viewers were forgotten");
    let grown = rss_end.zip(rss_first).map(|(end, first)| end as f64 - first as f64);
    let ended = Ended {
        joins: (joined, wall_s, join_cpu_s, forwarded),
        sent: sent.unwrap_or_default(),
        rss_kb: rss_end,
        rss_per_viewer_kb: grown.filter(|_| joined > 0).map(|grown| grown / (joined + bad) as f64),
        window,
        summary,
    };
    Ok(report(options, ended, &receiver.counts, publisher.as_ref()))
}

/// Everyone opens packets, or a sample spread evenly.
fn manner(options: &Options, number: usize) -> Manner {
    let every = options.viewers.div_ceil(SAMPLED);
    match options.mode {
        Mode::Checked | Mode::Full => Manner::Full,
        Mode::Count if number.is_multiple_of(every) => Manner::Sample,
        Mode::Count => Manner::Count,
    }
}

async fn publish(whip: &Endpoint, burst: Burst) -> Result<Publisher> {
    let identity = Identity::new(Profile::Gcm)?;
    let ice = credentials(999_999);
    let sdp = offer::write(&ice, &identity.fingerprint(), Lines::Send(SOURCES));
    let answered = Client::new(whip.clone()).offer(sdp).await?;
    let answer = Answer::read(&answered.sdp)?;
    let transport = Transport::new(ice, &answer, identity, std::time::Instant::now());
    let mut publisher = Publisher::start(transport, Packets::new(SOURCES, &answer), burst)?;
    let (began, mut looks) = (Instant::now(), interval(LOOK));
    while !publisher.progress.connected.load(Relaxed) {
        looks.tick().await;
        if publisher.has_ended() {
            publisher.stop()?;
            bail!("the publisher has ended");
        }
        ensure!(began.elapsed() < PUBLISHER_PATIENCE, "the publisher was answered but did not connect");
    }
    Ok(publisher)
}

/// Packets of media that viewers got.
fn packets(counts: &Counts) -> u64 {
    counts.media.load(Relaxed) + counts.rtx.load(Relaxed)
}

fn difference(now: Option<f64>, before: Option<f64>) -> Option<f64> {
    now.zip(before).map(|(now, before)| now - before)
}

async fn window(options: &Options, server: &Server, counts: &Counts, door: &Door<'_>) -> Result<Window> {
    let length = Duration::from_secs_f64(options.seconds);
    let cpu = || server.process.map(Process::cpu_s).transpose();
    let (began, before, cpu_before, own_before) = (Instant::now(), packets(counts), cpu()?, Process::own().cpu_s()?);
    counts.is_measuring.store(true, Relaxed);
    let (rss_kb, churned) = tokio::try_join!(samples(server.process, length), async {
        match options.churn {
            rate if rate > 0.0 => door.churn(rate, length, manner(options, 1)).await,
            _ => Ok(0),
        }
    })?;
    counts.is_measuring.store(false, Relaxed);
    Ok(Window {
        seconds: began.elapsed().as_secs_f64(),
        cpu_s: difference(cpu()?, cpu_before),
        generator_cpu_s: Process::own().cpu_s()? - own_before,
        packets: packets(counts) - before,
        rss_kb,
        churned,
    })
}

/// Memory at the start of `length` and every ten seconds of it.
async fn samples(process: Option<Process>, length: Duration) -> Result<Vec<u64>> {
    let end = Instant::now() + length;
    let (mut ticks, mut samples) = (interval(RSS_INTERVAL), Vec::new());
    loop {
        tokio::select! {
            biased;
            () = sleep_until(end) => return Ok(samples),
            _ = ticks.tick() => samples.extend(process.map(Process::rss_kb).transpose()?),
        }
    }
}

/// Until nothing has come for a while.
async fn quiet(counts: &Counts) {
    let (began, mut looks) = (Instant::now(), interval(LOOK));
    let (mut last, mut since) = (packets(counts), Instant::now());
    while since.elapsed() < QUIET && began.elapsed() < LONGEST_QUIET {
        looks.tick().await;
        if packets(counts) != last {
            (last, since) = (packets(counts), Instant::now());
        }
    }
}

/// What a run brought.
struct Ended {
    /// How many, how long, how much server CPU, and what was forwarded meanwhile.
    joins: (usize, f64, Option<f64>, u64),
    sent: Sent,
    rss_kb: Option<u64>,
    rss_per_viewer_kb: Option<f64>,
    window: Window,
    summary: Summary,
}

fn joins((count, wall_s, cpu_s, forwarded): (usize, f64, Option<f64>, u64), us_per_packet: Option<f64>) -> Joins {
    let of_each = |cpu_s: f64| cpu_s * 1000.0 / count.max(1) as f64;
    let forwarding_s = us_per_packet.unwrap_or(0.0) * forwarded as f64 / 1e6;
    let own_cpu_ms = cpu_s.map(|cpu| of_each(cpu - forwarding_s));
    Joins { count, wall_s, cpu_ms: cpu_s.map(of_each), own_cpu_ms }
}

fn report(options: &Options, ended: Ended, counts: &Counts, publisher: Option<&Publisher>) -> Report {
    let Ended { window, sent, summary, .. } = ended;
    let us_per_packet = window.cpu_s.filter(|_| window.packets > 0).map(|cpu| cpu * 1e6 / window.packets as f64);
    let everyone = summary.outcomes.iter().chain(&summary.left).flat_map(|(voice, video)| [voice, video]);
    let total = everyone.fold(Outcome::default(), |sum, one| sum.and(*one));
    let progress = publisher.map(|publisher| &publisher.progress);
    let starved = |(voice, video): &&(Outcome, Outcome)| voice.received == 0 || video.received == 0;
    Report {
        viewers: options.viewers,
        mode: options.mode,
        profile: options.profile,
        burst: options.burst,
        connected: counts.connected.load(Relaxed),
        joins: joins(ended.joins, us_per_packet),
        sent,
        expected: total.expected,
        received: total.received,
        lost: total.lost,
        voices_lost: summary.outcomes.iter().chain(&summary.left).map(|(voice, _)| voice.lost).sum(),
        withheld: total.withheld,
        duplicates: total.duplicates,
        broken: summary.notes.broken,
        starved: if publisher.is_some() { summary.outcomes.iter().filter(starved).count() } else { 0 },
        rxq_overflow: counts.overflow.load(Relaxed),
        window_s: window.seconds,
        cpu_s: window.cpu_s,
        cores: window.cpu_s.map(|cpu| cpu / window.seconds),
        window_packets: window.packets,
        packets_per_second: window.packets as f64 / window.seconds,
        us_per_packet,
        rss_kb: ended.rss_kb,
        rss_per_viewer_kb: ended.rss_per_viewer_kb,
        rss_samples_kb: window.rss_kb,
        latency: Latency { voice: summary.notes.voice.percentiles(), video: summary.notes.video.percentiles() },
        key_frames_asked: progress.map_or(0, |progress| progress.key_frames_asked.load(Relaxed)),
        nacked_upstream: progress.map_or(0, |progress| progress.nacked.load(Relaxed)),
        rtx: summary.notes.rtx,
        to_bad: summary.to_bad,
        churned: window.churned,
        generator_cpu_s: window.generator_cpu_s,
        generator_behind: progress.map_or(0.0, |progress| progress.behind_ns.load(Relaxed) as f64 / 1e6),
    }
}
