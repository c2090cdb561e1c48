//! A file as a tree of values with their places: the same for TOML, YAML and JSON.

mod json;
mod toml;
mod yaml;

use crate::{Finding, Source};
use std::ops::Range;
use std::path::Path;

/// How deep values may stand inside each other. What people write needs five.
pub const MAX_DEPTH: usize = 32;

/// A value and the bytes of the file that it stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Bytes of the file.
    pub span: Range<usize>,
    /// The value.
    pub value: Value,
}

/// A key and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Bytes of the file.
    pub span: Range<usize>,
    /// The key.
    pub name: String,
}

/// What can stand in a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing: `null` of YAML and JSON.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// A date, a time or both, as TOML writes it.
    Moment(String),
    /// A list.
    List(Vec<Node>),
    /// A table, in the order of the file; no key stands twice.
    Table(Vec<(Key, Node)>),
}

impl Value {
    /// What it is, in words: `the text "x"`, `the number 5`, `a list`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Bool(value) => format!("{value}"),
            Self::Integer(number) => format!("the number {number}"),
            Self::Float(number) => format!("the number {number}"),
            Self::Text(text) => format!("\"{text}\""),
            Self::Moment(text) => format!("the moment {text}"),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
        }
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TOML 1.0.
    Toml,
    /// YAML 1.2, without anchors and tags.
    Yaml,
    /// JSON.
    Json,
}

impl Format {
    /// By the extension of its name, else by how the text begins.
    #[must_use]
    pub fn of(source: &Source) -> Self {
        let extension = Path::new(source.name())
            .extension()
            .and_then(|extension| extension.to_str())
            .map(str::to_ascii_lowercase);
        match extension.as_deref() {
            Some("toml") => Self::Toml,
            Some("yaml" | "yml") => Self::Yaml,
            Some("json") => Self::Json,
            _ => Self::by_content(source.text()),
        }
    }

    fn by_content(text: &str) -> Self {
        let mut lines = text.lines().map(str::trim);
        let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
        let Some(first) = first else {
            return Self::Toml;
        };
        let is_key = |char: char| char.is_ascii_alphanumeric() || "_-.\"' \t".contains(char);
        let behind_key = first.trim_start_matches(is_key);
        match first.as_bytes().first() {
            Some(b'{') => Self::Json,
            Some(b'[') => Self::Toml,
            _ if behind_key.starts_with('=') => Self::Toml,
            _ if behind_key.starts_with(':') || first == "---" => Self::Yaml,
            _ => Self::Toml,
        }
    }
}

/// Reads a file in whichever of the three formats it is.
///
/// # Errors
/// What is not of that format, each at its place: all of it in TOML, up to the first in YAML and JSON.
pub fn parse(source: &Source) -> Result<Node, Vec<Finding>> {
    match Format::of(source) {
        Format::Toml => toml::parse(source.text()),
        Format::Yaml => yaml::parse(source.text()),
        Format::Json => json::parse(source.text()),
    }
}

/// What is said where values stand too deep inside each other.
fn too_deep(span: Range<usize>) -> Finding {
    Finding::new(format!(
        "values stand more than {MAX_DEPTH} deep inside each other"
    ))
    .at(span)
}

#[cfg(test)]
mod tests;
