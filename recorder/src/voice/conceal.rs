//! A few lost packets, put back as well as can be.
//!
//! Where the packet behind repeats the lost one (in-band FEC), that is decoded; else the decoder's own guess, which sounds
//! right for two or three packets. Either is written anew as packets, because a file cannot say "lost here" and players do
//! not conceal. Longer losses become silence: a guess fades to it anyway.

use super::{Packet, STEP, listen::Recent, rewrite::Rewriter};

/// Packets of 20 ms that stand in for `missing` of them between `recent` and `next`. `None` if libopus refuses.
pub fn conceal(recent: &Recent, missing: u64, next: &Packet) -> Option<Vec<Vec<u8>>> {
    let (mut listener, past) = recent.listener()?;
    let mut rewriter = Rewriter::after(&past, recent.coding())?;
    let lost = missing * STEP;
    let repeated = if next.repeats_previous() { next.samples.min(lost) } else { 0 };
    let mut heard = Vec::new();
    listener.guess(lost - repeated, &mut heard);
    listener.recover(next, repeated, &mut heard);
    listener.hear(next, &mut heard);
    rewriter.feed(&heard);
    (0..missing).map(|_| rewriter.poll()).collect()
}
