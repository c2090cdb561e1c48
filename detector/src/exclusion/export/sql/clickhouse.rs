//! `ClickHouse`, and so chDB.

use super::{Dialect, listed, moment};
use crate::exclusion::AddressRange;
use scanbench_w3c::{Timestamp, Zone};
use std::net::IpAddr;

/// SQL as `ClickHouse` has it.
pub(crate) struct ClickHouse;

impl Dialect for ClickHouse {
    fn functions(&self) -> &'static str {
        ""
    }

    fn quoted(&self, text: &str) -> String {
        format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
    }

    fn moment(&self, time: Timestamp) -> String {
        format!("toDateTime('{}', 'UTC')", moment(time).replace('T', " "))
    }

    fn in_range(&self, column: &str, range: &AddressRange) -> String {
        // IPv4 addresses are read as IPv6 addresses that hold them. A zone behind `%` is no part of an address.
        let six = |address: IpAddr| match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        format!(
            "ifNull(toIPv6OrNull(splitByChar('%', ifNull({column}, ''))[1]) BETWEEN toIPv6('{}') AND toIPv6('{}'), false)",
            six(range.first()),
            six(range.last())
        )
    }

    fn number(&self, column: &str) -> String {
        format!(
            "if(match(ifNull(toString({column}), ''), '^[0-9]+$'), toUInt64OrNull(toString({column})), NULL)"
        )
    }

    fn lower(&self, text: &str) -> String {
        format!("lowerUTF8({text})")
    }

    fn contains(&self, text: &str, part: &str) -> String {
        format!("(position({text}, {part}) > 0)")
    }

    fn starts_with(&self, text: &str, part: &str) -> String {
        format!("startsWith({text}, {part})")
    }

    fn ends_with(&self, text: &str, part: &str) -> String {
        format!("endsWith({text}, {part})")
    }

    fn matches(&self, text: &str, pattern: &str, any_case: bool) -> String {
        // match() lets `.` stand for a line break, which no value of a log has.
        let lead = if any_case { "(?i)" } else { "" };
        format!(
            "match({text}, {})",
            self.quoted(&format!("{lead}{pattern}"))
        )
    }

    fn local(&self, zone: Zone) -> String {
        match zone {
            Zone::Utc => "toTimeZone(TimeGenerated, 'UTC')".to_owned(),
            Zone::Fixed(seconds) => {
                format!("(toTimeZone(TimeGenerated, 'UTC') + toIntervalSecond({seconds}))")
            }
            Zone::Named(zone) => format!("toTimeZone(TimeGenerated, '{}')", zone.name()),
        }
    }

    fn second_of_day(&self, time: &str) -> String {
        format!("(toHour({time}) * 3600 + toMinute({time}) * 60 + toSecond({time}))")
    }

    fn on_days(&self, time: &str, days: &[u8]) -> String {
        // Monday is 1.
        format!("toDayOfWeek({time}) IN ({})", listed(days, |day| day + 1))
    }

    fn day_before(&self, time: &str) -> String {
        format!("({time} - toIntervalDay(1))")
    }

    fn bin(&self, seconds: u64) -> String {
        format!(
            "toDateTime(intDiv(toUnixTimestamp(line.TimeGenerated), {seconds}) * {seconds}, 'UTC')"
        )
    }

    fn set(&self, value: &str, limit: Option<usize>) -> String {
        // Null is no member.
        let all = format!("arraySort(groupUniqArray({value}))");
        match limit {
            Some(limit) => format!("arraySlice({all}, 1, {limit})"),
            None => all,
        }
    }

    fn hex(&self, column: &str) -> String {
        // hex() writes whole bytes.
        let digits =
            format!("replaceRegexpOne(lower(hex(toInt64OrNull({column}))), '^0+(.)', '\\\\1')");
        format!("if(match({column}, '^[+-]?[0-9]+$'), {digits}, NULL)")
    }

    fn url_decoded(&self, column: &str) -> String {
        format!("decodeURLComponent({column})")
    }

    fn length(&self, set: &str) -> String {
        format!("length({set})")
    }
}
