//! UTC milliseconds as EXT-X-PROGRAM-DATE-TIME wants them.

use protocol::time::UtcMs;

const DAY_MS: i64 = 86_400_000;

/// ISO 8601 with milliseconds, in UTC. Right for the years 0 to 9999.
pub fn date_time(at: UtcMs) -> String {
    let (days, ms) = (at.0.div_euclid(DAY_MS), at.0.rem_euclid(DAY_MS));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1_000)
}

/// Days since 1970-01-01 to year, month, day. Years are counted from March, so that the leap day comes last, and in turns
/// of 400 years, after which the calendar repeats.
fn date(days: i64) -> (i64, i64, i64) {
    const TURN_DAYS: i64 = 146_097;
    let since_march_0000 = days + 719_468;
    let turn = since_march_0000.div_euclid(TURN_DAYS);
    let day_of_turn = since_march_0000.rem_euclid(TURN_DAYS);
    let year_of_turn = (day_of_turn - day_of_turn / 1_460 + day_of_turn / 36_524 - day_of_turn / 146_096) / 365;
    let day_of_year = day_of_turn - (365 * year_of_turn + year_of_turn / 4 - year_of_turn / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (turn * 400 + year_of_turn + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (1_795_312_800_123, "2026-11-22T02:00:00.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(date_time(UtcMs(ms)), expected);
        }
    }
}
