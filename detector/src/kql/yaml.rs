//! The YAML of an analytics rule, or a bare query; and where in the file each byte of the query stands.

use crate::exclusion::codes::{SYNTAX, WRONG_VALUE};
use crate::published::Published;
use scanbench_spec::{Finding, Node, Source, TableReader, Value, expected, parse, parse_duration};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

/// What a file says.
pub(super) struct Written {
    pub(super) published: Published,
    pub(super) frequency: Option<Duration>,
    pub(super) period: Option<Duration>,
    pub(super) query: QueryText,
}

/// A query and its place.
pub(super) struct QueryText {
    pub(super) text: String,
    /// Where lines begin: in the query, and in the file. One entry for the whole where lines cannot be found again.
    lines: Vec<(usize, usize)>,
    /// The whole query in the file, where its lines cannot be found again.
    whole: Option<Range<usize>>,
    /// Where the file ends. The reader of YAML ends a block with a line feed, whether or not the file has one.
    end: usize,
}

impl QueryText {
    /// A finding about the query, as one about the file.
    pub(super) fn place(&self, mut finding: Finding) -> Finding {
        let help = || Some("a query is taken over wholly or not at all".to_owned());
        finding.help = finding.help.or_else(help);
        if let Some(whole) = &self.whole {
            finding.span = Some(whole.clone());
        } else if let Some(span) = &finding.span {
            finding.span = Some(self.byte(span.start)..self.byte(span.end));
        }
        finding
    }

    fn byte(&self, byte: usize) -> usize {
        let line = self.lines.partition_point(|(start, _)| *start <= byte);
        let (start, there) = self.lines[line.saturating_sub(1)];
        (there + byte - start).min(self.end)
    }

    fn bare(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            lines: vec![(0, 0)],
            whole: None,
            end: text.len(),
        }
    }

    /// A block of YAML behind `|`: each line as in the file, less its indentation.
    fn block(text: String, span: Range<usize>, file: &str) -> Self {
        let mut lines = Vec::new();
        let raw = file.get(span.clone()).unwrap_or_default();
        let mut raw_lines = Vec::new();
        let mut at = span.start;
        for line in raw.split_inclusive('\n') {
            raw_lines.push((at, line.trim_end_matches(['\n', '\r'])));
            at += line.len();
        }
        let mut raw_lines = raw_lines.into_iter();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            // The first raw line may be what stands behind `query:`.
            let found = raw_lines.find(|(_, raw)| {
                raw.ends_with(content) && raw[..raw.len() - content.len()].trim().is_empty()
            });
            let Some((at, raw)) = found else {
                return Self {
                    text,
                    lines: vec![(0, 0)],
                    whole: Some(span),
                    end: file.len(),
                };
            };
            lines.push((start, at + raw.len() - content.len()));
            start += line.len();
        }
        if lines.is_empty() {
            return Self {
                text,
                lines: vec![(0, 0)],
                whole: Some(span),
                end: file.len(),
            };
        }
        Self {
            text,
            lines,
            whole: None,
            end: file.len(),
        }
    }
}

/// Reads a file: YAML by its name or where a line begins with `query:`, else KQL.
pub(super) fn read(source: &Source) -> Result<Written, Finding> {
    let name = Path::new(source.name());
    let extension = name
        .extension()
        .and_then(|extension| extension.to_str())
        .map(str::to_ascii_lowercase);
    let is_yaml = match extension.as_deref() {
        Some("yaml" | "yml") => true,
        Some("kql" | "csl" | "kusto" | "txt") => false,
        _ => source.text().lines().any(|line| line.starts_with("query:")),
    };
    if is_yaml {
        return read_yaml(source);
    }
    Ok(Written {
        published: Published::default(),
        frequency: None,
        period: None,
        query: QueryText::bare(source.text()),
    })
}

fn read_yaml(source: &Source) -> Result<Written, Finding> {
    // The parser goes by the name, which may say nothing.
    let named = Source::new("rule.yaml", source.text());
    let node = parse(&named).map_err(|findings| {
        let first = findings
            .into_iter()
            .next()
            .unwrap_or_else(|| Finding::new("this is not YAML"));
        first.code(&SYNTAX)
    })?;
    let mut findings = Vec::new();
    let mut table = TableReader::new(node, &WRONG_VALUE, &mut findings);
    let Some(table) = &mut table else {
        return Err(findings.remove(0));
    };
    let mut text = |name: &str| table.text(name, &WRONG_VALUE, &mut findings);
    let kind = text("kind");
    let query = text("query");
    let mut published = Published {
        id: text("id").map(|(id, _)| id),
        name: text("name").map(|(name, _)| name.trim().to_owned()),
        severity: text("severity").map(|(severity, _)| severity),
        ..Published::default()
    };
    let spans = ["queryFrequency", "queryPeriod"].map(&mut text);
    let operator = text("triggerOperator");
    let trigger = table.count("triggerThreshold", &WRONG_VALUE, &mut findings);
    published.tactics = texts(table.take("tactics"), &mut findings);
    published.techniques = texts(table.take("relevantTechniques"), &mut findings);
    if let Some(first) = findings.into_iter().next() {
        return Err(first);
    }
    if let Some((kind, span)) = kind
        && kind != "Scheduled"
    {
        return Err(Finding::new(format!(
            "a rule of kind {} is not taken over",
            kind.escape_debug()
        ))
        .at(span)
        .help("only scheduled rules are evaluated over logs"));
    }
    let Some((query, span)) = query else {
        return Err(Finding::new("this rule has no query")
            .help("expected the YAML of a scheduled analytics rule, with `query: |`"));
    };
    // More than 0 rows is what every rule asks that makes an alert of rows.
    let is_any_row = trigger.is_none_or(|rows| rows == 0)
        && operator
            .as_ref()
            .is_none_or(|(name, _)| matches!(name.as_str(), "gt" | "GreaterThan"));
    if !is_any_row {
        return Err(Finding::new("this rule needs more than one row to fire")
            .at(operator.map(|(_, span)| span))
            .help("taken over are rules with triggerOperator gt and triggerThreshold 0, which fire on any row"));
    }
    let mut durations = Vec::new();
    for span in spans {
        durations.push(
            span.map(|(text, place)| {
                iso_or_kql(&text).ok_or_else(|| {
                    Finding::new(format!("`{}` is no span of time", text.escape_debug()))
                        .at(place)
                        .help("such as 1d, 5h or 10m")
                })
            })
            .transpose()?,
        );
    }
    Ok(Written {
        published,
        frequency: durations[0],
        period: durations[1],
        query: QueryText::block(query, span, source.text()),
    })
}

/// `1d` as in YAML files, `P1D` or `PT10M` as in exported templates.
fn iso_or_kql(text: &str) -> Option<Duration> {
    let Some(iso) = text.strip_prefix('P') else {
        return parse_duration(text).ok();
    };
    let (digits, unit) = match iso.strip_prefix('T') {
        Some(time) => (
            time.get(..time.len().checked_sub(1)?)?,
            time.get(time.len() - 1..)?,
        ),
        None if iso.ends_with('D') => (&iso[..iso.len() - 1], "d"),
        None => return None,
    };
    parse_duration(&format!("{digits}{}", unit.to_lowercase())).ok()
}

fn texts(node: Option<Node>, findings: &mut Vec<Finding>) -> Vec<String> {
    let list = match node {
        None => Vec::new(),
        Some(Node {
            value: Value::List(list),
            ..
        }) => list,
        Some(one) => vec![one],
    };
    let mut texts = Vec::new();
    for node in list {
        match node.value {
            Value::Text(text) => texts.push(text),
            Value::Null => {}
            other => findings.push(expected("a text", &other, node.span, &WRONG_VALUE)),
        }
    }
    texts
}
