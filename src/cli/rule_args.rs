//! The rule's numbers on the command line.

use super::embedded;
use super::failure::Failure;
use super::messages::tell;
use clap::{Args, ValueEnum};
use scanbench_detector::{
    ClientSource, Count, Exclusions, GroupBy, ImportedRule, IpNet, Rule, Schedule, Window,
    import_rule,
};
use scanbench_spec::{Findings, Source, parse_duration, parse_size};
use scanbench_w3c::Timestamp;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What makes a row, and what is taken out before.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Rule")]
pub(crate) struct RuleArgs {
    /// A Sentinel analytics rule (YAML), or its query (KQL), in place of the options below; its `where`s are exclusions
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["window", "bin", "step", "gap", "threshold", "set_limit", "group_by", "count", "schedule", "period"]
    )]
    rule: Option<PathBuf>,

    /// Exclusion list, or the name of a built-in one; suppressed lines and rows stay counted
    #[arg(long, value_name = "FILE")]
    pub(crate) exclusions: Option<String>,

    /// How time is cut: tumbling is the rule's own
    #[arg(long, value_name = "KIND", default_value = "tumbling")]
    window: WindowArg,

    /// Width of a bin or window
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = width)]
    bin: Duration,

    /// From one hopping window to the next
    #[arg(long, value_name = "DURATION", value_parser = width)]
    step: Option<Duration>,

    /// The longest gap inside a session
    ///
    /// A session takes memory by its client's distinct values, up to the threshold, and its lines are read again where
    /// it makes a row; packed logs are unpacked twice for that. Of tables and standard input every line is kept while
    /// its session goes on, unless --max-memory is given.
    #[arg(long, value_name = "DURATION", value_parser = width)]
    gap: Option<Duration>,

    /// Distinct values that make a row
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    threshold: u64,

    /// Most values that a set keeps, as in the query; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 128)]
    set_limit: usize,

    /// What lines must share to be counted together; leave one out to find scans that are spread over it
    #[arg(
        long,
        value_name = "KEYS",
        value_delimiter = ',',
        default_value = "c-ip,computer,s-ip"
    )]
    group_by: Vec<KeyArg>,

    /// The field whose distinct values count
    #[arg(long, value_name = "FIELD", default_value = "s-port")]
    count: CountArg,

    /// Run as a scheduled rule does: every DURATION, from --start on, each run over its own --period
    #[arg(long, value_name = "DURATION", value_parser = width, requires = "start")]
    schedule: Option<Duration>,

    /// How far a run looks back [default: as far as --schedule]
    #[arg(long, value_name = "DURATION", value_parser = width, requires = "schedule")]
    period: Option<Duration>,

    /// The first run, such as 2026-11-02T00:05:00Z
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,

    /// Take the client from this field where c-ip is a trusted proxy
    #[arg(long, value_name = "FIELD", requires = "trusted_proxy")]
    client_field: Option<String>,

    /// A proxy whose --client-field is believed
    #[arg(long, value_name = "CIDR", requires = "client_field", value_parser = network)]
    trusted_proxy: Vec<IpNet>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WindowArg {
    Tumbling,
    Hopping,
    Sliding,
    Session,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KeyArg {
    CIp,
    Computer,
    SIp,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CountArg {
    SPort,
    CsHost,
    CsUriStem,
}

fn width(text: &str) -> Result<Duration, String> {
    let width = parse_duration(text)?;
    if width < Duration::from_secs(1) {
        return Err("expected at least 1s, the resolution of the log".to_owned());
    }
    Ok(width)
}

/// An amount of memory that is enough to work in.
pub(super) fn memory(text: &str) -> Result<u64, String> {
    const LEAST: u64 = 16 << 20;
    let bytes = parse_size(text)?;
    if bytes < LEAST {
        return Err("expected at least 16M".to_owned());
    }
    Ok(bytes)
}

fn network(text: &str) -> Result<IpNet, String> {
    let one = |_| text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse::<IpNet>()
        .or_else(one)
        .map_err(|_| "expected an address or a network, such as 10.20.0.0/24".to_owned())
}

/// A rule's file.
pub(crate) fn source(path: &Path) -> Result<Source, Failure> {
    Ok(Source::read(path)?)
}

/// Says what differs from the rule's own engine and changes no row.
pub(crate) fn tell_notes(source: &Source, imported: &ImportedRule) {
    if !imported.notes.is_empty() {
        let notes = Findings::new(source, imported.notes.clone());
        tell(&notes.to_string());
    }
}

impl RuleArgs {
    /// Whether the rule is one of a file.
    pub(crate) fn is_from_file(&self) -> bool {
        self.rule.is_some()
    }

    /// The rule. A rule that can never fire is refused: it would look like good news.
    pub(crate) fn rule(&self) -> Result<Rule, Failure> {
        if let Some(path) = &self.rule {
            let source = source(path)?;
            let imported = import_rule(&source)?;
            tell_notes(&source, &imported);
            let run = imported.frequency.zip(imported.period);
            let schedule = match (self.start, run) {
                (Some(start), Some((every, period))) => Some(Schedule {
                    start,
                    every,
                    period,
                }),
                (Some(_), None) => {
                    return Err(Failure::Input(
                        "--start: this rule says no queryFrequency and queryPeriod".to_owned(),
                    ));
                }
                (None, _) => None,
            };
            return Ok(Rule {
                schedule,
                client: self.client(),
                ..imported.rule
            });
        }
        if self.start.is_some() && self.schedule.is_none() {
            return Err(Failure::Input(
                "--start goes with --schedule DURATION, or with --rule FILE".to_owned(),
            ));
        }
        let groups = |key| self.group_by.contains(&key);
        let rule = Rule {
            window: self.window()?,
            threshold: self.threshold,
            set_limit: NonZeroUsize::new(self.set_limit),
            group_by: GroupBy {
                client: groups(KeyArg::CIp),
                computer: groups(KeyArg::Computer),
                server: groups(KeyArg::SIp),
            },
            count: match self.count {
                CountArg::SPort => Count::Port,
                CountArg::CsHost => Count::Host,
                CountArg::CsUriStem => Count::UriStem,
            },
            schedule: self
                .schedule
                .zip(self.start)
                .map(|(every, start)| Schedule {
                    start,
                    every,
                    period: self.period.unwrap_or(every),
                }),
            client: self.client(),
            published: None,
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

    fn client(&self) -> ClientSource {
        match &self.client_field {
            None => ClientSource::Logged,
            Some(field) => ClientSource::Forwarded {
                field: field.clone(),
                trusted: self.trusted_proxy.clone(),
            },
        }
    }

    fn window(&self) -> Result<Window, Failure> {
        let needs = |what: &str, option: &str| {
            Failure::Input(format!("a {what} window needs {option} DURATION"))
        };
        let width = self.bin;
        let window = match self.window {
            WindowArg::Tumbling => Window::Tumbling { width },
            WindowArg::Hopping => Window::Hopping {
                width,
                step: self.step.ok_or_else(|| needs("hopping", "--step"))?,
            },
            WindowArg::Sliding => Window::Sliding { width },
            WindowArg::Session => Window::Session {
                gap: self.gap.ok_or_else(|| needs("session", "--gap"))?,
            },
        };
        for (given, option, kind) in [
            (self.step, "--step", WindowArg::Hopping),
            (self.gap, "--gap", WindowArg::Session),
        ] {
            if given.is_some() && self.window != kind {
                return Err(Failure::Input(format!(
                    "{option} goes with --window {}",
                    if kind == WindowArg::Hopping {
                        "hopping"
                    } else {
                        "session"
                    }
                )));
            }
        }
        Ok(window)
    }

    /// The `where`s of the rule and then the exclusion list; empty where there are none.
    pub(crate) fn exclusions(&self) -> Result<Exclusions, Failure> {
        let imported = match &self.rule {
            Some(path) => import_rule(&source(path)?)?.exclusions,
            None => None,
        };
        let of_rule = match imported {
            Some(list) => Exclusions::from_source(&Source::new("the rule's where", list))?,
            None => Exclusions::default(),
        };
        match &self.exclusions {
            Some(name) => Ok(of_rule.and(Exclusions::from_source(&embedded::exclusions(name)?)?)),
            None => Ok(of_rule),
        }
    }
}
