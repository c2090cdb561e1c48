//! A scenario with its seed: the content of its sites, who has which address, and the campaigns.

use crate::address::public_v4;
use crate::content::SiteContent;
use crate::dice::{Dice, Popularity};
use crate::scenario::{Actor, Scenario};
use crate::spec::Client;
use crate::truth::{Class, Kind};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// How much busier the first binding of a server is than the ones behind it.
const BINDING_EXPONENT: f64 = 0.8;

/// Everything that actors look at; it does not change while they act.
#[derive(Debug)]
pub(crate) struct World<'s> {
    scenario: &'s Scenario,
    seed: u64,
    scale: f64,
    servers: Vec<Content>,
    taken: BTreeSet<IpAddr>,
    clients: Vec<Option<IpAddr>>,
    campaigns: Vec<CampaignPlan>,
    first_campaigns: Vec<Option<u32>>,
}

/// The content of one server.
#[derive(Debug)]
struct Content {
    sites: Vec<SiteContent>,
    bindings: Vec<(usize, u16)>,
    popularity: Popularity,
}

/// A campaign before it began.
#[derive(Debug)]
pub(crate) struct CampaignPlan {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) class: Class,
    pub(crate) client: IpAddr,
    /// Position of the server in the scenario.
    pub(crate) server: usize,
}

impl<'s> World<'s> {
    pub(crate) fn new(scenario: &'s Scenario, seed: u64, scale: f64) -> Self {
        let servers = scenario.servers();
        let mut taken: BTreeSet<IpAddr> = servers
            .iter()
            .flat_map(|server| [Some(server.address), server.address_v6])
            .flatten()
            .collect();
        taken.extend(
            scenario
                .actors()
                .iter()
                .filter_map(|actor| match actor.client {
                    Some(Client::Fixed(address)) => Some(address),
                    _ => None,
                }),
        );
        let fixed = taken.clone();
        let clients: Vec<Option<IpAddr>> = scenario
            .actors()
            .iter()
            .map(|actor| {
                Some(match actor.client? {
                    Client::Fixed(address) => address,
                    // Drawn beside the fixed ones only, so that no other actor's draw can move it.
                    Client::Random => public_v4(
                        &mut Dice::new(seed, &["actor", &actor.id, "client"], 0),
                        &fixed,
                    ),
                })
            })
            .collect();
        taken.extend(clients.iter().flatten());
        let mut world = Self {
            scenario,
            seed,
            scale,
            servers: servers
                .iter()
                .map(|server| {
                    let bindings: Vec<(usize, u16)> = server
                        .sites
                        .iter()
                        .enumerate()
                        .flat_map(|(site, checked)| {
                            checked.ports.iter().map(move |port| (site, *port))
                        })
                        .collect();
                    Content {
                        sites: (0..server.sites.len())
                            .map(|site| SiteContent::new(seed, server, site))
                            .collect(),
                        popularity: Popularity::zipf(bindings.len(), BINDING_EXPONENT),
                        bindings,
                    }
                })
                .collect(),
            taken,
            clients,
            campaigns: Vec::new(),
            first_campaigns: Vec::new(),
        };
        for (index, actor) in scenario.actors().iter().enumerate() {
            world.plan(index, actor);
        }
        world
    }

    /// One campaign for each server of an actor that is not background.
    fn plan(&mut self, index: usize, actor: &Actor) {
        let (Some((kind, class)), Some(client)) = (actor.kind.truth(), self.clients[index]) else {
            self.first_campaigns.push(None);
            return;
        };
        self.first_campaigns
            .push(u32::try_from(self.campaigns.len()).ok());
        for server in &actor.servers {
            let id = match actor.servers.as_slice() {
                [_] => actor.id.clone(),
                _ => format!("{}@{}", actor.id, self.scenario.servers()[*server].name),
            };
            self.campaigns.push(CampaignPlan {
                id,
                kind,
                class,
                client,
                server: *server,
            });
        }
    }

    pub(crate) fn scenario(&self) -> &'s Scenario {
        self.scenario
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// How many times the background is that of scale 1.
    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }

    pub(crate) fn campaigns(&self) -> &[CampaignPlan] {
        &self.campaigns
    }

    /// Addresses that no visitor has.
    pub(crate) fn taken(&self) -> &BTreeSet<IpAddr> {
        &self.taken
    }

    /// The address of the actor at this position, where it has one of its own.
    pub(crate) fn client(&self, actor: usize) -> Option<IpAddr> {
        self.clients[actor]
    }

    /// The campaign of an actor on the n-th of its servers.
    pub(crate) fn campaign(&self, actor: usize, nth_server: usize) -> Option<u32> {
        Some(self.first_campaigns[actor]? + u32::try_from(nth_server).ok()?)
    }

    pub(crate) fn site(&self, server: usize, site: usize) -> &SiteContent {
        &self.servers[server].sites[site]
    }

    /// Draws a binding of a server by its popularity: the position of its site, and the port. `None` where the
    /// server has none.
    pub(crate) fn draw_binding(&self, server: usize, dice: &mut Dice) -> Option<(usize, u16)> {
        let content = &self.servers[server];
        content.bindings.get(content.popularity.draw(dice)).copied()
    }
}
