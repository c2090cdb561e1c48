//! A scenario file as written: which keys there are and what each takes. `scenario` checks what they mean.
//!
//! The file is taken apart first (head, each server, each actor), so that one mistake hides no other, and because
//! an actor's keys depend on its `kind`: serde's tagged enums would lose the place of every key.

mod value;

pub(crate) use value::{Client, Daily, Moment, Network, Ports, Span, timestamp};

use crate::inventory::Iis;
use scanbench_spec::{Datetime, Finding, Findings, Source, Spanned, closest};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::iter;
use std::net::IpAddr;
use toml::de::{DeTable, DeValue, Deserializer};

/// A scenario file, taken apart. Pieces that could not be read are missing and have a finding.
#[derive(Debug)]
pub(crate) struct ScenarioSpec {
    pub(crate) head: Option<HeadSpec>,
    pub(crate) servers: Vec<ServerSpec>,
    /// Whether every server could be read: only then is a name that none has a mistake.
    pub(crate) servers_complete: bool,
    pub(crate) actors: Vec<KindSpec>,
}

/// The keys above the first `[[server]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct HeadSpec {
    pub(crate) version: Spanned<i64>,
    pub(crate) name: Spanned<String>,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) seed: Spanned<i64>,
    pub(crate) start: Spanned<Datetime>,
    pub(crate) duration: Spanned<Span>,
    /// Multiplies the background and leaves the campaigns; 1 unless said.
    pub(crate) scale: Option<Spanned<f64>>,
    // Read apart; named here so that messages list them among the keys.
    #[serde(default, rename = "server")]
    _server: Option<IgnoredAny>,
    #[serde(default, rename = "actor")]
    _actor: Option<IgnoredAny>,
}

/// `[[server]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ServerSpec {
    pub(crate) name: Spanned<String>,
    pub(crate) address: IpAddr,
    pub(crate) address_v6: Option<Spanned<IpAddr>>,
    pub(crate) iis: Iis,
    pub(crate) fields: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    pub(crate) site: Vec<Spanned<SiteSpec>>,
}

/// `[[server.site]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SiteSpec {
    pub(crate) id: Spanned<u32>,
    pub(crate) ports: Spanned<Ports>,
    pub(crate) host: Option<Spanned<String>>,
}

/// Makes the enum of kinds, the list of their names and the way from a name to its keys.
macro_rules! kinds {
    ($($name:literal => $kind:ident($spec:ty)),+ $(,)?) => {
        /// An actor's keys, by its `kind`.
        #[derive(Debug)]
        pub(crate) enum KindSpec { $($kind($spec)),+ }

        const KINDS: &[&str] = &[$($name),+];

        fn read_kind(name: &str, table: Spanned<DeTable<'_>>) -> Option<Result<KindSpec, Finding>> {
            match name {
                $($name => Some(read::<$spec>(table).map(KindSpec::$kind)),)+
                _ => None,
            }
        }
    };
}

kinds! {
    "visitors" => Visitors(VisitorsSpec),
    "probe" => Probe(ProbeSpec),
    "scan" => Scan(ScanSpec),
    "maintenance" => Maintenance(MaintenanceSpec),
    "discovery" => Discovery(DiscoverySpec),
    "backend" => Backend(BackendSpec),
    "proxy" => Proxy(ProxySpec),
}

/// Makes the keys of one kind: `id`, `kind` and `servers`, which all have, and its own.
macro_rules! actor_keys {
    ($(#[$doc:meta])* $name:ident { $($(#[$key_doc:meta])* $key:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        pub(crate) struct $name {
            /// Names the campaign and the actor's randomness: another id makes other lines.
            pub(crate) id: Spanned<String>,
            #[serde(rename = "kind")]
            _kind: IgnoredAny,
            /// All of them where the key is left out.
            pub(crate) servers: Option<Spanned<Vec<Spanned<String>>>>,
            $($(#[$key_doc])* pub(crate) $key: $type,)*
        }
    };
}

actor_keys! {
    /// Background: people, crawlers and the internet's noise.
    VisitorsSpec {
        /// Over all servers together.
        sessions_per_day: Spanned<f64>,
        /// How many people there are: each visit is by one of them, a few often and most rarely (Zipf). Unless said,
        /// `returning` decides, and everybody else comes once.
        clients: Option<Spanned<u32>>,
        /// Mean; 4 unless said.
        pages_per_session: Option<Spanned<f64>>,
        /// Mean of what a page makes the browser ask for, before its cache; 7 unless said.
        objects_per_page: Option<Spanned<f64>>,
        /// Median time to read a page; 12 s unless said.
        think_time: Option<Spanned<Span>>,
        /// Share of visits by people who were here before; 0.35 unless said.
        returning: Option<Spanned<f64>>,
        /// Share of visits by crawlers; 0.03 unless said.
        bots: Option<Spanned<f64>>,
        /// Share of visits by scripts that look what is there; 0.05 unless said.
        noise: Option<Spanned<f64>>,
        /// Share of visits by programs that call the site's programs; 0.03 unless said.
        programs: Option<Spanned<f64>>,
        /// Share of clients with IPv6 on servers that have such an address; 0.03 unless said.
        ipv6: Option<Spanned<f64>>,
        /// Where clients come from; the whole internet unless said.
        network: Option<Network>,
        hours: Option<Hours>,
    }
}

actor_keys! {
    /// Background: monitoring, exactly periodic.
    ProbeSpec {
        client: Spanned<Client>,
        /// One bound port.
        port: Spanned<Ports>,
        /// The period, a second or more.
        every: Spanned<Span>,
        /// `/` unless said.
        path: Option<String>,
        /// Nagios' unless said.
        agent: Option<String>,
    }
}

actor_keys! {
    /// One client asks many ports.
    ScanSpec {
        client: Spanned<Client>,
        /// Malicious unless said.
        class: Option<ScanClass>,
        /// Ports that are asked, bound or not.
        ports: Spanned<Ports>,
        start: Spanned<Moment>,
        /// Ports a minute, on each server.
        rate: Spanned<f64>,
        /// Each probe is moved by up to this share of the gap, to either side; 0 unless said.
        jitter: Option<Spanned<f64>>,
        /// Ascending unless said.
        order: Option<Order>,
        /// Requests to each bound port; 1 unless said.
        requests_per_port: Option<Spanned<u32>>,
        /// One that tools have, unless said; "" for none.
        agent: Option<String>,
    }
}

actor_keys! {
    /// Look-alike: an admin host walks over all bindings.
    MaintenanceSpec {
        client: Spanned<Client>,
        start: Spanned<Moment>,
        /// How long one walk over all bindings takes.
        window: Spanned<Span>,
        /// From one start to the next; once unless said.
        every: Option<Spanned<Span>>,
        /// Requests to each binding; 1 unless said.
        requests_per_port: Option<Spanned<u32>>,
    }
}

actor_keys! {
    /// Authorised: an inventory of the company's own services.
    DiscoverySpec {
        client: Spanned<Client>,
        /// Ports that are asked; those that are bound unless said.
        ports: Option<Spanned<Ports>>,
        start: Spanned<Moment>,
        /// Ports a minute, on each server.
        rate: Spanned<f64>,
    }
}

actor_keys! {
    /// Look-alike: an application whose parts listen on many ports.
    BackendSpec {
        client: Spanned<Client>,
        /// Bound ports, each as likely as the others.
        ports: Spanned<Ports>,
        /// On each server, while it is active.
        requests_per_hour: Spanned<f64>,
        /// Hours of every day, UTC; all day unless said.
        active: Option<Spanned<Daily>>,
        /// One that programs have, unless said; "" for none.
        agent: Option<String>,
    }
}

actor_keys! {
    /// Look-alike: a reverse proxy, whose address all its visitors share.
    ProxySpec {
        client: Spanned<Client>,
        /// Visits through it, over all servers together.
        sessions_per_day: Spanned<f64>,
        /// Mean; 4 unless said.
        pages_per_session: Option<Spanned<f64>>,
        /// Mean; 2 unless said, for it keeps most objects itself.
        objects_per_page: Option<Spanned<f64>>,
        /// Median time to read a page; 12 s unless said.
        think_time: Option<Spanned<Span>>,
        hours: Option<Hours>,
    }
}

/// What a scan is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ScanClass {
    #[default]
    Malicious,
    Authorised,
}

/// The order in which ports are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Order {
    #[default]
    Ascending,
    Random,
}

/// How traffic is spread over the day, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Hours {
    /// A public site: low at night, highest in the evening.
    #[default]
    Public,
    /// A company's own: nearly all from 8 to 18.
    Office,
    /// All hours alike.
    Flat,
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
        let actors = keep(actors.into_iter().map(read_actor), &mut findings);
        let head = iter::once(read(Spanned::new(span, head)));
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

fn read_actor(table: Spanned<DeTable<'_>>) -> Result<KindSpec, Finding> {
    let span = table.span();
    let known = || format!("the kinds are {}", KINDS.join(", "));
    let Some(kind) = table.get_ref().get("kind") else {
        return Err(Finding::new("this actor has no `kind`")
            .at(span)
            .help(known()));
    };
    let place = kind.span();
    let DeValue::String(name) = kind.get_ref() else {
        return Err(Finding::new("expected the kind of actor as a text")
            .at(place)
            .help(known()));
    };
    let name = name.to_string();
    let Some(kind) = read_kind(&name, table) else {
        let help = closest(&name, KINDS.iter().copied()).map_or_else(known, |near| {
            format!("did you mean \"{near}\"? {}", known())
        });
        return Err(
            Finding::new(format!("no kind of actor is called \"{name}\""))
                .at(place)
                .help(help),
        );
    };
    kind
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
