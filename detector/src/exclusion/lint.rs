//! What can be said against a list of exclusions from the list alone.

mod breadth;
mod moments;
mod pairs;
mod policy;
mod sets;
mod space;
mod texts;

use super::Exclusions;
use moments::Clocks;
use scanbench_spec::Finding;
use space::Space;

/// What is wrong, doubtful or worth knowing about exclusions, each at its place.
///
/// Whether one shadows or overlaps another is exact on addresses, ports, numbers and times; of texts only what is
/// certain is said.
#[must_use]
pub fn lint(exclusions: &Exclusions) -> Vec<Finding> {
    let clocks = Clocks::default();
    let of = |exclusion| Space::of(exclusion, &clocks);
    let spaces: Vec<Space<'_>> = exclusions.list().iter().map(of).collect();
    let mut findings = Vec::new();
    for space in &spaces {
        breadth::findings(space, &mut findings);
        policy::findings(space.exclusion, exclusions.policy(), &mut findings);
    }
    pairs::findings(&spaces, &mut findings);
    findings
}

#[cfg(test)]
mod tests;
