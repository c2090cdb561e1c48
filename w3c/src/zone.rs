//! Time zones: what the clock on the wall says at a moment.

use crate::Timestamp;
use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A time zone: `UTC`, a fixed offset such as `+02:00`, or a name of the IANA database such as `Europe/Berlin`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Zone {
    /// UTC.
    #[default]
    Utc,
    /// Seconds east of UTC.
    Fixed(i32),
    /// By name, with its summer time.
    Named(Tz),
}

impl Zone {
    /// Seconds east of UTC at a moment.
    #[must_use]
    pub fn offset(self, time: Timestamp) -> i32 {
        match self {
            Self::Utc => 0,
            Self::Fixed(seconds) => seconds,
            Self::Named(zone) => {
                DateTime::from_timestamp_millis(time.millis()).map_or(0, |moment| {
                    zone.offset_from_utc_datetime(&moment.naive_utc())
                        .fix()
                        .local_minus_utc()
                })
            }
        }
    }

    /// The clock on the wall at a moment, as if it were UTC.
    #[must_use]
    pub fn wall_clock(self, time: Timestamp) -> Timestamp {
        Timestamp::from_millis(
            time.millis()
                .saturating_add(i64::from(self.offset(time)) * 1000),
        )
    }

    /// Whether its clock is always as far from UTC.
    #[must_use]
    pub fn is_fixed(self) -> bool {
        !matches!(self, Self::Named(_))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utc => f.write_str("UTC"),
            Self::Fixed(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                let minutes = seconds.unsigned_abs() / 60;
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Self::Named(zone) => f.write_str(zone.name()),
        }
    }
}

/// A text that names no zone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is no time zone, such as UTC, +02:00 or Europe/Berlin")]
pub struct ZoneError(String);

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if matches!(text, "UTC" | "Z") {
            return Ok(Self::Utc);
        }
        let named = || text.parse::<Tz>().ok().map(Self::Named);
        fixed(text)
            .map(Self::Fixed)
            .or_else(named)
            .ok_or_else(|| ZoneError(crate::visible(text.as_bytes())))
    }
}

/// The seconds of `+HH:MM` and `-HH:MM`.
fn fixed(text: &str) -> Option<i32> {
    let &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = text.as_bytes() else {
        return None;
    };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0'));
    let hours = digit(h1)? * 10 + digit(h2)?;
    let minutes = digit(m1)? * 10 + digit(m2)?;
    let seconds = (hours * 60 + minutes) * 60;
    (hours <= 14 && minutes < 60).then_some(if sign == b'-' { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_clocks() {
        // From `TZ=ZONE date -d MOMENT` of GNU coreutils. Berlin left summer time on 2026-10-25 at 01:00Z.
        for (zone, moment, wall) in [
            ("UTC", "2026-11-02T10:00:00Z", "2026-11-02T10:00:00Z"),
            ("+05:30", "2026-11-02T20:00:00Z", "2026-11-03T01:30:00Z"),
            ("-03:00", "2026-11-02T01:00:00Z", "2026-11-01T22:00:00Z"),
            (
                "Europe/Berlin",
                "2026-10-25T00:59:59Z",
                "2026-10-25T02:59:59Z",
            ),
            (
                "Europe/Berlin",
                "2026-10-25T01:00:00Z",
                "2026-10-25T02:00:00Z",
            ),
            (
                "America/New_York",
                "2026-07-01T03:00:00Z",
                "2026-06-30T23:00:00Z",
            ),
            (
                "Asia/Kolkata",
                "1969-12-31T23:00:00Z",
                "1970-01-01T04:30:00Z",
            ),
        ] {
            let parsed: Zone = zone.parse().unwrap();
            assert_eq!(parsed.to_string(), zone);
            let moment: Timestamp = moment.parse().unwrap();
            assert_eq!(parsed.wall_clock(moment).to_string(), wall, "{zone}");
        }
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "CEST",
            "+2",
            "+02:60",
            "+15:00",
            "Europe/Berln",
            "europe/berlin",
        ] {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
        // Far beyond any calendar.
        let never: Zone = "Europe/Berlin".parse().unwrap();
        assert_eq!(never.offset(Timestamp::from_millis(i64::MAX)), 0);
    }
}
