//! `tongke recordings check` and `tongke recordings export`, also while the server runs.

use std::{
    fs,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use protocol::LessonId;
use recorder::{
    File, Manifest,
    check::{self, Report},
};
use timetable::{Lesson, Party};

use crate::{
    backup::copy_tree,
    data_dir::RECORDINGS,
    db::{self, Db},
    fault::Fault,
};

/// What is known of a lesson beside its recording, in an export.
const METADATA_NAME: &str = "metadata.json";

/// Checks the recordings of these lessons, or all of them, and says of each in one line or more what it found. An error if
/// anything is wrong with any.
pub fn check(data: &Path, lessons: &[String], out: &mut impl Write) -> anyhow::Result<()> {
    let lessons = chosen(data, lessons)?;
    let mut flawed = 0;
    for lesson in &lessons {
        let files = OnDisk { directory: data.join(RECORDINGS).join(lesson.as_str()) };
        let journal = fs::read(files.path(&File::Journal)).unwrap_or_default();
        let report = check::check(&journal, &files);
        flawed += usize::from(!report.flaws.is_empty());
        tell(lesson, &report, out)?;
    }
    writeln!(
        out,
        "共 {} 份录像，{flawed} 份有问题 ({} recordings, {flawed} with flaws)",
        lessons.len(),
        lessons.len()
    )?;
    match flawed {
        0 => Ok(()),
        _ => Err(anyhow!("{flawed} 份录像有问题，见上 ({flawed} recordings have flaws, see above)")),
    }
}

fn tell(lesson: &LessonId, report: &Report, out: &mut impl Write) -> io::Result<()> {
    let (minutes, seconds) = (report.duration_ms / 60_000, report.duration_ms / 1_000 % 60);
    let (chinese, english) = match (report.flaws.is_empty(), report.ended) {
        (true, true) => ("完好", "whole"),
        (true, false) => ("正在录制，至今完好", "being recorded, whole so far"),
        (false, _) => ("有问题", "has flaws"),
    };
    let parts = report.parts;
    writeln!(out, "{lesson}：{chinese}，{minutes}:{seconds:02}，{parts} 个片段 ({english}, {parts} parts)")?;
    for flaw in &report.flaws {
        writeln!(out, "  {flaw}")?;
    }
    Ok(())
}

/// Copies the finished recordings of these lessons, or all of them, each with what the timetable knows of its lesson, to
/// `target`: one directory a lesson, there whole or not at all. One that is there already is left alone.
pub async fn export(data: &Path, target: &Path, lessons: &[String], out: &mut impl Write) -> anyhow::Result<()> {
    let lessons = chosen(data, lessons)?;
    fs::create_dir_all(target).map_err(|e| {
        let target = target.display();
        Fault::new(format_args!("不能写目录 {target}：{e}"), format_args!("cannot write to {target}"))
    })?;
    let db = Db::open(data).await?;
    for id in &lessons {
        let from = data.join(RECORDINGS).join(id.as_str());
        let manifest = fs::read(from.join(File::Manifest.path())).ok();
        let manifest = manifest.and_then(|json| Manifest::from_json(&json).ok()).filter(|manifest| manifest.ended);
        let (chinese, english) = match manifest {
            None => ("没有录完，未导出", "not finished, left out"),
            Some(_) if target.join(id.as_str()).exists() => ("已在目标目录，未改动", "is there already, left alone"),
            Some(manifest) => {
                let metadata = metadata(db.lesson(id).await?.as_ref(), &manifest);
                export_one(&from, target, id, &metadata).with_context(|| format!("exporting {id}"))?;
                ("已导出", "exported")
            }
        };
        writeln!(out, "{id}：{chinese} ({english})")?;
    }
    db.close().await;
    Ok(())
}

/// Copied beside its place and then put there, so that a copy that broke off is not taken for a lesson. A dot cannot be
/// part of a lesson's id.
fn export_one(from: &Path, target: &Path, id: &LessonId, metadata: &serde_json::Value) -> anyhow::Result<()> {
    let unfinished = target.join(format!(".{id}"));
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    copy_tree(from, &unfinished)?;
    fs::write(unfinished.join(METADATA_NAME), serde_json::to_vec_pretty(metadata)?)?;
    nix::unistd::syncfs(fs::File::open(&unfinished)?)?;
    fs::rename(&unfinished, target.join(id.as_str()))?;
    Ok(())
}

fn metadata(lesson: Option<&Lesson>, manifest: &Manifest) -> serde_json::Value {
    let party = |party: &Party| serde_json::json!({ "id": party.id, "name": party.name });
    let of_lesson = lesson.map(|lesson| {
        serde_json::json!({
            "title": lesson.title,
            "course": lesson.course,
            "subject": lesson.subject,
            "class_group": lesson.class_group,
            "hub_school": lesson.hub_school,
            "period": lesson.period,
            "starts_at": lesson.starts_at,
            "ends_at": lesson.ends_at,
            "live_since": lesson.live_since,
            "ended_at": lesson.ended_at,
            "master": party(&lesson.master),
            "points": lesson.points.iter().map(party).collect::<Vec<_>>(),
        })
    });
    serde_json::json!({
        "lesson": manifest.lesson.lesson,
        "recorded_from": manifest.lesson.began_at,
        "duration_ms": manifest.duration_ms,
        // Null if the timetable has forgotten the lesson.
        "timetable": of_lesson,
    })
}

/// The named lessons, each of which must have a recording, or all that have one, by name.
fn chosen(data: &Path, named: &[String]) -> anyhow::Result<Vec<LessonId>> {
    let recordings = data.join(RECORDINGS);
    if !data.join(db::FILE_NAME).exists() && !recordings.is_dir() {
        let data = data.display();
        return Err(Fault::new(
            format_args!("{data} 不是同课的数据目录"),
            format_args!("{data} is no data directory of Tongke"),
        )
        .into());
    }
    let has_recording = |lesson: &LessonId| recordings.join(lesson.as_str()).is_dir();
    if !named.is_empty() {
        let of = |name: &String| {
            let lesson = LessonId::parse(name.clone()).ok().filter(has_recording);
            lesson.ok_or_else(|| {
                Fault::new(format_args!("课 {name} 没有录像"), format_args!("there is no recording of lesson {name}"))
            })
        };
        return Ok(named.iter().map(of).collect::<Result<_, _>>()?);
    }
    let entries = match fs::read_dir(&recordings) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.context("reading the recordings")?,
    };
    let ids = entries.flatten().filter_map(|entry| LessonId::parse(entry.file_name().into_string().ok()?).ok());
    let mut ids: Vec<LessonId> = ids.filter(has_recording).collect();
    ids.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    Ok(ids)
}

/// A recording's directory, as a check reads it.
pub struct OnDisk {
    /// The directory.
    pub directory: PathBuf,
}

impl OnDisk {
    fn path(&self, file: &File) -> PathBuf {
        self.directory.join(file.path())
    }
}

impl check::Files for OnDisk {
    fn len(&self, file: &File) -> Option<u64> {
        Some(fs::metadata(self.path(file)).ok()?.len())
    }

    fn read(&self, file: &File, offset: u64, len: usize) -> Option<Vec<u8>> {
        let mut file = fs::File::open(self.path(file)).ok()?;
        file.seek(SeekFrom::Start(offset)).ok()?;
        let mut bytes = Vec::new();
        file.take(len as u64).read_to_end(&mut bytes).ok()?;
        (bytes.len() == len).then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use protocol::UtcMs;

    use super::*;
    use crate::{
        recording,
        testing::{TempDir, seeded},
    };

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_check_says_of_each_recording_what_is_wrong() {
        let data = TempDir::new();
        let recordings = data.path().join(RECORDINGS);
        for id in ["maths-3a", "music-3a"] {
            recording::testing::recorded(&recordings, &LessonId::parse(id).unwrap());
        }
        fs::create_dir_all(recordings.join("music-3a.1")).unwrap();
        let mut out = Vec::new();
        check(data.path(), &[], &mut out).unwrap();
        let said = text(out);
        assert_eq!(said.lines().count(), 3, "{said}");
        assert!(said.contains("maths-3a：完好") && said.contains("2 recordings, 0 with flaws"), "{said}");

        let media = recordings.join("music-3a/t/master-voice/0.cmaf");
        let bytes = fs::read(&media).unwrap();
        fs::write(&media, &bytes[..bytes.len() - 7]).unwrap();
        let mut out = Vec::new();
        let error = check(data.path(), &["music-3a".into()], &mut out).unwrap_err();
        let said = text(out);
        assert!(said.contains("7 bytes are missing") && error.to_string().contains("1 recordings"), "{said} {error}");
        for unknown in ["art-3a", "../x", "music-3a.1"] {
            let error = check(data.path(), &[unknown.into()], &mut Vec::new()).unwrap_err();
            assert!(error.is::<Fault>(), "{unknown}: {error}");
        }
        assert!(check(&data.path().join("missing"), &[], &mut Vec::new()).unwrap_err().is::<Fault>());
    }

    #[tokio::test]
    async fn an_export_holds_recordings_with_what_the_timetable_knows() {
        let (data, out) = (TempDir::new(), TempDir::new());
        let db = Db::open(data.path()).await.unwrap();
        let demo = seeded(&db, 2, UtcMs(1_795_320_000_000)).await;
        let recordings = data.path().join(RECORDINGS);
        recording::testing::recorded(&recordings, &demo.lesson);
        let open = recordings.join("open-lesson");
        fs::create_dir_all(&open).unwrap();
        let target = out.path().join("export");
        let mut said = Vec::new();
        export(data.path(), &target, &[], &mut said).await.unwrap();
        let said = text(said);
        assert!(said.contains("1 exported") || said.contains("(exported)"), "{said}");
        assert!(said.contains("open-lesson：没有录完"), "{said}");
        let exported = target.join(demo.lesson.as_str());
        let metadata = fs::read(exported.join(METADATA_NAME)).unwrap();
        let metadata: serde_json::Value = serde_json::from_slice(&metadata).unwrap();
        let lesson = db.lesson(&demo.lesson).await.unwrap().unwrap();
        assert_eq!(metadata["timetable"]["title"], lesson.title);
        assert_eq!(metadata["timetable"]["points"].as_array().unwrap().len(), 2);
        assert!(metadata["duration_ms"].as_u64().unwrap() >= 2_900, "{metadata}");
        let files = OnDisk { directory: exported.clone() };
        let report = check::check(&fs::read(exported.join("journal.wal")).unwrap(), &files);
        assert_eq!((report.flaws, report.ended), (Vec::new(), true));
        assert_eq!(fs::read_dir(&target).unwrap().count(), 1, "nothing half done is left");

        let mut again = Vec::new();
        export(data.path(), &target, &[demo.lesson.to_string()], &mut again).await.unwrap();
        assert!(text(again).contains("left alone"));
    }
}
