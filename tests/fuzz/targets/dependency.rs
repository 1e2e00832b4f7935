//! Any bytes as the dependency descriptors of a stream, read one after the other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sfu::dependency::{Indication, Structure};

fuzz_target!(|input: &[u8]| {
    let mut structure = Structure::new();
    for (_, descriptor) in tongke_fuzz::chunks(input) {
        let before = structure.targets().to_vec();
        let Ok(frame) = structure.read(descriptor) else {
            assert_eq!(structure.targets(), before, "what cannot be read changes nothing");
            continue;
        };
        assert!(!structure.targets().is_empty() && frame.spatial < 4 && frame.temporal < 8);
        let layering = frame.layering();
        assert_eq!(layering.key, frame.has_structure);
        for target in 0..40 {
            let indication = frame.indication(target);
            assert!(!layering.discardable || matches!(indication, Indication::NotPresent | Indication::Discardable));
        }
        for (spatial, temporal) in [(0, 0), (0, 7), (1, 2), (3, 7)] {
            let Some(target) = structure.target_for(spatial, temporal) else { continue };
            let layers = structure.targets()[target];
            assert!(layers.spatial <= spatial && layers.temporal <= temporal && structure.is_active(target));
            assert_eq!(structure.needs(&frame, spatial, temporal), frame.indication(target) != Indication::NotPresent);
        }
        // It may come again: nothing changes by it.
        let targets = structure.targets().to_vec();
        assert_eq!(structure.read(descriptor), Ok(frame));
        assert_eq!(structure.targets(), targets);
    }
});
