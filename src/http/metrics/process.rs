//! What the kernel knows of this process, under the names Prometheus' own clients give it.

use std::{fs, time::Duration};

use nix::time::{ClockId, clock_gettime};

/// What is known now; nothing of what cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Process {
    /// Memory it has in RAM, in bytes.
    pub resident_bytes: Option<u64>,
    /// Processor time it took, all threads together.
    pub cpu: Option<Duration>,
    /// Files and sockets it has open.
    pub open_fds: Option<usize>,
}

impl Process {
    /// Reads it: some tens of microseconds.
    pub fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").ok();
        Self {
            resident_bytes: status.and_then(|status| resident_bytes(&status)),
            cpu: clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).ok().map(Duration::from),
            // One of them is that of the directory, open while it is read.
            open_fds: fs::read_dir("/proc/self/fd").ok().map(|fds| fds.count().saturating_sub(1)),
        }
    }
}

/// `VmRSS` of proc_pid_status(5).
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_from_the_status() {
        let rows = [
            ("Name:\ttongke\nVmHWM:\t  9 kB\nVmRSS:\t   5012 kB\nThreads:\t4\n", Some(5012 * 1024)),
            ("VmRSS:\t5012 MB\n", None),
            ("Name:\ttongke\n", None),
        ];
        for (status, expected) in rows {
            assert_eq!(resident_bytes(status), expected, "{status}");
        }
    }

    #[test]
    fn this_process_has_memory_and_files_and_took_time() {
        let process = Process::now();
        assert!(process.resident_bytes.unwrap() > 100_000);
        assert!(process.cpu.unwrap() > Duration::ZERO);
        assert!(process.open_fds.unwrap() >= 3);
    }
}
