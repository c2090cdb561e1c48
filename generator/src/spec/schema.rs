//! The JSON Schema of scenario files, made from the same lists of keys that read them, so that editors complete and
//! check while somebody writes.

use super::HeadSpec;
use super::actor::schemas;
use super::keys::{Describe, Keys, table};
use super::server::ServerSpec;
use serde_json::{Value, json};

/// The JSON Schema of scenario files.
pub(crate) fn schema() -> Value {
    let mut whole = table(HeadSpec::properties());
    let kinds = schemas();
    let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
    let branches: Vec<Value> = kinds
        .iter()
        .map(|(name, schema)| {
            json!({ "if": { "properties": { "kind": { "const": name } } }, "then": schema })
        })
        .collect();
    let properties = &mut whole["properties"];
    properties["server"] = json!({ "type": "array", "items": <ServerSpec as Describe>::schema() });
    properties["actor"] = json!({ "type": "array", "items": {
        "type": "object",
        "required": ["id", "kind"],
        "properties": { "kind": { "enum": names } },
        "allOf": branches,
    }});
    whole["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    whole["title"] = "A scenario of scanbench".into();
    whole
}
