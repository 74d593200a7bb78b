//! What is measured: a named figure with its unit, written by one process and read by another.

use std::fmt;
use std::time::Duration;

use crate::store::Outcome;

/// A figure of a measurement.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// Heads its column.
    pub(crate) name: String,
    /// Which way is better, and how it is written.
    pub(crate) unit: Unit,
    /// Seconds, bytes or times a second.
    pub(crate) value: f64,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// How long something takes.
    Time,
    /// How often something is done in a second.
    Rate,
    /// How much memory or disk something takes.
    Bytes,
}

impl Figure {
    /// A time.
    pub(crate) fn time(name: &str, time: Duration) -> Self {
        Figure::new(name, Unit::Time, time.as_secs_f64())
    }

    /// A rate.
    pub(crate) fn rate(name: &str, count: usize, time: Duration) -> Self {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Figure::new(name, Unit::Rate, f64::from(count) / time.as_secs_f64().max(1e-9))
    }

    /// An amount of memory.
    pub(crate) fn mebibytes(name: &str, kibibytes: u64) -> Self {
        let kibibytes = u32::try_from(kibibytes).unwrap_or(u32::MAX);
        Figure::new(name, Unit::Bytes, f64::from(kibibytes) * 1024.0)
    }

    fn new(name: &str, unit: Unit, value: f64) -> Self {
        Figure {
            name: name.to_owned(),
            unit,
            value,
        }
    }

    /// The line that [`Figure::read`] reads.
    pub(crate) fn line(&self) -> String {
        let unit = match self.unit {
            Unit::Time => "time",
            Unit::Rate => "rate",
            Unit::Bytes => "bytes",
        };
        format!("{}\t{unit}\t{}", self.name, self.value)
    }

    /// A figure out of its line.
    pub(crate) fn read(line: &str) -> Outcome<Self> {
        let mut parts = line.split('\t');
        let (Some(name), Some(unit), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format!("{line:?} is no figure").into());
        };
        let unit = match unit {
            "time" => Unit::Time,
            "rate" => Unit::Rate,
            _ => Unit::Bytes,
        };
        Ok(Figure::new(name, unit, value.parse()?))
    }

    /// How many times as good this one is as `peer`.
    pub(crate) fn times_as_good_as(&self, peer: &Figure) -> f64 {
        match self.unit {
            Unit::Rate => self.value / peer.value.max(1e-9),
            Unit::Time | Unit::Bytes => peer.value / self.value.max(1e-9),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.unit {
            Unit::Time if value >= 1.0 => write!(f, "{value:.2} s"),
            Unit::Time if value >= 1e-3 => write!(f, "{:.2} ms", value * 1e3),
            Unit::Time => write!(f, "{:.2} µs", value * 1e6),
            Unit::Rate => write!(f, "{value:.0}/s"),
            Unit::Bytes => write!(f, "{:.0} MiB", value / f64::from(1 << 20)),
        }
    }
}
