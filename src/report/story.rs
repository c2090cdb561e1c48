//! What a report tells, before it is known where it is shown: headings, tables and sentences, in plain text.

use crate::eval::{CampaignOutcome, Effect, Evaluation, ExclusionOutcome, RowCounts, Score};
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
    let mut story = vec![campaigns(evaluation), scores(evaluation)];
    if !evaluation.exclusions.is_empty() {
        story.push(exclusions(evaluation));
    }
    story.push(agreement(evaluation));
    story
}

fn campaigns(evaluation: &Evaluation) -> Section {
    let with = !evaluation.exclusions.is_empty();
    let mut header = vec![
        "campaign", "is", "class", "probed", "logged", "lines", "rows",
    ];
    if with {
        header.push("rows left");
    }
    header.push("so the rule");
    let rows = evaluation
        .campaigns
        .iter()
        .map(|one| {
            let mut row = vec![
                one.id.clone(),
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
fn outcome(one: &CampaignOutcome) -> String {
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

fn kind(kind: Kind) -> &'static str {
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

fn class(class: Class) -> &'static str {
    match class {
        Class::Malicious => "malicious",
        Class::LookAlike => "look-alike",
        Class::Authorised => "authorised",
    }
}

fn reason(reason: Option<Reason>) -> &'static str {
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

fn scores(evaluation: &Evaluation) -> Section {
    let row = |name: &str, score: &Score| {
        vec![
            name.to_owned(),
            score.rows.malicious.to_string(),
            score.rows.authorised.to_string(),
            false_rows(&score.rows),
            score.bin_precision.to_string(),
            score.campaign_recall.to_string(),
        ]
    };
    let mut rows = vec![row("the rule alone", &evaluation.without_exclusions)];
    if !evaluation.exclusions.is_empty() {
        rows.push(row("with exclusions", &evaluation.with_exclusions));
    }
    Section {
        heading: "How good that is".to_owned(),
        header: vec![
            "",
            "right rows",
            "authorised",
            "false rows",
            "bin precision",
            "campaign recall",
        ],
        rows,
        notes: vec![
            "A row is one ten-minute bin of one client on one server. Precision counts right rows among right and \
             false ones; rows of authorised scans stand apart. Recall counts malicious campaigns with a row."
                .to_owned(),
        ],
    }
}

/// `22: reverse proxy 20, maintenance 2`.
fn false_rows(counts: &RowCounts) -> String {
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

fn exclusions(evaluation: &Evaluation) -> Section {
    let mut rows: Vec<Vec<String>> = evaluation.exclusions.iter().map(exclusion_row).collect();
    let mut together = vec!["all together".to_owned(), String::new(), String::new()];
    together.extend(effect_cells(&evaluation.exclusions_together));
    rows.push(together);
    let broken = evaluation.exclusions.iter().flat_map(|one| {
        one.broken.iter().map(|broken| {
            format!(
                "BROKEN PROMISE: {} promises {} = {}, measured {}",
                one.id, broken.promise, broken.promised, broken.measured
            )
        })
    });
    Section {
        heading: "What each exclusion removes, and what it hides".to_owned(),
        header: vec![
            "exclusion",
            "stage",
            "lines",
            "false rows removed",
            "authorised removed",
            "true rows hidden",
            "true campaigns hidden",
        ],
        rows,
        notes: broken.collect(),
    }
}

fn exclusion_row(one: &ExclusionOutcome) -> Vec<String> {
    let mut row = vec![one.id.clone(), one.stage.to_owned(), one.lines.to_string()];
    row.extend(effect_cells(&one.effect));
    row
}

fn effect_cells(effect: &Effect) -> [String; 4] {
    let mut campaigns = effect.campaigns_hidden.clone();
    campaigns.extend(
        effect
            .campaigns_hidden_in_part
            .iter()
            .map(|id| format!("{id} (in part)")),
    );
    if campaigns.is_empty() {
        campaigns.push("none".to_owned());
    }
    [
        false_rows(&effect.rows_removed),
        effect.rows_removed.authorised.to_string(),
        effect.rows_removed.malicious.to_string(),
        campaigns.join(", "),
    ]
}

fn agreement(evaluation: &Evaluation) -> Section {
    let (missing, unexpected) = (&evaluation.missing_rows, &evaluation.unexpected_rows);
    let mut notes = Vec::new();
    if missing.is_empty() && unexpected.is_empty() {
        notes.push(
            "The rows of the rule alone are exactly the bins on which the truth says that it must fire.".to_owned(),
        );
    }
    for (what, rows) in [("MISSING ROW", missing), ("UNEXPECTED ROW", unexpected)] {
        for row in rows {
            notes.push(format!(
                "{what}: {} {} on {} ({})",
                row.bin, row.c_ip, row.computer, row.s_ip
            ));
        }
    }
    Section {
        heading: "Check".to_owned(),
        notes,
        ..Section::default()
    }
}
