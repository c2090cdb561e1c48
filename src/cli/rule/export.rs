//! `rule export`: the rule and its exclusions for another engine.

use crate::cli::embedded;
use crate::cli::failure::Failure;
use crate::cli::rule_args::RuleArgs;
use clap::ValueEnum;
use scanbench_detector::{RuleTarget, export_rule};
use scanbench_spec::{Finding, Findings, Source};
use std::io::{self, Write};

/// Write the rule, with exclusions, for another engine
///
/// Rows have the columns of the rule's query, under their names. A header says what it is and where the engine differs.
/// What the target cannot say is an error, and then nothing is written.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench rule export --to kql --exclusions exclusions.toml
  scanbench rule export --to spark-sql --bin 5m --threshold 20 > rule.sql
  scanbench rule export --to sigma --rule HighPortCountByClientIP.yaml

kql and the three kinds of SQL read a table W3CIISLog, and give the rows that `detect` gives.
Exit codes: 0 written, 2 bad input or arguments, 3 bad rule or exclusion file, or one that the target cannot say")]
pub(crate) struct Args {
    /// The target
    #[arg(long, value_name = "TARGET")]
    to: TargetArg,

    #[command(flatten)]
    rule: RuleArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum TargetArg {
    Kql,
    SentinelYaml,
    Sigma,
    SparkSql,
    DuckdbSql,
    ClickhouseSql,
}

impl From<TargetArg> for RuleTarget {
    fn from(target: TargetArg) -> Self {
        match target {
            TargetArg::Kql => Self::Kql,
            TargetArg::SentinelYaml => Self::SentinelYaml,
            TargetArg::Sigma => Self::Sigma,
            TargetArg::SparkSql => Self::SparkSql,
            TargetArg::DuckdbSql => Self::DuckDbSql,
            TargetArg::ClickhouseSql => Self::ClickHouseSql,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let (rule, exclusions) = (args.rule.rule()?, args.rule.exclusions()?);
    let text =
        export_rule(&rule, &exclusions, args.to.into()).map_err(|findings| told(args, findings))?;
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// Places are those of the exclusion list, where it is all that was read.
fn told(args: &Args, findings: Vec<Finding>) -> Failure {
    let source = match (&args.rule.exclusions, args.rule.is_from_file()) {
        (Some(name), false) => embedded::exclusions(name).ok(),
        _ => None,
    };
    if let Some(source) = source {
        return Findings::new(&source, findings).into();
    }
    let placeless = findings.into_iter().map(|finding| Finding {
        span: None,
        ..finding
    });
    Findings::new(&Source::new("the rule", ""), placeless.collect()).into()
}
