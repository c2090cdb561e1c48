//! Datasets that are made once: kept by what they are made from, and held against their manifest before each use.

use crate::eval::{GroundTruth, TruthError};
use etcetera::BaseStrategy as _;
use scanbench_generator::manifest::{self, MANIFEST, Manifest, ManifestError, hex};
use scanbench_generator::{GenerateError, Options, Scenario};
use sha2::{Digest as _, Sha256};
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

fn fingerprint(manifest: &Manifest) -> String {
    let mut hash = Sha256::new();
    for file in &manifest.files {
        hash.update(format!("{} {}\n", file.sha256, file.path));
    }
    hex(&hash.finalize())
}
