//! Any bytes as a message of a page: what is understood says the same when written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::message::ClientMessage;

fuzz_target!(|input: &[u8]| {
    let Ok(message) = serde_json::from_slice::<ClientMessage>(input) else { return };
    let written = serde_json::to_vec(&message).expect("a message is JSON");
    assert_eq!(serde_json::from_slice::<ClientMessage>(&written).expect("its own JSON"), message);
});
