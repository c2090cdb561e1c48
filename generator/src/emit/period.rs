//! When a log ends and the next begins, and what each is called.

use crate::inventory::{Rollover, Server};
use scanbench_w3c::Timestamp;

/// Milliseconds of an hour and a day.
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The number of the period to which a moment belongs; logs that end by size count their own.
pub(super) fn number(rollover: Rollover, moment: i64) -> i64 {
    match rollover {
        Rollover::Daily => moment.div_euclid(DAY_MS),
        Rollover::Hourly => moment.div_euclid(HOUR_MS),
        Rollover::Size(_) => 0,
    }
}

/// The name of a log without its ending: `u_ex261102`, with the hour where logs are hourly, `u_extend1` where they
/// end by size. Before IIS 7 there was no `u_`, and custom fields add `_x`.
pub(super) fn name(server: &Server, moment: Timestamp, nth: u32) -> String {
    let encoded = if server.iis.logs_utf8() { "u_" } else { "" };
    let custom = if server.log.custom.is_empty() {
        ""
    } else {
        "_x"
    };
    let (year, month, day) = moment.ymd();
    let year = year.rem_euclid(100);
    match server.log.rollover {
        Rollover::Daily => format!("{encoded}ex{year:02}{month:02}{day:02}{custom}"),
        Rollover::Hourly => {
            let hour = moment.millis_of_day() / HOUR_MS;
            format!("{encoded}ex{year:02}{month:02}{day:02}{hour:02}{custom}")
        }
        Rollover::Size(_) => format!("{encoded}extend{nth}{custom}"),
    }
}
