//! Lines that are cut and come back, addresses that change, viewers that stall: the lesson goes on.

use sim::{
    SINGLE,
    scenario::{
        Measured,
        outage::{Outage, Whose, back},
        stalled::beside,
    },
};

const SEEDS: [u64; 3] = [1, 2, 3];

fn goes_on(outage: Outage) {
    for whose in [Whose::Points, Whose::Masters] {
        for seed in SEEDS {
            let back = back(seed, &[SINGLE], outage, whose);
            assert_eq!(back.broken(), [], "{whose:?}, {back:?}");
        }
    }
}

#[test]
fn picture_and_sound_are_back_within_three_seconds_after_a_cut_of_ten() {
    goes_on(Outage::Cut);
}

#[test]
fn a_browser_that_moves_to_another_network_is_back_within_a_second() {
    goes_on(Outage::Moved);
}

#[test]
fn an_address_that_changes_in_silence_costs_three_seconds_at_most() {
    goes_on(Outage::Rebound);
}

#[test]
fn a_viewer_whose_line_carries_nothing_for_ten_minutes_costs_the_others_nothing() {
    let beside = beside(1, &[SINGLE]);
    assert_eq!(beside.broken(), [], "{beside:?}");
    assert!(beside.in_vain > 100, "{beside:?}");
}
