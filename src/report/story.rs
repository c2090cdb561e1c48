//! What a report tells, before it is known where it is shown: headings, tables and sentences, in plain text.

use super::{exclusions, operation, paired};
use crate::eval::sweep::{By, LEAST_REQUESTS};
use crate::eval::{
    Agreement, Beside, CampaignOutcome, Differences, Evaluation, NamedRule, RowCounts, RowKey,
    Score,
};
use scanbench_generator::truth::{Class, Kind, Reason};

/// A part of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub heading: String,
    /// Column titles.
    pub header: Vec<&'static str>,
    /// Cells.
    pub rows: Vec<Vec<String>>,
    /// Sentences behind the table.
    pub notes: Vec<String>,
}

/// The report as sections, in the order in which a newcomer asks: what did the rule make of each campaign, how
/// good is it, what do exclusions cost.
#[must_use]
pub fn tell(evaluation: &Evaluation) -> Vec<Section> {
    let short = Section {
        heading: "In short".to_owned(),
        notes: vec![verdict(evaluation)],
        ..Section::default()
    };
    let mut story = vec![short];
    story.extend(evaluation.rule.as_ref().map(rule));
    story.extend([campaigns(evaluation), scores(evaluation)]);
    if !evaluation.exclusions.is_empty() {
        story.push(exclusions::section(evaluation));
    }
    story.push(operation::section(evaluation));
    story.extend(evaluation.comparisons.iter().map(paired::section));
    if let Some(found) = &evaluation.differences {
        story.push(differences(found));
    }
    story.push(agreement(evaluation));
    story
}

/// Who the rule says it is.
fn rule(rule: &NamedRule) -> Section {
    let words = |words: &Option<String>| words.clone().unwrap_or_else(|| "none".to_owned());
    let list = |words: &[String]| match words {
        [] => "none".to_owned(),
        words => words.join(", "),
    };
    Section {
        heading: "The rule".to_owned(),
        header: vec!["name", "id", "severity", "tactics", "techniques"],
        rows: vec![vec![
            words(&rule.name),
            words(&rule.id),
            words(&rule.severity),
            list(&rule.tactics),
            list(&rule.techniques),
        ]],
        notes: Vec::new(),
    }
}

pub(super) fn attacks(evaluation: &Evaluation) -> impl Iterator<Item = &CampaignOutcome> {
    let all = evaluation.campaigns.iter();
    all.filter(|one| one.class == Class::Malicious)
}

/// Whose rows are scored: our rule's, or those of another engine, which stand beside ours.
fn is_of_another_engine(evaluation: &Evaluation) -> bool {
    let mut comparisons = evaluation.comparisons.iter();
    comparisons.any(|one| one.beside == Beside::OurDetector)
}

/// The whole story in a sentence.
pub(super) fn verdict(evaluation: &Evaluation) -> String {
    let all = attacks(evaluation).count();
    let caught = attacks(evaluation)
        .filter(|one| one.rows_without_exclusions > 0)
        .count();
    let left = attacks(evaluation)
        .filter(|one| one.rows_with_exclusions > 0)
        .count();
    let who = if is_of_another_engine(evaluation) {
        "The engine"
    } else {
        "The rule"
    };
    let rule = match (all, caught) {
        (0, _) => return "No attack was made, so recall is unmeasured.".to_owned(),
        (1, 1) => format!("{who} catches the one attack"),
        (1, _) => format!("{who} misses the one attack"),
        (_, 0) => format!("{who} catches none of {all} attacks"),
        _ => format!("{who} catches {caught} of {all} attacks"),
    };
    let with = match left {
        _ if evaluation.exclusions.is_empty() || caught == 0 => "",
        _ if left == caught => ", and the exclusions hide none of them",
        0 => ", and none with the exclusions in force",
        _ => return format!("{rule}, and {left} with the exclusions in force."),
    };
    format!("{rule}{with}.")
}

pub(super) fn campaigns(evaluation: &Evaluation) -> Section {
    let with = !evaluation.exclusions.is_empty();
    let mut header = vec![
        "campaign", "is", "class", "probed", "logged", "lines", "rows",
    ];
    if with {
        header.push("rows left");
    }
    header.push(if is_of_another_engine(evaluation) {
        "so the engine"
    } else {
        "so the rule"
    });
    let rows = evaluation
        .campaigns
        .iter()
        .map(|one| {
            let mut row = vec![
                evaluation.campaign_name(one),
                kind(one.kind).to_owned(),
                class(one.class).to_owned(),
                one.ports_probed.to_string(),
                one.ports_logged.to_string(),
                one.lines.to_string(),
                one.rows_without_exclusions.to_string(),
            ];
            if with {
                row.push(one.rows_with_exclusions.to_string());
            }
            row.push(outcome(one));
            row
        })
        .collect();
    let mut notes = vec![
        "probed: ports that the campaign touched; logged: those that left a line. IIS logs only whole HTTP requests \
         on ports that a site is bound to."
            .to_owned(),
    ];
    if with {
        notes.push("rows: of the rule alone; rows left: with all exclusions in force.".to_owned());
    }
    Section {
        heading: "Who was there, and what the rule made of it".to_owned(),
        header,
        rows,
        notes,
    }
}

/// What the rule and then the exclusions did with a campaign.
pub(super) fn outcome(one: &CampaignOutcome) -> String {
    let fired = one.rows_without_exclusions > 0;
    let hidden = fired && one.rows_with_exclusions == 0;
    let by = match one.hidden_by.as_slice() {
        [] => "several exclusions together".to_owned(),
        ids => ids.join(", "),
    };
    match (one.class, fired, hidden) {
        (Class::Malicious, true, false) => "catches it".to_owned(),
        (Class::Malicious, true, true) => format!("catches it, but {by} HIDES it"),
        (Class::Malicious, false, _) => format!("MISSES it: {}", reason(one.reason)),
        (Class::LookAlike, true, false) => "fires falsely".to_owned(),
        (Class::LookAlike, true, true) => format!("fires falsely; {by} removes that"),
        (Class::LookAlike, false, _) => "rightly keeps silent".to_owned(),
        (Class::Authorised, true, false) => "reports an allowed scan".to_owned(),
        (Class::Authorised, true, true) => format!("reports an allowed scan; {by} removes that"),
        (Class::Authorised, false, _) => {
            format!("does not see the allowed scan: {}", reason(one.reason))
        }
    }
}

pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Scan => "port scan",
        Kind::Maintenance => "maintenance",
        Kind::Discovery => "internal discovery",
        Kind::Backend => "multi-port backend",
        Kind::Proxy => "reverse proxy",
        Kind::Nmap => "version scan",
        Kind::VulnerabilityScan => "vulnerability scan",
        Kind::Monitoring => "monitoring",
        Kind::Device => "lost device",
    }
}

pub(super) fn class(class: Class) -> &'static str {
    match class {
        Class::Malicious => "malicious",
        Class::LookAlike => "look-alike",
        Class::Authorised => "authorised",
    }
}

pub(super) fn reason(reason: Option<Reason>) -> &'static str {
    match reason {
        Some(Reason::UnboundPorts) => "most of its ports are bound to no site and leave no line",
        Some(Reason::BelowThreshold) => "too few ports in any ten minutes",
        Some(Reason::SplitByBin) => "the edge of a bin parts its ports",
        Some(Reason::SharedClient) => "it shares its address, and has too few ports of its own",
        Some(Reason::NoRequest) => "it never sends a request, and nothing else leaves a line",
        Some(Reason::SplitByKey) => "its ports are parted between addresses",
        None => "no reason is known",
    }
}

pub(super) fn scores(evaluation: &Evaluation) -> Section {
    let all = [&evaluation.without_exclusions, &evaluation.with_exclusions];
    let baselines = evaluation.baselines.iter().map(|one| &one.score);
    let has_unknown = all
        .into_iter()
        .chain(baselines)
        .any(|one| one.rows.unknown > 0);
    let row = |name: &str, score: &Score| {
        let mut row = vec![
            name.to_owned(),
            score.rows.malicious.to_string(),
            score.rows.authorised.to_string(),
            false_rows(&score.rows),
            score.bin_precision.with_interval(),
            score.episode_precision.with_interval(),
            score.campaign_recall.with_interval(),
        ];
        if has_unknown {
            row.insert(3, score.rows.unknown.to_string());
        }
        row
    };
    let scored = if is_of_another_engine(evaluation) {
        "the engine"
    } else {
        "the rule alone"
    };
    let mut rows = vec![row(scored, &evaluation.without_exclusions)];
    if !evaluation.exclusions.is_empty() {
        rows.push(row("with exclusions", &evaluation.with_exclusions));
    }
    for one in &evaluation.baselines {
        let threshold = one.baseline.threshold;
        let name = match one.baseline.by {
            By::Ports => format!("baseline: {threshold} ports"),
            By::Requests => format!("baseline: {threshold} requests"),
            By::NotFound => format!("baseline: {threshold} % 404"),
        };
        rows.push(row(&name, &one.score));
    }
    let mut notes = vec![
        "A row is one ten-minute bin of one client on one server, an episode neighbouring rows. Precision counts right \
         ones among right and false ones; those of authorised scans stand apart. Recall counts malicious campaigns with \
         a row. Behind a share: its 95 % interval, by campaign."
            .to_owned(),
    ];
    if !evaluation.baselines.is_empty() {
        notes.push(format!(
            "Baselines look at no port: as many requests of one client on one server in a bin as the rule wants ports, and \
             every second of at least {LEAST_REQUESTS} requests not found."
        ));
    }
    let mut header = vec![
        "",
        "right rows",
        "authorised",
        "false rows",
        "bin precision",
        "episode precision",
        "campaign recall",
    ];
    if has_unknown {
        header.insert(3, "unknown");
        notes.push(
            "Unknown are rows on recorded lines alone: nobody labelled those, so such a row is neither right nor false."
                .to_owned(),
        );
    }
    Section {
        heading: "How good that is".to_owned(),
        header,
        rows,
        notes,
    }
}

/// `22: reverse proxy 20, maintenance 2`.
pub(super) fn false_rows(counts: &RowCounts) -> String {
    let mut kinds: Vec<String> = counts
        .look_alike
        .iter()
        .map(|(one, number)| format!("{} {number}", kind(*one)))
        .collect();
    if counts.background > 0 {
        kinds.push(format!("background {}", counts.background));
    }
    match kinds.as_slice() {
        [] => "0".to_owned(),
        _ => format!("{}: {}", counts.false_rows(), kinds.join(", ")),
    }
}

/// The sum of what differs, in one sentence.
pub(super) fn difference_sum(found: &Differences) -> String {
    let parts = [
        (found.missing, "missing"),
        (found.extra, "too many"),
        (found.shifted, "begin at another time"),
        (found.other_count, "count otherwise"),
        (found.other_ports, "have other ports"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    format!(
        "Beside our detector, {} rows are the same; {}.",
        found.same,
        parts.join(", ")
    )
}

fn differences(found: &Differences) -> Section {
    let rows = found.listed.iter().map(|one| {
        let row = &one.row;
        vec![
            row.bin.to_string(),
            row.c_ip.clone(),
            row.computer.clone(),
            row.s_ip.clone(),
            one.told.clone(),
        ]
    });
    Section {
        heading: "Where the engine differs from our detector".to_owned(),
        header: vec!["row", "client", "computer", "server", "how"],
        rows: rows.collect(),
        notes: vec![difference_sum(found)],
    }
}

pub(super) fn agreement(evaluation: &Evaluation) -> Section {
    let notes = match &evaluation.agreement {
        None => vec![
            "Unmeasured: the truth says where the published rule must fire, and this is another rule.".to_owned(),
        ],
        Some(agreement) => agreement_notes(agreement),
    };
    Section {
        heading: "Check".to_owned(),
        notes,
        ..Section::default()
    }
}

fn agreement_notes(agreement: &Agreement) -> Vec<String> {
    let (missing, unexpected) = (&agreement.missing_rows, &agreement.unexpected_rows);
    if missing.is_empty() && unexpected.is_empty() {
        return vec![
            "The rows of the rule alone are exactly the bins on which the truth says that it must fire.".to_owned(),
        ];
    }
    let told = |what: &'static str, rows: &[RowKey]| -> Vec<String> {
        let one = |row: &RowKey| {
            format!(
                "{what}: {} {} on {} ({})",
                row.bin, row.c_ip, row.computer, row.s_ip
            )
        };
        rows.iter().map(one).collect()
    };
    let mut notes = told("MISSING ROW", missing);
    notes.extend(told("UNEXPECTED ROW", unexpected));
    notes
}
