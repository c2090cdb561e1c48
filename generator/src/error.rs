//! Why a dataset could not be made. Nothing is left behind in any of these cases.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A dataset that was not made.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// The folder holds something, and replacing it was not asked for.
    #[error("{folder} is not empty: choose another folder, or --force to replace a dataset", folder = .0.display())]
    NotEmpty(PathBuf),
    /// The folder holds something that is no dataset; that is never replaced.
    #[error(
        "{folder} is not empty and holds no dataset (no manifest.json of scanbench), so it is not replaced: \
         choose another folder",
        folder = .0.display()
    )]
    NotADataset(PathBuf),
    /// The path is a file, a symbolic link or the like.
    #[error("{path} is {what}, not a folder: choose another name", path = .path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A path such as `/` or `..` that names no folder that could be made.
    #[error("\"{path}\" does not end in the name of a folder", path = .0.display())]
    NoName(PathBuf),
    /// What an interrupted run left is of another scenario, seed, version or format.
    #[error(
        "{folder} was left by a run of another scenario, seed, version or with other options, so it cannot be continued: \
         leave out --resume to begin anew",
        folder = .0.display()
    )]
    OtherRun(PathBuf),
    /// Another run writes the same dataset at this moment.
    #[error("another run is writing into {partial}: wait for it, or choose another folder", partial = .0.display())]
    Busy(PathBuf),
    /// A seed that a scenario file cannot hold.
    #[error("the seed {0} is too large: use one from 0 to {max}", max = i64::MAX)]
    Seed(u64),
    /// A scale that no scenario can have.
    #[error("{0}")]
    Scale(String),
    /// The operating system refused.
    #[error("cannot {action} {path}: {source}{}", hint(.source), path = .path.display())]
    Io {
        /// What was tried, as in "cannot {action}".
        action: &'static str,
        /// Of which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The operating system gave no threads.
    #[error("cannot start threads: {0}")]
    Threads(String),
    /// It was asked to stop.
    #[error("cancelled; nothing was left behind")]
    Cancelled,
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; nothing was left behind: free some space or choose a folder on another disk"
        }
        io::ErrorKind::PermissionDenied => ": choose a folder that you may write to",
        _ => "",
    }
}

/// Turns an I/O error into one that names the file.
pub(crate) fn io_at(
    action: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(io::Error) -> GenerateError {
    let path = path.into();
    move |source| GenerateError::Io {
        action,
        path,
        source,
    }
}
