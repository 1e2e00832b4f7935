//! The data directory: made if missing, checked to be writable, and used by one program at a time.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use crate::fault::Fault;

const LOCK_NAME: &str = "tongke.lock";

/// Recordings inside the data directory.
pub const RECORDINGS: &str = "recordings";

/// The directory is ours as long as this lives.
#[derive(Debug)]
pub struct DataDir {
    _lock: File,
}

/// Takes a data directory.
pub fn take(path: &Path) -> Result<DataDir, Fault> {
    let shown = path.display();
    let unwritable = |e: std::io::Error| {
        Fault::new(
            format_args!("不能写数据目录 {shown}：{e}"),
            format_args!("cannot write to the data directory {shown}"),
        )
    };
    fs::create_dir_all(path.join(RECORDINGS)).map_err(unwritable)?;
    let lock = File::create(path.join(LOCK_NAME)).map_err(unwritable)?;
    match lock.try_lock() {
        Ok(()) => Ok(DataDir { _lock: lock }),
        Err(TryLockError::WouldBlock) => Err(Fault::new(
            format_args!("数据目录 {shown} 正被另一个同课使用"),
            format_args!("the data directory {shown} is in use by another Tongke"),
        )),
        Err(TryLockError::Error(e)) => Err(unwritable(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;

    #[test]
    fn a_directory_is_taken_once() {
        let dir = TempDir::new();
        let data = dir.path().join("a/b");
        let taken = take(&data).unwrap();
        let second = take(&data).unwrap_err().to_string();
        assert!(second.contains("in use by another"), "{second}");
        drop(taken);
        assert!(take(&data).is_ok());
    }

    #[test]
    fn a_path_below_a_file_is_no_directory() {
        let dir = TempDir::new();
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(take(&dir.path().join("file/data")).is_err());
    }
}
