//! Findings as SARIF 2.1.0 (OASIS, *Static Analysis Results Interchange Format*).

use super::{Checked, Place};
use scanbench::report::json::write_pretty;
use scanbench_detector::codes::CODES;
use scanbench_spec::Finding;
use serde_json::{Value, json};
use std::io::{self, Write};

pub(super) fn write(out: &mut impl Write, checked: &Checked<'_>) -> io::Result<()> {
    let rules: Vec<Value> = CODES
        .iter()
        .map(|code| {
            json!({
                "id": code.id,
                "name": code.slug,
                "shortDescription": { "text": code.meaning },
            })
        })
        .collect();
    let results: Vec<Value> = checked
        .findings
        .list()
        .iter()
        .map(|finding| result(checked, finding))
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "scanbench",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    write_pretty(out, &log)
}

fn result(checked: &Checked<'_>, finding: &Finding) -> Value {
    let text = match &finding.help {
        Some(help) => format!("{}: {help}", finding.message),
        None => finding.message.clone(),
    };
    let mut place = json!({ "artifactLocation": { "uri": uri(checked.findings.source().name()) } });
    if let Some(at) = Place::of(checked.findings, finding) {
        place["region"] = json!({
            "startLine": at.line,
            "startColumn": at.column,
            "endLine": at.end_line,
            "endColumn": at.end_column,
        });
    }
    let mut result = json!({
        "level": finding.severity.name(),
        "message": { "text": text },
        "locations": [{ "physicalLocation": place }],
    });
    if let Some(code) = finding.code {
        result["ruleId"] = code.id.into();
        result["ruleIndex"] = CODES
            .iter()
            .position(|known| known.id == code.id)
            .map_or(-1, |index| i64::try_from(index).unwrap_or(-1))
            .into();
    }
    if let Some(id) = &finding.about {
        result["locations"][0]["logicalLocations"] = json!([{ "name": id, "kind": "element" }]);
    }
    result
}

/// A path as a relative reference: whatever is not plain is percent-encoded, and separators are slashes.
fn uri(path: &str) -> String {
    use std::fmt::Write as _;
    let mut uri = String::new();
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            // Writing to a String cannot fail.
            byte => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("a/b c.toml"), "a/b%20c.toml");
        assert_eq!(uri("lists\\é.toml"), "lists/%C3%A9.toml");
    }
}
