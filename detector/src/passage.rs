//! Every line of some logs, one after another, for whoever wants to measure something else than the rule. What stands in
//! one folder comes in the order of time, and folder after folder.

use crate::input::{self, Input, InputError, TableItem};
use crate::{LogFile, Stopped};
use scanbench_w3c::{Content, Item, Reader, Record, Timestamp, visible};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Lines between two looks at whether to stop.
const BREATH: u64 = 1 << 14;
/// So many reasons for passing files over are kept; the rest is only counted.
const MOST_REASONS: usize = 20;

/// Who looks at lines.
pub trait Passenger {
    /// A log begins.
    fn log(&mut self, log: &LogFile);
    /// A line of it, with its number: that in the file, directives counted; of a table the row's.
    fn line(&mut self, number: u64, record: &dyn Record);
    /// The line before was the first one under a header block.
    fn block(&mut self);
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// Logs with at least one line.
    pub logs: u64,
    /// Lines and rows.
    pub lines: u64,
    /// Lines and rows that could not be read.
    pub bad: u64,
    /// Files that are no web logs.
    pub passed_over: u64,
    /// Why, of the first twenty.
    pub reasons: Vec<String>,
    /// The first log that could not be read, or not to its end, and why.
    pub broken: Option<(String, String)>,
}

impl Passage {
    /// Whether every log was read to its end: a measure of a part is none of the whole.
    ///
    /// # Errors
    /// [`Stopped::Changed`] with the first log that could not be read.
    pub fn whole(&self) -> Result<(), Stopped> {
        match &self.broken {
            None => Ok(()),
            Some((log, why)) => Err(Stopped::Changed {
                log: log.clone(),
                why: why.clone(),
            }),
        }
    }

    fn break_off(&mut self, log: &LogFile, why: &dyn std::fmt::Display) {
        let why = visible(why.to_string().as_bytes());
        self.broken.get_or_insert_with(|| (log.to_string(), why));
    }

    /// A file that cannot be opened is broken; one that is no log is passed over.
    fn refuse(&mut self, log: &LogFile, error: &InputError) {
        if error.is_failure() {
            self.break_off(log, error);
        } else {
            self.pass_over(log, error);
        }
    }

    fn pass_over(&mut self, log: &LogFile, why: &dyn std::fmt::Display) {
        self.passed_over += 1;
        if self.reasons.len() < MOST_REASONS {
            self.reasons.push(format!("{log}: {why}"));
        }
    }
}

/// Shows all lines of all logs. Pipes and devices are passed over: they can be read only once.
///
/// # Errors
/// [`Stopped::Cancelled`].
pub fn passage(
    files: &[LogFile],
    cancelled: &AtomicBool,
    passenger: &mut dyn Passenger,
) -> Result<Passage, Stopped> {
    let mut passed = Passage::default();
    for log in in_order(files, &mut passed) {
        let before = passed.lines;
        read(&log, cancelled, passenger, &mut passed)?;
        passed.logs += u64::from(passed.lines > before);
    }
    Ok(passed)
}

/// The logs by folder, and in it by the time of their first lines.
fn in_order(files: &[LogFile], passed: &mut Passage) -> Vec<LogFile> {
    let mut logs = Vec::new();
    for file in files {
        if file.is_special() {
            passed.pass_over(file, &"it can be read only once, which is not enough here");
            continue;
        }
        match input::open(file.path.as_deref()).map(|opened| opened.input) {
            Ok(Input::Archive(archive)) => {
                for member in archive.members() {
                    let member = file.member(&member.name);
                    logs.push(((folder(&member), None, name(&member)), member));
                }
            }
            Ok(Input::Text(text)) => {
                // Without its time it would come at another place.
                let first = first_time(text).unwrap_or_else(|error| {
                    passed.break_off(file, &error);
                    None
                });
                logs.push(((folder(file), first, name(file)), file.clone()));
            }
            Ok(Input::Table(_)) => logs.push(((folder(file), None, name(file)), file.clone())),
            Err(error) => passed.refuse(file, &error),
        }
    }
    logs.sort_by(|one, other| one.0.cmp(&other.0));
    logs.into_iter().map(|(_, log)| log).collect()
}

/// The time of the first line of a web log.
fn first_time(text: Box<dyn Read + Send>) -> io::Result<Option<Timestamp>> {
    let mut reader = Reader::new(text)?;
    if *reader.content() != Content::Web {
        return Ok(None);
    }
    loop {
        match reader.next_item().map_err(|error| error.source)? {
            Some(Item::Entry(entry)) => return Ok(Some(entry.time())),
            Some(Item::Bad(_)) => {}
            None => return Ok(None),
        }
    }
}

/// The folder that holds a log: of one site, as IIS lays logs out.
fn folder(log: &LogFile) -> PathBuf {
    let mut folder = log
        .path
        .as_deref()
        .and_then(Path::parent)
        .map_or_else(PathBuf::new, Path::to_owned);
    if let Some(member) = &log.member {
        folder.extend(Path::new(member).parent());
    }
    folder
}

fn name(log: &LogFile) -> String {
    log.to_string()
}

fn read(
    log: &LogFile,
    cancelled: &AtomicBool,
    passenger: &mut dyn Passenger,
    passed: &mut Passage,
) -> Result<(), Stopped> {
    match input::open(log.path.as_deref()).map(|opened| opened.input) {
        Ok(Input::Archive(archive)) => {
            let members = archive.members().iter();
            for member in members.filter(|one| Some(&one.name) == log.member.as_ref()) {
                match archive.open_member(member) {
                    Ok(Input::Text(text)) => lines(log, text, cancelled, passenger, passed)?,
                    Ok(Input::Table(mut table)) => {
                        rows(log, table.as_mut(), cancelled, passenger, passed)?;
                    }
                    // An archive in an archive is refused where it is opened.
                    Ok(Input::Archive(_)) => {}
                    Err(error) => passed.refuse(log, &error),
                }
            }
            Ok(())
        }
        Ok(Input::Text(text)) => lines(log, text, cancelled, passenger, passed),
        Ok(Input::Table(mut table)) => rows(log, table.as_mut(), cancelled, passenger, passed),
        Err(error) => {
            passed.refuse(log, &error);
            Ok(())
        }
    }
}

fn lines(
    log: &LogFile,
    text: Box<dyn Read + Send>,
    cancelled: &AtomicBool,
    passenger: &mut dyn Passenger,
    passed: &mut Passage,
) -> Result<(), Stopped> {
    let mut reader = match Reader::new(text) {
        Ok(reader) => reader,
        Err(error) => {
            passed.break_off(log, &error);
            return Ok(());
        }
    };
    match reader.content() {
        Content::Web => {}
        Content::Empty => return Ok(()),
        Content::Other(other) => {
            passed.pass_over(log, &format!("{other}, not a web log"));
            return Ok(());
        }
        Content::NotW3c(_) => {
            passed.pass_over(log, &"not a log in the W3C format");
            return Ok(());
        }
    }
    passenger.log(log);
    let mut told = 0;
    loop {
        match reader.next_item() {
            Ok(Some(Item::Entry(entry))) => {
                passenger.line(entry.line(), &entry);
                breathe(cancelled, passed)?;
                let directives = reader.counts().directives;
                if directives > told {
                    told = directives;
                    passenger.block();
                }
            }
            Ok(Some(Item::Bad(_))) => passed.bad += 1,
            Ok(None) => return Ok(()),
            Err(error) => {
                passed.break_off(log, &error);
                return Ok(());
            }
        }
    }
}

fn rows(
    log: &LogFile,
    table: &mut dyn input::TableReader,
    cancelled: &AtomicBool,
    passenger: &mut dyn Passenger,
    passed: &mut Passage,
) -> Result<(), Stopped> {
    passenger.log(log);
    let mut number = 0;
    loop {
        number += 1;
        match table.next_row() {
            Ok(Some(TableItem::Row(row))) => {
                passenger.line(number, &row);
                breathe(cancelled, passed)?;
            }
            Ok(Some(TableItem::Bad(_))) => passed.bad += 1,
            Ok(None) => return Ok(()),
            Err(error) => {
                passed.break_off(log, &error);
                return Ok(());
            }
        }
    }
}

/// Counts a line, and looks now and then whether to stop.
fn breathe(cancelled: &AtomicBool, passed: &mut Passage) -> Result<(), Stopped> {
    passed.lines += 1;
    if passed.lines.is_multiple_of(BREATH) && cancelled.load(Ordering::Relaxed) {
        return Err(Stopped::Cancelled);
    }
    Ok(())
}
