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
pub(crate) const SCENARIOS: [(&str, &str); 24] = scenarios![
    "default",
    "minimal",
    "suite",
    "bin-edge",
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

const DOCUMENTED: &str = include_str!("../../scenarios/exclusions/documented.toml");

/// The exclusions that the rule's documentation proposes.
pub(crate) fn documented_exclusions() -> Source {
    Source::new("documented.toml (built in)", DOCUMENTED)
}

/// The scenario with this path or, where there is no such file, with this name.
pub(crate) fn scenario(name: &str) -> Result<Source, Failure> {
    let path = Path::new(name);
    if path.exists() {
        return Ok(Source::read(path)?);
    }
    if let Some((name, text)) = SCENARIOS.iter().find(|(known, _)| *known == name) {
        return Ok(Source::new(format!("{name}.toml (built in)"), *text));
    }
    let names = SCENARIOS.map(|(known, _)| known);
    let shown = scanbench_w3c::visible(name.as_bytes());
    let hint = match closest(name, names) {
        Some(known) => format!("did you mean \"{known}\"?"),
        None => format!("built in are: {}", names.join(", ")),
    };
    Err(Failure::Input(format!(
        "there is no file and no built-in scenario \"{shown}\"; {hint}"
    )))
}
