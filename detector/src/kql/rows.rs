//! The part of a query that sees rows: what `summarize` makes, what is done with it, and the rule that comes of it.

use super::columns::{
    Column, NEW_LIMIT, OLD_LIMIT, RowColumn, Threshold, bin_width, check, default_name, note,
};
use super::lines::{Content, Names, content};
use super::syntax::{Expr, ExprKind, Named};
use crate::published::Fallbacks;
use crate::window::Window;
use crate::{Count, GroupBy, Rule};
use scanbench_spec::Finding;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::Duration;

/// Rows under way.
pub(super) struct Rows {
    columns: Vec<RowColumn>,
    width: Duration,
    keys: GroupBy,
    threshold: Option<Threshold>,
    fallbacks: Fallbacks,
}

type Said<T> = Result<T, Finding>;

impl Rows {
    pub(super) fn new(
        names: &Names,
        aggregates: &[Named],
        by: &[Named],
        span: &Range<usize>,
    ) -> Said<Self> {
        let mut rows = Self {
            columns: Vec::new(),
            width: Duration::ZERO,
            keys: GroupBy {
                client: false,
                computer: false,
                server: false,
            },
            threshold: None,
            fallbacks: Fallbacks::default(),
        };
        for named in by {
            rows.key(names, named)?;
        }
        if rows.width.is_zero() {
            return Err(Finding::new("rows are not made by a bin of time")
                .at(span.clone())
                .help("expected bin(TimeGenerated, 10m) behind `by`: a rule that counts over a whole look-back is not taken over"));
        }
        for named in aggregates {
            rows.aggregate(names, named)?;
        }
        Ok(rows)
    }

    fn add(
        &mut self,
        wanted: &str,
        is_given: bool,
        column: Column,
        span: &Range<usize>,
    ) -> Said<()> {
        let mut name = wanted.to_owned();
        let mut number = 0;
        while self.columns.iter().any(|known| known.name == name) {
            if is_given {
                return Err(
                    Finding::new(format!("the column `{name}` stands twice")).at(span.clone())
                );
            }
            number += 1;
            name = format!("{wanted}{number}");
        }
        self.columns.push(RowColumn {
            name,
            column,
            span: span.clone(),
        });
        Ok(())
    }

    fn key(&mut self, names: &Names, key: &Named) -> Said<()> {
        let span = &key.expr.span;
        let resolved = names.resolved(&key.expr)?;
        let (default, column) = match &resolved.kind {
            ExprKind::Call(bin, arguments) if bin == "bin" || bin == "floor" => {
                let [
                    Expr {
                        kind: ExprKind::Name(time),
                        ..
                    },
                    Expr {
                        kind: ExprKind::Span(width),
                        ..
                    },
                ] = arguments.as_slice()
                else {
                    return Err(Finding::new("this bin is not understood")
                        .at(span.clone())
                        .help("expected bin(TimeGenerated, 10m)"));
                };
                if time != "TimeGenerated" || !self.width.is_zero() {
                    return Err(
                        Finding::new("rows are made by one bin of TimeGenerated").at(span.clone())
                    );
                }
                self.width = bin_width(*width, span)?;
                ("TimeGenerated", Column::Bin)
            }
            ExprKind::Name(name) => match name.as_str() {
                "cIP" => {
                    self.keys.client = true;
                    ("cIP", Column::Key("cIP"))
                }
                "Computer" => {
                    self.keys.computer = true;
                    ("Computer", Column::Key("Computer"))
                }
                "sIP" => {
                    self.keys.server = true;
                    ("sIP", Column::Key("sIP"))
                }
                other => {
                    return Err(Finding::new(format!("rows cannot be made by `{other}`"))
                        .at(span.clone())
                        .help("rows are made by cIP, Computer and sIP, or by some of them"));
                }
            },
            _ => {
                return Err(Finding::new("rows cannot be made by this")
                    .at(span.clone())
                    .help(
                        "expected bin(TimeGenerated, 10m), cIP, Computer and sIP, or some of them",
                    ));
            }
        };
        let name = match (&key.name, &key.expr.kind) {
            (Some(name), _) | (None, ExprKind::Name(name)) => name,
            _ => default,
        };
        self.add(name, true, column, span)
    }

    fn aggregate(&mut self, names: &Names, aggregate: &Named) -> Said<()> {
        let span = &aggregate.expr.span;
        let not_understood = |what: &str| {
            Finding::new(format!("{what} is not understood here"))
                .at(span.clone())
                .help("understood are make_set(column), make_set(column, limit), count(), dcount(column) and count_distinct(column)")
        };
        let ExprKind::Call(function, arguments) = &aggregate.expr.kind else {
            return Err(not_understood("this"));
        };
        let (column, default) = match (function.as_str(), arguments.as_slice()) {
            ("count", []) => (Column::Lines, "count_".to_owned()),
            ("makeset" | "make_set", [value]) => {
                let limit = if function == "makeset" {
                    OLD_LIMIT
                } else {
                    NEW_LIMIT
                };
                (
                    Column::Set {
                        of: self.content(names, value)?,
                        limit,
                    },
                    default_name("set_", value),
                )
            }
            ("makeset" | "make_set", [value, limit]) => {
                let limit = match names.resolved(limit)?.kind {
                    ExprKind::Number(limit) => usize::try_from(limit)
                        .ok()
                        .filter(|limit| (1..=NEW_LIMIT).contains(limit)),
                    _ => None,
                };
                let limit = limit.ok_or_else(|| not_understood("this limit"))?;
                (
                    Column::Set {
                        of: self.content(names, value)?,
                        limit,
                    },
                    default_name("set_", value),
                )
            }
            ("dcount", [value] | [value, _]) => {
                let of = self.content(names, value)?;
                (
                    Column::Distinct {
                        of,
                        limit: None,
                        is_estimate: true,
                    },
                    default_name("dcount_", value),
                )
            }
            ("count_distinct", [value]) => {
                let of = self.content(names, value)?;
                (
                    Column::Distinct {
                        of,
                        limit: None,
                        is_estimate: false,
                    },
                    default_name("count_distinct_", value),
                )
            }
            // Rows do not have them; whether that matters, `project` says.
            (
                "min" | "max" | "sum" | "avg" | "any" | "take_any" | "make_list" | "makelist"
                | "arg_max" | "arg_min",
                _,
            ) => (Column::Absent, format!("{function}_")),
            _ => return Err(not_understood(&format!("`{function}()`"))),
        };
        self.add(
            aggregate.name.as_ref().unwrap_or(&default),
            aggregate.name.is_some(),
            column,
            span,
        )
    }

    fn content(&mut self, names: &Names, value: &Expr) -> Said<Content> {
        content(&names.resolved(value)?, &mut self.fallbacks)
    }

    fn find(&self, name: &str, span: &Range<usize>) -> Said<&RowColumn> {
        let found = self.columns.iter().find(|known| known.name == name);
        found.ok_or_else(|| {
            let known: Vec<&str> = self
                .columns
                .iter()
                .map(|known| known.name.as_str())
                .collect();
            Finding::new(format!("rows have no column `{name}`"))
                .at(span.clone())
                .help(format!("they have {}", known.join(", ")))
        })
    }

    /// What an expression over rows is.
    fn value(&self, expr: &Expr) -> Said<Column> {
        Ok(match &expr.kind {
            ExprKind::Name(name) => {
                let found = self.find(name, &expr.span)?;
                match &found.column {
                    Column::Set { .. } | Column::Bin | Column::Key(_) | Column::Lines => {
                        Column::Copy(name.clone())
                    }
                    other => other.clone(),
                }
            }
            ExprKind::Call(function, arguments)
                if matches!(function.as_str(), "array_length" | "arraylength") =>
            {
                match arguments.as_slice() {
                    [
                        Expr {
                            kind: ExprKind::Name(name),
                            ..
                        },
                    ] => match &self.find(name, &expr.span)?.column {
                        Column::Set { of, limit } => Column::Distinct {
                            of: of.clone(),
                            limit: Some(*limit),
                            is_estimate: false,
                        },
                        _ => Column::Absent,
                    },
                    _ => Column::Absent,
                }
            }
            _ => Column::Absent,
        })
    }

    pub(super) fn extend(&mut self, list: &[Named]) -> Said<()> {
        for named in list {
            let column = self.value(&named.expr)?;
            let Some(name) = &named.name else {
                return Err(Finding::new("this column has no name").at(named.expr.span.clone()));
            };
            self.columns.retain(|known| known.name != *name);
            self.add(name, true, column, &named.expr.span)?;
        }
        Ok(())
    }

    pub(super) fn project(&mut self, list: &[Named]) -> Said<()> {
        let mut kept: Vec<RowColumn> = Vec::new();
        for named in list {
            let column = match (&named.name, &named.expr.kind) {
                (_, ExprKind::Name(name)) => self.find(name, &named.expr.span)?.column.clone(),
                (Some(_), _) => self.value(&named.expr)?,
                (None, _) => {
                    return Err(Finding::new("this column has no name").at(named.expr.span.clone()));
                }
            };
            let name = match (&named.name, &named.expr.kind) {
                (Some(name), _) | (None, ExprKind::Name(name)) => name.clone(),
                _ => String::new(),
            };
            kept.push(RowColumn {
                name,
                column,
                span: named.expr.span.clone(),
            });
        }
        self.columns = kept;
        Ok(())
    }

    pub(super) fn project_away(&mut self, list: &[Named]) -> Said<()> {
        for named in list {
            let ExprKind::Name(name) = &named.expr.kind else {
                return Err(
                    Finding::new("expected the name of a column").at(named.expr.span.clone())
                );
            };
            self.find(name, &named.expr.span)?;
            self.columns.retain(|known| known.name != *name);
        }
        Ok(())
    }

    /// A condition on rows: the threshold, or one on keys, which is then one on lines.
    pub(super) fn filter(&mut self, condition: &Expr, names: &Names) -> Said<Option<Expr>> {
        if let ExprKind::Binary(operator @ (">" | ">=" | "<" | "<="), left, right) = &condition.kind
        {
            let turned = matches!(*operator, "<" | "<=");
            let (value, limit) = if turned { (right, left) } else { (left, right) };
            let column = match &value.kind {
                ExprKind::Name(name) => self
                    .find(name, &value.span)
                    .ok()
                    .map(|found| found.column.clone()),
                _ => Some(self.value(value)?),
            };
            if let Some(Column::Distinct {
                of,
                limit: cap,
                is_estimate,
            }) = column
            {
                let is_inclusive = operator.ends_with('=');
                return self
                    .set_threshold(of, cap, is_estimate, &names.resolved(limit)?, is_inclusive)
                    .map(|()| None);
            }
        }
        self.of_keys(condition).map(Some).ok_or_else(|| {
            Finding::new("this condition on rows is not understood")
                .at(condition.span.clone())
                .help("understood are `portCount >= 30`, and conditions on cIP, Computer and sIP alone")
        })
    }

    fn set_threshold(
        &mut self,
        of: Content,
        cap: Option<usize>,
        is_estimate: bool,
        limit: &Expr,
        is_inclusive: bool,
    ) -> Said<()> {
        let number = match limit.kind {
            ExprKind::Number(number) => u64::try_from(number)
                .ok()
                .and_then(|number| number.checked_add(u64::from(!is_inclusive))),
            _ => None,
        };
        let Some(number) = number.filter(|number| *number > 0) else {
            return Err(Finding::new("expected a threshold of at least one").at(limit.span.clone()));
        };
        match &mut self.threshold {
            Some(known) if known.of == of => known.least = known.least.max(number),
            Some(_) => {
                return Err(Finding::new("two counts are compared with thresholds")
                    .at(limit.span.clone())
                    .help("a rule has one"));
            }
            None => {
                self.threshold = Some(Threshold {
                    of,
                    limit: cap,
                    is_estimate,
                    least: number,
                    span: limit.span.clone(),
                });
            }
        }
        Ok(())
    }

    /// A condition that looks at keys alone, in the names of the table.
    fn of_keys(&self, condition: &Expr) -> Option<Expr> {
        let each = |list: &[Expr]| {
            list.iter()
                .map(|one| self.of_keys(one))
                .collect::<Option<Vec<_>>>()
        };
        let boxed = |expr: &Expr| self.of_keys(expr).map(Box::new);
        let kind = match &condition.kind {
            ExprKind::Name(name) => match self
                .columns
                .iter()
                .find(|known| known.name == *name)?
                .column
            {
                Column::Key(key) => ExprKind::Name(key.to_owned()),
                _ => return None,
            },
            ExprKind::Call(name, list) => ExprKind::Call(name.clone(), each(list)?),
            ExprKind::List(list) => ExprKind::List(each(list)?),
            ExprKind::Binary(operator, left, right) => {
                ExprKind::Binary(operator, boxed(left)?, boxed(right)?)
            }
            ExprKind::Between(value, first, last, negated) => {
                ExprKind::Between(boxed(value)?, boxed(first)?, boxed(last)?, *negated)
            }
            constant => constant.clone(),
        };
        Some(Expr {
            kind,
            span: condition.span.clone(),
        })
    }

    /// The rule, the texts that are not ours, and what differs and changes no row.
    pub(super) fn finish(self, table: &Range<usize>) -> Said<(Rule, Fallbacks, Vec<Finding>)> {
        let Some(threshold) = &self.threshold else {
            return Err(Finding::new("no count is compared with a threshold")
                .at(table.clone())
                .help("expected `| where array_length(set_sPort) >= 30` behind summarize"));
        };
        let count = match &threshold.of {
            Content::Column(name) if name == "sPort" => Count::Port,
            Content::Column(name) if name == "csHost" => Count::Host,
            Content::Column(name) if name == "csUriStem" => Count::UriStem,
            _ => {
                return Err(Finding::new("what is counted here cannot be counted")
                    .at(threshold.span.clone())
                    .help("distinct values of sPort, csHost or csUriStem can be"));
            }
        };
        let mut notes = Vec::new();
        if threshold.is_estimate {
            notes.push(note("dcount() is an estimate in Kusto; here values are counted exactly, so rows near the threshold may differ", &threshold.span));
        }
        let limit = threshold.limit.unwrap_or(NEW_LIMIT);
        for column in &self.columns {
            check(column, &threshold.of, limit, &mut notes)?;
        }
        let rule = Rule {
            window: Window::Tumbling { width: self.width },
            threshold: threshold.least,
            set_limit: NonZeroUsize::new(limit),
            group_by: self.keys,
            count,
            ..Rule::default()
        };
        if !rule.can_fire() {
            return Err(Finding::new(format!(
                "{} values can never be reached: the set keeps at most {limit}",
                threshold.least
            ))
            .at(threshold.span.clone())
            .help("say make_set(sPort, 1000), or a threshold within the limit"));
        }
        Ok((rule, self.fallbacks, notes))
    }
}
