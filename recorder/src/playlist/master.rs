//! The master playlist: the lead teacher's picture and voice.

use std::fmt::Write;

use super::TRACK;
use crate::{
    Slot,
    manifest::{Epoch, Manifest, Track},
};

/// The master playlist, relative to the recording's directory.
///
/// There is one variant. The courseware is no second one: players would take it for another quality of the camera and
/// switch to it with the bandwidth. It is an alternative picture (EXT-X-MEDIA TYPE=VIDEO) for those who know these, and our
/// page plays its own playlist beside the camera's.
pub fn master(manifest: &Manifest) -> String {
    let (camera, screen, voice) = lead_tracks(manifest);
    let picture = camera.or(screen);
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:7\n");
    let mut attributes = Vec::new();
    if let (Some(_), Some(voice)) = (picture, voice) {
        let _ = writeln!(
            text,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"voice\",NAME=\"{}\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"{}\"",
            voice.name,
            uri(voice)
        );
        attributes.push("AUDIO=\"voice\"".to_owned());
    }
    if let (Some(camera), Some(screen)) = (camera, screen) {
        for (track, default) in [(camera, "YES"), (screen, "NO")] {
            let _ = writeln!(
                text,
                "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"picture\",NAME=\"{}\",DEFAULT={default},AUTOSELECT={default},URI=\"{}\"",
                track.name,
                uri(track)
            );
        }
        attributes.push("VIDEO=\"picture\"".to_owned());
    }
    if let Some(main) = picture.or(voice) {
        write_variant(&mut text, main, picture.and(voice), &attributes);
    }
    text
}

fn write_variant(text: &mut String, main: &Track, voice: Option<&Track>, attributes: &[String]) {
    let bandwidth = (main.peak_bitrate + voice.map_or(0, |voice| voice.peak_bitrate)).max(1);
    let codecs: Vec<&str> =
        [Some(main), voice].into_iter().flatten().filter_map(largest).map(|e| e.codecs.as_str()).collect();
    let _ = write!(text, "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},CODECS=\"{}\"", codecs.join(","));
    if let Some(epoch) = largest(main).filter(|epoch| epoch.width > 0) {
        let _ = write!(text, ",RESOLUTION={}x{}", epoch.width, epoch.height);
    }
    for attribute in attributes {
        let _ = write!(text, ",{attribute}");
    }
    let _ = writeln!(text, "\n{}", uri(main));
}

/// The lead's camera, screen and voice, as far as anything of them was recorded. Without a lead, whoever came first.
fn lead_tracks(manifest: &Manifest) -> (Option<&Track>, Option<&Track>, Option<&Track>) {
    let in_hls = |track: &&Track| track.epochs.iter().any(|epoch| epoch.parts > 0 && epoch.is_cmaf());
    let written = || manifest.tracks.iter().filter(in_hls);
    let lead = manifest.lesson.lead.as_ref().filter(|lead| written().any(|track| track.name.participant == **lead));
    let lead = lead.or(written().next().map(|track| &track.name.participant));
    let slot = |slot| written().find(|track| track.name.slot == slot && Some(&track.name.participant) == lead);
    (slot(Slot::Camera), slot(Slot::Screen), slot(Slot::Voice))
}

/// Where the picture and the voice of the master both have begun: players should not open on an empty second.
pub fn start_micros(manifest: &Manifest) -> Option<u64> {
    let (camera, screen, voice) = lead_tracks(manifest);
    let starts = [camera.or(screen), voice].into_iter().flatten().filter_map(Track::span_micros).map(|span| span.0);
    starts.max()
}

/// The epoch whose codec string asks most of a decoder.
fn largest(track: &Track) -> Option<&Epoch> {
    track
        .epochs
        .iter()
        .filter(|epoch| epoch.parts > 0 && epoch.is_cmaf())
        .max_by_key(|epoch| (epoch.codecs.as_str(), epoch.width))
}

fn uri(track: &Track) -> String {
    format!("t/{}/{TRACK}", track.name)
}
