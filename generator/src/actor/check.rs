//! What the file says of actors, checked.

use super::{
    Actor, Kind, backend, device, maintenance, measured, monitoring, nmap, probe, proxy, scan,
    visitors, vulnerability,
};
use crate::inventory::Server;
use crate::scenario::Checker;
use crate::spec::{Client, Common, KindSpec};
use scanbench_spec::Spanned;
use std::ops::Range;

/// What an actor has besides its kind.
struct Traits<'s> {
    client: Option<&'s Spanned<Client>>,
    sources: u32,
    agent: Option<&'s String>,
    path: Option<&'s String>,
}

/// Of many clients none stands in the file.
const CROWD: Traits<'static> = Traits {
    client: None,
    sources: 0,
    agent: None,
    path: None,
};

/// Checks what the file says of one actor; also where its id stands.
pub(crate) fn check_actor(spec: KindSpec, checker: &mut Checker<'_>) -> (Range<usize>, Actor) {
    let alone = |client| Traits {
        client: Some(client),
        sources: 1,
        agent: None,
        path: None,
    };
    match spec {
        KindSpec::Visitors(common, spec) => actor(&common, &CROWD, checker, |_, checker| {
            Kind::Visitors(Box::new(visitors::Visitors::check(&spec, checker)))
        }),
        KindSpec::Measured(common, spec) => actor(&common, &CROWD, checker, |_, checker| {
            let place = common.id.span();
            Kind::Measured(Box::new(measured::Measured::check(&spec, place, checker)))
        }),
        KindSpec::Probe(common, spec) => {
            let traits = Traits {
                agent: spec.agent.as_ref(),
                path: spec.path.as_ref(),
                ..alone(&spec.client)
            };
            actor(&common, &traits, checker, |servers, checker| {
                Kind::Probe(probe::Periodic::check(&spec, servers, checker))
            })
        }
        KindSpec::Scan(common, spec) => {
            let traits = Traits {
                agent: spec.agent.as_ref(),
                sources: spec
                    .sources
                    .as_ref()
                    .map_or(1, |sources| checker.count(Some(sources), 65_536)),
                ..alone(&spec.client)
            };
            actor(&common, &traits, checker, |_, checker| {
                Kind::Scan(scan::Scan::check(&spec, checker))
            })
        }
        KindSpec::Nmap(common, spec) => {
            actor(&common, &alone(&spec.client), checker, |_, checker| {
                Kind::Nmap(nmap::Nmap::check(&spec, checker))
            })
        }
        KindSpec::Vulnerability(common, spec) => actor(
            &common,
            &alone(&spec.client),
            checker,
            |servers, checker| {
                Kind::Vulnerability(vulnerability::Vulnerability::check(&spec, servers, checker))
            },
        ),
        KindSpec::Maintenance(common, spec) => {
            actor(&common, &alone(&spec.client), checker, |_, checker| {
                Kind::Maintenance(maintenance::Maintenance::check(&spec, checker))
            })
        }
        KindSpec::Discovery(common, spec) => {
            actor(&common, &alone(&spec.client), checker, |_, checker| {
                Kind::Discovery(scan::Scan::check_discovery(&spec, checker))
            })
        }
        KindSpec::Backend(common, spec) => {
            let traits = Traits {
                agent: spec.agent.as_ref(),
                ..alone(&spec.client)
            };
            actor(&common, &traits, checker, |servers, checker| {
                Kind::Backend(backend::Backend::check(&spec, servers, checker))
            })
        }
        KindSpec::Proxy(common, spec) => {
            actor(&common, &alone(&spec.client), checker, |_, checker| {
                Kind::Proxy(proxy::Proxy::check(&spec, checker))
            })
        }
        KindSpec::Monitoring(common, spec) => {
            let traits = Traits {
                agent: spec.agent.as_ref(),
                ..alone(&spec.client)
            };
            actor(&common, &traits, checker, |servers, checker| {
                Kind::Monitoring(monitoring::Monitoring::check(&spec, servers, checker))
            })
        }
        KindSpec::Device(common, spec) => {
            let traits = Traits {
                agent: spec.agent.as_ref(),
                ..alone(&spec.client)
            };
            actor(&common, &traits, checker, |_, checker| {
                Kind::Device(device::Device::check(&spec, checker))
            })
        }
    }
}

fn actor(
    common: &Common,
    traits: &Traits<'_>,
    checker: &mut Checker<'_>,
    kind: impl FnOnce(&[usize], &mut Checker<'_>) -> Kind,
) -> (Range<usize>, Actor) {
    let place = common.id.span();
    let id = checker.id(&common.id);
    let servers = checker.servers(common.servers.as_ref());
    let client = traits.client.map(|client| checker.client(client));
    let kind = kind(&servers, checker);
    let actor = Actor {
        id,
        servers,
        client,
        sources: traits.sources,
        agent: traits.agent.cloned(),
        path: traits.path.cloned(),
        kind,
    };
    (place, actor)
}

/// The health probes of what stands in front of a server. Their ids can be nobody else's: they have a blank.
pub(crate) fn front_actors(position: usize, server: &Server) -> Vec<Actor> {
    let Some(front) = &server.front else {
        return Vec::new();
    };
    front
        .addresses
        .iter()
        .enumerate()
        .map(|(number, address)| Actor {
            id: format!("front {} {number}", server.name),
            servers: vec![position],
            client: Some(Client::Fixed(*address)),
            sources: 1,
            agent: Some(front.health_agent.clone()),
            path: Some(front.health_path.clone()),
            kind: Kind::Probe(probe::Periodic::of_front(
                front.health_port,
                front.health_every,
            )),
        })
        .collect()
}
