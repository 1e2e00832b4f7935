//! Real jobs by a real ffmpeg on a real, if short, recording.

use std::{path::Path, time::Duration};

use recorder::{jobs::Showcase, playlist::Latency};
use tokio::sync::mpsc::Receiver;

use super::*;
use crate::{
    recording::{Recorder, testing::record_pictures},
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
