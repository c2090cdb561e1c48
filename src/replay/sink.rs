//! Whereto lines go: logs that grow, a stream, or syslog.

use super::source::{Item, ReplayLog};
use scanbench_w3c::Timestamp;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Takes lines.
pub trait Sink {
    /// Takes a line of a log, with what stands before it.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn take(&mut self, log: &ReplayLog, item: &Item) -> io::Result<()>;

    /// Hands on what it holds.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn flush(&mut self) -> io::Result<()>;

    /// What it is, for a message.
    fn name(&self) -> String;
}

/// Logs as IIS writes them, each at its place, with its own headers; a log begins when its first line comes.
pub struct Files {
    folder: PathBuf,
    /// Whether logs that are there are continued.
    goes_on: bool,
    open: BTreeMap<String, BufWriter<File>>,
}

impl Files {
    /// In a folder; `goes_on` to continue logs that an earlier replay began.
    #[must_use]
    pub fn new(folder: &Path, goes_on: bool) -> Self {
        Self {
            folder: folder.to_owned(),
            goes_on,
            open: BTreeMap::new(),
        }
    }

    /// Opens a log; whether it is new.
    fn open(&self, place: &str) -> io::Result<(File, bool)> {
        let path = self.folder.join(place);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut options = OpenOptions::new();
        options.append(true);
        let file = if self.goes_on {
            // Another file is never continued in its place.
            if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
                return Err(io::Error::other(format!(
                    "{}: a symbolic link, not a log: remove it",
                    path.display()
                )));
            }
            options.create(true).open(&path)
        } else {
            options.create_new(true).open(&path)
        };
        let file = file.map_err(|error| {
            let path = path.display();
            io::Error::new(error.kind(), format!("{path}: {error}"))
        })?;
        let is_new = file.metadata()?.len() == 0;
        Ok((file, is_new))
    }
}

impl Sink for Files {
    fn take(&mut self, log: &ReplayLog, item: &Item) -> io::Result<()> {
        if !self.open.contains_key(&log.place) {
            let (file, is_new) = self.open(&log.place)?;
            let mut file = BufWriter::new(file);
            // Where it begins in the midst of a log, the columns must be named.
            if is_new && !names_columns(&item.bytes[..item.line]) {
                file.write_all(&item.head)?;
            }
            self.open.insert(log.place.clone(), file);
        }
        if let Some(file) = self.open.get_mut(&log.place) {
            file.write_all(&item.bytes)?;
        }
        if item.is_last
            && let Some(mut file) = self.open.remove(&log.place)
        {
            file.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.open.values_mut().try_for_each(Write::flush)
    }

    fn name(&self) -> String {
        self.folder.display().to_string()
    }
}

fn names_columns(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    lines.any(|line| {
        line.get(..8)
            .is_some_and(|name| name.eq_ignore_ascii_case(b"#Fields:"))
    })
}

/// One stream of lines: directives stand wherever the columns change.
pub struct Stream<W: Write> {
    out: BufWriter<W>,
    name: String,
    fields: Vec<u8>,
}

impl<W: Write> Stream<W> {
    /// Into this, which goes by this name.
    pub fn new(out: W, name: impl Into<String>) -> Self {
        Self {
            out: BufWriter::with_capacity(64 << 10, out),
            name: name.into(),
            fields: Vec::new(),
        }
    }
}

/// The last line that names columns.
fn fields(head: &[u8]) -> &[u8] {
    head.split(|byte| *byte == b'\n')
        .rfind(|line| names_columns(line))
        .unwrap_or_default()
}

impl<W: Write> Sink for Stream<W> {
    fn take(&mut self, _: &ReplayLog, item: &Item) -> io::Result<()> {
        let columns = fields(&item.head);
        let begin = if names_columns(&item.bytes[..item.line]) || columns == self.fields {
            0
        } else {
            // Lines of another log came between.
            self.out.write_all(&item.head)?;
            item.line
        };
        if columns != self.fields {
            self.fields = columns.to_vec();
        }
        self.out.write_all(&item.bytes[begin..])?;
        if !item.bytes.ends_with(b"\n") {
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// Syslog (RFC 5424), each message with its length before it (RFC 6587, octet counting), so that nothing in a line can
/// end it. Directives are messages too.
pub struct Syslog<W: Write> {
    out: BufWriter<W>,
    name: String,
}

/// Facility local0, severity informational.
const PRIORITY: u8 = 16 * 8 + 6;
/// The lengths that RFC 5424 allows for the host and for the message's id.
const LONGEST_HOST: usize = 255;
const LONGEST_ID: usize = 32;

impl<W: Write> Syslog<W> {
    /// Into this, which goes by this name.
    pub fn new(out: W, name: impl Into<String>) -> Self {
        Self {
            out: BufWriter::with_capacity(64 << 10, out),
            name: name.into(),
        }
    }
}

/// A part of the head of a message: printable ASCII without blanks.
fn printable(text: &str, longest: usize) -> String {
    let safe: String = text
        .chars()
        .map(|c| if c.is_ascii_graphic() { c } else { '_' })
        .take(longest)
        .collect();
    if safe.is_empty() {
        "-".to_owned()
    } else {
        safe
    }
}

impl<W: Write> Sink for Syslog<W> {
    fn take(&mut self, log: &ReplayLog, item: &Item) -> io::Result<()> {
        let host = printable(&log.computer, LONGEST_HOST);
        let site = log.place.rsplit('/').nth(1).unwrap_or_default();
        let id = printable(site, LONGEST_ID);
        let time = Timestamp::from_millis(item.time);
        for line in item.bytes.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            let head = format!("<{PRIORITY}>1 {time} {host} iis - {id} - ");
            write!(self.out, "{} {head}", head.len() + line.len())?;
            self.out.write_all(line)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
