//! What a person may want to know while logs are followed.

use crate::{FindError, LogFile};
use scanbench_w3c::{BadLine, Content, Field, Timestamp, visible};
use std::fmt;
use std::io;

/// Something a person may want to know; `Display` has the words.
#[derive(Debug)]
pub enum FollowNotice<'a> {
    /// A line that could not be read; reading goes on.
    Bad(&'a LogFile, BadLine),
    /// Something else than a web log; it is not followed.
    PassedOver(&'a LogFile, Content),
    /// A pipe, socket or device, which has no end to be read on from; it is not followed.
    NoFile(&'a LogFile),
    /// A file that shrank or was replaced; it is read from its start.
    Replaced(&'a LogFile),
    /// A file that is there no more.
    Gone(&'a LogFile),
    /// So many entries in a row came after their window was closed; they are not in its row.
    Late(&'a LogFile, u64),
    /// Groups of a window were dropped to keep within the limit of memory.
    Dropped(Dropped<'a>),
    /// A column that the rule needs is not logged.
    NoColumn(&'a LogFile, Field),
    /// A file that cannot be read now; it is tried again.
    Unreadable(&'a LogFile, io::Error),
    /// A folder that cannot be looked at.
    Find(FindError),
}

/// What was dropped of one window.
#[derive(Clone, Copy, Debug)]
pub struct Dropped<'a> {
    /// The server whose window it is; empty where the rule does not group by it.
    pub server: &'a str,
    /// Where the window begins.
    pub start: Timestamp,
    /// Groups that were dropped.
    pub groups: u64,
    /// Their lines.
    pub lines: u64,
    /// The most distinct values that one of them had.
    pub most: u64,
}

impl FollowNotice<'_> {
    /// Notices of one sort, in words.
    #[must_use]
    pub fn sort(&self) -> &'static str {
        match self {
            Self::Bad(..) => "bad lines",
            Self::PassedOver(..) | Self::NoFile(_) => "files passed over",
            Self::Replaced(_) => "files replaced",
            Self::Gone(_) => "files gone",
            Self::Late(..) => "lots of late lines",
            Self::Dropped(_) => "windows of which groups were dropped",
            Self::NoColumn(..) => "logs without a column that the rule needs",
            Self::Unreadable(..) => "files that could not be read",
            Self::Find(_) => "folders that could not be read",
        }
    }
}

impl fmt::Display for FollowNotice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad(log, bad) => write!(f, "bad line: {log}:{bad}"),
            Self::PassedOver(log, Content::Other(other)) => {
                write!(
                    f,
                    "note: {log} is {other}, not a web log of IIS; passed over"
                )
            }
            Self::PassedOver(log, Content::NotW3c(looks)) => {
                write!(
                    f,
                    "note: {log} is no W3C log, passed over: it looks like {looks}"
                )
            }
            Self::PassedOver(log, _) => write!(f, "note: {log} is passed over"),
            Self::NoFile(log) => {
                write!(f, "note: {log} is no regular file, passed over")
            }
            Self::Replaced(log) => write!(
                f,
                "note: {log} shrank or was replaced; it is read from its start"
            ),
            Self::Gone(log) => write!(f, "note: {log} is gone"),
            Self::Late(log, count) => write!(
                f,
                "warning: {log}: {count} lines came after their window was closed and are not counted; \
                 give a larger --lateness"
            ),
            Self::Dropped(dropped) => write!(
                f,
                "warning: window {}{}: to keep within the limit of memory, {} groups with {} lines were dropped, none \
                 with more than {} distinct values",
                dropped.start,
                match dropped.server {
                    "" => String::new(),
                    server => format!(" of {}", visible(server.as_bytes())),
                },
                dropped.groups,
                dropped.lines,
                dropped.most
            ),
            Self::NoColumn(log, field) => write!(
                f,
                "warning: {log} has no {} column; the rule sees it as empty",
                field.name()
            ),
            Self::Unreadable(log, error) => {
                write!(f, "warning: cannot read {log} now: {error}; trying again")
            }
            Self::Find(error) => write!(f, "warning: {error}"),
        }
    }
}
