//! Any bytes as a STUN message: reading it, finding whom it is for, answering it.
#![no_main]

use is::stun::StunMessage;
use libfuzzer_sys::fuzz_target;
use sfu::ice::{Check, Credentials, Half, Path, Responder, addressed_ufrag};

fuzz_target!(|input: &[u8]| {
    let Ok(message) = StunMessage::parse(input) else { return };
    addressed_ufrag(&message);
    let half = |name: &str| Half { ufrag: name.into(), password: "a-password-of-22-letters".into() };
    let mut responder = Responder::new(Credentials { local: half("serv"), remote: half("peer") });
    let path = Path::udp(None, ([192, 0, 2, 1], 5000).into());
    let mut answer = [0; 512];
    let check = responder.handle_check(path, &message, &mut answer);
    if let Check::Answered { len, .. } = check {
        assert!(StunMessage::parse(&answer[..len]).is_ok(), "what is answered is STUN");
    }
});
