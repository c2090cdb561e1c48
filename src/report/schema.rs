//! The JSON Schemas of what is written for programs: draft 2020-12, made from the types that are written.

use crate::edges::Edges;
use crate::eval::Evaluation;
use crate::eval::sweep::Sweep;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The JSON Schema of `report.json`.
#[must_use]
pub fn report_schema() -> Value {
    schema::<Evaluation>("A report of scanbench")
}

/// The JSON Schema of `sweep.json`.
#[must_use]
pub fn sweep_schema() -> Value {
    schema::<Sweep>("A sweep of scanbench")
}

/// The JSON Schema of `edges.json`.
#[must_use]
pub fn edges_schema() -> Value {
    schema::<Edges>("The edges of windows, measured by scanbench")
}

fn schema<T: JsonSchema>(title: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}
