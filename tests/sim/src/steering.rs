//! How a person or a test says what a line shall be like: `down-rate 250`, `loss 5`.

use std::time::Duration;

use crate::{
    network::{Burst, Change},
    world::Way,
};

/// What can be said, for a help text.
pub const SETTINGS: &str = "      delay MS         propagation
      jitter MS        up to so much more or less
      reorder 0|1      whether jitter may let one packet overtake another (default 0)
      loss PERCENT     lost by chance
      burst PERCENT,N  lost in bursts of N packets on average; 0 ends it
      rate KBIT        kbit/s with 28 bytes of overhead each; 0 lets nothing pass, none is no bound
      queue MS         a packet that would wait longer is dropped (default 300)
      dup PERCENT      arrives twice
      overhead BYTES   what each datagram takes besides its own (default 28)
      cut 0|1          nothing passes
";

/// Why a setting was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SteeringError {
    /// There is no such setting.
    Unknown(String),
    /// Its value is not one.
    Value(String),
}

impl std::fmt::Display for SteeringError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "there is no setting {name}"),
            Self::Value(value) => write!(f, "{value} is not a value of it"),
        }
    }
}

impl std::error::Error for SteeringError {}

/// Reads a setting: which ways it is for, and what changes there.
pub fn parse(name: &str, value: &str) -> Result<(&'static [Way], Change), SteeringError> {
    let (ways, bare): (&'static [Way], &str) = match name.split_once('-') {
        Some(("up", bare)) => (&[Way::Up], bare),
        Some(("down", bare)) => (&[Way::Down], bare),
        _ => (&[Way::Up, Way::Down], name),
    };
    let refused = || SteeringError::Value(value.into());
    let number = || value.parse().ok().filter(|number: &f64| (0.0..1e9).contains(number)).ok_or_else(refused);
    let time = || number().map(|ms| Duration::from_secs_f64(ms / 1000.0));
    let share = || number().map(|percent| percent / 100.0).and_then(|s| if s <= 1.0 { Ok(s) } else { Err(refused()) });
    let flag = || match value {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(refused()),
    };
    let change = match bare {
        "delay" => Change::Delay(time()?),
        "jitter" => Change::Jitter(time()?),
        "reorder" => Change::Reorder(flag()?),
        "loss" => Change::Loss(share()?),
        "burst" if value == "0" => Change::Burst(None),
        "burst" => Change::Burst(Some(burst(value).ok_or_else(refused)?)),
        "rate" if value == "none" => Change::Rate(None),
        "rate" => Change::Rate(Some((number()? * 1000.0) as u64)),
        "queue" => Change::Queue(time()?),
        "dup" => Change::Duplication(share()?),
        "overhead" => Change::Overhead(number()? as usize),
        "cut" => Change::Cut(flag()?),
        _ => return Err(SteeringError::Unknown(name.into())),
    };
    Ok((ways, change))
}

fn burst(value: &str) -> Option<Burst> {
    let (percent, length) = value.split_once(',')?;
    let (percent, length): (f64, f64) = (percent.parse().ok()?, length.parse().ok()?);
    ((0.0..100.0).contains(&percent) && length >= 1.0).then(|| Burst::of(percent / 100.0, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_for_one_way_or_for_both() {
        assert_eq!(parse("down-rate", "250"), Ok((&[Way::Down][..], Change::Rate(Some(250_000)))));
        assert_eq!(parse("up-loss", "5"), Ok((&[Way::Up][..], Change::Loss(0.05))));
        assert_eq!(parse("delay", "40"), Ok((&[Way::Up, Way::Down][..], Change::Delay(Duration::from_millis(40)))));
        assert_eq!(parse("rate", "none"), Ok((&[Way::Up, Way::Down][..], Change::Rate(None))));
        assert_eq!(parse("burst", "10,4").map(|parsed| parsed.1), Ok(Change::Burst(Some(Burst::of(0.1, 4.0)))));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let unknown = |name: &str| Err(SteeringError::Unknown(name.into()));
        assert_eq!(parse("speed", "1"), unknown("speed"));
        assert_eq!(parse("side-loss", "1"), unknown("side-loss"));
        for (name, value) in
            [("loss", "101"), ("loss", "-1"), ("delay", "soon"), ("burst", "10"), ("burst", "9,0"), ("cut", "2")]
        {
            assert_eq!(parse(name, value), Err(SteeringError::Value(value.into())), "{name}");
        }
    }
}
