//! Alerts against truth. This room sees only [`Alert`] and [`GroundTruth`], so it scores the rows of any engine by
//! the same code.

pub mod baselines;
mod campaigns;
pub mod edge;
mod exclusions;
pub mod intervals;
mod rows;
mod share;
pub mod sweep;
mod truth;

pub use campaigns::CampaignOutcome;
pub use exclusions::{Broken, Effect, ExclusionOutcome};
pub use rows::{RowCounts, RowKey, Verdict};
pub use share::Share;
pub use truth::{GroundTruth, TruthError};

use campaigns::outcomes;
use exclusions::effect;
use rows::Judge;
use scanbench_detector::{Alert, Expectation, Stage};
use serde::Serialize;

/// Version of the shape of [`Evaluation`] in JSON.
pub const SCHEMA_VERSION: u32 = 1;

/// The rows of one detector over one dataset, with and without its exclusions.
#[derive(Clone, Debug)]
pub struct Runs {
    /// Rows of the rule alone.
    pub without: Vec<Alert>,
    /// Rows with all exclusions in force.
    pub with: Vec<Alert>,
    /// Rows with one exclusion in force, for each of them.
    pub alone: Vec<AloneRun>,
}

/// The rows with one exclusion in force.
#[derive(Clone, Debug)]
pub struct AloneRun {
    /// The exclusion's id.
    pub id: String,
    /// Where it acts.
    pub stage: Stage,
    /// Lines that it matches.
    pub lines: u64,
    /// What it promises.
    pub expect: Expectation,
    /// The rows.
    pub rows: Vec<Alert>,
}

/// How good the rows are.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The scenario's name, as its manifest has it.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Lines of the dataset's logs.
    pub lines: u64,
    /// Scores of the rule alone.
    pub without_exclusions: Score,
    /// Scores with all exclusions in force.
    pub with_exclusions: Score,
    /// Every campaign, in the order of the truth.
    pub campaigns: Vec<CampaignOutcome>,
    /// Every exclusion, in the order of its list.
    pub exclusions: Vec<ExclusionOutcome>,
    /// What all exclusions do together.
    pub exclusions_together: Effect,
    /// Rows that the truth expects and the rule alone did not give.
    pub missing_rows: Vec<RowKey>,
    /// Rows that the rule alone gave and the truth does not expect.
    pub unexpected_rows: Vec<RowKey>,
}

/// Scores of one set of rows.
#[derive(Clone, Debug, Serialize)]
pub struct Score {
    /// Rows by what stands behind them.
    pub rows: RowCounts,
    /// Rows with a malicious campaign behind them, of all rows but those of authorised scans, which are neither
    /// right nor wrong.
    pub bin_precision: Share,
    /// Malicious campaigns with at least one row, of all malicious campaigns.
    pub campaign_recall: Share,
}

/// Scores rows against truth.
#[must_use]
pub fn evaluate(truth: &GroundTruth, runs: &Runs) -> Evaluation {
    let judge = Judge::new(truth);
    let score = |rows: &[Alert]| {
        let counts = judge.count(rows);
        Score {
            bin_precision: Share::new(counts.malicious, counts.malicious + counts.false_rows()),
            rows: counts,
            campaign_recall: judge.recall(rows),
        }
    };
    let (missing_rows, unexpected_rows) = judge.agreement(&runs.without);
    Evaluation {
        schema_version: SCHEMA_VERSION,
        scenario: truth.scenario.clone(),
        seed: truth.seed,
        lines: truth.lines,
        without_exclusions: score(&runs.without),
        with_exclusions: score(&runs.with),
        campaigns: outcomes(&judge, runs),
        exclusions: runs
            .alone
            .iter()
            .map(|alone| ExclusionOutcome::new(&judge, &runs.without, alone))
            .collect(),
        exclusions_together: effect(&judge, &runs.without, &runs.with),
        missing_rows,
        unexpected_rows,
    }
}
