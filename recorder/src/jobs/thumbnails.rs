//! Pictures for the time bar: keyframes, small, laid out in one large picture, and a WebVTT file that says which part of it
//! belongs to which time (`sprite.jpg#xywh=x,y,w,h`, Media Fragments URI 1.0 section 4.2.2).

use std::{fmt::Write, time::Duration};

use crate::chapters::timestamp;

/// The picture with all the small ones.
pub const SPRITE: &str = "sprite.jpg";

/// Time from one to the next.
const EVERY: Duration = Duration::from_secs(10);
/// Size of one, in pixels.
const WIDTH: usize = 160;
const HEIGHT: usize = 90;
/// In one row.
const COLUMNS: usize = 10;
/// Rows at most: two and a half hours. A JPEG's side ends at 65,535; beyond it the rest goes without.
const ROWS: usize = 90;

/// The words for ffmpeg after the common ones.
pub(super) fn arguments(length: Duration) -> Vec<String> {
    let rows = count(length).div_ceil(COLUMNS).max(1);
    // Each shows what was to be seen when its time began, and there is one even of a lesson shorter than `EVERY`.
    let filter = format!(
        "fps=1/{}:start_time=0:round=up,scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=decrease:eval=frame,pad={WIDTH}:{HEIGHT}:-1:-1:eval=frame,setsar=1,\
         tile={COLUMNS}x{rows}",
        EVERY.as_secs()
    );
    let words = ["-skip_frame", "nokey", "-i", "pipe:0", "-an", "-vf", &filter, "-frames:v", "1", "-q:v", "5", SPRITE];
    words.map(str::to_owned).into()
}

/// Which part of [`SPRITE`] shows which time of a recording of this length.
pub fn thumbnails_vtt(length: Duration) -> String {
    let mut text = String::from("WEBVTT\n");
    for number in 0..count(length) {
        let from = EVERY * number as u32;
        let to = (from + EVERY).min(length.max(from + Duration::from_millis(1)));
        let (x, y) = (number % COLUMNS * WIDTH, number / COLUMNS * HEIGHT);
        let (from, to) = (timestamp(from.as_millis() as u64), timestamp(to.as_millis() as u64));
        // Writing to a String does not fail.
        let _ = write!(text, "\n{from} --> {to}\n{SPRITE}#xywh={x},{y},{WIDTH},{HEIGHT}\n");
    }
    text
}

/// How many pictures a recording of this length has.
fn count(length: Duration) -> usize {
    let count = length.as_millis().div_ceil(EVERY.as_millis());
    usize::try_from(count).unwrap_or(usize::MAX).min(COLUMNS * ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ten_seconds_have_their_place_in_the_sprite() {
        let text = thumbnails_vtt(Duration::from_millis(104_500));
        let cues: Vec<&str> = text.split("\n\n").skip(1).collect();
        assert_eq!(cues.len(), 11);
        assert_eq!(cues[0], "00:00:00.000 --> 00:00:10.000\nsprite.jpg#xywh=0,0,160,90");
        assert_eq!(cues[10], "00:01:40.000 --> 00:01:44.500\nsprite.jpg#xywh=0,90,160,90\n");
        assert_eq!(thumbnails_vtt(Duration::ZERO), "WEBVTT\n");
        assert!(thumbnails_vtt(Duration::from_secs(1 << 40)).len() < 100_000);
    }
}
