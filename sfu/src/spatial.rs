//! Spatial layers of one stream, each as if it were sent on its own: what a receiver of a layer needs of the stream goes on as a
//! stream of that layer, with sequence numbers and markers of its own. After that it is as with simulcast.
//!
//! ```text
//! the stream   S0 S1 S2 │ S0 S1 S2 │ S0 S1 S2      a key frame, and pictures whose layers do without each other (L3T3_KEY)
//! layer 0      S0       │ S0       │ S0
//! layer 1      S0 S1    │    S1    │    S1
//! layer 2      S0 S1 S2 │       S2 │       S2
//! ```
//!
//! A lower layer goes with a higher one wherever its frame says that higher ones may refer to it (RFC 9628 section 4.2, Z).

use crate::{
    compaction::{Compaction, Place},
    limits::MAX_LAYERS,
    payload::vp9::Descriptor,
};

/// A packet of the stream as one of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Its extended sequence number there.
    pub index: u64,
    /// Whether it is the last of its picture there.
    pub marker: bool,
    /// Whether it is nothing but a number: it belongs to other layers, but was missed when it could have been left out.
    pub is_filling: bool,
    /// Whether a receiver may begin with it where it begins a key frame: not where it comes so late that the rest of that was left out.
    pub may_enter: bool,
}

/// Parts a stream into its spatial layers.
#[derive(Debug, Clone)]
pub struct Spatial {
    /// Layers that the stream has now, 1 to `limits::MAX_LAYERS`, and the packet that told.
    count: usize,
    told_at: u64,
    /// Highest packet so far.
    highest: Option<u64>,
    numbers: [Compaction; MAX_LAYERS],
}

impl Default for Spatial {
    fn default() -> Self {
        Self::after(None)
    }
}

impl Spatial {
    /// Begins anywhere in a stream of one layer: what came before, up to packet `highest` where that is later than the first to be
    /// parted, went on with its numbers. Room is taken once, so that the packet path never allocates.
    pub fn after(highest: Option<u64>) -> Self {
        let mut numbers: [Compaction; MAX_LAYERS] = std::array::from_fn(|_| Compaction::new());
        let [lowest, ..] = &mut numbers;
        if let Some(highest) = highest {
            lowest.sent(highest);
        }
        Self { count: 1, told_at: 0, highest, numbers }
    }

    /// Layers that the stream has now. Those beyond `limits::MAX_LAYERS` are nobody's.
    pub fn count(&self) -> usize {
        self.count
    }

    /// What packet `index` (extended sequence number) with this marker bit and descriptor is in each layer.
    pub fn part(&mut self, index: u64, marker: bool, descriptor: &Descriptor) -> [Option<Piece>; MAX_LAYERS] {
        let count_before = self.count;
        let is_late = self.highest > Some(index);
        self.highest = self.highest.max(Some(index));
        // An older structure may come late.
        if let Some(layers) = descriptor.structure.map(|structure| structure.layers).filter(|_| index >= self.told_at) {
            (self.count, self.told_at) = (usize::from(layers).clamp(1, MAX_LAYERS), index);
        }
        let own = descriptor.layers.map_or(0, |layers| usize::from(layers.spatial));
        let mut pieces = [None; MAX_LAYERS];
        for (layer, (piece, numbers)) in pieces.iter_mut().zip(&mut self.numbers).enumerate() {
            let is_below = own < layer && layer < self.count && !descriptor.not_for_upper;
            let marker = marker || (descriptor.ends && own == layer);
            *piece = number(numbers, index, marker, own == layer || is_below);
            if let Some(piece) = piece {
                piece.may_enter = !is_late || layer < count_before;
            }
        }
        pieces
    }
}

/// Gives a packet its number in a layer to which it belongs, or leaves it out of one to which it does not.
fn number(numbers: &mut Compaction, index: u64, marker: bool, belongs: bool) -> Option<Piece> {
    let Place::At(out) = numbers.place(index) else { return None };
    if !belongs && numbers.leave_out(index) {
        return None;
    }
    numbers.sent(index);
    Some(Piece { index: out, marker: marker && belongs, is_filling: !belongs, may_enter: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::vp9::{Layers, Structure};

    fn layer(spatial: u8, not_for_upper: bool) -> Descriptor {
        let layers = Layers { temporal: 0, switches_up: false, spatial, inter_layer: false };
        Descriptor { layers: Some(layers), begins: true, ends: true, not_for_upper, ..Descriptor::default() }
    }

    fn structure(layers: u8) -> Option<Structure> {
        Some(Structure { layers, sizes: [None; MAX_LAYERS] })
    }

    /// A key frame of so many layers, a packet each, and pictures that refer to nothing below.
    fn l3_key(count: u8, pictures: usize) -> Vec<(bool, Descriptor)> {
        let top = count - 1;
        let key = (0..count).map(|at| {
            let structure = structure(count).filter(|_| at == 0);
            (at == top, Descriptor { structure, ..layer(at, at == top) })
        });
        let delta = (0..count).map(|at| (at == top, layer(at, true)));
        key.chain((0..pictures).flat_map(|_| delta.clone())).collect()
    }

    /// What goes on of packets from number 100 on, layer by layer: number, spatial layer, marker.
    fn parted(spatial: &mut Spatial, packets: &[(bool, Descriptor)]) -> [Vec<(u64, u8, bool)>; MAX_LAYERS] {
        let mut went: [Vec<_>; MAX_LAYERS] = Default::default();
        for (at, (marker, descriptor)) in packets.iter().enumerate() {
            let pieces = spatial.part(100 + at as u64, *marker, descriptor);
            for (piece, went) in pieces.into_iter().zip(&mut went) {
                assert!(piece.is_none_or(|piece| !piece.is_filling), "nothing was missed");
                went.extend(piece.map(|piece| (piece.index, descriptor.layers.unwrap().spatial, piece.marker)));
            }
        }
        went
    }

    #[test]
    fn a_layer_is_its_own_frames_and_what_they_refer_to() {
        let mut spatial = Spatial::default();
        let [low, middle, high] = parted(&mut spatial, &l3_key(3, 2));
        assert_eq!(low, [(100, 0, true), (101, 0, true), (102, 0, true)]);
        assert_eq!(middle, [(100, 0, false), (101, 1, true), (102, 1, true), (103, 1, true)]);
        assert_eq!(high, [(100, 0, false), (101, 1, false), (102, 2, true), (103, 2, true), (104, 2, true)]);
        assert_eq!(spatial.count(), 3);
    }

    #[test]
    fn layers_that_always_refer_to_those_below_take_them_along() {
        let mut packets = l3_key(3, 0);
        packets.extend((0..3).map(|at| (at == 2, layer(at, at == 2))));
        let [low, middle, high] = parted(&mut Spatial::default(), &packets);
        assert_eq!((low.len(), middle.len(), high.len()), (2, 4, 6));
        assert_eq!(middle[2..], [(102, 0, false), (103, 1, true)]);
        assert_eq!(high[3..], [(103, 0, false), (104, 1, false), (105, 2, true)]);
    }

    #[test]
    fn a_layer_that_is_not_sent_has_no_pictures() {
        let mut spatial = Spatial::default();
        let [low, middle, high] = parted(&mut spatial, &l3_key(2, 1));
        assert_eq!((low.len(), middle.len(), high.len()), (2, 3, 0));
        // It comes back with a key frame, and goes again.
        let [low, middle, high] = parted(&mut Spatial::default(), &[l3_key(2, 0), l3_key(3, 0), l3_key(1, 1)].concat());
        assert_eq!(high, [(100, 0, false), (101, 1, false), (102, 2, true)]);
        assert_eq!((middle.len(), low.len()), (4, 4));
    }

    #[test]
    fn a_picture_without_its_top_layer_ends_where_the_stream_says() {
        let mut packets = l3_key(3, 0);
        packets.extend([(false, layer(0, false)), (true, layer(1, false))]);
        let [.., high] = parted(&mut Spatial::default(), &packets);
        assert_eq!(high[3..], [(103, 0, false), (104, 1, true)]);
    }

    #[test]
    fn more_layers_than_there_are_receivers_of_are_left_out() {
        let [low, middle, high] = parted(&mut Spatial::default(), &l3_key(8, 1));
        assert_eq!((low.len(), middle.len(), high.len()), (2, 3, 4));
        assert_eq!(high[2..], [(102, 2, true), (103, 2, true)]);
    }

    #[test]
    fn what_comes_late_has_the_place_kept_for_it_in_every_layer() {
        let mut spatial = Spatial::default();
        let packets = l3_key(3, 1);
        let mut pieces = |at: usize| spatial.part(at as u64, packets[at].0, &packets[at].1);
        pieces(0);
        pieces(2);
        let index = |piece: Option<Piece>| piece.map(|piece| (piece.index, piece.is_filling));
        // 1, of layers 1 and 2, is missed, and 3, of layer 0.
        assert_eq!(pieces(4).map(index), [None, Some((3, false)), None]);
        assert_eq!(pieces(5).map(index), [None, None, Some((4, false))]);
        assert_eq!(pieces(1).map(index), [None, Some((1, false)), Some((1, false))]);
        // Where something of the layer had gone after it, it is nothing but a number.
        assert_eq!(pieces(3).map(index), [Some((1, false)), Some((2, true)), Some((3, true))]);
        assert_eq!(pieces(3).map(index), [Some((1, false)), Some((2, true)), Some((3, true))], "whenever it comes");
    }

    #[test]
    fn a_key_frame_of_more_layers_whose_first_packet_comes_late_begins_none_of_the_new() {
        let key = l3_key(3, 0);
        let mut spatial = Spatial::default();
        spatial.part(9, true, &l3_key(1, 0)[0].1);
        assert!(spatial.part(11, key[1].0, &key[1].1).iter().flatten().all(|piece| piece.may_enter));
        let may_enter = spatial.part(10, key[0].0, &key[0].1).map(|piece| piece.map(|piece| piece.may_enter));
        assert_eq!(may_enter, [Some(true), Some(false), Some(false)]);
        assert!(spatial.part(12, key[2].0, &key[2].1).iter().flatten().all(|piece| piece.may_enter));
    }

    #[test]
    fn what_went_on_with_its_numbers_before_keeps_them() {
        let mut spatial = Spatial::after(Some(12));
        let key = l3_key(3, 0);
        let [low, ..] = spatial.part(10, key[0].0, &key[0].1);
        assert_eq!(low.map(|piece| piece.index), Some(10));
        let [low, ..] = spatial.part(11, key[1].0, &key[1].1);
        assert_eq!(low.map(|piece| (piece.index, piece.is_filling)), Some((11, true)), "12 went already");
    }

    #[test]
    fn a_structure_that_comes_late_does_not_undo_a_newer_one() {
        let mut spatial = Spatial::default();
        let with = |count: u8| Descriptor { structure: structure(count), ..layer(0, false) };
        spatial.part(10, false, &with(3));
        spatial.part(4, false, &with(1));
        assert_eq!(spatial.count(), 3);
        spatial.part(11, false, &with(2));
        assert_eq!(spatial.count(), 2);
    }
}
