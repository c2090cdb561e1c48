//! Datasets made one after the other from scenarios and seeds, so that no more than one takes room.

use super::embedded;
use super::failure::Failure;
use super::generate::{Making, make};
use scanbench_generator::Scenario;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Scenario files, or names of built-in ones.
pub(crate) fn scenarios(names: &[PathBuf]) -> Result<Vec<Scenario>, Failure> {
    names
        .iter()
        .map(|name| {
            let source = embedded::scenario(&name.to_string_lossy())?;
            Ok(Scenario::from_source(&source)?)
        })
        .collect()
}

/// Makes each scenario with each seed in a temporary folder, and hands it over.
pub(crate) fn each(
    scenarios: &[Scenario],
    seeds: &RangeInclusive<u64>,
    mut take: impl FnMut(&Path) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for scenario in scenarios {
        for seed in seeds.clone() {
            let scratch = tempfile::tempdir().map_err(|error| {
                Failure::Input(format!("cannot make a temporary folder: {error}"))
            })?;
            let folder = scratch.path().join("dataset");
            make(scenario, &folder, &Making::with_seed(seed), false)?;
            take(&folder)?;
        }
    }
    Ok(())
}
