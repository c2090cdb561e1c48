//! The rule's numbers on the command line.

use super::failure::Failure;
use clap::Args;
use scanbench_detector::{Exclusions, Rule, Window};
use scanbench_spec::{Source, parse_duration};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// What makes a row, and what is taken out before.
#[derive(Args, Clone, Debug)]
pub(crate) struct RuleArgs {
    /// Exclusion list (TOML); suppressed lines and rows stay counted
    #[arg(long, value_name = "FILE")]
    pub(crate) exclusions: Option<PathBuf>,

    /// Width of a bin, counted from the epoch
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = bin)]
    bin: Duration,

    /// Distinct ports that make a row
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    threshold: u64,

    /// Most values that a set keeps, as in the query; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 128)]
    set_limit: usize,
}

fn bin(text: &str) -> Result<Duration, String> {
    let bin = parse_duration(text)?;
    if bin < Duration::from_secs(1) {
        return Err("a bin is at least 1s wide, the resolution of the log".to_owned());
    }
    Ok(bin)
}

impl RuleArgs {
    /// The rule. A rule that can never fire is refused: it would look like good news.
    pub(crate) fn rule(&self) -> Result<Rule, Failure> {
        let rule = Rule {
            window: Window::Tumbling { width: self.bin },
            threshold: self.threshold,
            set_limit: NonZeroUsize::new(self.set_limit),
            ..Rule::default()
        };
        if !rule.can_fire() {
            return Err(Failure::Input(format!(
                "a threshold of {} can never be reached, since sets are cut at {}; raise --set-limit or give \
                 --set-limit 0",
                self.threshold, self.set_limit
            )));
        }
        Ok(rule)
    }

    /// The exclusion list; an empty one where none is given.
    pub(crate) fn exclusions(&self) -> Result<Exclusions, Failure> {
        match &self.exclusions {
            Some(path) => Ok(Exclusions::from_source(&Source::read(path)?)?),
            None => Ok(Exclusions::default()),
        }
    }
}
