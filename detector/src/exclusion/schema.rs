//! The JSON Schema of exclusion lists, made from the lists of keys that read them, so that editors complete and check
//! while somebody writes.

use super::hours::DAYS;
use super::read::{DEFAULTS_KEYS, EXCLUSION_KEYS, EXPECT_KEYS, FILE_KEYS, REQUIRABLE};
use super::subject::{Kind, Subject};
use serde_json::{Map, Value, json};

/// The JSON Schema of exclusion lists.
#[must_use]
pub fn exclusion_schema() -> Value {
    let mut schema = table(&FILE_KEYS, &["version"], file_key);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "An exclusion list of scanbench".into();
    schema["$defs"] = json!({
        "addresses": one_or_many(&json!({
            "type": "string",
            "description": "an address, a network in CIDR, or a range such as 10.0.0.10-10.0.0.20",
        })),
        "ports": one_or_many(&json!({ "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": 65535 },
            { "type": "string", "pattern": "^[0-9]+( *- *[0-9]+)?$" },
        ]})),
        "numbers": one_or_many(&json!({ "anyOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": "^[0-9]+( *-( *[0-9]+)?)?$" },
        ]})),
        "texts": texts(&json!({ "type": "string", "minLength": 1 })),
        "custom": texts(&json!({ "anyOf": [{ "type": "string", "minLength": 1 }, { "type": "integer" }] })),
        "times": one_or_many(&hours()),
    });
    schema
}

/// A table with these keys; what is not among them is refused.
fn table(keys: &[&str], required: &[&str], describe: fn(&str) -> Value) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| ((*key).to_owned(), describe(key)))
        .collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn one_or_many(one: &Value) -> Value {
    json!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] })
}

/// Texts to compare with, or a table of tests on them; custom fields take numbers for texts wherever a text stands.
fn texts(one: &Value) -> Value {
    let some = one_or_many(one);
    json!({ "anyOf": [some, text_tests(&some)] })
}

fn file_key(key: &str) -> Value {
    match key {
        "version" => json!({ "const": 1 }),
        "defaults" => table(&DEFAULTS_KEYS, &[], defaults_key),
        _ => json!({
            "type": "array",
            "items": table(&EXCLUSION_KEYS, &["id", "stage", "match"], exclusion_key),
        }),
    }
}

fn defaults_key(key: &str) -> Value {
    match key {
        "require" => json!({
            "description": "keys that each exclusion must have; `exclusions check` holds it to that",
            "type": "array",
            "items": { "enum": REQUIRABLE },
        }),
        _ => json!({
            "description": "the longest time for which one may hold, such as 90d",
            "type": "string",
            "pattern": "^([0-9]+(ms|s|m|h|d|w) *)+$",
        }),
    }
}

fn exclusion_key(key: &str) -> Value {
    match key {
        "id" => {
            json!({ "type": "string", "minLength": 1, "description": "stable and unique; reports speak of it by this" })
        }
        "reason" => json!({ "type": "string", "description": "why it is there" }),
        "owner" => json!({ "type": "string", "description": "who answers for it" }),
        "ticket" => json!({ "type": "string", "description": "where it was decided" }),
        "enabled" => json!({ "type": "boolean", "description": "false switches it off" }),
        "starts" => {
            json!({ "description": "first moment at which it holds, on the time of the event, such as 2026-11-02T00:00:00Z" })
        }
        "expires" => {
            json!({ "description": "first moment at which it holds no longer, on the time of the event" })
        }
        "stage" => {
            json!({ "enum": ["event", "alert"], "description": "event: lines are not counted; alert: rows are hidden where all lines match" })
        }
        "match" => matches(),
        "expect" => table(&EXPECT_KEYS, &[], expect_key),
        _ => json!({ "type": "string" }),
    }
}

fn expect_key(key: &str) -> Value {
    let description = match key {
        "max-hidden-campaigns" => "at most so many attacks may lose all their rows by it",
        "max-hidden-rows" => "at most so many right rows may go",
        "max-hidden-authorised" => "at most so many rows of authorised scans may go",
        _ => "at least so many rows must go",
    };
    json!({ "type": "integer", "minimum": 0, "description": description })
}

fn matches() -> Value {
    let mut properties = Map::new();
    for (name, subject) in Subject::names() {
        let definition = match subject.kind() {
            Kind::Addresses => "addresses",
            Kind::Ports => "ports",
            Kind::Numbers => "numbers",
            Kind::Texts => "texts",
            Kind::Times => "times",
        };
        let schema = json!({ "$ref": format!("#/$defs/{definition}") });
        properties.insert(name.to_owned(), schema.clone());
        properties.insert(format!("not-{name}"), schema);
    }
    json!({
        "description": "keys and, lists or, not- before a key negates; other names are those of custom fields",
        "type": "object",
        "minProperties": 1,
        "properties": properties,
        "additionalProperties": { "$ref": "#/$defs/custom" },
    })
}

fn text_tests(some: &Value) -> Value {
    let kinds = [
        "equals",
        "contains",
        "starts-with",
        "ends-with",
        "has",
        "regex",
    ];
    let mut properties: Map<String, Value> = kinds
        .iter()
        .map(|kind| ((*kind).to_owned(), some.clone()))
        .collect();
    properties.insert("ignore-case".to_owned(), json!({ "type": "boolean" }));
    json!({ "type": "object", "additionalProperties": false, "minProperties": 1, "properties": properties })
}

fn hours() -> Value {
    let names = DAYS.iter().flat_map(|(short, long)| [*short, *long]);
    let day = names.collect::<Vec<_>>().join("|");
    let clock = json!({ "type": "string", "pattern": "^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$" });
    json!({
        "type": "object",
        "additionalProperties": false,
        "minProperties": 1,
        "properties": {
            "days": one_or_many(&json!({ "type": "string", "pattern": format!("^({day})( *- *({day}))?$") })),
            "from": clock,
            "to": clock,
            "zone": { "type": "string", "description": "UTC, an offset such as +02:00, or a name such as Europe/Berlin" },
        },
    })
}
