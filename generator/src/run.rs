//! Making a dataset: block by block of the scenario's time, actors side by side, then sites side by side.

use crate::actor::Player;
use crate::emit::{OutputFile, SiteLog};
use crate::error::{GenerateError, io_at};
use crate::folder::PartialFolder;
use crate::manifest::{FileRecord, MANIFEST, Manifest, SCHEMA_VERSION, TOOL};
use crate::request::{Block, Output, Request};
use crate::scenario::{Scenario, check_scale};
use crate::truth::{CampaignCounter, WindowCounter};
use crate::world::World;
use rayon::prelude::*;
use serde::Serialize;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Actors act in blocks of an hour.
const BLOCK_MS: i64 = 3_600_000;
/// Blocks that are made together, so that few actors can still use many threads.
const BATCH: usize = 4;

/// How to make a dataset.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Another seed than the scenario's, at most [`i64::MAX`].
    pub seed: Option<u64>,
    /// Another scale than the scenario's: so many times the background, and the same campaigns.
    pub scale: Option<f64>,
    /// How many threads work. The bytes do not depend on it.
    pub threads: NonZeroUsize,
    /// Replace the dataset that the folder holds.
    pub force: bool,
    /// Set to `true`, it stops the work.
    pub cancelled: Option<&'a AtomicBool>,
    /// Is told how far the work is, after every few blocks.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            seed: None,
            scale: None,
            threads: NonZeroUsize::MIN,
            force: false,
            cancelled: None,
            progress: &|_| {},
        }
    }
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Hours of the scenario that are made.
    pub done_blocks: u64,
    /// Hours of the scenario.
    pub total_blocks: u64,
    /// Log lines written so far, directives apart.
    pub lines: u64,
}

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Log lines, directives apart.
    pub lines: u64,
    /// Those of them that have a label.
    pub labelled_lines: u64,
    /// Files, the manifest included.
    pub files: u64,
    /// Campaigns.
    pub campaigns: u64,
    /// Windows on which the rule must fire.
    pub must_fire: u64,
}

/// Makes the dataset of a scenario in `folder`, which is whole or absent afterwards.
///
/// # Errors
/// [`GenerateError`]; nothing is left behind, and what was there before stays.
pub fn generate(
    scenario: &Scenario,
    folder: &Path,
    options: &Options<'_>,
) -> Result<Summary, GenerateError> {
    let seed = options.seed.unwrap_or(scenario.seed());
    if i64::try_from(seed).is_err() {
        return Err(GenerateError::Seed(seed));
    }
    let scale = options.scale.unwrap_or(scenario.scale());
    check_scale(scale).map_err(GenerateError::Scale)?;
    let partial = PartialFolder::create(folder, options.force)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.get())
        .build()
        .map_err(|error| GenerateError::Threads(error.to_string()))?;
    let world = World::new(scenario, seed, scale);
    let summary = pool.install(|| Run::new(&world, partial.path(), options).all())?;
    stop_if_cancelled(options)?;
    partial.finish()?;
    Ok(summary)
}

fn stop_if_cancelled(options: &Options<'_>) -> Result<(), GenerateError> {
    match options.cancelled {
        Some(cancelled) if cancelled.load(Ordering::Relaxed) => Err(GenerateError::Cancelled),
        _ => Ok(()),
    }
}

/// The state of one run.
struct Run<'w> {
    world: &'w World<'w>,
    folder: &'w Path,
    options: &'w Options<'w>,
    sites: Vec<SiteLog<'w>>,
    /// For each server, the position of its first site in `sites`.
    first_sites: Vec<usize>,
    windows: WindowCounter<'w>,
    windows_file: OutputFile,
    campaigns: CampaignCounter<'w>,
    /// Requests that began in blocks done and end later, in the order in which they are logged.
    pending: Vec<Request<'w>>,
    summary: Summary,
}

impl<'w> Run<'w> {
    fn new(world: &'w World<'w>, folder: &'w Path, options: &'w Options<'w>) -> Self {
        let scenario = world.scenario();
        let mut sites = Vec::new();
        let mut first_sites = Vec::new();
        for server in scenario.servers() {
            first_sites.push(sites.len());
            sites.extend(
                server
                    .sites
                    .iter()
                    .map(|site| SiteLog::new(world, server, site)),
            );
        }
        Self {
            world,
            folder,
            options,
            sites,
            first_sites,
            windows: WindowCounter::new(scenario),
            windows_file: OutputFile::new("truth/windows.jsonl".to_owned()),
            campaigns: CampaignCounter::new(world),
            pending: Vec::new(),
            summary: Summary::default(),
        }
    }

    fn all(mut self) -> Result<Summary, GenerateError> {
        let (start, end) = (
            self.world.scenario().start().millis(),
            self.world.scenario().end().millis(),
        );
        let block = |number: i64| Block {
            from: start + number * BLOCK_MS,
            until: end.min(start + (number + 1) * BLOCK_MS),
        };
        let total = (end - start + BLOCK_MS - 1) / BLOCK_MS;
        let numbers: Vec<i64> = (0..total).collect();
        for batch in numbers.chunks(BATCH) {
            stop_if_cancelled(self.options)?;
            let blocks: Vec<(u64, Block)> = batch
                .iter()
                .map(|number| (u64::try_from(*number).unwrap_or(0), block(*number)))
                .collect();
            let until = blocks.last().map_or(end, |(_, block)| block.until);
            self.make(&blocks);
            self.log(until)?;
            self.tell_windows(until)?;
            (self.options.progress)(Progress {
                done_blocks: blocks.last().map_or(0, |(number, _)| number + 1),
                total_blocks: u64::try_from(total).unwrap_or(0),
                lines: self.summary.lines,
            });
        }
        self.finish()
    }

    /// Lets every actor act in these blocks and puts what they ask for into the order of the logs.
    fn make(&mut self, blocks: &[(u64, Block)]) {
        let actors = self.world.scenario().actors();
        let turns: Vec<_> = blocks
            .iter()
            .flat_map(|block| actors.iter().enumerate().map(move |actor| (*block, actor)))
            .collect();
        let world = self.world;
        let outputs: Vec<Output<'w>> = turns
            .into_par_iter()
            .map(|((number, block), (index, actor))| {
                let mut out = Output::default();
                Player {
                    world,
                    actor,
                    index,
                }
                .act(number, block, &mut out);
                out
            })
            .collect();
        for mut output in outputs {
            self.pending.append(&mut output.requests);
            for probe in output.probes {
                self.campaigns.probe(probe);
            }
        }
        // Stable: what one actor ends in one millisecond stays in the order in which it was made, and what
        // waited stands in front of what came later.
        self.pending
            .par_sort_by_key(|request| (request.end(), request.actor));
    }

    /// Logs what ends before `until`; nothing that begins later can end earlier.
    fn log(&mut self, until: i64) -> Result<(), GenerateError> {
        let count = self
            .pending
            .partition_point(|request| request.end() < until);
        let waiting = self.pending.split_off(count);
        let ended = std::mem::replace(&mut self.pending, waiting);
        let mut by_site: Vec<Vec<&Request<'w>>> = vec![Vec::new(); self.sites.len()];
        for request in &ended {
            self.windows.count(request);
            self.campaigns.count(request);
            self.summary.labelled_lines += u64::from(request.campaign.is_some());
            by_site[self.first_sites[request.server as usize] + request.site as usize]
                .push(request);
        }
        self.summary.lines += ended.len() as u64;
        let (folder, options) = (self.folder, self.options);
        self.sites
            .par_iter_mut()
            .zip(by_site)
            .try_for_each(|(site, requests)| {
                stop_if_cancelled(options)?;
                site.write(folder, &requests)
            })
    }

    /// Writes the windows whose bin ended by `until`.
    fn tell_windows(&mut self, until: i64) -> Result<(), GenerateError> {
        let windows = self.windows.passed(until, self.world);
        let mut text = Vec::new();
        for (window, campaigns) in &windows {
            if window.must_fire {
                self.summary.must_fire += 1;
                self.campaigns.fires(campaigns);
            }
            json_line(&mut text, window);
        }
        let count = windows.len() as u64;
        self.windows_file.count(count, count);
        self.windows_file.append(self.folder, &text)
    }

    /// The files that stand at the end: truth, the scenario, the manifest.
    fn finish(mut self) -> Result<Summary, GenerateError> {
        self.tell_windows(i64::MAX)?;
        let campaigns = self.campaigns.finish();
        let mut text = Vec::new();
        for campaign in &campaigns {
            json_line(&mut text, campaign);
        }
        let count = campaigns.len() as u64;
        let mut campaigns_file = OutputFile::new("truth/campaigns.jsonl".to_owned());
        campaigns_file.count(count, count);
        campaigns_file.append(self.folder, &text)?;

        let seed = self.world.seed();
        let scenario = self.world.scenario();
        let text = scenario.text_with(seed, self.world.scale());
        let mut scenario_file = OutputFile::new("scenario.toml".to_owned());
        let newlines = text.bytes().filter(|byte| *byte == b'\n').count();
        scenario_file.count(newlines as u64, 0);
        scenario_file.append(self.folder, text.as_bytes())?;

        let mut files: Vec<FileRecord> = self.sites.into_iter().flat_map(SiteLog::finish).collect();
        files.extend(
            [self.windows_file, campaigns_file, scenario_file]
                .into_iter()
                .filter_map(OutputFile::record),
        );
        files.sort_by(|one, other| one.path.cmp(&other.path));
        self.summary.files = files.len() as u64 + 1;
        self.summary.campaigns = count;
        let manifest = Manifest {
            schema_version: SCHEMA_VERSION,
            tool: TOOL.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.name().to_owned(),
            seed,
            files,
        };
        let mut text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
        text.push(b'\n');
        let path = self.folder.join(MANIFEST);
        fs::write(&path, text).map_err(io_at("write", &path))?;
        Ok(self.summary)
    }
}

/// Appends a value as a line of JSON. None of ours can fail: they hold no maps with odd keys, and a Vec takes all.
fn json_line(out: &mut Vec<u8>, value: &impl Serialize) {
    let _ = serde_json::to_writer(&mut *out, value);
    out.push(b'\n');
}
