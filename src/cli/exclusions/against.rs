//! What data say of a list: logs, or a dataset with its truth.

use crate::cli::detect::{ReadArgs, read, read_again};
use crate::cli::failure::Failure;
use scanbench::eval::{self, GroundTruth, Runs};
use scanbench_detector::codes::{
    EXPIRED, FIELD_NOT_LOGGED, FUTURE, HIDES_CAMPAIGN, NEVER_MATCHED, NEVER_SEEN, NO_DIFFERENCE,
    PROXY,
};
use scanbench_detector::{
    AddressRange, Alert, Condition, Detection, Exclusion, Exclusions, Probe, Probes, Rule,
    Selection, Standing, Subject, Test,
};
use scanbench_generator::manifest;
use scanbench_spec::{Finding, Severity};
use scanbench_w3c::visible;
use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;

/// Distinct agents of one address from which on it is taken for a proxy. One host's tools and browsers stay far below.
const AGENTS_OF_A_PROXY: usize = 12;

/// Reads the data and says what is wrong.
pub(super) fn findings(
    paths: &[PathBuf],
    exclusions: &Exclusions,
) -> Result<Vec<Finding>, Failure> {
    let truth = truth(paths)?;
    let rule = Rule::default();
    let (detection, totals) = read(paths, &rule, exclusions, &ReadArgs::default())?;
    if totals.failed > 0 {
        return Err(Failure::InputTold);
    }
    let probes = Probes::of(exclusions);
    let answers = read_again(paths, &rule, &probes.exclusions, &totals)?;
    let data = Data {
        list: exclusions.list(),
        detection: &detection,
        probes: &probes,
        answers: &answers,
        rows: detection.alerts(&Selection::None),
        findings: Vec::new(),
    };
    let mut findings = data.findings();
    if let Some(truth) = truth {
        hidden(&truth, &detection, &mut findings);
    }
    Ok(findings)
}

/// The truth, where the data are a dataset.
fn truth(paths: &[PathBuf]) -> Result<Option<GroundTruth>, Failure> {
    let [only] = paths else {
        return Ok(None);
    };
    if !only.join("manifest.json").is_file() {
        return Ok(None);
    }
    let manifest = manifest::verify(only).map_err(|error| Failure::input(&error))?;
    GroundTruth::read(only, &manifest)
        .map(Some)
        .map_err(|error| Failure::input(&error))
}

struct Data<'d> {
    list: &'d [Exclusion],
    detection: &'d Detection,
    probes: &'d Probes,
    answers: &'d Detection,
    /// Rows of the rule alone.
    rows: Vec<Alert>,
    findings: Vec<Finding>,
}

impl Data<'_> {
    fn findings(mut self) -> Vec<Finding> {
        let keys = |rows: &[Alert]| -> HashSet<String> { rows.iter().map(key).collect() };
        let (none, all) = (
            keys(&self.rows),
            keys(&self.detection.alerts(&Selection::All)),
        );
        for (index, exclusion) in self.list.iter().enumerate() {
            if !self.stands(exclusion) {
                continue;
            }
            for condition in exclusion.conditions() {
                self.seen(exclusion, condition);
            }
            let lines = self.detection.matched_lines(index);
            if lines == 0 {
                self.add(
                    exclusion,
                    Severity::Warning,
                    Finding::new(format!("{} matches no line of these logs", exclusion.id()))
                        .help("its cause is gone, or is written otherwise here: see `exclusions explain`")
                        .code(&NEVER_MATCHED),
                );
                continue;
            }
            let alone = keys(&self.detection.alerts(&Selection::Only(index)));
            let without = keys(&self.detection.alerts(&Selection::Without(index)));
            if alone == none && without == all {
                self.add(
                    exclusion,
                    Severity::Warning,
                    Finding::new(format!(
                        "{} matches {lines} lines and changes no row",
                        exclusion.id()
                    ))
                    .help("no row falls under the threshold by it: it only makes the rule blinder; drop it")
                    .code(&NO_DIFFERENCE),
                );
            }
            self.proxy(exclusion);
        }
        self.findings
    }

    fn add(&mut self, exclusion: &Exclusion, severity: Severity, finding: Finding) {
        let span = finding.span.clone().unwrap_or_else(|| exclusion.span());
        let finding = finding.at(span).severity(severity).about(exclusion.id());
        self.findings.push(finding);
    }

    /// Whether it can hold at some time of the data; a finding where it cannot.
    fn stands(&mut self, exclusion: &Exclusion) -> bool {
        let Some((first, last)) = self.detection.span() else {
            return true;
        };
        let id = exclusion.id();
        let (severity, finding) = match exclusion.standing(first, last) {
            Standing::InForce => return true,
            // The list alone says so already.
            Standing::Disabled => return false,
            Standing::Expired => (
                Severity::Warning,
                Finding::new(format!(
                    "{id} had expired before these logs began ({first})"
                ))
                .help("drop it, or renew it if its cause is still there")
                .code(&EXPIRED),
            ),
            Standing::Future => (
                Severity::Note,
                Finding::new(format!("{id} begins only after these logs end ({last})"))
                    .help("check it against later logs")
                    .code(&FUTURE),
            ),
        };
        self.add(exclusion, severity, finding);
        false
    }

    /// Lines that have what a probe looks for.
    fn lines(&self, probe: &Probe) -> u64 {
        self.probes
            .place(probe)
            .map_or(0, |place| self.answers.matched_lines(place))
    }

    /// Fields and values of a condition that the data do not have.
    fn seen(&mut self, exclusion: &Exclusion, condition: &Condition) {
        let subject = condition.subject();
        if *subject != Subject::Time && self.lines(&Probe::Field(subject.clone())) == 0 {
            let effect = if condition.is_negated() {
                "so it always holds"
            } else {
                "so it never matches"
            };
            self.add(
                exclusion,
                Severity::Error,
                Finding::new(format!("these logs do not have {subject}, {effect}"))
                    .at(condition.span())
                    .help("switch the field on in IIS, or match on one that is logged")
                    .code(&FIELD_NOT_LOGGED),
            );
            return;
        }
        let unseen: Vec<String> = condition
            .test()
            .each()
            .into_iter()
            .map(|(shown, _)| shown)
            .filter(|shown| self.lines(&Probe::Value(subject.clone(), shown.clone())) == 0)
            .collect();
        if unseen.is_empty() {
            return;
        }
        let why = match condition.test() {
            Test::Ports(_) => "no site is bound to it, or nobody asked there",
            Test::Addresses(_) => "no such address is in these logs",
            Test::Times(_) => "no line falls into these hours",
            Test::Numbers(_) | Test::Texts(_) => "no line has it",
        };
        let mut shown = unseen[..unseen.len().min(5)].join(", ");
        if unseen.len() > 5 {
            // Writing to a String cannot fail.
            let _ = write!(shown, " and {} more", unseen.len() - 5);
        }
        self.add(
            exclusion,
            Severity::Warning,
            Finding::new(format!("{subject} is never {shown}: {why}"))
                .at(condition.span())
                .help("drop what is not needed, or correct it")
                .code(&NEVER_SEEN),
        );
    }

    /// Addresses of few hosts behind which many clients stand.
    fn proxy(&mut self, exclusion: &Exclusion) {
        let hosts: BTreeSet<IpAddr> = exclusion
            .conditions()
            .iter()
            .filter(|condition| *condition.subject() == Subject::Client && !condition.is_negated())
            .flat_map(|condition| match condition.test() {
                Test::Addresses(list) => list.as_slice(),
                _ => &[],
            })
            .filter(|range| range.first() == range.last())
            .map(AddressRange::first)
            .collect();
        for host in hosts {
            let agents: BTreeSet<&str> = self
                .rows
                .iter()
                .filter(|row| row.c_ip.parse() == Ok(host))
                .flat_map(|row| row.set_cs_user_agent.iter().map(String::as_str))
                .collect();
            if agents.len() >= AGENTS_OF_A_PROXY {
                let number = agents.len();
                self.add(
                    exclusion,
                    Severity::Warning,
                    Finding::new(format!(
                        "{host} looks like a proxy: its rows show at least {number} different agents"
                    ))
                    .help(
                        "whoever scans through it is hidden too; give its port and hours as well, or take the client \
                         from X-Forwarded-For (detect --client-field)",
                    )
                    .code(&PROXY),
                );
            }
        }
    }
}

fn key(row: &Alert) -> String {
    format!(
        "{} {} {} {}",
        row.time_generated, row.c_ip, row.computer, row.s_ip
    )
}

/// Attacks that an exclusion hides, by the truth.
fn hidden(truth: &GroundTruth, detection: &Detection, findings: &mut Vec<Finding>) {
    let evaluation = eval::evaluate(truth, &Runs::from(detection));
    for (exclusion, outcome) in detection
        .exclusions()
        .list()
        .iter()
        .zip(&evaluation.exclusions)
    {
        let wholly = outcome.effect.campaigns_hidden.iter();
        let in_part = outcome.effect.campaigns_hidden_in_part.iter();
        let named = wholly
            .map(|id| (id, "hides the attack", Severity::Error))
            .chain(in_part.map(|id| (id, "hides rows of the attack", Severity::Warning)));
        for (campaign, what, severity) in named {
            findings.push(
                Finding::new(format!(
                    "{} {what} {}",
                    exclusion.id(),
                    visible(campaign.as_bytes())
                ))
                .at(exclusion.span())
                .help("narrow it until the attack is outside: fewer addresses, ports, hours, a nearer expiry")
                .severity(severity)
                .code(&HIDES_CAMPAIGN)
                .about(exclusion.id()),
            );
        }
    }
}
