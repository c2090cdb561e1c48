//! SQL over a table with the columns of W3CIISLog, in three dialects. Every condition is true or false and never null.

mod clickhouse;
mod duckdb;
mod spark;

use super::re2::only_ours;
use super::{any_of, column, comment, each, impossible, singles_and_ranges};
use crate::exclusion::{
    AddressRange, Condition, Exclusion, Hours, Stage, Test, TextKind, TextTest,
};
use scanbench_spec::Finding;
use scanbench_w3c::{Timestamp, Zone};
use std::fmt::Write as _;
use std::ops::RangeInclusive;

pub(crate) use clickhouse::ClickHouse;
pub(crate) use duckdb::DuckDb;
pub(crate) use spark::Spark;

/// Why something cannot be said, and what to do.
pub(crate) type Unsaid = (&'static str, &'static str);

/// What engines say differently.
pub(crate) trait Dialect {
    /// Statements that must be run first: functions that conditions and columns need.
    fn functions(&self) -> &'static str;
    /// A text as a literal.
    fn quoted(&self, text: &str) -> String {
        format!("'{}'", text.replace('\'', "''"))
    }
    /// A moment as a literal.
    fn moment(&self, time: Timestamp) -> String;
    /// Whether a column's address lies in a range; by functions of [`Dialect::functions`] unless the engine has its own.
    fn in_range(&self, column: &str, range: &AddressRange) -> String {
        let (first, last) = range.numbers();
        if range.first().is_ipv4() {
            format!("coalesce(scanbench_ip4({column}) BETWEEN {first} AND {last}, false)")
        } else {
            format!(
                "coalesce(scanbench_ip6({column}) BETWEEN '{first:032x}' AND '{last:032x}', false)"
            )
        }
    }
    /// A text column's digits as a number; null for what is none.
    fn number(&self, column: &str) -> String;
    /// A text in lower case.
    fn lower(&self, text: &str) -> String {
        format!("lower({text})")
    }
    /// Whether a text contains, begins with or ends with another.
    fn contains(&self, text: &str, part: &str) -> String {
        format!("contains({text}, {part})")
    }
    fn starts_with(&self, text: &str, part: &str) -> String;
    fn ends_with(&self, text: &str, part: &str) -> String;
    /// Whether a regular expression, which RE2 reads as we do, matches anywhere in a text.
    fn matches(&self, text: &str, pattern: &str, any_case: bool) -> String;
    /// Whether regular expressions of people can be said.
    fn regex(&self, pattern: &str) -> Result<(), Unsaid> {
        match only_ours(pattern) {
            Some(what) => Err(("RE2 reads its regular expression otherwise", what)),
            None => Ok(()),
        }
    }
    /// The local time of a zone.
    fn local(&self, zone: Zone) -> String;
    /// Seconds since midnight of a time.
    fn second_of_day(&self, time: &str) -> String;
    /// Whether a time lies on one of these days, Monday first.
    fn on_days(&self, time: &str, days: &[u8]) -> String;
    /// A day before a time.
    fn day_before(&self, time: &str) -> String {
        format!("({time} - INTERVAL 1 DAY)")
    }
    /// The number of lines of which a condition does not hold.
    fn count_not(&self, condition: &str) -> String {
        format!("count(CASE WHEN NOT {condition} THEN 1 END)")
    }

    /// The start of the bin of a time, in seconds since 1970.
    fn bin(&self, seconds: u64) -> String;
    /// The distinct values of a group that are not null, sorted, the first `limit` of them.
    fn set(&self, value: &str, limit: Option<usize>) -> String;
    /// `tohex(tolong(..))` of KQL: null for what is no number.
    fn hex(&self, column: &str) -> String;
    /// A percent-decoded text.
    fn url_decoded(&self, column: &str) -> String;
    /// Texts one behind the other.
    fn joined(&self, parts: &[&str]) -> String {
        format!("concat({})", parts.join(", "))
    }
    /// The number of values of a set.
    fn length(&self, set: &str) -> String;
}

/// The rows that are left, with the columns that need no set.
pub(super) fn query(list: &[&Exclusion]) -> Result<String, Vec<Finding>> {
    let dialect = &DuckDb;
    let lines = lines(dialect, list)?;
    let mut out = dialect.functions().to_owned();
    out += "-- The rows that are left of the rule \"High count of connections by client IP on many ports\".\n";
    out += &lines.with;
    let _ = write!(
        out,
        "SELECT {} AS TimeGenerated, cIP, Computer, sIP,\n  \
         count(*) AS ConnectionsCount, least(count(DISTINCT sPort), 128) AS portCount\nFROM line\n\
         GROUP BY 1, 2, 3, 4\nHAVING count(DISTINCT sPort) >= 30{}\nORDER BY portCount DESC, 1, 2, 3, 4;\n",
        dialect.bin(600),
        lines.keeps
    );
    Ok(out)
}

/// The lines that exclusions leave.
pub(crate) struct Lines {
    /// `WITH line AS (...)`, which has the columns of the table.
    pub(crate) with: String,
    /// What `HAVING` needs besides the threshold, with `AND` before each.
    pub(crate) keeps: String,
}

/// Lines without those of stage "event", and what rows need because of stage "alert".
pub(crate) fn lines(dialect: &dyn Dialect, list: &[&Exclusion]) -> Result<Lines, Vec<Finding>> {
    let said: Vec<(&&Exclusion, String)> = list
        .iter()
        .zip(each(list, |exclusion, findings| {
            said(dialect, exclusion, findings)
        })?)
        .collect();
    let mut with = "WITH line AS (\n  SELECT *".to_owned();
    let mut keeps = String::new();
    let alert = said
        .iter()
        .filter(|(exclusion, _)| exclusion.stage() == Stage::Alert);
    // Writing to a String cannot fail, here and below.
    for (index, (exclusion, condition)) in alert.enumerate() {
        let _ = write!(
            with,
            ",\n    -- {}\n    ({condition}) AS hidden{index}",
            comment(exclusion)
        );
        let left = dialect.count_not(&format!("hidden{index}"));
        let _ = write!(keeps, "\n  AND {left} > 0");
    }
    with += "\n  FROM W3CIISLog\n  WHERE true";
    for (exclusion, condition) in said
        .iter()
        .filter(|(exclusion, _)| exclusion.stage() == Stage::Event)
    {
        let _ = write!(
            with,
            "\n    -- {}\n    AND NOT ({condition})",
            comment(exclusion)
        );
    }
    with += "\n)\n";
    Ok(Lines { with, keeps })
}

fn said(dialect: &dyn Dialect, exclusion: &Exclusion, findings: &mut Vec<Finding>) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(starts) = exclusion.starts() {
        parts.push(format!("TimeGenerated >= {}", dialect.moment(starts)));
    }
    if let Some(expires) = exclusion.expires() {
        parts.push(format!("TimeGenerated < {}", dialect.moment(expires)));
    }
    for condition in exclusion.conditions() {
        match one(dialect, condition) {
            Ok(text) if condition.is_negated() => parts.push(format!("NOT ({text})")),
            Ok(text) => parts.push(text),
            Err((why, help)) => findings.push(impossible(exclusion, condition, why, help)),
        }
    }
    parts.join(" AND ")
}

fn one(dialect: &dyn Dialect, condition: &Condition) -> Result<String, Unsaid> {
    if let Test::Times(list) = condition.test() {
        return Ok(any_of(list.iter().map(|one| hours(dialect, one)).collect()));
    }
    let Some(column) = column(condition) else {
        return Err((
            "the table has no custom fields",
            "match on a standard field, or apply this list with `detect`",
        ));
    };
    match condition.test() {
        Test::Addresses(list) => Ok(any_of(
            list.iter()
                .map(|range| dialect.in_range(column, range))
                .collect(),
        )),
        Test::Ports(list) => Ok(numbers(column, list)),
        Test::Numbers(list) => Ok(numbers(&dialect.number(column), list)),
        Test::Texts(list) => {
            let parts: Result<Vec<String>, _> = list
                .iter()
                .map(|test| text(dialect, column, test))
                .collect();
            Ok(any_of(parts?))
        }
        Test::Times(_) => Ok("false".to_owned()),
    }
}

fn numbers<T: Copy + PartialEq + std::fmt::Display>(
    value: &str,
    list: &[RangeInclusive<T>],
) -> String {
    let (singles, ranges) = singles_and_ranges(list);
    let mut parts = Vec::new();
    if !singles.is_empty() {
        let listed: Vec<String> = singles.iter().map(ToString::to_string).collect();
        parts.push(format!("{value} IN ({})", listed.join(", ")));
    }
    parts.extend(
        ranges
            .iter()
            .map(|range| format!("{value} BETWEEN {} AND {}", range.start(), range.end())),
    );
    format!("coalesce({}, false)", any_of(parts))
}

fn text(dialect: &dyn Dialect, column: &str, test: &TextTest) -> Result<String, Unsaid> {
    let any_case = test.ignores_case();
    let value = format!("coalesce({column}, '')");
    let folded = |text: &str| {
        if any_case {
            dialect.lower(text)
        } else {
            text.to_owned()
        }
    };
    let literal = || folded(&dialect.quoted(test.text()));
    Ok(match test.kind() {
        TextKind::Equals => format!("{} = {}", folded(&value), literal()),
        TextKind::Contains => dialect.contains(&folded(&value), &literal()),
        TextKind::StartsWith => dialect.starts_with(&folded(&value), &literal()),
        TextKind::EndsWith => dialect.ends_with(&folded(&value), &literal()),
        TextKind::Has => {
            // A letter or digit at an edge of the term wants none beside it.
            let is_letter = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
            let mut pattern = regex::escape(test.text());
            if is_letter(test.text().chars().next()) {
                pattern = format!(r"(^|[^\pL\pN]){pattern}");
            }
            if is_letter(test.text().chars().next_back()) {
                pattern += r"([^\pL\pN]|$)";
            }
            dialect.matches(&value, &pattern, any_case)
        }
        TextKind::Regex => {
            dialect.regex(test.text())?;
            dialect.matches(&value, test.text(), any_case)
        }
    })
}

fn hours(dialect: &dyn Dialect, hours: &Hours) -> String {
    let time = dialect.local(hours.zone());
    let second = dialect.second_of_day(&time);
    let days: Vec<u8> = (0_u8..7).filter(|day| hours.begins_on(*day)).collect();
    let on = |time: &str| dialect.on_days(time, &days);
    let (from, to) = (hours.from(), hours.to());
    if hours.is_over_midnight() {
        format!(
            "(({} AND {second} >= {from}) OR ({} AND {second} < {to}))",
            on(&time),
            on(&dialect.day_before(&time))
        )
    } else {
        format!("({} AND {second} >= {from} AND {second} < {to})", on(&time))
    }
}

/// `'...'` behind a name of a type, without the `Z`.
fn moment(time: Timestamp) -> String {
    time.to_string().trim_end_matches('Z').to_owned()
}

/// Days by the number that an engine gives them.
fn listed(days: &[u8], number: impl Fn(u8) -> u8) -> String {
    let mut numbers: Vec<u8> = days.iter().map(|day| number(*day)).collect();
    numbers.sort_unstable();
    numbers
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
