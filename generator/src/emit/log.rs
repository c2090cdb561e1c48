//! The logs of one site, or of all sites of a server where it logs them together: a file for each period, header
//! blocks where IIS would write them, and beside each log the labels of its lines.

use super::line::LineWriter;
use super::table::Table;
use super::{Buffer, Destination, OutputFile, period};
use crate::dice::scrambled;
use crate::error::GenerateError;
use crate::inventory::{Rollover, Server};
use crate::manifest::FileRecord;
use crate::request::Request;
use crate::run::LogOptions;
use crate::world::{CampaignPlan, World};
use scanbench_w3c::{Columns, Field, Timestamp, Writer};
use std::io::Write as _;

/// HTTP.sys closes a log after a quarter of an hour without a request and writes a header with the next one
/// (longest silence without a header in real logs: 936-948 s, for its timer is coarse).
const SILENCE_MS: i64 = 900_000;
/// One header in so many is dated a second after its first line, as in real logs (0.1 to 12 %).
const LATE_HEADERS: u64 = 50;

/// Writes the logs and labels of one site or server.
#[derive(Debug)]
pub(crate) struct SiteLog<'w> {
    world: &'w World<'w>,
    server: &'w Server,
    options: LogOptions,
    /// `WEB01/W3SVC1`, or `WEB01` where all sites have one log.
    folder: String,
    writer: LineWriter<'w>,
    fields: Vec<Field>,
    /// Restarts and changes of fields that lie ahead, last first, in milliseconds since 1970.
    ahead: Vec<(i64, Option<Vec<Field>>)>,
    /// Whether the next line needs a header, whatever the silence.
    reopened: bool,
    /// Lines that end before this moment are of the second of the line before.
    second_ends: i64,
    current: Option<Current>,
    nth: u32,
    done: Vec<FileRecord>,
}

/// The files of one period.
#[derive(Debug)]
struct Current {
    period: i64,
    log: OutputFile,
    labels: OutputFile,
    table: Option<Table>,
    /// The stamp of the last line, in milliseconds.
    last: Option<i64>,
    /// An earlier run has finished these.
    finished: bool,
}

impl<'w> SiteLog<'w> {
    /// The log of the site at this position, or of all sites.
    pub(crate) fn new(
        world: &'w World<'w>,
        server: &'w Server,
        site: Option<usize>,
        options: LogOptions,
    ) -> Self {
        let start = world.scenario().start().millis();
        let settings = &server.log;
        let mut ahead: Vec<(i64, Option<Vec<Field>>)> = settings
            .restarts
            .iter()
            .map(|at| (start + at, None))
            .chain(
                settings
                    .changes
                    .iter()
                    .map(|(at, fields)| (start + at, Some(fields.clone()))),
            )
            .collect();
        ahead.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let folder = match site {
            Some(site) => format!("{}/W3SVC{}", server.name, server.sites[site].id),
            None => server.name.clone(),
        };
        let mut writer = LineWriter::new(world.texts(), server);
        writer.set_fields(&settings.fields);
        Self {
            world,
            server,
            options,
            folder,
            writer,
            fields: settings.fields.clone(),
            ahead,
            reopened: false,
            second_ends: i64::MIN,
            current: None,
            nth: 0,
            done: Vec::new(),
        }
    }

    /// Appends the line of one request; they come in the order of their ends.
    #[inline]
    pub(crate) fn line(
        &mut self,
        request: &Request,
        to: &Destination,
    ) -> Result<(), GenerateError> {
        if request.end >= self.second_ends || self.is_full() {
            self.enter(request.end - request.end.rem_euclid(1000), to)?;
        }
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        if current.finished {
            return Ok(());
        }
        if let Some(table) = &mut current.table {
            table.row(&mut current.log, &self.writer.values, request, self.world)?;
        } else {
            let text = current.log.text();
            let newline = self.server.log.newline;
            if self.options.inline_labels {
                self.writer.line(text, request, None);
                inline_label(text, self.world.plan_of(request.campaign));
                text.push(newline.as_bytes());
            } else {
                self.writer.line(text, request, Some(newline));
            }
            current.log.count(1, 1);
        }
        // At once, and not after some seconds of the scenario: what waits is then small, whatever the scale, and still in
        // the processor's cache.
        current.log.pump(to)?;
        if let Some(plan) = self.world.plan_of(request.campaign) {
            // Ids have no character that JSON escapes. Writing to a buffer cannot fail.
            let _ = writeln!(
                current.labels.text(),
                "{{\"line\":{},\"campaign\":\"{}\",\"labels\":[\"{}\"]}}",
                current.log.lines(),
                plan.id,
                plan.kind.name(),
            );
            current.labels.count(1, 1);
        }
        Ok(())
    }

    /// Whether the log has as many bytes as it may have.
    fn is_full(&self) -> bool {
        match (self.server.log.rollover, &self.current) {
            (Rollover::Size(most), Some(current)) => current.log.plain_bytes() >= most,
            _ => false,
        }
    }

    /// Does what is to be done before the first line of a second: another log where this one ends, a header where IIS
    /// writes one.
    fn enter(&mut self, stamp: i64, to: &Destination) -> Result<(), GenerateError> {
        self.second_ends = stamp + 1000;
        self.writer.values.set_second(stamp);
        while self.ahead.last().is_some_and(|(at, _)| *at <= stamp) {
            let (_, fields) = self.ahead.pop().unwrap_or_default();
            self.reopened = true;
            if let Some(fields) = fields {
                self.writer.set_fields(&fields);
                self.fields = fields;
            }
        }
        let period = period::number(self.server.log.rollover, stamp);
        let same = |current: &Current| current.period == period;
        if !self.current.as_ref().is_some_and(same) || self.is_full() {
            self.close(to)?;
            self.open(period, stamp, to);
        }
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        let silent = current.last.is_none_or(|last| stamp - last >= SILENCE_MS);
        current.last = Some(stamp);
        if current.finished {
            return Ok(());
        }
        if (silent || std::mem::take(&mut self.reopened)) && current.table.is_none() {
            self.reopened = false;
            let log = &mut current.log;
            header(log, self.server, &self.fields, self.options, stamp);
        }
        Ok(())
    }

    /// Writes what has come together, if it is enough.
    pub(crate) fn pump(&mut self, to: &Destination) -> Result<(), GenerateError> {
        if let Some(current) = &mut self.current {
            current.log.pump(to)?;
            current.labels.pump(to)?;
        }
        Ok(())
    }

    /// The records of all its files.
    pub(crate) fn finish(mut self, to: &Destination) -> Result<Vec<FileRecord>, GenerateError> {
        self.close(to)?;
        Ok(self.done)
    }

    fn open(&mut self, period: i64, stamp: i64, to: &Destination) {
        self.nth += 1;
        let name = period::name(self.server, Timestamp::from_millis(stamp), self.nth);
        let (folder, ending) = (&self.folder, self.options.format.ending());
        let log = OutputFile::new(format!("logs/{folder}/{name}.{ending}"))
            .compressed(self.options.compression(to));
        let labels = OutputFile::new(format!("labels/{folder}/{name}.jsonl"));
        // Where a file ends depends on its length if logs end by size: then all are made again.
        let by_time = !matches!(self.server.log.rollover, Rollover::Size(_));
        self.current = Some(Current {
            period,
            finished: by_time && to.finished(log.path()).is_some(),
            table: Table::new(self.options, self.server, &self.fields),
            log,
            labels,
            last: None,
        });
    }

    fn close(&mut self, to: &Destination) -> Result<(), GenerateError> {
        let Some(mut current) = self.current.take() else {
            return Ok(());
        };
        if current.finished {
            // The labels were closed before the log: where the log is finished, they are.
            self.done
                .extend(to.finished(current.labels.path()).cloned());
            self.done.extend(to.finished(current.log.path()).cloned());
            return Ok(());
        }
        if let Some(table) = current.table.take() {
            table.finish(&mut current.log)?;
        }
        self.done.extend(current.labels.close(to)?);
        self.done.extend(current.log.close(to)?);
        Ok(())
    }
}

/// The block of directives that IIS writes when it opens a log.
fn header(
    log: &mut OutputFile,
    server: &Server,
    fields: &[Field],
    options: LogOptions,
    stamp: i64,
) {
    let mut names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    names.extend(server.log.custom.iter().map(String::as_str));
    if options.inline_labels {
        names.extend(["x-label", "x-campaign"]);
    }
    let late = scrambled(stamp.unsigned_abs() ^ fields.len() as u64).is_multiple_of(LATE_HEADERS);
    let date = Timestamp::from_millis(stamp + if late { 1000 } else { 0 });
    // Writing to a buffer cannot fail.
    let _ = Writer::new(log.text(), server.log.newline).header(
        server.iis.software(),
        date,
        &Columns::new(names),
    );
    log.count(4, 0);
}

/// The label of a line in the line itself, for those who train models with it.
fn inline_label(text: &mut Buffer, plan: Option<&CampaignPlan>) {
    let (kind, id) = plan.map_or(("background", "-"), |plan| (plan.kind.name(), &plan.id));
    // Writing to a buffer cannot fail.
    let _ = write!(text, " {kind} {id}");
}
