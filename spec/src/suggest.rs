//! "Did you mean".

/// The candidate nearest to `name`, where one is near enough to be a slip of the pen (Damerau-Levenshtein
/// distance at most a third of the longer name, and at least 1).
#[must_use]
pub fn closest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            let longer = lower.chars().count().max(candidate.chars().count());
            *distance <= (longer / 3).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_pen() {
        let names = ["default", "hosting", "bin-edge"];
        assert_eq!(closest("defualt", names), Some("default"));
        assert_eq!(closest("Hosting", names), Some("hosting"));
        assert_eq!(closest("suite", names), None);
    }
}
