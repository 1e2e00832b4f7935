//! A Tongke of our own: started with a lesson in it, and ended with this.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, Result};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::Deserialize;

use crate::http::Endpoint;

/// A running `tongke demo`.
pub struct Demo {
    child: Child,
    data: PathBuf,
    ready: Ready,
}

/// The one line it prints.
#[derive(Deserialize)]
struct Ready {
    base: String,
    lesson: String,
    tokens: std::collections::BTreeMap<String, String>,
}

impl Demo {
    /// Starts `program` on free ports, with its data in a directory of its own below `parent`.
    pub fn start(program: &Path, parent: &Path) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let data = parent.join(format!("load-{}-{number}", std::process::id()));
        let mut child = Command::new(program)
            .args(["demo", "--json", "--listen", "127.0.0.1:0", "--media-port", "0", "--points", "3", "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let ready = child.stdout.take().context("no output").and_then(|out| {
            let mut line = String::new();
            BufReader::new(out).read_line(&mut line)?;
            serde_json::from_str(&line).with_context(|| format!("{} did not become ready", program.display()))
        });
        match ready {
            Ok(ready) => Ok(Self { child, data, ready }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where the master teacher publishes.
    pub fn whip(&self) -> Result<Endpoint> {
        self.endpoint("whip", "master")
    }

    /// Where anyone who watches may do so.
    pub fn whep(&self) -> Result<Endpoint> {
        self.endpoint("whep", "observer")
    }

    fn endpoint(&self, protocol: &str, who: &str) -> Result<Endpoint> {
        let token = self.ready.tokens.get(who).with_context(|| format!("the demo has no {who}"))?;
        Endpoint::new(&format!("{}/{protocol}/{}", self.ready.base, self.ready.lesson), token)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}
