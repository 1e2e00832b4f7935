//! Builds the web client into `web-client/dist` before it is embedded, when its sources changed.
//!
//! `TONGKE_SKIP_WEB=1` leaves it out; whatever is in `dist` is embedded then, and if that is nothing, a notice is served.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::SystemTime,
};

const WEB: &str = "web-client";
const SKIP_VAR: &str = "TONGKE_SKIP_WEB";
/// What the pages are made of. Everything else in `web-client/` is not.
const SOURCES: [&str; 6] = ["src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts"];
/// Written after a build; sources older than it are built.
const STAMP: &str = "dist/.built";
/// Written after `npm ci`; a lock file older than it is installed.
const INSTALLED: &str = "node_modules/.installed";

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed={SKIP_VAR}");
    let web = Path::new(WEB);
    for source in SOURCES.map(|source| web.join(source)).iter().filter(|p| p.exists()) {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    let skip = std::env::var_os(SKIP_VAR).is_some_and(|value| value == "1");
    let built = match skip || !web.join("index.html").exists() {
        true => fs::create_dir_all(web.join("dist")).map_err(|e| e.to_string()),
        false => build(web),
    };
    match built {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("cargo::error={why}");
            ExitCode::FAILURE
        }
    }
}

fn build(web: &Path) -> Result<(), String> {
    let sources = SOURCES.map(|source| web.join(source));
    let newest = sources.iter().filter_map(|path| newest_below(path)).max();
    if newest < modified(&web.join(STAMP)) {
        return Ok(());
    }
    let lock = modified(&web.join("package-lock.json"));
    if lock >= modified(&web.join(INSTALLED)) {
        npm(web, &["ci", "--no-audit", "--no-fund"])?;
        stamp(&web.join(INSTALLED))?;
    }
    npm(web, &["run", "build"])?;
    stamp(&web.join(STAMP))
}

fn npm(web: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("npm").args(arguments).current_dir(web).output();
    let output = output.map_err(|_| {
        "npm is missing: install Node.js 20 with npm, or set TONGKE_SKIP_WEB=1 to build without the web pages"
            .to_owned()
    })?;
    if output.status.success() {
        return Ok(());
    }
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    let told = told.lines().rev().take(40).collect::<Vec<_>>();
    let told = told.into_iter().rev().collect::<Vec<_>>().join("\ncargo::error=");
    Err(format!("npm {} failed in {WEB}:\ncargo::error={told}", arguments.join(" ")))
}

fn stamp(path: &Path) -> Result<(), String> {
    fs::write(path, "").map_err(|e| format!("cannot write {}: {e}", path.display()))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|m| m.modified()).ok()
}

/// When the file, or the newest below the directory, was changed.
fn newest_below(path: &Path) -> Option<SystemTime> {
    let mut left: Vec<PathBuf> = vec![path.to_owned()];
    let mut newest = modified(path);
    while let Some(path) = left.pop() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            newest = newest.max(modified(&path));
            if path.is_dir() {
                left.push(path);
            }
        }
    }
    newest
}
