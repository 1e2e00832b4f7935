//! Recordings read back: playlists made from the manifest and indexes, and the paths of media files.

use std::{
    collections::HashMap,
    fs,
    io::{self, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use protocol::{
    LessonId, ParticipantId,
    api::{Container as Kind, PlaybackTrack},
};
use recorder::{
    Container, File, Manifest,
    download::{Content, Extent, download},
    index::{self, Part},
    jobs::Material,
    limits::PART_FILE_BYTES,
    manifest::Track,
    playlist::{self, Latency, PartsOf, Seam},
};

use super::{
    Film, Piece, Recorder,
    limits::{FILMS, REPLAY_FILE_BYTES},
};

/// Something of a recording to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// A playlist.
    Playlist(String),
    /// The parts of a track, as JSON.
    Parts(String),
    /// A file: whatever was once written in it stays.
    File(PathBuf),
    /// A part made shorter.
    Seam(Vec<u8>),
    /// A file made while it is sent.
    Film(Film),
}

/// Name of the program as one file.
pub const DOWNLOAD: &str = "download.mp4";

/// The recordings of this server. All but the async calls read the disk: keep those off the async threads.
#[derive(Debug, Clone)]
pub struct Replays {
    directory: PathBuf,
    recorder: Recorder,
    latency: Latency,
    /// Programs of finished lessons put together lately.
    films: Arc<Mutex<Vec<(LessonId, Film)>>>,
}

impl Replays {
    /// Reads below `directory`, where `recorder` writes. Playlists of running lessons let players come as near as `latency`
    /// says.
    pub fn new(directory: &Path, recorder: Recorder, latency: Latency) -> Self {
        Self { directory: directory.to_owned(), recorder, latency, films: Arc::default() }
    }

    /// Waits until more is recorded, if anything is.
    pub async fn more(&self) {
        self.recorder.turn().await;
    }

    /// What a recording holds, also while it is being written; `None` if there is none.
    pub async fn manifest(&self, lesson: &LessonId) -> Option<Manifest> {
        let (path, of) = (self.path(lesson, &File::Manifest), lesson.clone());
        let written = tokio::task::spawn_blocking(move || read_manifest(&path)).await.ok().flatten();
        if written.as_ref().is_some_and(|manifest| manifest.ended) {
            return written;
        }
        self.recorder.look(of).await.or(written)
    }

    /// The file at `path` below a recording, as its playlists name it. `None` for whatever else.
    pub fn open(&self, lesson: &LessonId, manifest: &Manifest, path: &str) -> Option<Served> {
        let parts: PartsOf<'_> = &|track, epoch| self.parts(lesson, track, epoch);
        let latency = self.latency;
        match path {
            playlist::MASTER => return Some(Served::Playlist(playlist::master(manifest))),
            playlist::PROGRAM => return Some(Served::Playlist(playlist::program(manifest))),
            playlist::PROGRAM_PICTURE => {
                return Some(Served::Playlist(playlist::program_picture(manifest, parts, latency)));
            }
            playlist::PROGRAM_VOICE => {
                return Some(Served::Playlist(playlist::program_voice(manifest, parts, latency)?));
            }
            DOWNLOAD => return self.film(lesson, manifest).map(Served::Film),
            _ => {}
        }
        if let Some(result) = path.strip_prefix("jobs/") {
            return self.result(lesson, result).map(Served::File);
        }
        if let Some(seam) = path.strip_prefix(playlist::SEAMS).and_then(|path| path.strip_prefix('/')) {
            return self.seam(lesson, manifest, seam).map(Served::Seam);
        }
        let (directory, name) = path.strip_prefix("t/")?.split_once('/')?;
        let track = manifest.track_in(directory)?;
        match name {
            playlist::TRACK => return Some(Served::Playlist(playlist::media(manifest, track, parts, latency))),
            playlist::PARTS => return Some(Served::Parts(playlist::parts_json(manifest, track, parts))),
            _ => {}
        }
        let (number, extension) = name.split_once('.')?;
        let epoch: u32 = number.parse().ok()?;
        let container = track.epochs.get(epoch as usize)?.container;
        let file = File::Media { track: track.name.clone(), epoch, container };
        (extension == container.extension()).then(|| Served::File(self.path(lesson, &file)))
    }

    fn seam(&self, lesson: &LessonId, manifest: &Manifest, path: &str) -> Option<Vec<u8>> {
        let (directory, name) = path.split_once('/')?;
        let (track, seam) = (manifest.track_in(directory)?, Seam::from_name(name)?);
        let epoch = track.epochs.get(seam.epoch as usize)?;
        let part = self.parts(lesson, track, seam.epoch).into_iter().find(|part| part.offset == seam.offset)?;
        let file = File::Media { track: track.name.clone(), epoch: seam.epoch, container: epoch.container };
        let len = usize::try_from(part.len).ok().filter(|len| *len <= PART_FILE_BYTES)?;
        let bytes = OpenFiles::default().read(self.path(lesson, &file), part.offset, len)?;
        seam.cut(epoch, &bytes)
    }

    /// The result of a job, if it is there.
    pub fn result(&self, lesson: &LessonId, path: &str) -> Option<PathBuf> {
        let (job, name) = path.split_once('/')?;
        let is_plain =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-');
        let plain = is_plain(job) && is_plain(name) && !job.contains('.') && !name.starts_with('.');
        let path = self.directory.join(lesson.as_str()).join(crate::jobs::DIRECTORY).join(job).join(name);
        (plain && path.is_file()).then_some(path)
    }

    /// The program as one MP4, and what is known of it; and the recording's directory, for what is made of it.
    pub fn program(&self, lesson: &LessonId) -> Option<(Material, Film, PathBuf)> {
        let manifest = read_manifest(&self.path(lesson, &File::Manifest)).filter(|manifest| manifest.ended)?;
        let (film, uniform, h264) = self.make_film(lesson, &manifest)?;
        let length = Duration::from_millis(manifest.duration_ms);
        Some((Material { length, uniform, h264 }, film, self.directory.join(lesson.as_str())))
    }

    /// The program of a finished lesson. Players ask for it part by part, so the last few are kept.
    fn film(&self, lesson: &LessonId, manifest: &Manifest) -> Option<Film> {
        if !manifest.ended {
            return None;
        }
        let films = || self.films.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, film)) = films().iter().find(|(known, _)| known == lesson) {
            return Some(film.clone());
        }
        let (film, ..) = self.make_film(lesson, manifest)?;
        let mut films = films();
        if films.len() >= FILMS {
            films.remove(0);
        }
        films.push((lesson.clone(), film.clone()));
        Some(film)
    }

    fn make_film(&self, lesson: &LessonId, manifest: &Manifest) -> Option<(Film, bool, bool)> {
        if !manifest.has_program() {
            return None;
        }
        let parts = |track: &Track, epoch: u32| self.parts(lesson, track, epoch);
        let mut files = OpenFiles::default();
        let mut head = |file: &File, offset, len| files.read(self.path(lesson, file), offset, len);
        let made = match download(manifest, &parts, &mut head, Content::Program) {
            Ok(made) => made,
            Err(error) => {
                tracing::warn!(%lesson, %error, "the recording cannot be made one file: check it with tongke recordings check");
                return None;
            }
        };
        let (uniform, h264) = (made.uniform(), made.h264());
        let piece = |extent: Extent| match extent {
            Extent::Bytes(bytes) => Piece::Bytes(bytes.into()),
            Extent::File { file, offset, len } => Piece::File { path: self.path(lesson, &file).into(), offset, len },
        };
        Some((Film::new(made.extents.into_iter().map(piece).collect()), uniform, h264))
    }

    fn parts(&self, lesson: &LessonId, track: &Track, epoch: u32) -> Vec<Part> {
        let file = File::Index { track: track.name.clone(), epoch };
        read(&self.path(lesson, &file)).map_or_else(|_| Vec::new(), |bytes| index::decode(&bytes))
    }

    fn path(&self, lesson: &LessonId, file: &File) -> PathBuf {
        self.directory.join(lesson.as_str()).join(file.path())
    }
}

/// The file read last, kept open: what is read of a recording is read in order.
#[derive(Default)]
struct OpenFiles(Option<(PathBuf, fs::File)>);

impl OpenFiles {
    fn read(&mut self, path: PathBuf, offset: u64, len: usize) -> Option<Vec<u8>> {
        let file = match &mut self.0 {
            Some((known, file)) if *known == path => file,
            other => {
                let file = fs::File::open(&path).ok()?;
                &mut other.insert((path, file)).1
            }
        };
        let mut bytes = vec![0; len];
        let mut filled = 0;
        while filled < len {
            match file.read_at(&mut bytes[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        bytes.truncate(filled);
        Some(bytes)
    }
}

/// The tracks of a recording for `Playback`, their playlists below `base`, whose they are by `names`. Tracks of which
/// nothing was written are left out.
pub fn tracks(manifest: &Manifest, base: &str, names: &HashMap<ParticipantId, String>) -> Vec<PlaybackTrack> {
    let ms = |micros: u64| u32::try_from(micros / 1_000).unwrap_or(u32::MAX);
    let track = |track: &Track| {
        let (start, end) = track.span_micros()?;
        let is_webm = track.epochs.iter().any(|epoch| epoch.parts > 0 && epoch.container == Container::WebM);
        Some(PlaybackTrack {
            name: track.name.to_string(),
            participant: track.name.participant.clone(),
            person: names.get(&track.name.participant).cloned().unwrap_or_default(),
            lead: manifest.lesson.lead.as_ref() == Some(&track.name.participant),
            slot: track.name.slot.as_str().to_owned(),
            playlist: format!("{base}/t/{}/{}", track.name, playlist::TRACK),
            container: if is_webm { Kind::Webm } else { Kind::Mp4 },
            parts: format!("{base}/t/{}/{}", track.name, playlist::PARTS),
            starts_at_ms: ms(start),
            duration_ms: ms(end.saturating_sub(start)),
        })
    };
    manifest.tracks.iter().filter_map(track).collect()
}

fn read_manifest(path: &Path) -> Option<Manifest> {
    Manifest::from_json(&read(path).ok()?).ok()
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(REPLAY_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
