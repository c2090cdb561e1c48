//! Findings as JSON.

use super::{Checked, Place};
use scanbench::report::json::write_pretty;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct ReportJson<'r> {
    schema_version: u32,
    file: &'r str,
    exclusions: usize,
    failing: usize,
    findings: Vec<FindingJson<'r>>,
}

#[derive(Serialize)]
struct FindingJson<'r> {
    code: Option<&'r str>,
    slug: Option<&'r str>,
    level: &'r str,
    exclusion: Option<&'r str>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    message: &'r str,
    meaning: Option<&'r str>,
    help: Option<&'r str>,
}

pub(super) fn write(out: &mut impl Write, checked: &Checked<'_>) -> io::Result<()> {
    let findings = checked.findings.list().iter().map(|finding| {
        let place = Place::of(checked.findings, finding);
        FindingJson {
            code: finding.code.map(|code| code.id),
            slug: finding.code.map(|code| code.slug),
            level: finding.severity.name(),
            exclusion: finding.about.as_deref(),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            end_line: place.map(|place| place.end_line),
            end_column: place.map(|place| place.end_column),
            message: &finding.message,
            meaning: finding.code.map(|code| code.meaning),
            help: finding.help.as_deref(),
        }
    });
    let report = ReportJson {
        schema_version: 1,
        file: checked.findings.source().name(),
        exclusions: checked.ids.len(),
        failing: checked.failing(),
        findings: findings.collect(),
    };
    write_pretty(out, &report)
}
