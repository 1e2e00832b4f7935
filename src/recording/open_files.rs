//! Reading of a recording's files: a few stay open, for what is read is spread over picture and voice in turn.

use std::{
    fs,
    io::{self, Read},
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

use super::limits::{FILES_OPEN, REPLAY_FILE_BYTES};

/// The files read last, the last one last.
#[derive(Debug, Default)]
pub struct OpenFiles(Vec<(Arc<Path>, fs::File)>);

impl OpenFiles {
    /// Bytes from `offset` on: as many as fit `bytes`, or what there is up to the end. Returns how many.
    pub fn read(&mut self, path: &Arc<Path>, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        let file = self.open(path)?;
        let mut filled = 0;
        while filled < bytes.len() {
            match file.read_at(&mut bytes[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn open(&mut self, path: &Arc<Path>) -> io::Result<&fs::File> {
        let known = self.0.iter().position(|(known, _)| known == path).map(|position| self.0.remove(position));
        let file = known.map_or_else(|| Ok::<_, io::Error>((path.clone(), fs::File::open(path)?)), Ok)?;
        if self.0.len() >= FILES_OPEN {
            self.0.remove(0);
        }
        self.0.push(file);
        self.0.last().map(|(_, file)| file).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A whole small file; no more than `limits::REPLAY_FILE_BYTES` of it.
pub fn whole(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(REPLAY_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
