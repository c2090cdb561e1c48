//! The logs of one site: a file for each UTC day, a header block where IIS would write one, and beside each log
//! the labels of its lines.

use super::OutputFile;
use super::line::write_line;
use crate::error::GenerateError;
use crate::inventory::{Server, Site};
use crate::manifest::FileRecord;
use crate::request::Request;
use crate::truth::Kind;
use crate::world::World;
use scanbench_w3c::{Columns, Newline, Timestamp, Writer};
use serde::Serialize;
use std::path::Path;

/// HTTP.sys closes a log after a quarter of an hour without a request and writes a header with the next one
/// (longest silence without a header in real logs: 936-948 s, for its timer is coarse).
const SILENCE_MS: i64 = 900_000;

/// Writes the logs and labels of one site.
#[derive(Debug)]
pub(crate) struct SiteLog<'w> {
    world: &'w World<'w>,
    server: &'w Server,
    site: &'w Site,
    columns: Columns,
    day: Option<Day>,
    done: Vec<FileRecord>,
    text: Vec<u8>,
    labels_text: Vec<u8>,
}

/// The files of one day.
#[derive(Debug)]
struct Day {
    /// Days since 1970.
    number: i64,
    log: OutputFile,
    labels: OutputFile,
    /// The stamp of the last line, in milliseconds.
    last: Option<i64>,
}

/// [`crate::truth::Label`], borrowed.
#[derive(Serialize)]
struct LabelLine<'w> {
    line: u64,
    campaign: &'w str,
    labels: [Kind; 1],
}

impl<'w> SiteLog<'w> {
    pub(crate) fn new(world: &'w World<'w>, server: &'w Server, site: &'w Site) -> Self {
        Self {
            world,
            server,
            site,
            columns: server.columns(),
            day: None,
            done: Vec::new(),
            text: Vec::new(),
            labels_text: Vec::new(),
        }
    }

    /// Appends requests, in the order of their ends.
    pub(crate) fn write(
        &mut self,
        folder: &Path,
        requests: &[&Request<'_>],
    ) -> Result<(), GenerateError> {
        for request in requests {
            self.line(folder, request)?;
        }
        self.flush(folder)
    }

    /// The records of all its files.
    pub(crate) fn finish(mut self) -> Vec<FileRecord> {
        self.close_day();
        self.done
    }

    fn line(&mut self, folder: &Path, request: &Request<'_>) -> Result<(), GenerateError> {
        let stamp = Timestamp::from_millis(request.end() - request.end().rem_euclid(1000));
        let number = stamp.millis().div_euclid(86_400_000);
        if self.day.as_ref().is_none_or(|day| day.number != number) {
            self.flush(folder)?;
            self.close_day();
            self.day = Some(Day::new(number, stamp, &self.server.name, self.site.id));
        }
        let Some(day) = &mut self.day else {
            return Ok(());
        };
        let silent = day
            .last
            .is_none_or(|last| stamp.millis() - last >= SILENCE_MS);
        if silent {
            // Writing to a Vec cannot fail.
            let _ = Writer::new(&mut self.text, Newline::CrLf).header(
                self.server.iis.software(),
                stamp,
                &self.columns,
            );
            day.log.count(4, 0);
        }
        day.last = Some(stamp.millis());
        write_line(&mut self.text, self.server, self.site, request);
        day.log.count(1, 1);
        if let Some(campaign) = request.campaign {
            let plan = &self.world.campaigns()[campaign as usize];
            let label = LabelLine {
                line: day.log.lines(),
                campaign: &plan.id,
                labels: [plan.kind],
            };
            let _ = serde_json::to_writer(&mut self.labels_text, &label);
            self.labels_text.push(b'\n');
            day.labels.count(1, 1);
        }
        Ok(())
    }

    fn flush(&mut self, folder: &Path) -> Result<(), GenerateError> {
        if let Some(day) = &mut self.day {
            if !self.text.is_empty() {
                day.log.append(folder, &self.text)?;
            }
            if !self.labels_text.is_empty() {
                day.labels.append(folder, &self.labels_text)?;
            }
        }
        self.text.clear();
        self.labels_text.clear();
        Ok(())
    }

    fn close_day(&mut self) {
        if let Some(day) = self.day.take() {
            self.done.extend(day.log.record());
            self.done.extend(day.labels.record());
        }
    }
}

impl Day {
    fn new(number: i64, stamp: Timestamp, server: &str, site: u32) -> Self {
        let (year, month, day) = stamp.ymd();
        let name = format!(
            "{server}/W3SVC{site}/u_ex{:02}{month:02}{day:02}",
            year.rem_euclid(100)
        );
        Self {
            number,
            log: OutputFile::new(format!("logs/{name}.log")),
            labels: OutputFile::new(format!("labels/{name}.jsonl")),
            last: None,
        }
    }
}
