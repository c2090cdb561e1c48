//! Exclusion lists, of three formats and of other tools.

use super::findings::{are_placed, is_harmless, refuse, shown};
use scanbench_detector::{
    Exclusions, Expectation, Origin, Reading, Stage, Target, export, import, lint,
};
use scanbench_spec::Source;
use scanbench_w3c::Timestamp;

const TARGETS: [Target; 5] = [
    Target::Kql,
    Target::KqlQuery,
    Target::Sql,
    Target::SentinelWatchlist,
    Target::Sigma,
];

/// A list is read, or refused at places that lie in it. A TOML list said again in JSON and in YAML is the same list. What
/// is exported acts on no terminal, and what is taken over from other tools is a list that can be read.
pub fn exclusions(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for name in ["list.toml", "list.yaml", "list.json"] {
        let source = Source::new(name, text);
        let reading = Reading::of(&source);
        shown(&reading.findings, &source);
        match Exclusions::from_source(&source) {
            Err(findings) => {
                refuse(&findings);
                assert_eq!(findings.list().len(), reading.findings.len());
            }
            Ok(list) => {
                assert!(reading.findings.is_empty());
                read(&list, &source);
            }
        }
    }
    if let Ok(list) = Exclusions::from_source(&Source::new("list.toml", text))
        && let Some(json) = toml::from_str(text).ok().and_then(json)
    {
        for name in ["list.json", "list.yaml"] {
            let again = Exclusions::from_source(&Source::new(name, json.to_string()))
                .unwrap_or_else(|findings| panic!("{findings}"));
            assert_eq!(said(&again), said(&list), "{name}");
        }
    }
    for origin in [Origin::SentinelWatchlist, Origin::Elastic, Origin::Sigma] {
        taken_over(&Source::new("foreign", text), origin);
    }
}

/// What is taken over can be read, whatever could not be.
fn taken_over(source: &Source, origin: Origin) -> Exclusions {
    let taken = import(source, origin, Stage::Event);
    shown(&taken.findings, source);
    Exclusions::from_source(&Source::new("taken.toml", taken.list.as_str()))
        .unwrap_or_else(|findings| panic!("{origin:?}: {findings}"))
}

fn read(list: &Exclusions, source: &Source) {
    shown(&lint(list), source);
    for target in TARGETS {
        match export(list, target) {
            Err(findings) => {
                assert!(!findings.is_empty());
                are_placed(&findings, source.text());
            }
            Ok(written) => {
                if target == Target::SentinelWatchlist {
                    // Lines of CSV end with both characters.
                    is_harmless(&written.replace("\r\n", "\n"));
                } else {
                    is_harmless(&written);
                }
                let origin = match target {
                    Target::SentinelWatchlist => Origin::SentinelWatchlist,
                    Target::Sigma => Origin::Sigma,
                    _ => continue,
                };
                let written = Source::new("written", written);
                taken_over(&written, origin);
            }
        }
    }
}

/// An exclusion but for its places in the file.
#[derive(Debug, PartialEq)]
struct Said {
    texts: [Option<String>; 5],
    enabled: bool,
    stage: Stage,
    times: [Option<Timestamp>; 2],
    expect: Expectation,
    /// Sorted, since a table of JSON may stand in another order.
    conditions: Vec<String>,
}

fn said(list: &Exclusions) -> Vec<Said> {
    let of = |exclusion: &scanbench_detector::Exclusion| {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let conditions = exclusion.conditions().iter();
        let mut conditions: Vec<String> = conditions
            .map(|condition| format!("{} {:?}", condition.key(), condition.test()))
            .collect();
        conditions.sort_unstable();
        Said {
            texts: [
                own(Some(exclusion.id())),
                own(exclusion.name()),
                own(exclusion.reason()),
                own(exclusion.owner()),
                own(exclusion.ticket()),
            ],
            enabled: exclusion.is_enabled(),
            stage: exclusion.stage(),
            times: [exclusion.starts(), exclusion.expires()],
            expect: exclusion.expect(),
            conditions,
        }
    };
    list.list().iter().map(of).collect()
}

/// The same tree in JSON; `None` where JSON cannot say it.
fn json(value: toml::Value) -> Option<serde_json::Value> {
    use toml::Value;
    Some(match value {
        Value::String(text) => text.into(),
        Value::Integer(number) => number.into(),
        Value::Float(number) => serde_json::Number::from_f64(number)?.into(),
        Value::Boolean(value) => value.into(),
        Value::Datetime(moment) => moment.to_string().into(),
        Value::Array(list) => {
            serde_json::Value::Array(list.into_iter().map(json).collect::<Option<_>>()?)
        }
        Value::Table(table) => {
            let pairs = table
                .into_iter()
                .map(|(key, value)| Some((key, json(value)?)));
            serde_json::Value::Object(pairs.collect::<Option<_>>()?)
        }
    })
}
