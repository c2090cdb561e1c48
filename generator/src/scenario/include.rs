//! Inventories that a scenario includes: houses that are built in, and files beside the scenario.

use scanbench_spec::{Finding, Source, Spanned, closest};
use std::path::Path;

/// Whole houses, by name.
const HOUSES: [(&str, &str); 7] = [
    ("hosting", include_str!("../../houses/hosting.toml")),
    ("sharepoint", include_str!("../../houses/sharepoint.toml")),
    ("exchange", include_str!("../../houses/exchange.toml")),
    ("wsus", include_str!("../../houses/wsus.toml")),
    ("intranet", include_str!("../../houses/intranet.toml")),
    (
        "balanced-pair",
        include_str!("../../houses/balanced-pair.toml"),
    ),
    ("internet", include_str!("../../houses/internet.toml")),
];

/// The file that `name` stands for in the scenario of `source`.
pub(super) fn find(source: &Source, name: &Spanned<String>) -> Result<Source, Finding> {
    let text = name.get_ref();
    if let Some((_, house)) = HOUSES.iter().find(|(known, _)| known == text) {
        return Ok(Source::new(format!("{text}.toml (built in)"), *house));
    }
    let path = Path::new(source.name())
        .parent()
        .unwrap_or(Path::new(""))
        .join(text);
    Source::read(&path).map_err(|error| {
        let names = HOUSES.map(|(known, _)| known);
        let near = closest(text, names).map(|near| format!("did you mean \"{near}\"? "));
        Finding::new(format!("cannot include \"{text}\": {error}"))
            .at(name.span())
            .help(format!(
                "{}built-in houses are {}; anything else is a file beside the scenario",
                near.unwrap_or_default(),
                names.join(", ")
            ))
    })
}

/// An included file as a part of the scenario's own text.
pub(super) fn inlined(name: &str, tables: &str) -> String {
    let mut text = format!("\n# ---- From {name} ----\n\n{tables}");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
