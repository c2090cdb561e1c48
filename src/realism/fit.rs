//! A background from a real log: a scenario of measured actors, one server for each site. It has counts, shares and
//! quantiles of the log and none of its texts, but for the numbers of ports.

use super::histogram::Histogram;
use super::profile::{Profile, float};
use super::shape::{Shaper, Site, Traffic};
use scanbench_detector::{LogFile, Stopped, passage};
use scanbench_w3c::{Field, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::AtomicBool;

/// Points of the tables of a visit.
const POINTS: u64 = 201;
/// Sorts of answers that are kept: the commonest.
const MOST_REPLIES: usize = 40;
/// Ports that are kept: the busiest.
const MOST_PORTS: usize = 200;
/// Days from which on days differ in more than their weekday.
const LEAST_DAYS: i64 = 14;
/// Seconds of an hour and of a day.
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Ten years, the longest scenario.
const LONGEST: i64 = 3_660 * DAY;

/// A background as the text of a scenario, which is a scenario by itself and may be included in another; `profile` is that
/// of the same logs. `None` where there is no line.
///
/// # Errors
/// [`Stopped::Cancelled`], and [`Stopped::Changed`] where a log cannot be read to its end.
pub fn fit(
    files: &[LogFile],
    profile: &Profile,
    cancelled: &AtomicBool,
) -> Result<Option<String>, Stopped> {
    let mut shaper = Shaper::new(profile);
    passage(files, cancelled, &mut shaper)?.whole()?;
    Ok(written(&shaper.finish()))
}

fn written(sites: &[Site]) -> Option<String> {
    let first = sites
        .iter()
        .filter_map(|site| site.span)
        .map(|span| span.0)
        .min()?;
    let last = sites
        .iter()
        .filter_map(|site| site.span)
        .map(|span| span.1)
        .max()?;
    let last = last.min(first + LONGEST - 1);
    let lines: u64 = sites.iter().map(|site| site.lines).sum();
    let mut out = String::new();
    let start = Timestamp::from_millis(first * 1_000);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "# A background that `scanbench fit` measured in a real log of {lines} lines. It holds counts, shares and quantiles of
# that log, and no address, user, path, query or agent of it. Generate it by itself, or include it in a scenario:
#   include = [\"background.toml\"]
# Then seed, start and duration are those of the scenario.

version = 1
name = \"fitted\"
title = \"Background as measured in a real log\"
seed = 1
start = {start}
duration = \"{}s\"
",
        last - first + 1
    );
    for (number, site) in (1..).zip(sites) {
        site.write(&mut out, number);
    }
    for (number, site) in (1..).zip(sites) {
        if let Some(span) = site.span {
            site.visits.write_visits(&mut out, number, span);
        }
        for (nth, beat) in (1..).zip(site.beats.values()) {
            beat.write_beats(&mut out, (number, nth), first, last);
        }
    }
    Some(out)
}

impl Site {
    fn write(&self, out: &mut String, number: u32) {
        use Field::{CIp, CsMethod, CsUriStem, Date, SIp, SPort, ScStatus, Time};
        // What the rule needs is logged in any case.
        let always = [Date, Time, SIp, CsMethod, CsUriStem, SPort, CIp, ScStatus];
        let fields = Field::ALL
            .into_iter()
            .filter(|field| always.contains(field) || self.fields.contains(field));
        let fields: Vec<String> = fields
            .map(|field| format!("\"{}\"", field.name()))
            .collect();
        let mut ports: Vec<(u64, u16)> = self
            .ports
            .iter()
            .map(|(port, lines)| (*lines, *port))
            .collect();
        ports.sort_by_key(|(lines, port)| (std::cmp::Reverse(*lines), *port));
        let mut ports: Vec<String> = ports
            .into_iter()
            .take(MOST_PORTS)
            .map(|(_, port)| port.to_string())
            .collect();
        if ports.is_empty() {
            ports.push("80".to_owned());
        }
        let _ = write!(
            out,
            "\n[[server]]\nname = \"SITE{number:02}\"\naddress = \"10.255.0.{number}\"\niis = \"10\"\nfields = [{}]\n",
            fields.join(", ")
        );
        if self.has_long_logs {
            out.push_str("rollover = \"size\"\n");
        }
        let _ = write!(
            out,
            "\n[[server.site]]\nid = {number}\nports = [{}]\n",
            ports.join(", ")
        );
    }
}

impl Traffic {
    fn write_visits(&self, out: &mut String, number: u32, span: (i64, i64)) {
        let sessions = self.sessions.count();
        if sessions == 0 {
            return;
        }
        let exposure = Exposure::new(span);
        let hourly = exposure.relative(&self.hours, &exposure.hours);
        let weekly = exposure.relative(&self.weekdays, &exposure.weekdays);
        let daily = self.daily(span, &hourly, &weekly);
        let per_day =
            float(sessions) / (exposure.days() * exposure.mean(&hourly, &weekly)).max(1e-9);
        // So many that two visits of one client seldom meet: they would count as one.
        let clients = self
            .clients
            .len()
            .max(usize::try_from(whole(per_day * 4.0)).unwrap_or(1))
            .max(1);
        let _ = write!(
            out,
            "\n[[actor]]\nid = \"visits-{number}\"\nkind = \"measured\"\nservers = [\"SITE{number:02}\"]\n\
             sessions-per-day = {}\nclients = {}\nhourly = {}\nweekly = {}\n",
            figure(per_day.clamp(0.001, 1e9)),
            clients.min(100_000_000),
            list(&hourly),
            list(&weekly),
        );
        if let Some(daily) = daily {
            let _ = writeln!(out, "daily = {}", list(&daily));
        }
        let _ = write!(
            out,
            "session-requests = {}\nsession-gaps = {}\n",
            quantiles(&self.sessions, POINTS),
            quantiles(&self.gaps, POINTS)
        );
        self.write_rest(out);
    }

    fn write_beats(&self, out: &mut String, (number, nth): (u32, u32), start: i64, end: i64) {
        let (Some((first, last)), Some(every)) = (self.span, self.gaps.mode()) else {
            return;
        };
        let every = i64::try_from(every).unwrap_or(1).max(1);
        if first > end {
            return;
        }
        let lasts = (last - first + every).min(LONGEST);
        let on_time = self
            .gaps
            .iter()
            .find(|(gap, _)| *gap == every.unsigned_abs())
            .map_or(0, |(_, times)| times);
        // A beat that is late makes two gaps uneven.
        let steady = (float(on_time) / float(self.gaps.count().max(1))).sqrt();
        let present = (float(self.lines) * float(every.unsigned_abs())
            / float(lasts.unsigned_abs()))
        .min(1.0);
        let _ = write!(
            out,
            "\n[[actor]]\nid = \"beat-{number}-{nth}\"\nkind = \"measured\"\nservers = [\"SITE{number:02}\"]\n\
             every = \"{every}s\"\nsteady = {}\npresent = {}\nstart = \"{}s\"\nlasts = \"{lasts}s\"\n",
            figure(steady),
            figure(present),
            first - start,
        );
        self.write_rest(out);
    }

    /// What requests ask for, and how they are answered.
    fn write_rest(&self, out: &mut String) {
        let share = |part: u64| figure(float(part) / float(self.lines.max(1)));
        let (ranks, fresh) = self.ranks();
        if ranks.count() > 0 {
            let _ = writeln!(out, "ranks = {}", quantiles(&ranks, POINTS));
        }
        let _ = write!(
            out,
            "fresh = {}\nposts = {}\nreferers = {}\n",
            share(fresh),
            share(self.posts),
            share(self.referers)
        );
        for (family, lines) in &self.agents {
            let _ = write!(
                out,
                "\n[[actor.agent]]\nfamily = \"{}\"\nshare = {}\n",
                family.name(),
                share(*lines)
            );
        }
        let mut replies: Vec<_> = self.replies.iter().collect();
        replies.sort_by_key(|(triple, reply)| (std::cmp::Reverse(reply.lines), **triple));
        for ((status, substatus, win32), reply) in replies.into_iter().take(MOST_REPLIES) {
            if !(100..=999).contains(status) || *substatus > 255 || *win32 > u64::from(u32::MAX) {
                continue;
            }
            let _ = write!(out, "\n[[actor.answer]]\nstatus = {status}\n");
            if *substatus > 0 {
                let _ = writeln!(out, "substatus = {substatus}");
            }
            if *win32 > 0 {
                let _ = writeln!(out, "win32 = {win32}");
            }
            let _ = writeln!(out, "share = {}", share(reply.lines));
            let points = match reply.lines {
                1_000.. => 101,
                100.. => 51,
                _ => 11,
            };
            for (name, table) in [("bytes", &reply.bytes), ("time-taken", &reply.taken)] {
                if table.count() > 0 {
                    let _ = writeln!(out, "{name} = {}", quantiles(table, points));
                }
            }
        }
    }

    /// The ranks of the paths of requests, and how many requests are for a path that is asked for once.
    fn ranks(&self) -> (Histogram, u64) {
        let mut counts: Vec<u64> = self.paths.values().copied().collect();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        let mut ranks = Histogram::default();
        let mut fresh = self.other_paths;
        for (rank, lines) in (1..).zip(counts) {
            if lines == 1 {
                fresh += 1;
            } else {
                ranks.add_many(rank, lines);
            }
        }
        (ranks, fresh)
    }

    /// Quantiles of what days are of what their hours and weekday promise, a mean of 1; `None` for a few days.
    fn daily(&self, span: (i64, i64), hourly: &[f64], weekly: &[f64]) -> Option<Vec<f64>> {
        let (first, last) = (span.0.div_euclid(DAY), span.1.div_euclid(DAY));
        if last - first < LEAST_DAYS {
            return None;
        }
        let mut expected: BTreeMap<i64, f64> = BTreeMap::new();
        Exposure::each(span, |slot, share| {
            let rate = share * hourly[slot.hour] * weekly[slot.weekday];
            *expected.entry(slot.day).or_default() += rate;
        });
        let all: f64 = expected.values().sum();
        let mut busy: Vec<f64> = expected
            .iter()
            .filter(|(_, expected)| **expected > 0.0)
            .map(|(day, expected)| {
                let lines = float(self.days.get(day).copied().unwrap_or(0));
                lines / float(self.lines.max(1)) * all / expected
            })
            .collect();
        busy.sort_by(f64::total_cmp);
        let points = 101_usize;
        let table: Vec<f64> = (0..points)
            .filter_map(|point| {
                busy.get(point * busy.len().saturating_sub(1) / (points - 1))
                    .copied()
            })
            .collect();
        let mean = interpolated_mean(&table);
        (mean > 0.0).then(|| table.iter().map(|value| value / mean).collect())
    }
}

/// The mean of what the generator draws from a table: between two points it grows as a power does.
fn interpolated_mean(table: &[f64]) -> f64 {
    const STEPS: u32 = 16;
    let steps = table.windows(2).flat_map(|pair| {
        let (low, high) = (pair[0].ln_1p(), pair[1].ln_1p());
        (0..STEPS).map(move |step| {
            let part = (f64::from(step) + 0.5) / f64::from(STEPS);
            (low + (high - low) * part).exp_m1()
        })
    });
    let (mut sum, mut count) = (0.0, 0.0);
    for value in steps {
        sum += value;
        count += 1.0;
    }
    sum / f64::max(count, 1.0)
}

/// How much of each hour of the day and of each weekday a log covers, in hours.
struct Exposure {
    span: (i64, i64),
    hours: Vec<f64>,
    weekdays: Vec<f64>,
}

/// An hour of a log.
struct Slot {
    hour: usize,
    weekday: usize,
    day: i64,
}

impl Exposure {
    fn new(span: (i64, i64)) -> Self {
        let (mut hours, mut weekdays) = (vec![0.0; 24], vec![0.0; 7]);
        Self::each(span, |slot, share| {
            hours[slot.hour] += share;
            weekdays[slot.weekday] += share;
        });
        Self {
            span,
            hours,
            weekdays,
        }
    }

    /// Each hour of the span, with the share of it that is covered.
    fn each((first, last): (i64, i64), mut each: impl FnMut(Slot, f64)) {
        let last = last.min(first + LONGEST);
        for hour in first.div_euclid(HOUR)..=last.div_euclid(HOUR) {
            let covered = (last + 1).min((hour + 1) * HOUR) - first.max(hour * HOUR);
            let time = Timestamp::from_millis(hour * HOUR * 1_000);
            let slot = Slot {
                hour: usize::try_from(hour.rem_euclid(24)).unwrap_or(0),
                weekday: usize::from(time.weekday()).min(6),
                day: hour.div_euclid(24),
            };
            each(slot, float(covered.max(0).unsigned_abs()) / 3_600.0);
        }
    }

    fn days(&self) -> f64 {
        self.hours.iter().sum::<f64>() / 24.0
    }

    /// What each hour or weekday is of an average one; 0 for those that the log does not cover.
    #[expect(
        clippy::unused_self,
        reason = "it belongs to the exposure that `covered` is of"
    )]
    fn relative(&self, lines: &[u64], covered: &[f64]) -> Vec<f64> {
        let all: u64 = lines.iter().sum();
        let mean = float(all) / covered.iter().sum::<f64>().max(1e-9);
        let each = lines.iter().zip(covered);
        each.map(|(lines, covered)| {
            if *covered > 0.0 && mean > 0.0 {
                (float(*lines) / covered / mean).min(1e6)
            } else {
                0.0
            }
        })
        .collect()
    }

    /// The mean of both together over the span.
    fn mean(&self, hourly: &[f64], weekly: &[f64]) -> f64 {
        let (mut sum, mut all) = (0.0, 0.0);
        Self::each(self.span, |slot, share| {
            sum += share * hourly[slot.hour] * weekly[slot.weekday];
            all += share;
        });
        if all > 0.0 { sum / all } else { 1.0 }
    }
}

fn quantiles(counted: &Histogram, points: u64) -> String {
    let values = counted.quantiles(points);
    if values.is_empty() {
        return "[1, 1]".to_owned();
    }
    // A table holds no more.
    let values = values
        .iter()
        .map(|value| value.min(&1_000_000_000_000).to_string());
    let values: Vec<String> = values.collect();
    format!("[{}]", values.join(", "))
}

fn list(values: &[f64]) -> String {
    let values: Vec<String> = values.iter().map(|value| figure(*value)).collect();
    format!("[{}]", values.join(", "))
}

/// A number with six digits behind the point at most, and at least one: TOML tells whole numbers from others.
fn figure(value: f64) -> String {
    let text = format!("{value:.6}");
    let short = text.trim_end_matches('0');
    if short.ends_with('.') {
        format!("{short}0")
    } else {
        short.to_owned()
    }
}

/// A whole number of something.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "brought into the range first"
)]
fn whole(value: f64) -> u32 {
    value.clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log on a Monday from 10:30:00 to 12:00:00, both seconds counted: half of one hour, all of the next, and a second.
    #[test]
    fn what_a_log_covers() {
        let first = 1_793_577_600 + 10 * HOUR + HOUR / 2;
        let exposure = Exposure::new((first, first + 3 * HOUR / 2));
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
        near(exposure.hours[10], 0.5);
        near(exposure.hours[11], 1.0);
        near(exposure.hours[12], 1.0 / 3_600.0);
        near(exposure.hours[9], 0.0);
        near(exposure.weekdays[0], exposure.days() * 24.0);
        near(exposure.days() * 24.0, 5_401.0 / 3_600.0);
        // Lines spread as the hours are: every rate is the average.
        let covered = [0.5, 1.0];
        let rates = exposure.relative(&[50, 100], &covered);
        assert!(
            rates.iter().all(|rate| (rate - 1.0).abs() < 1e-9),
            "{rates:?}"
        );
    }

    #[test]
    fn figures() {
        for (value, expected) in [
            (1.0, "1.0"),
            (0.25, "0.25"),
            (1e-7, "0.0"),
            (12.345_678_9, "12.345679"),
        ] {
            assert_eq!(figure(value), expected);
        }
    }

    /// Of a table from 0 to 0 and one from 1 to 3 the means are 0, and the mean of e^x - 1 from ln 2 to ln 4:
    /// 2 / ln 2 - 1.
    #[test]
    fn means_of_tables() {
        assert!(interpolated_mean(&[0.0, 0.0]).abs() < 1e-12);
        let expected = 2.0 / std::f64::consts::LN_2 - 1.0;
        assert!((interpolated_mean(&[1.0, 3.0]) - expected).abs() < 1e-3);
    }
}
