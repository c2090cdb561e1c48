//! Rules written for other engines. That engines give the same rows, `tests/peers/rule_rows.py` shows.

use super::*;
use crate::{GroupBy, Schedule, import_rule};
use scanbench_spec::Source;
use scanbench_w3c::Timestamp;
use std::num::NonZeroUsize;

fn export(rule: &Rule, list: &str, target: RuleTarget) -> Result<String, String> {
    let source = Source::new("list.toml", format!("version = 1\n{list}"));
    let exclusions = Exclusions::from_source(&source).unwrap();
    export_rule(rule, &exclusions, target).map_err(|findings| {
        findings
            .into_iter()
            .map(|finding| finding.message)
            .collect::<Vec<_>>()
            .join("\n")
    })
}

fn exclusion(stage: &str, matches: &str) -> String {
    format!(
        "[[exclusion]]\nid = \"x\"\nreason = \"r\"\nstage = \"{stage}\"\n[exclusion.match]\n{matches}\n"
    )
}

const ALL: [RuleTarget; 6] = [
    RuleTarget::Kql,
    RuleTarget::SentinelYaml,
    RuleTarget::Sigma,
    RuleTarget::SparkSql,
    RuleTarget::DuckDbSql,
    RuleTarget::ClickHouseSql,
];

#[test]
fn what_is_written_is_taken_over_again() {
    let mut rules = vec![Rule::default()];
    for (seconds, threshold, limit, client) in [(300, 20, 128, true), (3600, 100, 1000, false)] {
        rules.push(Rule {
            window: Window::Tumbling {
                width: Duration::from_secs(seconds),
            },
            threshold,
            set_limit: NonZeroUsize::new(limit),
            group_by: GroupBy {
                client,
                computer: true,
                server: !client,
            },
            ..Rule::default()
        });
    }
    for rule in rules {
        for (target, name) in [
            (RuleTarget::Kql, "rule.kql"),
            (RuleTarget::SentinelYaml, "rule.yaml"),
        ] {
            let written = export(
                &rule,
                &exclusion(
                    "event",
                    "c-ip = \"10.0.0.10\"\ns-port = [80, \"8000-8100\"]",
                ),
                target,
            )
            .unwrap();
            let imported = import_rule(&Source::new(name, written.as_str()))
                .unwrap_or_else(|findings| panic!("{findings}"));
            assert_eq!(
                Rule {
                    published: None,
                    ..imported.rule
                },
                rule,
                "{written}"
            );
            let list = imported.exclusions.unwrap();
            assert!(
                list.contains("s-port = [80, \"8000-8100\"]\nc-ip = \"10.0.0.10\"")
                    && !list.contains("where-1-2"),
                "{list}"
            );
            assert!(imported.notes.is_empty());
        }
    }
}

#[test]
fn the_schedule_goes_into_yaml() {
    let rule = Rule {
        schedule: Some(Schedule {
            start: Timestamp::from_millis(0),
            every: Duration::from_hours(1),
            period: Duration::from_hours(4),
        }),
        ..Rule::default()
    };
    let yaml = export(&rule, "", RuleTarget::SentinelYaml).unwrap();
    assert!(
        yaml.contains("queryFrequency: 1h\nqueryPeriod: 4h\n"),
        "{yaml}"
    );
}

#[test]
fn what_targets_cannot_say_is_an_error() {
    let sliding = Rule {
        window: Window::Sliding {
            width: Duration::from_mins(10),
        },
        ..Rule::default()
    };
    for target in ALL {
        let why = export(&sliding, "", target).unwrap_err();
        assert!(why.contains("tumbling"), "{why}");
    }
    for (target, stage, matches, why) in [
        (
            RuleTarget::Kql,
            "event",
            "X-Forwarded-For = \"10.0.0.1\"",
            "custom fields",
        ),
        (
            RuleTarget::SparkSql,
            "event",
            "cs-user-agent = { regex = \"a+\" }",
            "Java",
        ),
        (
            RuleTarget::ClickHouseSql,
            "event",
            "X-Forwarded-For = \"10.0.0.1\"",
            "custom fields",
        ),
        (
            RuleTarget::Sigma,
            "alert",
            "c-ip = \"10.0.0.1\"",
            "stage \"alert\"",
        ),
        (
            RuleTarget::Sigma,
            "event",
            "time = { days = [\"sat\"] }",
            "hours of the week",
        ),
    ] {
        let found = export(&Rule::default(), &exclusion(stage, matches), target).unwrap_err();
        assert!(found.contains(why), "{target:?}: {found}");
    }
}

#[test]
fn nothing_in_a_title_leaves_its_comment() {
    let published = crate::Published {
        name: Some("a\n| take 0\u{1b}[31m\u{202e}".to_owned()),
        severity: Some("High\u{202e}".to_owned()),
        ..crate::Published::default()
    };
    let rule = Rule {
        published: Some(std::sync::Arc::new(published)),
        ..Rule::default()
    };
    for target in ALL {
        let written = export(&rule, "", target).unwrap();
        assert!(
            !written.contains("\n| take 0") && !written.contains(['\u{1b}', '\u{202e}']),
            "{written}"
        );
    }
}
