//! Logs followed as IIS writes them: rows as soon as a window's count reaches the threshold, and again when the
//! window closes.
//!
//! Folders are polled: that works the same on every file system, shares and containers too, where change notices do
//! not. Logs are read as of one moment, the log whose lines are earliest first; a window closes when its server's
//! time has passed it by `lateness` and no line that is known to be unread can belong to it.

mod bin;
mod bins;
mod carried;
mod checkpoint;
mod group;
mod latencies;
mod moving;
mod notice;
mod row;
mod stretch;
mod tail;
#[cfg(test)]
mod tests;
mod work;

pub use checkpoint::{Checkpoint, CheckpointError, Resume};
pub use latencies::Latencies;
pub use notice::{Dropped, FollowNotice};
pub use row::FollowedRow;

use crate::exclusion::Memo;
use crate::{Exclusions, FindError, LogFile, Rule, find_logs};
use bins::{Bins, Server};
use checkpoint::{FileState, ServerState, Snapshot};
use scanbench_w3c::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tail::{Head, Tail};
use thiserror::Error;

/// Searching for new logs takes at most so much of the time: one part in this many.
const SEARCH_SHARE: u32 = 20;

/// A log is known again under another name by at least so many first bytes: the directives are longer.
const MOVED_HEAD_BYTES: u64 = 64;

/// How to follow.
#[derive(Clone, Debug)]
pub struct FollowOptions {
    /// Folders, files or patterns.
    pub paths: Vec<PathBuf>,
    /// `Computer` of every line, whatever the log says.
    pub computer: Option<String>,
    /// How far lines may stand behind the latest time of their server: sites write their logs apart.
    pub lateness: Duration,
    /// Whether logs that are there at the start are read from their first line.
    pub from_start: bool,
    /// Bytes that open windows may take, estimated; `None` for any number. Where they take more, the groups with the
    /// fewest distinct values are dropped, and told.
    pub max_memory: Option<u64>,
}

/// Following cannot begin.
#[derive(Debug, Error)]
pub enum FollowError {
    /// A rule with a schedule and windows that move. What a run makes of them hangs on where it begins, so all lines of
    /// its period would have to be held for each.
    #[error(
        "a rule with a schedule is followed in tumbling and hopping windows only, since of others all lines of a run's \
         period would have to be held: let the scheduler of this machine run `scanbench detect` with the same options \
         some minutes behind each run"
    )]
    Schedule,
    /// A limit of memory and windows that move: to drop whoever has few values now could part a stretch that goes on.
    #[error(
        "memory is limited for tumbling and hopping windows only: a sliding window or a session would be told in parts \
         if lines of it were dropped"
    )]
    MovingInLimit,
    /// A path that names nothing.
    #[error(transparent)]
    Find(#[from] FindError),
    /// Standard input.
    #[error("standard input cannot be followed: give the folder that IIS writes to")]
    Input,
    /// A checkpoint of another rule.
    #[error(
        "the checkpoint was written under another rule ({before}); give the same options, or delete it"
    )]
    OtherRule {
        /// That rule.
        before: String,
    },
}

/// What was read and told in this run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowTotals {
    /// Logs that are followed.
    pub files: u64,
    /// Entries read.
    pub lines: u64,
    /// Lines that could not be read.
    pub bad: u64,
    /// Entries that came after their window was closed, and were not counted in it.
    pub late: u64,
    /// Entries that an exclusion at stage "event" took out.
    pub suppressed_lines: u64,
    /// Rows of closed windows that exclusions took away.
    pub suppressed_rows: u64,
    /// Groups that were dropped from windows to keep within the limit of memory.
    pub dropped_groups: u64,
    /// Entries of those groups.
    pub dropped_lines: u64,
    /// The most distinct values that one of them had.
    pub dropped_most: u64,
    /// Windows that are open.
    pub open_windows: u64,
    /// The moments of the first and the last entry.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// What came of some reading.
#[derive(Debug)]
pub struct Round {
    /// Rows to be told.
    pub rows: Vec<FollowedRow>,
    /// Bytes that were read.
    pub bytes: u64,
    /// Whether there is more to read at once.
    pub more: bool,
    /// Whether it looked for new logs; that is done less often where there are very many.
    pub searched: bool,
}

/// Follows logs. Nothing happens but in its methods, in the caller's thread.
///
/// ```
/// use scanbench_detector::{Exclusions, FollowOptions, Follower, Rule};
/// use std::time::Duration;
///
/// let folder = tempfile::tempdir()?;
/// let mut log = String::from("#Fields: date time s-ip s-port c-ip\n");
/// for port in 8000..8030 {
///     log += &format!("2026-11-02 10:00:00 10.0.0.1 {port} 192.0.2.7\n");
/// }
/// std::fs::write(folder.path().join("u_ex261102.log"), log)?;
/// let options = FollowOptions {
///     paths: vec![folder.path().to_owned()],
///     computer: None,
///     lateness: Duration::from_secs(60),
///     from_start: true,
///     max_memory: None,
/// };
/// let tell = &mut |notice: scanbench_detector::FollowNotice<'_>| eprintln!("{notice}");
/// let mut follower = Follower::new(Rule::default(), Exclusions::default(), options, None, tell)?;
/// let round = follower.round(tell);
/// assert!(round.rows[0].json.contains(r#""state":"open""#));
/// assert!(follower.close_all()[0].json.contains(r#""state":"closed""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Follower {
    options: FollowOptions,
    bins: Bins,
    memo: Memo,
    tails: BTreeMap<u64, Tail>,
    by_path: HashMap<PathBuf, u64>,
    next_id: u64,
    /// Logs with unread lines, by the time of the last line read.
    pending: BTreeSet<(i64, u64)>,
    restored: HashMap<String, FileState>,
    search_at: Instant,
    /// What cannot be followed and was told.
    told_paths: BTreeSet<PathBuf>,
    totals: FollowTotals,
    buffer: Vec<u8>,
    changed: bool,
    /// What a run before has read is being read again.
    catches_up: bool,
}

impl Follower {
    /// Looks for logs and reads nothing yet. With what a checkpoint held, all goes on from there; logs that it does
    /// not know are read from their first line.
    ///
    /// # Errors
    /// Where the rule cannot be followed, a path names nothing, or the checkpoint is of another rule.
    pub fn new(
        rule: Rule,
        exclusions: Exclusions,
        options: FollowOptions,
        resume: Option<Resume>,
        tell: &mut dyn FnMut(FollowNotice<'_>),
    ) -> Result<Self, FollowError> {
        if !rule.window.is_fixed() {
            if rule.schedule.is_some() {
                return Err(FollowError::Schedule);
            }
            if options.max_memory.is_some() {
                return Err(FollowError::MovingInLimit);
            }
        }
        if options.paths.iter().any(|path| path == Path::new("-")) {
            return Err(FollowError::Input);
        }
        let (_, errors) = find_logs(&options.paths);
        for error in errors {
            if !matches!(error, FindError::Unreadable { .. }) {
                return Err(error.into());
            }
        }
        let mut follower = Self {
            bins: Bins::new(rule, exclusions, options.max_memory),
            memo: Memo::default(),
            tails: BTreeMap::new(),
            by_path: HashMap::new(),
            next_id: 0,
            pending: BTreeSet::new(),
            restored: HashMap::new(),
            search_at: Instant::now(),
            told_paths: BTreeSet::new(),
            totals: FollowTotals::default(),
            buffer: Vec::new(),
            changed: true,
            catches_up: false,
            options,
        };
        let at_end = resume.is_none() && !follower.options.from_start;
        if let Some(resume) = resume {
            follower.restore(resume)?;
        }
        follower.search(at_end, tell);
        // What the checkpoint knew and is gone is no more of interest, should the name come back.
        follower.restored.clear();
        Ok(follower)
    }

    fn restore(&mut self, resume: Resume) -> Result<(), FollowError> {
        let Resume { snapshot, told, .. } = resume;
        if snapshot.rule != self.rule_text() {
            return Err(FollowError::OtherRule {
                before: snapshot.rule,
            });
        }
        for (name, state) in snapshot.servers {
            let server = Server::new(state.latest, state.closed, self.bins.rule());
            self.bins.servers.insert(name, server);
        }
        for state in snapshot.told.into_iter().chain(told) {
            self.bins.restore_told(state);
        }
        for state in &snapshot.runs {
            self.bins.restore_run(state);
        }
        self.catches_up = !self.bins.rule().window.is_fixed();
        for file in snapshot.files {
            self.restored.insert(file.path.clone(), file);
        }
        Ok(())
    }

    fn rule_text(&self) -> String {
        format!("{:?}", self.bins.rule())
    }

    /// Looks for logs that are new.
    fn search(&mut self, at_end: bool, tell: &mut dyn FnMut(FollowNotice<'_>)) {
        let begun = Instant::now();
        let (logs, errors) = find_logs(&self.options.paths);
        for error in errors {
            if let FindError::Unreadable { path, .. } = &error
                && self.told_paths.insert(path.clone())
            {
                tell(FollowNotice::Find(error));
            }
        }
        let mut gone: Option<Vec<u64>> = None;
        for log in logs {
            let Some(path) = log
                .path
                .clone()
                .filter(|path| !self.by_path.contains_key(path))
            else {
                continue;
            };
            if log.is_special() {
                if self.told_paths.insert(path) {
                    tell(FollowNotice::NoFile(&log));
                }
                continue;
            }
            let gone = gone.get_or_insert_with(|| {
                let is_gone = |(id, tail): (&u64, &Tail)| (!tail.path().exists()).then_some(*id);
                self.tails.iter().filter_map(is_gone).collect()
            });
            if !self.is_moved(&log, &path, gone) {
                let tail = self.begin(log, at_end, tell);
                self.add(path, tail);
            }
        }
        self.search_at = Instant::now() + begun.elapsed() * SEARCH_SHARE;
    }

    /// Whether a new log is one that is gone under another name, as when logs are put away; it goes on as it was.
    fn is_moved(&mut self, log: &LogFile, path: &Path, gone: &mut Vec<u64>) -> bool {
        let new = Tail::new(log.clone());
        let is_same = |id: &u64| {
            let tail = &self.tails[id];
            let is_known = tail.head.bytes >= MOVED_HEAD_BYTES;
            is_known && tail.offset <= new.length() && new.begins_with(&tail.head).unwrap_or(false)
        };
        let Some(position) = gone.iter().position(is_same) else {
            return false;
        };
        let id = gone.swap_remove(position);
        if let Some(tail) = self.tails.get_mut(&id) {
            self.by_path.remove(tail.path());
            // Its lines stay those of the computer that wrote it.
            tail.log.path = Some(path.to_owned());
            self.by_path.insert(path.to_owned(), id);
            self.changed = true;
        }
        true
    }

    fn begin(
        &mut self,
        log: LogFile,
        at_end: bool,
        tell: &mut dyn FnMut(FollowNotice<'_>),
    ) -> Tail {
        let known = log
            .path
            .as_deref()
            .map(name)
            .and_then(|name| self.restored.remove(&name));
        let mut tail = Tail::new(log);
        if let Some(state) = known {
            let head = Head {
                bytes: state.head_bytes,
                digest: state.head_sha256,
            };
            match (tail.begins_with(&head), tail.look()) {
                (Ok(true), Ok(_)) if tail.size >= state.offset => {
                    tail.offset = state.again_from;
                    tail.counted_to = state.offset;
                    tail.head = head;
                }
                (Ok(_), Ok(_)) => tell(FollowNotice::Replaced(&tail.log)),
                (Err(error), _) | (_, Err(error)) => {
                    tell(FollowNotice::Unreadable(&tail.log, error));
                }
            }
        } else if at_end && let Err(error) = tail.start_at_end() {
            tell(FollowNotice::Unreadable(&tail.log, error));
        }
        tail
    }

    fn add(&mut self, path: PathBuf, tail: Tail) {
        let id = self.next_id;
        self.next_id += 1;
        self.by_path.insert(path, id);
        self.tails.insert(id, tail);
    }

    /// What was read and told in this run.
    #[must_use]
    pub fn totals(&self) -> FollowTotals {
        FollowTotals {
            files: self
                .tails
                .values()
                .filter(|tail| tail.foreign.is_none())
                .count() as u64,
            suppressed_rows: self.bins.suppressed_rows,
            open_windows: self.bins.open(),
            ..self.totals
        }
    }

    /// Closes all windows as they are: the logs are over.
    pub fn close_all(&mut self) -> Vec<FollowedRow> {
        let mut rows = Vec::new();
        self.bins.close_all(&mut rows);
        self.changed = true;
        rows
    }

    /// Writes the checkpoint where something changed since the last time. Every row given so far must have been told.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&mut self, checkpoint: &mut Checkpoint) -> Result<(), CheckpointError> {
        if !std::mem::take(&mut self.changed) {
            return Ok(());
        }
        let mut snapshot = Snapshot::new(self.rule_text());
        for (name, server) in &self.bins.servers {
            let state = ServerState {
                latest: server.latest,
                closed: server.closed,
            };
            snapshot.servers.insert(name.clone(), state);
        }
        for (id, tail) in &self.tails {
            if tail.foreign.is_some() {
                continue;
            }
            let first = self.bins.first(*id);
            snapshot.files.push(FileState {
                path: name(tail.path()),
                head_bytes: tail.head.bytes,
                head_sha256: tail.head.digest.clone(),
                // In a run that still reads again what one before it has counted, that one went further.
                offset: tail.offset.max(tail.counted_to),
                again_from: first.unwrap_or(tail.offset),
            });
        }
        (snapshot.told, snapshot.runs) = (self.bins.told_states(), self.bins.run_states());
        checkpoint.replace(&snapshot)
    }
}

/// A path as checkpoints have it. Names that are not Unicode may fall together; their first bytes tell them apart.
fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
