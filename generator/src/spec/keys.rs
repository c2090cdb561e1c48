//! Keys of a table, written once: the struct that serde fills and its part of the JSON Schema.

use super::value::{Client, Daily, Moment, Network, Ports, Span};
use crate::inventory::{Authentication, Iis};
use scanbench_spec::{Datetime, Spanned};
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// A type that a key can have, as the schema sees it.
pub(crate) trait Describe {
    /// Whether the key may be left out.
    const OPTIONAL: bool = false;
    fn schema() -> Value;
}

/// A table with keys.
pub(crate) trait Keys {
    fn properties() -> Vec<Key>;
}

/// One key.
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) optional: bool,
    pub(crate) schema: Value,
}

/// The schema of a table: what is not among its keys is refused.
pub(crate) fn table(keys: Vec<Key>) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for key in keys {
        let mut schema = key.schema;
        if let Value::Object(map) = &mut schema
            && !key.doc.is_empty()
        {
            map.insert("description".to_owned(), key.doc.into());
        }
        if !key.optional {
            required.push(Value::from(key.name.clone()));
        }
        properties.insert(key.name, schema);
    }
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

/// Makes a struct of keys, with its schema.
macro_rules! keys {
    ($(#[doc = $doc:expr])* $name:ident { $($(#[doc = $key_doc:expr])* $key:ident: $type:ty,)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        pub(crate) struct $name {
            $($(#[doc = $key_doc])* pub(crate) $key: $type,)*
        }

        impl $crate::spec::keys::Keys for $name {
            fn properties() -> Vec<$crate::spec::keys::Key> {
                vec![$($crate::spec::keys::Key {
                    name: stringify!($key).replace('_', "-"),
                    doc: [$($key_doc,)*].concat().trim().to_owned(),
                    optional: <$type as $crate::spec::keys::Describe>::OPTIONAL,
                    schema: <$type as $crate::spec::keys::Describe>::schema(),
                }),*]
            }
        }
    };
}
pub(crate) use keys;

/// Makes an enum of words, with its schema.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$word_meta:meta])* $word:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
        pub(crate) enum $name {
            $($(#[$word_meta])* #[serde(rename = $text)] $word,)*
        }

        impl $crate::spec::keys::Describe for $name {
            fn schema() -> serde_json::Value {
                serde_json::json!({ "enum": [$($text),*] })
            }
        }
    };
}
pub(crate) use words;

impl<T: Describe> Describe for Option<T> {
    const OPTIONAL: bool = true;
    fn schema() -> Value {
        T::schema()
    }
}

impl<T: Describe> Describe for Spanned<T> {
    const OPTIONAL: bool = T::OPTIONAL;
    fn schema() -> Value {
        T::schema()
    }
}

impl<T: Describe> Describe for Vec<T> {
    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

/// Makes the schema of a type.
macro_rules! described {
    ($($type:ty => $schema:tt,)*) => {
        $(impl Describe for $type {
            fn schema() -> Value {
                json!($schema)
            }
        })*
    };
}

described! {
    bool => { "type": "boolean" },
    f64 => { "type": "number" },
    i64 => { "type": "integer" },
    u32 => { "type": "integer", "minimum": 0 },
    String => { "type": "string" },
    IpAddr => { "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] },
    Datetime => { "description": "a date and time with an offset, such as 2026-11-02T00:00:00Z" },
    Span => { "type": "string", "pattern": "^([0-9]+(ms|s|m|h|d|w))+$" },
    Moment => { "description": "a span since the start (\"2h15m\"), a day and hour (\"Tue 02:00\"), or a date and time" },
    Client => { "type": "string", "description": "an address, a network to draw from, or \"random\"" },
    Network => { "type": "string" },
    Daily => { "type": "string", "pattern": "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$" },
    Iis => { "enum": ["6", "7.5", "8.0", "8.5", "10"] },
    Authentication => { "enum": ["anonymous", "windows"] },
}

impl Describe for Ports {
    fn schema() -> Value {
        let one = json!({ "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": 65535 },
            { "type": "string", "description": "a range such as \"8001-8058\", or a set: all, bound, iis, usual, well-known" },
        ]});
        json!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}
