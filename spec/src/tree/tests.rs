//! The three formats give one tree, with places, and refuse what is not theirs.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn tree(name: &str, text: &str) -> Node {
    parse(&Source::new(name, text))
        .unwrap_or_else(|findings| panic!("{name}: {findings:?}\n{text}"))
}

fn refused(name: &str, text: &str) -> Vec<Finding> {
    parse(&Source::new(name, text)).unwrap_err()
}

/// The tree without places.
fn bare(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => json!(null),
        Value::Bool(value) => json!(value),
        Value::Integer(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Text(text) | Value::Moment(text) => json!(text),
        Value::List(list) => list.iter().map(bare).collect(),
        Value::Table(entries) => entries
            .iter()
            .map(|(key, value)| (key.name.clone(), bare(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// Each leaf with the text at its place.
fn places<'t>(node: &Node, text: &'t str, found: &mut Vec<(String, &'t str)>) {
    match &node.value {
        Value::List(list) => list.iter().for_each(|node| places(node, text, found)),
        Value::Table(entries) => {
            for (key, value) in entries {
                found.push((key.name.clone(), text[key.span.clone()].trim_matches('"')));
                places(value, text, found);
            }
        }
        _ => found.push((
            bare(node).to_string().trim_matches('"').to_owned(),
            text[node.span.clone()].trim_matches(['"', '\'']),
        )),
    }
}

const TOML: &str = "version = 1\n[[exclusion]]\nid = \"é-host\" # ü\nenabled = true\n[exclusion.match]\n\
                    s-port = [8080, \"8081-8089\"]\ntime = { from = \"22:00\" }\n";
const YAML: &str = "version: 1\nexclusion:\n- id: é-host # ü\n  enabled: true\n  match:\n    s-port: [8080, 8081-8089]\n\
                    \x20   time:\n      from: 22:00\n";
const JSON: &str = "{\"version\": 1, \"exclusion\": [\n\t{\"id\": \"é-host\", \"enabled\": true,\r\n\"match\": \
                    {\"s-port\": [8080, \"8081-8089\"], \"time\": {\"from\": \"22:00\"}}}]}";

#[test]
fn one_tree_for_three_formats() {
    let expected = json!({
        "version": 1,
        "exclusion": [{
            "id": "é-host",
            "enabled": true,
            "match": { "s-port": [8080, "8081-8089"], "time": { "from": "22:00" } },
        }],
    });
    for (name, text) in [("a.toml", TOML), ("a.yml", YAML), ("a.json", JSON)] {
        let node = tree(name, text);
        assert_eq!(bare(&node), expected, "{name}");
        let mut found = Vec::new();
        places(&node, text, &mut found);
        assert_eq!(found.len(), 14, "{name}");
        for (value, at) in found {
            assert_eq!(value, at, "{name}");
        }
        // Told by content as well.
        assert_eq!(tree("list", text), node, "{name}");
    }
}

#[test]
fn refusals_have_their_place() {
    let first = |name: &str, text: &str| {
        let finding = refused(name, text).remove(0);
        let place = finding
            .span
            .map(|span| Source::new(name, text).line_and_column(span.start));
        (place, finding.message)
    };
    for (name, text, place, message) in [
        ("a.toml", "x = 1\nx = 2\n", (2, 1), "duplicate key"),
        ("a.toml", "x = \n", (1, 5), ""),
        ("a.toml", "x = 99999999999999999999\n", (1, 5), "too large"),
        ("a.yaml", "x: 1\nx: 2\n", (2, 1), "stands twice"),
        ("a.yaml", "x: &a 1\ny: *a\n", (1, 4), "anchors and aliases"),
        ("a.yaml", "x: !!str 1\n", (1, 4), "tags"),
        ("a.yaml", "x: 1\n---\ny: 2\n", (2, 1), "second document"),
        ("a.yaml", "é: [1, 2\n", (2, 1), ""),
        ("a.yaml", "[1]: 2\n", (1, 1), "as a key"),
        ("a.json", "{\"x\": 1,}", (1, 9), "key must be a string"),
        ("a.json", "{\"x\": 1, \"x\": 2}", (1, 10), "stands twice"),
        ("a.json", "x: 1", (1, 1), "expected"),
    ] {
        let (found, told) = first(name, text);
        assert_eq!(found, Some(place), "{name} {text} {told}");
        assert!(told.contains(message), "{name} {text}: {told}");
    }
    // Every slip of a TOML file at once.
    assert_eq!(refused("a.toml", "x = \ny = 1\nz = z\n").len(), 2);
}

#[test]
fn depth_is_limited() {
    for (name, before, after) in [
        ("a.toml", "x = [", "]"),
        ("a.yaml", "x: [", "]"),
        ("a.json", "{\"x\": [", "]}"),
    ] {
        let text = |depth: usize| {
            let (open, close) = ("[".repeat(depth - 2), "]".repeat(depth - 2));
            format!("{before}{open}{close}{after}")
        };
        assert!(parse(&Source::new(name, text(MAX_DEPTH))).is_ok(), "{name}");
        let findings = refused(name, &text(MAX_DEPTH + 1));
        assert!(findings[0].message.contains("deep"), "{name}: {findings:?}");
        // Far more than a stack would take.
        assert!(parse(&Source::new(name, text(200_000))).is_err(), "{name}");
    }
}

#[test]
fn pairs_of_surrogates_are_one_character() {
    let text = r#"{"é": "\ud83d\ude00 \\ud83d \u00e9\u00e9", "\uD83D\uDE00": ["\ud83e\udd80\ud83e\udd80", 7]}"#;
    let node = tree("a.json", text);
    let expected = json!({ "é": "😀 \\ud83d éé", "😀": ["🦀🦀", 7] });
    assert_eq!(bare(&node), expected);
    let mut found = Vec::new();
    places(&node, text, &mut found);
    let at: Vec<&str> = found.iter().map(|(_, at)| *at).collect();
    assert_eq!(
        at,
        [
            "é",
            r"\ud83d\ude00 \\ud83d \u00e9\u00e9",
            r"\uD83D\uDE00",
            r"\ud83e\udd80\ud83e\udd80",
            "7"
        ]
    );
    // What comes after a pair is refused at its place in the file.
    let twice = r#"{"a": "\ud83d\ude00", "b": 1, "b": 2}"#;
    let finding = refused("a.json", twice).remove(0);
    assert_eq!(finding.span.map(|span| &twice[span]), Some(r#""b""#));
    // Half a pair is no character.
    refused("a.json", r#"{"a": "\ud83d"}"#);
    refused("a.json", r#"{"a": "\ude00\ud83d"}"#);
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        "\\PC{0,12}",
        "[ -~\\n\\t]{0,12}",
        "(true|null|1e5|0x1F|- a|é🦀|#)"
    ];
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|number| json!(number)),
        text.clone().prop_map(|text| json!(text)),
    ];
    let key = text.prop_filter("YAML ends keys after 1024 characters", |key| {
        key.len() < 200
    });
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    /// forall JSON values, written short or long: the tree holds the same value.
    #[test]
    fn json_is_read_as_it_is(value in any_json(), is_pretty: bool) {
        let text = if is_pretty {
            serde_json::to_string_pretty(&value)
        } else {
            serde_json::to_string(&value)
        };
        prop_assert_eq!(bare(&tree("a.json", &text.unwrap())), value);
    }

    /// forall texts, every character of them escaped as JSON may: the tree holds the same text.
    #[test]
    fn escapes_are_read(text in "(\\PC|\\n|🦀){0,12}") {
        let escapes: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let escaped = escapes.concat();
        prop_assert_eq!(bare(&tree("a.json", &format!("[\"{escaped}\"]"))), json!([text]));
    }

    /// forall texts: no format panics, and all places are inside the text.
    #[test]
    fn nothing_panics(text in "[\\PC\\n\\t:\\-\\[\\]{}&*!'\"#=, ]{0,60}", format in 0..3_usize) {
        let name = ["a.toml", "a.yaml", "a.json"][format];
        match parse(&Source::new(name, text.as_str())) {
            Ok(node) => {
                let mut found = Vec::new();
                places(&node, &text, &mut found);
            }
            Err(findings) => {
                for span in findings.iter().filter_map(|finding| finding.span.clone()) {
                    prop_assert!(text.get(span).is_some());
                }
            }
        }
    }
}
