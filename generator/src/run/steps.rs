//! The steps of one run.

use super::options::{Options, Progress, Summary};
use super::stop_if_cancelled;
use crate::actor::{Player, Visit};
use crate::datasheet;
use crate::emit::{Buffer, Destination, Keep, OutputFile};
use crate::error::{GenerateError, io_at};
use crate::manifest::{FileRecord, MANIFEST, Manifest, SCHEMA_VERSION, TOOL, Unlabelled};
use crate::request::{Block, Output};
use crate::station::Station;
use crate::truth::{Campaign, CampaignCounter, Window};
use crate::wheel::SLOT_MS;
use crate::world::World;
use rayon::prelude::*;
use serde::Serialize;
use std::fs;
use std::ops::Range;

/// Milliseconds of a minute.
const MINUTE_MS: i64 = 60_000;
/// Actors act in blocks as long as a slot of what waits to be logged.
pub(crate) const BLOCK_MS: i64 = SLOT_MS;
/// The blocks of a step are doubled or halved to come near this many lines: enough to keep threads busy, few enough
/// for the cache. The bytes do not depend on it.
const STEP_LINES: usize = 16_000;
/// The longest step, in blocks: eight hours.
const LONGEST_STEP: i64 = 2_880;
/// Into so many parts each actor's blocks of a step are dealt.
const PARTS: usize = 4;

/// What actors made in one step. What it holds is used again for the step after the next.
#[derive(Default)]
struct Made {
    outputs: Vec<Output>,
    /// How many requests there are.
    requests: usize,
}

impl Made {
    /// Lets every actor act in these blocks. `waiting` has the visits of each actor that go on.
    fn make(&mut self, world: &World<'_>, blocks: Range<i64>, waiting: &mut [Vec<Visit>]) {
        let scenario = world.scenario();
        let (start, end) = (scenario.start().millis(), scenario.end().millis());
        let origin = start.div_euclid(BLOCK_MS);
        let horizon = blocks.end * BLOCK_MS;
        let numbers: Vec<i64> = blocks
            .filter(|number| (number + 1) * BLOCK_MS > start && number * BLOCK_MS < end)
            .collect();
        let parts: Vec<&[i64]> = numbers
            .chunks(numbers.len().div_ceil(PARTS).max(1))
            .collect();
        let turns: Vec<_> = (0..scenario.actors().len())
            .flat_map(|actor| parts.iter().map(move |part| (actor, *part)))
            .collect();
        let servers = scenario.servers().len();
        self.outputs
            .resize_with(turns.len(), || Output::new(servers));
        for out in &mut self.outputs {
            out.clear();
            out.horizon = horizon;
        }
        let of_actors = self.outputs.chunks_mut(parts.len().max(1));
        for (waiting, outputs) in waiting.iter_mut().zip(of_actors) {
            let due = waiting.extract_if(.., |visit| visit.next() < horizon);
            for (position, visit) in due.enumerate() {
                outputs[position % outputs.len()].due.push(visit);
            }
        }
        self.outputs
            .par_iter_mut()
            .zip(turns)
            .for_each(|(out, (index, part))| {
                let player = Player {
                    world,
                    actor: &scenario.actors()[index],
                    index,
                };
                for visit in std::mem::take(&mut out.due) {
                    player.go_on(visit, out);
                }
                for number in part {
                    let block = Block {
                        from: start.max(number * BLOCK_MS),
                        until: end.min((number + 1) * BLOCK_MS),
                    };
                    let counted = u64::try_from(number - origin).unwrap_or(0);
                    player.act(counted, block, out);
                }
            });
        for (waiting, outputs) in waiting
            .iter_mut()
            .zip(self.outputs.chunks_mut(parts.len().max(1)))
        {
            for out in outputs {
                waiting.append(&mut out.waiting);
            }
        }
        self.requests = self.outputs.iter().map(Output::count).sum();
    }
}

/// The state of one run.
pub(super) struct Run<'w> {
    world: &'w World<'w>,
    to: &'w Destination,
    options: &'w Options<'w>,
    stations: Vec<Station<'w>>,
    windows_file: OutputFile,
    windows: Vec<Window>,
    /// Whether windows are kept in memory instead of being written.
    keep_windows: bool,
    summary: Summary,
}

impl<'w> Run<'w> {
    pub(super) fn new(world: &'w World<'w>, to: &'w Destination, options: &'w Options<'w>) -> Self {
        let mut first_log = 0;
        let stations = world
            .scenario()
            .servers()
            .iter()
            .enumerate()
            .map(|(position, server)| {
                let station = Station::new(
                    world,
                    position,
                    first_log,
                    options.log_options(),
                    options.shard,
                );
                first_log += Station::logs_of(server);
                station
            })
            .collect();
        Self {
            world,
            to,
            options,
            stations,
            windows_file: OutputFile::new("truth/windows.jsonl".to_owned()).always(),
            windows: Vec::new(),
            keep_windows: false,
            summary: Summary::default(),
        }
    }

    /// The whole dataset.
    pub(super) fn all(mut self) -> Result<Summary, GenerateError> {
        self.act()?;
        self.finish()
    }

    /// The truth alone.
    pub(super) fn truth(mut self) -> Result<(Vec<Campaign>, Vec<Window>), GenerateError> {
        self.keep_windows = true;
        self.act()?;
        let mut counters = Vec::new();
        for station in self.stations {
            counters.push(station.finish(self.to)?.1);
        }
        Ok((CampaignCounter::finish(self.world, counters), self.windows))
    }

    /// Makes and logs step by step. While one step is logged, the next is made: neither alone keeps all threads busy to its
    /// end.
    fn act(&mut self) -> Result<(), GenerateError> {
        let end = self.world.scenario().end().millis();
        let first = self.world.scenario().start().millis().div_euclid(BLOCK_MS);
        let last = (end - 1).div_euclid(BLOCK_MS) + 1;
        let mut step = 48;
        let mut next = first..last.min(first + step);
        let (mut made, mut ahead) = (Made::default(), Made::default());
        let mut waiting = vec![Vec::new(); self.world.scenario().actors().len()];
        ahead.make(self.world, next.clone(), &mut waiting);
        while !next.is_empty() {
            stop_if_cancelled(self.options)?;
            let current = next;
            std::mem::swap(&mut made, &mut ahead);
            if made.requests > STEP_LINES * 2 {
                step = (step / 2).max(1);
            } else if made.requests < STEP_LINES {
                step = (step * 2).min(LONGEST_STEP);
            }
            next = current.end..last.min(current.end + step);
            let slots = u64::try_from(current.end - current.start).unwrap_or(0);
            let (to, world, stations) = (self.to, self.world, &mut self.stations);
            let (logged, ()) = rayon::join(
                || {
                    stations.par_iter_mut().try_for_each(|station| {
                        station.take(&made.outputs);
                        station.log(slots, end, to)
                    })
                },
                || ahead.make(world, next.clone(), &mut waiting),
            );
            logged?;
            self.summary.lines = self.stations.iter().map(|station| station.lines).sum();
            self.tell_windows(current.end * BLOCK_MS)?;
            (self.options.progress)(Progress {
                done_minutes: minutes(current.end - first),
                total_minutes: minutes(last - first),
                lines: self.summary.lines,
            });
        }
        self.tell_windows(i64::MAX)
    }

    /// Writes the windows whose bin ended by `until`.
    fn tell_windows(&mut self, until: i64) -> Result<(), GenerateError> {
        let mut windows: Vec<Window> = self
            .stations
            .iter_mut()
            .flat_map(|station| station.passed_windows(until))
            .collect();
        windows.sort_by(|one, other| {
            (one.bin, one.c_ip, &one.computer, one.s_ip).cmp(&(
                other.bin,
                other.c_ip,
                &other.computer,
                other.s_ip,
            ))
        });
        let fire = windows.iter().filter(|window| window.must_fire).count();
        self.summary.must_fire += fire as u64;
        if self.keep_windows {
            self.windows.append(&mut windows);
            return Ok(());
        }
        for window in &windows {
            json_line(self.windows_file.text(), window);
        }
        let count = windows.len() as u64;
        self.windows_file.count(count, count);
        self.windows_file.pump(self.to)
    }

    /// The files that stand at the end: truth, the scenario, the data sheet, the manifest.
    fn finish(mut self) -> Result<Summary, GenerateError> {
        let to = self.to;
        self.summary.labelled_lines = self.stations.iter().map(|station| station.labelled).sum();
        let mut files: Vec<FileRecord> = Vec::new();
        let mut counters = Vec::new();
        for station in self.stations {
            let (of_station, counter) = station.finish(to)?;
            files.extend(of_station);
            counters.push(counter);
        }
        let campaigns = CampaignCounter::finish(self.world, counters);
        self.summary.campaigns = campaigns.len() as u64;
        if self.options.shard.has_truth() {
            files.extend(self.windows_file.close(to)?);
            let mut campaigns_file = OutputFile::new("truth/campaigns.jsonl".to_owned()).always();
            for campaign in &campaigns {
                json_line(campaigns_file.text(), campaign);
            }
            let count = campaigns.len() as u64;
            campaigns_file.count(count, count);
            files.extend(campaigns_file.close(to)?);
            let text = self
                .world
                .scenario()
                .text_with(self.world.seed(), self.world.scale());
            files.extend(text_file("scenario.toml", &text).close(to)?);
            let sheet = datasheet::text(self.world, self.options, &self.summary, &campaigns);
            files.extend(text_file("README.md", &sheet).close(to)?);
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        self.summary.files = files.len() as u64 + 1;
        self.summary.bytes = files.iter().map(|file| file.bytes).sum();
        let manifest = Manifest {
            schema_version: SCHEMA_VERSION,
            tool: TOOL.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: self.world.scenario().name().to_owned(),
            seed: self.world.seed(),
            unlabelled_lines: Unlabelled::Background,
            files,
        };
        if to.keep == Keep::Files {
            let mut text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
            text.push(b'\n');
            let path = to.path(MANIFEST);
            fs::write(&path, text).map_err(io_at("write", &path))?;
        }
        Ok(self.summary)
    }
}

/// The minutes that so many blocks are, a part of one counted as a whole.
fn minutes(blocks: i64) -> u64 {
    (blocks.max(0).unsigned_abs() * BLOCK_MS.unsigned_abs()).div_ceil(MINUTE_MS.unsigned_abs())
}

pub(crate) fn text_file(name: &str, text: &str) -> OutputFile {
    let mut file = OutputFile::new(name.to_owned());
    file.text().push(text.as_bytes());
    let newlines = text.bytes().filter(|byte| *byte == b'\n').count();
    file.count(newlines as u64, 0);
    file
}

/// Appends a value as a line of JSON. None of ours can fail: they hold no maps with odd keys, and a buffer takes all.
pub(crate) fn json_line(out: &mut Buffer, value: &impl Serialize) {
    let _ = serde_json::to_writer(&mut *out, value);
    out.push(b"\n");
}
