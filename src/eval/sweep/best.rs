//! The best setting under a budget of alerts, chosen on the tuning half.

use super::{By, Point, Setting, WindowKind};
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::Ordering;

/// Settings that are compared with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
pub struct Family {
    /// What is compared with the threshold.
    pub by: By,
    /// Whether the exclusions are in force.
    pub with_exclusions: bool,
    /// How time is cut.
    pub window: WindowKind,
}

/// The best setting of a family.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Best {
    /// The family.
    pub family: Family,
    /// The setting; `None` where none that keeps to the budget catches any campaign.
    pub setting: Option<Setting>,
}

/// For each family: of the settings that keep to the budget on the tuning half, the one that catches most campaigns
/// there; among equals the one with fewest needless alerts, and then the one nearest to the rule as published.
pub(super) fn choose(points: &[Point], budget: f64) -> Vec<Best> {
    let mut families: Vec<Family> = points.iter().map(|point| family(&point.setting)).collect();
    families.sort_unstable();
    families.dedup();
    families
        .into_iter()
        .map(|of| Best {
            family: of,
            setting: points
                .iter()
                .filter(|point| family(&point.setting) == of && keeps_to(point, budget))
                .min_by(|a, b| better(a, b))
                .map(|point| point.setting),
        })
        .collect()
}

fn family(setting: &Setting) -> Family {
    Family {
        by: setting.by,
        with_exclusions: setting.with_exclusions,
        window: setting.window,
    }
}

fn keeps_to(point: &Point, budget: f64) -> bool {
    let needless = point.tuning.needless_alerts_a_day;
    point.can_fire
        && point.tuning.campaign_recall.hits > 0
        && needless.is_some_and(|needless| needless <= budget)
}

fn better(a: &Point, b: &Point) -> Ordering {
    let needless = |point: &Point| {
        let episodes = point.tuning.episodes;
        episodes.authorised + episodes.benign
    };
    let from_published = |point: &Point| {
        (
            point.setting.bin_seconds.abs_diff(600),
            point.setting.threshold.abs_diff(30),
            point.setting.threshold,
        )
    };
    let caught = |point: &Point| point.tuning.campaign_recall.hits;
    caught(b)
        .cmp(&caught(a))
        .then(needless(a).cmp(&needless(b)))
        .then(from_published(a).cmp(&from_published(b)))
}
