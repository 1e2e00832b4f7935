//! Logging to stderr.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Environment variable that overrides the configured filter.
const FILTER_VAR: &str = "TONGKE_LOG";

/// Begins to log what `filter` lets through, e.g. `info` or `info,tongke=debug`.
pub fn start(filter: &str) {
    let chosen = std::env::var(FILTER_VAR).unwrap_or_else(|_| filter.to_owned());
    let filter = EnvFilter::try_new(chosen).unwrap_or_else(|_| EnvFilter::new("info"));
    // A second call, in tests, changes nothing.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}
