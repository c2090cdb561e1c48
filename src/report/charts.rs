//! Pictures of a scored dataset, as SVG: the same for the HTML report and for slides. Each is drawn twice, for a
//! screen or a slide and for a phone, since text that shrinks with its picture cannot be read.

pub(super) mod curve;
pub(super) mod distances;
pub(super) mod edge;
mod firing;
pub(super) mod heat;
mod ledger;
pub(crate) mod palette;
mod ports;
pub(super) mod shares;
mod sheet;
mod timeline;

use super::scene::Scene;
use crate::eval::sweep::Sweep;
use curve::Plane;

pub(super) use firing::draw as firing;
pub(super) use ports::{MOST_LANES as MOST_DOTTED, near};
pub(super) use timeline::{MOST_LANES, MOST_ROWS};

/// For what width a picture is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A screen, paper or a slide: 960 units.
    Wide,
    /// A phone: 360 units, with labels above what they name.
    Narrow,
}

impl Layout {
    fn width(self) -> f32 {
        match self {
            Self::Wide => 960.0,
            Self::Narrow => 360.0,
        }
    }

    /// `wide` or `narrow`, whichever this is.
    fn pick<T>(self, wide: T, narrow: T) -> T {
        match self {
            Self::Wide => wide,
            Self::Narrow => narrow,
        }
    }
}

/// A picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// Campaigns and rows in time, by server.
    Timeline,
    /// What each exclusion removes and hides.
    Ledger,
    /// Distinct ports of each campaign's windows beside the threshold.
    Ports,
    /// What the edge of a bin hides of evenly paced scans, by the closed form.
    Edge,
}

impl Chart {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 4] = [Self::Timeline, Self::Ledger, Self::Ports, Self::Edge];

    /// The name of its file, without the ending.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeline => "timeline",
            Self::Ledger => "exclusions",
            Self::Ports => "ports",
            Self::Edge => "bin-edge",
        }
    }

    /// What it shows, in a line.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Timeline => "Campaigns and rows in time, by server",
            Self::Ledger => "What each exclusion removes, and what it hides",
            Self::Ports => "Distinct ports of each campaign's windows beside the threshold",
            Self::Edge => "Which slow scans the edge of a bin hides",
        }
    }

    /// Draws it; `None` where there is nothing to draw.
    #[must_use]
    pub fn svg(self, scene: &Scene<'_>, layout: Layout) -> Option<String> {
        match self {
            Self::Timeline => timeline::draw(scene, layout),
            Self::Ledger => ledger::draw(scene, layout),
            Self::Ports => ports::draw(scene, layout),
            Self::Edge => edge::draw(&scene.edge()?, layout),
        }
    }
}

/// The pictures of a comparison with a real log, for slides: names of files, without the ending, and what they hold.
#[must_use]
pub fn of_comparison(
    comparison: &crate::realism::compare::Comparison,
) -> Vec<(&'static str, String)> {
    let all = distances::draw(comparison, Layout::Wide);
    let each = comparison.properties.iter();
    [(distances::NAME, all)]
        .into_iter()
        .chain(each.map(|one| (shares::name(one.property), shares::draw(one, Layout::Wide))))
        .filter_map(|(name, svg)| Some((name, svg?)))
        .collect()
}

/// The pictures of a sweep, for slides: names of files, without the ending, and what they hold.
#[must_use]
pub fn of_sweep(sweep: &Sweep) -> Vec<(&'static str, String)> {
    let curves = Plane::ALL.map(|plane| (plane.name(), curve::draw(sweep, plane, Layout::Wide)));
    let heat = (heat::NAME, heat::draw(sweep, Layout::Wide));
    curves
        .into_iter()
        .chain([heat])
        .filter_map(|(name, svg)| Some((name, svg?)))
        .collect()
}

#[cfg(test)]
mod tests;
