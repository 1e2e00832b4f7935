//! Real jobs by a real ffmpeg on a real, if short, recording.

use std::{path::Path, time::Duration};

use recorder::{jobs::Showcase, playlist::Latency};
use tokio::sync::mpsc::Receiver;

use super::*;
use crate::{
    recording::{
        Recorder,
        testing::{record_pictures, record_sizes},
    },
    testing::TempDir,
};

fn lesson() -> LessonId {
    LessonId::parse("music-3a").unwrap()
}

fn ffmpeg() -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&paths).map(|directory| directory.join("ffmpeg")).find(|path| path.is_file());
    found.expect("ffmpeg is needed: apt-get install ffmpeg")
}

async fn next(made: &mut Receiver<LessonId>) {
    tokio::time::timeout(Duration::from_secs(60), made.recv()).await.expect("a job ends").unwrap();
}

fn states(jobs: &Jobs) -> Vec<(String, JobState, u8)> {
    jobs.reports(&lesson()).into_iter().map(|report| (report.job, report.state, report.percent)).collect()
}

fn length_of(file: &Path) -> f64 {
    let probe = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"];
    let output = std::process::Command::new("ffprobe").args(probe).arg(file).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn what_is_made_of_a_recording_is_there_when_it_is_told_done() {
    let dir = TempDir::new();
    record_pictures(dir.path(), &lesson(), 12);
    let (done, mut made) = mpsc::channel(8);
    let jobs = start(Some(ffmpeg()), Replays::new(dir.path(), Recorder::default(), Latency::Ordinary), done);
    // Nobody ordered them: what a recording lacks is made after a start.
    next(&mut made).await;
    next(&mut made).await;
    let showcase = Showcase { title: "茉莉花".into(), master_teacher: "陈静".into(), ..Showcase::default() };
    jobs.order(lesson(), Job::Showcase(showcase)).unwrap();
    next(&mut made).await;
    let results = dir.path().join("music-3a").join(DIRECTORY);
    let names =
        ["thumbnails/thumbnails.vtt", "thumbnails/sprite.jpg", "compatible/lesson.m3u8", "compatible/lesson.m4s"];
    assert!(names.iter().all(|name| results.join(name).is_file()), "{results:?}");
    let length_s = length_of(&results.join("showcase/showcase.mp4"));
    assert!((15.5..17.5).contains(&length_s), "five seconds of title and the lesson: {length_s}");
    assert!(
        states(&jobs).iter().all(|(_, state, percent)| (*state, *percent) == (JobState::Done, 100)),
        "{:?}",
        states(&jobs)
    );
}

/// How light a picture is in the middle of its left edge, cell by cell of a sprite of one row.
fn left_edges(sprite: &Path, cells: usize) -> Vec<u8> {
    let words = ["-v", "error", "-i"];
    let raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-"];
    let output = std::process::Command::new(ffmpeg()).args(words).arg(sprite).args(raw).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (0..cells).map(|cell| output.stdout[45 * 1_600 + cell * 160 + 3]).collect()
}

#[tokio::test]
async fn a_program_of_several_sizes_keeps_its_pictures_and_its_sound_in_their_places() {
    let dir = TempDir::new();
    // The narrow picture stands between black bars.
    record_sizes(dir.path(), &lesson(), &[(80, 45), (60, 45), (80, 45)], 20);
    let (done, mut made) = mpsc::channel(8);
    let jobs = start(Some(ffmpeg()), Replays::new(dir.path(), Recorder::default(), Latency::Ordinary), done);
    next(&mut made).await;
    next(&mut made).await;
    jobs.order(lesson(), Job::Showcase(Showcase::default())).unwrap();
    next(&mut made).await;
    let results = dir.path().join("music-3a").join(DIRECTORY);
    let edges = left_edges(&results.join("thumbnails/sprite.jpg"), 6);
    let narrow: Vec<bool> = edges.iter().map(|light| *light < 20).collect();
    assert_eq!(narrow, [false, false, true, true, false, false], "{edges:?}");
    for (file, length_s) in [("showcase/showcase.mp4", 65.0), ("compatible/lesson.m3u8", 60.0)] {
        for stream in ["v:0", "a:0"] {
            let found = decoded_length(&results.join(file), stream);
            assert!((found - length_s).abs() < 0.5, "{file} {stream}: {found}");
        }
    }
}

/// The length of a stream as it decodes, in seconds; ffmpeg must have nothing to complain of.
fn decoded_length(file: &Path, stream: &str) -> f64 {
    let mut command = std::process::Command::new(ffmpeg());
    command.args(["-v", "error", "-nostats", "-progress", "pipe:1", "-i"]).arg(file);
    let output = command.args(["-map", &format!("0:{stream}"), "-f", "null", "-"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{file:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().rev().find_map(|line| line.strip_prefix("out_time_us=")).unwrap();
    last.parse::<f64>().unwrap() / 1e6
}

#[tokio::test]
async fn a_job_that_cannot_be_done_is_told_failed_and_the_next_is_done() {
    let dir = TempDir::new();
    let (done, mut made) = mpsc::channel(8);
    let jobs = start(Some(ffmpeg()), Replays::new(dir.path(), Recorder::default(), Latency::Ordinary), done);
    jobs.order(lesson(), Job::Thumbnails).unwrap();
    let failed = async {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        while states(&jobs)[0].1 != JobState::Failed {
            looks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), failed).await.expect("there is no such recording");
    record_pictures(dir.path(), &lesson(), 3);
    jobs.order(lesson(), Job::Thumbnails).unwrap();
    next(&mut made).await;
    assert!(dir.path().join("music-3a/jobs/thumbnails/sprite.jpg").is_file());
}

#[tokio::test]
async fn without_an_ffmpeg_nothing_is_ordered() {
    let jobs = Jobs::default();
    assert_eq!(jobs.order(lesson(), Job::Thumbnails), Err(Refused::NoFfmpeg));
    jobs.finished(&lesson());
    assert!(jobs.reports(&lesson()).is_empty() && !jobs.available());
}
