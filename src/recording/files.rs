//! The files of one recording.

use std::{
    collections::HashMap,
    fs::{self, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use recorder::{File, TrackName};

/// A recording's directory and the files now growing in it.
#[derive(Debug)]
pub struct Files {
    directory: PathBuf,
    journal: Option<fs::File>,
    /// The media file of each track's running epoch.
    media: HashMap<TrackName, (u32, fs::File)>,
}

impl Files {
    /// Makes a fresh directory. One that is there already, from before a restart, is put aside under the next free number:
    /// `music-3a` becomes `music-3a.1`.
    pub fn create(directory: &Path) -> io::Result<Self> {
        if directory.exists() {
            fs::rename(directory, aside(directory))?;
        }
        fs::create_dir_all(directory.join("t"))?;
        Ok(Self { directory: directory.to_owned(), journal: None, media: HashMap::new() })
    }

    /// Where `file` is.
    pub fn path(&self, file: &File) -> PathBuf {
        self.directory.join(file.path())
    }

    /// Appends in one write.
    pub fn append(&mut self, file: &File, bytes: &[u8]) -> io::Result<()> {
        match file {
            File::Media { track, epoch, .. } => self.media(file, track, *epoch)?.write_all(bytes),
            File::Journal => self.journal()?.write_all(bytes),
            // A tenth as often: not worth a descriptor each.
            File::Index { .. } | File::Lesson | File::Manifest => open(&self.path(file))?.write_all(bytes),
        }
    }

    /// Reads what was appended before.
    pub fn read(&self, file: &File, offset: u64, len: u64) -> io::Result<Vec<u8>> {
        let mut reader = fs::File::open(self.path(file))?;
        reader.seek(SeekFrom::Start(offset))?;
        let mut bytes = vec![0; usize::try_from(len).map_err(|_| io::ErrorKind::InvalidInput)?];
        reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn journal(&mut self) -> io::Result<&mut fs::File> {
        match &mut self.journal {
            Some(journal) => Ok(journal),
            none => Ok(none.insert(open(&self.directory.join(File::Journal.path()))?)),
        }
    }

    fn media(&mut self, file: &File, track: &TrackName, epoch: u32) -> io::Result<&mut fs::File> {
        if self.media.get(track).is_none_or(|(open, _)| *open != epoch) {
            let path = self.path(file);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            self.media.insert(track.clone(), (epoch, open(&path)?));
        }
        let (_, file) = self.media.get_mut(track).ok_or(io::ErrorKind::NotFound)?;
        Ok(file)
    }
}

fn open(path: &Path) -> io::Result<fs::File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// A dot cannot be part of a lesson's id, so this is no other lesson's directory.
fn aside(directory: &Path) -> PathBuf {
    let numbered = |number: u32| {
        let mut name = directory.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    (1..).map(numbered).find(|path| !path.exists()).unwrap_or_else(|| numbered(0))
}

/// Puts `bytes` in place of `path` so that a crash leaves the old or the new file whole.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let temporary = PathBuf::from(name);
    let mut file = fs::File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    // The rename itself is in the directory.
    match path.parent() {
        Some(parent) => fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}
