//! Replay tickets: who holds one may replay one lesson for a while. A ticket stands in the path, so that players which can
//! send no header of ours, and every file of the recording, need nothing else.
//!
//! `<lesson>.<expiry, seconds, hexadecimal>.<HMAC-SHA-256 of what is before, hexadecimal>`

use std::fmt::Write;

use anyhow::anyhow;
use aws_lc_rs::{hmac, rand};
use protocol::{LessonId, UtcMs};

use super::limits::TICKET_LIFE;

/// Makes and checks tickets. Its key lives as long as the program: after a restart a page asks for a new ticket.
#[derive(Debug, Clone)]
pub struct Tickets {
    key: hmac::Key,
}

impl Tickets {
    /// With a fresh key.
    pub fn new() -> anyhow::Result<Self> {
        let mut secret = [0; 32];
        rand::fill(&mut secret).map_err(|_| anyhow!("the system has no randomness"))?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &secret) })
    }

    /// A ticket for `lesson`, and when it expires.
    pub fn issue(&self, lesson: &LessonId, now: UtcMs) -> (String, UtcMs) {
        let expires = now.plus_ms(TICKET_LIFE.as_millis() as i64).0.max(0) / 1_000;
        let mut ticket = format!("{lesson}.{expires:x}");
        let tag = hmac::sign(&self.key, ticket.as_bytes());
        ticket.push('.');
        for octet in tag.as_ref() {
            // Writing to a String does not fail.
            let _ = write!(ticket, "{octet:02x}");
        }
        (ticket, UtcMs(expires * 1_000))
    }

    /// The lesson a ticket is for, if it is ours and still good.
    pub fn check(&self, ticket: &str, now: UtcMs) -> Option<LessonId> {
        let (signed, tag) = ticket.rsplit_once('.')?;
        hmac::verify(&self.key, signed.as_bytes(), &octets(tag)?).ok()?;
        let (lesson, expires) = signed.split_once('.')?;
        let expires = i64::from_str_radix(expires, 16).ok()?;
        (now.0 / 1_000 < expires).then_some(())?;
        LessonId::parse(lesson).ok()
    }
}

fn octets(hexadecimal: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(hexadecimal.get(at..at + 2)?, 16).ok();
    (0..hexadecimal.len()).step_by(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMs = UtcMs(1_795_312_800_000);

    #[test]
    fn a_ticket_is_good_for_its_lesson_until_it_expires() {
        let tickets = Tickets::new().unwrap();
        let lesson = LessonId::parse("music-3a").unwrap();
        let (ticket, expires) = tickets.issue(&lesson, NOW);
        assert_eq!(tickets.check(&ticket, NOW), Some(lesson.clone()));
        assert_eq!(tickets.check(&ticket, expires.plus_ms(-1)), Some(lesson));
        assert_eq!(tickets.check(&ticket, expires), None);
    }

    #[test]
    fn a_ticket_that_was_changed_or_is_anothers_is_none() {
        let tickets = Tickets::new().unwrap();
        let (ticket, _) = tickets.issue(&LessonId::parse("music-3a").unwrap(), NOW);
        let longer = ticket.replacen(".6", ".7", 1);
        let other = ticket.replacen("music", "maths", 1);
        let cut = &ticket[..ticket.len() - 1];
        for bad in [other.as_str(), longer.as_str(), cut, "", ".", "..", "music-3a", "é.é.éé", &ticket.to_uppercase()]
        {
            assert_eq!(tickets.check(bad, NOW), None, "{bad}");
        }
        assert_eq!(Tickets::new().unwrap().check(&ticket, NOW), None);
    }
}
