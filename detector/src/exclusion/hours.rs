//! Hours of the week.

use scanbench_w3c::{Timestamp, Zone};
use std::fmt;

/// Seconds of a day.
pub(crate) const DAY: u32 = 86_400;

/// The days, Monday first, as they are written.
pub(crate) const DAYS: [(&str, &str); 7] = [
    ("mon", "monday"),
    ("tue", "tuesday"),
    ("wed", "wednesday"),
    ("thu", "thursday"),
    ("fri", "friday"),
    ("sat", "saturday"),
    ("sun", "sunday"),
];

/// Hours on some days of the week, by the clock of a zone. Where they end before they begin they go over midnight and
/// belong to the day on which they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hours {
    /// One bit for each day, Monday first.
    days: u8,
    from: u32,
    to: u32,
    zone: Zone,
}

impl Hours {
    /// Hours on days (bit 0 is Monday), from and up to a second of the day; the last one is not included. `None` where
    /// that is no hours at all.
    #[must_use]
    pub fn new(days: u8, from: u32, to: u32, zone: Zone) -> Option<Self> {
        let is_some = days & 0x7f != 0 && from < DAY && to <= DAY && from != to;
        is_some.then_some(Self {
            days: days & 0x7f,
            from,
            to,
            zone,
        })
    }

    /// Whether they begin on this day; 0 is Monday.
    #[must_use]
    pub fn begins_on(&self, day: u8) -> bool {
        self.days >> (day % 7) & 1 == 1
    }

    /// The second of the day at which they begin.
    #[must_use]
    pub fn from(&self) -> u32 {
        self.from
    }

    /// The second of the day before which they end; that of the next day where it comes before the first.
    #[must_use]
    pub fn to(&self) -> u32 {
        self.to
    }

    /// Whose clock.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// Whether they go over midnight.
    #[must_use]
    pub fn is_over_midnight(&self) -> bool {
        self.to < self.from
    }

    /// Whether they hold a moment.
    #[must_use]
    pub fn holds(&self, time: Timestamp) -> bool {
        let wall = self.zone.wall_clock(time);
        let second = u32::try_from(wall.millis_of_day() / 1000).unwrap_or(0);
        let day = wall.weekday();
        if self.is_over_midnight() {
            (self.begins_on(day) && second >= self.from)
                || (self.begins_on(day + 6) && second < self.to)
        } else {
            self.begins_on(day) && self.from <= second && second < self.to
        }
    }
}

/// As `sat, sun 22:00-02:00 Europe/Berlin`.
impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days == 0x7f {
            f.write_str("daily")?;
        } else {
            let days = (0_u8..7).filter(|day| self.begins_on(*day));
            let names: Vec<&str> = days.map(|day| DAYS[usize::from(day)].0).collect();
            f.write_str(&names.join(", "))?;
        }
        write!(f, " {}-{} {}", clock(self.from), clock(self.to), self.zone)
    }
}

/// `HH:MM`, with seconds where there are any.
pub(crate) fn clock(second: u32) -> String {
    let (hours, minutes, seconds) = (second / 3600, second / 60 % 60, second % 60);
    match seconds {
        0 => format!("{hours:02}:{minutes:02}"),
        _ => format!("{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks() {
        for (second, text) in [
            (0, "00:00"),
            (60, "00:01"),
            (45_240, "12:34"),
            (45_296, "12:34:56"),
            (DAY, "24:00"),
        ] {
            assert_eq!(clock(second), text);
        }
    }

    #[test]
    fn moments() {
        const SAT: u8 = 1 << 5;
        const SUN: u8 = 1 << 6;
        let hours = |days, from: u32, to: u32, zone: &str| {
            Hours::new(days, from * 3600, to * 3600, zone.parse().unwrap()).unwrap()
        };
        // 2026-11-07 is a Saturday by any calendar.
        for (hours, moment, expected) in [
            (hours(SAT, 22, 2, "UTC"), "2026-11-07T21:59:59Z", false),
            (hours(SAT, 22, 2, "UTC"), "2026-11-07T22:00:00Z", true),
            (hours(SAT, 22, 2, "UTC"), "2026-11-08T01:59:59Z", true),
            (hours(SAT, 22, 2, "UTC"), "2026-11-08T02:00:00Z", false),
            (hours(SAT, 22, 2, "UTC"), "2026-11-07T01:00:00Z", false),
            // The week begins with Monday, so Sunday's night goes into the next week.
            (hours(SUN, 22, 2, "UTC"), "2026-11-09T01:00:00Z", true),
            (hours(SAT, 0, 24, "UTC"), "2026-11-07T23:59:59Z", true),
            (hours(SAT, 0, 24, "UTC"), "2026-11-08T00:00:00Z", false),
            // Half past ten in Berlin is half past nine here.
            (
                hours(SAT, 22, 23, "Europe/Berlin"),
                "2026-11-07T21:30:00Z",
                true,
            ),
            (
                hours(SAT, 22, 23, "Europe/Berlin"),
                "2026-11-07T22:30:00Z",
                false,
            ),
            (hours(SAT, 22, 23, "UTC"), "2026-11-07T22:59:59.999Z", true),
            (hours(SAT, 22, 23, "UTC"), "2026-11-07T23:00:00Z", false),
            (hours(SUN, 0, 1, "+05:30"), "2026-11-07T18:30:00Z", true),
        ] {
            let moment: Timestamp = moment.parse().unwrap();
            assert_eq!(hours.holds(moment), expected, "{hours} {moment}");
        }
        assert_eq!(
            hours(SAT | SUN, 22, 2, "UTC").to_string(),
            "sat, sun 22:00-02:00 UTC"
        );
        assert_eq!(
            hours(0x7f, 0, 24, "UTC").to_string(),
            "daily 00:00-24:00 UTC"
        );
        for (days, from, to) in [(0, 0, 1), (1, 5, 5), (1, DAY, 1), (1, 0, DAY + 1)] {
            assert!(Hours::new(days, from, to, Zone::Utc).is_none());
        }
    }
}
