//! Servers as written into servers that can be: names that are safe as folders, each port bound once.

use super::check::identifier;
use crate::inventory::{Server, Site};
use crate::spec::{Ports, ServerSpec, SiteSpec};
use scanbench_spec::{Finding, Spanned, closest};
use scanbench_w3c::Field;
use std::collections::{BTreeMap, BTreeSet};

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

pub(super) fn check(specs: Vec<ServerSpec>, findings: &mut Vec<Finding>) -> Vec<Server> {
    let mut names = BTreeSet::new();
    specs
        .into_iter()
        .map(|spec| {
            let name = folder_name(&spec.name, findings);
            // Folders are the same on some systems when they differ in case alone.
            if !names.insert(name.to_ascii_lowercase()) {
                findings.push(
                    Finding::new(format!("a server \"{name}\" exists already"))
                        .at(spec.name.span()),
                );
            }
            if let Some(address) = spec
                .address_v6
                .as_ref()
                .filter(|address| address.get_ref().is_ipv4())
            {
                findings.push(Finding::new("expected an IPv6 address").at(address.span()));
            }
            let fields = match &spec.fields {
                Some(fields) => check_fields(fields, findings),
                None => spec.iis.default_fields(),
            };
            if spec.site.is_empty() {
                findings.push(
                    Finding::new(format!("server \"{name}\" has no site"))
                        .at(spec.name.span())
                        .help("add a [[server.site]] with an id and ports"),
                );
            }
            let (sites, bindings) = check_sites(&name, spec.site, findings);
            Server {
                name,
                address: spec.address,
                address_v6: spec.address_v6.map(Spanned::into_inner),
                iis: spec.iis,
                fields,
                sites,
                bindings,
            }
        })
        .collect()
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

fn check_sites(
    server: &str,
    specs: Vec<Spanned<SiteSpec>>,
    findings: &mut Vec<Finding>,
) -> (Vec<Site>, BTreeMap<u16, usize>) {
    let mut bindings = BTreeMap::new();
    let mut sites: Vec<Site> = Vec::new();
    for (position, spec) in specs.into_iter().map(Spanned::into_inner).enumerate() {
        let id = *spec.id.get_ref();
        if id == 0 {
            findings.push(Finding::new("expected a site id from 1 on").at(spec.id.span()));
        }
        if sites.iter().any(|site| site.id == id) {
            findings
                .push(Finding::new(format!("{server} has a site {id} already")).at(spec.id.span()));
        }
        let ports = match spec.ports.get_ref() {
            Ports::Bound => {
                findings.push(
                    Finding::new("expected the ports that this site binds").at(spec.ports.span()),
                );
                Vec::new()
            }
            ports @ Ports::Listed(_) => ports.listed(),
        };
        if ports.is_empty() && matches!(spec.ports.get_ref(), Ports::Listed(_)) {
            findings.push(Finding::new("expected at least one port").at(spec.ports.span()));
        }
        // One finding a site, however long the range that overlaps.
        let mut twice = BTreeMap::new();
        for port in &ports {
            if let Some(other) = bindings.insert(*port, position) {
                twice.entry(other).or_insert(*port);
            }
        }
        for (other, port) in twice {
            let other = sites.get(other).map_or(id, |site: &Site| site.id);
            let message = format!("port {port} is bound by site {other} of {server} already");
            findings.push(Finding::new(message).at(spec.ports.span()));
        }
        let host = spec.host.map(|host| {
            let text = host.get_ref();
            if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
                findings.push(
                    Finding::new("expected a host name such as \"www.example.com\"")
                        .at(host.span()),
                );
            }
            host.into_inner()
        });
        sites.push(Site { id, ports, host });
    }
    (sites, bindings)
}
