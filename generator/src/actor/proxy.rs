//! Look-alike: a reverse proxy. Its visitors are many and each keeps to one site, but the server sees one client.

use super::hours::Rhythm;
use super::session::{Style, Visitor};
use super::{Player, Who, arrivals};
use crate::address::public_v4;
use crate::dice::Dice;
use crate::request::{Block, Output};
use crate::scenario::Checker;
use crate::spec::ProxySpec;
use std::net::IpAddr;

/// A reverse proxy, checked.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    rhythm: Rhythm,
    style: Style,
}

impl Proxy {
    pub(super) fn check(spec: &ProxySpec, checker: &mut Checker<'_>) -> Self {
        Self {
            rhythm: Rhythm {
                per_day: checker.positive(&spec.sessions_per_day, 1e9),
                hours: spec.hours.unwrap_or_default(),
                weekend: spec.hours.unwrap_or_default().weekend(),
                offset: 0,
            },
            style: Style::new(
                checker.mean(spec.pages_per_session.as_ref(), 4.0),
                // It keeps most objects itself.
                checker.mean(spec.objects_per_page.as_ref(), 2.0),
                spec.think_time
                    .as_ref()
                    .map_or(12_000, |value| checker.span(value)),
            ),
        }
    }

    /// How a visit goes.
    pub(super) fn style(&self) -> Style {
        self.style
    }

    pub(super) fn act(&self, player: &Player<'_>, block: Block, dice: &mut Dice, out: &mut Output) {
        for start in arrivals(block, self.rhythm.mean_gap(1.0, block), dice) {
            let Some(place) = player.draw_place(dice) else {
                return;
            };
            let visitor = Visitor {
                who: forwarded(player, dice),
                agent: dice.pick_of(&player.world.agents.browsers),
                returning: dice.chance(0.3),
                revalidate: 0.5,
                cookie: dice.any() | 1,
                user: player.user(place, dice.any()),
            };
            self.style.visit(player, visitor, place, start, dice, out);
        }
    }
}

/// The proxy, with the address of the visitor behind it.
fn forwarded(player: &Player<'_>, dice: &mut Dice) -> Who {
    let forwarded = match public_v4(dice, player.world.taken()) {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(_) => 0,
    };
    Who {
        client: player.client().into(),
        forwarded,
    }
}
