//! What a packet costs in each pure part of its path: `cargo bench -p sfu`.
//!
//! For choosing between ways of doing one thing on one machine; what the whole server does is in docs/benchmarks.md.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop where it finds something impossible")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use sfu::{
    demux,
    rtp::{FIXED_HEADER_LEN, RtpHeader, write_fixed_header},
    srtp::{Inbound, MAX_OVERHEAD, MasterKeys, Outbound, Profile},
};

/// What a publisher's packets come to with the headers of UDP and IP in a path of 1200 bytes.
const PACKET_LEN: usize = 1150;
const SSRC: u32 = 0xdead_beef;
const PROFILES: [(&str, Profile); 3] = [
    ("aes_128_gcm", Profile::AeadAes128Gcm),
    ("aes_256_gcm", Profile::AeadAes256Gcm),
    ("aes_cm_128_hmac_sha1_80", Profile::Aes128CmSha1_80),
];

fn pair(profile: Profile) -> (Outbound, Inbound) {
    let material: Vec<u8> = (0..2 * (profile.key_len() + profile.salt_len())).map(|i| i as u8).collect();
    let keys = MasterKeys::split(profile, &material).unwrap();
    (keys.contexts(true).unwrap().1, keys.contexts(false).unwrap().0)
}

/// A packet with the header extensions a browser sends (RFC 8285 section 4.2: each a byte of id and length, then data): the
/// time sent, the transport-wide number and the media line.
fn packet() -> Vec<u8> {
    let mut packet = vec![0; FIXED_HEADER_LEN];
    write_fixed_header(packet.first_chunk_mut().unwrap(), &RtpHeader::fixed(96, 1, 3000, SSRC));
    packet[0] |= 0x10;
    packet.extend([0xbe, 0xde, 0, 3, 0x22, 1, 2, 3, 0x31, 0, 1, 0x40, b'1', 0, 0, 0]);
    packet.resize(PACKET_LEN, 0x41);
    packet
}

fn seal(c: &mut Criterion) {
    let mut group = c.benchmark_group("seal");
    group.throughput(Throughput::Bytes(PACKET_LEN as u64));
    for (name, profile) in PROFILES {
        let (sender, _) = pair(profile);
        let mut buffer = packet();
        buffer.resize(PACKET_LEN + MAX_OVERHEAD, 0);
        let mut index = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                index += 1;
                sender.seal_rtp(black_box(&mut buffer), PACKET_LEN, FIXED_HEADER_LEN, SSRC, index).unwrap()
            })
        });
    }
    group.finish();
}

fn open(c: &mut Criterion) {
    let mut group = c.benchmark_group("open");
    group.throughput(Throughput::Bytes(PACKET_LEN as u64));
    for (name, profile) in PROFILES {
        let (sender, mut receiver) = pair(profile);
        let mut index = 0;
        let mut sealed = || {
            index += 1;
            let mut buffer = packet();
            buffer.resize(PACKET_LEN + MAX_OVERHEAD, 0);
            let len = sender.seal_rtp(&mut buffer, PACKET_LEN, FIXED_HEADER_LEN, SSRC, index).unwrap();
            buffer.truncate(len);
            (buffer, index as u16)
        };
        // Each packet is opened once, as the replay window has it; the sealing is not timed.
        group.bench_function(name, |b| {
            b.iter_batched_ref(
                &mut sealed,
                |(buffer, sequence)| receiver.open_rtp(buffer, FIXED_HEADER_LEN, SSRC, *sequence).unwrap(),
                BatchSize::SmallInput,
            )
        });
    }
    group.finish();
}

fn read_and_write(c: &mut Criterion) {
    let packet = packet();
    let mut stun = packet.clone();
    stun[0] = 0;
    let mut dtls = packet.clone();
    dtls[0] = 22;
    let mixed = [&packet, &stun, &dtls];
    c.bench_function("tell three datagrams apart", |b| {
        b.iter(|| mixed.map(|datagram| demux::kind(black_box(datagram))))
    });
    c.bench_function("read a header and one extension", |b| {
        b.iter(|| {
            let packet = black_box(packet.as_slice());
            let header = RtpHeader::parse(packet).unwrap();
            (header, header.extension(packet, 3).map(<[u8]>::len))
        })
    });
    let header = RtpHeader::fixed(96, 1, 3000, SSRC);
    let mut out = [0; FIXED_HEADER_LEN];
    c.bench_function("write a header", |b| b.iter(|| write_fixed_header(black_box(&mut out), black_box(&header))));
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    seal(&mut c);
    open(&mut c);
    read_and_write(&mut c);
    c.final_summary();
}
