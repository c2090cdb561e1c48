//! Gates on the command line: what a score must hold, beside the promises of the exclusions.

use super::failure::Failure;
use scanbench::eval::{Beside, Bound, Comparison, EarlierReport, Evaluation, Gate, Side};
use scanbench_w3c::visible;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// What must hold.
#[derive(clap::Args)]
#[command(next_help_heading = "Gates")]
pub(crate) struct Gates {
    /// Exit with 1 where the lower end of a metric's 95 % interval is under this
    #[arg(long, value_name = "NAME=NUMBER")]
    fail_under: Vec<Bound>,

    /// Exit with 1 where the upper end is over this; metrics without an interval count by their value
    #[arg(long, value_name = "NAME=NUMBER")]
    fail_over: Vec<Bound>,

    /// Compare campaign by campaign with this report on the same datasets, of another version, rule or exclusion list;
    /// exit with 1 where it is worse by more than chance
    #[arg(long, value_name = "REPORT.JSON")]
    baseline: Option<PathBuf>,
}

impl Gates {
    /// Reads the earlier report, where there is one: before anything long is done.
    pub(crate) fn read(&self) -> Result<Option<EarlierReport>, Failure> {
        let baseline = self.baseline.as_deref();
        baseline
            .map(|path| read_report(path, "report.json"))
            .transpose()
    }

    /// Each gate, held to the scores.
    pub(crate) fn measure(&self, evaluation: &Evaluation) -> Vec<Gate> {
        let under = self.fail_under.iter().map(|bound| (bound, Side::NotUnder));
        let over = self.fail_over.iter().map(|bound| (bound, Side::NotOver));
        let mut gates: Vec<Gate> = under
            .chain(over)
            .map(|(bound, side)| bound.gate(side, evaluation))
            .collect();
        let comparisons = evaluation.comparisons.iter();
        gates.extend(
            comparisons
                .filter(|one| one.beside == Beside::EarlierReport)
                .map(Comparison::gate),
        );
        gates
    }
}

/// Fails where a gate does not hold.
pub(crate) fn hold(gates: &[Gate]) -> Result<(), Failure> {
    let failed: Vec<&str> = gates
        .iter()
        .filter_map(|gate| gate.failed.as_deref())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::Gate(visible(failed.join("; ").as_bytes())))
}

/// Reads an earlier report; `name` is what such a file is called.
pub(crate) fn read_report<R: DeserializeOwned>(path: &Path, name: &str) -> Result<R, Failure> {
    let shown = visible(path.as_os_str().as_encoded_bytes());
    let text = std::fs::read(path)
        .map_err(|error| Failure::Input(format!("cannot read {shown}: {error}")))?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::Input(format!(
            "{shown} is no {name} that this program reads: {error}"
        ))
    })
}

/// Fails where an exclusion's promise does not hold.
pub(crate) fn hold_promises(evaluation: &Evaluation) -> Result<(), Failure> {
    let broken: usize = evaluation
        .exclusions
        .iter()
        .map(|one| one.broken.len())
        .sum();
    if broken == 0 {
        return Ok(());
    }
    Err(Failure::Gate(format!(
        "{broken} promise(s) of exclusions do not hold; see BROKEN PROMISE above"
    )))
}
