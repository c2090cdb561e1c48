//! Datasets that are made once: kept by what they are made from, and held against their manifest before each use.

use crate::eval::{GroundTruth, TruthError};
use etcetera::BaseStrategy as _;
use scanbench_generator::manifest::{self, MANIFEST, Manifest, ManifestError, hex};
use scanbench_generator::{GenerateError, Options, Scenario};
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A dataset that is in the cache and whole.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its folder.
    pub folder: PathBuf,
    /// Its logs.
    pub logs: Vec<PathBuf>,
    /// Bytes of its logs.
    pub bytes: u64,
    /// SHA-256 over the checksums of all its files: the same one, the same bytes.
    pub fingerprint: String,
    /// What happened in it.
    pub truth: GroundTruth,
    /// How many distinct clients it has, where it was made for that.
    pub clients: Option<u64>,
    /// Whether it was made just now.
    pub is_new: bool,
}

/// A dataset that is not to be had.
#[derive(Debug, Error)]
pub enum CacheError {
    /// It cannot be made.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// It was made and is damaged.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Its truth cannot be read.
    #[error(transparent)]
    Truth(#[from] TruthError),
}

/// Where datasets are kept if nobody says: `scanbench` in the user's cache folder. `None` where there is no home.
#[must_use]
pub fn default_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.cache_dir().join("scanbench"))
}

/// The name of a dataset's folder: what it is made from, its included files too, the seed, the scale and the version.
#[must_use]
pub fn name_of(scenario: &Scenario, seed: u64, scale: f64) -> String {
    let mut hash = Sha256::new();
    hash.update(format!(
        "{} {}\n",
        env!("CARGO_PKG_VERSION"),
        manifest::SCHEMA_VERSION
    ));
    hash.update(scenario.text_with(seed, scale));
    format!("{}-{}", scenario.name(), hex(&hash.finalize()[..8]))
}

/// Finds the dataset in the cache, or makes it there; one that is damaged is made anew. `options` says how it is made,
/// seed and scale too.
///
/// # Errors
/// [`CacheError`].
pub fn find_or_make(
    cache: &Path,
    scenario: &Scenario,
    options: Options<'_>,
) -> Result<Kept, CacheError> {
    let seed = options.seed.unwrap_or(scenario.seed());
    let scale = options.scale.unwrap_or(scenario.scale());
    let folder = cache.join(name_of(scenario, seed, scale));
    let found = manifest::verify(&folder).ok();
    let is_new = found.is_none();
    let manifest = if let Some(manifest) = found {
        manifest
    } else {
        // A folder that holds something else than a dataset is never replaced, and told.
        let force = folder.join(MANIFEST).exists();
        scanbench_generator::generate(scenario, &folder, &Options { force, ..options })?;
        manifest::verify(&folder)?
    };
    let truth = GroundTruth::read(&folder, &manifest)?;
    let logs = manifest
        .files
        .iter()
        .filter(|file| file.path.starts_with("logs/"));
    Ok(Kept {
        bytes: logs.clone().map(|file| file.bytes).sum(),
        logs: logs.map(|file| folder.join(&file.path)).collect(),
        fingerprint: fingerprint(&manifest),
        truth,
        clients: None,
        is_new,
        folder,
    })
}

/// The folders of a cache that hold a dataset, or what is left of one that was not finished. Nothing else in it is
/// ours, whatever it is.
///
/// # Errors
/// Where the cache cannot be read; one that is not there is empty.
pub fn datasets(cache: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(cache) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(is_name_of_ours);
        // A link leads elsewhere, and what it leads to is not ours to remove.
        if is_ours && entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// `SCENARIO-0123456789abcdef`, or `.SCENARIO-0123456789abcdef.partial` of one that was not finished.
fn is_name_of_ours(name: &str) -> bool {
    let unfinished = name.strip_prefix('.').and_then(|rest| {
        rest.strip_suffix(".partial")
            .or(rest.strip_suffix(".replaced"))
    });
    let name = unfinished.unwrap_or(name);
    name.rsplit_once('-').is_some_and(|(scenario, hash)| {
        !scenario.is_empty()
            && hash.len() == 16
            && hash
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Bytes of all files in a folder and below.
///
/// # Errors
/// Where it cannot be read.
pub fn size_of(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let is_folder = entry.file_type()?.is_dir();
        bytes += if is_folder {
            size_of(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(bytes)
}

/// Bytes that are free for us where a folder is; `None` where the system does not tell.
#[cfg(unix)]
#[must_use]
pub fn free_at(folder: &Path) -> Option<u64> {
    let found = nix::sys::statvfs::statvfs(folder).ok()?;
    // How wide these numbers are differs between systems.
    let (blocks, size) = (
        found.blocks_available().to_string(),
        found.fragment_size().to_string(),
    );
    blocks.parse::<u64>().ok()?.checked_mul(size.parse().ok()?)
}

/// Bytes that are free for us where a folder is; `None` where the system does not tell.
#[cfg(not(unix))]
#[must_use]
pub fn free_at(_folder: &Path) -> Option<u64> {
    None
}

fn fingerprint(manifest: &Manifest) -> String {
    let mut hash = Sha256::new();
    for file in &manifest.files {
        hash.update(format!("{} {}\n", file.sha256, file.path));
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_ours() {
        let scratch = tempfile::tempdir().unwrap();
        let cache = scratch.path();
        for name in [
            "suite-0123456789abcdef",
            ".slow-scan-0123456789abcdef.partial",
            "photos",
            "suite-0123456789abcdeg",
            "-0123456789abcdef",
            "suite-0123456789abcdef.old",
        ] {
            std::fs::create_dir(cache.join(name)).unwrap();
        }
        std::fs::write(cache.join("file-0123456789abcdef"), "").unwrap();
        let found = datasets(cache).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(
            names,
            [
                ".slow-scan-0123456789abcdef.partial",
                "suite-0123456789abcdef"
            ]
        );
        assert_eq!(
            datasets(&cache.join("none")).unwrap(),
            Vec::<PathBuf>::new()
        );
    }

    #[test]
    fn sizes() {
        let scratch = tempfile::tempdir().unwrap();
        std::fs::create_dir(scratch.path().join("in")).unwrap();
        std::fs::write(scratch.path().join("a"), [0; 10]).unwrap();
        std::fs::write(scratch.path().join("in/b"), [0; 7]).unwrap();
        assert_eq!(size_of(scratch.path()).unwrap(), 17);
    }
}
