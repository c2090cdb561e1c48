//! Findings as JUnit XML: a test for each exclusion and one for the file; what fails is a failure, the rest is output.

use super::{Checked, Place};
use scanbench::report::junit::{self, Failed, Suite, Test};
use scanbench_spec::Finding;
use std::collections::BTreeSet;
use std::io::{self, Write};

pub(super) fn write(out: &mut impl Write, checked: &Checked<'_>) -> io::Result<()> {
    let list = checked.findings.list();
    // Findings may be about exclusions that could not be read.
    let known: BTreeSet<&str> = checked.ids.iter().copied().collect();
    let unread: BTreeSet<&str> = list
        .iter()
        .filter_map(|finding| finding.about.as_deref())
        .filter(|id| !known.contains(id))
        .collect();
    let ids = std::iter::once(None)
        .chain(checked.ids.iter().copied().map(Some))
        .chain(unread.into_iter().map(Some));
    let class = checked.findings.source().name();
    let tests = ids.map(|id| {
        let about = list.iter().filter(|finding| finding.about.as_deref() == id);
        let (failing, telling): (Vec<&Finding>, Vec<&Finding>) =
            about.partition(|finding| checked.fails(finding));
        // One failure a test is all that most readers of this format show.
        let failure = failing.first().map(|first| Failed {
            kind: Some(first.code.map_or("finding", |code| code.id).to_owned()),
            message: first.message.clone(),
            text: Some(told(checked, &failing)),
        });
        Test {
            class: class.to_owned(),
            name: id.unwrap_or("the file as a whole").to_owned(),
            failures: failure.into_iter().collect(),
            output: (!telling.is_empty()).then(|| told(checked, &telling)),
            ..Test::default()
        }
    });
    let suite = Suite {
        name: class.to_owned(),
        tests: tests.collect(),
    };
    out.write_all(junit::document(&[suite]).as_bytes())
}

fn told(checked: &Checked<'_>, findings: &[&Finding]) -> String {
    let lines = findings.iter().map(|finding| {
        let place = Place::of(checked.findings, finding)
            .map_or_else(String::new, |at| format!("{}:{}: ", at.line, at.column));
        let code = finding
            .code
            .map_or_else(String::new, |code| format!("[{}]", code.id));
        let help = finding
            .help
            .as_ref()
            .map_or_else(String::new, |help| format!("\n  {help}"));
        format!(
            "{place}{}{code}: {}{help}",
            finding.severity.name(),
            finding.message
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
