//! What each log is, and in which order and pieces logs are read: in the order of their first lines, so that bins
//! close as early as they can.

use super::files::{copied, cut};
use super::walk::bin;
use crate::find::is_special;
use crate::input::{self, Archive, FileBytes, Input, InputError, TableError};
use crate::scan::{Notice, ScanOptions, Totals};
use crate::{LogFile, Rule};
use scanbench_w3c::{Content, Field, Header, Item, Reader, Timestamp};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tempfile::TempPath;

/// Text that is looked at to tell what a log is and when it begins; and what nearly all logs tell it by.
const HEAD_BYTES: u64 = 64 << 10;
const FIRST_BYTES: u64 = 8 << 10;

/// What is said of pipes, sockets and devices that were found in a folder.
const NO_FILE: &str = "no regular file, read only where it is named itself";

/// A log to be read.
pub(super) struct Log {
    pub(super) file: LogFile,
    pub(super) source: Source,
    /// The bin of its first line; the smallest number where that is not known.
    pub(super) floor: i64,
    /// The directives before its first line.
    pub(super) header: Header,
    /// Stretches of a file that can be read apart, as bytes; one where it cannot.
    pub(super) pieces: Vec<(u64, u64)>,
    /// The bytes of a plain file of one piece, which may be taken together with others.
    pub(super) small: Option<u64>,
    /// What it was copied to, to be read again; deleted when the log is done with.
    pub(super) _spool: Option<TempPath>,
}

impl Log {
    /// Whether its pieces are read from its file, each where it stands.
    pub(super) fn is_cut(&self) -> bool {
        matches!(self.source, Source::Plain(_)) && self.header.is_self_contained()
    }
}

/// How a log is opened.
pub(super) enum Source {
    /// A file of plain text, which can be read again.
    Plain(PathBuf),
    /// A packed file.
    Packed(PathBuf),
    /// A member of an archive, by its place in the directory.
    Member(Arc<Archive>, usize),
    /// Something that can be read once.
    Once(Mutex<Option<Box<dyn Read + Send>>>),
    /// A table; opened when it is its turn, except where it can be opened once.
    Table(PathBuf),
    TableMember(Arc<Archive>, usize),
    TableOnce(Mutex<Option<Box<dyn input::TableReader + Send>>>),
}

impl Source {
    pub(super) fn is_table(&self) -> bool {
        matches!(
            self,
            Self::Table(_) | Self::TableMember(..) | Self::TableOnce(_)
        )
    }

    pub(super) fn can_be_read_again(&self) -> bool {
        !matches!(self, Self::Once(_) | Self::TableOnce(_))
    }

    /// Opens the text of a log; of a packed file also how far the file itself was read.
    pub(super) fn open(&self) -> io::Result<(Box<dyn Read + Send>, Option<FileBytes>)> {
        let text = |input: Result<Input, InputError>| match input {
            Ok(Input::Text(text)) => Ok(text),
            Ok(_) => Err(io::Error::other("it is another kind of file now")),
            Err(InputError::Unreadable(error)) => Err(error),
            Err(error) => Err(io::Error::other(error.to_string())),
        };
        match self {
            Self::Plain(path) => Ok((Box::new(File::open(path)?), None)),
            Self::Packed(path) => {
                let opened = input::open(Some(path));
                let bytes = opened.as_ref().ok().map(|opened| opened.file_bytes.clone());
                Ok((text(opened.map(|opened| opened.input))?, bytes))
            }
            Self::Member(archive, member) => {
                let member = archive.open_member(&archive.members()[*member]);
                Ok((text(member)?, None))
            }
            Self::Once(input) => input
                .lock()
                .ok()
                .and_then(|mut input| input.take())
                .map(|input| (input, None))
                .ok_or_else(|| io::Error::other("it can be read only once")),
            Self::Table(_) | Self::TableMember(..) | Self::TableOnce(_) => {
                Err(io::Error::other("it is a table"))
            }
        }
    }

    /// Opens a table.
    pub(super) fn open_table(&self) -> Result<Box<dyn input::TableReader + Send>, String> {
        let table = |input: Result<Input, InputError>| match input {
            Ok(Input::Table(table)) => Ok(table),
            Ok(_) => Err("it is another kind of file now".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        match self {
            Self::Table(path) => table(input::open(Some(path)).map(|opened| opened.input)),
            Self::TableMember(archive, member) => {
                table(archive.open_member(&archive.members()[*member]))
            }
            Self::TableOnce(input) => input
                .lock()
                .ok()
                .and_then(|mut input| input.take())
                .ok_or_else(|| "it can be read only once".to_owned()),
            _ => Err("it is no table".to_owned()),
        }
    }
}

/// Looks at each file and says what is not read; what is comes in the order of first lines.
pub(super) fn plan(
    files: &[LogFile],
    rule: &Rule,
    options: &ScanOptions<'_>,
    totals: &mut Totals,
    tell: &mut dyn FnMut(&LogFile, NoticeAbout),
) -> Vec<Log> {
    /// Files for which a thread is worth starting.
    const WORTH: usize = 64;

    let share = files.len().div_ceil(options.threads.get()).max(WORTH);
    let look = |files: &[LogFile]| {
        let mut planner = Planner {
            rule,
            options,
            totals: Totals::default(),
            told: Vec::new(),
            logs: Vec::new(),
        };
        for file in files {
            planner.add(file);
        }
        planner
    };
    let planners: Vec<Planner<'_>> = if files.len() <= share {
        vec![look(files)]
    } else {
        std::thread::scope(|scope| {
            let look = &look;
            let threads: Vec<_> = files
                .chunks(share)
                .map(|files| scope.spawn(move || look(files)))
                .collect();
            let ended = threads.into_iter().map(|thread| match thread.join() {
                Ok(planner) => planner,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            ended.collect()
        })
    };
    let mut logs = Vec::new();
    for planner in planners {
        totals.logs += planner.totals.logs;
        totals.passed_over += planner.totals.passed_over;
        totals.refused += planner.totals.refused;
        totals.refused_named += planner.totals.refused_named;
        totals.failed += planner.totals.failed;
        for (file, about) in planner.told {
            tell(&file, about);
        }
        logs.extend(planner.logs);
    }
    logs.sort_by_key(|log| log.floor);
    logs
}

/// A notice without the log that it is about.
#[derive(Debug)]
pub(super) enum NoticeAbout {
    PassedOver(scanbench_w3c::OtherLog),
    Refused(scanbench_w3c::LooksLike),
    Unfit(String),
    Empty,
    Unreadable(io::Error),
    NoColumn(scanbench_w3c::Field),
    LocalTime,
}

impl NoticeAbout {
    pub(super) fn with(self, file: &LogFile) -> Notice<'_> {
        match self {
            Self::PassedOver(other) => Notice::PassedOver(file, other),
            Self::Refused(looks_like) => Notice::Refused(file, looks_like),
            Self::Unfit(why) => Notice::Unfit(file, why),
            Self::Empty => Notice::Empty(file),
            Self::Unreadable(error) => Notice::Unreadable(file, error),
            Self::NoColumn(field) => Notice::NoColumn(file, field),
            Self::LocalTime => Notice::LocalTime(file),
        }
    }
}

struct Planner<'p> {
    rule: &'p Rule,
    options: &'p ScanOptions<'p>,
    /// Logs and files, as far as they are counted here.
    totals: Totals,
    told: Vec<(LogFile, NoticeAbout)>,
    logs: Vec<Log>,
}

impl Planner<'_> {
    fn tell(&mut self, file: &LogFile, about: NoticeAbout) {
        self.told.push((file.clone(), about));
    }

    fn add(&mut self, file: &LogFile) {
        let about = file.path.as_ref().and_then(|path| path.metadata().ok());
        let is_special = about.as_ref().is_some_and(is_special);
        let length = about.map(|about| about.len());
        if is_special && !file.named {
            self.totals.refused += 1;
            return self.tell(file, NoticeAbout::Unfit(NO_FILE.to_owned()));
        }
        let opened = match input::open(file.path.as_deref()) {
            Ok(opened) => opened,
            Err(error) => return self.unfit(file, error),
        };
        // What was read of a pipe is gone from it, and it cannot be opened again.
        match (opened.input, file.path.as_ref().filter(|_| !is_special)) {
            (Input::Table(table), None) => {
                self.table(file, Source::TableOnce(Mutex::new(Some(table))));
            }
            (Input::Table(_), Some(path)) => self.table(file, Source::Table(path.clone())),
            (Input::Text(text), None) => self.text(file, text, None, None),
            (Input::Text(text), Some(path)) => {
                let source = if opened.is_plain {
                    Source::Plain(path.clone())
                } else {
                    Source::Packed(path.clone())
                };
                self.text(file, text, Some(source), length);
            }
            (Input::Archive(archive), _) => self.archive(file, archive),
        }
    }

    fn archive(&mut self, file: &LogFile, archive: Archive) {
        let archive = Arc::new(archive);
        let (logs, named) = (self.totals.logs, self.totals.refused_named);
        let mut others = 0;
        for (index, member) in archive.members().iter().enumerate() {
            let file = file.member(&member.name);
            let refused = self.totals.refused;
            match archive.open_member(member) {
                Ok(Input::Text(text)) => {
                    let source = Source::Member(Arc::clone(&archive), index);
                    self.text(&file, text, Some(source), None);
                    others += self.totals.refused - refused;
                }
                Ok(Input::Table(_)) => {
                    self.table(&file, Source::TableMember(Arc::clone(&archive), index));
                }
                Ok(Input::Archive(_)) => {}
                Err(error) => {
                    let is_other = matches!(error, InputError::Table(_)) && !error.is_failure();
                    self.unfit(&file, error);
                    others += u64::from(is_other);
                }
            }
        }
        // A text beside logs was not what the archive was named for. What may be a log and cannot be read counts.
        if self.totals.logs > logs && file.named {
            self.totals.refused_named -= others.min(self.totals.refused_named - named);
        }
    }

    fn unfit(&mut self, file: &LogFile, error: InputError) {
        match error {
            InputError::Unreadable(error) => {
                self.totals.failed += 1;
                self.tell(file, NoticeAbout::Unreadable(error));
            }
            InputError::Table(TableError::Io { source, .. }) => {
                self.totals.failed += 1;
                self.tell(file, NoticeAbout::Unreadable(source));
            }
            other => {
                self.totals.refused += 1;
                self.totals.refused_named += u64::from(file.named);
                self.tell(file, NoticeAbout::Unfit(other.to_string()));
            }
        }
    }

    fn table(&mut self, file: &LogFile, source: Source) {
        self.totals.logs += 1;
        self.logs.push(Log {
            file: file.clone(),
            source,
            floor: i64::MIN,
            header: Header::default(),
            pieces: vec![(0, 0)],
            small: None,
            _spool: None,
        });
    }

    /// Looks at the head of a text. `source` opens it anew; without one it can be read once. `length` is that of the
    /// file, where it is known.
    fn text(
        &mut self,
        file: &LogFile,
        mut text: Box<dyn Read + Send>,
        source: Option<Source>,
        length: Option<u64>,
    ) {
        let (head, seen) = match read_head(&mut text) {
            Ok(read) => read,
            Err(error) => {
                self.totals.failed += 1;
                return self.tell(file, NoticeAbout::Unreadable(error));
            }
        };
        let Some((header, floor)) = self.judge(file, seen) else {
            return;
        };
        self.totals.logs += 1;
        let (mut length, mut spool) = (length, None);
        let source = match source {
            Some(source) => source,
            // Where memory is limited, all is to be there again.
            None if self.options.max_memory.is_some() => {
                match copied(&mut Cursor::new(head).chain(text), self.options) {
                    Ok((path, bytes)) => {
                        let source = Source::Plain(path.to_path_buf());
                        (length, spool) = (Some(bytes), Some(path));
                        source
                    }
                    Err(error) => {
                        self.totals.failed += 1;
                        return self.tell(file, NoticeAbout::Unreadable(error));
                    }
                }
            }
            None => Source::Once(Mutex::new(Some(Box::new(Cursor::new(head).chain(text))))),
        };
        let pieces = match &source {
            Source::Plain(path) if header.is_self_contained() => {
                cut(path, length, self.options).unwrap_or_else(|_| vec![(0, u64::MAX)])
            }
            _ => vec![(0, u64::MAX)],
        };
        let is_whole = matches!(&source, Source::Plain(_)) && header.is_self_contained();
        let small = length.filter(|_| is_whole && pieces.len() == 1);
        self.logs.push(Log {
            file: file.clone(),
            source,
            floor,
            header,
            pieces,
            small,
            _spool: spool,
        });
    }

    /// The directives before the first line, and its bin; `None` where this is no log to be read.
    fn judge(&mut self, file: &LogFile, head: Head) -> Option<(Header, i64)> {
        match head.content {
            Content::Web => {}
            Content::Empty => {
                self.totals.logs += 1;
                self.tell(file, NoticeAbout::Empty);
                return None;
            }
            Content::Other(other) => {
                self.totals.passed_over += 1;
                self.tell(file, NoticeAbout::PassedOver(other));
                return None;
            }
            Content::NotW3c(looks_like) => {
                self.totals.refused += 1;
                self.totals.refused_named += u64::from(file.named);
                self.tell(file, NoticeAbout::Refused(looks_like));
                return None;
            }
        }
        let Some(first) = head.first else {
            return Some((head.header, i64::MIN));
        };
        for field in first.missing {
            self.tell(file, NoticeAbout::NoColumn(field));
        }
        if first.is_local_time {
            self.tell(file, NoticeAbout::LocalTime);
        }
        Some((head.header, bin(first.time, self.rule.window.reach())))
    }
}

/// Reads the first bytes, as far as they tell what the text is. An input that fails at once is an error, one that fails
/// later is told when it is read.
fn read_head(text: &mut impl Read) -> io::Result<(Vec<u8>, Head)> {
    let mut head = Vec::new();
    loop {
        let most = if head.is_empty() {
            FIRST_BYTES
        } else {
            HEAD_BYTES
        };
        let read = text.take(most - head.len() as u64).read_to_end(&mut head);
        let is_end = match read {
            Err(error) if head.is_empty() => return Err(error),
            outcome => outcome.is_err() || (head.len() as u64) < most || most == HEAD_BYTES,
        };
        // A line that is cut off is none to judge by, where more of it can be read.
        let lines = match memchr::memrchr(b'\n', &head) {
            Some(feed) if !is_end => &head[..feed],
            _ => &head,
        };
        let seen = Head::of(lines);
        if is_end || seen.first.is_some() {
            return Ok((head, seen));
        }
    }
}

/// What the first bytes of a text tell.
struct Head {
    content: Content,
    /// The directives before the first line.
    header: Header,
    first: Option<First>,
}

/// The first line of a log.
struct First {
    time: Timestamp,
    missing: Vec<Field>,
    is_local_time: bool,
}

impl Head {
    fn of(text: &[u8]) -> Self {
        let mut reader = Reader::of_text(text);
        let content = reader.content().clone();
        let mut first = None;
        while let Content::Web = content
            && let Ok(Some(item)) = reader.next_item()
        {
            if let Item::Entry(entry) = item {
                first = Some(First {
                    time: entry.time(),
                    missing: super::lens::missing_columns(entry.columns()).collect(),
                    is_local_time: entry.columns().is_local_time(),
                });
                break;
            }
        }
        Self {
            header: reader.header().clone(),
            content,
            first,
        }
    }
}
