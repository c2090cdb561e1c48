//! From the detector to the sweep: which settings there are, and the rows of each from one detection and one census.
//! It stands apart from `eval`, which takes rows and does not know the detector.

use crate::eval::GroundTruth;
use crate::eval::baselines;
use crate::eval::sweep::{By, Setting, Sweeper, WindowKind};
use scanbench_detector::{Census, Detection, Grid, Rule, Selection, Window};
use scanbench_generator::truth::Class;
use std::collections::HashSet;
use std::time::Duration;

/// What is swept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepPlan {
    /// The rule whose window and threshold are swept.
    pub rule: Rule,
    /// Widths.
    pub bins: Vec<Duration>,
    /// Distinct ports that make a row.
    pub thresholds: Vec<u64>,
    /// How time is cut.
    pub windows: Vec<WindowKind>,
    /// Whether there are exclusions, so that each point is measured with and without.
    pub has_exclusions: bool,
}

impl SweepPlan {
    /// The rule of the one detection that has the rows of all points.
    #[must_use]
    pub fn one_rule(&self) -> Rule {
        let widest = self.bins.iter().max().copied().unwrap_or_default();
        let lowest = self.thresholds.iter().min().copied().unwrap_or(1);
        Grid::rule(&self.rule, widest, lowest)
    }

    /// Every setting, each with whether it can fire: those of the rule, and the baselines.
    #[must_use]
    pub fn settings(&self) -> Vec<(Setting, bool)> {
        let mut settings = Vec::new();
        for width in &self.bins {
            let setting = |by, with_exclusions, window, threshold| Setting {
                by,
                with_exclusions,
                window,
                bin_seconds: width.as_secs(),
                threshold,
            };
            for window in &self.windows {
                for with_exclusions in self.variants() {
                    for threshold in &self.thresholds {
                        let rule = Rule {
                            threshold: *threshold,
                            ..self.rule.clone()
                        };
                        let one = setting(By::Ports, with_exclusions, *window, *threshold);
                        settings.push((one, rule.can_fire()));
                    }
                }
            }
            for (by, thresholds) in [
                (By::Requests, &baselines::REQUESTS[..]),
                (By::NotFound, &baselines::NOT_FOUND_PERCENT[..]),
            ] {
                let tumbling =
                    |threshold: &u64| setting(by, false, WindowKind::Tumbling, *threshold);
                settings.extend(
                    thresholds
                        .iter()
                        .map(|threshold| (tumbling(threshold), true)),
                );
            }
        }
        settings
    }

    fn variants(&self) -> impl Iterator<Item = bool> + use<> {
        std::iter::once(false).chain(self.has_exclusions.then_some(true))
    }

    /// Adds the rows of every setting on one dataset. The detection is one under [`SweepPlan::one_rule`], and the census
    /// has the plan's widths, and lists what [`watched`] asks for and what baselines need.
    ///
    /// Gives whether the detection was such a one; else nothing is added.
    #[must_use]
    pub fn add(
        &self,
        sweeper: &mut Sweeper,
        truth: &GroundTruth,
        detection: Detection,
        census: &Census,
    ) -> bool {
        if *detection.rule() != self.one_rule() {
            return false;
        }
        let Some(grid) = Grid::new(detection) else {
            return false;
        };
        let scorer = sweeper.begin(truth, census, &self.bins);
        // Settings stand in the order of `settings`: bins, windows, with and without exclusions, thresholds.
        let mut number = 0;
        for (width, bins) in self.bins.iter().zip(&census.widths) {
            for kind in &self.windows {
                for with_exclusions in self.variants() {
                    let selection = if with_exclusions {
                        Selection::All
                    } else {
                        Selection::None
                    };
                    let series = grid.series(&window(*kind, *width), &selection);
                    for threshold in &self.thresholds {
                        let rows = series.as_ref().map(|series| series.rows(*threshold));
                        let rows = rows.unwrap_or_default();
                        sweeper.add(number, &scorer, grid.keys(), &rows);
                        number += 1;
                    }
                }
            }
            while let Some((setting, _)) = sweeper.settings().get(number).copied()
                && setting.by != By::Ports
            {
                let rows = baselines::rows(bins, setting.by, setting.threshold);
                sweeper.add(number, &scorer, &census.keys, &rows);
                number += 1;
            }
        }
        let published = Rule::default();
        if let Window::Tumbling { width } = published.window
            && self.bins.contains(&width)
            && self.thresholds.contains(&published.threshold)
        {
            let rows = grid.crossings(width, published.threshold, &Selection::None);
            sweeper.add_schedule(&scorer, grid.keys(), width, &rows);
        }
        true
    }
}

/// The clients whose bins the census must list one by one: of attacks and of allowed scans, since their bins are not
/// benign.
#[must_use]
pub fn watched(truth: &GroundTruth) -> HashSet<String> {
    truth
        .campaigns
        .iter()
        .filter(|campaign| campaign.class != Class::LookAlike)
        .flat_map(|campaign| &campaign.clients)
        .map(ToString::to_string)
        .collect()
}

fn window(kind: WindowKind, width: Duration) -> Window {
    match (kind, kind.step(width)) {
        (WindowKind::Hopping, Some(step)) => Window::Hopping { width, step },
        (WindowKind::Sliding, _) => Window::Sliding { width },
        _ => Window::Tumbling { width },
    }
}
