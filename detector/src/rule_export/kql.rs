//! KQL: the rule's query, and the YAML of an analytics rule around it.

use super::Sayable;
use crate::exclusion::quoted::quoted;
use crate::exclusion::{Exclusion, KqlLines, kql_lines};
use crate::friendly::{STATUS, STATUS_FALLBACK, WIN32, WIN32_FALLBACK};
use crate::published::Fallbacks;
use scanbench_spec::Finding;
use std::fmt::Write as _;
use std::time::Duration;

/// The limit of `make_set()` itself.
const MOST: usize = 1_048_576;

pub(super) fn query(rule: &Sayable<'_>, list: &[&Exclusion]) -> Result<String, Vec<Finding>> {
    let differs = [
        "Which values a set keeps past its limit is up to the engine; the counts are not."
            .to_owned(),
    ];
    Ok(rule.header("//", "Kusto", &differs) + &body(rule, list)?)
}

fn body(rule: &Sayable<'_>, list: &[&Exclusion]) -> Result<String, Vec<Finding>> {
    let KqlLines {
        lines,
        counts,
        keeps,
    } = kql_lines(list)?;
    let none = Fallbacks::default();
    let fallbacks = rule
        .rule
        .published
        .as_deref()
        .map_or(&none, |published| &published.fallbacks);
    let limit = rule.limit().unwrap_or(MOST);
    let set = |column: &str| format!("set_{column} = make_set({column}, {limit})");
    let mut sets: Vec<String> = rule
        .columns()
        .iter()
        .filter_map(|column| column.strip_prefix("set_"))
        .map(set)
        .collect();
    sets.push("ConnectionsCount = count()".to_owned());
    let by = ["bin(TimeGenerated, timeBin)"]
        .into_iter()
        .chain(rule.keys())
        .collect::<Vec<_>>()
        .join(", ");
    // What is compared with the threshold; ports are counted in every row.
    let compared = match rule.counted() {
        "sPort" => "portCount".to_owned(),
        other => format!("array_length(set_{other})"),
    };
    let mut out = format!(
        "let timeBin = {};\nlet portThreshold = {};\nW3CIISLog\n{lines}",
        span(rule.width),
        rule.rule.threshold
    );
    out += "| extend scStatusFull = strcat(scStatus, \".\", scSubStatus)\n";
    out += &case(
        "scStatusFull_Friendly",
        "scStatusFull ==",
        &STATUS,
        fallbacks.status.as_deref().unwrap_or(STATUS_FALLBACK),
    );
    out += "| extend scWin32Status_Hex = tohex(tolong(scWin32Status))\n";
    out += &case(
        "scWin32Status_Friendly",
        "scWin32Status_Hex =~",
        &WIN32,
        fallbacks.win32.as_deref().unwrap_or(WIN32_FALLBACK),
    );
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "| extend decodedUriQuery = url_decode(csUriQuery)\n| summarize {}{counts} by {by}\n\
         | extend portCount = array_length(set_sPort)\n| where {compared} >= portThreshold\n{keeps}\
         | project {}\n| order by portCount\n",
        sets.join(", "),
        rule.columns().join(", "),
    );
    Ok(out)
}

fn case(column: &str, compared: &str, texts: &[(&str, &str)], last: &str) -> String {
    let mut out = format!("| extend {column} = case(\n");
    for (code, text) in texts {
        let _ = writeln!(out, "    {compared} {}, {},", quoted(code), quoted(text));
    }
    let _ = writeln!(out, "    {})", quoted(last));
    out
}

/// The YAML of a scheduled rule, as in the Azure-Sentinel repository.
pub(super) fn yaml(rule: &Sayable<'_>, list: &[&Exclusion]) -> Result<String, Vec<Finding>> {
    const SEED_ID: &str = "44a555d8-ecee-4a25-95ce-055879b4b14b";
    let day = Duration::from_hours(24);
    let published = rule.rule.published.as_deref().cloned().unwrap_or_default();
    let schedule = rule.rule.schedule;
    let frequency = schedule
        .map(|schedule| schedule.every)
        .or(published.frequency)
        .unwrap_or(day);
    let period = schedule
        .map(|schedule| schedule.period)
        .or(published.period)
        .unwrap_or(day);
    let or = |list: &[String], default: &str| -> String {
        let list = if list.is_empty() {
            vec![default.to_owned()]
        } else {
            list.to_vec()
        };
        let lines: Vec<String> = list
            .iter()
            .map(|one| format!("  - {}\n", quoted(one)))
            .collect();
        lines.concat()
    };
    let mut out = rule.header(
        "#",
        "Microsoft Sentinel",
        &["The rule runs over whole look-backs, so it cuts bins at their edges.".to_owned()],
    );
    // Writing to a String cannot fail, here and below.
    let _ = write!(
        out,
        "id: {}\nname: {}\ndescription: |\n  A client reaches {} or more values of {} in {} s.\nseverity: {}\n\
         requiredDataConnectors:\n  - connectorId: AzureMonitor(IIS)\n    dataTypes:\n      - W3CIISLog\n\
         queryFrequency: {}\nqueryPeriod: {}\ntriggerOperator: gt\ntriggerThreshold: 0\ntactics:\n{}relevantTechniques:\n{}query: |\n",
        quoted(published.id.as_deref().unwrap_or(SEED_ID)),
        quoted(&rule.title()),
        rule.rule.threshold,
        rule.counted(),
        rule.width.as_secs(),
        quoted(published.severity.as_deref().unwrap_or("Medium")),
        span(frequency),
        span(period),
        or(&published.tactics, "InitialAccess"),
        or(&published.techniques, "T1190"),
    );
    for line in body(rule, list)?.lines() {
        let _ = writeln!(out, "  {line}");
    }
    out += "version: 1.0.0\nkind: Scheduled\n";
    Ok(out)
}

/// `10m`, as KQL writes it.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    if span.subsec_nanos() > 0 {
        return format!("{}ms", span.as_millis());
    }
    for (unit, length) in [("d", 86_400), ("h", 3600), ("m", 60)] {
        if seconds > 0 && seconds.is_multiple_of(length) {
            return format!("{}{unit}", seconds / length);
        }
    }
    format!("{seconds}s")
}
