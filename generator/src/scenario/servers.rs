//! Servers as written into servers that can be: names that are safe as folders, each port bound once.

use super::check::{identifier, moment_after, span_millis, within};
use super::sites::check_sites;
use crate::dice::float;
use crate::inventory::{Front, LogSettings, Pace, Rollover, Server, Site};
use crate::spec::{FrontSpec, NewlineSpec, RolloverSpec, ServerSpec};
use scanbench_spec::{Finding, Spanned, closest};
use scanbench_w3c::{Field, Newline};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Device names that Windows gives to no file, with or without an ending (Microsoft, *Naming Files, Paths, and
/// Namespaces*).
const RESERVED: [&str; 22] = [
    "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8",
    "COM9", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
];

/// Fields without which no line can be told by client, server, port and time.
const NEEDED: [Field; 5] = [
    Field::Date,
    Field::Time,
    Field::SIp,
    Field::SPort,
    Field::CIp,
];

/// Checks servers and adds them to those of other files; `span` is the scenario's start and end, where known.
pub(super) fn check(
    specs: Vec<ServerSpec>,
    span: Option<(i64, i64)>,
    servers: &mut Vec<Server>,
    findings: &mut Vec<Finding>,
) {
    for spec in specs {
        let server = check_server(spec, span, findings, servers);
        servers.push(server);
    }
}

fn check_server(
    spec: ServerSpec,
    span: Option<(i64, i64)>,
    findings: &mut Vec<Finding>,
    others: &[Server],
) -> Server {
    let name = folder_name(&spec.name, findings);
    // Folders are the same on some systems when they differ in case alone.
    if others
        .iter()
        .any(|other| other.name.eq_ignore_ascii_case(&name))
    {
        findings
            .push(Finding::new(format!("a server \"{name}\" exists already")).at(spec.name.span()));
    }
    let mut addresses = vec![*spec.address.get_ref()];
    for more in spec.more_addresses.iter().flatten() {
        if addresses.contains(more.get_ref()) || addresses.len() > 200 {
            findings.push(Finding::new("expected another address").at(more.span()));
        } else {
            addresses.push(*more.get_ref());
        }
    }
    if let Some(address) = spec
        .address_v6
        .as_ref()
        .filter(|address| address.get_ref().is_ipv4())
    {
        findings.push(Finding::new("expected an IPv6 address").at(address.span()));
    }
    let log = check_log(&spec, span, findings);
    let pace = check_pace(&spec, findings);
    let site_specs = spec.site.unwrap_or_default();
    if site_specs.is_empty() {
        findings.push(
            Finding::new(format!("server \"{name}\" has no site"))
                .at(spec.name.span())
                .help("add a [[server.site]] with an id and ports"),
        );
    }
    let checked = check_sites(&name, &addresses, site_specs, findings);
    let front = spec
        .front
        .map(|front| check_front(front, &checked.all, findings));
    Server {
        name,
        addresses,
        address_v6: spec.address_v6.map(Spanned::into_inner),
        iis: spec.iis,
        pace,
        log,
        domain: spec.domain.unwrap_or_else(|| "CORP".to_owned()),
        front,
        sites: checked.all,
        bindings: checked.bindings,
        named: checked.named,
    }
}

fn check_pace(spec: &ServerSpec, findings: &mut Vec<Finding>) -> Pace {
    let usual = Pace::default();
    let (mut program, mut file) = (usual.program, usual.file);
    if let Some(median) = &spec.time_taken {
        program = libm::log(float(span_millis(median, findings)));
        file += program - usual.program;
    }
    if let Some(median) = &spec.time_taken_files {
        file = libm::log(float(span_millis(median, findings)));
    }
    let spread = spec.time_spread.as_ref();
    let aborts = spec.aborts.as_ref();
    Pace {
        iis: spec.iis,
        program,
        file,
        spread: within("a deviation", (0.0, 4.0), spread, usual.spread, findings),
        aborts: within("a share", (0.0, 1.0), aborts, usual.aborts, findings),
    }
}

fn check_log(
    spec: &ServerSpec,
    span: Option<(i64, i64)>,
    findings: &mut Vec<Finding>,
) -> LogSettings {
    let central = spec.central.unwrap_or(false);
    let with_site = |mut fields: Vec<Field>| {
        // Nothing else tells the sites of one log apart.
        if central && !fields.contains(&Field::SSitename) {
            fields.push(Field::SSitename);
            fields.sort_unstable();
        }
        fields
    };
    let fields = match &spec.fields {
        Some(fields) => check_fields(fields, findings),
        None => spec.iis.default_fields(),
    };
    let custom = spec.custom_fields.as_ref().map_or_else(Vec::new, |custom| {
        if !spec.iis.has_custom_fields() {
            findings.push(
                Finding::new("custom fields came with IIS 8.5")
                    .at(custom.span())
                    .help("set iis to \"8.5\" or \"10\", or leave them out"),
            );
        }
        let wrong = |name: &String| {
            name.is_empty() || name.contains(|c: char| !c.is_ascii_graphic() || c == ',')
        };
        if custom.get_ref().iter().any(wrong) {
            findings.push(Finding::new("expected names of request headers").at(custom.span()));
        }
        custom.get_ref().clone()
    });
    let megabytes = spec.log_size.as_ref().map_or(20, |size| *size.get_ref());
    let rollover = match spec.rollover.unwrap_or_default() {
        RolloverSpec::Daily => Rollover::Daily,
        RolloverSpec::Hourly => Rollover::Hourly,
        RolloverSpec::Size => Rollover::Size(u64::from(megabytes.clamp(1, 100_000)) << 20),
    };
    if let Some(size) = &spec.log_size
        && (!matches!(rollover, Rollover::Size(_)) || !(1..=100_000).contains(&megabytes))
    {
        findings.push(
            Finding::new("expected 1 to 100000 megabytes, with rollover = \"size\"")
                .at(size.span()),
        );
    }
    let mut restarts: Vec<i64> = spec
        .restarts
        .iter()
        .flatten()
        .map(|moment| moment_after(moment, span, findings))
        .collect();
    restarts.sort_unstable();
    let mut changes: Vec<(i64, Vec<Field>)> = spec
        .change
        .iter()
        .flatten()
        .map(|change| {
            let at = moment_after(&change.at, span, findings);
            (at, with_site(check_fields(&change.fields, findings)))
        })
        .collect();
    changes.sort_by_key(|(at, _)| *at);
    LogSettings {
        fields: with_site(fields),
        custom,
        rollover,
        central,
        newline: match spec.newline.unwrap_or_default() {
            NewlineSpec::CrLf => Newline::CrLf,
            NewlineSpec::Lf => Newline::Lf,
        },
        restarts,
        changes,
    }
}

fn check_front(spec: FrontSpec, sites: &[Site], findings: &mut Vec<Finding>) -> Front {
    let addresses: Vec<IpAddr> = spec.addresses.get_ref().clone();
    if addresses.is_empty() {
        findings.push(Finding::new("expected at least one address").at(spec.addresses.span()));
    }
    let all = || sites.iter().flat_map(|site| site.ports.iter().copied());
    let first = all().next().unwrap_or(80);
    let health_port = match &spec.health_port {
        None => first,
        Some(said) => match said.get_ref().listed().as_slice() {
            [port] if all().any(|bound| bound == *port) => *port,
            _ => {
                findings.push(Finding::new("expected one bound port").at(said.span()));
                first
            }
        },
    };
    Front {
        addresses,
        health_every: spec
            .health_every
            .as_ref()
            .map_or(10_000, |every| span_millis(every, findings))
            .max(1_000),
        health_path: spec.health_path.unwrap_or_else(|| "/".to_owned()),
        health_agent: spec
            .health_agent
            .unwrap_or_else(|| "ELB-HealthChecker/2.0".to_owned()),
        health_port,
    }
}

/// A server's name, which is also the folder of its logs on whatever system the set is unpacked.
fn folder_name(name: &Spanned<String>, findings: &mut Vec<Finding>) -> String {
    let before = findings.len();
    let text = identifier(name, "a server's name", findings);
    if findings.len() > before {
        return text;
    }
    let stem = text
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase();
    let wrong = if text.starts_with('.') || text.ends_with('.') {
        Some("a server's name neither begins nor ends with '.'".to_owned())
    } else if RESERVED.contains(&stem.as_str()) {
        Some(format!(
            "\"{text}\" is the name of a device on Windows and cannot be a folder"
        ))
    } else {
        None
    };
    findings.extend(wrong.map(|message| Finding::new(message).at(name.span())));
    text
}

fn check_fields(fields: &Spanned<Vec<Spanned<String>>>, findings: &mut Vec<Finding>) -> Vec<Field> {
    let known = || Field::ALL.iter().map(|field| field.name());
    let mut checked = BTreeSet::new();
    for name in fields.get_ref() {
        let text = name.get_ref();
        match Field::ALL.into_iter().find(|field| field.name() == text) {
            Some(field) if checked.insert(field) => {}
            Some(_) => findings
                .push(Finding::new(format!("field `{text}` is named twice")).at(name.span())),
            None => {
                let help = closest(text, known()).map_or_else(
                    || format!("the fields are {}", known().collect::<Vec<_>>().join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                findings.push(
                    Finding::new(format!("IIS has no field `{text}`"))
                        .at(name.span())
                        .help(help),
                );
            }
        }
    }
    for field in NEEDED {
        if !checked.contains(&field) {
            findings.push(
                Finding::new(format!("without `{field}` nothing can be counted"))
                    .at(fields.span())
                    .help("date, time, s-ip, s-port and c-ip must be logged"),
            );
        }
    }
    // IIS writes them in its own order, whatever was asked for.
    checked.into_iter().collect()
}
