//! A scenario file as written: which keys there are and what each takes. `scenario` checks what they mean.
//!
//! The file is taken apart first (head, each server, each actor), so that one mistake hides no other, and because
//! an actor's keys depend on its `kind`: serde's tagged enums would lose the place of every key.

mod actor;
mod keys;
pub(crate) mod schema;
mod server;
mod value;

pub(crate) use actor::{
    BackendSpec, Common, Contacts, DeviceSpec, DiscoverySpec, Gaps, Hours, KindSpec,
    MaintenanceSpec, MeasuredSpec, MonitoringSpec, NmapSpec, Order, ProbeSpec, ProxySpec,
    ScanClass, ScanSpec, Timing, VisitorsSpec, VulnerabilitySpec,
};
pub(crate) use server::{FrontSpec, NewlineSpec, RolloverSpec, ServerSpec, SiteSpec};
pub(crate) use value::{Client, Daily, Moment, Network, Ports, Span, timestamp};

use self::actor::{KINDS, read_kind};
use self::keys::{Keys, keys};
use scanbench_spec::{Datetime, Finding, Findings, Source, Spanned, closest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::iter;
use toml::de::{DeArray, DeString, DeTable, DeValue, Deserializer};

/// A scenario file, taken apart. Pieces that could not be read are missing and have a finding.
#[derive(Debug)]
pub(crate) struct ScenarioSpec {
    pub(crate) head: Option<HeadSpec>,
    pub(crate) servers: Vec<ServerSpec>,
    /// Whether every server could be read: only then is a name that none has a mistake.
    pub(crate) servers_complete: bool,
    pub(crate) actors: Vec<KindSpec>,
}

keys! {
    /// The keys above the first `[[server]]`.
    HeadSpec {
        /// The version of this format: 1.
        version: Spanned<i64>,
        /// A short name: letters, digits, `-`, `_` and `.`.
        name: Spanned<String>,
        /// One line on what it is.
        title: String,
        /// What it teaches.
        description: Option<String>,
        /// Another seed makes other traffic of the same kind.
        seed: Spanned<i64>,
        /// When it begins.
        start: Spanned<Datetime>,
        /// How long it lasts, such as "1d".
        duration: Spanned<Span>,
        /// Multiplies the background and leaves the campaigns; 1 unless said.
        scale: Option<Spanned<f64>>,
        /// Files with further `[[server]]` tables, beside this one; or built-in houses.
        include: Option<Spanned<Vec<Spanned<String>>>>,
    }
}

/// A file that is included: servers, and perhaps actors. Of a whole scenario, such as `fit` writes, the head is passed
/// over: seed, start and duration are those of the scenario that includes it.
#[derive(Debug)]
pub(crate) struct InventorySpec {
    pub(crate) servers: Vec<ServerSpec>,
    pub(crate) actors: Vec<KindSpec>,
    /// Where the tables begin, behind the head.
    pub(crate) tables_from: usize,
}

impl ScenarioSpec {
    /// Takes the file apart. Findings are about single keys and values.
    pub(crate) fn read(source: &Source) -> Result<(Self, Vec<Finding>), Findings> {
        let (document, errors) = DeTable::parse_recoverable(source.text());
        let errors: Vec<Finding> = errors.iter().map(finding).collect();
        Findings::check(source, errors)?;
        let mut findings = Vec::new();
        let span = document.span();
        let mut head = document.into_inner();
        let servers = tables(&mut head, "server", &mut findings);
        let actors = tables(&mut head, "actor", &mut findings);
        let expected = servers.len();
        let servers: Vec<ServerSpec> = keep(servers.into_iter().map(read), &mut findings);
        let actors: Vec<_> = actors
            .into_iter()
            .flat_map(|actor| unfold(actor, &mut findings))
            .collect();
        let actors = keep(actors.into_iter().map(read_actor), &mut findings);
        let head = iter::once(read(Spanned::new(span, head)).map_err(with_tables));
        let head = keep(head, &mut findings).pop();
        let spec = Self {
            head,
            servers_complete: servers.len() == expected,
            servers,
            actors,
        };
        Ok((spec, findings))
    }
}

impl InventorySpec {
    /// Reads a file that is included.
    pub(crate) fn read(source: &Source) -> Result<Self, Findings> {
        let (document, errors) = DeTable::parse_recoverable(source.text());
        let errors: Vec<Finding> = errors.iter().map(finding).collect();
        Findings::check(source, errors)?;
        let mut findings = Vec::new();
        let mut rest = document.into_inner();
        let servers = tables(&mut rest, "server", &mut findings);
        let actors = tables(&mut rest, "actor", &mut findings);
        let first = servers
            .iter()
            .chain(&actors)
            .map(|table| table.span().start);
        let first = first.min().unwrap_or(source.text().len());
        let servers = keep(servers.into_iter().map(read), &mut findings);
        let actors: Vec<_> = actors
            .into_iter()
            .flat_map(|actor| unfold(actor, &mut findings))
            .collect();
        let actors = keep(actors.into_iter().map(read_actor), &mut findings);
        // Comments above the tables are kept where no head must go.
        let tables_from = if rest.is_empty() {
            0
        } else {
            // The header stands on the line in which the table is said to begin.
            source.text()[..first].rfind('\n').map_or(0, |at| at + 1)
        };
        let of_head: Vec<String> = HeadSpec::properties()
            .into_iter()
            .map(|key| key.name)
            .collect();
        let is_of_head = |key: &str| key != "include" && of_head.iter().any(|known| known == key);
        for (key, _) in rest.iter().filter(|(key, _)| !is_of_head(key.get_ref())) {
            findings.push(
                Finding::new(
                    "an included file has [[server]] and [[actor]] tables and nothing else",
                )
                .at(key.span())
                .help("the head of a whole scenario is passed over, but for `include`"),
            );
        }
        Findings::check(source, findings)?;
        Ok(Self {
            servers,
            actors,
            tables_from,
        })
    }
}

/// Names the tables among the keys of the head.
fn with_tables(mut finding: Finding) -> Finding {
    if finding.message.starts_with("unknown field") {
        finding.message.push_str(", or a table `server` or `actor`");
    }
    finding
}

/// Keys that may hold a list: each value makes an actor of its own.
pub(crate) fn swept(key: &str) -> bool {
    matches!(
        key,
        "rate"
            | "every"
            | "jitter"
            | "start"
            | "middle"
            | "sources"
            | "rotate"
            | "per-bin"
            | "requests-per-port"
            | "timing"
            | "order"
            | "gaps"
            | "contact"
            | "sessions-per-day"
            | "requests-per-hour"
            | "window"
            | "requests"
            | "per-second"
    )
}

/// One actor for each value of each key that holds a list, with ids that say which.
fn unfold<'t>(
    actor: Spanned<DeTable<'t>>,
    findings: &mut Vec<Finding>,
) -> Vec<Spanned<DeTable<'t>>> {
    let span = actor.span();
    let sweep = actor
        .get_ref()
        .iter()
        .find_map(|(key, value)| match value.get_ref() {
            DeValue::Array(values) if swept(key.get_ref()) => {
                Some((key.clone(), value.span(), values.clone()))
            }
            _ => None,
        });
    let Some((key, place, values)) = sweep else {
        return vec![actor];
    };
    let values: DeArray<'t> = values;
    if values.is_empty() {
        findings.push(Finding::new("expected at least one value").at(place));
    }
    let mut actors = Vec::new();
    for value in values {
        let mut table = actor.get_ref().clone();
        if let Some(id) = table.get_mut("id")
            && let DeValue::String(text) = id.get_ref()
        {
            let named = format!("{text}-{}-{}", key.get_ref(), shown(value.get_ref()));
            *id = Spanned::new(id.span(), DeValue::String(DeString::Owned(named)));
        }
        table.insert(key.clone(), value);
        actors.extend(unfold(Spanned::new(span.clone(), table), findings));
    }
    actors
}

/// A value as a part of an id.
fn shown(value: &DeValue<'_>) -> String {
    let text = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        _ => "value".to_owned(),
    };
    text.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '_'
            }
        })
        .collect()
}

/// What could be read; the rest as findings.
fn keep<T>(
    pieces: impl Iterator<Item = Result<T, Finding>>,
    findings: &mut Vec<Finding>,
) -> Vec<T> {
    pieces
        .filter_map(|piece| piece.map_err(|finding| findings.push(finding)).ok())
        .collect()
}

/// Takes the tables of `[[key]]` out of the document.
fn tables<'t>(
    document: &mut DeTable<'t>,
    key: &str,
    findings: &mut Vec<Finding>,
) -> Vec<Spanned<DeTable<'t>>> {
    let Some(value) = document.remove(key) else {
        return Vec::new();
    };
    let wrong = |span| Finding::new(format!("expected tables, each under [[{key}]]")).at(span);
    let span = value.span();
    let DeValue::Array(items) = value.into_inner() else {
        findings.push(wrong(span));
        return Vec::new();
    };
    let mut tables = Vec::new();
    for item in items {
        let span = item.span();
        match item.into_inner() {
            DeValue::Table(table) => tables.push(Spanned::new(span, table)),
            _ => findings.push(wrong(span)),
        }
    }
    tables
}

fn read<T: DeserializeOwned>(table: Spanned<DeTable<'_>>) -> Result<T, Finding> {
    let place = table.span();
    T::deserialize(Deserializer::from(table)).map_err(|error| {
        let finding = finding(&error);
        match finding.span {
            Some(_) => finding,
            None => finding.at(place),
        }
    })
}

fn read_actor(mut table: Spanned<DeTable<'_>>) -> Result<KindSpec, Finding> {
    let span = table.span();
    let known = || format!("the kinds are {}", KINDS.join(", "));
    let Some(kind) = table.get_mut().remove("kind") else {
        return Err(Finding::new("this actor has no `kind`")
            .at(span)
            .help(known()));
    };
    let place = kind.span();
    let DeValue::String(name) = kind.into_inner() else {
        return Err(Finding::new("expected the kind of actor as a text")
            .at(place)
            .help(known()));
    };
    let common = take_common(&mut table)?;
    read_kind(&name, common, table).unwrap_or_else(|| {
        let help = closest(&name, KINDS.iter().copied()).map_or_else(known, |near| {
            format!("did you mean \"{near}\"? {}", known())
        });
        Err(
            Finding::new(format!("no kind of actor is called \"{name}\""))
                .at(place)
                .help(help),
        )
    })
}

/// Takes `id` and `servers` out of an actor's table.
fn take_common(table: &mut Spanned<DeTable<'_>>) -> Result<Common, Finding> {
    let mut common = DeTable::new();
    for key in ["id", "servers"] {
        if let Some((name, value)) = table.get_mut().remove_entry(key) {
            common.insert(name, value);
        }
    }
    read(Spanned::new(table.span(), common))
}

/// What the TOML reader says, with the nearest of the names that it lists.
fn finding(error: &toml::de::Error) -> Finding {
    let message = error.message();
    let finding = Finding::new(message).at(error.span());
    let mut names = message.split('`').skip(1).step_by(2);
    let near = names
        .next()
        .filter(|_| message.starts_with("unknown "))
        .and_then(|unknown| closest(unknown, names));
    match near {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding,
    }
}
