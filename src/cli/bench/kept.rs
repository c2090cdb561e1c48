//! The datasets of `bench`: made once, kept, and removed again.

use super::Args;
use crate::cli::CANCELLED;
use crate::cli::failure::Failure;
use crate::cli::messages::{Messages, count};
use scanbench::bench::cache::{self, CacheError, Kept};
use scanbench::bench::clients;
use scanbench::bench::story::size;
use scanbench_generator::{GenerateError, Options, Scenario};
use scanbench_w3c::visible;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

impl Args {
    /// The datasets, each with its scale; smallest first.
    pub(super) fn datasets(
        &self,
        scenario: &Scenario,
        messages: &Messages,
        begun: Instant,
        dropped: &mut Vec<String>,
    ) -> Result<Vec<(f64, Kept)>, Failure> {
        let folder = self.cache_folder()?;
        std::fs::create_dir_all(&folder).map_err(|error| {
            Failure::Input(format!("cannot make {}: {error}", folder.display()))
        })?;
        let mut sizes = match self.sizes.as_slice() {
            [] if self.quick => vec![1, 2, 4],
            [] => vec![1, 10, 100],
            sizes => sizes.to_vec(),
        };
        sizes.sort_unstable();
        sizes.dedup();
        let base = self.scale.unwrap_or(scenario.scale());
        let mut kept: Vec<(f64, Kept)> = Vec::new();
        for times in sizes {
            let scale = base * f64::from(times);
            let is_late = self.budget().is_some_and(|all| begun.elapsed() > all / 4);
            if is_late && !kept.is_empty() {
                dropped.push(format!("scale {scale}"));
                continue;
            }
            if let Some((smaller, last)) = kept.last() {
                has_room(&folder, scenario, self.seed, scale, scale / smaller, last)?;
            }
            let options = Options {
                seed: self.seed,
                scale: Some(scale),
                threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
                cancelled: Some(&CANCELLED),
                ..Options::default()
            };
            let one =
                cache::find_or_make(&folder, scenario, options).map_err(|error| match error {
                    CacheError::Generate(GenerateError::Cancelled) => Failure::Interrupted,
                    other => Failure::input(&other),
                })?;
            let done = if one.is_new { "made" } else { "found whole" };
            let lines = count(one.truth.lines, "line", "lines");
            messages.say(&format!(
                "{} at scale {scale}: {done}, {lines}, {}",
                scenario.name(),
                size(one.bytes)
            ));
            kept.push((scale, one));
        }
        let all = cache::datasets(&folder).unwrap_or_default();
        let bytes = all.iter().filter_map(|one| cache::size_of(one).ok()).sum();
        messages.say(&format!(
            "the cache {} holds {}, {}; bench --clear-cache removes what is in it",
            visible(folder.as_os_str().as_encoded_bytes()),
            count(all.len() as u64, "dataset", "datasets"),
            size(bytes)
        ));
        Ok(kept)
    }

    fn cache_folder(&self) -> Result<PathBuf, Failure> {
        let folder = self.cache.clone().or_else(cache::default_folder);
        folder.ok_or_else(|| {
            Failure::Input("there is no folder for caches: give --cache DIR".to_owned())
        })
    }

    /// Removes what is kept, and says what that was.
    pub(super) fn clear(&self) -> Result<(), Failure> {
        let folder = self.cache_folder()?;
        let failed = |error: io::Error| {
            Failure::Input(format!("cannot clear {}: {error}", folder.display()))
        };
        let all = cache::datasets(&folder).map_err(failed)?;
        let mut bytes = 0;
        for one in &all {
            bytes += cache::size_of(one).map_err(failed)?;
            std::fs::remove_dir_all(one).map_err(failed)?;
        }
        Messages::steps("clearing").say(&format!(
            "removed {} from {}: {}",
            count(all.len() as u64, "dataset", "datasets"),
            visible(folder.as_os_str().as_encoded_bytes()),
            size(bytes)
        ));
        Ok(())
    }

    /// Adds logs that differ in the number of clients, unless sizes were chosen.
    pub(super) fn add_clients(
        &self,
        kept: &mut Vec<(f64, Kept)>,
    ) -> Result<Option<tempfile::TempDir>, Failure> {
        let Some((_, first)) = kept.first().filter(|_| self.sizes.is_empty()) else {
            return Ok(None);
        };
        let failed = |error: io::Error| {
            Failure::Input(format!(
                "cannot write logs into a temporary folder: {error}"
            ))
        };
        let scratch = tempfile::tempdir().map_err(failed)?;
        let logs = clients::write(scratch.path(), first.truth.lines).map_err(failed)?;
        kept.extend(logs.into_iter().map(|log| (1.0, log)));
        Ok(Some(scratch))
    }
}

/// Fails where a dataset that is not there yet would not fit on the disk, by the size of a smaller one.
fn has_room(
    folder: &Path,
    scenario: &Scenario,
    seed: Option<u64>,
    scale: f64,
    times: f64,
    smaller: &Kept,
) -> Result<(), Failure> {
    let name = cache::name_of(scenario, seed.unwrap_or(scenario.seed()), scale);
    let Some(free) = cache::free_at(folder).filter(|_| !folder.join(name).exists()) else {
        return Ok(());
    };
    let needed = grown(smaller.bytes, times);
    if needed < free {
        return Ok(());
    }
    Err(Failure::Input(format!(
        "{} at scale {scale} would take {}, and {} are free at {}: give fewer --sizes, or another --cache",
        scenario.name(),
        size(needed),
        size(free),
        visible(folder.as_os_str().as_encoded_bytes())
    )))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate of bytes; larger than 2^64 is as full as a disk gets"
)]
fn grown(bytes: u64, times: f64) -> u64 {
    (bytes as f64 * times) as u64
}
