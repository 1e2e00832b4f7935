//! What an ffmpeg makes of a finished recording, where there is one: pictures for the time bar, a rendition for players
//! without Opus, and the file a contest wants. It reads the program's MP4 from its standard input and writes into an empty
//! directory; this says with which words it is called, what files it finds there, and what its progress lines mean.

mod showcase;
mod thumbnails;

pub use showcase::Showcase;
pub use thumbnails::{SPRITE, thumbnails_vtt};

use std::time::Duration;

/// A kind of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Small pictures of every few seconds, for the time bar.
    Thumbnails,
    /// H.264 and AAC as HLS, for players that do not know Opus (iPhones before iOS 17).
    Compatible,
    /// 精品课: one file as contests want it.
    Showcase(Showcase),
}

/// A file that must be there before ffmpeg starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Its name in the directory.
    pub name: &'static str,
    /// What is in it.
    pub text: String,
}

/// What is known of the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Material {
    /// How long it is.
    pub length: Duration,
    /// Whether every picture has the same codec, size and parameter sets, so that it may be copied as it is.
    pub uniform: bool,
    /// Whether it is H.264.
    pub h264: bool,
    /// Whether it has a voice.
    pub voice: bool,
}

impl Job {
    /// Its name, as in paths and in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Thumbnails => "thumbnails",
            Self::Compatible => "compatible",
            Self::Showcase(_) => "showcase",
        }
    }

    /// The file that ffmpeg leaves when it has done its work.
    pub fn result(&self) -> &'static str {
        match self {
            Self::Thumbnails => SPRITE,
            Self::Compatible => "lesson.m3u8",
            Self::Showcase(_) => "showcase.mp4",
        }
    }

    /// What must be in the directory first.
    pub fn prepared(&self, material: &Material) -> Vec<Prepared> {
        match self {
            Self::Thumbnails => vec![Prepared { name: "thumbnails.vtt", text: thumbnails_vtt(material.length) }],
            Self::Compatible => Vec::new(),
            Self::Showcase(showcase) => showcase.prepared(),
        }
    }

    /// The words to call ffmpeg with, in the directory its files are to be in.
    pub fn arguments(&self, material: &Material) -> Vec<String> {
        // The program changes its size where it is cut. Filters that were built anew there would begin at nought again: earlier
        // pictures gone from the sprite, the sound a title card later with each cut.
        let lasting = ["-reinit_filter", "0"];
        let input = ["-nostdin", "-v", "error", "-progress", "pipe:1", "-nostats", "-y"];
        let mut words: Vec<String> = input.into_iter().chain(lasting).map(str::to_owned).collect();
        match self {
            Self::Thumbnails => words.extend(thumbnails::arguments(material.length)),
            Self::Compatible => words.extend(compatible(material)),
            Self::Showcase(showcase) => words.extend(showcase.arguments(material)),
        }
        words
    }
}

/// ISO 14496-12 single-file segments: byte ranges of one file, as the recording's own are.
fn compatible(material: &Material) -> Vec<String> {
    let picture: &[&str] = if material.h264 && material.uniform {
        &["-c:v", "copy"]
    } else {
        // Old players take no change of size in mid-stream.
        &[
            "-vf",
            "scale=1280:720:force_original_aspect_ratio=decrease:eval=frame,pad=1280:720:-1:-1:eval=frame,setsar=1",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-profile:v",
            "main",
            "-pix_fmt",
            "yuv420p",
            "-g",
            "100",
            "-b:v",
            "1500k",
            "-maxrate",
            "2000k",
            "-bufsize",
            "3000k",
        ]
    };
    let input = ["-i", "pipe:0", "-map", "0:v:0?", "-map", "0:a:0?"];
    let rest = [
        "-c:a",
        "aac",
        "-b:a",
        "128k",
        "-f",
        "hls",
        "-hls_time",
        "6",
        "-hls_playlist_type",
        "vod",
        "-hls_segment_type",
        "fmp4",
        "-hls_flags",
        "single_file",
        "-hls_segment_filename",
        "lesson.m4s",
        "lesson.m3u8",
    ];
    input.iter().chain(picture).chain(&rest).map(|word| (*word).to_owned()).collect()
}

/// How far ffmpeg is, from a line of its progress (`-progress`); `None` for its other lines.
pub fn progress(line: &str) -> Option<Duration> {
    let micros = line.trim().strip_prefix("out_time_us=")?.parse::<u64>().ok()?;
    Some(Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MATERIAL: Material = Material { length: Duration::from_secs(2_700), uniform: true, h264: true, voice: true };

    #[test]
    fn a_uniform_h264_lesson_is_copied_and_any_other_is_encoded_anew() {
        let words = |material| Job::Compatible.arguments(&material).join(" ");
        assert!(words(MATERIAL).contains("-c:v copy"));
        assert!(words(Material { uniform: false, ..MATERIAL }).contains("libx264"));
        assert!(words(Material { h264: false, ..MATERIAL }).contains("libx264"));
    }

    #[test]
    fn progress_lines_tell_how_far_it_is() {
        let rows = [
            ("out_time_us=1500000", Some(1_500)),
            ("out_time_us=N/A", None),
            ("out_time_us=-100", None),
            ("out_time_ms=1500000", None),
            ("progress=continue", None),
            ("", None),
        ];
        for (line, expected) in rows {
            assert_eq!(progress(line), expected.map(Duration::from_millis), "{line}");
        }
    }
}
