//! What the name of a log says about the time that it covers.

use super::survey::DAY_MS;
use scanbench_w3c::Timestamp;

/// How the logs of a folder are cut, told by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    Day,
    Hour,
}

impl Period {
    pub(super) fn number(self, millis: i64) -> i64 {
        match self {
            Self::Day => millis.div_euclid(DAY_MS),
            Self::Hour => millis.div_euclid(DAY_MS / 24),
        }
    }

    /// The first moment of a period.
    pub(super) fn begin(self, number: i64) -> i64 {
        match self {
            Self::Day => number * DAY_MS,
            Self::Hour => number * (DAY_MS / 24),
        }
    }

    /// The digits of a period in the name of its log.
    pub(super) fn digits(self, number: i64) -> String {
        let moment = Timestamp::from_millis(self.begin(number));
        let (year, month, day) = moment.ymd();
        let date = format!("{:02}{month:02}{day:02}", year.rem_euclid(100));
        match self {
            Self::Day => date,
            Self::Hour => format!("{date}{:02}", moment.millis_of_day() / 3_600_000),
        }
    }
}

/// The period in the name of a log: of `u_ex261102.log`, `ex26110213.log`, `u_ex261102_x.log`.
pub(super) fn period_of(place: &str) -> Option<(Period, i64)> {
    let name = place.rsplit('/').next()?.to_ascii_lowercase();
    let stem = name.strip_suffix(".log")?;
    let stem = stem.strip_suffix("_x").unwrap_or(stem);
    let digits = stem.strip_prefix("u_ex").or(stem.strip_prefix("ex"))?;
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let period = match digits.len() {
        6 => Period::Day,
        8 => Period::Hour,
        _ => return None,
    };
    let hour = digits
        .get(6..)
        .filter(|hour| !hour.is_empty())
        .unwrap_or("00");
    // IIS wrote its first logs in the nineties.
    let century = if &digits[..2] >= "70" { "19" } else { "20" };
    let text = format!(
        "{century}{}-{}-{}T{hour}:00:00Z",
        &digits[..2],
        &digits[2..4],
        &digits[4..6]
    );
    let moment: Timestamp = text.parse().ok()?;
    let number = period.number(moment.millis());
    // A date such as the 31st of June is no date.
    (period.digits(number) == digits).then_some((period, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_in_names() {
        for (place, expected) in [
            ("W3SVC1/u_ex261102.log", Some((Period::Day, 20_759))),
            ("W3SVC1/ex700102.log", Some((Period::Day, 1))),
            ("W3SVC1/u_ex261102_x.log", Some((Period::Day, 20_759))),
            ("W3SVC1/U_EX26110213.LOG", Some((Period::Hour, 498_229))),
            ("W3SVC1/u_ex260631.log", None),
            ("W3SVC1/u_extend1.log", None),
            ("W3SVC1/u_ex2611.log", None),
            ("W3SVC1/u_ex261102.txt", None),
        ] {
            assert_eq!(period_of(place), expected, "{place}");
        }
    }
}
