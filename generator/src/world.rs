//! A scenario with its seed: the content of its sites, who has which address, and the campaigns.

use crate::actor::{Kind as ActorKind, ToolAsks, Vocabulary};
use crate::address::{in_network, public_v4};
use crate::agents::Agents;
use crate::content::SiteContent;
use crate::dice::{Dice, Popularity, Stream};
use crate::request::CampaignNumber;
use crate::scenario::{Actor, Scenario};
use crate::spec::Client;
use crate::text::{Piece, Texts};
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
    texts: Texts,
    pub(crate) agents: Agents,
    pub(crate) words: Words,
    pub(crate) asks: ToolAsks,
    servers: Vec<Content>,
    taken: BTreeSet<IpAddr>,
    cast: Vec<Cast>,
    campaigns: Vec<CampaignPlan>,
}

/// Words that most requests need.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) get: Piece,
    pub(crate) post: Piece,
    pub(crate) slash: Piece,
}

/// The content of one server.
#[derive(Debug)]
struct Content {
    sites: Vec<SiteContent>,
    bindings: Vec<(usize, u16)>,
    popularity: Popularity,
}

/// What the world knows of one actor.
#[derive(Debug)]
struct Cast {
    /// The addresses of its own.
    clients: Vec<IpAddr>,
    stream: Stream,
    agent: Option<Piece>,
    path: Option<Piece>,
    vocabulary: Vocabulary,
    first_campaign: Option<u32>,
}

/// A campaign before it began.
#[derive(Debug)]
pub(crate) struct CampaignPlan {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) class: Class,
    pub(crate) clients: Vec<IpAddr>,
    /// Position of the server in the scenario.
    pub(crate) server: usize,
    /// Whether others have the same address.
    pub(crate) shared: bool,
    /// Whether it ever sends a request.
    pub(crate) asks: bool,
}

impl<'s> World<'s> {
    pub(crate) fn new(scenario: &'s Scenario, seed: u64, scale: f64) -> Self {
        let mut texts = Texts::default();
        let mut taken: BTreeSet<IpAddr> = scenario
            .servers()
            .iter()
            .flat_map(|server| {
                let front = server.front.iter().flat_map(|front| front.addresses.iter());
                server.all_addresses().chain(front.copied())
            })
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
        // Drawn beside the fixed ones only, so that no other actor's draw can move them.
        let cast: Vec<Cast> = scenario
            .actors()
            .iter()
            .map(|actor| Cast {
                clients: own_addresses(actor, seed, &taken),
                stream: Stream::new(seed, &["actor", &actor.id]),
                agent: actor.agent.as_ref().map(|agent| texts.add(agent)),
                path: actor.path.as_ref().map(|path| texts.add(path)),
                vocabulary: match &actor.kind {
                    ActorKind::Measured(measured) => {
                        measured.vocabulary(seed, &actor.id, &mut texts)
                    }
                    _ => Vocabulary::default(),
                },
                first_campaign: None,
            })
            .collect();
        taken.extend(cast.iter().flat_map(|cast| cast.clients.iter()));
        let servers = scenario
            .servers()
            .iter()
            .map(|server| {
                let bindings: Vec<(usize, u16)> = server
                    .sites
                    .iter()
                    .enumerate()
                    .flat_map(|(site, checked)| checked.ports.iter().map(move |port| (site, *port)))
                    .collect();
                Content {
                    sites: (0..server.sites.len())
                        .map(|site| SiteContent::new(seed, server, site, &mut texts))
                        .collect(),
                    popularity: Popularity::zipf(bindings.len(), BINDING_EXPONENT),
                    bindings,
                }
            })
            .collect();
        let agents = Agents::new(&mut texts);
        let words = Words {
            get: texts.add("GET"),
            post: texts.add("POST"),
            slash: texts.add("/"),
        };
        let asks = ToolAsks::new(&mut texts);
        let mut world = Self {
            scenario,
            seed,
            scale,
            texts,
            agents,
            words,
            asks,
            servers,
            taken,
            cast,
            campaigns: Vec::new(),
        };
        for (index, actor) in scenario.actors().iter().enumerate() {
            world.plan(index, actor);
        }
        world
    }

    /// One campaign for each server of an actor that is not background.
    fn plan(&mut self, index: usize, actor: &Actor) {
        let Some((kind, class)) = actor.kind.truth() else {
            return;
        };
        self.cast[index].first_campaign = u32::try_from(self.campaigns.len()).ok();
        let clients = match actor.kind.via() {
            Some(address) => vec![address],
            None => self.cast[index].clients.clone(),
        };
        let others = |address: &IpAddr| {
            self.cast
                .iter()
                .enumerate()
                .any(|(other, cast)| other != index && cast.clients.contains(address))
        };
        let shared = actor.kind.via().is_some() || clients.iter().any(others);
        for server in &actor.servers {
            let id = match actor.servers.as_slice() {
                [_] => actor.id.clone(),
                _ => format!("{}@{}", actor.id, self.scenario.servers()[*server].name),
            };
            self.campaigns.push(CampaignPlan {
                id,
                kind,
                class,
                clients: clients.clone(),
                server: *server,
                shared,
                asks: actor.kind.asks(),
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

    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    pub(crate) fn campaigns(&self) -> &[CampaignPlan] {
        &self.campaigns
    }

    /// The campaign of a request, if it belongs to one.
    #[inline]
    pub(crate) fn plan_of(&self, campaign: Option<CampaignNumber>) -> Option<&CampaignPlan> {
        Some(&self.campaigns[campaign?.position() as usize])
    }

    /// The streams of the actor at this position.
    pub(crate) fn stream(&self, actor: usize) -> Stream {
        self.cast[actor].stream
    }

    /// Addresses that no visitor has.
    pub(crate) fn taken(&self) -> &BTreeSet<IpAddr> {
        &self.taken
    }

    /// The addresses of the actor at this position.
    pub(crate) fn clients(&self, actor: usize) -> &[IpAddr] {
        &self.cast[actor].clients
    }

    /// The agent that the scenario says of the actor at this position.
    pub(crate) fn agent(&self, actor: usize) -> Option<Piece> {
        self.cast[actor].agent
    }

    /// The path that the scenario says of the actor at this position.
    pub(crate) fn path(&self, actor: usize) -> Option<Piece> {
        self.cast[actor].path
    }

    /// The paths and agents of a measured actor; of others none.
    pub(crate) fn vocabulary(&self, actor: usize) -> &Vocabulary {
        &self.cast[actor].vocabulary
    }

    /// The campaign of an actor on the n-th of its servers.
    pub(crate) fn campaign(&self, actor: usize, nth_server: usize) -> Option<u32> {
        Some(self.cast[actor].first_campaign? + u32::try_from(nth_server).ok()?)
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

fn own_addresses(actor: &Actor, seed: u64, fixed: &BTreeSet<IpAddr>) -> Vec<IpAddr> {
    let draw = |number: u32| {
        let mut dice = Dice::new(seed, &["actor", &actor.id, "client"], number.into());
        match actor.client? {
            Client::Fixed(address) => Some(address),
            Client::Random => Some(public_v4(&mut dice, fixed)),
            Client::Network(network) => Some(in_network(&mut dice, network, fixed)),
        }
    };
    (0..actor.sources.max(1)).filter_map(draw).collect()
}
