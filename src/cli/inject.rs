//! `inject`: a scenario's scans and look-alikes into logs of one's own.

use super::CANCELLED;
use super::embedded;
use super::failure::Failure;
use super::messages::{Messages, count, grouped};
use scanbench_detector::{LogFile, find_logs, parse_moment};
use scanbench_generator::truth::{Campaign, Class, Collision, InjectedServer};
use scanbench_generator::{
    GenerateError, InjectError, InjectOptions, Injected, LogInput, Scenario, inject,
};
use scanbench_w3c::{Timestamp, visible};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Put a scenario's scans and look-alikes into your own logs
///
/// Takes times, servers, sites, bindings, columns, headers and line ends from the logs and writes a dataset: the logs
/// with new lines where IIS would have written them, and labels, truth and manifest. The old lines stay byte for byte
/// and in order, and are labelled `unknown`, not benign: `evaluate` counts an alert on them alone as neither right nor
/// wrong. The logs themselves are only read.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench inject C:\\inetpub\\logs\\LogFiles --scenario suite -o injected
  scanbench inject logs/WEB01 --scenario suite --add-bindings -o injected
  scanbench inject logs --scenario bin-edge --at 2026-11-02T00:00:00Z -o injected
  scanbench evaluate injected

A day's scenario begins at midnight (UTC) of the busiest day unless --at says otherwise. The scenario's server with most
bindings becomes the server of the logs with most ports, and so on. IIS logs complete requests on bound ports only, so
with fewer than 30 ports the rule cannot fire; --add-bindings gives the servers the scenario's ports.

Exit codes: 0 made, 2 bad logs, arguments or folder, 3 bad scenario file, 130 interrupted (nothing is left behind)")]
pub(crate) struct Args {
    /// Logs: files, folders or patterns; W3C, not packed
    #[arg(value_name = "LOGS", required = true)]
    logs: Vec<PathBuf>,

    /// A scenario file, or the name of a built-in one (see `scanbench scenarios`); its background stays out
    #[arg(long, value_name = "SCENARIO")]
    scenario: String,

    /// The folder to make; it must be empty or absent
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    /// Bind the ports of the scenario's servers on those of the logs; the truth says which were added
    #[arg(long)]
    add_bindings: bool,

    /// When the scenario begins [default: on the busiest day]
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Timestamp>,

    /// Another seed than the scenario's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Replace the dataset that the folder holds
    #[arg(long)]
    force: bool,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    parse_moment(text.as_bytes())
        .ok_or_else(|| "expected a moment such as 2026-11-02T00:00:00Z".to_owned())
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let scenario = Scenario::from_source(&embedded::scenario(&args.scenario)?)?;
    let logs = inputs(&args.logs)?;
    let mut messages = Messages::bytes("injecting", Some(1));
    let made = inject(
        &scenario,
        &logs,
        &args.output,
        &InjectOptions {
            seed: args.seed,
            at: args.at,
            add_bindings: args.add_bindings,
            force: args.force,
            cancelled: Some(&CANCELLED),
            progress: &|done, total| messages.step(done, total, String::new()),
        },
    );
    messages.end();
    if let Err(InjectError::NoServer(_)) = &made {
        for log in logs.iter().filter(|log| is_packed(&log.path)) {
            messages.say_some("files", &no_web_log(&log.path, "passed over"));
        }
    }
    let made = made.map_err(|error| match error {
        InjectError::Generate(GenerateError::Cancelled) => Failure::Interrupted,
        other => Failure::input(&other),
    })?;
    tell(&mut messages, &made, args);
    Ok(())
}

/// Why a file is passed over where logs are written again byte for byte, and what can be done.
pub(crate) fn no_web_log(path: &Path, so: &str) -> String {
    let name = visible(path.as_os_str().as_encoded_bytes());
    if is_packed(path) {
        format!(
            "{name}: packed, and its lines are written again as they are: unpack it first; {so}"
        )
    } else {
        format!("{name}: no web log in the W3C format; {so}")
    }
}

/// Whether a file begins as .gz, .zst and .zip do.
fn is_packed(path: &Path) -> bool {
    let mut head = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok()
        && (head.starts_with(b"\x1f\x8b") || head == *b"\x28\xb5\x2f\xfd" || head == *b"PK\x03\x04")
}

/// The logs that the arguments name, each with its place in the dataset.
pub(crate) fn inputs(names: &[PathBuf]) -> Result<Vec<LogInput>, Failure> {
    let (logs, errors) = find_logs(names);
    if !errors.is_empty() {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        return Err(Failure::Input(all.join("\n")));
    }
    if logs.is_empty() {
        return Err(Failure::Input("there are no logs in it".to_owned()));
    }
    logs.iter().map(|log| input(log, names)).collect()
}

fn input(log: &LogFile, names: &[PathBuf]) -> Result<LogInput, Failure> {
    let Some(path) = log.path.as_ref().filter(|_| !log.is_special()) else {
        return Err(Failure::Input(format!(
            "{log} cannot be read twice: give files or folders"
        )));
    };
    let whole = path
        .canonicalize()
        .map_err(|error| Failure::Input(format!("{log}: {error}")))?;
    let place = place(&whole, names)?.ok_or_else(|| {
        Failure::Input(format!(
            "{log}: a dataset holds names in UTF-8 without '\\' only: rename it"
        ))
    })?;
    Ok(LogInput {
        path: whole,
        place,
        computer: log.computer.clone(),
    })
}

/// Where a log stands in the dataset: as below the folder that was named, that folder's own name first, so that the
/// detector takes the same name for the computer.
fn place(path: &Path, names: &[PathBuf]) -> Result<Option<String>, Failure> {
    let mut roots = Vec::new();
    for name in names {
        // A pattern is no name of a folder. What cannot be looked at would give the logs other places.
        let root = there(name, name.canonicalize())?;
        let about = root.as_ref().map(|root| there(root, root.metadata()));
        if about.transpose()?.flatten().is_some_and(|it| it.is_dir()) {
            roots.extend(root.filter(|root| path.starts_with(root)));
        }
    }
    let root = roots
        .into_iter()
        .min_by_key(|root| root.components().count());
    let is_site = |folder: &Path| {
        let name = folder.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.to_ascii_uppercase().starts_with("W3SVC"))
    };
    if let Some(root) = &root
        && let manifest = root.join("manifest.json")
        && there(&manifest, manifest.metadata())?.is_some()
        && let Ok(inner) = path.strip_prefix(root.join("logs"))
        && inner.components().count() > 1
    {
        // A dataset's own folders say whose its logs are.
        return Ok(named(inner));
    }
    // What was named by itself keeps the folders that say whose log it is.
    let Some(folder) = root.or_else(|| path.parent().map(Path::to_owned)) else {
        return Ok(None);
    };
    let above = match folder.parent() {
        Some(parent) if is_site(&folder) => parent.parent().unwrap_or(parent),
        Some(parent) => parent,
        None => &folder,
    };
    Ok(path.strip_prefix(above).ok().and_then(named))
}

/// What was found at a path; `None` where nothing can have this name.
fn there<T>(path: &Path, found: io::Result<T>) -> Result<Option<T>, Failure> {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};

    match found {
        Ok(found) => Ok(Some(found)),
        Err(error)
            if matches!(
                error.kind(),
                NotFound | NotADirectory | InvalidFilename | InvalidInput
            ) =>
        {
            Ok(None)
        }
        Err(error) => {
            let path = visible(path.as_os_str().as_encoded_bytes());
            Err(Failure::Input(format!("cannot look at {path}: {error}")))
        }
    }
}

/// A path with `/`; `None` where a part of it is none that a dataset can hold.
fn named(path: &Path) -> Option<String> {
    let parts = path.components().map(|part| part.as_os_str().to_str());
    let place = parts.collect::<Option<Vec<&str>>>()?.join("/");
    (!place.contains('\\')).then_some(place)
}

fn tell(messages: &mut Messages, made: &Injected, args: &Args) {
    for path in &made.passed_over {
        messages.say_some("files", &no_web_log(path, "passed over"));
    }
    let injection = &made.injection;
    for server in &injection.servers {
        messages.say_some("servers", &server_text(server, args.add_bindings));
    }
    for collision in &injection.collisions {
        messages.say_some("addresses", &collision_text(collision));
    }
    if injection.unwritten_lines > 0 {
        messages.say(&format!(
            "{} left out: the columns in force there lack date, time, s-ip, s-port or c-ip",
            count(injection.unwritten_lines, "line was", "lines were"),
        ));
    }
    messages.say(&format!(
        "put {} ({} labelled) between {} old ones, from {} to {}: {}, {} on which the rule must fire",
        count(injection.added_lines, "line", "lines"),
        made.labelled_lines,
        grouped(injection.original_lines),
        injection.start,
        injection.end,
        count(made.campaigns.len() as u64, "campaign", "campaigns"),
        count(made.must_fire, "bin", "bins"),
    ));
    let attack = |one: &&Campaign| one.class == Class::Malicious;
    let seen = |one: &&Campaign| one.expected_to_fire;
    let attacks = made.campaigns.iter().filter(attack).count();
    let caught = made.campaigns.iter().filter(attack).filter(seen).count();
    messages.say(&format!(
        "of {} the rule can see {caught}; `scanbench evaluate {}` says more",
        count(attacks as u64, "attack", "attacks"),
        visible(args.output.as_os_str().as_encoded_bytes()),
    ));
}

fn server_text(server: &InjectedServer, added: bool) -> String {
    let seen = count(server.seen_ports.len() as u64, "port", "ports");
    let name = &server.name;
    if server.can_fire() {
        let more = match server.added_ports.len() {
            0 => String::new(),
            number => format!(", {number} added"),
        };
        return format!("{name}: {seen} in its logs{more}");
    }
    let hint = if added {
        "the scenario's servers have no more"
    } else {
        "--add-bindings gives it the scenario's"
    };
    format!("{name}: {seen} in its logs, and the rule needs 30: it cannot fire there; {hint}")
}

fn collision_text(collision: &Collision) -> String {
    let address = visible(collision.address.as_bytes());
    let campaigns = collision.campaigns.join(", ");
    let whose = if collision.is_server {
        "is a server's own address too".to_owned()
    } else {
        format!(
            "has {} of its own in the logs",
            count(collision.lines, "line", "lines")
        )
    };
    format!("{address}, from which {campaigns} comes, {whose}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_the_computer() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("logs");
        let site = root.join("WEB01/W3SVC1");
        std::fs::create_dir_all(&site).unwrap();
        let log = site.join("u_ex261102.log");
        for (named, expected) in [
            (root.clone(), "logs/WEB01/W3SVC1/u_ex261102.log"),
            (root.join("WEB01"), "WEB01/W3SVC1/u_ex261102.log"),
            (site.clone(), "WEB01/W3SVC1/u_ex261102.log"),
            (log.clone(), "WEB01/W3SVC1/u_ex261102.log"),
        ] {
            let place = place(&log, &[named]).unwrap();
            assert_eq!(place.as_deref(), Some(expected));
        }
    }
}
