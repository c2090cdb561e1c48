//! What a query means: its operators in turn, first those that see lines, then `summarize`, then those that see rows.

use super::filter;
use super::lines::Names;
use super::rows::Rows;
use super::syntax::{Expr, ExprKind, Named, OperatorKind, Query};
use crate::Rule;
use crate::exclusion::Stage;
use crate::exclusion::draft::{self, Draft};
use crate::published::Fallbacks;
use scanbench_spec::{Finding, Severity};
use std::time::Duration;

/// What a query means.
pub(super) struct Meaning {
    pub(super) rule: Rule,
    drafts: Vec<Draft>,
    /// How far back `ago()` looks.
    pub(super) look_back: Option<Duration>,
    pub(super) fallbacks: Fallbacks,
    pub(super) notes: Vec<Finding>,
}

impl Meaning {
    /// The `where`s as an exclusion list; `None` where there are none.
    pub(super) fn exclusions(&self, notes: &mut Vec<Finding>) -> Result<Option<String>, Finding> {
        if self.drafts.is_empty() {
            return Ok(None);
        }
        for draft in &self.drafts {
            if draft
                .matches
                .iter()
                .any(|(key, values)| key == "not-c-ip" && values == "\"0.0.0.0/0\"")
            {
                notes.push(
                    Finding::new("this drops every line whose client has no IPv4 address, so no scan over IPv6 is seen")
                        .at(draft.span.clone())
                        .help("ipv4_is_in_range() is null of such a client; coalesce(..., false) keeps its lines")
                        .severity(Severity::Warning),
                );
            }
        }
        let mut findings = Vec::new();
        let list = draft::write(self.drafts.clone(), Stage::Event, &mut findings);
        match findings
            .into_iter()
            .find(|finding| finding.severity == Severity::Error)
        {
            Some(error) => Err(error),
            None => Ok(Some(list)),
        }
    }
}

/// Understands a query wholly, or says the first thing that is not understood.
pub(super) fn of(query: &Query, text: &str) -> Result<Meaning, Finding> {
    let (table, span) = &query.table;
    if table != "W3CIISLog" {
        return Err(Finding::new(format!("the table `{table}` is not read"))
            .at(span.clone())
            .help("expected a query over W3CIISLog"));
    }
    let mut names = Names::default();
    for (name, value) in &query.lets {
        names.add(name, value)?;
    }
    let mut reading = Reading {
        names,
        text,
        wheres: 0,
        drafts: Vec::new(),
        look_back: None,
    };
    let mut operators = query.operators.iter();
    let mut rows = None;
    for operator in operators.by_ref() {
        match &operator.kind {
            OperatorKind::Where(condition) => reading.filter(condition)?,
            OperatorKind::Extend(list) => reading.extend(list)?,
            OperatorKind::Project(list) => reading.project(list)?,
            OperatorKind::Order => {}
            OperatorKind::Summarize { aggregates, by } => {
                rows = Some(Rows::new(&reading.names, aggregates, by, &operator.span)?);
                break;
            }
            OperatorKind::ProjectAway(_) => {
                return Err(
                    Finding::new("project-away is not understood before summarize")
                        .at(operator.span.clone())
                        .help("leave it out: summarize keeps only what it names"),
                );
            }
        }
    }
    let Some(mut rows) = rows else {
        return Err(Finding::new("this query counts nothing")
            .at(span.clone())
            .help("expected `| summarize make_set(sPort) by bin(TimeGenerated, 10m), cIP, Computer, sIP`"));
    };
    for operator in operators {
        match &operator.kind {
            OperatorKind::Where(condition) => {
                for part in conjuncts(condition) {
                    if let Some(of_keys) = rows.filter(part, &reading.names)? {
                        reading.drop(&of_keys)?;
                    }
                }
            }
            OperatorKind::Extend(list) => rows.extend(list)?,
            OperatorKind::Project(list) => rows.project(list)?,
            OperatorKind::ProjectAway(list) => rows.project_away(list)?,
            OperatorKind::Order => {}
            OperatorKind::Summarize { .. } => {
                return Err(Finding::new("a second summarize is not understood")
                    .at(operator.span.clone())
                    .help("rows are counted once, by bin and keys"));
            }
        }
    }
    let (rule, fallbacks, notes) = rows.finish(span)?;
    Ok(Meaning {
        rule,
        drafts: reading.drafts,
        look_back: reading.look_back,
        fallbacks,
        notes,
    })
}

/// The part of a query that sees lines.
struct Reading<'q> {
    names: Names,
    text: &'q str,
    wheres: usize,
    drafts: Vec<Draft>,
    look_back: Option<Duration>,
}

impl Reading<'_> {
    fn filter(&mut self, condition: &Expr) -> Result<(), Finding> {
        for part in conjuncts(condition) {
            let resolved = self.names.resolved(part)?;
            match look_back(&resolved) {
                Some(back) => {
                    self.look_back = Some(self.look_back.map_or(back, |known| known.min(back)));
                }
                None => self.drop(&resolved)?,
            }
        }
        Ok(())
    }

    fn drop(&mut self, condition: &Expr) -> Result<(), Finding> {
        self.wheres += 1;
        let text = self.text.get(condition.span.clone()).unwrap_or_default();
        self.drafts
            .extend(filter::dropped(condition, text, self.wheres)?);
        Ok(())
    }

    fn extend(&mut self, list: &[Named]) -> Result<(), Finding> {
        for named in list {
            let name = named.name.as_ref().ok_or_else(|| nameless(named))?;
            self.names.add(name, &named.expr)?;
        }
        Ok(())
    }

    fn project(&mut self, list: &[Named]) -> Result<(), Finding> {
        let mut left = Vec::new();
        for named in list {
            match (&named.name, &named.expr.kind) {
                (Some(name), _) => {
                    self.names.add(name, &named.expr)?;
                    left.push(name.clone());
                }
                (None, ExprKind::Name(name)) => {
                    self.names.resolved(&named.expr)?;
                    left.push(name.clone());
                }
                (None, _) => return Err(nameless(named)),
            }
        }
        self.names.leave(left);
        Ok(())
    }
}

fn nameless(named: &Named) -> Finding {
    Finding::new("this column has no name")
        .at(named.expr.span.clone())
        .help("expected `name = value`")
}

/// What must all hold.
fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    match &condition.kind {
        ExprKind::Binary("and", left, right) => [conjuncts(left), conjuncts(right)].concat(),
        _ => vec![condition],
    }
}

/// How far back a condition on the time looks from the run; `None` for every other condition.
fn look_back(condition: &Expr) -> Option<Duration> {
    let is_time =
        |expr: &Expr| matches!(&expr.kind, ExprKind::Name(name) if name == "TimeGenerated");
    let is_now = |expr: &Expr| matches!(&expr.kind, ExprKind::Call(name, list) if name == "now" && list.is_empty());
    let ago = |expr: &Expr| match &expr.kind {
        ExprKind::Call(name, list) if name == "ago" => match list.as_slice() {
            [
                Expr {
                    kind: ExprKind::Span(span),
                    ..
                },
            ] => Some(*span),
            _ => None,
        },
        _ => None,
    };
    match &condition.kind {
        ExprKind::Binary(">" | ">=", time, start) if is_time(time) => ago(start),
        ExprKind::Binary("<" | "<=", start, time) if is_time(time) => ago(start),
        ExprKind::Between(time, start, end, false) if is_time(time) && is_now(end) => ago(start),
        _ => None,
    }
}
