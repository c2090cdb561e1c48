//! Paths, folders, patterns and `-` into the logs they name.

use scanbench_w3c::visible;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;
use walkdir::WalkDir;

/// A log to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// The file; `None` for standard input.
    pub path: Option<PathBuf>,
    /// Whether it was named itself, not found in a folder.
    pub named: bool,
    /// `Computer` for lines without `s-computername`: the folder above `W3SVC<id>`, else the folder that holds
    /// the file.
    pub computer: String,
    /// The member of an archive, by its path in it.
    pub member: Option<String>,
}

impl LogFile {
    /// Whether it is a pipe, socket or device. To open a pipe that nobody writes to would be to wait for ever, and what
    /// was read of one is gone from it. What is not there at all is none: that is told when it is opened.
    #[must_use]
    pub fn is_special(&self) -> bool {
        let about = self.path.as_ref().and_then(|path| path.metadata().ok());
        about.as_ref().is_some_and(is_special)
    }

    /// A member of this archive.
    pub(crate) fn member(&self, name: &str) -> Self {
        // A member in no folder belongs where the archive is.
        let path = Path::new(name);
        let has_folder = path.parent().is_some_and(|folder| folder != Path::new(""));
        Self {
            computer: if has_folder {
                computer_of(path)
            } else {
                self.computer.clone()
            },
            member: Some(name.to_owned()),
            ..self.clone()
        }
    }
}

/// Whether this is neither a file nor a folder.
pub(crate) fn is_special(about: &Metadata) -> bool {
    !about.is_file() && !about.is_dir()
}

impl fmt::Display for LogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => f.write_str(&visible(path.as_os_str().as_encoded_bytes()))?,
            None => f.write_str("standard input")?,
        }
        match &self.member {
            Some(member) => write!(f, "!{}", visible(member.as_bytes())),
            None => Ok(()),
        }
    }
}

/// `Computer` of a line: what was said on the command line, else what the line says, else the log's place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ComputerSource<'a> {
    said: Option<&'a str>,
    place: &'a str,
}

impl<'a> ComputerSource<'a> {
    pub(crate) fn new(said: Option<&'a str>, log: &'a LogFile) -> Self {
        Self {
            said,
            place: &log.computer,
        }
    }

    /// Whether it was said, so that the line does not matter.
    #[inline]
    pub(crate) fn is_said(&self) -> bool {
        self.said.is_some()
    }

    #[inline]
    pub(crate) fn of(&self, logged: Option<&'a [u8]>) -> &'a [u8] {
        match (self.said, logged) {
            (Some(said), _) => said.as_bytes(),
            (None, Some(name)) if !matches!(name, b"" | b"-") => name,
            _ => self.place.as_bytes(),
        }
    }
}

/// A path that names no log.
#[derive(Debug, Error)]
pub enum FindError {
    /// Nothing has this name.
    #[error("{}: no such file or folder", shown(.0))]
    Missing(PathBuf),
    /// A pattern that no name fits.
    #[error("{}: no file fits this pattern", visible(.0.as_bytes()))]
    NoMatch(String),
    /// A pattern that cannot be read.
    #[error("{}: not a pattern: {source}", visible(.pattern.as_bytes()))]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        source: glob::PatternError,
    },
    /// A folder or file that cannot be looked at.
    #[error("{}: {}", shown(.path), visible(.source.to_string().as_bytes()))]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A name that does nothing on a terminal, whatever is in it.
fn shown(path: &Path) -> String {
    visible(path.as_os_str().as_encoded_bytes())
}

/// The logs that `names` name, each once, in the order of the names and by path inside a folder; and what could
/// not be looked at.
///
/// A name is a file, a folder (searched through; of a dataset only its `logs`), `-` for standard input, or,
/// where nothing has that very name, a pattern with `*`, `?`, `[...]` or `**`.
#[must_use]
pub fn find_logs(names: &[PathBuf]) -> (Vec<LogFile>, Vec<FindError>) {
    let mut found = Found::default();
    for name in names {
        if name == Path::new("-") {
            found.logs.push(LogFile {
                path: None,
                named: true,
                computer: "stdin".to_owned(),
                member: None,
            });
        } else {
            match is_there(name) {
                Ok(true) => found.add(name),
                // Where a pattern cannot be a name, asking for it is an error too.
                Err(source) if !is_pattern(name) => found.fail(name, source),
                _ => found.add_pattern(name),
            }
        }
    }
    (found.logs, found.errors)
}

#[derive(Default)]
struct Found {
    logs: Vec<LogFile>,
    errors: Vec<FindError>,
    seen: HashSet<PathBuf>,
    /// The last folder that a file was found in, and its whole path.
    folder: Option<(PathBuf, PathBuf)>,
}

impl Found {
    fn add(&mut self, name: &Path) {
        if !name.is_dir() {
            self.add_file(name.to_owned(), whole(name), true);
            return;
        }
        let logs = name.join("logs");
        let manifest = name.join("manifest.json");
        // A dataset that is not known for one would be read with all its labels.
        let is_dataset = match (is_there(&manifest), is_there(&logs)) {
            (Ok(has_manifest), Ok(has_logs)) => has_manifest && has_logs,
            (Err(source), _) => return self.fail(&manifest, source),
            (_, Err(source)) => return self.fail(&logs, source),
        };
        let folder = if is_dataset { &logs } else { name };
        // Folders are listed as they are entered, so what fails without a name is the one that was entered last.
        let mut entered = folder.to_owned();
        for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => entered = entry.into_path(),
                Ok(entry) => {
                    let whole = if entry.path_is_symlink() {
                        whole(entry.path())
                    } else {
                        self.whole_in_folder(entry.path())
                    };
                    self.add_file(entry.into_path(), whole, false);
                }
                Err(error) => {
                    let path = error.path().unwrap_or(&entered).to_owned();
                    // Its own text would say the path again.
                    let source = match error.io_error().map(io::Error::raw_os_error) {
                        Some(Some(code)) => io::Error::from_raw_os_error(code),
                        _ => error.into(),
                    };
                    self.fail(&path, source);
                }
            }
        }
    }

    fn fail(&mut self, path: &Path, source: io::Error) {
        self.errors.push(FindError::Unreadable {
            path: path.to_owned(),
            source,
        });
    }

    fn add_pattern(&mut self, name: &Path) {
        let Some(pattern) = name.to_str().filter(|_| is_pattern(name)) else {
            self.errors.push(FindError::Missing(name.to_owned()));
            return;
        };
        let paths = match glob::glob(pattern) {
            Ok(paths) => paths,
            Err(source) => {
                self.errors.push(FindError::Pattern {
                    pattern: pattern.to_owned(),
                    source,
                });
                return;
            }
        };
        let before = self.logs.len() + self.errors.len();
        for path in paths {
            match path {
                Ok(path) => self.add(&path),
                Err(error) => self.errors.push(FindError::Unreadable {
                    path: error.path().to_owned(),
                    source: error.into(),
                }),
            }
        }
        if self.logs.len() + self.errors.len() == before {
            self.errors.push(FindError::NoMatch(pattern.to_owned()));
        }
    }

    /// The whole path of a file that is no link. A folder may hold many thousands, and the way to it is looked up once.
    fn whole_in_folder(&mut self, path: &Path) -> PathBuf {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return whole(path);
        };
        match &self.folder {
            Some((folder, whole)) if folder == parent => whole.join(name),
            _ => {
                let folder = whole(parent);
                let file = folder.join(name);
                self.folder = Some((parent.to_owned(), folder));
                file
            }
        }
    }

    /// The same file under two names is read once: its lines would count twice. `whole` is the path without links.
    fn add_file(&mut self, path: PathBuf, whole: PathBuf, named: bool) {
        let computer = computer_of(&whole);
        if self.seen.insert(whole) {
            self.logs.push(LogFile {
                path: Some(path),
                named,
                computer,
                member: None,
            });
        }
    }
}

fn is_pattern(name: &Path) -> bool {
    name.to_str()
        .is_some_and(|text| text.contains(['*', '?', '[']))
}

/// Whether something has this name. What cannot be looked at is not the same as what is not there.
fn is_there(path: &Path) -> io::Result<bool> {
    match path.metadata() {
        Ok(_) => Ok(true),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// The path from the root, without links; the path itself where it cannot be looked up.
fn whole(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn computer_of(path: &Path) -> String {
    let mut folders = path.ancestors().skip(1);
    let above_site = folders
        .clone()
        .find(|folder| is_site_folder(folder.file_name()));
    let folder = match above_site {
        Some(site) => site.parent(),
        None => folders.next(),
    };
    folder.and_then(Path::file_name).map_or_else(
        || "unknown".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// `W3SVC` and the site's number.
fn is_site_folder(name: Option<&OsStr>) -> bool {
    name.and_then(OsStr::to_str).is_some_and(|name| {
        name.get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case("W3SVC"))
            && name.len() > 5
            && name[5..].bytes().all(|digit| digit.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computers() {
        for (path, computer) in [
            ("/logs/WEB01/W3SVC1/u_ex261102.log", "WEB01"),
            ("/logs/WEB01/w3svc12/old/u_ex261102.log", "WEB01"),
            ("/logs/WEB01/u_ex261102.log", "WEB01"),
            ("/logs/W3SVCx/u_ex261102.log", "W3SVCx"),
            ("/u_ex261102.log", "unknown"),
        ] {
            assert_eq!(computer_of(Path::new(path)), computer, "{path}");
        }
    }
}
