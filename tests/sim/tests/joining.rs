//! Joining: one by one and all at once.

use sim::{
    SINGLE,
    scenario::{
        Measured,
        joining::{all_at_once, one_by_one},
    },
};

#[test]
fn who_joins_hears_within_a_second_and_sees_within_one_and_a_half() {
    for seed in [1, 2, 3] {
        let joined = one_by_one(seed, &[SINGLE]);
        assert_eq!(joined.broken(), [], "{joined:?}");
    }
}

#[test]
fn two_hundred_who_join_within_a_second_have_a_picture_in_two_and_cost_two_key_frames_a_second() {
    let storm = all_at_once(1, &[SINGLE]);
    assert_eq!(storm.broken(), [], "{storm:?}");
}
