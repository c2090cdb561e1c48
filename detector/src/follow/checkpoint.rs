//! The file from which following goes on after an end of any kind.
//!
//! Its first line is a JSON object: how far each log was read, from where it must be read again for the windows that
//! were open, and which rows of those were told. It is replaced as a whole, by renaming. Behind it stands a journal,
//! one JSON object a line: rows are written there, and synced, *before* they are told, and marked *after*. So a crash
//! loses no row; one that comes between telling and marking leaves a row that is told again at the next start, byte by
//! byte the same and under the same id, and nothing else is told twice.

use super::bins::{Told, ToldStretch};
use super::carried::RunState;
use super::row::FollowedRow;
use scanbench_w3c::visible;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};
use thiserror::Error;

const FORMAT: &str = "scanbench-follow";
const VERSION: u32 = 2;

/// A checkpoint that cannot be used.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// It cannot be read or written.
    #[error("checkpoint {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else goes on from it now.
    #[error("checkpoint {path} is in use: another process follows with it; give each its own")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It holds something else.
    #[error("checkpoint {path}, line {line}: {why}; delete it to begin anew")]
    Content {
        /// The file.
        path: PathBuf,
        /// The line in it, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

/// What is known of a run before.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Snapshot {
    pub(super) format: String,
    pub(super) version: u32,
    /// The rule that was followed; counts under another one cannot go on.
    pub(super) rule: String,
    pub(super) servers: BTreeMap<String, ServerState>,
    pub(super) files: Vec<FileState>,
    pub(super) told: Vec<ToldState>,
    /// Of windows that move, stretches that began before what is read again.
    pub(super) runs: Vec<RunState>,
}

/// A server's clock; milliseconds since 1970.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerState {
    pub(super) latest: i64,
    pub(super) closed: i64,
}

/// How far a log was read. The directives in force and the line's number are read again from the log itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileState {
    pub(super) path: String,
    pub(super) head_bytes: u64,
    pub(super) head_sha256: String,
    /// Where the first line begins that was not read.
    pub(super) offset: u64,
    /// Where the first line begins that belongs to an open window.
    pub(super) again_from: u64,
}

/// A row that was told and whose window is open.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToldState {
    pub(super) id: String,
    pub(super) server: String,
    pub(super) end: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stretch: Option<ToldStretch>,
}

impl Snapshot {
    pub(super) fn new(rule: String) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            rule,
            servers: BTreeMap::new(),
            files: Vec::new(),
            told: Vec::new(),
            runs: Vec::new(),
        }
    }
}

/// A line of the journal.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Row {
        id: String,
        server: String,
        end: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stretch: Option<ToldStretch>,
        json: String,
    },
    /// So many rows of this journal were told.
    Told(usize),
}

/// What a run goes on from.
#[derive(Debug)]
pub struct Resume {
    pub(super) snapshot: Snapshot,
    pub(super) told: Vec<ToldState>,
    /// Rows that were written down and perhaps not told, in order. They are to be told again, as they are.
    pub untold: Vec<String>,
}

/// An open checkpoint.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    /// For the journal, once there is something to stand behind.
    file: Option<File>,
    told: usize,
    /// Locked as long as this is open.
    _lock: File,
}

impl Checkpoint {
    /// Opens a checkpoint and reads what is there; a file that does not exist is made with the first snapshot. Nobody
    /// else can open it until this is dropped: a file beside it, with `.lock` behind its name, is locked, and stays.
    ///
    /// # Errors
    /// Where it is open elsewhere, cannot be read, or is no checkpoint of this version.
    pub fn open(path: &Path) -> Result<(Self, Option<Resume>), CheckpointError> {
        let checkpoint = Self {
            path: path.to_owned(),
            file: None,
            told: 0,
            _lock: lock(path)?,
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((checkpoint, None)),
            Err(source) => return Err(checkpoint.failed(source)),
        };
        let resume = checkpoint.parse(&text)?;
        Ok((checkpoint, Some(resume)))
    }

    fn parse(&self, text: &str) -> Result<Resume, CheckpointError> {
        let wrong = |line: usize, why: String| CheckpointError::Content {
            path: self.path.clone(),
            line: line + 1,
            // It may tell names out of the file, which is no checkpoint of ours and may hold anything.
            why: visible(why.as_bytes()),
        };
        let Some((head, journal)) = text.split_once('\n') else {
            return Err(wrong(0, "no checkpoint of scanbench, or cut".into()));
        };
        let head: serde_json::Value = serde_json::from_str(head)
            .map_err(|error| wrong(0, format!("no checkpoint of scanbench: {error}")))?;
        if head["format"] != FORMAT {
            return Err(wrong(0, "no checkpoint of scanbench".into()));
        }
        if head["version"] != VERSION {
            let why = format!("version {}, where {VERSION} is known", head["version"]);
            return Err(wrong(0, why));
        }
        let snapshot = serde_json::from_value(head)
            .map_err(|error| wrong(0, format!("a damaged checkpoint: {error}")))?;
        let mut rows = Vec::new();
        let mut told = 0;
        // A last line without its end was being written when the run ended: its row was not told.
        let whole = journal.rsplit_once('\n').map_or("", |(whole, _)| whole);
        for (number, line) in whole.lines().enumerate() {
            match serde_json::from_str(line) {
                Ok(Entry::Row {
                    id,
                    server,
                    end,
                    stretch,
                    json,
                }) => {
                    let state = ToldState {
                        id,
                        server,
                        end,
                        stretch,
                    };
                    rows.push((state, json));
                }
                Ok(Entry::Told(count)) => told = count,
                Err(error) => return Err(wrong(number + 1, format!("a damaged journal: {error}"))),
            }
        }
        if told > rows.len() {
            return Err(wrong(
                0,
                "a damaged journal: more rows told than written".into(),
            ));
        }
        let untold = rows
            .iter()
            .skip(told)
            .map(|(_, json)| json.clone())
            .collect();
        Ok(Resume {
            snapshot,
            told: rows.into_iter().map(|(state, _)| state).collect(),
            untold,
        })
    }

    /// Writes rows down, before they are told.
    ///
    /// # Errors
    /// Where they cannot be written; then they must not be told.
    pub fn write(&mut self, rows: &[FollowedRow]) -> Result<(), CheckpointError> {
        let mut text = String::new();
        for row in rows {
            let Told {
                server,
                end,
                stretch,
            } = row.told.clone();
            let entry = Entry::Row {
                id: row.id.clone(),
                server,
                end,
                stretch,
                json: row.json.clone(),
            };
            // Strings and a number: nothing that JSON cannot say.
            text += &serde_json::to_string(&entry).unwrap_or_default();
            text.push('\n');
        }
        self.append(&text, true)
    }

    /// Marks so many more rows as told.
    ///
    /// # Errors
    /// Where that cannot be written; they are told again in the next run.
    pub fn mark(&mut self, rows: usize) -> Result<(), CheckpointError> {
        self.told += rows;
        let text = serde_json::to_string(&Entry::Told(self.told)).unwrap_or_default();
        self.append(&(text + "\n"), false)
    }

    fn append(&mut self, text: &str, sync: bool) -> Result<(), CheckpointError> {
        let Some(file) = &mut self.file else {
            return Err(self.failed(io::Error::other("not begun")));
        };
        let written = file.write_all(text.as_bytes());
        // A kill loses nothing that was written; a power failure what was not synced.
        let written = written.and_then(|()| if sync { file.sync_data() } else { Ok(()) });
        written.map_err(|source| self.failed(source))
    }

    /// Replaces all by this: every row so far must have been told.
    pub(super) fn replace(&mut self, snapshot: &Snapshot) -> Result<(), CheckpointError> {
        let file = self
            .replaced(snapshot)
            .map_err(|source| self.failed(source))?;
        self.file = Some(file);
        self.told = 0;
        Ok(())
    }

    fn replaced(&self, snapshot: &Snapshot) -> io::Result<File> {
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut file = self.beside(folder)?;
        serde_json::to_writer(&mut file, snapshot)?;
        file.write_all(b"\n")?;
        file.as_file().sync_data()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        // Opened by its name: what was open before the rename cannot be renamed over on Windows.
        OpenOptions::new().append(true).open(&self.path)
    }

    /// The file that becomes the checkpoint. Its name is always the same, and the lock says that nobody else writes it:
    /// so what a killed run left there goes away.
    fn beside(&self, folder: &Path) -> io::Result<NamedTempFile> {
        let mut name = OsString::from(".");
        name.push(self.path.file_name().unwrap_or_default());
        name.push(".partial");
        match fs::remove_file(folder.join(&name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Made anew, never opened: a link that somebody puts there in between is not followed.
        Builder::new()
            .prefix(&name)
            .rand_bytes(0)
            .tempfile_in(folder)
    }

    fn failed(&self, source: io::Error) -> CheckpointError {
        CheckpointError::Io {
            path: self.path.clone(),
            source,
        }
    }
}

/// Locks the file beside a checkpoint. It is never removed: who opened it before and who makes it anew would both
/// hold a lock.
fn lock(checkpoint: &Path) -> Result<File, CheckpointError> {
    let mut path = checkpoint.as_os_str().to_owned();
    path.push(".lock");
    let failed = |source| CheckpointError::Io {
        path: PathBuf::from(&path),
        source,
    };
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    let file = options.open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(CheckpointError::InUse {
            path: checkpoint.to_owned(),
        }),
        // Some network shares know no locks; whoever keeps a checkpoint there has to see to it.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
