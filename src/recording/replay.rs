//! Recordings read back: playlists made from the manifest and indexes, and the paths of media files.

use std::{
    collections::HashMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use protocol::{LessonId, ParticipantId, api::PlaybackTrack};
use recorder::{
    File, Manifest,
    index::{self, Part},
    manifest::Track,
    playlist,
};

use super::limits::REPLAY_FILE_BYTES;

/// Something of a recording to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// A playlist.
    Playlist {
        /// Its text.
        text: String,
        /// Whether it will not change any more.
        finished: bool,
    },
    /// A media file: whatever was once written in it stays.
    Media(PathBuf),
}

/// The recordings of this server. Its calls read the disk: keep them off the async threads.
#[derive(Debug, Clone)]
pub struct Replays {
    directory: PathBuf,
}

impl Replays {
    /// Reads below `directory`.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// What a recording holds; `None` if there is none.
    pub fn manifest(&self, lesson: &LessonId) -> Option<Manifest> {
        let json = read(&self.path(lesson, &File::Manifest)).ok()?;
        Manifest::from_json(&json).ok()
    }

    /// The file at `path` below a recording, as its playlists name it. `None` for whatever else.
    pub fn open(&self, lesson: &LessonId, path: &str) -> Option<Served> {
        let manifest = self.manifest(lesson)?;
        let finished = manifest.ended;
        if path == playlist::MASTER {
            return Some(Served::Playlist { text: playlist::master(&manifest), finished });
        }
        let (track, name) = path.strip_prefix("t/")?.split_once('/')?;
        let track = manifest.track_in(track)?;
        if name == playlist::TRACK {
            let text = playlist::media(&manifest, track, &self.parts(lesson, track));
            return Some(Served::Playlist { text, finished });
        }
        let (epoch, extension) = name.split_once('.')?;
        let epoch: u32 = epoch.parse().ok()?;
        let container = track.epochs.get(epoch as usize)?.container;
        let file = File::Media { track: track.name.clone(), epoch, container };
        (extension == container.extension()).then(|| Served::Media(self.path(lesson, &file)))
    }

    fn parts(&self, lesson: &LessonId, track: &Track) -> Vec<Vec<Part>> {
        let of = |epoch: u32| {
            let file = File::Index { track: track.name.clone(), epoch };
            read(&self.path(lesson, &file)).map_or_else(|_| Vec::new(), |bytes| index::decode(&bytes))
        };
        (0..track.epochs.len() as u32).map(of).collect()
    }

    fn path(&self, lesson: &LessonId, file: &File) -> PathBuf {
        self.directory.join(lesson.as_str()).join(file.path())
    }
}

/// The tracks of a recording for `Playback`, their playlists below `base`, whose they are by `names`. Tracks of which
/// nothing was written are left out.
pub fn tracks(manifest: &Manifest, base: &str, names: &HashMap<ParticipantId, String>) -> Vec<PlaybackTrack> {
    let ms = |micros: u64| u32::try_from(micros / 1_000).unwrap_or(u32::MAX);
    let track = |track: &Track| {
        let (start, end) = track.span_micros()?;
        Some(PlaybackTrack {
            name: track.name.to_string(),
            participant: track.name.participant.clone(),
            person: names.get(&track.name.participant).cloned().unwrap_or_default(),
            lead: manifest.lesson.lead.as_ref() == Some(&track.name.participant),
            slot: track.name.slot.as_str().to_owned(),
            playlist: format!("{base}/t/{}/{}", track.name, playlist::TRACK),
            starts_at_ms: ms(start),
            duration_ms: ms(end.saturating_sub(start)),
        })
    };
    manifest.tracks.iter().filter_map(track).collect()
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(REPLAY_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
