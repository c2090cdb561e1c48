//! Rules of Sentinel.

use super::findings::{are_placed, is_harmless, refuse, shown};
use scanbench_detector::{
    Exclusions, ImportedRule, Rule, RuleTarget, Target, export, export_rule, import_rule,
};
use scanbench_spec::Source;

/// A rule is understood wholly, or refused at one place that lies in it. One that is understood is written and understood
/// again as the same rule with the same exclusions.
pub fn kql(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for name in ["rule.kql", "rule.yaml"] {
        let source = Source::new(name, text);
        match import_rule(&source) {
            Err(findings) => {
                refuse(&findings);
                assert_eq!(findings.list().len(), 1);
            }
            Ok(imported) => {
                shown(&imported.notes, &source);
                understood(&imported);
            }
        }
    }
}

/// The exclusions of a rule, which must be readable.
fn list(imported: &ImportedRule) -> (Source, Exclusions) {
    let text = imported.exclusions.as_deref().unwrap_or("version = 1\n");
    let source = Source::new("where.toml", text);
    let list = Exclusions::from_source(&source).unwrap_or_else(|findings| panic!("{findings}"));
    (source, list)
}

fn understood(imported: &ImportedRule) {
    let (source, exclusions) = list(imported);
    for (target, name) in [
        (RuleTarget::Kql, "again.kql"),
        (RuleTarget::SentinelYaml, "again.yaml"),
    ] {
        match export_rule(&imported.rule, &exclusions, target) {
            Err(findings) => {
                assert!(!findings.is_empty());
                are_placed(&findings, source.text());
            }
            Ok(written) => {
                is_harmless(&written);
                let again = import_rule(&Source::new(name, written.as_str()))
                    .unwrap_or_else(|findings| panic!("{findings}\n{written}"));
                let plain = |rule: &Rule| Rule {
                    published: None,
                    schedule: None,
                    ..rule.clone()
                };
                assert_eq!(plain(&again.rule), plain(&imported.rule), "{written}");
                let (_, second) = list(&again);
                let said = |list: &Exclusions| {
                    export(list, Target::Kql).map_err(|findings| findings.len())
                };
                assert_eq!(code(said(&second)), code(said(&exclusions)), "{written}");
            }
        }
    }
    for target in [
        RuleTarget::Sigma,
        RuleTarget::SparkSql,
        RuleTarget::DuckDbSql,
        RuleTarget::ClickHouseSql,
    ] {
        match export_rule(&imported.rule, &exclusions, target) {
            Err(findings) => are_placed(&findings, source.text()),
            Ok(written) => is_harmless(&written),
        }
    }
}

/// Without comments, which name exclusions by where they came from.
fn code(written: Result<String, usize>) -> Result<Vec<String>, usize> {
    written.map(|text| {
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        lines.map(str::to_owned).collect()
    })
}
