//! A lesson ends, and all of it can be played at once: the figure behind it is of 50 lessons of 45 minutes
//! (`TONGKE_WHOLE_LESSONS=50 LESSON_MINUTES=45`, tests/long.sh), the test of two short ones.

use std::env;

use super::{crash::feed, *};

fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[tokio::test]
async fn a_whole_lesson_is_playable_the_moment_it_ends() {
    let (lessons, minutes) = (number("TONGKE_WHOLE_LESSONS", 2), number("LESSON_MINUTES", 2));
    let mut worst = Duration::ZERO;
    for _ in 0..lessons {
        let mut studio = Studio::new();
        studio.teach(minutes * 60_000).await;
        let ended = Instant::now();
        studio.recorder.end(KEY);
        assert_eq!(studio.told().await.0, RecordingState::Finished);
        studio.assert_program_plays(minutes * 60_000).await;
        worst = worst.max(ended.elapsed());
    }
    assert!(worst < Duration::from_secs(5), "{worst:?}");
    eprintln!("{lessons} lessons of {minutes} min: playable at most {} ms after the end", worst.as_millis());
}

impl Studio {
    /// The lead's voice and camera for so long, as fast as the recorder takes them; returns when it has them.
    async fn teach(&mut self, ms: u64) {
        self.recorder.introduce(KEY, MASTER, master());
        self.recorder.begin(KEY, lesson(), Some(master()));
        let (tap, began) = (self.tap.clone(), self.began);
        let fed = tokio::task::spawn_blocking(move || {
            for tick in 0..ms / 20 {
                let mut batch = TapBatch::default();
                feed(&mut batch, KEY, tick, began + Duration::from_millis(tick * 20));
                tap.send(batch).unwrap();
            }
        });
        assert_eq!(self.told().await.0, RecordingState::Recording);
        fed.await.unwrap();
        let (replays, mut looks) = (self.replays(), tokio::time::interval(Duration::from_millis(20)));
        let taken_in = async {
            while replays
                .manifest(&lesson(), Age::Newest)
                .await
                .is_none_or(|manifest| manifest.duration_ms + 5_000 < ms)
            {
                looks.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), taken_in).await.expect("the recorder takes all of it");
    }

    /// The program's playlist is complete, and the bytes of its last segment are there.
    async fn assert_program_plays(&self, ms: u64) {
        let replays = self.replays();
        let manifest = replays.manifest(&lesson(), Age::Newest).await.unwrap();
        assert!(manifest.duration_ms.abs_diff(ms) <= 200, "{} of {ms}", manifest.duration_ms);
        let Some(Served::Playlist(text)) = replays.open(&lesson(), &manifest, "program-picture.m3u8") else {
            panic!("no playlist")
        };
        assert!(text.contains("#EXT-X-ENDLIST"));
        let range = text.lines().filter_map(|line| line.strip_prefix("#EXT-X-BYTERANGE:")).next_back().unwrap();
        let (len, offset) = range.split_once('@').unwrap();
        let end = len.parse::<u64>().unwrap() + offset.parse::<u64>().unwrap();
        let Some(Served::File(path)) = replays.open(&lesson(), &manifest, "t/master-camera/0.cmaf") else { panic!() };
        assert!(std::fs::metadata(path).unwrap().len() >= end);
    }
}
