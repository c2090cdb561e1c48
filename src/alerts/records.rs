//! The values of alerts by column, from CSV, a JSON array or JSON Lines.

use super::AlertsError;
use scanbench_w3c::visible;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// An alert's values by column.
pub(super) type Record = BTreeMap<String, Value>;

/// Reads all records; what the first byte says is how. A file of nothing has none.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Record>, AlertsError> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match text.trim_ascii_start().first() {
        None => Ok(Vec::new()),
        Some(b'[') => json_array(text),
        Some(b'{') => json_lines(text),
        Some(_) => csv_records(text),
    }
}

fn json_array(text: &[u8]) -> Result<Vec<Record>, AlertsError> {
    let list: Vec<Map<String, Value>> =
        serde_json::from_slice(text).map_err(|error| format_error(&error))?;
    Ok(list.into_iter().map(flat).collect())
}

fn json_lines(text: &[u8]) -> Result<Vec<Record>, AlertsError> {
    serde_json::Deserializer::from_slice(text)
        .into_iter::<Map<String, Value>>()
        .map(|one| one.map(flat).map_err(|error| format_error(&error)))
        .collect()
}

fn csv_records(text: &[u8]) -> Result<Vec<Record>, AlertsError> {
    let mut reader = csv::Reader::from_reader(text);
    let header = reader
        .headers()
        .map_err(|error| format_error(&error))?
        .clone();
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|error| format_error(&error))?;
            let cells = header.iter().zip(&record);
            Ok(cells
                .map(|(name, cell)| (name.trim().to_owned(), Value::from(cell)))
                .collect())
        })
        .collect()
}

fn format_error(error: &impl ToString) -> AlertsError {
    AlertsError::Format(visible(error.to_string().as_bytes()))
}

/// The values of an object by the paths to them. What search engines wrap results in is left off.
fn flat(object: Map<String, Value>) -> Record {
    let mut record = Record::new();
    add(&mut record, "", Value::Object(object));
    record
}

fn add(record: &mut Record, path: &str, value: Value) {
    let path = path
        .strip_prefix("_source.")
        .or_else(|| path.strip_prefix("result."))
        .unwrap_or(path);
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let key = if matches!(path, "" | "_source" | "result" | "group_key") {
                    key
                } else {
                    format!("{path}.{key}")
                };
                add(record, &key, value);
            }
        }
        // rsigma's group key is a list of pairs.
        Value::Array(pairs) if path == "group_key" => {
            for pair in pairs {
                if let Value::Array(pair) = pair
                    && let [Value::String(key), value] = &pair[..]
                {
                    add(record, key, value.clone());
                }
            }
        }
        // Of a list of objects the last tells when the alert came.
        Value::Array(mut list) if list.last().is_some_and(Value::is_object) => {
            if let Some(last) = list.pop() {
                add(record, path, last);
            }
        }
        value => {
            record.insert(path.to_owned(), value);
        }
    }
}
