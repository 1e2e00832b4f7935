//! Playlists of recorded lessons, read back by another crate.

use m3u8_rs::{AlternativeMediaType, MasterPlaylist, MediaPlaylist, MediaPlaylistType};

use super::*;

mod any_lesson;

use crate::{
    Codec, File, Manifest, Slot, Stage, TrackName, index, limits::CUT_DELAY, manifest::tests::name, testing::Studio,
};

fn playlist(studio: &Studio, of: &TrackName) -> MediaPlaylist {
    let manifest = studio.recording.manifest();
    let track = manifest.track(of).unwrap().1;
    read(&media(manifest, track, &|track, epoch| parts_of(studio, track, epoch), Latency::Ordinary))
}

fn parts_of(studio: &Studio, track: &Track, epoch: u32) -> Vec<Part> {
    index::decode(studio.file(&File::Index { track: track.name.clone(), epoch }.path()))
}

fn read(text: &str) -> MediaPlaylist {
    let (rest, read) = m3u8_rs::parse_media_playlist(text.as_bytes()).unwrap();
    assert!(rest.is_empty(), "{text}");
    read
}

fn read_master(manifest: &Manifest) -> MasterPlaylist {
    m3u8_rs::parse_master_playlist(master(manifest).as_bytes()).unwrap().1
}

fn is_gap(segment: &m3u8_rs::MediaSegment) -> bool {
    segment.unknown_tags.iter().any(|tag| tag.tag == "X-GAP")
}

/// Start of each segment by summing EXTINF, in milliseconds.
fn starts(playlist: &MediaPlaylist) -> Vec<u64> {
    let mut at = 0.0;
    let starts = playlist.segments.iter().map(|segment| {
        let start = at;
        at += f64::from(segment.duration);
        (start * 1_000.0f64).round() as u64
    });
    starts.collect()
}

fn lesson_of_20_s() -> Studio {
    let mut studio = Studio::new();
    studio.start_lead();
    studio.teach(0..20_000);
    studio
}

#[test]
fn a_finished_track_is_segments_of_its_file_from_keyframe_to_keyframe() {
    let mut studio = lesson_of_20_s();
    studio.end();
    let camera = name("master", Slot::Camera);
    let playlist = playlist(&studio, &camera);
    assert_eq!(playlist.playlist_type, Some(MediaPlaylistType::Vod));
    assert!(playlist.end_list);
    let media: Vec<_> = playlist.segments.iter().filter(|segment| !is_gap(segment)).collect();
    assert_eq!(media.len(), 5);
    let mut next = u64::from(studio.recording.manifest().tracks[0].epochs[0].init_len);
    for segment in &media {
        let range = segment.byte_range.as_ref().unwrap();
        assert_eq!((segment.uri.as_str(), range.offset), ("0.cmaf", Some(next)));
        next += range.length;
    }
    assert_eq!(next, studio.file("t/master-camera/0.cmaf").len() as u64, "every byte is in one segment");
    assert!(media.iter().all(|segment| segment.duration <= playlist.target_duration as f32 + 0.5));
    let map = playlist.segments[0].map.as_ref().unwrap();
    assert_eq!((map.uri.as_str(), map.byte_range.as_ref().unwrap().offset), ("0.cmaf", Some(0)));
}

#[test]
fn a_running_lesson_lists_what_is_complete_and_only_grows() {
    let mut studio = lesson_of_20_s();
    let camera = name("master", Slot::Camera);
    let before = playlist(&studio, &camera);
    assert_eq!(before.playlist_type, Some(MediaPlaylistType::Event));
    assert!(!before.end_list);
    studio.teach(20_000..32_000);
    let after = playlist(&studio, &camera);
    assert!(after.segments.len() > before.segments.len());
    assert_eq!(after.segments[..before.segments.len()], before.segments);
    assert_eq!(after.target_duration, before.target_duration);
}

#[test]
fn a_track_that_begins_late_begins_late_in_the_player_too() {
    let mut studio = lesson_of_20_s();
    let screen = name("master", Slot::Screen);
    studio.start(screen.clone(), Codec::H264, 90_000);
    studio.teach(20_000..32_000);
    studio.end();
    let playlist = playlist(&studio, &screen);
    let first = playlist.segments.iter().position(|segment| !is_gap(segment)).unwrap();
    let start = starts(&playlist)[first];
    let recorded = studio.recording.manifest().track(&screen).unwrap().1.span_micros().unwrap().0;
    assert_eq!(start, (recorded + 500) / 1_000);
    assert!((20_000..22_100).contains(&start), "{start}");
    assert!(playlist.segments[0].map.is_some(), "a map stands before the first entry, gap or not");
}

#[test]
fn a_reconnect_breaks_all_renditions_of_the_lead_at_the_same_place() {
    let mut studio = lesson_of_20_s();
    let (camera, voice) = (name("master", Slot::Camera), name("master", Slot::Voice));
    let screen = name("master", Slot::Screen);
    studio.start(screen.clone(), Codec::H264, 90_000);
    studio.end_track(&camera);
    studio.end_track(&voice);
    studio.teach(20_000..50_000);
    studio.start_lead();
    studio.teach(50_000..70_000);
    studio.end();
    for track in [&camera, &voice, &screen] {
        let playlist = playlist(&studio, track);
        let broken: Vec<_> = playlist.segments.iter().zip(starts(&playlist)).filter(|(s, _)| s.discontinuity).collect();
        // The camera's card begins 10 s after its last frame, the new source when it is back.
        assert_eq!(broken.len(), 2, "{track}");
        assert!((29_900..42_000).contains(&broken[0].1), "{track} at {}", broken[0].1);
        assert!((50_000..56_000).contains(&broken[1].1), "{track} at {}", broken[1].1);
        assert!(broken.iter().all(|(segment, _)| segment.program_date_time.is_some()));
        let files = broken.iter().map(|(segment, _)| (segment.uri.as_str(), segment.map.is_some())).collect::<Vec<_>>();
        let gaps = playlist.segments.iter().filter(|segment| is_gap(segment)).count();
        let before_its_first_frame = 1;
        if track == &camera {
            assert_eq!((files, gaps), (vec![("1.cmaf", true), ("2.cmaf", true)], before_its_first_frame));
        } else if track == &voice {
            assert_eq!((files[1].0, gaps), ("0.cmaf", before_its_first_frame), "silence fills the rest");
        }
    }
}

#[test]
fn the_master_plays_the_leads_camera_with_the_voice_and_names_the_screen() {
    let mut studio = lesson_of_20_s();
    studio.start(name("master", Slot::Screen), Codec::H264, 90_000);
    studio.start(name("point-1", Slot::Camera), Codec::H264, 90_000);
    studio.start(name("point-1", Slot::Voice), Codec::Opus, 48_000);
    studio.teach(20_000..30_000);
    studio.end();
    let master = read_master(studio.recording.manifest());
    assert_eq!(master.variants.len(), 1, "the screen is no other quality of the camera");
    let variant = &master.variants[0];
    assert_eq!(variant.uri, "t/master-camera/track.m3u8");
    assert_eq!(variant.codecs.as_deref(), Some("avc1.42c01f,opus"));
    assert_eq!(variant.resolution.map(|r| (r.width, r.height)), Some((1_280, 720)));
    assert_eq!((variant.audio.as_deref(), variant.video.as_deref()), (Some("voice"), Some("picture")));
    assert!(variant.bandwidth > 1_000);
    let uris = |kind| -> Vec<_> {
        master.alternatives.iter().filter(|media| media.media_type == kind).filter_map(|m| m.uri.clone()).collect()
    };
    assert_eq!(uris(AlternativeMediaType::Audio), ["t/master-program/track.m3u8"], "everybody's voice");
    assert_eq!(uris(AlternativeMediaType::Video), ["t/master-camera/track.m3u8", "t/master-screen/track.m3u8"]);
}

#[test]
fn a_lesson_of_voice_alone_plays_too() {
    let mut studio = Studio::new();
    studio.start(name("master", Slot::Voice), Codec::Opus, 48_000);
    studio.teach(0..5_000);
    studio.end();
    let master = read_master(studio.recording.manifest());
    assert_eq!(master.variants[0].uri, "t/master-program/track.m3u8");
    assert_eq!(master.variants[0].codecs.as_deref(), Some("opus"));
    assert!(master.alternatives.is_empty());
}

#[test]
fn an_empty_lesson_makes_playlists_that_read() {
    let mut studio = Studio::new();
    studio.end();
    assert_eq!(super::master(studio.recording.manifest()), "#EXTM3U\n#EXT-X-VERSION:7\n");
}

#[test]
fn program_date_time_is_the_lesson_clock() {
    let mut studio = lesson_of_20_s();
    studio.end();
    let playlist = playlist(&studio, &name("master", Slot::Voice));
    let first = playlist.segments[0].program_date_time.unwrap();
    assert_eq!(first.timestamp_millis(), studio.recording.manifest().lesson.began_at.0);
}

#[test]
fn players_start_where_picture_and_voice_have_begun() {
    let mut studio = Studio::new();
    studio.start(name("master", Slot::Voice), Codec::Opus, 48_000);
    studio.teach(0..4_000);
    studio.start(name("master", Slot::Camera), Codec::H264, 90_000);
    studio.teach(4_000..12_000);
    studio.end();
    let camera = studio.recording.manifest().track(&name("master", Slot::Camera)).unwrap().1;
    let camera_start = camera.span_micros().unwrap().0 as f64 / 1e6;
    for slot in [Slot::Voice, Slot::Camera] {
        let start = playlist(&studio, &name("master", slot)).start.unwrap();
        let offset: f64 = start.time_offset.to_string().parse().unwrap();
        assert!((offset - camera_start).abs() < 0.001, "{offset} is not {camera_start}");
    }
}

#[test]
fn a_lesson_on_vp8_is_voice_in_hls_and_all_of_it_in_parts() {
    let mut studio = Studio::new();
    let camera = name("master", Slot::Camera);
    studio.start(camera.clone(), Codec::Vp8, 90_000);
    studio.start(name("master", Slot::Voice), Codec::Opus, 48_000);
    studio.teach(0..5_000);
    studio.end();
    let manifest = studio.recording.manifest();
    assert!(!manifest.has_program());
    let text = master(manifest);
    assert!(text.contains("CODECS=\"opus\"") && !text.contains("camera"), "{text}");
    assert!(playlist(&studio, &camera).segments.iter().all(is_gap));
    for (track, mime, url) in [
        (&camera, "video/webm; codecs=\"vp8\"", "0.webm"),
        (&name("master", Slot::Voice), "audio/mp4; codecs=\"opus\"", "0.cmaf"),
    ] {
        let track = manifest.track(track).unwrap().1;
        let json = parts_json(manifest, track, &|track, epoch| parts_of(&studio, track, epoch));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let file = &json["epochs"][0];
        assert_eq!((file["mime"].as_str(), file["url"].as_str()), (Some(mime), Some(url)));
        assert_eq!((file["init"][0].as_u64(), json["ended"].as_bool()), (Some(0), Some(true)));
        let rows: Vec<Vec<u64>> = serde_json::from_value(file["parts"].clone()).unwrap();
        assert_eq!(rows[0][2], file["init"][1].as_u64().unwrap(), "the first part follows the init");
        assert_eq!(rows[0][4], 1);
        for pair in rows.windows(2) {
            assert_eq!((pair[0][1], pair[0][2] + pair[0][3]), (pair[1][0], pair[1][2]), "without a hole");
        }
        let (_, end) = track.span_micros().unwrap();
        assert_eq!(rows.last().map(|row| row[1]), Some(end / 1_000));
    }
}

/// The program's picture and voice.
fn program_of(studio: &Studio) -> [MediaPlaylist; 2] {
    let manifest = studio.recording.manifest();
    let parts: PartsOf<'_> = &|track, epoch| parts_of(studio, track, epoch);
    let ordinary = Latency::Ordinary;
    [program_picture(manifest, parts, ordinary), program_voice(manifest, parts, ordinary).unwrap()]
        .map(|text| read(&text))
}

/// Twenty seconds of the lead, then courseware and a called-on point in turn, every few seconds.
fn switched_lesson() -> Studio {
    let mut studio = lesson_of_20_s();
    studio.start(name("master", Slot::Screen), Codec::H264, 90_000);
    studio.sender(&name("master", Slot::Screen)).keyframe_at_ms = 720;
    studio.start(name("point-1", Slot::Camera), Codec::H264, 90_000);
    studio.start(name("point-1", Slot::Voice), Codec::Opus, 48_000);
    let point = vec![name("point-1", Slot::Camera).participant];
    for (from, floor, courseware) in
        [(20_000, &[][..], true), (27_000, &point, true), (33_500, &[], true), (40_000, &[], false)]
    {
        studio.stage(from, Stage { floor: floor.to_vec(), courseware });
        studio.teach(from..from + 7_000);
    }
    studio
}

#[test]
fn the_program_is_cut_from_tracks_and_its_voice_breaks_where_the_picture_does() {
    let mut studio = switched_lesson();
    studio.end();
    let [picture, voice] = program_of(&studio);
    let manifest = studio.recording.manifest();
    assert_eq!(manifest.program.len(), 5);
    let broken = |playlist: &MediaPlaylist| -> Vec<u64> {
        let segments = playlist.segments.iter().zip(starts(playlist));
        segments.filter(|(segment, _)| segment.discontinuity).map(|(_, start)| start).collect()
    };
    let cuts: Vec<u64> = manifest.program[1..].iter().map(|cut| (cut.at_us + 500) / 1_000).collect();
    assert_eq!(broken(&picture), cuts);
    assert_eq!(broken(&voice).len(), cuts.len());
    assert!(broken(&voice).iter().zip(&cuts).all(|(at, cut)| at.abs_diff(*cut) <= 300), "{:?}", broken(&voice));
    for playlist in [&picture, &voice] {
        assert_eq!(
            playlist.segments.iter().filter(|segment| is_gap(segment)).count(),
            1,
            "only before the first sample"
        );
        let end = starts(playlist).last().unwrap() + (playlist.segments.last().unwrap().duration * 1e3) as u64;
        assert!(end.abs_diff(manifest.duration_ms) <= 40, "{end} of {}", manifest.duration_ms);
    }
    let shown: Vec<&str> = picture.segments.iter().filter(|s| s.map.is_some()).map(|s| s.uri.as_str()).collect();
    let tracks = ["master-camera", "master-screen", "point-1-camera", "master-screen", "master-camera"];
    assert_eq!(shown[..1], ["gap.cmaf"], "the first gap names the first file's map");
    assert_eq!(shown[1..], tracks[1..].iter().map(|track| format!("t/{track}/0.cmaf")).collect::<Vec<_>>());
}

#[test]
fn the_running_program_lists_only_what_stays_as_it_is() {
    let mut studio = lesson_of_20_s();
    studio.start(name("master", Slot::Screen), Codec::H264, 90_000);
    let mut before = program_of(&studio);
    for second in 20..60 {
        let courseware = second / 5 % 2 == 0;
        studio.stage(second * 1_000, Stage { floor: Vec::new(), courseware });
        studio.teach(second * 1_000..second * 1_000 + 1_000);
        let now = program_of(&studio);
        for (before, now) in before.iter().zip(&now) {
            assert_eq!(now.segments[..before.segments.len()], before.segments, "at {second} s");
            assert_eq!(now.target_duration, before.target_duration);
        }
        before = now;
    }
    assert!(before[0].segments.iter().filter(|segment| segment.discontinuity).count() >= 5);
}

/// The program's picture and voice for players that want to be near, as text.
fn near_program_of(studio: &mut Studio) -> [String; 2] {
    studio.look();
    let manifest = studio.recording.manifest();
    let parts: PartsOf<'_> = &|track, epoch| parts_of(studio, track, epoch);
    [program_picture(manifest, parts, Latency::Low), program_voice(manifest, parts, Latency::Low).unwrap()]
}

/// The attributes of every part, those of one segment together, and whether EXTINF follows.
fn listed(playlist: &str) -> Vec<(Vec<&str>, bool)> {
    let mut segments = vec![(Vec::new(), false)];
    for line in playlist.lines() {
        let segment = segments.last_mut().unwrap();
        if let Some(part) = line.strip_prefix("#EXT-X-PART:") {
            segment.0.push(part);
        } else if line.starts_with("#EXTINF:") {
            segment.1 = true;
            segments.push((Vec::new(), false));
        }
    }
    segments
}

fn attribute<'t>(part: &'t str, name: &str) -> Option<&'t str> {
    part.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(|value| value.trim_matches('"'))
}

#[test]
fn parts_of_the_running_program_are_listed_once_they_are_settled_and_stay() {
    let mut studio = lesson_of_20_s();
    studio.start(name("master", Slot::Screen), Codec::H264, 90_000);
    let mut before = near_program_of(&mut studio);
    for second in 20..60 {
        let courseware = second / 5 % 2 == 0;
        studio.stage(second * 1_000, Stage { floor: Vec::new(), courseware });
        studio.teach(second * 1_000..second * 1_000 + 1_000);
        let now = near_program_of(&mut studio);
        for (before, now) in before.iter().zip(&now) {
            assert!(
                now.lines().last().unwrap().starts_with('#'),
                "a player may not take its last line for the last segment's"
            );
            let (was, is) = (listed(before), listed(now));
            for ((was, was_whole), (is, is_whole)) in was.iter().zip(&is) {
                let is_long_past = is.is_empty() && *was_whole;
                assert!(is_long_past || is.starts_with(was), "at {second} s: {is:?} does not go on from {was:?}");
                assert!(is_whole >= was_whole && (is_long_past || is == was || !was_whole), "{is:?} after {was:?}");
            }
            let grown = |text: &str| listed(text).last().unwrap().0.len();
            let last = Reload::from_query(&format!("_HLS_msn={}&_HLS_part={}", is.len() - 1, grown(now))).unwrap();
            assert_eq!(last.unwrap().reached(now), Reached::NotYet, "the next part");
        }
        before = now;
    }
    let playlist = read(&before[0]);
    for (segment, (parts, _)) in playlist.segments.iter().zip(listed(&before[0])).filter(|(_, of)| !of.0.is_empty()) {
        let sum: f32 = parts.iter().map(|part| attribute(part, "DURATION").unwrap().parse::<f32>().unwrap()).sum();
        assert!((sum - segment.duration).abs() < 0.101, "{sum} s of parts in {} s", segment.duration);
        if let Some(range) = &segment.byte_range {
            let len =
                |part: &&str| attribute(part, "BYTERANGE").unwrap().split_once('@').unwrap().0.parse::<u64>().unwrap();
            assert_eq!(parts.iter().map(len).sum::<u64>(), range.length, "parts make up their segment");
        }
    }
    let end = starts(&playlist).last().unwrap() + (playlist.segments.last().unwrap().duration * 1e3) as u64;
    let growing = listed(&before[0]).last().unwrap().0.len() as u64 * 400;
    let settled = studio.recording.manifest().duration_ms - CUT_DELAY.as_millis() as u64;
    assert!(end + growing + 500 >= settled, "{end} and {growing} more, of {settled}");
}

#[test]
fn a_part_that_lasts_too_long_comes_with_its_segment() {
    let mut studio = Studio::new();
    studio.start(name("master", Slot::Voice), Codec::Opus, 48_000);
    studio.start(name("master", Slot::Camera), Codec::H264, 90_000);
    studio.teach(0..10_000);
    let camera = name("master", Slot::Camera);
    let silent = studio.senders.iter().position(|sender| sender.name == camera).unwrap();
    let sender = studio.senders.remove(silent);
    studio.teach(10_000..11_500);
    studio.senders.push(sender);
    studio.teach(11_500..20_000);
    let [picture, _] = near_program_of(&mut studio);
    let playlist = read(&picture);
    let short =
        |(parts, _): &(Vec<&str>, bool)| parts.iter().all(|part| attribute(part, "DURATION").unwrap() <= "0.500000");
    assert!(listed(&picture).iter().all(short), "{picture}");
    let paused = playlist
        .segments
        .iter()
        .zip(starts(&playlist))
        .position(|(segment, start)| (start..start + (segment.duration * 1e3) as u64).contains(&11_000));
    let sum = |parts: &[&str]| {
        parts.iter().map(|part| attribute(part, "DURATION").unwrap().parse::<f32>().unwrap()).sum::<f32>()
    };
    let (parts, is_whole) = &listed(&picture)[paused.unwrap()];
    assert!(*is_whole && sum(parts) + 1.0 < playlist.segments[paused.unwrap()].duration, "{picture}");
}

#[test]
fn a_finished_recording_has_nothing_of_low_latency() {
    let mut studio = switched_lesson();
    assert!(near_program_of(&mut studio)[0].contains("CAN-BLOCK-RELOAD=YES"));
    studio.end();
    for (near, ordinary) in near_program_of(&mut studio).iter().zip(program_of(&studio)) {
        assert!(!near.contains("PART"), "{near}");
        assert_eq!(read(near), ordinary);
    }
}

#[test]
fn a_pause_and_a_reconnect_change_nothing_that_was_listed() {
    let mut studio = lesson_of_20_s();
    let (camera, voice) = (name("master", Slot::Camera), name("master", Slot::Voice));
    let listed = |studio: &mut Studio| {
        studio.look();
        let [picture, sound] = program_of(studio);
        [picture, sound, playlist(studio, &camera), playlist(studio, &voice)]
    };
    let mut before = listed(&mut studio);
    for second in 20..90 {
        match second {
            25 => studio.end_track(&camera),
            45 | 60 => studio.start(camera.clone(), Codec::H264, 90_000),
            _ => {}
        }
        studio.teach(second * 1_000..second * 1_000 + 1_000);
        let now = listed(&mut studio);
        for (before, now) in before.iter().zip(&now) {
            assert!(now.segments.starts_with(&before.segments), "at {second} s: {now:#?} after {before:#?}");
        }
        before = now;
    }
    let breaks = before.iter().map(|playlist| playlist.segments.iter().filter(|segment| segment.discontinuity).count());
    assert!(breaks.into_iter().all(|breaks| breaks >= 3), "the card, and twice a new source");
}

#[test]
fn the_program_master_plays_picture_and_voice_together() {
    let mut studio = switched_lesson();
    studio.end();
    let text = program(studio.recording.manifest());
    let master = m3u8_rs::parse_master_playlist(text.as_bytes()).unwrap().1;
    assert_eq!((master.variants.len(), master.variants[0].uri.as_str()), (1, PROGRAM_PICTURE));
    assert_eq!(master.variants[0].codecs.as_deref(), Some("avc1.42c01f,opus"));
    assert_eq!(master.alternatives[0].uri.as_deref(), Some(PROGRAM_VOICE));
}

#[test]
fn a_lesson_without_a_picture_has_no_program() {
    let mut studio = Studio::new();
    studio.start(name("master", Slot::Voice), Codec::Opus, 48_000);
    studio.teach(0..5_000);
    studio.end();
    let manifest = studio.recording.manifest();
    assert!(!manifest.has_program());
    assert_eq!(program(manifest), "#EXTM3U\n#EXT-X-VERSION:7\n");
}

/// Time and length of every sample in parts, in ticks.
fn sample_times(mut bytes: &[u8]) -> Vec<(u64, u32)> {
    use mp4_atom::{Decode, Mdat, Moof};
    let mut times = Vec::new();
    while !bytes.is_empty() {
        let moof = Moof::decode(&mut bytes).unwrap();
        Mdat::decode(&mut bytes).unwrap();
        let mut time = moof.traf[0].tfdt.as_ref().unwrap().base_media_decode_time;
        for sample in moof.traf[0].trun[0].samples.iter() {
            times.push((time, sample.duration.unwrap()));
            time += u64::from(sample.duration.unwrap());
        }
    }
    times
}

/// What is at the address of a segment of the program's picture.
fn bytes_of(studio: &Studio, segment: &m3u8_rs::MediaSegment) -> Vec<u8> {
    let (track, name) = segment.uri.rsplit_once('/').unwrap();
    let (kind, track) = track.split_once('/').unwrap();
    let track = studio.recording.manifest().track_in(track).unwrap();
    if kind != SEAMS {
        let range = segment.byte_range.as_ref().unwrap();
        return studio.file(&segment.uri)[range.offset.unwrap() as usize..][..range.length as usize].to_vec();
    }
    let seam = Seam::from_name(name).unwrap();
    let part = parts_of(studio, track, seam.epoch).into_iter().find(|part| part.offset == seam.offset).unwrap();
    let file = studio.file(&format!("t/{}/{}.cmaf", track.name, seam.epoch));
    let bytes = &file[part.offset as usize..][..part.len as usize];
    seam.cut(&track.epochs[seam.epoch as usize], bytes).unwrap()
}

#[test]
fn every_segment_of_the_program_ends_where_the_next_begins() {
    let mut studio = switched_lesson();
    studio.end();
    let [picture, _] = program_of(&studio);
    let mut seams = 0;
    for (segment, start) in picture.segments.iter().zip(starts(&picture)).filter(|(segment, _)| !is_gap(segment)) {
        seams += usize::from(segment.uri.starts_with(SEAMS));
        let times = sample_times(&bytes_of(&studio, segment));
        let (last, duration) = *times.last().unwrap();
        let ends_ms = (last + u64::from(duration)) / 90;
        let expected_ms = start + (f64::from(segment.duration) * 1e3).round() as u64;
        assert!(times[0].0.abs_diff(start * 90) <= 90, "{} begins with its segment", segment.uri);
        assert!(ends_ms.abs_diff(expected_ms) <= 2, "{} ends at {ends_ms}, not {expected_ms}", segment.uri);
    }
    assert!(seams > 0, "a cut falls into a part");
}

#[test]
fn a_seam_that_nobody_made_is_none() {
    let seam = Seam { epoch: 3, offset: 1_234, until: 5_678_901 };
    assert_eq!(Seam::from_name(&seam.name()), Some(seam));
    for name in ["", "3-1234.cmaf", "3-1234-5.webm", "03-1234-5.cmaf", "3-1234-5-6.cmaf", "-1-2-3.cmaf", "a-b-c.cmaf"] {
        assert_eq!(Seam::from_name(name), None, "{name}");
    }
    let epoch = crate::manifest::tests::epoch("avc1.42c01f", 90_000);
    for bytes in [&b""[..], b"moof", &[0; 100], &[0xff; 40]] {
        assert_eq!(seam.cut(&epoch, bytes), None);
    }
}
