//! Scenarios and exclusions that are in the program itself, so that it works with no file beside it.

use super::failure::Failure;
use scanbench_spec::{Source, closest};
use std::path::Path;

/// Makes the list of scenarios in `scenarios/`.
macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../scenarios/", $name, ".toml")))),*]
    };
}

/// The scenarios of `scenarios/`, by name.
pub(crate) const SCENARIOS: [(&str, &str); 25] = scenarios![
    "default",
    "minimal",
    "suite",
    "bin-edge",
    "boundaries",
    "slow",
    "adaptive",
    "behind-proxy",
    "distributed",
    "excluded-address",
    "farms",
    "full-range",
    "horizontal",
    "http-tools",
    "intranet",
    "ipv6-rotating",
    "log-settings",
    "look-alikes",
    "nmap-speeds",
    "no-request",
    "own-browsing",
    "pacing",
    "throughput",
    "vulnerability-scan",
    "weekly-maintenance",
];

/// The exclusion lists of `scenarios/exclusions/`, by name.
pub(crate) const EXCLUSIONS: [(&str, &str); 3] = [
    (
        "boundaries",
        include_str!("../../scenarios/exclusions/boundaries.toml"),
    ),
    (
        "documented",
        include_str!("../../scenarios/exclusions/documented.toml"),
    ),
    (
        "narrow",
        include_str!("../../scenarios/exclusions/narrow.toml"),
    ),
];

/// The exclusion list with this path or, where there is no such file, with this name.
pub(crate) fn exclusions(name: &str) -> Result<Source, Failure> {
    by_path_or_name(name, "exclusion list", &EXCLUSIONS)
}

/// The scenario with this path or, where there is no such file, with this name.
pub(crate) fn scenario(name: &str) -> Result<Source, Failure> {
    by_path_or_name(name, "scenario", &SCENARIOS)
}

fn by_path_or_name(
    name: &str,
    what: &str,
    built_in: &[(&'static str, &'static str)],
) -> Result<Source, Failure> {
    let path = Path::new(name);
    if path.exists() {
        return Ok(Source::read(path)?);
    }
    if let Some((name, text)) = built_in.iter().find(|(known, _)| *known == name) {
        return Ok(Source::new(format!("{name}.toml (built in)"), *text));
    }
    let names: Vec<&str> = built_in.iter().map(|(known, _)| *known).collect();
    let shown = scanbench_w3c::visible(name.as_bytes());
    let hint = match closest(name, names.iter().copied()) {
        Some(known) => format!("did you mean \"{known}\"?"),
        None => format!("built in are: {}", names.join(", ")),
    };
    Err(Failure::Input(format!(
        "there is no file and no built-in {what} \"{shown}\"; {hint}"
    )))
}
