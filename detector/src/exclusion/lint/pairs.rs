//! Exclusions that stand in each other's way.

use super::space::Space;
use crate::exclusion::codes::{CONTRADICTION, OVERLAP, SHADOWED};
use scanbench_spec::{Finding, Severity};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Names of others that are written out in one finding.
const NAMED: usize = 3;

/// Contradictions, and pairs of which one shadows or overlaps the other.
pub(super) fn findings(spaces: &[Space<'_>], findings: &mut Vec<Finding>) {
    let mut sound = Vec::new();
    for space in spaces {
        let exclusion = space.exclusion;
        if let Some(why) = space.contradiction() {
            findings.push(
                Finding::new(format!("{} never matches: {why}", exclusion.id()))
                    .at(exclusion.span())
                    .help("its conditions must all hold of one line; drop one of those that exclude each other")
                    .code(&CONTRADICTION)
                    .about(exclusion.id()),
            );
        } else if exclusion.is_enabled() {
            sound.push(space);
        }
    }
    let mut overlaps: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); sound.len()];
    let mut shadows: Vec<Option<usize>> = vec![None; sound.len()];
    each_near_pair(&sound, |a, b| {
        // Of two that match the same, the later one is the one too many.
        let (first, second) = (a.min(b), a.max(b));
        if sound[second].is_shadowed_by(sound[first]) {
            let known = shadows[second].get_or_insert(first);
            *known = first.min(*known);
        } else if sound[first].is_shadowed_by(sound[second]) {
            let known = shadows[first].get_or_insert(second);
            *known = second.min(*known);
        } else if sound[first].intersects(sound[second]) {
            overlaps[second].insert(first);
        }
    });
    for (index, space) in sound.iter().enumerate() {
        let exclusion = space.exclusion;
        if let Some(by) = shadows[index] {
            let by = sound[by].exclusion;
            findings.push(
                Finding::new(format!(
                    "{} does nothing: {} takes all that it matches",
                    exclusion.id(),
                    by.id()
                ))
                .at(exclusion.span())
                .help(format!("drop one of the two, or narrow {}", by.id()))
                .severity(Severity::Warning)
                .code(&SHADOWED)
                .about(exclusion.id()),
            );
        }
        let others: Vec<&str> = overlaps[index]
            .iter()
            .filter(|other| shadows[index].is_none() && shadows[**other].is_none())
            .map(|other| sound[*other].exclusion.id())
            .collect();
        if !others.is_empty() {
            let more = others.len().saturating_sub(NAMED);
            let mut names = others[..others.len().min(NAMED)].join(", ");
            if more > 0 {
                // Writing to a String cannot fail.
                let _ = write!(names, " and {more} more");
            }
            findings.push(
                Finding::new(format!("{} shares lines with {names}", exclusion.id()))
                    .at(exclusion.span())
                    .help("what each of them does alone is then not what they do together")
                    .severity(Severity::Note)
                    .code(&OVERLAP)
                    .about(exclusion.id()),
            );
        }
    }
}

/// Calls for each pair whose client addresses come near each other. Long lists are lists of addresses, and of those
/// few pairs are left.
fn each_near_pair(spaces: &[&Space<'_>], mut call: impl FnMut(usize, usize)) {
    let any = [(0, 0), (u8::MAX, u128::MAX)];
    let mut order: Vec<(usize, [(u8, u128); 2])> = spaces
        .iter()
        .enumerate()
        .map(|(index, space)| (index, space.clients().unwrap_or(any)))
        .collect();
    order.sort_by_key(|(index, [first, _])| (*first, *index));
    let mut open: Vec<(usize, (u8, u128))> = Vec::new();
    for (index, [first, last]) in order {
        open.retain(|(_, end)| *end >= first);
        for (other, _) in &open {
            call(*other, index);
        }
        open.push((index, last));
    }
}
