//! TOML into the tree.

use super::{Key, MAX_DEPTH, Node, Value, too_deep};
use crate::Finding;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) fn parse(text: &str) -> Result<Node, Vec<Finding>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors
            .iter()
            .map(|error| Finding::new(error.message()).at(error.span()))
            .collect());
    }
    let mut findings = Vec::new();
    let span = table.span();
    let node = Node {
        span,
        value: entries(table.into_inner(), 0, &mut findings),
    };
    if findings.is_empty() {
        Ok(node)
    } else {
        Err(findings)
    }
}

fn entries(table: DeTable<'_>, depth: usize, findings: &mut Vec<Finding>) -> Value {
    let mut entries: Vec<(Key, Node)> = table
        .into_iter()
        .map(|(key, value)| {
            let key = Key {
                span: key.span(),
                name: key.into_inner().into_owned(),
            };
            let span = value.span();
            // The table of a dotted key (`match.c-ip`) has no place of its own.
            let span = if span.is_empty() {
                key.span.clone()
            } else {
                span
            };
            let value = node(value.into_inner(), span, depth + 1, findings);
            (key, value)
        })
        .collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    Value::Table(entries)
}

fn node(value: DeValue<'_>, span: Range<usize>, depth: usize, findings: &mut Vec<Finding>) -> Node {
    let holds_more = matches!(value, DeValue::Array(_) | DeValue::Table(_));
    if holds_more && depth >= MAX_DEPTH {
        findings.push(too_deep(span.clone()));
        return Node {
            span,
            value: Value::Null,
        };
    }
    let value = match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => {
            if let Ok(number) = i64::from_str_radix(number.as_str(), number.radix()) {
                Value::Integer(number)
            } else {
                let message = format!("the number {number} is too large");
                findings.push(Finding::new(message).at(span.clone()));
                Value::Null
            }
        }
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(list) => Value::List(
            list.into_iter()
                .map(|value: Spanned<DeValue<'_>>| {
                    let span = value.span();
                    node(value.into_inner(), span, depth + 1, findings)
                })
                .collect(),
        ),
        DeValue::Table(table) => entries(table, depth, findings),
    };
    Node { span, value }
}
