//! Recordings that were whole, and one thing changed.

use super::*;
use crate::{Slot, manifest::tests::name, testing::Studio};

impl Files for Studio {
    fn len(&self, file: &File) -> Option<u64> {
        self.disk.get(&file.path()).map(|bytes| bytes.len() as u64)
    }

    fn read(&self, file: &File, offset: u64, len: usize) -> Option<Vec<u8>> {
        let offset = usize::try_from(offset).ok()?;
        self.disk.get(&file.path())?.get(offset..offset.checked_add(len)?).map(<[u8]>::to_vec)
    }
}

fn taught() -> Studio {
    let mut studio = Studio::new();
    studio.start_lead();
    studio.teach(0..7_000);
    studio
}

fn ended() -> Studio {
    let mut studio = taught();
    studio.end();
    studio
}

fn checked(studio: &Studio) -> Report {
    check(studio.file("journal.wal"), studio)
}

#[test]
fn a_whole_recording_has_no_flaw() {
    let report = checked(&ended());
    assert_eq!(report.flaws, []);
    assert!(report.ended && report.parts >= 30, "{report:?}");
    assert!((6_900..=7_100).contains(&report.duration_ms));
}

#[test]
fn a_recording_under_way_is_not_asked_for_its_index() {
    let report = checked(&taught());
    assert_eq!((report.flaws, report.ended), (Vec::new(), false));
}

#[test]
fn whatever_is_changed_is_found() {
    let camera = || File::Media { track: name("master", Slot::Camera), epoch: 0, container: Container::Cmaf };
    let index = || File::Index { track: name("master", Slot::Camera), epoch: 0 };
    type Change = Box<dyn Fn(&mut Vec<u8>)>;
    let cut = |by: usize| -> Change { Box::new(move |bytes| bytes.truncate(bytes.len() - by)) };
    let put = |at: usize, value: u8| -> Change { Box::new(move |bytes| bytes[at] ^= value) };
    let init_len = ended().recording.manifest().tracks[0].epochs[0].init_len as usize;
    let is_bad = |flaw: &Flaw, expected: PartFlaw| matches!(flaw, Flaw::BadPart { why, .. } if *why == expected);
    type Expected = Box<dyn Fn(&Flaw) -> bool>;
    let bad = |expected: PartFlaw| -> Expected { Box::new(move |flaw| is_bad(flaw, expected)) };
    let same = |expected: Flaw| -> Expected { Box::new(move |flaw| *flaw == expected) };
    let rows: [(&str, Change, Expected); 10] = [
        ("journal.wal", Box::new(Vec::clear), same(Flaw::NoJournal)),
        ("journal.wal", Box::new(|bytes| bytes.extend([1, 2, 3])), same(Flaw::TornJournal { bytes: 3 })),
        ("manifest.json", Box::new(Vec::clear), same(Flaw::NoManifest)),
        ("manifest.json", Box::new(lengthen), same(Flaw::ManifestDiffers)),
        ("t/master-camera/0.idx", cut(32), same(Flaw::IndexDiffers { file: index() })),
        ("t/master-camera/0.cmaf", cut(5), same(Flaw::Short { file: camera(), bytes: 5 })),
        ("t/master-camera/0.cmaf", put(5, 1), same(Flaw::NoInit { file: camera() })),
        ("t/master-camera/0.cmaf", put(init_len + 4, 1), bad(PartFlaw::NoMoof)),
        ("t/master-camera/0.cmaf", put(init_len + 3, 8), bad(PartFlaw::NoMoof)),
        ("t/master-camera/0.cmaf", cut(5), same(Flaw::ManifestDiffers)),
    ];
    for (path, change, expected) in rows {
        let mut studio = ended();
        change(studio.disk.get_mut(path).unwrap());
        let flaws = checked(&studio).flaws;
        assert!(flaws.iter().any(expected), "{path}: {flaws:?}");
        assert!(flaws.iter().all(|flaw| !flaw.to_string().is_empty()));
    }
}

/// A manifest that tells of one second more.
fn lengthen(json: &mut Vec<u8>) {
    let mut manifest = Manifest::from_json(json).unwrap();
    manifest.duration_ms += 1_000;
    *json = manifest.to_json().unwrap();
}

#[test]
fn a_part_must_say_what_its_index_says() {
    let studio = ended();
    let recovered = recover(studio.file("journal.wal"), |file| studio.media_len(file)).unwrap();
    let FileParts { track, epoch, parts } = &recovered.files[0];
    let part = parts[3];
    let file = File::Media { track: track.clone(), epoch: *epoch, container: Container::Cmaf };
    let bytes = studio.read(&file, part.offset, part.len as usize).unwrap();
    assert_eq!(check_part(&part, &bytes), Ok(()));
    assert_eq!(check_part(&Part { start: part.start + 1, ..part }, &bytes), Err(PartFlaw::WrongStart));
    assert_eq!(check_part(&Part { duration: part.duration + 1, ..part }, &bytes), Err(PartFlaw::WrongDuration));
    assert_eq!(check_part(&part, &bytes[..bytes.len() - 1]), Err(PartFlaw::NoMdat));
}

#[test]
fn holes_and_overlaps_of_a_track_are_told_with_their_time() {
    let mut report = Report { ended: true, duration_ms: 0, parts: 0, flaws: Vec::new() };
    let track = name("master", Slot::Voice);
    for (before, start) in [(None, 5), (Some(5_000_000), 5_000_000), (Some(5_000_000), 5_100_000)] {
        report.gap(&track, before, start);
    }
    assert_eq!(report.flaws, []);
    report.gap(&track, Some(5_000_000), 7_000_000);
    report.gap(&track, Some(5_000_000), 4_000_000);
    let hole = Flaw::Hole { track: track.clone(), at_ms: 5_000, ms: 2_000 };
    assert_eq!(report.flaws, [hole, Flaw::Overlap { track, at_ms: 4_000 }]);
}

#[test]
fn only_so_many_flaws_are_told() {
    let mut report = Report { ended: true, duration_ms: 0, parts: 0, flaws: Vec::new() };
    (0..3 * FLAWS).for_each(|_| report.flaw(Flaw::NoManifest));
    assert_eq!((report.flaws.len(), report.flaws.last()), (FLAWS + 1, Some(&Flaw::More)));
}

#[test]
fn any_bytes_are_survived_as_a_part() {
    let studio = ended();
    let media = studio.file("t/master-camera/0.cmaf");
    let part = Part { offset: 0, len: 0, start: 0, duration: 0, independent: true };
    for start in 0..media.len().min(3_000) {
        let _ = check_part(&part, &media[start..]);
        let mut bent = media[700..media.len().min(2_000)].to_vec();
        let at = start % bent.len();
        bent[at] = bent[at].wrapping_add(start as u8 | 1);
        let _ = check_part(&part, &bent);
    }
}
