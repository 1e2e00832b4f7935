//! Looks at and listens to what was recorded, through ffmpeg.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::disk::Disk;

/// A picture file, looked at.
pub struct Seen {
    /// When the picture turned white, in seconds on the lesson clock.
    pub flashes: Vec<f64>,
    /// The longest a picture stood, in seconds.
    pub longest_s: f64,
    /// When the last one began.
    pub last_s: f64,
}

/// A voice file, listened to.
pub struct Heard {
    /// When a beep began and ended, in seconds on the lesson clock.
    pub beeps: Vec<(f64, f64)>,
    /// When it ended.
    pub end_s: f64,
}

/// A file for ffmpeg that goes with the value.
struct Tape(PathBuf);

impl Tape {
    fn of(bytes: &[u8]) -> Self {
        use std::hash::{BuildHasher, RandomState};
        let path = std::env::temp_dir().join(format!("tongke-{:x}.mp4", RandomState::new().hash_one(0)));
        fs::write(&path, bytes).unwrap();
        Self(path)
    }

    /// What ffmpeg makes of it; it must have nothing to complain of.
    fn decoded(&self, args: &[&str]) -> Vec<u8> {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-copyts", "-i"]).arg(&self.0).args(args).arg("pipe:1");
        let output = ffmpeg.stdin(Stdio::null()).output().expect("ffmpeg is needed: apt-get install ffmpeg");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ffmpeg finds nothing wrong");
        output.stdout
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The files of a track in order, with the start of each in seconds.
fn tapes(disk: &Disk, track: &str) -> Vec<(f64, Tape)> {
    let found = disk.manifest.track_in(track).unwrap();
    let epochs = found.epochs.iter().enumerate().filter(|(_, epoch)| epoch.parts > 0);
    let tape = |number: usize| Tape::of(&disk.files[&format!("t/{track}/{number}.cmaf")]);
    epochs.map(|(number, epoch)| (epoch.start as f64 / f64::from(epoch.timescale), tape(number))).collect()
}

/// The program as one file, looked at and listened to.
pub fn watch(disk: &Disk) -> (Seen, Heard) {
    let tape = Tape::of(&disk.download());
    let tapes = [(0.0, tape)];
    // Silence up to where the voice begins.
    (see_tapes(&tapes), hear_tapes(&tapes, &["-af", "aresample=async=1:first_pts=0"]))
}

/// Looks at a track's pictures.
pub fn see(disk: &Disk, track: &str) -> Seen {
    see_tapes(&tapes(disk, track))
}

fn see_tapes(tapes: &[(f64, Tape)]) -> Seen {
    let mut seen = Seen { flashes: Vec::new(), longest_s: 0.0, last_s: 0.0 };
    let (mut was_white, mut last) = (false, None);
    for (_, tape) in tapes {
        for (at, white) in pictures(tape) {
            if white && !was_white {
                seen.flashes.push(at);
            }
            if let Some(last) = last {
                seen.longest_s = seen.longest_s.max(at - last);
            }
            (was_white, last) = (white, Some(at));
            seen.last_s = at;
        }
    }
    seen
}

/// Time and whiteness of each picture. ffmpeg makes one grey dot of each and tells its checksum (Adler-32, RFC 1950).
fn pictures(tape: &Tape) -> Vec<(f64, bool)> {
    const WHITE: u32 = 180;
    let filter = "scale=1:1:flags=area,format=gray";
    let args =
        ["-map", "0:v", "-vf", filter, "-fps_mode", "passthrough", "-enc_time_base", "1/90000", "-f", "framecrc"];
    let text = String::from_utf8(tape.decoded(&args)).unwrap();
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let pts: f64 = fields.get(2)?.parse().ok()?;
        let checksum = u32::from_str_radix(fields.get(5)?.strip_prefix("0x")?, 16).ok()?;
        Some((pts / 90_000.0, checksum & 0xffff >= WHITE))
    };
    text.lines().filter(|text| !text.starts_with('#')).filter_map(line).collect()
}

/// Listens to a track's voice.
pub fn hear(disk: &Disk, track: &str) -> Heard {
    hear_tapes(&tapes(disk, track), &[])
}

fn hear_tapes(tapes: &[(f64, Tape)], filter: &[&str]) -> Heard {
    const LOUD: f32 = 0.3;
    let mut heard = Heard { beeps: Vec::new(), end_s: 0.0 };
    for (start, tape) in tapes {
        let bytes = tape.decoded(&[&["-map", "0:a"], filter, &["-ac", "1", "-ar", "48000", "-f", "f32le"]].concat());
        let mut quiet_for = usize::MAX / 2;
        for (i, sample) in bytes.chunks_exact(4).enumerate() {
            let loud = f32::from_le_bytes(sample.try_into().unwrap()).abs() > LOUD;
            let at = start + i as f64 / 48_000.0;
            // A tone passes zero a thousand times a second; between two beeps it is quiet for seconds.
            if loud && quiet_for > 48_000 {
                heard.beeps.push((at, at));
            } else if loud && let Some(beep) = heard.beeps.last_mut() {
                beep.1 = at;
            }
            quiet_for = if loud { 0 } else { quiet_for.saturating_add(1) };
        }
        heard.end_s = start + (bytes.len() / 4) as f64 / 48_000.0;
    }
    heard
}
