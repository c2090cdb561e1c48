//! Times as tables have them: RFC 3339 and its relatives, and as the Azure portal writes them for people.

use scanbench_w3c::Timestamp;

/// The longest text that is looked at.
const MAX_TEXT_BYTES: usize = 64;

/// Reads times. Rows that follow one another often have the same, so the last is kept.
#[derive(Debug, Default)]
pub(super) struct Clock {
    text: Vec<u8>,
    time: Option<Timestamp>,
}

impl Clock {
    pub(super) fn read(&mut self, text: &[u8]) -> Option<Timestamp> {
        if self.time.is_some() && self.text == text {
            return self.time;
        }
        self.time = parse(text);
        self.text.clear();
        if self.time.is_some() {
            self.text.extend_from_slice(text);
        }
        self.time
    }
}

/// Reads a time as exports of tables have it: RFC 3339 and its relatives, UTC where no zone stands there, or as the
/// Azure portal writes it for an American reader. `None` for anything else.
#[must_use]
pub fn parse(text: &[u8]) -> Option<Timestamp> {
    let text = text.trim_ascii();
    if text.len() > MAX_TEXT_BYTES {
        return None;
    }
    let moment = match text.get(4) {
        Some(b'-') => iso(text),
        _ => portal(text),
    };
    // An offset may lead over the edge, to what no table can hold and nobody reads again.
    moment.filter(|moment| moment.has_four_digit_year())
}

/// `2026-11-02T13:05:09.123Z`, with a blank for the `T`, any fraction, an offset, ` UTC`, or no zone at all,
/// which is UTC: the table holds nothing else.
fn iso(text: &[u8]) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let (b'T' | b't' | b' ', time) = rest.split_first().map(|(mark, time)| (*mark, time))? else {
        return None;
    };
    let clock_end = time
        .iter()
        .position(|byte| !matches!(byte, b'0'..=b'9' | b':' | b'.'))
        .unwrap_or(time.len());
    let (clock, zone) = time.split_at(clock_end);
    let moment = Timestamp::parse_log(date, clock)?;
    let offset_minutes = match zone.trim_ascii_start() {
        b"" | b"Z" | b"z" | b"UTC" => 0,
        &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let minutes = i64::from(hours * 60 + minutes);
            if sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    Some(Timestamp::from_millis(
        moment.millis() - offset_minutes * 60_000,
    ))
}

/// `11/2/2026, 1:05:09.000 PM`: what the portal makes of a time for an American reader, with or without the
/// comma and the fraction, the blank before `PM` a narrow one in newer browsers.
///
/// Other readers' texts put the day first and have no `PM` or a small one; they are refused, since nothing in
/// 2/11/2026 tells which it is.
fn portal(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let (date, time) = text.split_once([',', ' '])?;
    let mut date = date.splitn(3, '/');
    let (month, day, year) = (part(date.next()?)?, part(date.next()?)?, date.next()?);
    let year = number(year.as_bytes()).filter(|_| year.len() == 4)?;
    let time = time.trim();
    let afternoon = match time.get(time.len().checked_sub(2)?..)? {
        "AM" => 0,
        "PM" => 12,
        _ => return None,
    };
    let time = time[..time.len() - 2].trim();
    let (hour, rest) = time.split_once(':')?;
    let hour = part(hour).filter(|hour| (1..=12).contains(hour))?;
    let date = format!("{year:04}-{month:02}-{day:02}");
    let time = format!("{:02}:{rest}", hour % 12 + afternoon);
    Timestamp::parse_log(date.as_bytes(), time.as_bytes())
}

/// One or two digits.
fn part(text: &str) -> Option<u32> {
    number(text.as_bytes()).filter(|_| text.len() <= 2)
}

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    digits.iter().try_fold(0, |sum, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + u32::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_in_many_styles() {
        let moment = Timestamp::parse_log(b"2026-11-02", b"13:05:09").unwrap();
        let mut clock = Clock::default();
        for text in [
            "2026-11-02T13:05:09Z",
            "2026-11-02T13:05:09.0000000Z",
            "2026-11-02t15:35:09+02:30",
            "2026-11-02 13:05:09",
            "2026-11-02 13:05:09.000 UTC",
            "2026-11-02 12:05:09.000 -01:00",
            "11/2/2026, 1:05:09.000 PM",
            "11/02/2026, 01:05:09 PM",
            "11/2/2026 1:05:09 PM",
            "11/2/2026, 1:05:09.000\u{202f}PM",
            " 2026-11-02T13:05:09Z ",
        ] {
            assert_eq!(clock.read(text.as_bytes()), Some(moment), "{text}");
            assert_eq!(clock.read(text.as_bytes()), Some(moment), "{text} again");
        }
        let noon = Timestamp::parse_log(b"2026-11-02", b"12:00:00.25");
        assert_eq!(clock.read(b"11/2/2026, 12:00:00.250 PM"), noon);
        let midnight = Timestamp::parse_log(b"2026-11-02", b"00:00:00");
        assert_eq!(clock.read(b"11/2/2026, 12:00:00 AM"), midnight);
    }

    /// Found by a fuzzer's law: these were read as times that nobody reads again.
    #[test]
    fn offsets_lead_no_further_than_four_digits() {
        assert_eq!(parse(b"9999-12-31T23:59:59-00:01"), None);
        assert_eq!(parse(b"0000-01-01T00:00:00+00:01"), None);
        assert!(parse(b"9999-12-31T23:59:59+00:01").is_some());
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "-",
            "1793624709",
            "2/11/2026, 13:05:09",
            "2/11/2026, 1:05:09 pm",
            "13/2/2026, 1:05:09 PM",
            "11/2/26, 1:05:09 PM",
            "11/2/2026, 0:05:09 PM",
            "11/2/2026, 13:05:09 PM",
            "11/2/2026",
            "2026-11-02",
            "2026-11-02T13:05",
            "2026-11-02T13:05:09+2",
            "2026-11-02T13:05:09 CET",
            "2026-02-30T13:05:09Z",
            "PM",
            "é",
        ] {
            assert_eq!(Clock::default().read(text.as_bytes()), None, "{text}");
        }
    }
}
