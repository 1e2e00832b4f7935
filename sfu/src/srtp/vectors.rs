//! Published test vectors: RFC 3711 appendix B, RFC 6188 section 7, RFC 7714 sections 16 and 17.

use super::{
    Outbound, Profile,
    derive::{Label, apply_key_stream, counter_mode, session_key},
    transform::{RtcpKeys, RtpKeys},
};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

const SALT_7714: &str = "517569642070726f2071756f";
const RTP_7714: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070
    61727465 73207472 6573";
const RTCP_7714: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef
    deadbeef deadbeef deadbeef";

#[test]
fn the_key_stream_is_that_of_rfc_3711_appendix_b_2() {
    let key = counter_mode(&hex("2B7E151628AED2A6ABF7158809CF4F3C")).unwrap();
    let iv = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").try_into().unwrap();
    let mut stream = [0; 48];
    apply_key_stream(&key, iv, &mut stream).unwrap();
    let expected = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0";
    assert_eq!(stream.to_vec(), hex(expected));
}

#[test]
fn session_keys_are_those_of_rfc_3711_appendix_b_3() {
    let master = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
    let salt = hex("0EC675AD498AFEEBB6960B3AABE6");
    let rows = [
        (Label::RtpEncryption, "C61E7A93744F39EE10734AFE3FF7A087"),
        (Label::RtpSalt, "30CBBC08863D8C85D49DB34A9AE1"),
        (Label::RtpAuthentication, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"),
    ];
    for (label, expected) in rows {
        let expected = hex(expected);
        let mut key = vec![0; expected.len()];
        session_key(&master, &salt, label, &mut key).unwrap();
        assert_eq!(key, expected, "{label:?}");
    }
}

#[test]
fn session_keys_of_256_bits_are_those_of_rfc_6188_section_7_2() {
    let master = hex("f0f04914b513f2763a1b1fa130f10e29 98f6f6e43e4309d1e622a0e332b9f1b6");
    let salt = hex("3b04803de51ee7c96423ab5b78d2");
    let rows = [
        (Label::RtpEncryption, "5ba1064e30ec51613cad926c5a28ef73 1ec7fb397f70a960653caf06554cd8c4"),
        (Label::RtpSalt, "fa31791685ca444a9e07c6c64e93"),
        (Label::RtpAuthentication, "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"),
    ];
    for (label, expected) in rows {
        let expected = hex(expected);
        let mut key = vec![0; expected.len()];
        session_key(&master, &salt, label, &mut key).unwrap();
        assert_eq!(key, expected, "{label:?}");
    }
}

fn gcm_rtp(key_len: u8, expected: &str) {
    let key: Vec<u8> = (0..key_len).collect();
    let keys = RtpKeys::gcm_from_session_key(&key, hex(SALT_7714).try_into().unwrap());
    let plain = hex(RTP_7714);
    let mut buffer = plain.clone();
    buffer.resize(plain.len() + 16, 0);
    let len = keys.seal(&mut buffer, plain.len(), 12, 0x5501_a0b2, 0xf17b).unwrap();
    assert_eq!(buffer[..len], hex(expected));
    let opened = keys.open(&mut buffer, 12, 0x5501_a0b2, 0xf17b).unwrap();
    assert_eq!(buffer[..opened], plain);
}

#[test]
fn aes_128_gcm_seals_the_packet_of_rfc_7714_section_16_1() {
    gcm_rtp(
        16,
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf
         8833899d 7f27beb1 6a9152cf 765ee439 0cce",
    );
}

#[test]
fn aes_256_gcm_seals_the_packet_of_rfc_7714_section_16_2() {
    gcm_rtp(
        32,
        "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799
         b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
    );
}

#[test]
fn aes_128_gcm_seals_the_report_of_rfc_7714_section_17_1() {
    let key: Vec<u8> = (0..16).collect();
    let keys = RtcpKeys::gcm_from_session_key(&key, hex(SALT_7714).try_into().unwrap());
    let plain = hex(RTCP_7714);
    let mut buffer = plain.clone();
    buffer.resize(plain.len() + 20, 0);
    let len = keys.seal(&mut buffer, plain.len(), 0x5d4).unwrap();
    let expected = "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46
        86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4";
    assert_eq!(buffer[..len], hex(expected));
    assert_eq!(keys.open(&mut buffer, 0x4d61_7273), Ok((plain.len(), 0x5d4)));
    assert_eq!(buffer[..plain.len()], plain);
}

/// RFC 3711 gives no whole packet for AES-CM with HMAC; this one is the reference packet SRTP stacks agree on.
#[test]
fn aes_cm_with_sha1_seals_the_well_known_reference_packet() {
    let key = hex("e1f97a0d3e018be0d64fa32c06de4139");
    let salt = hex("0ec675ad498afeebb6960b3aabe6");
    let sender = Outbound::new(Profile::Aes128CmSha1_80, &key, &salt).unwrap();
    let plain = hex("800f1234 decafbad cafebabe abababab abababab abababab abababab");
    let mut buffer = plain.clone();
    buffer.resize(plain.len() + 20, 0);
    let len = sender.seal_rtp(&mut buffer, plain.len(), 12, 0xcafe_babe, 0x1234).unwrap();
    let expected = "800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc 99ea179b 8dbb";
    assert_eq!(buffer[..len], hex(expected));
}
