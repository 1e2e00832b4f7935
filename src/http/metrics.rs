//! `GET /metrics`: how the media plane does, in figures for Prometheus. What to look at is in `docs/operate.md`, a dashboard
//! in `docs/grafana.json`.

mod exposition;
mod process;
#[cfg(test)]
mod tests;

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
};
use sfu::counters::LAG_BOUNDS_MS;

use super::App;
use crate::media::{Door, ShardReport};
use exposition::{Exposition, Kind, Labels};
use process::Process;

const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Counts something of a shard.
type Count = fn(&ShardReport) -> u64;

/// What is one number a shard: name, help, number.
const COUNTERS: [(&str, &str, Count); 23] = [
    ("tongke_media_rtp_received_packets_total", "RTP packets from publishers.", |r| r.counters.received),
    ("tongke_media_rtp_received_bytes_total", "Bytes of those, as they came.", |r| r.counters.received_bytes),
    ("tongke_media_forwarded_packets_total", "RTP packets sent on, once for each subscriber.", |r| {
        r.counters.forwarded
    }),
    ("tongke_media_retransmitted_packets_total", "RTP packets sent again.", |r| r.counters.retransmitted),
    ("tongke_media_feedback_packets_total", "RTCP packets from subscribers.", |r| r.counters.feedback),
    ("tongke_media_key_frame_requests_total", "Key frames asked of publishers.", |r| r.counters.key_frames_asked),
    ("tongke_media_sent_datagrams_total", "Datagrams the kernel took, of every kind.", |r| r.sent.datagrams),
    ("tongke_media_sent_bytes_total", "Bytes of those, without UDP and IP headers.", |r| r.sent.bytes),
    ("tongke_media_sends_total", "Messages they were joined in: one to a viewer, to be cut up.", |r| r.sent.messages),
    ("tongke_media_send_calls_total", "System calls that took.", |r| r.sent.calls),
    ("tongke_media_unjoined_sends_total", "Messages that went datagram by datagram after all.", |r| r.sent.unjoined),
    ("tongke_media_received_datagrams_total", "Datagrams received, of every kind.", |r| r.received.datagrams),
    ("tongke_media_receives_total", "Messages they came joined in.", |r| r.received.messages),
    ("tongke_media_receive_calls_total", "System calls that took.", |r| r.received.calls),
    ("tongke_media_tcp_opened_total", "TCP connections taken over.", |r| r.streams.opened),
    ("tongke_media_tcp_sent_bytes_total", "Bytes written to those, with frames.", |r| r.streams.sent_bytes),
    ("tongke_media_tcp_received_bytes_total", "Bytes read from those.", |r| r.streams.received_bytes),
    ("tongke_media_turns_total", "Turns of the loop.", |r| r.turns),
    ("tongke_media_events_lost_total", "Events of sessions that found the queue full.", |r| r.counters.events_lost),
    ("tongke_media_recorder_batches_dropped_total", "Batches of packets the recorder had no place for.", |r| {
        r.recorder_batches_dropped
    }),
    ("tongke_media_relayed_out_packets_total", "Packets handed to other shards.", |r| r.relayed_out),
    ("tongke_media_relayed_in_packets_total", "Packets taken over from other shards.", |r| r.relayed_in),
    ("tongke_media_relay_lost_packets_total", "Packets lost on the way between shards.", |r| r.relay_lost),
];

/// What is dropped, by cause; `docs/operate.md` tells what follows from each.
const DROPPED: [(&str, Count); 10] = [
    ("unknown", |r| r.counters.dropped.unknown),
    ("unreadable", |r| r.counters.dropped.unreadable),
    ("not_authentic", |r| r.counters.dropped.not_authentic),
    ("unusable", |r| r.counters.dropped.unusable),
    ("too_long", |r| r.received.too_long),
    ("handshakes", |r| r.counters.dropped.handshakes),
    ("behind", |r| r.counters.dropped.behind),
    ("no_room", |r| r.sent.dropped),
    ("refused", |r| r.sent.refused),
    ("slow_tcp", |r| r.streams.dropped),
];

/// Everything there is to tell.
#[derive(Debug, Default)]
struct Figures {
    shards: Vec<ShardReport>,
    lessons: usize,
    database_queries: u64,
    process: Process,
    tcp_turned_away: u64,
    disk_free_bytes: Option<u64>,
    failed_writes: u64,
}

/// `GET /metrics`
pub async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let figures = Figures {
        shards: app.media().reports().all(),
        lessons: app.lessons().running_lessons(),
        database_queries: app.db().queries(),
        process: Process::now(),
        tcp_turned_away: app.media().door().map_or(0, Door::turned_away),
        disk_free_bytes: app.disk().free_bytes(),
        failed_writes: app.disk().failed_writes(),
    };
    (HEADERS, text(&figures))
}

fn text(figures: &Figures) -> String {
    let mut text = Exposition::default();
    write_program(&mut text, figures);
    write_recording(&mut text, figures);
    write_counters(&mut text, &figures.shards);
    write_dropped(&mut text, &figures.shards);
    write_load(&mut text, &figures.shards);
    write_lag(&mut text, &figures.shards);
    text.into_text()
}

fn write_program(text: &mut Exposition, figures: &Figures) {
    let version: Labels = &[("version", env!("CARGO_PKG_VERSION"))];
    text.family("tongke_build_info", Kind::Gauge, "1, with the version that runs.").sample(version, 1);
    text.family("tongke_lessons_running", Kind::Gauge, "Lessons that run.").sample(&[], figures.lessons);
    let help = "Questions asked of the database; joining a lesson asks none.";
    text.family("tongke_database_queries_total", Kind::Counter, help).sample(&[], figures.database_queries);
    let help = "TCP connections closed because they said nothing of media, or because there were too many.";
    text.family("tongke_media_tcp_turned_away_total", Kind::Counter, help).sample(&[], figures.tcp_turned_away);
    let Process { resident_bytes, cpu, open_fds } = figures.process;
    if let Some(bytes) = resident_bytes {
        text.family("process_resident_memory_bytes", Kind::Gauge, "Memory in RAM.").sample(&[], bytes);
    }
    if let Some(cpu) = cpu {
        let mut family = text.family("process_cpu_seconds_total", Kind::Counter, "Processor time of all threads.");
        family.sample(&[], cpu.as_secs_f64());
    }
    if let Some(fds) = open_fds {
        text.family("process_open_fds", Kind::Gauge, "Files and sockets open.").sample(&[], fds);
    }
}

fn write_recording(text: &mut Exposition, figures: &Figures) {
    if let Some(bytes) = figures.disk_free_bytes {
        text.family("tongke_recording_disk_free_bytes", Kind::Gauge, "Free on the disk of the recordings.")
            .sample(&[], bytes);
    }
    let help = "Writes of recordings that failed.";
    text.family("tongke_recording_failed_writes_total", Kind::Counter, help).sample(&[], figures.failed_writes);
}

fn write_counters(text: &mut Exposition, shards: &[ShardReport]) {
    for (name, help, count) in COUNTERS {
        let mut family = text.family(name, Kind::Counter, help);
        each(shards, |shard, report| family.sample(&[("shard", shard)], count(report)));
    }
}

fn write_dropped(text: &mut Exposition, shards: &[ShardReport]) {
    let help = "Packets dropped, by cause.";
    let mut family = text.family("tongke_media_dropped_packets_total", Kind::Counter, help);
    each(shards, |shard, report| {
        for (cause, count) in DROPPED {
            family.sample(&[("shard", shard), ("cause", cause)], count(report));
        }
    });
}

fn write_load(text: &mut Exposition, shards: &[ShardReport]) {
    let mut sessions = text.family("tongke_media_sessions", Kind::Gauge, "Sessions, by which way they go.");
    each(shards, |shard, report| {
        sessions.sample(&[("shard", shard), ("kind", "publisher")], report.publishers);
        sessions.sample(&[("shard", shard), ("kind", "subscriber")], report.subscribers);
    });
    let mut connections = text.family("tongke_media_tcp_connections", Kind::Gauge, "TCP connections of media, now.");
    each(shards, |shard, report| connections.sample(&[("shard", shard)], report.streams.open));
    let help = "Processor time of the media thread.";
    let mut cpu = text.family("tongke_media_cpu_seconds_total", Kind::Counter, help);
    each(shards, |shard, report| cpu.sample(&[("shard", shard)], report.cpu.as_secs_f64()));
}

fn write_lag(text: &mut Exposition, shards: &[ShardReport]) {
    let help = "From the arrival of the first of a group of packets until its last receiver had it.";
    let mut family = text.family("tongke_media_lag_seconds", Kind::Histogram, help);
    each(shards, |shard, report| {
        let lag = report.counters.lag;
        let bounds = LAG_BOUNDS_MS.map(|ms| ms as f64 / 1e3);
        let [buckets @ .., above] = lag.buckets;
        let buckets: Vec<_> = bounds.into_iter().zip(buckets).collect();
        family.histogram(&[("shard", shard)], &buckets, above, lag.sum_us as f64 / 1e6);
    });
}

fn each(shards: &[ShardReport], mut told: impl FnMut(&str, &ShardReport)) {
    for (shard, report) in shards.iter().enumerate() {
        told(&shard.to_string(), report);
    }
}
