//! Runs one job after the other: ffmpeg reads the program from its standard input and writes into a directory that takes
//! its place only when it is whole.

use std::{
    fs, io,
    path::{Path, PathBuf},
    pin::pin,
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use futures_util::StreamExt;
use protocol::{LessonId, api::JobState};
use recorder::jobs::{Job, Material, progress};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc,
    time::timeout,
};

use super::{DIRECTORY, Order, Reports};
use crate::recording::{Film, Replays};

/// A job may take this many times the length of the lesson, and a minute besides; then it hangs.
const LONGEST: u32 = 6;
/// Bytes of what ffmpeg complains of that are kept for the log.
const COMPLAINT_BYTES: u64 = 2_000;

/// What jobs are done with.
pub(super) struct Tools {
    pub ffmpeg: PathBuf,
    pub replays: Replays,
    pub done: mpsc::Sender<LessonId>,
}

/// Takes orders until nobody can give any.
pub(super) async fn all(tools: Tools, reports: Reports, mut orders: mpsc::Receiver<Order>) {
    while let Some(Order { lesson, job }) = orders.recv().await {
        reports.begins(&lesson, job.name());
        let told = |percent| reports.put(&lesson, job.name(), JobState::Running, percent);
        let done = one(&tools, (&lesson, &job), told).await;
        let state = if done.is_ok() { JobState::Done } else { JobState::Failed };
        if state == JobState::Done {
            // Nobody listens any more when the program ends.
            let _ = tools.done.send(lesson.clone()).await;
        }
        if let Err(error) = done {
            let (job, error) = (job.name(), format!("{error:#}"));
            tracing::warn!(%lesson, job, error, "a job on a recording failed; order it again when the cause is gone");
        }
        reports.put(&lesson, job.name(), state, if state == JobState::Done { 100 } else { 0 });
    }
}

async fn one(tools: &Tools, (lesson, job): (&LessonId, &Job), told: impl Fn(u8)) -> anyhow::Result<()> {
    let (of, replays) = (lesson.clone(), tools.replays.clone());
    let found = tokio::task::spawn_blocking(move || replays.program(&of)).await?;
    let (material, film, directory) = found.context("the lesson has no program to work on")?;
    let jobs = directory.join(DIRECTORY);
    let fresh = jobs.join(format!("{}.tmp", job.name()));
    prepare(&fresh, job, &material)?;
    // A killed job leaves its directory; the next one of its kind empties it.
    let child = spawn(&tools.ffmpeg, &fresh, &job.arguments(&material))?;
    let limit = material.length * LONGEST + Duration::from_secs(60);
    timeout(limit, work(child, film, material.length, told)).await.context("ffmpeg takes far too long")??;
    if !fresh.join(job.result()).is_file() {
        bail!("ffmpeg made no {}", job.result());
    }
    replace(&fresh, &jobs.join(job.name())).context("the result cannot take its place")
}

fn prepare(directory: &Path, job: &Job, material: &Material) -> anyhow::Result<()> {
    remove(directory).and_then(|()| fs::create_dir_all(directory)).context("the job's directory")?;
    for file in job.prepared(material) {
        fs::write(directory.join(file.name), file.text).context("the job's files")?;
    }
    Ok(())
}

fn spawn(ffmpeg: &Path, directory: &Path, words: &[String]) -> anyhow::Result<Child> {
    // Behind everything else: a lesson that is on needs the processor more.
    let mut command = Command::new("nice");
    command.args(["-n", "19"]).arg(ffmpeg).args(words).current_dir(directory).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().with_context(|| format!("{} cannot be run", ffmpeg.display()))
}

async fn work(mut child: Child, film: Film, length: Duration, told: impl Fn(u8)) -> anyhow::Result<()> {
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        bail!("ffmpeg has no pipes");
    };
    let feeding = tokio::spawn(feed(film, stdin));
    let mut complaint = stderr.take(COMPLAINT_BYTES);
    let mut complained = String::new();
    let complaining = async {
        let _ = complaint.read_to_string(&mut complained).await;
        // The rest is read and dropped, or ffmpeg would wait for somebody to read it.
        let _ = tokio::io::copy(&mut complaint.into_inner(), &mut tokio::io::sink()).await;
    };
    let following = async {
        let mut lines = BufReader::new(stdout).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(at) = progress(&line) {
                told(percent(at, length));
            }
        }
    };
    let (status, (), ()) = tokio::join!(child.wait(), complaining, following);
    let fed = feeding.await?;
    if !status?.success() {
        bail!("ffmpeg says: {}", complained.trim());
    }
    fed.context("the recording could not be read to its end")
}

/// ffmpeg may have enough before the end: it closes the pipe then, and that is no fault.
async fn feed(film: Film, mut stdin: ChildStdin) -> io::Result<()> {
    let mut chunks = pin!(film.read());
    while let Some(chunk) = chunks.next().await {
        match stdin.write_all(&chunk?).await {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    stdin.shutdown().await.or(Ok(()))
}

fn percent(at: Duration, length: Duration) -> u8 {
    (at.as_millis() * 100 / length.as_millis().max(1)).min(99) as u8
}

fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn replace(fresh: &Path, place: &Path) -> io::Result<()> {
    remove(place)?;
    fs::rename(fresh, place)
}
