//! Apache Spark 4, and so Databricks and Sentinel's notebooks.

use super::{Dialect, Unsaid, listed};
use scanbench_w3c::{Timestamp, Zone};

/// SQL as Spark 4 has it.
pub(crate) struct Spark;

/// The functions of DuckDB's export, as Spark 4 has them (SQL user-defined functions).
const FUNCTIONS: &str = r"CREATE OR REPLACE TEMPORARY FUNCTION scanbench_ip4(a STRING) RETURNS BIGINT RETURN
  CASE WHEN regexp_replace(split_part(a, '%', 1), '^::[fF]{4}:', '')
    RLIKE '^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\\z'
  THEN aggregate(split(regexp_replace(split_part(a, '%', 1), '^::[fF]{4}:', ''), '\\.'), 0L,
    (sum, one) -> sum * 256 + CAST(one AS BIGINT)) END;
CREATE OR REPLACE TEMPORARY FUNCTION scanbench_groups(a STRING) RETURNS ARRAY<STRING> RETURN
  CASE WHEN a = '' THEN CAST(array() AS ARRAY<STRING>) ELSE split(a, ':') END;
CREATE OR REPLACE TEMPORARY FUNCTION scanbench_v6(a STRING) RETURNS ARRAY<STRING> RETURN
  CASE WHEN NOT a RLIKE '^[0-9a-fA-F:]+\\z' OR NOT contains(a, ':') OR size(split(a, '::')) > 2 THEN NULL
  WHEN contains(a, '::') THEN concat(scanbench_groups(split_part(a, '::', 1)),
    array_repeat('0', 8 - size(scanbench_groups(split_part(a, '::', 1))) - size(scanbench_groups(split_part(a, '::', 2)))),
    scanbench_groups(split_part(a, '::', 2)))
  ELSE split(a, ':') END;
CREATE OR REPLACE TEMPORARY FUNCTION scanbench_ip6(a STRING) RETURNS STRING RETURN
  CASE WHEN size(scanbench_v6(split_part(a, '%', 1))) = 8
    AND forall(scanbench_v6(split_part(a, '%', 1)), one -> length(one) BETWEEN 1 AND 4)
  THEN array_join(transform(scanbench_v6(split_part(a, '%', 1)), one -> lpad(lower(one), 4, '0')), '') END;
CREATE OR REPLACE TEMPORARY FUNCTION scanbench_number(a STRING) RETURNS DECIMAL(20, 0) RETURN
  CASE WHEN a RLIKE '^[0-9]+\\z' THEN try_cast(a AS DECIMAL(20, 0)) END;
";

impl Dialect for Spark {
    fn functions(&self) -> &'static str {
        FUNCTIONS
    }

    fn quoted(&self, text: &str) -> String {
        format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
    }

    fn moment(&self, time: Timestamp) -> String {
        format!("TIMESTAMP '{time}'")
    }

    fn number(&self, column: &str) -> String {
        format!("scanbench_number(CAST({column} AS STRING))")
    }

    fn starts_with(&self, text: &str, part: &str) -> String {
        format!("startswith({text}, {part})")
    }

    fn ends_with(&self, text: &str, part: &str) -> String {
        format!("endswith({text}, {part})")
    }

    fn matches(&self, text: &str, pattern: &str, any_case: bool) -> String {
        let lead = if any_case { "(?iu)" } else { "" };
        format!(
            "({text} RLIKE {})",
            self.quoted(&format!("{lead}{pattern}"))
        )
    }

    fn regex(&self, _: &str) -> Result<(), Unsaid> {
        Err((
            "Spark has regular expressions of Java, which mean other things in classes, anchors and cases",
            "say it with contains, starts-with, ends-with or has",
        ))
    }

    fn local(&self, zone: Zone) -> String {
        match zone {
            Zone::Utc => "TimeGenerated".to_owned(),
            Zone::Fixed(seconds) => {
                format!("(TimeGenerated + make_dt_interval(0, 0, 0, {seconds}))")
            }
            Zone::Named(zone) => format!("from_utc_timestamp(TimeGenerated, '{}')", zone.name()),
        }
    }

    fn second_of_day(&self, time: &str) -> String {
        format!("(hour({time}) * 3600 + minute({time}) * 60 + CAST(second({time}) AS INT))")
    }

    fn on_days(&self, time: &str, days: &[u8]) -> String {
        // Sunday is 1.
        format!(
            "dayofweek({time}) IN ({})",
            listed(days, |day| (day + 1) % 7 + 1)
        )
    }

    fn bin(&self, seconds: u64) -> String {
        let micros = seconds * 1_000_000;
        format!("timestamp_micros((unix_micros(line.TimeGenerated) div {micros}) * {micros})")
    }

    fn set(&self, value: &str, limit: Option<usize>) -> String {
        // Null is no member.
        let all = format!("array_sort(collect_set({value}))");
        match limit {
            Some(limit) => format!("slice({all}, 1, {limit})"),
            None => all,
        }
    }

    fn hex(&self, column: &str) -> String {
        format!(
            "CASE WHEN {column} RLIKE '^[+-]?[0-9]+$' THEN lower(hex(try_cast({column} AS BIGINT))) END"
        )
    }

    fn url_decoded(&self, column: &str) -> String {
        // url_decode() of Spark makes blanks of `+`, which KQL does not, and fails of what is no such text.
        format!("coalesce(try_url_decode(replace({column}, '+', '%2B')), {column})")
    }

    fn length(&self, set: &str) -> String {
        format!("size({set})")
    }
}
