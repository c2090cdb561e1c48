//! Alerts against truth. This room sees only [`Alert`] and [`GroundTruth`], so it scores the rows of any engine by
//! the same code.

pub mod baselines;
mod bins;
mod campaigns;
mod delays;
mod differences;
pub mod edge;
mod exclusions;
mod gates;
mod intervals;
#[cfg(test)]
mod made;
mod paired;
mod reach;
mod rows;
mod scores;
mod shapley;
mod share;
mod suggest;
pub mod sweep;
mod truth;
mod units;
mod worth;

pub use baselines::{Baseline, BaselineScore};
pub use bins::{AtBaseRate, BASE_RATES, BinScore, Bins};
pub use campaigns::CampaignOutcome;
pub use delays::{Delays, Spread};
pub use differences::{Difference, Differences, How};
pub use exclusions::{Attribution, Broken, Effect, ExclusionOutcome};
pub use gates::{Bound, Gate, Side};
pub use intervals::{Interval, Method, interval};
pub use paired::{Beside, Comparison, DrawnInterval, EarlierReport, Paired};
pub use reach::{Keys, Near, Reach};
pub use rows::{RowCounts, RowKey, Verdict};
pub use scores::{KindScore, Score};
pub use share::Share;
pub use suggest::{MOST_ADDRESSES, Periodic, Suggester, Suggestion, port_text};
pub use truth::{GroundTruth, TruthError};
pub use worth::Worth;

use campaigns::outcomes;
use exclusions::Ledger;
use rows::Judge;
use scanbench_detector::{Alert, Expectation, Stage, Window};
use scanbench_w3c::Timestamp;
use schemars::JsonSchema;
use scores::{Scored, Scores};
use serde::Serialize;
use std::collections::BTreeMap;
use units::Units;

/// Version of the shape of [`Evaluation`] in JSON.
pub const SCHEMA_VERSION: u32 = 4;

/// What any set of exclusions leaves of the rows of a rule.
pub trait Coalition {
    /// The exclusions that match lines of a row, by their place in the list; those that do the same to the row under
    /// all circumstances stand together.
    fn matching(&self, row: usize) -> &[Vec<usize>];

    /// Whether something of a row is left where these exclusions are in force. More exclusions never leave more.
    fn is_left(&self, row: usize, in_force: &dyn Fn(usize) -> bool) -> bool;
}

/// No exclusions: all rows are left.
impl Coalition for () {
    fn matching(&self, _: usize) -> &[Vec<usize>] {
        &[]
    }

    fn is_left(&self, _: usize, _: &dyn Fn(usize) -> bool) -> bool {
        true
    }
}

/// An exclusion of a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Where it acts.
    pub stage: Stage,
    /// Lines that it matches.
    pub lines: u64,
    /// What it promises.
    pub expect: Expectation,
}

/// Who a rule says it is, where it was taken over from a file.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct NamedRule {
    /// Its id, a GUID.
    pub id: Option<String>,
    /// Its title.
    pub name: Option<String>,
    /// `Informational`, `Low`, `Medium` or `High`.
    pub severity: Option<String>,
    /// Tactics of MITRE ATT&CK, such as `InitialAccess`.
    pub tactics: Vec<String>,
    /// Techniques of MITRE ATT&CK, such as `T1190`.
    pub techniques: Vec<String>,
}

/// The rows of one engine over one dataset, with and without its exclusions.
pub struct Runs<'r> {
    /// How time was cut.
    pub window: Window,
    /// Whether the rows are those of the rule as published, on which the truth says where it must fire.
    pub is_published_rule: bool,
    /// Who the rule says it is.
    pub rule: Option<NamedRule>,
    /// Rows of the rule alone.
    pub without: Vec<Alert>,
    /// Rows with all exclusions in force.
    pub with: Vec<Alert>,
    /// The exclusions, in the order of their list.
    pub exclusions: Vec<Listed>,
    /// For the rows of the rule alone, and for those with all exclusions: when the line came with which the row reached
    /// the threshold. Empty where nobody looked.
    pub reached: [Reached; 2],
    /// How many keys there are, where somebody counted.
    pub keys: Option<Keys>,
    /// What sets of them leave of the rows of the rule alone.
    pub coalition: Box<dyn Coalition + 'r>,
}

/// The moments at which rows reached the threshold.
pub type Reached = BTreeMap<RowKey, Timestamp>;

/// A dataset that was scored.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Dataset {
    /// The scenario's name, as its manifest has it.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Lines of its logs.
    pub lines: u64,
}

/// How good the rows are.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct Evaluation {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who the rule says it is; `null` where it was not taken over from a file.
    pub rule: Option<NamedRule>,
    /// The datasets, in the order in which they were given.
    pub datasets: Vec<Dataset>,
    /// Which keys could be fired on at all.
    pub reach: Reach,
    /// Scores of the rule alone.
    pub without_exclusions: Score,
    /// Scores with all exclusions in force.
    pub with_exclusions: Score,
    /// Scores of detectors that look at no port, beside the rule alone.
    pub baselines: Vec<BaselineScore>,
    /// Every campaign, in the order of the truth.
    pub campaigns: Vec<CampaignOutcome>,
    /// Every exclusion, in the order of its list.
    pub exclusions: Vec<ExclusionOutcome>,
    /// What all exclusions do together.
    pub exclusions_together: Effect,
    /// How the rows of the rule alone agree with the truth; `None` where the rule is not the published one, of which
    /// alone the truth says where it must fire.
    pub agreement: Option<Agreement>,
    /// Where the rows of another engine differ from ours; `null` where they do not, or none were given.
    pub differences: Option<Differences>,
    /// These rows beside others on the same campaigns: those of our detector, where the rows are another engine's, and
    /// those of an earlier report, where one was given.
    pub comparisons: Vec<Comparison>,
}

impl Evaluation {
    /// The scores of what is in force: those with exclusions, where there are any.
    #[must_use]
    pub fn in_force(&self) -> &Score {
        if self.exclusions.is_empty() {
            &self.without_exclusions
        } else {
            &self.with_exclusions
        }
    }

    /// The campaign's id, with its dataset where there are several.
    #[must_use]
    pub fn campaign_name(&self, campaign: &CampaignOutcome) -> String {
        name(&self.datasets, campaign.dataset, &campaign.id)
    }
}

fn name(datasets: &[Dataset], dataset: usize, id: &str) -> String {
    match datasets.get(dataset) {
        Some(one) if datasets.len() > 1 => format!("{id} ({}, seed {})", one.scenario, one.seed),
        _ => id.to_owned(),
    }
}

/// How rows agree with what the truth says of the published rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Agreement {
    /// Rows that the truth expects and the rule alone did not give.
    pub missing_rows: Vec<RowKey>,
    /// Rows that the rule alone gave and the truth does not expect.
    pub unexpected_rows: Vec<RowKey>,
}

/// Scores datasets one after the other, and adds them up.
#[derive(Debug, Default)]
pub struct Evaluator {
    rule: Option<NamedRule>,
    datasets: Vec<Dataset>,
    without: Scores,
    with: Scores,
    baselines: Vec<(Baseline, Scores)>,
    campaigns: Vec<CampaignOutcome>,
    ledger: Ledger,
    reach: Option<Reach>,
    /// Of the last dataset.
    last_keys: Option<Keys>,
    agreement: Option<Agreement>,
    differences: Option<Differences>,
}

impl Evaluator {
    /// Scores the rows of one dataset. The exclusions must be the same ones for all datasets.
    pub fn add(&mut self, truth: &GroundTruth, runs: &Runs<'_>) {
        self.add_part(truth, runs, &|_| true);
    }

    /// Scores those of the rows that are wanted, such as those of a part of its time.
    pub fn add_part(
        &mut self,
        truth: &GroundTruth,
        runs: &Runs<'_>,
        wanted: &dyn Fn(&Alert) -> bool,
    ) {
        let dataset = self.datasets.len();
        self.datasets.push(Dataset {
            scenario: truth.scenario.clone(),
            seed: truth.seed,
            lines: truth.lines,
        });
        self.rule.clone_from(&runs.rule);
        let judge = Judge::new(truth);
        let units = |alerts: &[Alert]| Units::new(&judge, alerts, &runs.window, wanted);
        let (without, with) = (units(&runs.without), units(&runs.with));
        let [reached_without, reached_with] = &runs.reached;
        for (scores, alerts, units, reached) in [
            (&mut self.without, &runs.without, &without, reached_without),
            (&mut self.with, &runs.with, &with, reached_with),
        ] {
            scores.add(&Scored {
                dataset,
                judge: &judge,
                alerts,
                window: &runs.window,
                units,
                reached,
                keys: runs.keys.map(|keys| keys.all),
            });
        }
        self.last_keys = runs.keys;
        let reach = Reach::of(&judge, runs.keys);
        match &mut self.reach {
            Some(sum) => sum.add(&reach),
            None => self.reach = Some(reach),
        }
        let coalition = runs.coalition.as_ref();
        let hidden_by = self
            .ledger
            .enter(dataset, &judge, &without, &runs.exclusions, coalition);
        self.campaigns
            .extend(outcomes(dataset, &judge, &without, &with, hidden_by));
        if runs.is_published_rule {
            let agreement = self.agreement.get_or_insert_default();
            let (missing, unexpected) = judge.agreement(&runs.without);
            agreement.missing_rows.extend(missing);
            agreement.unexpected_rows.extend(unexpected);
        }
    }

    /// Adds where another engine's rows differ from ours.
    pub fn add_differences(&mut self, found: Differences) {
        self.differences.get_or_insert_default().add(found);
    }

    /// Scores the rows of a baseline on the dataset that was added last.
    pub fn add_baseline(&mut self, truth: &GroundTruth, baseline: Baseline, rows: &[Alert]) {
        let dataset = self.datasets.len().saturating_sub(1);
        let judge = Judge::new(truth);
        let units = Units::new(&judge, rows, &baseline.window(), &|_| true);
        let place = self.baselines.iter().position(|(one, _)| *one == baseline);
        let scores = match place {
            Some(place) => &mut self.baselines[place].1,
            None => &mut self.baselines.push_mut((baseline, Scores::default())).1,
        };
        scores.add(&Scored {
            dataset,
            judge: &judge,
            alerts: rows,
            window: &baseline.window(),
            units: &units,
            reached: &Reached::new(),
            keys: self.last_keys.map(|keys| keys.all),
        });
    }

    /// The sum of all.
    #[must_use]
    pub fn finish(self) -> Evaluation {
        let datasets = self.datasets;
        let (exclusions, exclusions_together) = self
            .ledger
            .finish(&|(dataset, id)| name(&datasets, *dataset, id));
        Evaluation {
            schema_version: SCHEMA_VERSION,
            rule: self.rule,
            reach: self.reach.unwrap_or_default(),
            without_exclusions: self.without.finish(),
            with_exclusions: self.with.finish(),
            baselines: self
                .baselines
                .into_iter()
                .map(|(baseline, scores)| BaselineScore {
                    baseline,
                    score: scores.finish(),
                })
                .collect(),
            campaigns: self.campaigns,
            exclusions,
            exclusions_together,
            agreement: self.agreement,
            differences: self.differences,
            comparisons: Vec::new(),
            datasets,
        }
    }
}

/// Scores the rows of one dataset.
#[must_use]
pub fn evaluate(truth: &GroundTruth, runs: &Runs<'_>) -> Evaluation {
    let mut evaluator = Evaluator::default();
    evaluator.add(truth, runs);
    evaluator.finish()
}

#[cfg(test)]
mod tests;
