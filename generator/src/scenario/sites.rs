//! Sites as written into sites that can be: each binding once.

use super::check::within;
use crate::inventory::{Bound, Site};
use crate::spec::{Ports, SiteSpec};
use scanbench_spec::{Finding, Spanned};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The sites of a server and what answers on its ports.
#[derive(Default)]
pub(super) struct Sites {
    pub(super) all: Vec<Site>,
    pub(super) bindings: BTreeMap<u16, Bound>,
    pub(super) named: BTreeSet<u16>,
}

/// A binding as written.
struct Binding {
    address: Option<u8>,
    port: u16,
    host: Option<String>,
}

pub(super) fn check_sites(
    server: &str,
    addresses: &[IpAddr],
    specs: Vec<Spanned<SiteSpec>>,
    findings: &mut Vec<Finding>,
) -> Sites {
    let mut checked = Sites::default();
    for (position, spec) in specs.into_iter().map(Spanned::into_inner).enumerate() {
        let id = *spec.id.get_ref();
        if id == 0 {
            findings.push(Finding::new("expected a site id from 1 on").at(spec.id.span()));
        }
        if checked.all.iter().any(|site| site.id == id) {
            findings
                .push(Finding::new(format!("{server} has a site {id} already")).at(spec.id.span()));
        }
        let mut ports = check_ports(&spec, findings);
        let place = spec.ports.as_ref().map_or(spec.id.span(), Spanned::span);
        // One finding a site, however long the range that overlaps.
        let mut twice = BTreeMap::new();
        for port in &ports {
            let bound = Bound {
                site: position,
                address: None,
            };
            if let Some(other) = checked.bindings.insert(*port, bound) {
                twice.entry(other.site).or_insert(*port);
            }
        }
        for (other, port) in twice {
            let other = checked.all.get(other).map_or(id, |site| site.id);
            let message = format!("port {port} is bound by site {other} of {server} already");
            findings.push(Finding::new(message).at(place.clone()));
        }
        let mut bound_host = None;
        for written in spec.bindings.iter().flatten() {
            match parse_binding(written.get_ref(), addresses) {
                Ok(binding) => {
                    checked.bind(&binding, position, written, findings);
                    ports.push(binding.port);
                    bound_host = bound_host.or(binding.host);
                }
                Err(message) => findings.push(Finding::new(message).at(written.span())),
            }
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
        checked.all.push(Site {
            id,
            ports,
            host: host.or(bound_host),
            authentication: spec.authentication.unwrap_or_default(),
            pages: check_pages(spec.pages.as_ref(), findings),
            popularity: within(
                "an exponent",
                (0.0, 4.0),
                spec.popularity.as_ref(),
                0.9,
                findings,
            ),
        });
    }
    let bindings = &checked.bindings;
    checked.named.retain(|port| !bindings.contains_key(port));
    checked
}

impl Sites {
    fn bind(
        &mut self,
        binding: &Binding,
        site: usize,
        written: &Spanned<String>,
        findings: &mut Vec<Finding>,
    ) {
        if binding.host.is_some() {
            self.named.insert(binding.port);
            return;
        }
        let bound = Bound {
            site,
            address: binding.address,
        };
        if self.bindings.insert(binding.port, bound).is_some() {
            findings.push(
                Finding::new(format!("port {} is bound already", binding.port))
                    .at(written.span())
                    .help("several sites may share a port when each has a host name behind it"),
            );
        }
    }
}

/// A site has a page at least, and no more than memory can hold.
fn check_pages(said: Option<&Spanned<u32>>, findings: &mut Vec<Finding>) -> Option<u32> {
    let said = said?;
    let pages = *said.get_ref();
    if !(1..=100_000).contains(&pages) {
        findings.push(
            Finding::new(format!("expected 1 to 100000 pages, found {pages}")).at(said.span()),
        );
    }
    Some(pages.clamp(1, 100_000))
}

fn check_ports(spec: &SiteSpec, findings: &mut Vec<Finding>) -> Vec<u16> {
    let Some(said) = &spec.ports else {
        if spec.bindings.as_ref().is_none_or(Vec::is_empty) {
            findings.push(
                Finding::new("expected `ports` or `bindings` of this site").at(spec.id.span()),
            );
        }
        return Vec::new();
    };
    let ports = match said.get_ref() {
        Ports::Bound => {
            findings.push(Finding::new("expected the ports that this site binds").at(said.span()));
            return Vec::new();
        }
        ports @ Ports::Listed(_) => ports.listed(),
    };
    if ports.is_empty() {
        findings.push(Finding::new("expected at least one port").at(said.span()));
    }
    ports
}

/// `IP:port:host`; an IPv6 address stands in brackets.
fn parse_binding(text: &str, addresses: &[IpAddr]) -> Result<Binding, String> {
    let wrong = || {
        format!(
            "expected a binding such as \"*:8080:\" or \"10.1.0.20:443:www.example.com\", found \"{text}\""
        )
    };
    let (rest, host) = text.rsplit_once(':').ok_or_else(wrong)?;
    let (address, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
    let port = port
        .parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(wrong)?;
    let address = match address {
        "*" | "" => None,
        address => {
            let trimmed = address.trim_start_matches('[').trim_end_matches(']');
            let parsed: IpAddr = trimmed.parse().map_err(|_| wrong())?;
            let position = addresses
                .iter()
                .position(|known| *known == parsed)
                .ok_or_else(|| format!("{parsed} is no address of this server"))?;
            u8::try_from(position).ok()
        }
    };
    if !host.chars().all(|c| c.is_ascii_graphic()) {
        return Err(wrong());
    }
    Ok(Binding {
        address,
        port,
        host: (!host.is_empty()).then(|| host.to_owned()),
    })
}
