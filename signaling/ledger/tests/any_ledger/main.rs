//! Whatever is written down, the ledger keeps its laws: sums add up, nobody receives more than there was time for,
//! evidence counts alike in any order, and of corrections the last counts.
//!
//! `TONGKE_LEDGERS` sets how many are tried, `TONGKE_FIRST_LEDGER` the seed of the first: one that failed runs alone
//! with `TONGKE_LEDGERS=1 TONGKE_FIRST_LEDGER=seed`.

#![expect(clippy::unwrap_used, reason = "a test may stop where it finds something impossible")]

mod counties;
mod dice;
mod honest;
mod lessons;
mod rooms;

use dice::Dice;

#[expect(clippy::disallowed_methods, reason = "how much is tried is up to who runs it")]
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Tries `law` with many seeds, and names the one that broke it.
fn holds(law: impl Fn(&mut Dice) + std::panic::RefUnwindSafe) {
    let first = number("TONGKE_FIRST_LEDGER", 0);
    for seed in first..first + number("TONGKE_LEDGERS", 200) {
        let whole = std::panic::catch_unwind(|| law(&mut Dice::new(seed)));
        assert!(whole.is_ok(), "the ledger with seed {seed} failed, as said above");
    }
}

#[test]
fn rows_add_up_to_the_total_at_every_level_of_every_report() {
    holds(counties::rows_add_up);
}

#[test]
fn the_order_of_facts_is_of_no_matter() {
    holds(counties::order_is_of_no_matter);
}

#[test]
fn a_room_never_receives_more_than_time_passed_nor_where_one_source_is_silent() {
    holds(rooms::received_is_within_what_both_reported);
}

#[test]
fn a_room_counts_exactly_what_a_count_of_single_milliseconds_finds() {
    holds(rooms::intersection_is_exact);
}

#[test]
fn an_honest_room_on_a_line_that_works_misses_nothing() {
    holds(honest::nothing_is_missed_on_a_line_that_works);
}

#[test]
fn a_cut_that_the_sfu_tells_of_is_noted_and_none_of_it_is_counted() {
    holds(honest::a_cut_is_noted_and_not_counted);
}

#[test]
fn evidence_counts_alike_in_whatever_order_it_was_appended() {
    holds(lessons::evidence_has_no_order);
}

#[test]
fn of_corrections_the_last_counts_and_taken_back_they_leave_no_trace() {
    holds(lessons::the_last_correction_counts);
}

#[test]
fn while_the_server_watches_receiving_more_is_never_worse() {
    holds(lessons::receiving_more_is_never_worse);
}

#[test]
fn every_event_survives_being_stored() {
    holds(lessons::events_survive_storage);
}
