//! The committed JSON Schema of reports is that of the code, and real reports fit it.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// After a change that is meant, `UPDATE_SCHEMAS=1 cargo test --test report_schema` writes the file anew; a change of
/// shape also needs another `SCHEMA_VERSION`.
#[test]
fn the_committed_schema_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/report.schema.json");
    let mut text =
        serde_json::to_string_pretty(&scanbench::report::schema::report_schema()).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == text,
        "{} differs: UPDATE_SCHEMAS=1 cargo test --test report_schema writes it anew",
        path.display()
    );
}

/// What does not fit, by those keywords that the schema uses; every property must be known.
fn misfits(value: &Value, schema: &Value, root: &Value, path: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let definition = &root["$defs"][name.rsplit('/').next().unwrap()];
        return misfits(value, definition, root, path, found);
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(any) = schema[key].as_array() {
            let fits = |one: &&Value| {
                let mut inner = Vec::new();
                misfits(value, one, root, path, &mut inner);
                inner.is_empty()
            };
            if !any.iter().any(|one| fits(&one)) {
                found.push(format!("{path}: {value} fits none"));
            }
            return;
        }
    }
    if let Some(constant) = schema.get("const") {
        if constant != value {
            found.push(format!("{path}: {value} is not {constant}"));
        }
        return;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().map(|one| one.as_str().unwrap()).collect(),
        _ => {
            found.push(format!("{path}: no type in {schema}"));
            return;
        }
    };
    let is_number = kind == "integer" && types.contains(&"number");
    if !types.contains(&kind) && !is_number {
        found.push(format!("{path}: {value} is no {types:?}"));
    }
    if let Some(list) = value.as_array() {
        for (index, item) in list.iter().enumerate() {
            misfits(
                item,
                &schema["items"],
                root,
                &format!("{path}[{index}]"),
                found,
            );
        }
    }
    if let Some(object) = value.as_object() {
        for (key, item) in object {
            let property = match &schema["properties"][key] {
                Value::Null => &schema["additionalProperties"],
                property => property,
            };
            if property.is_object() {
                misfits(item, property, root, &format!("{path}.{key}"), found);
            } else {
                found.push(format!("{path}.{key} is not known"));
            }
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(required.as_str().unwrap()) {
                found.push(format!("{path}.{required} is missing"));
            }
        }
    }
}

#[test]
fn real_reports_fit() {
    let schema = scanbench::report::schema::report_schema();
    let scratch = tempfile::tempdir().unwrap();
    let scanbench = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let dataset = path("set");
    scanbench(&["generate", "excluded-address", "-o", &dataset]);
    for (name, arguments) in [
        ("plain", vec![]),
        ("exclusions", vec!["--exclusions", "documented"]),
        ("sliding", vec!["--window", "sliding"]),
    ] {
        let output = path(name);
        let mut all = vec!["evaluate", &dataset, "-o", &output];
        all.extend(arguments);
        scanbench(&all);
        let report: Value = serde_json::from_slice(
            &fs::read(scratch.path().join(name).join("report.json")).unwrap(),
        )
        .unwrap();
        let mut found = Vec::new();
        misfits(&report, &schema, &schema, "report", &mut found);
        assert_eq!(found, Vec::<String>::new());
        // The test can fail: a key more, a key less and another type are seen.
        for (key, value) in [
            ("strange", Value::from(1)),
            ("datasets", Value::from("one")),
            ("reach", Value::Null),
        ] {
            let mut wrong = report.clone();
            wrong[key] = value;
            misfits(&wrong, &schema, &schema, "report", &mut found);
            assert!(!found.is_empty(), "{key}");
            found.clear();
        }
    }
}
