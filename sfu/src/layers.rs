//! The simulcast layers of a source: one stream each, of which a receiver is given the one that suits its line and its screen.

use crate::limits::MAX_LAYERS;

/// Places of the fanouts of a source's layers, by the number of the layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Layers([Option<usize>; MAX_LAYERS]);

impl Layers {
    /// Puts a layer's fanout in its place. Returns the one that was there.
    pub(crate) fn insert(&mut self, layer: u8, at: usize) -> Option<usize> {
        self.0.get_mut(usize::from(layer)).and_then(|slot| slot.replace(at))
    }

    /// Takes a layer's fanout away, if it is that one.
    pub(crate) fn remove(&mut self, layer: u8, at: usize) {
        if let Some(slot) = self.0.get_mut(usize::from(layer)).filter(|slot| **slot == Some(at)) {
            *slot = None;
        }
    }

    /// The fanout of a layer.
    pub(crate) fn get(&self, layer: u8) -> Option<usize> {
        self.0.get(usize::from(layer)).copied().flatten()
    }

    /// All fanouts, in the order of their layers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + Clone + use<> {
        self.0.into_iter().flatten()
    }

    /// Whether a fanout carries one of them.
    pub(crate) fn contains(&self, at: usize) -> bool {
        self.0.contains(&Some(at))
    }

    /// Whether there is none left.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_that_was_replaced_is_not_taken_away_by_its_former_holder() {
        let mut layers = Layers::default();
        assert_eq!((layers.insert(0, 7), layers.insert(2, 9)), (None, None));
        assert_eq!(layers.insert(0, 8), Some(7));
        layers.remove(0, 7);
        assert_eq!(layers.iter().collect::<Vec<_>>(), [8, 9]);
        layers.remove(0, 8);
        layers.remove(2, 9);
        assert!(layers.is_empty());
        assert_eq!((layers.insert(99, 1), layers.get(99)), (None, None), "there are no more layers than that");
    }
}
