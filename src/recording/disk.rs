//! What the recorder's threads tell each other, and the operator, about the disk.

use std::sync::atomic::{AtomicU64, Ordering};

/// The disk the recordings are on. Written by the sync and writer threads, read by anybody.
#[derive(Debug)]
pub struct DiskGauge {
    free_bytes: AtomicU64,
    failed_writes: AtomicU64,
    keep_free_bytes: u64,
}

impl DiskGauge {
    /// Of a disk of which so many bytes should stay free.
    pub fn new(keep_free_bytes: u64) -> Self {
        Self { free_bytes: AtomicU64::new(u64::MAX), failed_writes: AtomicU64::new(0), keep_free_bytes }
    }

    /// Bytes free, as of about a second ago; `None` if that cannot be told.
    pub fn free_bytes(&self) -> Option<u64> {
        Some(self.free_bytes.load(Ordering::Relaxed)).filter(|free| *free != u64::MAX)
    }

    /// Bytes free, when that is less than should be.
    pub fn low_bytes(&self) -> Option<u64> {
        self.free_bytes().filter(|free| *free < self.keep_free_bytes)
    }

    /// Writes that failed since the program started.
    pub fn failed_writes(&self) -> u64 {
        self.failed_writes.load(Ordering::Relaxed)
    }

    /// How the disk stands, if it stood like `before`.
    pub(super) fn next(&self, before: recorder::Disk) -> recorder::Disk {
        before.next(self.free_bytes.load(Ordering::Relaxed), self.keep_free_bytes)
    }

    pub(super) fn measured(&self, free_bytes: u64) {
        self.free_bytes.store(free_bytes.min(u64::MAX - 1), Ordering::Relaxed);
    }

    pub(super) fn write_failed(&self) {
        self.failed_writes.fetch_add(1, Ordering::Relaxed);
    }
}
