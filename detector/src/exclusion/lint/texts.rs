//! What can be told of texts: all where one side names whole values, else only what is obvious.

use crate::exclusion::Test;
use crate::exclusion::condition::Condition;
use crate::exclusion::text::{TextKind, TextTest, lower};
use memchr::memmem;

fn tests(condition: &Condition) -> &[TextTest] {
    match condition.test() {
        Test::Texts(tests) => tests,
        _ => &[],
    }
}

fn holds(condition: &Condition, value: &str) -> bool {
    tests(condition)
        .iter()
        .any(|test| test.holds(value.as_bytes()))
        != condition.is_negated()
}

/// The values that pass all conditions on one field, where they name whole values.
pub(super) fn finite<'c>(conditions: &[&'c Condition]) -> Option<Vec<&'c str>> {
    let naming = conditions.iter().find(|condition| {
        !condition.is_negated()
            && tests(condition)
                .iter()
                .all(|test| test.kind() == TextKind::Equals && !test.ignores_case())
    })?;
    Some(
        tests(naming)
            .iter()
            .map(TextTest::text)
            .filter(|value| conditions.iter().all(|condition| holds(condition, value)))
            .collect(),
    )
}

/// Whether values that pass all of `conditions` surely pass `other`.
pub(super) fn implied(conditions: &[&Condition], other: &Condition) -> bool {
    if let Some(values) = finite(conditions) {
        return values.iter().all(|value| holds(other, value));
    }
    conditions.iter().any(|condition| {
        let all_imply_one = |from: &[TextTest], to: &[TextTest]| {
            from.iter()
                .all(|test| to.iter().any(|other| test_implies(test, other)))
        };
        match (condition.is_negated(), other.is_negated()) {
            (false, false) => all_imply_one(tests(condition), tests(other)),
            (true, true) => all_imply_one(tests(other), tests(condition)),
            _ => false,
        }
    })
}

/// Whether some value surely passes all conditions of both; `None` where that cannot be told.
pub(super) fn intersect(mine: &[&Condition], theirs: &[&Condition]) -> Option<bool> {
    if mine.is_empty() || theirs.is_empty() {
        return Some(true);
    }
    for (naming, other) in [(mine, theirs), (theirs, mine)] {
        if let Some(values) = finite(naming) {
            let passes = |value: &&str| other.iter().all(|condition| holds(condition, value));
            return Some(values.iter().any(passes));
        }
    }
    let one_way =
        |from: &[&Condition], to: &[&Condition]| to.iter().all(|other| implied(from, other));
    (one_way(mine, theirs) || one_way(theirs, mine)).then_some(true)
}

/// Whether whatever passes one test surely passes another.
fn test_implies(test: &TextTest, other: &TextTest) -> bool {
    use TextKind::{Contains, EndsWith, Equals, Has, Regex, StartsWith};
    if test == other {
        return true;
    }
    if test.kind() == Regex
        || other.kind() == Regex
        || (test.ignores_case() && !other.ignores_case())
    {
        return false;
    }
    let has = if other.ignores_case() {
        lower(test.text().as_bytes())
    } else {
        test.text().as_bytes().into()
    };
    let wanted = if other.ignores_case() {
        lower(other.text().as_bytes())
    } else {
        other.text().as_bytes().into()
    };
    match (test.kind(), other.kind()) {
        (Equals, _) | (Has, Has) => other.holds(test.text().as_bytes()),
        (_, Contains) => memmem::find(&has, &wanted).is_some(),
        (StartsWith, StartsWith) => has.starts_with(&wanted),
        (EndsWith, EndsWith) => has.ends_with(&wanted),
        _ => false,
    }
}
