//! A scenario's scans and look-alikes into somebody's own logs. Times, servers, sites, bindings, columns, headers and
//! line ends are the logs'; their lines stay as they are, and nobody says that they are benign.

mod books;
mod datasheet;
mod failure;
mod merge;
mod period;
mod place;
mod survey;

pub use self::failure::InjectError;

use self::books::Books;
use self::merge::{Setting, merge};
use self::place::{Stream, Target};
use self::survey::{Head, Survey};
use crate::actor::Player;
use crate::emit::{Compression, Destination, Keep, OutputFile};
use crate::error::{GenerateError, io_at};
use crate::folder::PartialFolder;
use crate::manifest::{FileRecord, INJECTED_SCHEMA_VERSION, MANIFEST, Manifest, TOOL, Unlabelled};
use crate::request::{Block, Output, Request};
use crate::run::{BLOCK_MS, json_line, text_file};
use crate::scenario::{Scenario, check_scale};
use crate::truth::{
    Campaign, CampaignCounter, INJECTION, InjectedFile, InjectedServer, Injection, THRESHOLD,
};
use crate::world::World;
use scanbench_w3c::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// A log into which lines are put.
#[derive(Clone, Debug)]
pub struct LogInput {
    /// Where it is.
    pub path: PathBuf,
    /// Where it stands under `logs/` of the new dataset, with `/`.
    pub place: String,
    /// The computer's name for lines that do not say it.
    pub computer: String,
}

/// How a scenario is put into logs.
#[derive(Clone, Copy)]
pub struct InjectOptions<'a> {
    /// Another seed than the scenario's.
    pub seed: Option<u64>,
    /// When the scenario begins; on the busiest day unless said.
    pub at: Option<Timestamp>,
    /// Gives the servers of the logs the ports that the scenario's servers have.
    pub add_bindings: bool,
    /// Replace the dataset that the folder holds.
    pub force: bool,
    /// Set to `true`, it stops the work.
    pub cancelled: Option<&'a AtomicBool>,
    /// Is told how many bytes of how many were read.
    pub progress: &'a dyn Fn(u64, u64),
}

impl Default for InjectOptions<'_> {
    fn default() -> Self {
        Self {
            seed: None,
            at: None,
            add_bindings: false,
            force: false,
            cancelled: None,
            progress: &|_, _| {},
        }
    }
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Injected {
    /// What was put where.
    pub injection: Injection,
    /// What each campaign left there.
    pub campaigns: Vec<Campaign>,
    /// Windows on which the rule must fire.
    pub must_fire: u64,
    /// Lines with a label.
    pub labelled_lines: u64,
    /// Logs that were not read: other than web logs in the W3C format.
    pub passed_over: Vec<PathBuf>,
}

/// How far the work is, in bytes of logs.
struct Work<'a, 'o> {
    options: &'a InjectOptions<'o>,
    done: u64,
    total: u64,
}

impl Work<'_, '_> {
    fn look(&self) -> Result<(), GenerateError> {
        (self.options.progress)(self.done, self.total);
        match self.options.cancelled {
            Some(cancelled) if cancelled.load(Ordering::Relaxed) => Err(GenerateError::Cancelled),
            _ => Ok(()),
        }
    }

    fn has_read(&mut self, path: &Path) -> Result<(), GenerateError> {
        self.done += length(path);
        self.look()
    }
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |about| about.len())
}

/// Puts the campaigns of a scenario into logs, as a dataset in `folder`, which is whole or absent afterwards. The logs
/// are only read.
///
/// # Errors
/// [`InjectError`]; nothing is left behind.
pub fn inject(
    scenario: &Scenario,
    logs: &[LogInput],
    folder: &Path,
    options: &InjectOptions<'_>,
) -> Result<Injected, InjectError> {
    let seed = options.seed.unwrap_or(scenario.seed());
    if i64::try_from(seed).is_err() {
        return Err(GenerateError::Seed(seed).into());
    }
    check_scale(scenario.scale()).map_err(GenerateError::Scale)?;
    check_places(logs)?;
    // Before anything is read: whether the folder may be written at all.
    let partial = PartialFolder::create(folder, options.force, false)?;
    let to =
        Destination::new(partial.path(), Compression::None, Keep::Files).with_journal("inject")?;

    let mut work = Work {
        options,
        done: 0,
        total: 2 * logs.iter().map(|log| length(&log.path)).sum::<u64>(),
    };
    let (web, surveys, passed_over) = read(logs, &mut work)?;
    let streams = place::streams(&web, &surveys);
    let start = match options.at {
        Some(moment) => moment.millis() - moment.millis().rem_euclid(1000),
        None => place::begin(scenario, &streams).ok_or(InjectError::NoServer(None))?,
    };
    let length = scenario.end().millis() - scenario.start().millis();
    let mut targets = place::targets(&streams, (start, start + length));
    if targets.is_empty() {
        return Err(InjectError::NoServer(options.at));
    }
    let stand_ins = place::stand_ins(scenario, targets.len());
    if options.add_bindings {
        place::add_bindings(scenario, &stand_ins, &mut targets);
    }
    let placed = place::settle(scenario, start, &stand_ins, &targets);
    let world = World::new(&placed, seed, scenario.scale());
    let mut counter = CampaignCounter::new(&world);
    let requests = play(&world, &mut counter);
    let mut writing = Writing {
        world: &world,
        web: &web,
        surveys: &surveys,
        streams: &streams,
        to: &to,
        files: Vec::new(),
        injected: Vec::new(),
    };
    let counts: Vec<usize> = requests.iter().map(Vec::len).collect();
    let mut books = Books::new(&world, requests.into_iter().flatten().collect());
    writing.all(&targets, &counts, &mut books, &mut work)?;

    let servers = servers(scenario, &stand_ins, &targets);
    let (first, last) = books.span.unwrap_or((start, start + length));
    let injection = Injection {
        start: placed.start(),
        end: placed.end(),
        first: Timestamp::from_millis(first),
        last: Timestamp::from_millis(last),
        original_lines: books.old_lines,
        added_lines: books.new_lines,
        added_directives: books.added_directives,
        unwritten_lines: books.unwritten,
        servers,
        collisions: books.collisions(),
    };
    let labelled_lines = books.labelled;
    let (windows, campaigns) = books.finish(counter);
    let must_fire = windows.iter().filter(|window| window.must_fire).count() as u64;
    let Writing {
        mut files,
        mut injected,
        ..
    } = writing;
    injected.sort_by(|one, other| one.path.cmp(&other.path));
    files.extend(list("truth/injected.jsonl", &injected).close(&to)?);
    files.extend(list("truth/windows.jsonl", &windows).close(&to)?);
    files.extend(list("truth/campaigns.jsonl", &campaigns).close(&to)?);
    let sheet = datasheet::text(scenario, &injection, &campaigns);
    files.extend(text_file("README.md", &sheet).close(&to)?);
    let text = scenario.text_with(seed, scenario.scale());
    files.extend(text_file("scenario.toml", &text).close(&to)?);
    let mut text = serde_json::to_string_pretty(&injection).unwrap_or_default();
    text.push('\n');
    files.extend(text_file(INJECTION, &text).close(&to)?);
    write_manifest(scenario.name(), seed, files, &to)?;
    work.look()?;
    partial.finish()?;
    Ok(Injected {
        injection,
        campaigns,
        must_fire,
        labelled_lines,
        passed_over,
    })
}

/// Web logs with what is seen of each, and the files that are something else.
type Read = (Vec<LogInput>, Vec<Survey>, Vec<PathBuf>);

fn read(logs: &[LogInput], work: &mut Work<'_, '_>) -> Result<Read, GenerateError> {
    let (mut web, mut surveys, mut passed_over) = (Vec::new(), Vec::new(), Vec::new());
    for log in logs {
        if survey::is_web(&log.path)? {
            surveys.push(survey::survey(&log.path, || work.look())?);
            web.push(log.clone());
        } else {
            passed_over.push(log.path.clone());
        }
        work.has_read(&log.path)?;
    }
    Ok((web, surveys, passed_over))
}

fn write_manifest(
    scenario: &str,
    seed: u64,
    mut files: Vec<FileRecord>,
    to: &Destination,
) -> Result<(), GenerateError> {
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let manifest = Manifest {
        schema_version: INJECTED_SCHEMA_VERSION,
        tool: TOOL.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: scenario.to_owned(),
        seed,
        unlabelled_lines: Unlabelled::Unknown,
        files,
    };
    let mut text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    text.push(b'\n');
    let path = to.path(MANIFEST);
    fs::write(&path, text).map_err(io_at("write", &path))
}

/// Each log has a place of its own inside the dataset.
fn check_places(logs: &[LogInput]) -> Result<(), InjectError> {
    let mut places: BTreeMap<&str, &PathBuf> = BTreeMap::new();
    for log in logs {
        let inside = Path::new(&log.place)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !inside || log.place.is_empty() || log.place.contains('\\') {
            return Err(InjectError::BadPlace(log.path.clone()));
        }
        if let Some(other) = places.insert(&log.place, &log.path) {
            return Err(InjectError::SamePlace {
                one: other.clone(),
                other: log.path.clone(),
                place: log.place.clone(),
            });
        }
    }
    Ok(())
}

/// Lets all actors act from the begin to the end, and gives for each server the requests that are logged, in the order
/// of their ends. Scans and look-alikes are few beside the background of a scenario, so they are held in memory.
fn play(world: &World<'_>, counter: &mut CampaignCounter<'_>) -> Vec<Vec<Request>> {
    let scenario = world.scenario();
    let (start, end) = (scenario.start().millis(), scenario.end().millis());
    let mut all: Vec<Vec<Request>> = vec![Vec::new(); scenario.servers().len()];
    for (index, actor) in scenario.actors().iter().enumerate() {
        let player = Player {
            world,
            actor,
            index,
        };
        let mut out = Output::new(scenario.servers().len());
        // Visits are made to their end at once.
        out.horizon = i64::MAX;
        let origin = start.div_euclid(BLOCK_MS);
        for number in origin..=(end - 1).div_euclid(BLOCK_MS) {
            let block = Block {
                from: start.max(number * BLOCK_MS),
                until: end.min((number + 1) * BLOCK_MS),
            };
            player.act(u64::try_from(number - origin).unwrap_or(0), block, &mut out);
        }
        for probe in &out.probes {
            counter.probe(*probe);
        }
        for contact in &out.contacts {
            counter.contact(contact);
        }
        for (all, requests) in all.iter_mut().zip(&mut out.requests) {
            all.extend(requests.drain(..).filter(|request| request.end < end));
        }
    }
    for requests in &mut all {
        // What one actor ends in one millisecond stays as it was made, visit by visit.
        requests.sort_by_key(|request| (request.end, request.actor, request.ask.cookie));
    }
    all
}

/// The files while they are written.
struct Writing<'a> {
    world: &'a World<'a>,
    web: &'a [LogInput],
    surveys: &'a [Survey],
    streams: &'a [Stream],
    to: &'a Destination,
    files: Vec<FileRecord>,
    injected: Vec<InjectedFile>,
}

impl<'a> Writing<'a> {
    /// Every log, with what is new in it, and new logs where there was none for a period.
    fn all(
        &mut self,
        targets: &'a [Target],
        counts: &[usize],
        books: &mut Books<'a>,
        work: &mut Work<'_, '_>,
    ) -> Result<(), GenerateError> {
        let mut of_stream: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut first = 0;
        for (target, count) in targets.iter().zip(counts) {
            for number in first..first + count {
                let site = usize::from(books.requests[number].site);
                of_stream
                    .entry(target.streams[site])
                    .or_default()
                    .push(number);
            }
            first += count;
        }
        // Whoever has no target takes the first: nothing is put there.
        let target_of = |stream: usize| {
            let mut all = targets.iter();
            all.find(|target| target.streams.contains(&stream))
                .unwrap_or(&targets[0])
        };
        for (position, stream) in self.streams.iter().enumerate() {
            let requests = of_stream.remove(&position).unwrap_or_default();
            self.stream(stream, target_of(position), &requests, books, work)?;
        }
        Ok(())
    }

    fn stream(
        &mut self,
        stream: &'a Stream,
        target: &'a Target,
        requests: &[usize],
        books: &mut Books<'a>,
        work: &mut Work<'_, '_>,
    ) -> Result<(), GenerateError> {
        let mut by_period: BTreeMap<Option<i64>, Vec<usize>> = BTreeMap::new();
        for number in requests {
            let end = books.requests[*number].end;
            let period = stream.period.map(|period| period.number(end));
            by_period.entry(period).or_default().push(*number);
        }
        let old: BTreeMap<Option<i64>, usize> = stream
            .parts
            .iter()
            .map(|part| (part.period, part.log))
            .collect();
        let all: BTreeSet<Option<i64>> = old.keys().chain(by_period.keys()).copied().collect();
        for period in all {
            let requests = by_period.remove(&period).unwrap_or_default();
            let log = old
                .get(&period)
                .map(|log| (&self.web[*log], &self.surveys[*log]));
            let setting = Setting {
                world: self.world,
                target,
                stream,
                head: self.head(stream, period),
                to: self.to,
            };
            let (place, path) = match log {
                Some((log, seen)) => (log.place.clone(), Some((log.path.as_path(), seen))),
                None => (self.new_place(stream, period), None),
            };
            let (files, injected) =
                merge(setting, (&place, path), &requests, books, || work.look())?;
            self.files.extend(files);
            self.injected.push(injected);
            if let Some((path, _)) = path {
                work.has_read(path)?;
            }
        }
        Ok(())
    }

    /// The directives with which a log begins: its own, else those with which the log before it ended, else those of the
    /// next.
    fn head(&self, stream: &Stream, period: Option<i64>) -> Option<&'a Head> {
        let own = stream.parts.iter().find(|part| part.period == period);
        let mut before = stream
            .parts
            .iter()
            .rev()
            .filter(|part| part.period < period);
        let mut behind = stream.parts.iter().filter(|part| part.period > period);
        own.and_then(|part| self.surveys[part.log].head.as_ref())
            .or_else(|| before.find_map(|part| self.surveys[part.log].tail.as_ref()))
            .or_else(|| behind.find_map(|part| self.surveys[part.log].head.as_ref()))
    }

    /// The place of a log that was not there, named as its neighbours are.
    fn new_place(&self, stream: &Stream, period: Option<i64>) -> String {
        let near = stream.parts.iter().rev().find(|part| part.period < period);
        let near = near.or(stream.parts.first());
        let place = near.map_or("", |part| self.web[part.log].place.as_str());
        let old = near.and_then(|part| part.period);
        match (stream.period, old, period) {
            (Some(cut), Some(old), Some(new)) => {
                let (folder, name) = place.rsplit_once('/').unwrap_or(("", place));
                let name = name.replacen(&cut.digits(old), &cut.digits(new), 1);
                format!("{folder}/{name}")
            }
            _ => place.to_owned(),
        }
    }
}

fn list<T: serde::Serialize>(path: &str, values: &[T]) -> OutputFile {
    let mut file = OutputFile::new(path.to_owned()).always();
    for value in values {
        json_line(file.text(), value);
    }
    file.count(values.len() as u64, values.len() as u64);
    file
}

fn servers(scenario: &Scenario, stand_ins: &[usize], targets: &[Target]) -> Vec<InjectedServer> {
    targets
        .iter()
        .enumerate()
        .map(|(position, target)| InjectedServer {
            name: target.server.name.clone(),
            addresses: target.server.all_addresses().collect(),
            stands_for: scenario
                .servers()
                .iter()
                .zip(stand_ins)
                .filter(|(_, stand_in)| **stand_in == position)
                .map(|(server, _)| server.name.clone())
                .collect(),
            seen_ports: target
                .server
                .bindings
                .keys()
                .filter(|port| !target.added.contains(port))
                .copied()
                .collect(),
            added_ports: target.added.clone(),
        })
        .collect()
}

impl InjectedServer {
    /// Whether the rule can fire on it at all: it has as many bindings as the threshold.
    #[must_use]
    pub fn can_fire(&self) -> bool {
        self.seen_ports.len() + self.added_ports.len() >= THRESHOLD
    }
}
