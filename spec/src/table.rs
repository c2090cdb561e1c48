//! Tables of the tree, key by key: what is taken is known, and whatever is left is unknown.

use crate::{Code, Finding, Key, Node, Value, closest};
use std::ops::Range;

/// The entries of a table that were not taken yet.
#[derive(Debug)]
pub struct TableReader {
    span: Range<usize>,
    entries: Vec<(Key, Node)>,
}

impl TableReader {
    /// Of a value that must be a table; `None`, with a finding, where it is none.
    pub fn new(node: Node, code: &'static Code, findings: &mut Vec<Finding>) -> Option<Self> {
        match node.value {
            Value::Table(entries) => Some(Self {
                span: node.span,
                entries,
            }),
            other => {
                findings.push(expected("a table", &other, node.span, code));
                None
            }
        }
    }

    /// Where the table stands.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Takes the value of a key.
    pub fn take(&mut self, name: &str) -> Option<Node> {
        self.take_entry(name).map(|(_, value)| value)
    }

    /// Takes a key with its value.
    pub fn take_entry(&mut self, name: &str) -> Option<(Key, Node)> {
        let position = self.entries.iter().position(|(key, _)| key.name == name)?;
        Some(self.entries.remove(position))
    }

    /// Takes a text.
    pub fn text(
        &mut self,
        name: &str,
        code: &'static Code,
        findings: &mut Vec<Finding>,
    ) -> Option<(String, Range<usize>)> {
        let node = self.take(name)?;
        match node.value {
            Value::Text(text) => Some((text, node.span)),
            other => {
                findings.push(expected("a text", &other, node.span, code));
                None
            }
        }
    }

    /// Takes a whole number that is not negative.
    pub fn count(
        &mut self,
        name: &str,
        code: &'static Code,
        findings: &mut Vec<Finding>,
    ) -> Option<u64> {
        let node = self.take(name)?;
        if let Value::Integer(number) = node.value
            && let Ok(number) = u64::try_from(number)
        {
            return Some(number);
        }
        let wanted = "a whole number that is not negative";
        findings.push(expected(wanted, &node.value, node.span, code));
        None
    }

    /// Takes `true` or `false`.
    pub fn bool(
        &mut self,
        name: &str,
        code: &'static Code,
        findings: &mut Vec<Finding>,
    ) -> Option<bool> {
        let node = self.take(name)?;
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        findings.push(expected("true or false", &node.value, node.span, code));
        None
    }

    /// What is left, in the order of the file.
    #[must_use]
    pub fn rest(self) -> Vec<(Key, Node)> {
        self.entries
    }

    /// A finding for each key that was not taken; `known` are all keys that the table can have.
    pub fn finish(self, known: &[&str], code: &'static Code, findings: &mut Vec<Finding>) {
        for (key, _) in self.entries {
            let all = known.join(", ");
            let help = match closest(&key.name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`? known here: {all}"),
                None => format!("known here: {all}"),
            };
            findings.push(
                Finding::new(format!("unknown key `{}`", key.name))
                    .at(key.span)
                    .help(help)
                    .code(code),
            );
        }
    }
}

/// "Expected this, found that."
#[must_use]
pub fn expected(what: &str, found: &Value, span: Range<usize>, code: &'static Code) -> Finding {
    Finding::new(format!("expected {what}, found {}", found.describe()))
        .at(span)
        .code(code)
}
