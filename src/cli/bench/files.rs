//! What `bench` writes: its files, and folders of raw runs.

use crate::cli::failure::Failure;
use crate::cli::whole::write_file;
use std::io;
use std::path::{Path, PathBuf};

/// What is written of a run.
pub(super) struct Files {
    pub(super) json: Vec<u8>,
    pub(super) text: Vec<u8>,
    pub(super) critcmp: Vec<u8>,
    pub(super) github: Vec<u8>,
}

impl Files {
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        write_file(folder, "bench.json", &self.json)?;
        write_file(folder, "bench.critcmp.json", &self.critcmp)?;
        write_file(folder, "bench.github.json", &self.github)?;
        write_file(folder, "bench.md", &self.text)
    }
}

/// Makes a folder that was not there: raw runs are never replaced, a second one of a day gets a number.
pub(super) fn new_folder(parent: &Path, name: &str) -> Result<PathBuf, Failure> {
    let failed = |path: &Path, error: io::Error| {
        Failure::Input(format!("cannot make {}: {error}", path.display()))
    };
    std::fs::create_dir_all(parent).map_err(|error| failed(parent, error))?;
    let mut number = 1;
    loop {
        let path = match number {
            1 => parent.join(name),
            more => parent.join(format!("{name}-{more}")),
        };
        match std::fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(failed(&path, error)),
            Ok(()) => return Ok(path),
        }
    }
}
