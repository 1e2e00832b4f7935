//! A file that is nowhere on the disk: pieces of a recording's files with a few bytes of our own between them, sent as one.

use std::{io, ops::Range, path::Path, sync::Arc, vec};

use axum::body::Bytes;
use futures_util::{Stream, stream};

use super::{limits::FILM_CHUNK_BYTES, open_files::OpenFiles};

/// A piece of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Bytes(Bytes),
    /// Part of a file.
    File {
        /// Which.
        path: Arc<Path>,
        /// First byte.
        offset: u64,
        /// Bytes.
        len: u64,
    },
}

/// The pieces in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Film {
    pieces: Vec<Piece>,
}

impl Piece {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    /// The part of it within `range` of its own bytes.
    fn cut(&self, range: Range<u64>) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Bytes(bytes.slice(range.start as usize..range.end as usize)),
            Self::File { path, offset, .. } => {
                Self::File { path: path.clone(), offset: offset + range.start, len: range.end - range.start }
            }
        }
    }
}

impl Film {
    /// Of these pieces.
    pub fn new(pieces: Vec<Piece>) -> Self {
        Self { pieces }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.pieces.iter().map(Piece::len).sum()
    }

    /// The part of it within `range`.
    pub fn cut(&self, range: &Range<u64>) -> Self {
        let mut pieces = Vec::new();
        let mut at = 0;
        for piece in &self.pieces {
            let (start, end) = (range.start.max(at), range.end.min(at + piece.len()));
            if start < end {
                pieces.push(piece.cut(start - at..end - at));
            }
            at += piece.len();
        }
        Self { pieces }
    }

    /// Reads it, chunk by chunk as they are taken: whoever is slow holds no thread.
    pub fn read(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        let reader = Reader { pieces: self.pieces.into_iter(), rest: None, files: OpenFiles::default() };
        stream::unfold(Some(reader), async |reader| {
            let mut reader = reader?;
            let read = tokio::task::spawn_blocking(move || (reader.chunk(), reader)).await;
            let (chunk, reader) = read.unwrap_or_else(|lost| (Err(io::Error::other(lost)), Reader::default()));
            match chunk {
                Ok(chunk) if chunk.is_empty() => None,
                Ok(chunk) => Some((Ok(chunk), Some(reader))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }
}

/// A film on its way.
#[derive(Debug, Default)]
struct Reader {
    pieces: vec::IntoIter<Piece>,
    /// Of the piece being read what has not been.
    rest: Option<Piece>,
    files: OpenFiles,
}

impl Reader {
    /// The next bytes; none at the end. Many pieces are small: a chunk is of as many as fit.
    fn chunk(&mut self) -> io::Result<Bytes> {
        let mut chunk = Vec::new();
        while let Some(piece) = self.rest.take().or_else(|| self.pieces.next()) {
            let room = FILM_CHUNK_BYTES - chunk.len() as u64;
            let len = piece.len().min(room);
            self.read(&piece.cut(0..len), &mut chunk)?;
            self.rest = Some(piece.cut(len..piece.len())).filter(|rest| rest.len() > 0);
            if self.rest.is_some() {
                break;
            }
        }
        Ok(chunk.into())
    }

    fn read(&mut self, piece: &Piece, chunk: &mut Vec<u8>) -> io::Result<()> {
        match piece {
            Piece::Bytes(bytes) => chunk.extend_from_slice(bytes),
            Piece::File { path, offset, len } => {
                let filled = chunk.len();
                chunk.resize(filled + *len as usize, 0);
                if self.files.read(path, *offset, &mut chunk[filled..])? < *len as usize {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        Ok(())
    }
}

/// The bytes that a `Range` header asks for of a file of `len` bytes (RFC 9110 section 14.1.2): one range, or none that can
/// be served. Several ranges, and what is no byte range at all, count as no header.
pub fn asked_range(header: Option<&str>, len: u64) -> Result<Option<Range<u64>>, Unsatisfiable> {
    let Some((first, last)) = header.and_then(|text| text.strip_prefix("bytes=")?.trim().split_once('-')) else {
        return Ok(None);
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(len),
        (Ok(first), Err(_)) if last.is_empty() => first..len,
        (Err(_), Ok(tail)) if first.is_empty() => len.saturating_sub(tail)..len,
        _ => return Ok(None),
    };
    if range.is_empty() { Err(Unsatisfiable) } else { Ok(Some(range)) }
}

/// None of the bytes asked for are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the range is beyond the end")]
pub struct Unsatisfiable;

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::StreamExt;

    use super::*;
    use crate::testing::TempDir;

    async fn bytes(film: Film) -> Vec<u8> {
        let mut chunks = pin!(film.read());
        let mut all = Vec::new();
        while let Some(chunk) = chunks.next().await {
            all.extend_from_slice(&chunk.unwrap());
        }
        all
    }

    fn film(dir: &TempDir) -> (Film, Vec<u8>) {
        let paths = ["a", "b"].map(|name| dir.path().join(name));
        std::fs::write(&paths[0], b"0123456789").unwrap();
        std::fs::write(&paths[1], vec![7; 3 * FILM_CHUNK_BYTES as usize]).unwrap();
        let part = |path: &std::path::PathBuf, offset, len| Piece::File { path: path.as_path().into(), offset, len };
        let film = Film::new(vec![
            Piece::Bytes(Bytes::from_static(b"head")),
            part(&paths[0], 2, 3),
            part(&paths[1], 1, FILM_CHUNK_BYTES + 5),
            part(&paths[0], 0, 1),
            Piece::Bytes(Bytes::from_static(b"tail")),
        ]);
        let whole = [&b"head234"[..], &vec![7; FILM_CHUNK_BYTES as usize + 5], b"0tail"].concat();
        (film, whole)
    }

    #[tokio::test]
    async fn any_part_of_it_reads_as_the_same_part_of_the_whole() {
        let dir = TempDir::new();
        let (film, whole) = film(&dir);
        let len = film.len();
        assert_eq!(len, whole.len() as u64);
        assert!(bytes(film.clone()).await == whole);
        for range in [0..1, 0..len, 3..8, 4..7, 6..9, len - 5..len, len - 6..len - 3, 100..100] {
            let part = bytes(film.cut(&range)).await;
            assert!(part == whole[range.start as usize..range.end as usize], "{range:?}");
        }
    }

    #[tokio::test]
    async fn a_file_that_ends_too_soon_is_an_error_and_not_silence() {
        let dir = TempDir::new();
        let (mut film, _) = film(&dir);
        film.pieces.push(Piece::File { path: dir.path().join("a").into(), offset: 5, len: 100 });
        let mut chunks = pin!(film.read());
        let mut last = None;
        while let Some(chunk) = chunks.next().await {
            last = Some(chunk);
        }
        assert!(last.unwrap().is_err());
    }

    #[test]
    fn ranges_are_read_as_the_standard_has_them() {
        let rows = [
            (None, Ok(None)),
            (Some("bytes=0-0"), Ok(Some(0..1))),
            (Some("bytes=2-4"), Ok(Some(2..5))),
            (Some("bytes=2-400"), Ok(Some(2..10))),
            (Some("bytes=2-"), Ok(Some(2..10))),
            (Some("bytes=-3"), Ok(Some(7..10))),
            (Some("bytes=-300"), Ok(Some(0..10))),
            (Some("bytes=10-"), Err(Unsatisfiable)),
            (Some("bytes=-0"), Err(Unsatisfiable)),
            (Some("bytes=4-2"), Ok(None)),
            (Some("bytes=0-1,4-5"), Ok(None)),
            (Some("bytes=x-"), Ok(None)),
            (Some("bytes=0-18446744073709551615"), Ok(Some(0..10))),
            (Some("items=0-1"), Ok(None)),
        ];
        for (header, expected) in rows {
            assert_eq!(asked_range(header, 10), expected, "{header:?}");
        }
    }
}
