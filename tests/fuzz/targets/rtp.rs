//! Any bytes as an RTP packet, read by both views of it: the media plane's and the recorder's agree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recorder::rtp::RtpPacket;
use sfu::rtp::RtpHeader;

fuzz_target!(|input: &[u8]| {
    let header = RtpHeader::parse(input);
    let Ok(packet) = RtpPacket::parse(input) else { return };
    let header = header.expect("the stricter reader took it");
    assert_eq!(
        (header.marker, header.payload_type, header.sequence, header.timestamp, header.ssrc),
        (packet.marker, packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc)
    );
    assert!(input[header.len..].starts_with(packet.payload));
    for (id, _) in header.extensions(input) {
        assert!(header.extension(input, id).is_some());
    }
});
