//! The report as `JUnit` XML, for the test page of a CI server.
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

/// The XML, with the elements and attributes that Jenkins, GitLab and GitHub's reporters read.
#[must_use]
pub fn xml(evaluation: &Evaluation, gates: &[Gate]) -> String {
    let attacks: Vec<&CampaignOutcome> = evaluation
        .campaigns
        .iter()
        .filter(|one| one.class == Class::Malicious)
        .collect();
    let missed = attacks.iter().filter(|one| !caught(one)).count();
    let exclusions = &evaluation.exclusions;
    let silent = exclusions.iter().filter(|one| one.promises == 0).count();
    let broken = exclusions
        .iter()
        .filter(|one| !one.broken.is_empty())
        .count();
    let shut = gates.iter().filter(|gate| gate.failed.is_some()).count();
    let tests = attacks.len() + exclusions.len() + gates.len();
    let body = html! {
        testsuites name="scanbench" tests=(tests) failures=(broken + shut) skipped=(missed + silent) {
            testsuite name="exclusions" tests=(exclusions.len()) failures=(broken) errors="0" skipped=(silent) {
                @for one in exclusions { (exclusion(one)) }
            }
            testsuite name="gates" tests=(gates.len()) failures=(shut) errors="0" skipped="0" {
                @for one in gates { (gate(one)) }
            }
            testsuite name="attacks" tests=(attacks.len()) failures="0" errors="0" skipped=(missed) {
                @for one in attacks { (attack(one)) }
            }
        }
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n",
        body.into_string()
    )
}

fn caught(one: &CampaignOutcome) -> bool {
    one.rows_with_exclusions > 0
}

fn attack(one: &CampaignOutcome) -> Markup {
    let name = plain(&format!("{} on {}", one.id, one.server));
    html! {
        testcase classname="scanbench.attacks" name=(name) {
            @if !caught(one) {
                (empty("skipped", &story::outcome(one)))
            }
        }
    }
}

fn gate(one: &Gate) -> Markup {
    html! {
        testcase classname="scanbench.gates" name=(plain(&one.name)) {
            @if let Some(why) = &one.failed {
                (empty("failure", why))
            }
        }
    }
}

fn exclusion(one: &ExclusionOutcome) -> Markup {
    html! {
        testcase classname="scanbench.exclusions" name=(plain(&one.id)) {
            @if one.promises == 0 {
                (empty("skipped", "it promises nothing"))
            }
            @for broken in &one.broken {
                (empty("failure", &format!(
                    "promises {} = {}, measured {}", broken.promise, broken.promised, broken.measured
                )))
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
