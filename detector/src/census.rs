//! Every line by bin and key: how many requests, and how many of them found nothing (status 404). This is what the
//! plainest baselines look at, and it tells how many keys there are in which nothing happened. It looks at no ports
//! and knows no truth.

mod cells;
#[cfg(test)]
mod tests;

use crate::collector::{GroupKey, KeyTexts};
use crate::find::ComputerSource;
use crate::grid::GridKey;
use crate::input::{self, Input, InputError, TableItem};
use crate::names::Names;
use crate::{LogFile, Rule, Stopped};
use cells::Cells;
use scanbench_w3c::{Content, Field, Item, Reader, Record, Timestamp, visible};
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Lines between two looks at whether to stop.
const BREATH: u64 = 1 << 14;

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub struct CensusOptions<'a> {
    /// The widths of the bins, which stand as tumbling ones do.
    pub widths: &'a [Duration],
    /// Bins with fewer requests are only counted, not listed.
    pub least: u64,
    /// Clients whose bins are all listed, as logged.
    pub watched: &'a HashSet<String>,
    /// `Computer` of every line, whatever the log says.
    pub computer: Option<&'a str>,
    /// Set from elsewhere to stop.
    pub cancelled: &'a AtomicBool,
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// For each width, in the order of the options.
    pub widths: Vec<CensusWidth>,
    /// The keys of all bins that are listed.
    pub keys: Vec<GridKey>,
    /// The first line's time; `None` where there is no line.
    pub first: Option<Timestamp>,
    /// The last line's time.
    pub last: Option<Timestamp>,
}

/// The bins of one width.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CensusWidth {
    /// How many keys have at least one line in a bin, for each start of a bin that has any, in order of time.
    pub busy: Vec<(Timestamp, u64)>,
    /// Those that are listed, by start and key.
    pub listed: Vec<CensusBin>,
}

/// One key in one bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CensusBin {
    /// The bin's start.
    pub start: Timestamp,
    /// Client and server, by their place in [`Census::keys`].
    pub key: usize,
    /// Lines.
    pub requests: u64,
    /// Of these, lines with status 404.
    pub not_found: u64,
    /// The first line.
    pub first: Timestamp,
    /// The last line.
    pub last: Timestamp,
}

/// Counts the lines of all logs. Clients and keys are those of `rule`; its window, threshold and schedule do not
/// matter. What is no log is passed over: [`scan()`](crate::scan()) tells it.
///
/// Memory follows the logs that lie side by side in time, not the length of all of them, where the widths divide a
/// day and logs are in order of time.
///
/// # Errors
/// [`Stopped::Cancelled`], and [`Stopped::Changed`] where a log cannot be read to its end.
pub fn census(
    files: &[LogFile],
    rule: &Rule,
    options: &CensusOptions<'_>,
) -> Result<Census, Stopped> {
    let logs = in_order(files)?;
    let is_closing = logs.iter().all(|(begins, _)| begins.is_some());
    match count(&logs, rule, options, is_closing)? {
        Some(census) => Ok(census),
        // A line came for a bin that was closed: once more, with all bins open to the end.
        None => Ok(count(&logs, rule, options, false)?.unwrap_or_default()),
    }
}

/// The logs with the time of their first lines, where that is known, in its order. Archives are opened. Pipes are passed
/// over: they could not be opened again to be counted.
fn in_order(files: &[LogFile]) -> Result<Vec<(Option<Timestamp>, LogFile)>, Stopped> {
    let mut logs = Vec::new();
    for file in files.iter().filter(|file| !file.is_special()) {
        match input::open(file.path.as_deref()).map(|opened| opened.input) {
            Ok(Input::Archive(archive)) => {
                for member in archive.members() {
                    logs.push((None, file.member(&member.name)));
                }
            }
            Ok(Input::Text(text)) => {
                let mut reader = Reader::new(text).map_err(|error| broken(file, &error))?;
                // Of what is no log nothing is counted.
                let is_web = *reader.content() == Content::Web;
                let first = loop {
                    if !is_web {
                        break None;
                    }
                    match reader.next_item().map_err(|error| broken(file, &error))? {
                        Some(Item::Entry(entry)) => break Some(entry.time()),
                        Some(Item::Bad(_)) => {}
                        None => break None,
                    }
                };
                // A log without a line comes at no time.
                logs.extend(first.map(|first| (Some(first), file.clone())));
            }
            Ok(Input::Table(_)) => logs.push((None, file.clone())),
            Err(error) => refused(file, &error)?,
        }
    }
    logs.sort_by_key(|(begins, _)| *begins);
    Ok(logs)
}

fn broken(log: &LogFile, why: &impl ToString) -> Stopped {
    Stopped::Changed {
        log: log.to_string(),
        why: visible(why.to_string().as_bytes()),
    }
}

/// What cannot be opened is no log, or fails.
fn refused(log: &LogFile, error: &InputError) -> Result<(), Stopped> {
    if error.is_failure() {
        return Err(broken(log, error));
    }
    Ok(())
}

/// `None` where a line came for a bin that was closed.
fn count(
    logs: &[(Option<Timestamp>, LogFile)],
    rule: &Rule,
    options: &CensusOptions<'_>,
    is_closing: bool,
) -> Result<Option<Census>, Stopped> {
    let mut counter = Counter {
        rule,
        options,
        names: Names::default(),
        numbers: HashMap::new(),
        groups: Vec::new(),
        cells: Cells::new(options.widths, options.least),
        first: None,
        last: None,
        lines: 0,
    };
    for (number, (_, log)) in logs.iter().enumerate() {
        counter.log(log)?;
        let next = logs.get(number + 1).and_then(|(begins, _)| *begins);
        if let Some(next) = next.filter(|_| is_closing) {
            counter.cells.close_before(next);
        }
    }
    Ok(counter.finish())
}

struct Counter<'a> {
    rule: &'a Rule,
    options: &'a CensusOptions<'a>,
    names: Names,
    numbers: HashMap<GroupKey, u32>,
    groups: Vec<GroupKey>,
    cells: Cells,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// Lines so far.
    lines: u64,
}

impl CensusWidth {
    /// Keys with at least one line, over all bins.
    #[must_use]
    pub fn bins(&self) -> u64 {
        self.busy.iter().map(|(_, keys)| keys).sum()
    }
}

impl Counter<'_> {
    fn log(&mut self, log: &LogFile) -> Result<(), Stopped> {
        match input::open(log.path.as_deref()).map(|opened| opened.input) {
            Ok(Input::Archive(archive)) => {
                let members = archive.members().iter();
                for member in members.filter(|one| Some(&one.name) == log.member.as_ref()) {
                    match archive.open_member(member) {
                        Ok(input) => self.input(log, input)?,
                        Err(error) => refused(log, &error)?,
                    }
                }
                Ok(())
            }
            Ok(input) => self.input(log, input),
            Err(error) => refused(log, &error),
        }
    }

    fn input(&mut self, log: &LogFile, input: Input) -> Result<(), Stopped> {
        match input {
            Input::Text(text) => self.text(log, text),
            Input::Table(mut table) => {
                while let Some(item) = table.next_row().map_err(|error| broken(log, &error))? {
                    if let TableItem::Row(row) = item {
                        self.line(&row, log)?;
                    }
                }
                Ok(())
            }
            // An archive in an archive is refused where it is opened.
            Input::Archive(_) => Ok(()),
        }
    }

    fn text(&mut self, log: &LogFile, text: Box<dyn Read + Send>) -> Result<(), Stopped> {
        let mut reader = Reader::new(text).map_err(|error| broken(log, &error))?;
        if *reader.content() != Content::Web {
            return Ok(());
        }
        while let Some(item) = reader.next_item().map_err(|error| broken(log, &error))? {
            if let Item::Entry(entry) = item {
                self.line(&entry, log)?;
            }
        }
        Ok(())
    }

    fn line(&mut self, record: &impl Record, log: &LogFile) -> Result<(), Stopped> {
        self.lines += 1;
        if self.lines.is_multiple_of(BREATH) && self.options.cancelled.load(Ordering::Relaxed) {
            return Err(Stopped::Cancelled);
        }
        let client = self.rule.client.of(record);
        let computer = ComputerSource::new(self.options.computer, log);
        let computer = computer.of(record.get(Field::SComputername));
        let keys = KeyTexts::of(record, &client, computer).picked(self.rule.group_by);
        let group = keys.numbered(|text| self.names.number(text));
        let groups = &mut self.groups;
        let key = *self.numbers.entry(group).or_insert_with(|| {
            groups.push(group);
            // Four billion keys would take more memory than there is.
            u32::try_from(groups.len() - 1).unwrap_or(u32::MAX)
        });
        let is_watched =
            str::from_utf8(&client).is_ok_and(|client| self.options.watched.contains(client));
        let time = record.time();
        let is_missing = record.get(Field::ScStatus) == Some(b"404");
        self.cells.add(key, time, is_missing, is_watched);
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
        Ok(())
    }

    fn finish(self) -> Option<Census> {
        let text = |number| String::from_utf8_lossy(self.names.text(number)).into_owned();
        let key_of = |group: &GroupKey| GridKey {
            c_ip: text(group.client),
            computer: text(group.computer),
            s_ip: text(group.server),
        };
        let mut widths = self.cells.finish()?;
        // Only keys with a bin that is listed, in their order, so that nothing depends on the order of logs.
        let listed: HashSet<usize> = widths
            .iter()
            .flat_map(|width| width.listed.iter().map(|bin| bin.key))
            .collect();
        let mut sorted: Vec<(GridKey, usize)> = listed
            .into_iter()
            .map(|number| (key_of(&self.groups[number]), number))
            .collect();
        sorted.sort();
        let places: HashMap<usize, usize> = sorted
            .iter()
            .enumerate()
            .map(|(place, (_, number))| (*number, place))
            .collect();
        for width in &mut widths {
            for bin in &mut width.listed {
                bin.key = places[&bin.key];
            }
            width.listed.sort_unstable();
        }
        Some(Census {
            widths,
            keys: sorted.into_iter().map(|(key, _)| key).collect(),
            first: self.first,
            last: self.last,
        })
    }
}
