//! Recordings read back: playlists made from the manifest and indexes, and the paths of media files.

use std::{
    cell::RefCell,
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use protocol::{
    LessonId, ParticipantId, UtcMs,
    api::{Container as Kind, PlaybackTrack},
};
use recorder::{
    Container, File, Manifest, TrackName,
    download::{Content, Extent, download},
    index::{self, Part},
    jobs::Material,
    limits::PART_FILE_BYTES,
    manifest::Track,
    playlist::{self, Latency, PartsOf, Seam},
};

use super::{
    Film, Piece, Recorder,
    limits::FILMS,
    manifests::{self, Age, Manifests},
    open_files::{self, OpenFiles},
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
    manifests: Manifests,
    /// Programs of finished lessons put together lately, the last one last.
    films: Arc<Mutex<Vec<(FilmKey, Film)>>>,
}

/// Which lesson, when its recording began, and how long it is.
type FilmKey = (LessonId, UtcMs, u64);

impl Replays {
    /// Reads below `directory`, where `recorder` writes. Playlists of running lessons let players come as near as `latency`
    /// says.
    pub fn new(directory: &Path, recorder: Recorder, latency: Latency) -> Self {
        let manifests = Manifests::new(directory, recorder.clone());
        Self { directory: directory.to_owned(), recorder, latency, manifests, films: Arc::default() }
    }

    /// Waits until more is recorded, if anything is.
    pub async fn more(&self) {
        self.recorder.turn().await;
    }

    /// What a recording holds, also while it is being written; `None` if there is none.
    pub async fn manifest(&self, lesson: &LessonId, age: Age) -> Option<Arc<Manifest>> {
        self.manifests.get(lesson, age).await
    }

    /// How new the manifest must be to tell what is at `path`.
    pub fn age(path: &str) -> Age {
        let (is_media, is_seam) =
            (path.ends_with(".cmaf") || path.ends_with(".webm"), path.starts_with(playlist::SEAMS));
        if is_media || is_seam { Age::Any } else { Age::Newest }
    }

    /// The file at `path` below a recording, as its playlists name it. `None` for whatever else.
    pub fn open(&self, lesson: &LessonId, manifest: &Manifest, path: &str) -> Option<Served> {
        let indexes = Indexes::new(self, lesson);
        let parts: PartsOf<'_> = &|track, epoch| indexes.parts(track, epoch);
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
        let mut bytes = vec![0; len];
        let read = OpenFiles::default().read(&self.path(lesson, &file).into(), part.offset, &mut bytes).ok()?;
        seam.cut(epoch, &bytes[..read])
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

    /// The finished recordings that have a program, the last one first.
    pub fn finished(&self) -> Vec<LessonId> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return Vec::new() };
        let lessons = entries.flatten().filter_map(|entry| LessonId::parse(entry.file_name().into_string().ok()?).ok());
        let began = |lesson: LessonId| {
            let manifest = manifests::read(&self.path(&lesson, &File::Manifest))?;
            (manifest.ended && manifest.has_program()).then_some((manifest.lesson.began_at, lesson))
        };
        let mut found: Vec<_> = lessons.filter_map(began).collect();
        found.sort_unstable_by_key(|(began_at, _)| std::cmp::Reverse(*began_at));
        found.into_iter().map(|(_, lesson)| lesson).collect()
    }

    /// The program as one MP4, and what is known of it; and the recording's directory, for what is made of it.
    pub fn program(&self, lesson: &LessonId) -> Option<(Material, Film, PathBuf)> {
        let manifest = manifests::read(&self.path(lesson, &File::Manifest)).filter(|manifest| manifest.ended)?;
        let (film, material) = self.make_film(lesson, &manifest)?;
        Some((material, film, self.directory.join(lesson.as_str())))
    }

    /// The program of a finished lesson. Players ask for it part by part, so the last few are kept.
    fn film(&self, lesson: &LessonId, manifest: &Manifest) -> Option<Film> {
        if !manifest.ended {
            return None;
        }
        // A lesson that goes on after a restart ends once more, later.
        let key = (lesson.clone(), manifest.lesson.began_at, manifest.duration_ms);
        let films = || self.films.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |films: &mut Vec<(FilmKey, Film)>| {
            let position = films.iter().position(|(known, _)| *known == key)?;
            Some(films.remove(position).1)
        };
        // Whoever comes while it is made makes it too: the same one.
        let film = known(&mut films()).or_else(|| Some(self.make_film(lesson, manifest)?.0))?;
        let mut films = films();
        known(&mut films);
        if films.len() >= FILMS {
            films.remove(0);
        }
        films.push((key, film.clone()));
        Some(film)
    }

    fn make_film(&self, lesson: &LessonId, manifest: &Manifest) -> Option<(Film, Material)> {
        if !manifest.has_program() {
            return None;
        }
        let indexes = Indexes::new(self, lesson);
        let mut files = OpenFiles::default();
        let mut paths = Paths::new(self, lesson);
        let mut head = |file: &File, offset, len| {
            let mut bytes = vec![0; len];
            let read = files.read(&paths.of(file), offset, &mut bytes).ok()?;
            bytes.truncate(read);
            Some(bytes)
        };
        let made = match download(manifest, &|track, epoch| indexes.parts(track, epoch), &mut head, Content::Program) {
            Ok(made) => made,
            Err(error) => {
                tracing::warn!(%lesson, %error, "the recording cannot be made one file: check it with tongke recordings check");
                return None;
            }
        };
        let material = made.material(Duration::from_millis(manifest.duration_ms));
        let piece = |extent: Extent| match extent {
            Extent::Bytes(bytes) => Piece::Bytes(bytes.into()),
            Extent::File { file, offset, len } => Piece::File { path: paths.of(&file), offset, len },
        };
        Some((Film::new(made.extents.into_iter().map(piece).collect()), material))
    }

    fn parts(&self, lesson: &LessonId, track: &Track, epoch: u32) -> Vec<Part> {
        let file = File::Index { track: track.name.clone(), epoch };
        let bytes = open_files::whole(&self.path(lesson, &file));
        bytes.map_or_else(|_| Vec::new(), |bytes| index::decode(&bytes))
    }

    fn path(&self, lesson: &LessonId, file: &File) -> PathBuf {
        self.directory.join(lesson.as_str()).join(file.path())
    }
}

/// The indexes of a recording, each read once for one answer: the program comes back to a track at every other cut.
struct Indexes<'r> {
    replays: &'r Replays,
    lesson: &'r LessonId,
    read: RefCell<HashMap<(TrackName, u32), Vec<Part>>>,
}

impl<'r> Indexes<'r> {
    fn new(replays: &'r Replays, lesson: &'r LessonId) -> Self {
        Self { replays, lesson, read: RefCell::default() }
    }

    fn parts(&self, track: &Track, epoch: u32) -> Vec<Part> {
        let read = || self.replays.parts(self.lesson, track, epoch);
        self.read.borrow_mut().entry((track.name.clone(), epoch)).or_insert_with(read).clone()
    }
}

/// The paths of a recording's files, one of each: a film has a piece of them for every part.
struct Paths<'r> {
    replays: &'r Replays,
    lesson: &'r LessonId,
    made: HashMap<File, Arc<Path>>,
}

impl<'r> Paths<'r> {
    fn new(replays: &'r Replays, lesson: &'r LessonId) -> Self {
        Self { replays, lesson, made: HashMap::new() }
    }

    fn of(&mut self, file: &File) -> Arc<Path> {
        if let Some(path) = self.made.get(file) {
            return path.clone();
        }
        let path: Arc<Path> = self.replays.path(self.lesson, file).into();
        self.made.insert(file.clone(), path.clone());
        path
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
