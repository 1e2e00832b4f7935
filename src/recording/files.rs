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
    /// Makes a fresh directory. What is there and cannot be gone on with is put aside under the next free number, `music-3a`
    /// as `music-3a.1`, unless no media was ever written: on a full disk every attempt would leave a directory behind.
    pub fn create(directory: &Path) -> io::Result<Self> {
        if directory.exists() {
            if fs::remove_dir(directory.join("t")).is_ok() {
                fs::remove_dir_all(directory)?;
            } else {
                fs::rename(directory, aside(directory))?;
            }
        }
        fs::create_dir_all(directory.join("t"))?;
        Ok(Self::open(directory))
    }

    /// The files of a recording that is there already.
    pub fn open(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), journal: None, media: HashMap::new() }
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
            File::Index { .. } | File::Lesson | File::Manifest => appending(&self.path(file))?.write_all(bytes),
            File::Waiting { .. } => {
                make_directory_of(&self.path(file))?;
                appending(&self.path(file))?.write_all(bytes)
            }
        }
    }

    /// Removes a file, if it is there.
    pub fn remove(&self, file: &File) -> io::Result<()> {
        remove(&self.path(file))
    }

    /// Reads what was appended before.
    pub fn read(&self, file: &File, offset: u64, len: u64) -> io::Result<Vec<u8>> {
        let mut reader = fs::File::open(self.path(file))?;
        reader.seek(SeekFrom::Start(offset))?;
        let mut bytes = vec![0; usize::try_from(len).map_err(|_| io::ErrorKind::InvalidInput)?];
        reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// An epoch's file is begun once. What is there already the journal never heard of: the disk failed, or the power, between
    /// the two. Bytes appended behind that would not be where the index says.
    fn fresh(&self, file: &File, track: &TrackName, epoch: u32) -> io::Result<fs::File> {
        let path = self.path(file);
        make_directory_of(&path)?;
        remove(&self.path(&File::Index { track: track.clone(), epoch }))?;
        let media = appending(&path)?;
        media.set_len(0)?;
        Ok(media)
    }

    fn journal(&mut self) -> io::Result<&mut fs::File> {
        match &mut self.journal {
            Some(journal) => Ok(journal),
            none => Ok(none.insert(appending(&self.directory.join(File::Journal.path()))?)),
        }
    }

    fn media(&mut self, file: &File, track: &TrackName, epoch: u32) -> io::Result<&mut fs::File> {
        if self.media.get(track).is_none_or(|(open, _)| *open != epoch) {
            let media = self.fresh(file, track, epoch)?;
            self.media.insert(track.clone(), (epoch, media));
        }
        let (_, file) = self.media.get_mut(track).ok_or(io::ErrorKind::NotFound)?;
        Ok(file)
    }
}

fn make_directory_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// Removes a file, if there is one.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn appending(path: &Path) -> io::Result<fs::File> {
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

/// Puts `bytes` in place of `path` so that a crash leaves the old or the new file whole, the new one once this returns.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    place(path, bytes, true)?;
    // The rename itself is in the directory.
    match path.parent() {
        Some(parent) => fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// The same without waiting for the disk, for files that are made anew if a crash loses them.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    place(path, bytes, false)
}

fn place(path: &Path, bytes: &[u8], sync: bool) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let temporary = PathBuf::from(name);
    let mut file = fs::File::create(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| if sync { file.sync_all() } else { Ok(()) });
    let placed = written.and_then(|()| fs::rename(&temporary, path));
    if placed.is_err() {
        // Half a file must not take the last bytes of a full disk.
        let _ = fs::remove_file(&temporary);
    }
    placed
}

#[cfg(test)]
mod tests {
    use recorder::Container;

    use super::*;
    use crate::{recording::testing::voice_of_master, testing::TempDir};

    #[test]
    fn what_the_journal_never_heard_of_is_not_appended_to() {
        let dir = TempDir::new();
        let media = File::Media { track: voice_of_master(), epoch: 0, container: Container::Cmaf };
        let index = File::Index { track: voice_of_master(), epoch: 0 };
        for file in [&media, &index] {
            let path = dir.path().join(file.path());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"left").unwrap();
        }
        let mut files = Files::open(dir.path());
        for bytes in [b"in", b"it"] {
            files.append(&media, bytes).unwrap();
            files.append(&index, bytes).unwrap();
        }
        for file in [&media, &index] {
            assert_eq!(fs::read(dir.path().join(file.path())).unwrap(), b"init");
        }
    }
}
