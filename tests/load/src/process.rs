//! What a process has used: read from `/proc`, for the server and for the generator itself.

use std::fs;

use anyhow::{Context, Result};

/// Clock ticks of `/proc` in a second: fixed by the kernel's interface.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process to measure.
#[derive(Debug, Clone, Copy)]
pub struct Process(u32);

impl Process {
    /// One that runs.
    pub fn new(pid: u32) -> Result<Self> {
        let process = Self(pid);
        process.cpu_s()?;
        Ok(process)
    }

    /// The generator.
    pub fn own() -> Self {
        Self(std::process::id())
    }

    /// Seconds of processor time, in user space and in the kernel.
    pub fn cpu_s(self) -> Result<f64> {
        let path = format!("/proc/{}/stat", self.0);
        let text = fs::read_to_string(&path).with_context(|| format!("the server has ended: no {path}"))?;
        cpu_ticks(&text).map(|ticks| ticks as f64 / TICKS_PER_SECOND).with_context(|| format!("{path} is unreadable"))
    }

    /// Resident memory, in kB.
    pub fn rss_kb(self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.0);
        let text = fs::read_to_string(&path).with_context(|| format!("the server has ended: no {path}"))?;
        rss(&text).with_context(|| format!("{path} is unreadable"))
    }
}

/// `utime` and `stime`, fields 14 and 15; the name in brackets may have spaces.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let user: u64 = fields.nth(11)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn rss(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_a_name_with_spaces() {
        let stat = "7 (a b) c) S 1 1 1 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 1 1 1";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("7 (a"), None);
        assert_eq!(rss("Name:\tx\nVmRSS:\t   1234 kB\n"), Some(1234));
    }

    #[test]
    fn the_generator_can_measure_itself() {
        assert!(Process::own().cpu_s().unwrap() >= 0.0 && Process::own().rss_kb().unwrap() > 100);
        assert!(Process::new(u32::MAX).is_err());
    }
}
