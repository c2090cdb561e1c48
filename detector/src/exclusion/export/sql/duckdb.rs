//! DuckDB.

use super::{Dialect, listed, moment};
use scanbench_w3c::{Timestamp, Zone};

/// SQL as DuckDB has it.
pub(crate) struct DuckDb;

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

impl Dialect for DuckDb {
    fn functions(&self) -> &'static str {
        MACROS
    }

    fn moment(&self, time: Timestamp) -> String {
        format!("TIMESTAMP '{}'", moment(time))
    }

    fn number(&self, column: &str) -> String {
        format!("scanbench_number({column})")
    }

    fn starts_with(&self, text: &str, part: &str) -> String {
        format!("starts_with({text}, {part})")
    }

    fn ends_with(&self, text: &str, part: &str) -> String {
        format!("ends_with({text}, {part})")
    }

    fn matches(&self, text: &str, pattern: &str, any_case: bool) -> String {
        let flags = if any_case { ", 'i'" } else { "" };
        format!("regexp_matches({text}, {}{flags})", self.quoted(pattern))
    }

    fn local(&self, zone: Zone) -> String {
        match zone {
            Zone::Utc => "TimeGenerated".to_owned(),
            Zone::Fixed(seconds) => format!("(TimeGenerated + INTERVAL ({seconds}) SECONDS)"),
            Zone::Named(zone) => {
                format!(
                    "timezone('{}', timezone('UTC', TimeGenerated))",
                    zone.name()
                )
            }
        }
    }

    fn second_of_day(&self, time: &str) -> String {
        format!("(epoch({time}) - epoch(date_trunc('day', {time})))")
    }

    fn on_days(&self, time: &str, days: &[u8]) -> String {
        // Sunday is 0.
        format!(
            "dayofweek({time}) IN ({})",
            listed(days, |day| (day + 1) % 7)
        )
    }

    fn count_not(&self, condition: &str) -> String {
        format!("count(*) FILTER (WHERE NOT {condition})")
    }

    fn bin(&self, seconds: u64) -> String {
        let micros = seconds * 1_000_000;
        format!("make_timestamp((epoch_us(line.TimeGenerated) // {micros}) * {micros})")
    }

    fn set(&self, value: &str, limit: Option<usize>) -> String {
        let all =
            format!("list(DISTINCT {value} ORDER BY {value}) FILTER (WHERE {value} IS NOT NULL)");
        match limit {
            Some(limit) => format!("coalesce(list_slice({all}, 1, {limit}), [])"),
            None => format!("coalesce({all}, [])"),
        }
    }

    fn hex(&self, column: &str) -> String {
        format!(
            "CASE WHEN regexp_full_match({column}, '[+-]?[0-9]+') THEN lower(to_hex(TRY_CAST({column} AS BIGINT))) END"
        )
    }

    fn url_decoded(&self, column: &str) -> String {
        format!("url_decode({column})")
    }

    fn length(&self, set: &str) -> String {
        format!("len({set})")
    }
}
