//! Points in time. The only file that names chrono, so that the calendar library can be changed in one place.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use thiserror::Error;

const MS_PER_DAY: i64 = 86_400_000;
/// Days from 0001-01-01 (day 1 of the proleptic Gregorian calendar) to 1970-01-01.
const UNIX_EPOCH_DAY: i64 = 719_163;

/// A point in time, UTC, in milliseconds since 1970-01-01T00:00:00Z.
///
/// IIS writes dates and times in UTC with a resolution of one second (Microsoft, *W3C Logging*); Advanced
/// Logging writes milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// From the `date` (`YYYY-MM-DD`) and `time` (`HH:MM:SS`, with an optional fraction) of a log line.
    #[must_use]
    pub fn parse_log(date: &[u8], time: &[u8]) -> Option<Self> {
        Some(Self(
            parse_day(date)? * MS_PER_DAY + parse_millis_of_day(time)?,
        ))
    }

    /// The start of the bin that holds this moment: `bin()` of KQL for spans that divide a day, since both the
    /// Unix epoch and KQL's 0001-01-01 are midnights. A zero `width` leaves the moment as it is.
    #[must_use]
    pub fn floor(self, width: Duration) -> Self {
        match i64::try_from(width.as_millis()) {
            Ok(width) if width > 0 => Self(self.0 - self.0.rem_euclid(width)),
            _ => self,
        }
    }

    /// This moment and `span`, saturating.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// The day of the week, 0 for Monday to 6 for Sunday.
    #[must_use]
    pub fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        u8::try_from((self.0.div_euclid(MS_PER_DAY) + 3).rem_euclid(7)).unwrap_or(0)
    }

    /// Whether its year has four digits, so that what is written of it can be read again: RFC 3339 has no others.
    #[must_use]
    pub const fn has_four_digit_year(self) -> bool {
        // 0000-01-01T00:00:00Z, and the last millisecond of 9999.
        -62_167_219_200_000 <= self.0 && self.0 <= 253_402_300_799_999
    }

    /// Milliseconds since midnight UTC.
    #[must_use]
    pub fn millis_of_day(self) -> i64 {
        self.0.rem_euclid(MS_PER_DAY)
    }

    /// Year, month and day, UTC.
    #[must_use]
    pub fn ymd(self) -> (i32, u32, u32) {
        let day = self.0.div_euclid(MS_PER_DAY) + UNIX_EPOCH_DAY;
        i32::try_from(day)
            .ok()
            .and_then(NaiveDate::from_num_days_from_ce_opt)
            .map_or((1970, 1, 1), |date| (date.year(), date.month(), date.day()))
    }

    /// Appends `YYYY-MM-DD`.
    pub fn write_date(self, out: &mut Vec<u8>) {
        let (year, month, day) = self.ymd();
        let year = u32::try_from(year.clamp(0, 9999)).unwrap_or(0);
        push_two(out, year / 100);
        push_two(out, year % 100);
        out.push(b'-');
        push_two(out, month);
        out.push(b'-');
        push_two(out, day);
    }

    /// Appends `HH:MM:SS`, the fraction cut off.
    pub fn write_time(self, out: &mut Vec<u8>) {
        let seconds = u32::try_from(self.millis_of_day() / 1000).unwrap_or(0);
        push_two(out, seconds / 3600);
        out.push(b':');
        push_two(out, seconds / 60 % 60);
        out.push(b':');
        push_two(out, seconds % 60);
    }
}

/// RFC 3339 in UTC with `Z`; milliseconds only where there are any.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = if self.0.rem_euclid(1000) == 0 {
            SecondsFormat::Secs
        } else {
            SecondsFormat::Millis
        };
        match DateTime::<Utc>::from_timestamp_millis(self.0) {
            Some(moment) => f.write_str(&moment.to_rfc3339_opts(precision, true)),
            None => write!(f, "{} ms since 1970", self.0),
        }
    }
}

/// A text that is no moment in RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is no moment in RFC 3339, such as 2026-11-02T10:00:00Z")]
pub struct TimestampError(String);

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|moment| Self(moment.timestamp_millis()))
            // An offset may lead over the edge.
            .filter(|moment| moment.has_four_digit_year())
            .ok_or_else(|| TimestampError(crate::visible(text.as_bytes())))
    }
}

/// Days since the Unix epoch of `YYYY-MM-DD`.
pub(crate) fn parse_day(text: &[u8]) -> Option<i64> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, two(m1, m2)?, two(d1, d2)?)?;
    Some(i64::from(date.num_days_from_ce()) - UNIX_EPOCH_DAY)
}

/// Milliseconds since midnight of `HH:MM:SS` with an optional fraction; digits past the third are cut off.
pub(crate) fn parse_millis_of_day(text: &[u8]) -> Option<i64> {
    let (clock, fraction) = text.split_first_chunk()?;
    let whole = parse_clock(*clock)?;
    let mut millis = 0;
    if let Some((&point, digits)) = fraction.split_first() {
        if point != b'.' || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        for place in 0..3 {
            millis = millis * 10 + digits.get(place).map_or(0, |digit| u32::from(digit - b'0'));
        }
    }
    Some(whole + i64::from(millis))
}

/// Milliseconds since midnight of `HH:MM:SS`, all eight bytes at once. In busy logs whether a line has the second of
/// the line before cannot be guessed, so that to read each time without a branch costs less than to ask.
#[inline]
fn parse_clock(text: [u8; 8]) -> Option<i64> {
    /// What must be added to each byte's value for the greatest allowed one, as 2 for tens of hours, to become 15.
    const ROOM: u64 = u64::from_le_bytes([13, 6, 15, 10, 6, 15, 10, 6]);
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;

    // Digits become their values and colons 0; whatever else stands there becomes greater than what is allowed.
    let values = u64::from_le_bytes(text) ^ u64::from_le_bytes(*b"00:00:00");
    // A carry out of a byte is only possible where the byte itself has high bits.
    let is_wrong = (values | values.wrapping_add(ROOM)) & HIGH != 0;
    // In the bytes of tens, ten times these and the ones: at most 99, and so within their bytes.
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let number = |place: u32| (pairs >> (8 * place) & 0xff).cast_signed();
    let (hours, minutes, seconds) = (number(0), number(3), number(6));
    (!is_wrong && hours <= 23).then(|| ((hours * 60 + minutes) * 60 + seconds) * 1000)
}

/// Reads the moments of lines one behind the other, of which most share the day.
#[derive(Clone, Copy, Debug)]
pub struct LogClock {
    date: [u8; 10],
    midnight: i64,
}

impl Default for LogClock {
    fn default() -> Self {
        Self {
            date: *b"1970-01-01",
            midnight: 0,
        }
    }
}

impl LogClock {
    /// The moment of `YYYY-MM-DD HH:MM:SS`, whatever byte stands in the middle; the same as [`Timestamp::parse_log`]
    /// says of the two.
    #[inline]
    pub fn read(&mut self, stamp: &[u8; 19]) -> Option<Timestamp> {
        let (date, rest) = stamp.split_first_chunk::<10>()?;
        if *date != self.date {
            self.midnight = day_to_millis(parse_day(date)?);
            self.date = *date;
        }
        Some(Timestamp(
            self.midnight + parse_clock(*rest.last_chunk::<8>()?)?,
        ))
    }
}

/// Milliseconds since the epoch of a day counted in days since the epoch.
pub(crate) const fn day_to_millis(day: i64) -> i64 {
    day * MS_PER_DAY
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

fn push_two(out: &mut Vec<u8>, value: u32) {
    let digit = |value: u32| b'0' + u8::try_from(value % 10).unwrap_or(0);
    out.extend_from_slice(&[digit(value / 10), digit(value)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        // Seconds from `date -u -d TEXT +%s` of GNU coreutils.
        for (date, time, seconds) in [
            ("1970-01-01", "00:00:00", 0),
            ("2000-02-29", "23:59:59", 951_868_799),
            ("2026-11-02", "13:09:59", 1_793_624_999),
            ("1969-12-31", "23:59:59", -1),
        ] {
            let moment = Timestamp::parse_log(date.as_bytes(), time.as_bytes()).unwrap();
            assert_eq!(moment.millis(), seconds * 1000, "{date} {time}");
            let mut text = Vec::new();
            moment.write_date(&mut text);
            text.push(b' ');
            moment.write_time(&mut text);
            assert_eq!(String::from_utf8(text).unwrap(), format!("{date} {time}"));
        }
    }

    #[test]
    fn refused() {
        for (date, time) in [
            ("2015-99-13", "22:29:42"),
            ("2015-02-29", "00:00:00"),
            ("2015-XX-13", "00:00:00"),
            ("15-01-13", "00:00:00"),
            ("2015-01-13", "92:29:42"),
            ("2015-01-13", "22:XX:42"),
            ("2015-01-13", "22:00:60"),
            ("2015-01-13", "22:00:00."),
            ("2015-01-13", "22:00:00x"),
            ("", ""),
        ] {
            assert_eq!(
                Timestamp::parse_log(date.as_bytes(), time.as_bytes()),
                None,
                "{date} {time}"
            );
        }
    }

    #[test]
    fn fractions_and_rfc3339() {
        let moment = Timestamp::parse_log(b"2012-08-15", b"17:00:00.36").unwrap();
        assert_eq!(moment.to_string(), "2012-08-15T17:00:00.360Z");
        assert_eq!("2012-08-15T19:00:00.360+02:00".parse(), Ok(moment));
        assert!("2012-08-15".parse::<Timestamp>().is_err());
        // Offsets that lead over the edge of four-digit years.
        for (text, is_one) in [
            ("9999-12-31T23:59:59.999Z", true),
            ("9999-12-31T23:59:59-00:01", false),
            ("0000-01-01T00:00:00Z", true),
            ("0000-01-01T00:00:00+00:01", false),
        ] {
            assert_eq!(text.parse::<Timestamp>().is_ok(), is_one, "{text}");
        }
    }

    #[test]
    fn bins() {
        let bin = Duration::from_mins(10);
        for (time, start) in [
            ("13:09:59", "13:00:00"),
            ("13:10:00", "13:10:00"),
            ("00:00:00", "00:00:00"),
        ] {
            let moment = Timestamp::parse_log(b"2026-11-02", time.as_bytes()).unwrap();
            let expected = Timestamp::parse_log(b"2026-11-02", start.as_bytes()).unwrap();
            assert_eq!(moment.floor(bin), expected);
        }
        assert_eq!(Timestamp::from_millis(-1).floor(bin).millis(), -600_000);
    }

    #[test]
    fn weekdays() {
        // 2026-11-02 is a Monday by any calendar; 1969-12-28 was a Sunday.
        assert_eq!(
            "2026-11-02T10:00:00Z"
                .parse::<Timestamp>()
                .unwrap()
                .weekday(),
            0
        );
        assert_eq!(
            "1969-12-28T10:00:00Z"
                .parse::<Timestamp>()
                .unwrap()
                .weekday(),
            6
        );
    }
}
