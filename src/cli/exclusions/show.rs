//! Findings as text, JSON, SARIF and JUnit.

mod json;
mod junit;
mod sarif;

use crate::cli::messages::count;
use clap::ValueEnum;
use scanbench_spec::{Finding, Findings, Severity};
use scanbench_w3c::visible_lines;
use std::io::{self, Write};

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// Everything, for programs.
    Json,
    /// SARIF 2.1.0, as code hosts show it beside the lines.
    Sarif,
    /// JUnit XML, as build servers show it.
    Junit,
}

/// A list that was checked.
pub(super) struct Checked<'c> {
    pub(super) findings: &'c Findings,
    /// The ids of the exclusions that could be read, in their order.
    pub(super) ids: Vec<&'c str>,
    /// The least grave finding that fails.
    pub(super) threshold: Severity,
}

impl Checked<'_> {
    /// How many findings fail.
    pub(super) fn failing(&self) -> usize {
        let list = self.findings.list().iter();
        list.filter(|finding| self.fails(finding)).count()
    }

    fn fails(&self, finding: &Finding) -> bool {
        finding.severity >= self.threshold
    }

    fn of(&self, severity: Severity) -> u64 {
        let list = self.findings.list().iter();
        list.filter(|finding| finding.severity == severity).count() as u64
    }
}

/// Lines and columns of a finding, both from 1 and by characters, the end behind the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

impl Place {
    fn of(findings: &Findings, finding: &Finding) -> Option<Self> {
        let span = finding.span.as_ref()?;
        let (line, column) = findings.source().line_and_column(span.start);
        let (end_line, end_column) = findings.source().line_and_column(span.end);
        Some(Self {
            line,
            column,
            end_line,
            end_column,
        })
    }
}

pub(super) fn write(out: &mut impl Write, checked: &Checked<'_>, format: Format) -> io::Result<()> {
    match format {
        Format::Text => text(out, checked),
        Format::Json => json::write(out, checked),
        Format::Sarif => sarif::write(out, checked),
        Format::Junit => junit::write(out, checked),
    }
}

fn text(out: &mut impl Write, checked: &Checked<'_>) -> io::Result<()> {
    let list = checked.findings.list();
    if !list.is_empty() {
        writeln!(out, "{}\n", visible_lines(&checked.findings.to_string()))?;
    }
    let exclusions = count(checked.ids.len() as u64, "exclusion", "exclusions");
    if list.is_empty() {
        return writeln!(out, "{exclusions}: nothing to be said against them");
    }
    writeln!(
        out,
        "{exclusions}: {}, {}, {}",
        count(checked.of(Severity::Error), "error", "errors"),
        count(checked.of(Severity::Warning), "warning", "warnings"),
        count(checked.of(Severity::Note), "note", "notes"),
    )
}
