//! Reading transport-wide feedback from receivers (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
//!
//! A view that expands nothing: forty bytes can claim tens of thousands of statuses, so whoever walks it says first how many
//! can be meant, and the walk costs what that number costs.

/// Arrival times are in ticks of 250 µs.
pub const TICKS_PER_MS: i64 = 4;
/// Ticks in one unit of the reference time (64 ms).
pub const TICKS_PER_REFERENCE: i64 = 64 * TICKS_PER_MS;

/// Base sequence number, status count, reference time and feedback count, after the header and the two SSRCs.
const BODY_AT: usize = 12;
/// Where the chunks begin.
const CHUNKS_AT: usize = 20;

/// One transport-wide feedback, as it lies in the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransportWide<'p> {
    /// Transport-wide number of the first packet told of.
    pub base: u16,
    /// Packets it claims to tell of.
    pub claimed: u16,
    /// What the arrivals count from: a signed 24-bit number of 64 ms, which wraps every 12.4 days.
    pub reference: i32,
    /// Number of the feedback, which wraps: a gap tells that feedback was lost.
    pub feedback_count: u8,
    /// Chunks, deltas and padding.
    rest: &'p [u8],
}

impl<'p> TransportWide<'p> {
    /// The view of a whole RTCP packet of this type.
    pub(super) fn view(packet: &'p [u8]) -> Option<Self> {
        let body: &[u8; 8] = packet.get(BODY_AT..)?.first_chunk()?;
        let [base_high, base_low, claimed_high, claimed_low, high, middle, low, feedback_count] = *body;
        Some(Self {
            base: u16::from_be_bytes([base_high, base_low]),
            claimed: u16::from_be_bytes([claimed_high, claimed_low]),
            // The sign comes along in the upper byte.
            reference: i32::from_be_bytes([high, middle, low, 0]) >> 8,
            feedback_count,
            rest: packet.get(CHUNKS_AT..)?,
        })
    }

    /// Each packet told of with its arrival, in ticks of 250 µs since the reference time, or none when it is missing. Never
    /// more than `limit` packets, than are claimed, or than chunks and deltas really describe.
    pub fn statuses(&self, limit: usize) -> Statuses<'p> {
        let (chunks, deltas) = self.rest.split_at(self.chunks_len());
        Statuses {
            chunks,
            deltas,
            chunk: Chunk::Run { symbol: 0, left: 0 },
            next: self.base,
            left: limit.min(usize::from(self.claimed)),
            ticks: 0,
        }
    }

    /// Length in bytes of the chunks that the claimed count takes. Counted, not expanded: one step a chunk.
    fn chunks_len(&self) -> usize {
        let mut described = 0;
        let needed = self.rest.chunks_exact(2).take_while(|chunk| {
            let before = described;
            described += usize::from(Chunk::read(u16::from_be_bytes([chunk[0], chunk[1]])).len());
            before < usize::from(self.claimed)
        });
        2 * needed.count()
    }
}

/// A packet status chunk, with what is left of it.
#[derive(Debug, Clone, Copy)]
enum Chunk {
    /// One symbol, many times (section 3.1.3).
    Run { symbol: u8, left: u16 },
    /// Symbols of one or two bits, the next one in the highest bits (section 3.1.4).
    Vector { symbols: u16, bits: u8, left: u16 },
}

impl Chunk {
    fn read(chunk: u16) -> Self {
        match chunk >> 14 {
            0 | 1 => Self::Run { symbol: (chunk >> 13) as u8 & 3, left: chunk & 0x1fff },
            2 => Self::Vector { symbols: chunk << 2, bits: 1, left: 14 },
            _ => Self::Vector { symbols: chunk << 2, bits: 2, left: 7 },
        }
    }

    fn len(self) -> u16 {
        match self {
            Self::Run { left, .. } | Self::Vector { left, .. } => left,
        }
    }

    fn next(&mut self) -> Option<u8> {
        match self {
            Self::Run { left: 0, .. } | Self::Vector { left: 0, .. } => None,
            Self::Run { symbol, left } => {
                *left -= 1;
                Some(*symbol)
            }
            Self::Vector { symbols, bits, left } => {
                let symbol = *symbols >> (16 - *bits);
                *symbols <<= *bits;
                *left -= 1;
                Some(symbol as u8)
            }
        }
    }
}

/// The walk over the packets of one feedback.
#[derive(Debug, Clone)]
pub struct Statuses<'p> {
    chunks: &'p [u8],
    deltas: &'p [u8],
    chunk: Chunk,
    next: u16,
    left: usize,
    ticks: i64,
}

impl Statuses<'_> {
    fn symbol(&mut self) -> Option<u8> {
        loop {
            if let Some(symbol) = self.chunk.next() {
                return Some(symbol);
            }
            let (chunk, rest) = self.chunks.split_first_chunk::<2>()?;
            self.chunk = Chunk::read(u16::from_be_bytes(*chunk));
            self.chunks = rest;
        }
    }

    /// What lies between the arrival before and this one, in ticks.
    fn delta<const LEN: usize>(&mut self) -> Option<[u8; LEN]> {
        let (delta, rest) = self.deltas.split_first_chunk::<LEN>()?;
        self.deltas = rest;
        Some(*delta)
    }
}

impl Iterator for Statuses<'_> {
    type Item = (u16, Option<i64>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let delta = match self.symbol()? {
            0 => None,
            1 => Some(i64::from(u8::from_be_bytes(self.delta()?))),
            2 => Some(i64::from(i16::from_be_bytes(self.delta()?))),
            // Reserved: what the deltas after it mean is anyone's guess.
            _ => {
                self.left = 0;
                return None;
            }
        };
        let sequence = self.next;
        self.next = sequence.wrapping_add(1);
        let Some(delta) = delta else { return Some((sequence, None)) };
        self.ticks += delta;
        Some((sequence, Some(self.ticks)))
    }
}
