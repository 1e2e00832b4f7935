//! Master playlists: the program, and the lead's tracks by themselves.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    PROGRAM_PICTURE, PROGRAM_VOICE, TRACK,
    rendition::{Rendition, lead_tracks},
};
use crate::manifest::{Epoch, Manifest, Track};

const HEAD: &str = "#EXTM3U\n#EXT-X-VERSION:7\n";

/// Of resource mode, relative to the recording's directory: the lead's camera with the voice of the whole lesson.
///
/// There is one variant. The courseware is no second one: players would take it for another quality of the camera and
/// switch to it with the bandwidth. It is an alternative picture (EXT-X-MEDIA TYPE=VIDEO) for those who know these, and our
/// page plays its own playlist beside the camera's.
pub fn master(manifest: &Manifest) -> String {
    let track = |number: u16| manifest.tracks.get(usize::from(number));
    let (camera, screen, voice) = lead_tracks(manifest);
    let (camera, screen, voice) = (camera.and_then(track), screen.and_then(track), voice.and_then(track));
    let picture = camera.or(screen);
    let mut text = String::from(HEAD);
    let mut attributes = Vec::new();
    if let (Some(_), Some(voice)) = (picture, voice) {
        write_voice(&mut text, voice, &uri(voice));
        attributes.push("AUDIO=\"voice\"");
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
        attributes.push("VIDEO=\"picture\"");
    }
    if let Some(main) = picture.or(voice) {
        write_variant(&mut text, &[main], picture.and(voice), &attributes, &uri(main));
    }
    text
}

/// Of program mode, relative to the recording's directory: the one picture the lesson shows, with its one voice. Empty where
/// there is no such picture.
pub fn program(manifest: &Manifest) -> String {
    let track = |number: u16| manifest.tracks.get(usize::from(number));
    let voice = manifest.program_voice().and_then(track);
    let mut shown: Vec<u16> = manifest.program.iter().map(|cut| cut.track).collect();
    shown.sort_unstable();
    shown.dedup();
    let shown: Vec<&Track> = shown.into_iter().filter_map(track).collect();
    let mut text = String::from(HEAD);
    if let Some(voice) = voice.filter(|_| !shown.is_empty()) {
        write_voice(&mut text, voice, PROGRAM_VOICE);
    }
    if !shown.is_empty() {
        let attributes: &[&str] = if voice.is_some() { &["AUDIO=\"voice\""] } else { &[] };
        write_variant(&mut text, &shown, voice, attributes, PROGRAM_PICTURE);
    }
    text
}

fn write_voice(text: &mut String, voice: &Track, uri: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(
        text,
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"voice\",NAME=\"{}\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"{uri}\"",
        voice.name
    );
}

/// The variant that plays `shown`, one after another, at `uri`.
fn write_variant(text: &mut String, shown: &[&Track], voice: Option<&Track>, attributes: &[&str], uri: &str) {
    let peak = shown.iter().map(|track| track.peak_bitrate).max().unwrap_or(0);
    let bandwidth = (peak + voice.map_or(0, |voice| voice.peak_bitrate)).max(1);
    let picture = largest(shown);
    let mut codecs = families(shown);
    codecs.extend(voice.map(|voice| families(&[voice])).unwrap_or_default());
    let _ = write!(text, "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},CODECS=\"{}\"", codecs.join(","));
    if let Some(epoch) = picture.filter(|epoch| epoch.width > 0) {
        let _ = write!(text, ",RESOLUTION={}x{}", epoch.width, epoch.height);
    }
    for attribute in attributes {
        let _ = write!(text, ",{attribute}");
    }
    let _ = writeln!(text, "\n{uri}");
}

/// Where picture and voice both have begun: players should not open on an empty second.
pub fn start_micros(manifest: &Manifest, rendition: Rendition) -> Option<u64> {
    let together = if rendition.is_program() {
        [Some(Rendition::ProgramPicture), manifest.program_voice().map(Rendition::ProgramVoice)]
    } else {
        let (camera, screen, voice) = lead_tracks(manifest);
        [camera.or(screen).map(Rendition::Track), voice.map(Rendition::Track)]
    };
    let starts =
        together.into_iter().flatten().filter_map(|rendition| Some(rendition.stretches(manifest).first()?.from));
    starts.max()
}

/// Of each codec the string that asks most of a decoder. A lesson that was interrupted may go on with another codec.
fn families<'m>(tracks: &[&'m Track]) -> Vec<&'m str> {
    let mut most: BTreeMap<&str, &str> = BTreeMap::new();
    for epoch in played(tracks) {
        let codecs = epoch.codecs.as_str();
        let family = codecs.split('.').next().unwrap_or(codecs);
        let known = most.entry(family).or_insert(codecs);
        *known = (*known).max(codecs);
    }
    most.into_values().collect()
}

/// The epoch whose codec string asks most of a decoder.
fn largest<'m>(tracks: &[&'m Track]) -> Option<&'m Epoch> {
    played(tracks).max_by_key(|epoch| (epoch.codecs.as_str(), epoch.width))
}

fn played<'m>(tracks: &[&'m Track]) -> impl Iterator<Item = &'m Epoch> {
    tracks.iter().flat_map(|track| &track.epochs).filter(|epoch| epoch.parts > 0 && epoch.is_cmaf())
}

fn uri(track: &Track) -> String {
    format!("t/{}/{TRACK}", track.name)
}
