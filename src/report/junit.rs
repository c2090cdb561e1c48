//! `JUnit` XML, for the test page of a CI server: how it is written, and the report in it.
//!
//! A test fails where the exit code says that something failed, and nowhere else: each exclusion is a test that fails
//! where a promise of its `expect` does not hold, and is skipped where it promises nothing; each gate of the command
//! line is one. Each attack is a test that passes where the rule catches it with all exclusions in force and is
//! otherwise *skipped*, with the reason: a miss is a finding about the rule, and only a promise or a gate makes it a
//! failure.

use super::story;
use crate::eval::{CampaignOutcome, Evaluation, ExclusionOutcome, Gate};
use maud::{Markup, PreEscaped, html};
use scanbench_generator::truth::Class;
use scanbench_w3c::visible;

/// Tests of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suite {
    /// What they are about.
    pub name: String,
    /// Each of them.
    pub tests: Vec<Test>,
}

/// A test, which passed where nothing says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Test {
    /// What it belongs to.
    pub class: String,
    /// Its name.
    pub name: String,
    /// Why it was skipped.
    pub skipped: Option<String>,
    /// Why it failed.
    pub failures: Vec<Failed>,
    /// What else there is to say, in lines.
    pub output: Option<String>,
}

/// Why a test failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    /// The kind of failure.
    pub kind: Option<String>,
    /// In one line.
    pub message: String,
    /// In many lines.
    pub text: Option<String>,
}

/// The XML, with the elements and attributes that Jenkins, GitLab and GitHub's reporters read.
#[must_use]
pub fn document(suites: &[Suite]) -> String {
    let tests = || suites.iter().flat_map(|suite| &suite.tests);
    let body = html! {
        testsuites name="scanbench" tests=(tests().count()) failures=(failed(tests())) skipped=(skipped(tests())) {
            @for suite in suites { "\n  "
                testsuite name=(plain(&suite.name)) tests=(suite.tests.len()) failures=(failed(&suite.tests))
                    errors="0" skipped=(skipped(&suite.tests)) {
                    @for test in &suite.tests { "\n    " (testcase(test)) }
                }
            }
            "\n"
        }
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n",
        body.into_string()
    )
}

fn failed<'t>(tests: impl IntoIterator<Item = &'t Test>) -> usize {
    let failed = |test: &&Test| !test.failures.is_empty();
    tests.into_iter().filter(failed).count()
}

fn skipped<'t>(tests: impl IntoIterator<Item = &'t Test>) -> usize {
    let skipped = |test: &&Test| test.skipped.is_some();
    tests.into_iter().filter(skipped).count()
}

fn testcase(test: &Test) -> Markup {
    html! {
        testcase classname=(plain(&test.class)) name=(plain(&test.name)) {
            @if let Some(why) = &test.skipped {
                (empty("skipped", why))
            }
            @for one in &test.failures {
                @match &one.text {
                    None => (empty("failure", &one.message)),
                    Some(why) => failure type=[one.kind.as_deref().map(plain)] message=(plain(&one.message)) {
                        (lines(why))
                    }
                }
            }
            @if let Some(text) = &test.output {
                system-out { (lines(text)) }
            }
        }
    }
}

/// `<name message="..."/>`; the element has no content, which `html!` takes for no element of XML.
fn empty(name: &'static str, message: &str) -> Markup {
    let attribute = html! { (plain(message)) }.into_string();
    PreEscaped(format!("<{name} message=\"{attribute}\"/>"))
}

/// XML 1.0 has no way to write most control characters.
fn plain(text: &str) -> String {
    visible(text.as_bytes())
        .chars()
        .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect()
}

fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(plain).collect();
    lines.join("\n")
}

/// The report.
#[must_use]
pub fn xml(evaluation: &Evaluation, gates: &[Gate]) -> String {
    let attacks = evaluation.campaigns.iter();
    let attacks = attacks.filter(|one| one.class == Class::Malicious);
    let suites = [
        suite("exclusions", evaluation.exclusions.iter().map(exclusion)),
        suite("gates", gates.iter().map(gate)),
        suite("attacks", attacks.map(attack)),
    ];
    document(&suites)
}

fn suite(name: &str, tests: impl Iterator<Item = Test>) -> Suite {
    let class = format!("scanbench.{name}");
    let tests = tests.map(|test| Test {
        class: class.clone(),
        ..test
    });
    Suite {
        name: name.to_owned(),
        tests: tests.collect(),
    }
}

fn attack(one: &CampaignOutcome) -> Test {
    Test {
        name: format!("{} on {}", one.id, one.server),
        skipped: (one.rows_with_exclusions == 0).then(|| story::outcome(one)),
        ..Test::default()
    }
}

fn gate(one: &Gate) -> Test {
    Test {
        name: one.name.clone(),
        failures: one.failed.iter().map(|why| failure(why.clone())).collect(),
        ..Test::default()
    }
}

fn exclusion(one: &ExclusionOutcome) -> Test {
    let broken = one.broken.iter().map(|broken| {
        failure(format!(
            "promises {} = {}, measured {}",
            broken.promise, broken.promised, broken.measured
        ))
    });
    Test {
        name: one.id.clone(),
        skipped: (one.promises == 0).then(|| "it promises nothing".to_owned()),
        failures: broken.collect(),
        ..Test::default()
    }
}

fn failure(message: String) -> Failed {
    Failed {
        message,
        ..Failed::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::scene::tests::small;

    /// By hand: of two attacks one makes no row and the other is hidden; two exclusions promise nothing.
    #[test]
    fn a_miss_is_skipped_and_a_broken_promise_fails() {
        let mut small = small();
        let text = xml(&small.evaluation, &[]);
        assert!(
            text.contains("tests=\"4\" failures=\"0\" skipped=\"4\""),
            "{text}"
        );
        assert!(!text.contains("<script"), "{text}");
        small.evaluation.exclusions[0].promises = 1;
        small.evaluation.exclusions[0].broken = vec![crate::eval::Broken {
            promise: "max-hidden-campaigns",
            promised: 0,
            measured: 1,
        }];
        let text = xml(&small.evaluation, &[]);
        assert!(
            text.contains("tests=\"4\" failures=\"1\" skipped=\"3\""),
            "{text}"
        );
        assert!(
            text.contains("<failure message=\"promises max-hidden-campaigns = 0, measured 1\"/>"),
            "{text}"
        );
        let gates = [None, Some("recall is 0.1 to 0.4, under 0.5".to_owned())].map(|failed| Gate {
            name: "recall not under 0.5".to_owned(),
            failed,
        });
        let text = xml(&small.evaluation, &gates);
        assert!(
            text.contains("tests=\"6\" failures=\"2\" skipped=\"3\"")
                && text.contains("<testsuite name=\"gates\" tests=\"2\" failures=\"1\"")
                && text.contains("<failure message=\"recall is 0.1 to 0.4, under 0.5\"/>"),
            "{text}"
        );
    }
}
