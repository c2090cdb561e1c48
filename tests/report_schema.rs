//! The committed JSON Schemas of what is written for programs are those of the code, and what is written fits them.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

#[path = "support/program.rs"]
mod program;

use program::succeed;
use scanbench::report::schema::{edges_schema, report_schema, sweep_schema};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// After a change that is meant, `UPDATE_SCHEMAS=1 cargo test --test report_schema` writes the files anew; a change of
/// shape also needs another `SCHEMA_VERSION`.
#[test]
fn the_committed_schemas_are_those_of_the_code() {
    for (name, schema) in [
        ("report", report_schema()),
        ("sweep", sweep_schema()),
        ("edges", edges_schema()),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("schemas")
            .join(format!("{name}.schema.json"));
        let mut text = serde_json::to_string_pretty(&schema).unwrap();
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
    if let Some(all) = schema["enum"].as_array() {
        if !all.contains(value) {
            found.push(format!("{path}: {value} is none of {all:?}"));
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
            let required = required.as_str().unwrap();
            if !object.contains_key(required) {
                found.push(format!("{path}.{required} is missing"));
            }
        }
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// It fits, and with a key more, a key less or a value of another type it does not: the test can fail.
fn fits(written: &Value, schema: &Value, what: &str) {
    let misfits_of = |value: &Value| {
        let mut found = Vec::new();
        misfits(value, schema, schema, what, &mut found);
        found
    };
    assert_eq!(misfits_of(written), Vec::<String>::new());
    for key in written.as_object().unwrap().keys() {
        let mut less = written.clone();
        less.as_object_mut().unwrap().remove(key);
        assert_eq!(misfits_of(&less), [format!("{what}.{key} is missing")]);
        let mut other = written.clone();
        other[key] = "another".into();
        assert!(!misfits_of(&other).is_empty(), "{key}");
    }
    let mut more = written.clone();
    more["strange"] = 1.into();
    assert_eq!(misfits_of(&more), [format!("{what}.strange is not known")]);
}

#[test]
fn what_is_written_fits() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let dataset = path("set");
    succeed(&["generate", "excluded-address", "-o", &dataset]);
    let plain = path("plain/report.json");
    for (name, arguments) in [
        ("plain", vec![]),
        ("exclusions", vec!["--exclusions", "documented"]),
        ("sliding", vec!["--window", "sliding"]),
        (
            "beside",
            vec!["--exclusions", "documented", "--baseline", &plain],
        ),
    ] {
        let output = path(name);
        let mut all = vec!["evaluate", &dataset, "-o", &output];
        all.extend(arguments);
        succeed(&all);
        let report = read(&scratch.path().join(name).join("report.json"));
        assert_eq!(
            report["comparisons"].as_array().unwrap().len(),
            usize::from(name == "beside")
        );
        fits(&report, &report_schema(), "report");
    }
    succeed(&[
        "sweep",
        &dataset,
        "--bin",
        "10m",
        "--threshold",
        "29..30",
        "--exclusions",
        "documented",
        "-o",
        &path("sweep"),
    ]);
    let sweep = read(&scratch.path().join("sweep/sweep.json"));
    assert!(sweep["schedule"].is_object());
    fits(&sweep, &sweep_schema(), "sweep");
    // A point has its setting's keys beside its own.
    let schema = sweep_schema();
    let point = &sweep["points"][0];
    let mut found = Vec::new();
    misfits(
        point,
        &schema["$defs"]["Point"],
        &schema,
        "point",
        &mut found,
    );
    assert_eq!(found, Vec::<String>::new());
    assert!(point["threshold"].is_u64() && point["whole"].is_object());
    succeed(&["edges", "--trials", "20", "-o", &path("edges")]);
    fits(
        &read(&scratch.path().join("edges/edges.json")),
        &edges_schema(),
        "edges",
    );
}
