//! The JSON Schema of `report.json`.

use crate::eval::Evaluation;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The JSON Schema of `report.json`: draft 2020-12, made from the types that are written.
#[must_use]
pub fn report_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<Evaluation>();
    schema.insert("title".to_owned(), "A report of scanbench".into());
    schema.to_value()
}
