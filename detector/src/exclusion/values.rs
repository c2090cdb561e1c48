//! How values are read. serde's `untagged` would only say that nothing fitted; this says what would.

use scanbench_spec::Spanned;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// One value.
#[derive(Debug)]
pub(super) enum Value {
    Number(i64),
    Text(String),
}

/// What can stand behind a key of `[exclusion.match]`.
#[derive(Debug)]
pub(super) enum Values {
    One(Value),
    Many(Vec<Spanned<Value>>),
    Tests(Box<Tests>),
}

/// Tests on a text; any of them may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Tests {
    pub(super) equals: Option<Spanned<Texts>>,
    pub(super) contains: Option<Spanned<Texts>>,
    pub(super) starts_with: Option<Spanned<Texts>>,
    pub(super) ends_with: Option<Spanned<Texts>>,
    pub(super) regex: Option<Spanned<Texts>>,
}

/// One text or a list of them.
#[derive(Debug)]
pub(super) enum Texts {
    One(String),
    Many(Vec<Spanned<Value>>),
}

impl Texts {
    /// Each text with its place.
    pub(super) fn spread(texts: Option<Spanned<Self>>) -> Vec<Spanned<Value>> {
        let Some(texts) = texts else {
            return Vec::new();
        };
        let span = texts.span();
        match texts.into_inner() {
            Self::One(text) => vec![Spanned::new(span, Value::Text(text))],
            Self::Many(list) => list,
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Expected;

        impl Visitor<'_> for Expected {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Number(number))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }
        }

        deserializer.deserialize_any(Expected)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Expected;

        impl<'de> Visitor<'de> for Expected {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a value, a list of values, or a table such as { contains = \"Nessus\" }",
                )
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Values, E> {
                Ok(Values::One(Value::Number(number)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Values, E> {
                Ok(Values::One(Value::Text(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<Values, A::Error> {
                list(values).map(Values::Many)
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Values, A::Error> {
                Tests::deserialize(MapAccessDeserializer::new(table))
                    .map(Box::new)
                    .map(Values::Tests)
            }
        }

        deserializer.deserialize_any(Expected)
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Expected;

        impl<'de> Visitor<'de> for Expected {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<Texts, A::Error> {
                list(values).map(Texts::Many)
            }
        }

        deserializer.deserialize_any(Expected)
    }
}

fn list<'de, A: SeqAccess<'de>>(mut values: A) -> Result<Vec<Spanned<Value>>, A::Error> {
    let mut all = Vec::new();
    while let Some(value) = values.next_element()? {
        all.push(value);
    }
    Ok(all)
}
