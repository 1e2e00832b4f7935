//! Connectivity checks (RFC 8445): ours, and answers to theirs where the server is a full agent.

use aws_lc_rs::hmac;
use is::stun::{StunMessage, StunMessageBuilder, TransId};

/// Short-term credentials of one side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub password: String,
}

/// Room for one message.
const ROOM: usize = 512;

/// A binding request that nominates its pair.
pub fn check(ours: &Credentials, theirs: &Credentials) -> Vec<u8> {
    let username = format!("{}:{}", theirs.ufrag, ours.ufrag);
    let builder = StunMessageBuilder::new().binding().request().username(&username).prio(0x7eff_ffff);
    let message = builder.ice_controlling(1).use_candidate().build(TransId::new());
    bytes(message, &theirs.password)
}

/// What a STUN datagram of the server means.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// A check of ours got through.
    Answered,
    /// A check of theirs, with the answer to send.
    Checked(Vec<u8>),
    /// Nothing.
    Nothing,
}

/// Reads a STUN datagram.
pub fn read(datagram: &[u8], ours: &Credentials, theirs: &Credentials, from: std::net::SocketAddr) -> Told {
    let Ok(message) = StunMessage::parse(datagram) else { return Told::Nothing };
    if message.is_successful_binding_response() && message.verify(theirs.password.as_bytes(), hmac_sha1) {
        return Told::Answered;
    }
    if message.is_binding_request() && message.verify(ours.password.as_bytes(), hmac_sha1) {
        return Told::Checked(bytes(StunMessage::binding_reply(message.trans_id(), from), &ours.password));
    }
    Told::Nothing
}

fn bytes(message: StunMessage<'_>, password: &str) -> Vec<u8> {
    let mut bytes = vec![0; ROOM];
    let len = message.to_bytes(Some(password.as_bytes()), &mut bytes, hmac_sha1).unwrap_or(0);
    bytes.truncate(len);
    bytes
}

fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let mut context = hmac::Context::with_key(&key);
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0; 20];
    out.copy_from_slice(context.sign().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(name: &str) -> Credentials {
        Credentials { ufrag: name.into(), password: format!("{name}-password-of-22-chars") }
    }

    #[test]
    fn a_check_is_answered_by_the_other_side_and_the_answer_understood() {
        let (client, server) = (side("client"), side("server"));
        let from = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
        let Told::Checked(answer) = read(&check(&client, &server), &server, &client, from) else {
            panic!("the check is not understood");
        };
        assert_eq!(read(&answer, &client, &server, from), Told::Answered);
        assert_eq!(read(&answer, &client, &side("other"), from), Told::Nothing);
        assert_eq!(read(&[0; 20], &client, &server, from), Told::Nothing);
    }
}
