//! Small arithmetic of figures.

/// The least value that `share` (0 to 1) of the sorted values do not exceed (nearest rank); none without values.
pub fn at_share<T: Copy>(sorted: &[T], share: f64) -> Option<T> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// As [`at_share`], of values in any order.
pub fn share_of(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    at_share(&values, share)
}

/// The largest value.
pub fn most(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    values.into_iter().max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_found_by_nearest_rank() {
        let values: Vec<u32> = (1..=20).collect();
        for (share, expected) in [(0.5, 10), (0.95, 19), (0.951, 20), (1.0, 20), (0.0, 1)] {
            assert_eq!(at_share(&values, share), Some(expected), "{share}");
        }
        assert_eq!(at_share::<u32>(&[], 0.5), None);
        assert_eq!(share_of(vec![3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(most([1.0, 3.0, 2.0]), Some(3.0));
    }
}
