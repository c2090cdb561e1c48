//! Making a dataset: step by step of the scenario's time, actors side by side, then servers side by side.

mod options;
mod steps;

pub use options::{Options, Progress, Shard, Summary};

pub(crate) use options::LogOptions;
pub(crate) use steps::{BLOCK_MS, json_line, text_file};

use self::steps::Run;
use crate::emit::{Destination, Keep};
use crate::error::GenerateError;
use crate::folder::PartialFolder;
use crate::manifest::hex;
use crate::scenario::{Scenario, check_scale};
use crate::truth::{Campaign, Window};
use crate::world::World;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::atomic::Ordering;

/// Makes the dataset of a scenario in `folder`, which is whole or absent afterwards. With [`Keep::Nothing`] or
/// [`Keep::Checksums`] no folder is made at all.
///
/// # Errors
/// [`GenerateError`]; nothing is left behind (unless `resume` asks to keep what is made), and what was there before
/// stays.
pub fn generate(
    scenario: &Scenario,
    folder: &Path,
    options: &Options<'_>,
) -> Result<Summary, GenerateError> {
    let world = world(scenario, options)?;
    if options.keep != Keep::Files {
        let to = Destination::new(folder, options.compression, options.keep);
        return in_pool(options, || Run::new(&world, &to, options).all());
    }
    let partial = PartialFolder::create(folder, options.force, options.resume)?;
    let to = Destination::new(partial.path(), options.compression, options.keep)
        .with_journal(&heading(&world, options))?;
    let summary = in_pool(options, || Run::new(&world, &to, options).all())?;
    stop_if_cancelled(options)?;
    partial.finish()?;
    Ok(summary)
}

/// What a scenario's truth is, without any file: campaigns, and the windows that are worth telling.
///
/// # Errors
/// [`GenerateError`] where options are wrong or the work was cancelled.
pub fn truth_of(
    scenario: &Scenario,
    options: &Options<'_>,
) -> Result<(Vec<Campaign>, Vec<Window>), GenerateError> {
    let world = world(scenario, options)?;
    let to = Destination::new(Path::new(""), options.compression, Keep::Nothing);
    in_pool(options, || Run::new(&world, &to, options).truth())
}

fn world<'s>(scenario: &'s Scenario, options: &Options<'_>) -> Result<World<'s>, GenerateError> {
    let seed = options.seed.unwrap_or(scenario.seed());
    if i64::try_from(seed).is_err() {
        return Err(GenerateError::Seed(seed));
    }
    let scale = options.scale.unwrap_or(scenario.scale());
    check_scale(scale).map_err(GenerateError::Scale)?;
    Ok(World::new(scenario, seed, scale))
}

fn in_pool<T: Send>(
    options: &Options<'_>,
    work: impl FnOnce() -> Result<T, GenerateError> + Send,
) -> Result<T, GenerateError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.get())
        .build()
        .map_err(|error| GenerateError::Threads(error.to_string()))?
        .install(work)
}

/// What a run makes, in one line: an interrupted run is continued by the same one only.
fn heading(world: &World<'_>, options: &Options<'_>) -> String {
    let text = world.scenario().text_with(world.seed(), world.scale());
    format!(
        "{} {} {:?} {:?} {:?}",
        env!("CARGO_PKG_VERSION"),
        hex(&Sha256::digest(text.as_bytes())),
        options.compression,
        options.log_options(),
        options.shard,
    )
}

fn stop_if_cancelled(options: &Options<'_>) -> Result<(), GenerateError> {
    match options.cancelled {
        Some(cancelled) if cancelled.load(Ordering::Relaxed) => Err(GenerateError::Cancelled),
        _ => Ok(()),
    }
}
