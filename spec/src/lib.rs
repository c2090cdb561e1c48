//! Files that people write: scenarios and exclusion lists. They are read whole and checked, or refused with
//! every finding at its place: file, line, column, what was expected, what to do.
//!
//! Scenarios are TOML, read by serde ([`from_toml`]). Exclusion lists are TOML, YAML or JSON: each becomes the same
//! tree of values with their places ([`parse`]), so one reader serves all three and collects all findings at once.
//!
//! Neither the generator nor the detector may know the other, and both read such files, so this stands apart.

mod duration;
mod finding;
mod size;
mod source;
mod suggest;
mod table;
mod tree;

pub use duration::parse_duration;
pub use finding::{Code, Finding, Findings, Severity};
pub use size::parse_size;
pub use source::{MAX_FILE_BYTES, Source, SourceError};
pub use suggest::closest;
pub use table::{TableReader, expected};
pub use tree::{Format, Key, MAX_DEPTH, Node, Value, parse};

use serde::de::DeserializeOwned;

/// A value with its place in the file.
pub use toml::Spanned;

/// A date and time as TOML writes it.
pub use toml::value::Datetime;

/// Reads a TOML file into `T`.
///
/// # Errors
/// [`Findings`] with the first thing that is not TOML or does not fit `T`. Nesting is limited by the parser.
///
/// ```
/// # use serde::Deserialize;
/// #[derive(Deserialize, Debug)]
/// #[serde(deny_unknown_fields)]
/// struct Site { port: u16 }
///
/// let source = scanbench_spec::Source::new("site.toml", "prot = 80\n");
/// let findings = scanbench_spec::from_toml::<Site>(&source).unwrap_err();
/// let text = findings.to_string();
/// assert!(text.contains("site.toml:1:1"), "{text}");
/// assert!(text.contains("did you mean `port`?"), "{text}");
/// ```
pub fn from_toml<T: DeserializeOwned>(source: &Source) -> Result<T, Findings> {
    toml::from_str(source.text()).map_err(|error| {
        let mut finding = Finding::new(error.message()).at(error.span());
        if let Some(help) = did_you_mean(error.message()) {
            finding = finding.help(help);
        }
        Findings::new(source, vec![finding])
    })
}

/// serde says "unknown field `prot`, expected one of `port`, `host`": the nearest of those.
fn did_you_mean(message: &str) -> Option<String> {
    let mut names = message.split('`').skip(1).step_by(2);
    if !message.starts_with("unknown ") {
        return None;
    }
    let unknown = names.next()?;
    let known: Vec<&str> = names.collect();
    closest(unknown, known).map(|name| format!("did you mean `{name}`?"))
}
