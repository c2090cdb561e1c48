//! SQL as DuckDB has it, over a table with the columns of W3CIISLog. Every condition is true or false and never null.

use super::re2::only_ours;
use super::{any_of, column, comment, each, impossible, singles_and_ranges};
use crate::exclusion::{
    AddressRange, Condition, Exclusion, Hours, Stage, Test, TextKind, TextTest,
};
use scanbench_spec::Finding;
use scanbench_w3c::Zone;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

/// What the conditions need: IPv4 addresses as numbers, IPv6 addresses as 32 hexadecimal digits, and values of digits
/// only as numbers; null for what is none.
const MACROS: &str = r"CREATE OR REPLACE TEMP MACRO scanbench_v4(a) AS CASE
  WHEN regexp_full_match(a, '((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\.|$)){4}') AND NOT ends_with(a, '.')
  THEN split_part(a, '.', 1)::BIGINT * 16777216 + split_part(a, '.', 2)::BIGINT * 65536
     + split_part(a, '.', 3)::BIGINT * 256 + split_part(a, '.', 4)::BIGINT END;
CREATE OR REPLACE TEMP MACRO scanbench_ip4(a) AS scanbench_v4(regexp_replace(split_part(a, '%', 1), '^::[fF]{4}:', ''));
CREATE OR REPLACE TEMP MACRO scanbench_groups(a) AS CASE WHEN a = '' THEN [] ELSE string_split(a, ':') END;
CREATE OR REPLACE TEMP MACRO scanbench_v6(a) AS CASE
  WHEN NOT regexp_full_match(a, '[0-9a-fA-F:]+') OR NOT contains(a, ':') OR len(string_split(a, '::')) > 2 THEN NULL
  WHEN contains(a, '::') THEN list_concat(list_concat(scanbench_groups(split_part(a, '::', 1)),
    list_transform(range(8 - len(scanbench_groups(split_part(a, '::', 1))) - len(scanbench_groups(split_part(a, '::', 2)))),
      lambda zero: '0')), scanbench_groups(split_part(a, '::', 2)))
  ELSE string_split(a, ':') END;
CREATE OR REPLACE TEMP MACRO scanbench_ip6(a) AS CASE
  WHEN len(scanbench_v6(split_part(a, '%', 1))) = 8
    AND len(list_filter(scanbench_v6(split_part(a, '%', 1)), lambda one: len(one) BETWEEN 1 AND 4)) = 8
  THEN array_to_string(list_transform(scanbench_v6(split_part(a, '%', 1)), lambda one: lpad(lower(one), 4, '0')), '') END;
CREATE OR REPLACE TEMP MACRO scanbench_number(a) AS CASE
  WHEN regexp_full_match(CAST(a AS VARCHAR), '[0-9]+') THEN TRY_CAST(CAST(a AS VARCHAR) AS UBIGINT) END;
";

pub(super) fn query(list: &[&Exclusion]) -> Result<String, Vec<Finding>> {
    let said: Vec<(&&Exclusion, String)> = list.iter().zip(each(list, said)?).collect();
    let mut out = MACROS.to_owned();
    out += "-- The rows that are left of the rule \"High count of connections by client IP on many ports\".\n\
            WITH line AS (\n  SELECT *";
    let mut keeps = String::new();
    let alert = said
        .iter()
        .filter(|(exclusion, _)| exclusion.stage() == Stage::Alert);
    // Writing to a String cannot fail, here and below.
    for (index, (exclusion, condition)) in alert.enumerate() {
        let _ = write!(
            out,
            ",\n    -- {}\n    ({condition}) AS hidden{index}",
            comment(exclusion)
        );
        let _ = write!(
            keeps,
            "\n  AND count(*) FILTER (WHERE NOT hidden{index}) > 0"
        );
    }
    out += "\n  FROM W3CIISLog\n  WHERE true";
    for (exclusion, condition) in said
        .iter()
        .filter(|(exclusion, _)| exclusion.stage() == Stage::Event)
    {
        let _ = write!(
            out,
            "\n    -- {}\n    AND NOT ({condition})",
            comment(exclusion)
        );
    }
    let _ = write!(
        out,
        "\n)\nSELECT time_bucket(INTERVAL 10 MINUTES, line.TimeGenerated) AS TimeGenerated, cIP, Computer, sIP,\n  \
         count(*) AS ConnectionsCount, least(count(DISTINCT sPort), 128) AS portCount\nFROM line\n\
         GROUP BY 1, 2, 3, 4\nHAVING count(DISTINCT sPort) >= 30{keeps}\nORDER BY portCount DESC, 1, 2, 3, 4;\n"
    );
    Ok(out)
}

fn said(exclusion: &Exclusion, findings: &mut Vec<Finding>) -> String {
    let mut parts: Vec<String> = Vec::new();
    let moment = |time: scanbench_w3c::Timestamp| {
        format!("TIMESTAMP '{}'", time.to_string().trim_end_matches('Z'))
    };
    if let Some(starts) = exclusion.starts() {
        parts.push(format!("TimeGenerated >= {}", moment(starts)));
    }
    if let Some(expires) = exclusion.expires() {
        parts.push(format!("TimeGenerated < {}", moment(expires)));
    }
    for condition in exclusion.conditions() {
        match one(condition) {
            Ok(text) if condition.is_negated() => parts.push(format!("NOT ({text})")),
            Ok(text) => parts.push(text),
            Err((why, help)) => findings.push(impossible(exclusion, condition, why, help)),
        }
    }
    parts.join(" AND ")
}

fn one(condition: &Condition) -> Result<String, (&'static str, &'static str)> {
    if let Test::Times(list) = condition.test() {
        return Ok(any_of(list.iter().map(hours).collect()));
    }
    let Some(column) = column(condition) else {
        return Err((
            "the table has no custom fields",
            "match on a standard field, or apply this list with `detect`",
        ));
    };
    match condition.test() {
        Test::Addresses(list) => Ok(addresses(column, list)),
        Test::Ports(list) => Ok(numbers(column, list)),
        Test::Numbers(list) => Ok(numbers(&format!("scanbench_number({column})"), list)),
        Test::Texts(list) => {
            let parts: Result<Vec<String>, _> =
                list.iter().map(|test| text(column, test)).collect();
            Ok(any_of(parts?))
        }
        Test::Times(_) => Ok("false".to_owned()),
    }
}

fn addresses(column: &str, ranges: &[AddressRange]) -> String {
    let part = |range: &AddressRange| {
        let (first, last) = range.numbers();
        if range.first().is_ipv4() {
            format!("coalesce(scanbench_ip4({column}) BETWEEN {first} AND {last}, false)")
        } else {
            format!(
                "coalesce(scanbench_ip6({column}) BETWEEN '{first:032x}' AND '{last:032x}', false)"
            )
        }
    };
    any_of(ranges.iter().map(part).collect())
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

fn text(column: &str, test: &TextTest) -> Result<String, (&'static str, &'static str)> {
    let any_case = test.ignores_case();
    let value = format!("coalesce({column}, '')");
    let folded = |text: &str| {
        if any_case {
            format!("lower({text})")
        } else {
            text.to_owned()
        }
    };
    let (value, literal) = match test.kind() {
        TextKind::Has | TextKind::Regex => (value, String::new()),
        _ => (folded(&value), folded(&quoted(test.text()))),
    };
    let flags = if any_case { ", 'i'" } else { "" };
    Ok(match test.kind() {
        TextKind::Equals => format!("{value} = {literal}"),
        TextKind::Contains => format!("contains({value}, {literal})"),
        TextKind::StartsWith => format!("starts_with({value}, {literal})"),
        TextKind::EndsWith => format!("ends_with({value}, {literal})"),
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
            format!("regexp_matches({value}, {}{flags})", quoted(&pattern))
        }
        TextKind::Regex => {
            if let Some(what) = only_ours(test.text()) {
                return Err(("RE2 reads its regular expression otherwise", what));
            }
            format!("regexp_matches({value}, {}{flags})", quoted(test.text()))
        }
    })
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn hours(hours: &Hours) -> String {
    let time = match hours.zone() {
        Zone::Utc => "TimeGenerated".to_owned(),
        Zone::Fixed(seconds) => format!("(TimeGenerated + INTERVAL ({seconds}) SECONDS)"),
        Zone::Named(zone) => {
            format!(
                "timezone('{}', timezone('UTC', TimeGenerated))",
                zone.name()
            )
        }
    };
    let second = format!("(epoch({time}) - epoch(date_trunc('day', {time})))");
    // Sunday is 0 in DuckDB, Monday is bit 0 here.
    let days: Vec<String> = (0_u8..7)
        .filter(|day| hours.begins_on((day + 6) % 7))
        .map(|day| day.to_string())
        .collect();
    let on = |time: &str| format!("dayofweek({time}) IN ({})", days.join(", "));
    let (from, to) = (hours.from(), hours.to());
    if hours.is_over_midnight() {
        format!(
            "(({} AND {second} >= {from}) OR ({} AND {second} < {to}))",
            on(&time),
            on(&format!("({time} - INTERVAL 1 DAY)"))
        )
    } else {
        format!("({} AND {second} >= {from} AND {second} < {to})", on(&time))
    }
}
