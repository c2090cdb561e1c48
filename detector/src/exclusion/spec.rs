//! The exclusion file as written, and the checks that make exclusions of it. All findings are collected.

use super::condition::condition;
use super::values::Values;
use super::{Exclusion, Expectation, Stage};
use scanbench_spec::{Datetime, Finding, Findings, Source, Spanned, from_toml};
use scanbench_w3c::Timestamp;
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSpec {
    version: Spanned<i64>,
    #[serde(default, rename = "exclusion")]
    exclusions: Vec<Spanned<ExclusionSpec>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExclusionSpec {
    id: Spanned<String>,
    name: Option<String>,
    reason: Option<String>,
    owner: Option<String>,
    /// Kept in the file for people; nothing here reads it.
    #[serde(rename = "ticket")]
    _ticket: Option<String>,
    stage: Option<Spanned<String>>,
    starts: Option<Spanned<Datetime>>,
    expires: Option<Spanned<Datetime>>,
    #[serde(rename = "match")]
    matches: Spanned<BTreeMap<Spanned<String>, Spanned<Values>>>,
    #[serde(default)]
    expect: ExpectSpec,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ExpectSpec {
    max_hidden_campaigns: Option<u64>,
    min_removed_alerts: Option<u64>,
}

/// Reads and checks an exclusion file.
pub(super) fn read(source: &Source) -> Result<Vec<Exclusion>, Findings> {
    let file: FileSpec = from_toml(source)?;
    let mut findings = Vec::new();
    if *file.version.get_ref() != 1 {
        let message = format!("version {} is not known", file.version.get_ref());
        findings.push(
            Finding::new(message)
                .at(file.version.span())
                .help("this program reads version = 1"),
        );
    }
    let mut ids = HashSet::new();
    let mut list = Vec::new();
    for spec in file.exclusions {
        let id = &spec.get_ref().id;
        if id.get_ref().trim().is_empty() {
            findings.push(Finding::new("an id must not be empty").at(id.span()));
        } else if !ids.insert(id.get_ref().clone()) {
            let message = format!("the id \"{}\" stands twice", id.get_ref());
            findings.push(
                Finding::new(message)
                    .at(id.span())
                    .help("reports speak of exclusions by their id"),
            );
        }
        list.extend(check(spec, &mut findings));
    }
    Findings::check(source, findings)?;
    Ok(list)
}

fn check(spec: Spanned<ExclusionSpec>, findings: &mut Vec<Finding>) -> Option<Exclusion> {
    let place = spec.get_ref().id.span();
    let spec = spec.into_inner();
    let starts = spec.starts.and_then(|moment| timestamp(&moment, findings));
    let ends_at = spec.expires.as_ref().map(Spanned::span);
    let expires = spec.expires.and_then(|moment| timestamp(&moment, findings));
    if let (Some(starts), Some(expires)) = (starts, expires)
        && starts >= expires
    {
        findings.push(
            Finding::new("expires is not after starts, so the exclusion never holds").at(ends_at),
        );
    }
    let stage = stage(spec.stage, place, findings);
    let span = spec.matches.span();
    let matches = spec.matches.into_inner();
    if matches.is_empty() {
        findings.push(
            Finding::new("an exclusion without conditions would match every line")
                .at(span)
                .help("say what it matches, such as c-ip = [\"10.0.0.10\"]"),
        );
    }
    let conditions = matches
        .into_iter()
        .filter_map(|(key, values)| condition(&key, values, findings))
        .collect();
    Some(Exclusion {
        id: spec.id.into_inner(),
        name: spec.name,
        reason: spec.reason,
        owner: spec.owner,
        stage: stage?,
        starts,
        expires,
        conditions,
        expect: Expectation {
            max_hidden_campaigns: spec.expect.max_hidden_campaigns,
            min_removed_alerts: spec.expect.min_removed_alerts,
        },
    })
}

fn stage(
    spec: Option<Spanned<String>>,
    place: Range<usize>,
    findings: &mut Vec<Finding>,
) -> Option<Stage> {
    const HELP: &str = "stage = \"event\" takes lines out before counting, stage = \"alert\" hides \
                        rows all of whose lines match";
    let Some(spec) = spec else {
        let finding = Finding::new("an exclusion must say its stage; there is no default");
        findings.push(finding.at(place).help(HELP));
        return None;
    };
    match spec.get_ref().as_str() {
        "event" => Some(Stage::Event),
        "alert" => Some(Stage::Alert),
        other => {
            let message = format!("expected \"event\" or \"alert\", found \"{other}\"");
            findings.push(Finding::new(message).at(spec.span()).help(HELP));
            None
        }
    }
}

fn timestamp(moment: &Spanned<Datetime>, findings: &mut Vec<Finding>) -> Option<Timestamp> {
    let time = moment.get_ref().to_string().parse().ok();
    if time.is_none() {
        let message = "expected a date and time with its offset from UTC";
        findings.push(
            Finding::new(message)
                .at(moment.span())
                .help("such as 2026-11-02T00:00:00Z"),
        );
    }
    time
}
