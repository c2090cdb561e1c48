//! An exclusion that is being taken over, and the list that comes of all.

use crate::exclusion::quoted::quoted;
use crate::exclusion::subject::{NoSubject, Subject};
use crate::exclusion::{Reading, Stage};
use scanbench_spec::{Finding, Severity, Source};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

/// An exclusion as it will be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) starts: Option<String>,
    pub(crate) expires: Option<String>,
    pub(crate) stage: Option<Stage>,
    /// Keys of `[exclusion.match]` with their values in TOML.
    pub(crate) matches: Vec<(String, String)>,
    /// Where it stands in the file that it comes from.
    pub(crate) span: Range<usize>,
}

/// Writes a list. What would be refused when it is read is told at the place that it comes from, and left out.
pub(crate) fn write(drafts: Vec<Draft>, stage: Stage, findings: &mut Vec<Finding>) -> String {
    let mut list = "# Imported: read it, give each an owner and an expiry, and run `exclusions check`.\nversion = 1\n"
        .to_owned();
    let mut ids = BTreeMap::new();
    for mut draft in drafts {
        draft.id = unique(&draft.id, &mut ids);
        let written = exclusion(&draft, stage);
        let reading = Reading::of(&Source::new(
            "import.toml",
            format!("version = 1\n{written}"),
        ));
        if reading.findings.is_empty() {
            list += &written;
        }
        findings.extend(reading.findings.into_iter().map(|finding| Finding {
            span: Some(draft.span.clone()),
            about: Some(draft.id.clone()),
            ..finding
        }));
    }
    list
}

/// An id that was not given yet: letters, digits and hyphens. `ids` has those given, each with the last number behind it.
fn unique(wanted: &str, ids: &mut BTreeMap<String, u64>) -> String {
    let mut plain = String::new();
    for char in wanted.chars() {
        if char.is_alphanumeric() {
            plain.extend(char.to_lowercase());
        } else if !plain.ends_with('-') && !plain.is_empty() {
            plain.push('-');
        }
    }
    let plain = plain.trim_end_matches('-');
    let plain = if plain.is_empty() { "imported" } else { plain };
    // The next number is kept by name, since a watchlist may have one name forty thousand times.
    let mut id = plain.to_owned();
    let mut number = ids.get(plain).copied().unwrap_or(1);
    while ids.contains_key(&id) {
        number += 1;
        id = format!("{plain}-{number}");
    }
    ids.insert(id.clone(), 1);
    ids.insert(plain.to_owned(), number);
    id
}

fn exclusion(draft: &Draft, stage: Stage) -> String {
    let mut out = format!("\n[[exclusion]]\nid = {}\n", quoted(&draft.id));
    for (key, value) in [
        ("name", &draft.name),
        ("reason", &draft.reason),
        ("owner", &draft.owner),
        ("starts", &draft.starts),
        ("expires", &draft.expires),
    ] {
        if let Some(value) = value.as_ref().filter(|value| !value.trim().is_empty()) {
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(out, "{key} = {}", quoted(value.trim()));
        }
    }
    let _ = writeln!(out, "stage = \"{}\"", draft.stage.unwrap_or(stage).name());
    out += "[exclusion.match]\n";
    for (key, value) in &draft.matches {
        let _ = writeln!(out, "{} = {value}", quoted_key(key));
    }
    out
}

fn quoted_key(key: &str) -> String {
    let is_bare = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
    if !key.is_empty() && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

/// A list of basic strings, or one of them.
pub(crate) fn quoted_list(texts: &[String]) -> String {
    let parts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    match parts.as_slice() {
        [only] => only.clone(),
        _ => format!("[{}]", parts.join(", ")),
    }
}

/// What a name of another tool stands for here; a finding where it can stand for nothing.
pub(crate) fn subject(
    name: &str,
    known: &[(&str, &str)],
    span: &Range<usize>,
    findings: &mut Vec<Finding>,
) -> Option<Subject> {
    use crate::exclusion::codes::{CUSTOM_FIELD, NOT_IN_IIS_LOGS, UNKNOWN_FIELD};
    let ours = known
        .iter()
        .find(|(theirs, _)| *theirs == name)
        .map_or(name, |(_, ours)| *ours);
    let finding = match Subject::of(ours) {
        Ok(Subject::Time) => Finding::new(format!("`{name}` cannot be taken over"))
            .help("hours of the week are to be written by hand")
            .code(&UNKNOWN_FIELD),
        // A dotted name is one of another product's schema, and no field of a log.
        Ok(Subject::Custom(custom)) if custom.contains('.') => {
            Finding::new(format!("`{name}` is no field of an IIS log"))
                .help("leave the entry out there, or say it by another field")
                .code(&UNKNOWN_FIELD)
        }
        Ok(Subject::Custom(custom)) => {
            findings.push(
                Finding::new(format!("`{name}` is taken for a custom field of the log"))
                    .at(span.clone())
                    .help("if it is a field of another product, the exclusion will never match")
                    .severity(Severity::Warning)
                    .code(&CUSTOM_FIELD),
            );
            return Some(Subject::Custom(custom));
        }
        Ok(subject) => return Some(subject),
        Err(NoSubject::NotInIisLogs(instead)) => Finding::new(format!("`{name}` is in no IIS log"))
            .help(instead)
            .code(&NOT_IN_IIS_LOGS),
        Err(_) => Finding::new(format!("`{name}` is no field of an IIS log")).code(&UNKNOWN_FIELD),
    };
    findings.push(finding.at(span.clone()));
    None
}

/// What could not be taken over.
pub(crate) fn impossible(message: impl Into<String>, help: &str, span: &Range<usize>) -> Finding {
    Finding::new(message)
        .at(span.clone())
        .help(help)
        .code(&crate::exclusion::codes::NOT_EXPRESSIBLE)
}
