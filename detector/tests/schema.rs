//! The committed JSON Schema of exclusion lists is that of the code, and knows every key that the built-in lists use.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use scanbench_detector::{Exclusions, exclusion_schema};
use scanbench_spec::{Node, Source, Value as Written, parse};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_committed_schema_is_that_of_the_code() {
    let path = root().join("schemas/exclusions.schema.json");
    let mut text = serde_json::to_string_pretty(&exclusion_schema()).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == text,
        "{} differs: UPDATE_SCHEMAS=1 cargo test -p scanbench-detector --test schema writes it anew",
        path.display()
    );
}

/// Whether the keys of a value, and what stands behind them, are among the schema's properties.
fn fits(node: &Node, schema: &Value, definitions: &Value) -> Result<(), String> {
    let schema = match schema["$ref"].as_str() {
        Some(name) => &definitions[name.rsplit('/').next().unwrap()],
        None => schema,
    };
    if let Some(any) = schema["anyOf"].as_array() {
        let outcomes = any.iter().map(|one| fits(node, one, definitions));
        return outcomes.reduce(Result::or).unwrap();
    }
    match &node.value {
        Written::Table(entries) => {
            for (key, value) in entries {
                let mut property = &schema["properties"][&key.name];
                if property.is_null() {
                    property = &schema["additionalProperties"];
                }
                if !property.is_object() {
                    return Err(format!("{} is not known", key.name));
                }
                fits(value, property, definitions)?;
            }
            for required in schema["required"].as_array().into_iter().flatten() {
                if !entries
                    .iter()
                    .any(|(key, _)| key.name == required.as_str().unwrap())
                {
                    return Err(format!("{required} is missing"));
                }
            }
            Ok(())
        }
        Written::List(list) => list
            .iter()
            .try_for_each(|value| fits(value, &schema["items"], definitions)),
        Written::Text(text) => match (schema["type"].as_str(), schema["enum"].as_array()) {
            (Some("string") | None, None) => Ok(()),
            (_, Some(words)) if words.iter().any(|word| word == text) => Ok(()),
            _ => Err(format!("{text} is no {schema}")),
        },
        Written::Integer(number) => match schema["type"].as_str() {
            Some("integer") => Ok(()),
            _ if schema["const"] == *number => Ok(()),
            _ => Err(format!("{number} is no {schema}")),
        },
        Written::Bool(_) if schema["type"] == "boolean" => Ok(()),
        Written::Moment(_) if schema["type"].is_null() => Ok(()),
        other => Err(format!("{} is no {schema}", other.describe())),
    }
}

#[test]
fn built_in_lists_fit_and_slips_do_not() {
    let schema = exclusion_schema();
    let folder = root().join("scenarios/exclusions");
    let mut lists: Vec<Source> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| Source::read(&entry.unwrap().path()).unwrap())
        .collect();
    assert!(!lists.is_empty());
    lists.push(Source::new(
        "all.yaml",
        "version: 1\ndefaults: {require: [owner], max-lifetime: 90d}\nexclusion:\n- {id: a, stage: event, enabled: true, \
         match: {not-c-ip: 10.0.0.1, sPort: [80, 81-82], cs-host: {has: [x], ignore-case: true}, scStatus: 404, \
         time: {days: [sat], from: '22:00', zone: UTC}}, expect: {max-hidden-rows: 0}}\n",
    ));
    for list in lists {
        let node = parse(&list).unwrap();
        assert_eq!(
            fits(&node, &schema, &schema["$defs"]),
            Ok(()),
            "{}",
            list.name()
        );
    }
    for slip in [
        "version = 1\ncolour = 1",
        "version = 1\n[[exclusion]]\nid = \"a\"\nmatch.s-port = 1",
        "version = 1\n[[exclusion]]\nid = \"a\"\nstage = \"evnt\"\nmatch.s-port = 1",
        "version = 1\n[[exclusion]]\nid = \"a\"\nstage = \"event\"\nmatch.time = { day = \"sat\" }",
        "version = 2",
    ] {
        let node = parse(&Source::new("slip.toml", slip)).unwrap();
        assert!(fits(&node, &schema, &schema["$defs"]).is_err(), "{slip}");
    }
}

/// Reader and schema agree on numbers for texts: custom fields take them wherever a text stands, and only they.
#[test]
fn numbers_for_texts_are_of_custom_fields_only() {
    let schema = exclusion_schema();
    for (condition, is_taken) in [
        ("tenant = 7", true),
        ("tenant = [7, \"x\"]", true),
        ("not-tenant = [7, 8]", true),
        ("tenant = { contains = 7 }", true),
        ("tenant = { ends-with = [7, 8], ignore-case = true }", true),
        ("tenant = { contains = true }", false),
        ("tenant = true", false),
        ("cs-user-agent = 7", false),
        ("cs-user-agent = [7, \"x\"]", false),
        ("cs-user-agent = { contains = 7 }", false),
    ] {
        let text = format!(
            "version = 1\n[[exclusion]]\nid = \"a\"\nreason = \"x\"\nstage = \"event\"\nmatch.{condition}\n"
        );
        let source = Source::new("a.toml", text);
        let node = parse(&source).unwrap();
        let fit = fits(&node, &schema, &schema["$defs"]);
        assert_eq!(fit.is_ok(), is_taken, "{condition}: {fit:?}");
        let read = Exclusions::from_source(&source);
        assert_eq!(read.is_ok(), is_taken, "{condition}: {read:?}");
    }
}
