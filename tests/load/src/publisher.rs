//! The publisher: one thread that sends a voice and a picture as a browser paces them.

use std::{
    net::UdpSocket,
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use nix::{
    poll::{PollFd, PollFlags, ppoll},
    sys::{prctl, time::TimeSpec},
};
use sfu::rtcp::{Feedback, read};

use crate::{
    offer::Sources,
    pacing::{Burst, GROUP_INTERVAL, Pacer},
    packets::{Packets, Waiting},
    pattern::Pattern,
    transport::{Incoming, Transport},
};

/// Groups from one frame to the next.
const GROUPS_PER_FRAME: u64 = 8;
/// One Opus packet.
const VOICE_INTERVAL: Duration = Duration::from_millis(20);
/// Voices have a clock of their own: they begin so long after a group of pictures.
const VOICE_PHASE: Duration = Duration::from_micros(2300);
/// Time between two sender reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Shortest time between two key frames that were asked for.
const KEY_INTERVAL: Duration = Duration::from_millis(500);
/// The kernel may wake us so much later to save power; the default is 50 µs.
const TIMER_SLACK_NS: u64 = 5_000;

/// What all may know of a running publisher.
#[derive(Debug, Default)]
pub struct Progress {
    /// It has its keys and sends.
    pub connected: AtomicBool,
    /// Voices sent.
    pub voice: AtomicU64,
    /// Packets of pictures sent.
    pub video: AtomicU64,
    /// Key frames that the server asked for.
    pub key_frames_asked: AtomicU64,
    /// Packets that the server asked for again.
    pub nacked: AtomicU64,
    /// The most that a packet left after its time, in nanoseconds.
    pub behind_ns: AtomicU64,
    stop: AtomicBool,
}

/// A running publisher; it ends when this is dropped.
pub struct Publisher {
    /// How it stands.
    pub progress: Arc<Progress>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Publisher {
    /// Begins to connect and then to send.
    pub fn start(transport: Transport, packets: Packets, burst: Burst) -> Result<Self> {
        let progress = Arc::new(Progress::default());
        let socket = UdpSocket::bind("0.0.0.0:0").context("no UDP socket for the publisher")?;
        socket.connect(transport.remote())?;
        socket.set_nonblocking(true)?;
        let mut sending = Running::new(socket, transport, (packets, burst), progress.clone());
        let thread = std::thread::Builder::new().name("publisher".into()).spawn(move || sending.run())?;
        Ok(Self { progress, thread: Some(thread) })
    }

    /// Whether its thread has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Stops sending and tells how it ended.
    pub fn stop(&mut self) -> Result<()> {
        self.progress.stop.store(true, Relaxed);
        self.thread.take().map_or(Ok(()), |thread| thread.join().unwrap_or(Ok(())))
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

struct Running {
    socket: UdpSocket,
    transport: Transport,
    packets: Packets,
    progress: Arc<Progress>,
    pattern: Pattern,
    pacer: Pacer<Waiting>,
    /// When sending began: group 0.
    began: Instant,
    groups: u64,
    voices: u64,
    frames: u32,
    next_report: Instant,
    key_wanted: bool,
    last_key_asked: Option<Instant>,
}

impl Running {
    fn new(
        socket: UdpSocket,
        transport: Transport,
        (packets, burst): (Packets, Burst),
        progress: Arc<Progress>,
    ) -> Self {
        let now = Instant::now();
        Self {
            socket,
            transport,
            packets,
            progress,
            pattern: Pattern::new(0x746f_6e67_6b65),
            pacer: Pacer::new(burst),
            began: now,
            groups: 0,
            voices: 0,
            frames: 0,
            next_report: now,
            key_wanted: false,
            last_key_asked: None,
        }
    }

    fn run(&mut self) -> Result<()> {
        let _ = prctl::set_timerslack(TIMER_SLACK_NS);
        while !self.progress.stop.load(Relaxed) {
            let is_sending = self.progress.connected.load(Relaxed);
            let due = if is_sending { self.next_due() } else { Instant::now() + GROUP_INTERVAL };
            self.wait(due);
            self.receive()?;
            let now = Instant::now();
            self.transport.handle_timeout(now)?;
            self.flush();
            if is_sending {
                self.send_due(now);
            } else if self.transport.keys.is_some() {
                (self.began, self.next_report) = (now, now);
                self.progress.connected.store(true, Relaxed);
            }
        }
        Ok(())
    }

    fn group_due(&self) -> Instant {
        self.began + GROUP_INTERVAL * self.groups as u32
    }

    fn voice_due(&self) -> Instant {
        self.began + VOICE_PHASE + VOICE_INTERVAL * self.voices as u32
    }

    fn next_due(&self) -> Instant {
        self.group_due().min(self.voice_due())
    }

    /// Until `due`, or until the server says something.
    fn wait(&self, due: Instant) {
        let left = due.saturating_duration_since(Instant::now());
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        let _ = ppoll(&mut fds, Some(TimeSpec::from_duration(left)), None);
    }

    fn receive(&mut self) -> Result<()> {
        let mut room = [0; 2048];
        while let Ok(len) = self.socket.recv(&mut room) {
            let datagram = &mut room[..len];
            if self.transport.handle_datagram(Instant::now(), datagram)? == Incoming::Rtcp {
                self.handle_rtcp(datagram);
            }
        }
        Ok(())
    }

    fn handle_rtcp(&mut self, packet: &mut [u8]) {
        let Some(keys) = &mut self.transport.keys else { return };
        let Ok(len) = keys.0.open_rtcp(packet) else { return };
        let (mut again, mut key_asked) = (Vec::new(), false);
        read(&packet[..len], |told| match told {
            Feedback::KeyFrame { ssrc } => key_asked |= self.packets.is_video(ssrc),
            Feedback::Nack { ssrc, packets } if self.packets.is_video(ssrc) => again.extend(packets.sequences()),
            _ => {}
        });
        self.progress.nacked.fetch_add(again.len() as u64, Relaxed);
        for sequence in again {
            if let Some(packet) = self.packets.seal_again(keys, sequence) {
                let _ = self.socket.send(&packet);
            }
        }
        if key_asked {
            self.progress.key_frames_asked.fetch_add(1, Relaxed);
            self.key_wanted = true;
        }
    }

    fn flush(&mut self) {
        for datagram in self.transport.outgoing.drain(..) {
            let _ = self.socket.send(&datagram);
        }
    }

    fn send_due(&mut self, now: Instant) {
        while self.group_due() <= now {
            self.note_lateness(self.group_due());
            if self.groups.is_multiple_of(GROUPS_PER_FRAME) {
                self.make_frame(now);
            }
            self.groups += 1;
            self.pacer.begin_group();
            while let Some(waiting) = self.pacer.next_of_group() {
                let Some(keys) = &mut self.transport.keys else { return };
                let packet = self.packets.seal_video(keys, waiting);
                let _ = self.socket.send(&packet);
                self.progress.video.fetch_add(1, Relaxed);
            }
        }
        while self.voice_due() <= now {
            self.note_lateness(self.voice_due());
            self.send_voice();
        }
        if now >= self.next_report {
            self.next_report += REPORT_INTERVAL;
            self.send_reports(now);
        }
    }

    fn note_lateness(&self, due: Instant) {
        self.progress.behind_ns.fetch_max(due.elapsed().as_nanos() as u64, Relaxed);
    }

    fn make_frame(&mut self, now: Instant) {
        let may = self.last_key_asked.is_none_or(|at| now.saturating_duration_since(at) >= KEY_INTERVAL);
        let key_wanted = self.key_wanted && may;
        if key_wanted {
            (self.key_wanted, self.last_key_asked) = (false, Some(now));
        }
        let frame = self.pattern.next_frame(key_wanted);
        let made = self.packets.make_frame(self.frames.wrapping_mul(3600), frame.key, &frame.sizes);
        for (size, waiting) in frame.sizes.iter().zip(made) {
            self.pacer.push(*size, waiting);
        }
        self.frames += 1;
    }

    fn send_voice(&mut self) {
        let Some(keys) = &mut self.transport.keys else { return };
        // 100 to 160 bytes, as speech at 48 to 64 kbit/s.
        let len = 100 + (self.voices * 37 % 61) as usize;
        let waiting = self.packets.make_voice((self.voices as u32).wrapping_mul(960), len);
        let packet = self.packets.seal_voice(keys, waiting);
        let _ = self.socket.send(&packet);
        self.voices += 1;
        self.progress.voice.fetch_add(1, Relaxed);
    }

    fn send_reports(&mut self, now: Instant) {
        let Some(keys) = &mut self.transport.keys else { return };
        let since = now.saturating_duration_since(self.began);
        let video_time = (since.as_micros() as u64 * 9 / 100) as u32;
        let voice_time = (since.saturating_sub(VOICE_PHASE).as_micros() as u64 * 48 / 1000) as u32;
        for report in self.packets.reports(keys, voice_time, video_time) {
            let _ = self.socket.send(&report);
        }
    }
}

/// SSRCs of the one publisher.
pub const SOURCES: Sources = Sources { voice: 0x10ad_0001, video: 0x10ad_0002, rtx: 0x10ad_0003 };
