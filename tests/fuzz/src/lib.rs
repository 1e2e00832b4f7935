//! What several fuzz targets share: input read as a row of chunks, and the model peers of the media plane's own tests.

#[path = "../../../sfu/tests/peer/mod.rs"]
pub mod peer;

/// Input as a row of `(kind, bytes)`: an octet of kind, an octet of length, and that many bytes or what is left.
pub fn chunks(mut input: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (&[kind, len], rest) = input.split_first_chunk::<2>()?;
        let (bytes, rest) = rest.split_at(usize::from(len).min(rest.len()));
        input = rest;
        Some((kind, bytes))
    })
}

/// What a session's answer needs, with numbers that count instead of chance.
pub fn with_local<T>(run: impl FnOnce(&mut sfu::sdp::Local<'_>) -> T) -> T {
    let mut next = 1000;
    let mut random = || {
        next += 7919;
        next
    };
    run(&mut sfu::sdp::Local {
        ice: sfu::ice::Half { ufrag: "server".into(), password: "the-servers-password-22".into() },
        fingerprint: "00:11",
        candidates: &["192.0.2.1:7000", "[2001:db8::1]:7000"].map(|address| sfu::sdp::Candidate {
            protocol: sfu::sdp::Protocol::Tcp,
            address: address.parse().expect("an address"),
        }),
        session: 1,
        random: &mut random,
    })
}
