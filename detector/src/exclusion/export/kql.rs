//! KQL over the W3CIISLog table. Every condition is true or false and never null, so that `not()` means what it says.

use super::re2::only_ours;
use super::{
    any_of, column, comment, each, impossible, impossible_whole, is_text_column, singles_and_ranges,
};
use crate::exclusion::quoted::quoted;
use crate::exclusion::{
    AddressRange, Condition, Exclusion, Hours, Stage, Test, TextKind, TextTest,
};
use ipnet::IpNet;
use scanbench_spec::Finding;
use scanbench_w3c::Zone;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

const CUSTOM_HELP: &str = "the W3CIISLog table has the standard fields only; match on one of them, or apply this list with `detect`";

pub(super) fn filter(list: &[&Exclusion]) -> Result<String, Vec<Finding>> {
    let lines = each(list, |exclusion, findings| {
        if exclusion.stage() == Stage::Alert {
            findings.push(impossible_whole(
                exclusion,
                "stage \"alert\" needs the rows, and a filter sees only lines",
                "export it with --to kql-query, or make it stage = \"event\"",
            ));
        }
        let said = said(exclusion, findings);
        format!("// {}\n| where not({said})\n", comment(exclusion))
    })?;
    Ok(format!(
        "// Exclusions, to stand right behind W3CIISLog in the query of the rule.\n{}",
        lines.concat()
    ))
}

pub(super) fn query(list: &[&Exclusion]) -> Result<String, Vec<Finding>> {
    let KqlLines {
        lines,
        counts,
        keeps,
    } = lines(list)?;
    Ok(format!(
        "// The rows that are left of the rule \"High count of connections by client IP on many ports\".\n\
         W3CIISLog\n{lines}\
         | summarize portCount = min_of(array_length(make_set(sPort)), 128), ConnectionsCount = count(){counts} by \
         bin(TimeGenerated, 10m), cIP, Computer, sIP\n| where portCount >= 30\n{keeps}\
         | project TimeGenerated, cIP, Computer, sIP, ConnectionsCount, portCount\n| order by portCount\n"
    ))
}

/// What exclusions are in a query.
pub(crate) struct KqlLines {
    /// Operators on lines.
    pub(crate) lines: String,
    /// Aggregates, with a comma before each.
    pub(crate) counts: String,
    /// Operators on rows.
    pub(crate) keeps: String,
}

/// Lines without those of stage "event", and what rows need because of stage "alert".
pub(crate) fn lines(list: &[&Exclusion]) -> Result<KqlLines, Vec<Finding>> {
    let said: Vec<(&&Exclusion, String)> = list.iter().zip(each(list, said)?).collect();
    let (mut lines, mut counts, mut keeps) = (String::new(), String::new(), String::new());
    // Writing to a String cannot fail, here and below.
    for (exclusion, condition) in &said {
        if exclusion.stage() == Stage::Event {
            let _ = write!(
                lines,
                "// {}\n| where not({condition})\n",
                comment(exclusion)
            );
        }
    }
    let alert = said
        .iter()
        .filter(|(exclusion, _)| exclusion.stage() == Stage::Alert);
    for (index, (exclusion, condition)) in alert.enumerate() {
        let _ = write!(
            lines,
            "// {}\n| extend hidden{index} = {condition}\n",
            comment(exclusion)
        );
        let _ = write!(counts, ", left{index} = countif(not(hidden{index}))");
        let _ = writeln!(keeps, "| where left{index} > 0");
    }
    Ok(KqlLines {
        lines,
        counts,
        keeps,
    })
}

/// All that an exclusion says of a line.
fn said(exclusion: &Exclusion, findings: &mut Vec<Finding>) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(starts) = exclusion.starts() {
        parts.push(format!("TimeGenerated >= datetime({starts})"));
    }
    if let Some(expires) = exclusion.expires() {
        parts.push(format!("TimeGenerated < datetime({expires})"));
    }
    for condition in exclusion.conditions() {
        match one(condition) {
            Ok(text) if condition.is_negated() => parts.push(format!("not({text})")),
            Ok(text) => parts.push(text),
            Err((why, help)) => findings.push(impossible(exclusion, condition, &why, &help)),
        }
    }
    parts.join(" and ")
}

/// One condition, without its `not-`; else why not, and what to do.
fn one(condition: &Condition) -> Result<String, (String, String)> {
    if let Test::Times(list) = condition.test() {
        return Ok(any_of(list.iter().map(hours).collect()));
    }
    let Some(column) = column(condition) else {
        let why = "the W3CIISLog table has no custom fields".to_owned();
        return Err((why, CUSTOM_HELP.to_owned()));
    };
    match condition.test() {
        Test::Addresses(list) => Ok(addresses(column, list)),
        Test::Ports(list) => {
            let list: Vec<RangeInclusive<u64>> = list
                .iter()
                .map(|range| u64::from(*range.start())..=u64::from(*range.end()))
                .collect();
            numbers(column, &list)
        }
        Test::Numbers(list) => {
            let column = if is_text_column(column) {
                format!("tolong({column})")
            } else {
                column.to_owned()
            };
            numbers(&column, list)
        }
        Test::Texts(list) => {
            let parts: Result<Vec<String>, _> =
                list.iter().map(|test| text(column, test)).collect();
            Ok(any_of(parts?))
        }
        Test::Times(_) => Ok("false".to_owned()),
    }
}

fn addresses(column: &str, list: &[AddressRange]) -> String {
    let networks = list.iter().flat_map(AddressRange::networks);
    let parts = networks.map(|network| match network {
        IpNet::V4(one) if one.prefix_len() == 32 => format!("{column} == \"{}\"", one.addr()),
        IpNet::V4(net) => format!("coalesce(ipv4_is_in_range({column}, \"{net}\"), false)"),
        IpNet::V6(net) => format!("coalesce(ipv6_is_in_range({column}, \"{net}\"), false)"),
    });
    any_of(parts.collect())
}

fn numbers(value: &str, list: &[RangeInclusive<u64>]) -> Result<String, (String, String)> {
    let fits = |number: u64| i64::try_from(number).is_ok();
    let (singles, ranges) = singles_and_ranges(list);
    let mut parts = Vec::new();
    if !singles.is_empty() {
        let listed: Vec<String> = singles.iter().map(ToString::to_string).collect();
        parts.push(format!("{value} in ({})", listed.join(", ")));
    }
    for range in &ranges {
        parts.push(if *range.end() == u64::MAX {
            format!("{value} >= {}", range.start())
        } else {
            format!("{value} between ({} .. {})", range.start(), range.end())
        });
    }
    let is_too_large = singles.iter().any(|number| !fits(*number))
        || ranges.iter().any(|range| {
            !fits(*range.start()) || (*range.end() != u64::MAX && !fits(*range.end()))
        });
    if is_too_large {
        return Err((
            "its numbers are larger than a long".to_owned(),
            "no field of a log holds such a number".to_owned(),
        ));
    }
    // A number that is not there is null, and null is neither.
    Ok(format!("(isnotnull({value}) and {})", any_of(parts)))
}

fn text(column: &str, test: &TextTest) -> Result<String, (String, String)> {
    let literal = quoted(test.text());
    let operator = match (test.kind(), test.ignores_case()) {
        (TextKind::Equals, false) => "==",
        (TextKind::Equals, true) => "=~",
        (TextKind::Contains, false) => "contains_cs",
        (TextKind::Contains, true) => "contains",
        (TextKind::StartsWith, false) => "startswith_cs",
        (TextKind::StartsWith, true) => "startswith",
        (TextKind::EndsWith, false) => "endswith_cs",
        (TextKind::EndsWith, true) => "endswith",
        (TextKind::Has, _) => "has",
        (TextKind::Regex, ignores_case) => {
            if let Some(what) = only_ours(test.text()) {
                return Err((
                    "RE2 reads its regular expression otherwise".to_owned(),
                    what.to_owned(),
                ));
            }
            let pattern = if ignores_case {
                format!("(?i){}", test.text())
            } else {
                test.text().to_owned()
            };
            return Ok(format!("{column} matches regex {}", quoted(&pattern)));
        }
    };
    Ok(format!("{column} {operator} {literal}"))
}

fn hours(hours: &Hours) -> String {
    let time = match hours.zone() {
        Zone::Utc | Zone::Fixed(0) => "TimeGenerated".to_owned(),
        Zone::Fixed(seconds) if seconds > 0 => format!("(TimeGenerated + {seconds}s)"),
        Zone::Fixed(seconds) => format!("(TimeGenerated - {}s)", -seconds),
        Zone::Named(zone) => format!("datetime_utc_to_local(TimeGenerated, \"{}\")", zone.name()),
    };
    let of_day = format!("({time} - startofday({time}))");
    // Sunday is 0d in KQL, Monday is bit 0 here.
    let days: Vec<String> = (0_u8..7)
        .filter(|day| hours.begins_on((day + 6) % 7))
        .map(|day| format!("{day}d"))
        .collect();
    let on_days = |time: &str| {
        if days.len() == 7 {
            String::new()
        } else {
            format!("dayofweek({time}) in ({}) and ", days.join(", "))
        }
    };
    let (from, to) = (hours.from(), hours.to());
    if hours.is_over_midnight() {
        format!(
            "(({}{of_day} >= {from}s) or ({}{of_day} < {to}s))",
            on_days(&time),
            on_days(&format!("({time} - 1d)"))
        )
    } else {
        format!(
            "({}{of_day} >= {from}s and {of_day} < {to}s)",
            on_days(&time)
        )
    }
}
