//! A running demo, and plain clients of it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::Deserialize;

/// How long anything in these tests may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program, not started yet.
pub fn tongke(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tongke"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    tongke(arguments).output().unwrap()
}

/// A directory that goes when it is dropped.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("signaling-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn join(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What `tongke demo --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    pub base: String,
    pub lesson: String,
    pub tokens: BTreeMap<String, String>,
}

/// A running demo.
pub struct Demo {
    child: Child,
    out: BufReader<ChildStdout>,
    pub ready: Ready,
}

impl Demo {
    pub fn start(data: &str) -> Self {
        Self::start_with(data, &[])
    }

    pub fn start_with(data: &str, more: &[&str]) -> Self {
        let mut command = tongke(&["demo", "--json", "--listen", "127.0.0.1:0", "--media-port", "0", "--data", data]);
        let mut child = command.args(more).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap();
        Self { child, out, ready }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        self.ready.base.strip_prefix("http://").unwrap()
    }

    pub fn token(&self, key: &str) -> &str {
        &self.ready.tokens[key]
    }

    /// Sends `signal`, waits for the end, and returns what was printed after the first line.
    pub fn end(mut self, signal: Signal) -> (ExitStatus, String) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, signal).unwrap();
        // One that does not end is killed, and the exit status tells.
        let (ended, waiting) = std::sync::mpsc::channel::<()>();
        let killer = std::thread::spawn(move || {
            if waiting.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                let _ = kill(pid, Signal::SIGKILL);
            }
        });
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        let status = self.child.wait().unwrap();
        drop(ended);
        killer.join().unwrap();
        (status, rest)
    }

    /// `GET path`: status and body.
    pub fn get(&self, path: &str, key: &str) -> (u16, serde_json::Value) {
        get(self.address(), path, self.token(key))
    }
}

fn get(address: &str, path: &str, token: &str) -> (u16, serde_json::Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}

/// A running `tongke serve`.
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    pub fn start(config: &str) -> Self {
        let mut child = tongke(&["serve", "--config", config]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (_, address) = line.trim_end().trim_end_matches('/').split_once("http://").unwrap();
        Self { child, address: address.to_owned() }
    }

    /// `GET path`: status and body.
    pub fn get(&self, path: &str, token: &str) -> (u16, serde_json::Value) {
        get(&self.address, path, token)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
