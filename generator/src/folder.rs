//! The dataset's folder, whole or absent: everything is written into a sibling `.NAME.partial`, which takes the
//! final name at the end and vanishes on any error.

use crate::emit::JOURNAL;
use crate::error::{GenerateError, io_at};
use crate::manifest::{MANIFEST, is_dataset};
use std::ffi::OsString;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A folder that is being written. Dropped before [`PartialFolder::finish`], it is removed.
#[derive(Debug)]
pub(crate) struct PartialFolder {
    target: PathBuf,
    partial: PathBuf,
    old: PathBuf,
    /// Held as long as this run writes, so that another one does not take the folder for a leftover.
    lock: Option<File>,
    finished: bool,
    /// Whether it stays when the work is interrupted.
    kept: bool,
}

/// A file in the partial folder that the run which writes there holds locked.
const LOCK: &str = ".lock";

impl PartialFolder {
    /// Makes the partial folder for `target`, after a look at whether `target` may be written at all.
    pub(crate) fn create(target: &Path, force: bool, resume: bool) -> Result<Self, GenerateError> {
        let name = target
            .file_name()
            .ok_or_else(|| GenerateError::NoName(target.to_owned()))?;
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        check_target(target, force)?;
        fs::create_dir_all(parent).map_err(io_at("create the folder", parent))?;
        let sibling = |ending: &str| {
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(ending);
            parent.join(hidden)
        };
        let (partial, old) = (sibling(".partial"), sibling(".replaced"));
        // What a killed run left. A link in its place is none of ours and is not followed.
        let continued = resume && is_leftover(&partial)?;
        if !continued {
            remove_leftover(&partial)?;
            fs::create_dir(&partial).map_err(io_at("create the folder", &partial))?;
        }
        remove_leftover(&old)?;
        let mut folder = Self {
            target: target.to_owned(),
            partial,
            old,
            lock: None,
            finished: false,
            kept: resume,
        };
        let path = folder.partial.join(LOCK);
        let lock = if continued {
            File::create(&path)
        } else {
            File::create_new(&path)
        }
        .map_err(io_at("create", &path))?;
        // Some file systems know no locks; there, two runs into one folder are the user's to avoid.
        let _ = lock.try_lock();
        folder.lock = Some(lock);
        Ok(folder)
    }

    /// Where to write.
    pub(crate) fn path(&self) -> &Path {
        &self.partial
    }

    /// Gives the folder its final name.
    pub(crate) fn finish(mut self) -> Result<(), GenerateError> {
        for name in [JOURNAL, LOCK] {
            let path = self.partial.join(name);
            fs::remove_file(&path).map_err(io_at("remove", &path))?;
        }
        self.lock = None;
        let move_failed = || io_at("give the finished folder its name,", self.target.clone());
        if look(&self.target)?.is_some() {
            fs::rename(&self.target, &self.old).map_err(move_failed())?;
            if let Err(error) = fs::rename(&self.partial, &self.target) {
                // The old set goes back to where it was; what the user reads is the first failure.
                let _ = fs::rename(&self.old, &self.target);
                return Err(move_failed()(error));
            }
            self.finished = true;
            return fs::remove_dir_all(&self.old).map_err(io_at("remove the replaced", &self.old));
        }
        fs::rename(&self.partial, &self.target).map_err(move_failed())?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for PartialFolder {
    fn drop(&mut self) {
        if !self.finished && !self.kept {
            // There is nobody left to tell; the next run removes what stays.
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

fn check_target(target: &Path, force: bool) -> Result<(), GenerateError> {
    let Some(found) = look(target)? else {
        return Ok(());
    };
    if !found.is_dir() {
        return Err(not_a_folder(target, &found));
    }
    let mut entries = fs::read_dir(target).map_err(io_at("look into", target))?;
    if entries.next().is_none() {
        return Ok(());
    }
    if !force {
        return Err(GenerateError::NotEmpty(target.to_owned()));
    }
    if is_dataset(&target.join(MANIFEST)) {
        Ok(())
    } else {
        Err(GenerateError::NotADataset(target.to_owned()))
    }
}

/// Whether an interrupted run left something here, and nobody writes there any more.
fn is_leftover(path: &Path) -> Result<bool, GenerateError> {
    match look(path)? {
        None => Ok(false),
        Some(found) if found.is_dir() => {
            match File::open(path.join(LOCK)).map(|lock| lock.try_lock()) {
                Ok(Err(TryLockError::WouldBlock)) => Err(GenerateError::Busy(path.to_owned())),
                _ => Ok(true),
            }
        }
        Some(found) => Err(not_a_folder(path, &found)),
    }
}

fn remove_leftover(path: &Path) -> Result<(), GenerateError> {
    match look(path)? {
        None => Ok(()),
        Some(found) if found.is_dir() => {
            let lock = File::open(path.join(LOCK)).map(|lock| lock.try_lock());
            if let Ok(Err(TryLockError::WouldBlock)) = lock {
                return Err(GenerateError::Busy(path.to_owned()));
            }
            fs::remove_dir_all(path).map_err(io_at("remove what an earlier run left,", path))
        }
        Some(found) => Err(not_a_folder(path, &found)),
    }
}

/// What is at a path, links not followed.
fn look(path: &Path) -> Result<Option<Metadata>, GenerateError> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_at("look at", path)(error)),
    }
}

fn not_a_folder(path: &Path, found: &Metadata) -> GenerateError {
    let what = if found.is_symlink() {
        "a symbolic link"
    } else {
        "a file"
    };
    GenerateError::NotAFolder {
        path: path.to_owned(),
        what,
    }
}
