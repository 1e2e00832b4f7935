//! How the last packets of a voice went out, so that one that is asked for again goes out as the very same bytes: a nonce is
//! never used for two texts, and there is no retransmission stream for voices to give it another.

/// Packets that are remembered; an older one is not sent again. Power of two; more than a second.
const REMEMBERED: usize = 64;

/// How a packet went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentVoice {
    /// Its extended sequence number.
    index: u64,
    /// Its transport-wide number, if it had one.
    pub(crate) number: Option<u16>,
    /// Which packets before it it repeated: bit 0 is the last, bit 1 the one before; none where it went as it was.
    pub(crate) repeated: Option<u8>,
}

/// How the last packets of one line went out.
#[derive(Debug)]
pub(crate) struct SentVoices([SentVoice; REMEMBERED]);

impl SentVoices {
    pub(crate) fn new() -> Self {
        Self([SentVoice { index: u64::MAX, number: None, repeated: None }; REMEMBERED])
    }

    pub(crate) fn sent(&mut self, index: u64, number: Option<u16>, repeated: Option<u8>) {
        self.0[index as usize % REMEMBERED] = SentVoice { index, number, repeated };
    }

    pub(crate) fn find(&self, index: u64) -> Option<SentVoice> {
        Some(self.0[index as usize % REMEMBERED]).filter(|sent| sent.index == index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_packets_are_remembered_each_as_it_went() {
        let mut sent = SentVoices::new();
        (0..100).for_each(|index| sent.sent(index, Some(index as u16 + 7), Some(1)));
        assert_eq!(sent.find(99), Some(SentVoice { index: 99, number: Some(106), repeated: Some(1) }));
        assert_eq!((sent.find(36).is_some(), sent.find(35), sent.find(100)), (true, None, None));
    }
}
