//! A whole recording: packets of any content, order and time on several tracks, sender reports and stages between them;
//! then everything that is played of it.
#![no_main]

use std::{collections::HashMap, time::Duration};

use libfuzzer_sys::fuzz_target;
use protocol::{
    ids::{LessonId, ParticipantId},
    time::UtcMs,
};
use recorder::{
    Codec, Effect, Lesson, LessonRecording, Manifest, SenderReport, Slot, Stage, TrackName,
    download::{self, Content, Extent},
    index, playlist,
    recover::recover,
};
use tongke_fuzz::chunks;

/// What a source of pictures may come back with.
const PICTURES: [Codec; 4] = [Codec::H264, Codec::Vp9, Codec::Vp8, Codec::Av1];

fuzz_target!(|input: &[u8]| {
    let lesson = Lesson {
        version: recorder::manifest::VERSION,
        lesson: LessonId::parse("music-3a").expect("an id"),
        lead: ParticipantId::parse("master").ok(),
        began_at: UtcMs(1_795_312_800_000),
    };
    let mut recording = LessonRecording::new(lesson).expect("a recording");
    let participant = ParticipantId::parse("master").expect("an id");
    let tracks = [(Slot::Voice, Codec::Opus), (Slot::Camera, Codec::H264), (Slot::Screen, Codec::Vp9)];
    let mut now = Duration::ZERO;
    let mut disk = HashMap::new();
    let mut keys = tracks.map(|(slot, codec)| {
        let name = TrackName { participant: participant.clone(), slot };
        recording.handle_track_started(now, &name, codec, 7)
    });
    for (kind, bytes) in chunks(input) {
        let (which, what) = (usize::from(kind % 3), kind / 3 % 8);
        let Some(key) = keys[which] else { continue };
        let _ = match (what, bytes) {
            (0, [time, ..]) => {
                now += Duration::from_millis(u64::from(*time) * 10);
                recording.handle_timeout(now)
            }
            (1, &[a, b, c, d, e, f, g, h, ..]) => {
                let ntp = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
                recording.handle_sender_report(now, key, SenderReport { ntp, rtp: u32::from_be_bytes([e, f, g, h]) })
            }
            (2, [ssrc, rest @ ..]) => {
                let participant = if *ssrc < 0x80 { participant.clone() } else { point() };
                let name = TrackName { participant, slot: tracks[which].0 };
                let other = rest.first().filter(|_| which > 0).map(|&codec| PICTURES[usize::from(codec % 4)]);
                let codec = other.unwrap_or(tracks[which].1);
                keys[which] = recording.handle_track_started(now, &name, codec, u32::from(*ssrc));
                Ok(())
            }
            (3, []) => recording.handle_track_ended(now, key),
            (3, [stage, ..]) => {
                let floor = if stage & 1 == 1 { vec![point()] } else { Vec::new() };
                recording.handle_stage(now, Stage { floor, courseware: stage & 2 == 2 });
                Ok(())
            }
            (4, bytes) => recording.handle_packet(now, key, bytes),
            (_, [sequence, time, marker, payload @ ..]) => recording.handle_packet(now, key, &packet(*sequence, *time, *marker, payload)),
            _ => Ok(()),
        };
        carry_out(&mut recording, &mut disk);
    }
    let _ = recording.handle_end(now);
    carry_out(&mut recording, &mut disk);
    written_can_be_read(&disk);
    recorded_can_be_played(recording.manifest(), &disk);
});

fn point() -> ParticipantId {
    ParticipantId::parse("point-1").expect("an id")
}

/// Does what the recording wants, on a disk in memory.
fn carry_out(recording: &mut LessonRecording, disk: &mut HashMap<String, Vec<u8>>) {
    while let Some(effect) = recording.poll_effect() {
        match effect {
            Effect::Append { file, bytes } => disk.entry(file.path()).or_default().extend(bytes),
            Effect::ReadBack { file, offset, len } => {
                let range = offset as usize..(offset + len) as usize;
                let bytes = disk.get(&file.path()).and_then(|file| file.get(range)).expect("what was appended");
                recording.handle_read_back(Some(bytes)).expect("it was asked for");
            }
            _ => {}
        }
    }
}

fn packet(sequence: u8, time: u8, marker: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 96 | (marker & 0x80), 0, sequence, 0, 0, time, 0, 0, 0, 0, 7];
    packet.extend_from_slice(payload);
    packet
}

/// The journal of a recording tells what its manifest tells.
fn written_can_be_read(disk: &HashMap<String, Vec<u8>>) {
    let journal = &disk["journal.wal"];
    let recovered = recover(journal, |_| u64::MAX).expect("a journal");
    assert!(recovered.had_ended);
    assert_eq!(recovered.journal_len, journal.len());
    let json = recovered.manifest.to_json().expect("a manifest");
    let read = Manifest::from_json(&json).expect("a manifest");
    assert_eq!(read.to_json().expect("a manifest"), json, "what is written is read");
}

/// Every playlist is made, and whatever one names is in the files.
fn recorded_can_be_played(manifest: &Manifest, disk: &HashMap<String, Vec<u8>>) {
    let parts: playlist::PartsOf<'_> = &|track, epoch| {
        let file = recorder::File::Index { track: track.name.clone(), epoch };
        index::decode(disk.get(&file.path()).map_or(&[], Vec::as_slice))
    };
    let mut texts = vec![playlist::master(manifest), playlist::program(manifest), playlist::program_picture(manifest, parts, playlist::Latency::Low)];
    texts.extend(playlist::program_voice(manifest, parts, playlist::Latency::Low));
    for track in &manifest.tracks {
        texts.push(playlist::media(manifest, track, parts, playlist::Latency::Low));
        playlist::parts_json(manifest, track, parts);
    }
    for seam in texts[2].lines().filter_map(|line| line.strip_prefix("seam/")) {
        let (track, name) = seam.split_once('/').expect("a directory");
        let track = manifest.track_in(track).expect("a track");
        let seam = playlist::Seam::from_name(name).expect("a name");
        let part = parts(track, seam.epoch).into_iter().find(|part| part.offset == seam.offset).expect("a part");
        let epoch = &track.epochs[seam.epoch as usize];
        let file = &disk[&recorder::File::Media { track: track.name.clone(), epoch: seam.epoch, container: epoch.container }.path()];
        seam.cut(epoch, &file[part.offset as usize..][..part.len as usize]).expect("it begins before the seam");
    }
    for content in [Content::Program, Content::Voice] {
        download_is_whole(manifest, parts, disk, content);
    }
}

fn download_is_whole(manifest: &Manifest, parts: playlist::PartsOf<'_>, disk: &HashMap<String, Vec<u8>>, content: Content) {
    let mut head = |file: &recorder::File, offset: u64, len: usize| {
        let rest = disk.get(&file.path())?.get(offset as usize..)?;
        Some(rest[..len.min(rest.len())].to_vec())
    };
    match download::download(manifest, parts, &mut head, content) {
        Ok(made) => {
            let len: u64 = made.extents.iter().map(|extent| match extent {
                Extent::Bytes(bytes) => bytes.len() as u64,
                Extent::File { file, offset, len } => {
                    assert!(offset + len <= disk[&file.path()].len() as u64, "beyond the end of {file:?}");
                    *len
                }
            }).sum();
            assert_eq!(len, made.len);
        }
        Err(error) => assert_eq!(error, download::DownloadError::Empty),
    }
}
