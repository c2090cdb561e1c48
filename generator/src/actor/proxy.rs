//! Look-alike: a reverse proxy. Its visitors are many and each keeps to one site, but the server sees one client.

use super::session::{Style, Visitor};
use super::{Player, arrivals};
use crate::agents::BROWSERS;
use crate::dice::Dice;
use crate::request::{Block, Output};
use crate::scenario::Checker;
use crate::spec::{Hours, ProxySpec};

/// A reverse proxy, checked.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    per_day: f64,
    hours: Hours,
    style: Style,
}

impl Proxy {
    pub(super) fn check(spec: &ProxySpec, _servers: &[usize], checker: &mut Checker<'_>) -> Self {
        Self {
            per_day: checker.positive(&spec.sessions_per_day, 1e9),
            hours: spec.hours.unwrap_or_default(),
            style: Style {
                pages: checker.mean(spec.pages_per_session.as_ref(), 4.0),
                // It keeps most objects itself.
                objects: checker.mean(spec.objects_per_page.as_ref(), 2.0),
                think: spec
                    .think_time
                    .as_ref()
                    .map_or(12_000, |value| checker.span(value)),
            },
        }
    }

    pub(super) fn act<'w>(
        &self,
        player: &Player<'w>,
        block: Block,
        dice: &mut Dice,
        out: &mut Output<'w>,
    ) {
        for start in arrivals(block, self.hours.mean_gap(self.per_day, block), dice) {
            let Some(place) = player.draw_place(dice) else {
                return;
            };
            let visitor = Visitor {
                address: player.client(),
                agent: dice.pick(&BROWSERS),
                returning: dice.chance(0.3),
                cookie: dice.odd(),
            };
            self.style.visit(player, visitor, place, start, dice, out);
        }
    }
}
