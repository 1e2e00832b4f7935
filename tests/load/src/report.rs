//! The one line a run ends with.

use serde::Serialize;

use crate::{
    latency::Percentiles,
    options::{Mode, Profile},
    pacing::Burst,
    viewer::Broken,
};

/// All that is told of a run. What was not measured is `null`.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Viewers that were asked for.
    pub viewers: usize,
    /// How packets were dealt with.
    pub mode: Mode,
    /// What the viewers offered.
    pub profile: Profile,
    /// How the publisher paced.
    pub burst: Burst,
    /// Viewers that connected, those that misbehave or left too.
    pub connected: u64,
    /// The joins after the first viewers.
    pub joins: Joins,
    /// What was published in all.
    pub sent: Sent,
    /// Packets all viewers together were to get, each from its first on.
    pub expected: u64,
    /// Different packets they got.
    pub received: u64,
    /// Packets that somebody did not get.
    pub lost: u64,
    /// Of them, voices.
    pub voices_lost: u64,
    /// Packets that the server kept back from somebody whose line it found too thin.
    pub withheld: u64,
    /// Packets that somebody got again, other than by retransmission.
    pub duplicates: u64,
    /// Packets that were not what was sent.
    pub broken: Broken,
    /// Viewers that got no voice or no picture although they were sent.
    pub starved: usize,
    /// Datagrams the generator's kernel had no room for: what is lost means nothing unless this is 0.
    pub rxq_overflow: u32,
    /// Length of the window.
    pub window_s: f64,
    /// Server CPU in the window.
    pub cpu_s: Option<f64>,
    /// Of one core.
    pub cores: Option<f64>,
    /// Packets that viewers got in the window.
    pub window_packets: u64,
    /// The same, a second.
    pub packets_per_second: f64,
    /// Server CPU for each of them.
    pub us_per_packet: Option<f64>,
    /// Server memory at the end of the window.
    pub rss_kb: Option<u64>,
    /// What each viewer after the first ones added to it.
    pub rss_per_viewer_kb: Option<f64>,
    /// Server memory at the start of the window and every ten seconds of it.
    pub rss_samples_kb: Vec<u64>,
    /// From the publisher's send to the viewer's kernel.
    pub latency: Latency,
    /// Key frames the server asked the publisher for.
    pub key_frames_asked: u64,
    /// Packets the server asked the publisher for again.
    pub nacked_upstream: u64,
    /// Packets that were sent again.
    pub rtx: u64,
    /// Packets that came to those who misbehave.
    pub to_bad: u64,
    /// Viewers that joined and left in the window.
    pub churned: u64,
    /// CPU of the generator in the window.
    pub generator_cpu_s: f64,
    /// The most that a packet was published too late since the window began, in ms: latencies like that are the
    /// generator's.
    pub generator_behind: f64,
}

/// Joins that were measured.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Joins {
    /// How many.
    pub count: usize,
    /// From the first offer until the last was connected.
    pub wall_s: f64,
    /// Server CPU for each, with what it forwarded meanwhile.
    pub cpu_ms: Option<f64>,
    /// The same, less what forwarding costs in the window.
    pub own_cpu_ms: Option<f64>,
}

/// Packets published.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Sent {
    /// Voices.
    pub voice: u64,
    /// Packets of pictures.
    pub video: u64,
}

/// In milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Latency {
    /// Of voices.
    pub voice: Option<Percentiles>,
    /// Of pictures.
    pub video: Option<Percentiles>,
}
