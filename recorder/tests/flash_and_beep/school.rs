//! What the teacher's devices encode: pictures that are white at every multiple of [`EVERY_S`] and else dark, and a voice
//! that beeps at the same moments, with music under it for the second half of the lesson.

use std::{
    io::Read,
    process::{Command, Stdio},
};

use opus::{Application, Bitrate, Channels, Encoder};

/// Time between two flashes, in seconds.
pub const EVERY_S: f64 = 5.0;
/// Pictures a second.
pub const FPS: f64 = 15.0;
/// Seconds between two keyframes.
pub const GOP_S: f64 = 2.0;
/// Length of a packet of voice in samples at 48 kHz.
pub const PACKET: usize = 960;
/// Length of a beep in seconds.
pub const BEEP_S: f64 = 0.1;

/// One encoded picture: its NAL units.
pub type Picture = Vec<Vec<u8>>;

/// `length_s` seconds of pictures of this size. Frame `i` is captured at `i / FPS`.
pub fn pictures(length_s: f64, size: &str, shade: &str) -> Vec<Picture> {
    let flash = format!("mod(t+0.001\\,{EVERY_S})");
    let filter = format!(
        "color={shade}:s={size}:r={FPS}:d={length_s},drawbox=c=white:t=fill:w=iw:h=ih:enable='lt({flash}\\,{})'",
        0.9 / FPS
    );
    let gop = format!("keyint={0}:min-keyint={0}:scenecut=0:threads=1", (FPS * GOP_S) as u32);
    let mut encoder = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", &filter, "-pix_fmt", "yuv420p", "-c:v", "libx264"])
        .args(["-profile:v", "baseline", "-preset", "ultrafast", "-tune", "zerolatency", "-bf", "0", "-b:v", "150k"])
        .args(["-x264-params", &gop, "-bsf:v", "h264_metadata=aud=insert", "-f", "h264", "pipe:1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg is needed: apt-get install ffmpeg");
    let mut bytes = Vec::new();
    encoder.stdout.take().unwrap().read_to_end(&mut bytes).unwrap();
    assert!(encoder.wait().unwrap().success());
    pictures_of(&bytes)
}

/// Splits an Annex B stream (H.264 annex B) at its access unit delimiters.
fn pictures_of(stream: &[u8]) -> Vec<Picture> {
    const ACCESS_UNIT_DELIMITER: u8 = 9;
    let mut pictures: Vec<Picture> = Vec::new();
    let mut starts: Vec<usize> =
        stream.windows(3).enumerate().filter(|(_, w)| *w == [0, 0, 1]).map(|(i, _)| i).collect();
    starts.push(stream.len());
    for pair in starts.windows(2) {
        let mut nal = &stream[(pair[0] + 3).min(stream.len())..pair[1]];
        while let [rest @ .., 0] = nal {
            nal = rest;
        }
        match nal.first().map(|head| head & 0x1f) {
            Some(ACCESS_UNIT_DELIMITER) => pictures.push(Picture::new()),
            Some(_) => pictures.last_mut().expect("a delimiter comes first").push(nal.to_vec()),
            None => {}
        }
    }
    pictures
}

/// `length_s` seconds of voice in packets of 20 ms, from a microphone whose clock runs `ppm` fast.
pub fn voice(length_s: f64, ppm: f64) -> Vec<Vec<u8>> {
    let rate = 48_000.0 * (1.0 + ppm / 1e6);
    let mut encoder = Encoder::new(48_000, Channels::Stereo, Application::Audio).unwrap();
    encoder.set_bitrate(Bitrate::Bits(48_000)).unwrap();
    encoder.set_complexity(1).unwrap();
    // What is decoded lags behind what was encoded by so many samples; that is not the recorder's doing.
    let lookahead = encoder.get_lookahead().unwrap() as usize;
    let packets = (length_s * rate / PACKET as f64) as usize;
    let mut pcm = vec![0f32; 2 * PACKET];
    let mut encode = |packet: usize| {
        for (i, frame) in pcm.chunks_exact_mut(2).enumerate() {
            frame.fill(sound((packet * PACKET + i + lookahead) as f64 / rate, length_s));
        }
        encoder.encode_vec_float(&pcm, 1_200).unwrap()
    };
    (0..packets).map(&mut encode).collect()
}

/// What is to be heard `t` seconds into the lesson.
fn sound(t: f64, length_s: f64) -> f32 {
    let tone = |hertz: f64| (std::f64::consts::TAU * hertz * t).sin();
    let music = if t > length_s / 2.0 { 0.06 * (tone(330.0) + tone(415.3)) } else { 0.0 };
    let beep = if t % EVERY_S < BEEP_S { 0.7 * tone(1_000.0) } else { 0.0 };
    (music + beep) as f32
}
