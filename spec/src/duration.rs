//! Spans of time as people write them.

use std::time::Duration;

/// Reads `90s`, `10m`, `1h30m`, `1d`: whole numbers with `ms`, `s`, `m`, `h`, `d` or `w`, added up.
///
/// # Errors
/// A text that says what was expected.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("expected a duration such as \"10m\", \"90s\" or \"1h30m\", found \"{text}\"");
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at(digits);
        let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, behind) = behind.split_at(letters);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            _ => return Err(wrong()),
        };
        total = number
            .checked_mul(millis)
            .and_then(|millis| total.checked_add(Duration::from_millis(millis)))
            .ok_or_else(wrong)?;
        rest = behind.trim_start();
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in [
            ("10m", 600_000),
            ("90s", 90_000),
            ("1h30m", 5_400_000),
            ("1d 2h", 93_600_000),
            ("250ms", 250),
            ("0s", 0),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(millis)),
                "{text}"
            );
        }
        for text in [
            "",
            "10",
            "m",
            "10 parsecs",
            "-1s",
            "1.5h",
            "99999999999999999999s",
            "9999999999999999w",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
