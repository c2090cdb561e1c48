//! Any rows, written by writers that know nothing of the readers, and read back the same.

#[cfg(feature = "parquet")]
use super::parquet_samples::{PACKINGS, SCHEMAS, write};
use super::samples::{NAMES, Plain, rfc3339, rows};
use proptest::prelude::*;

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        Just("-".to_owned()),
        "[\",\r\n\\\\;'/]{0,6}"
    ]
}

fn any_rows() -> impl Strategy<Value = Vec<Plain>> {
    let row = (
        0_i64..4_102_444_800,
        prop::option::of(any::<u16>()),
        [any_text(), any_text(), any_text(), any_text()],
    )
        .prop_map(|(seconds, port, texts)| Plain {
            millis: seconds * 1000,
            port,
            texts,
        });
    prop::collection::vec(row, 0..40)
}

fn as_csv(rows: &[Plain], windows: bool) -> Vec<u8> {
    let terminator = if windows {
        csv::Terminator::CRLF
    } else {
        csv::Terminator::Any(b'\n')
    };
    let mut out = csv::WriterBuilder::new()
        .terminator(terminator)
        .from_writer(Vec::new());
    let header = ["sPort", "TimeGenerated [UTC]"].into_iter().chain(NAMES);
    out.write_record(header).unwrap();
    for row in rows {
        let port = row.port.map(|port| port.to_string()).unwrap_or_default();
        let cells = [port, rfc3339(row.millis)]
            .into_iter()
            .chain(row.texts.iter().cloned());
        out.write_record(cells).unwrap();
    }
    out.into_inner().unwrap()
}

fn as_json(rows: &[Plain]) -> Vec<serde_json::Value> {
    let object = |row: &Plain| {
        let mut object =
            serde_json::json!({"sPort": row.port, "TimeGenerated": rfc3339(row.millis)});
        for (name, text) in NAMES.iter().zip(&row.texts) {
            object[*name] = text.as_str().into();
        }
        object
    };
    rows.iter().map(object).collect()
}

proptest! {
    /// For all rows: what the `csv` crate wrote is read back the same.
    #[test]
    fn csv_round_trip(expected in any_rows(), windows in any::<bool>()) {
        prop_assert_eq!(rows(&as_csv(&expected, windows)), expected);
    }

    /// For all rows: what `serde_json` wrote, in each of the three styles, is read back the same.
    #[test]
    fn json_round_trip(expected in any_rows()) {
        let objects = as_json(&expected);
        let lines: Vec<_> = objects.iter().map(ToString::to_string).collect();
        let pretty: Vec<_> = objects.iter().map(|object| format!("{object:#}")).collect();
        for json in [lines.join("\n"), pretty.join("\n")] {
            if !expected.is_empty() {
                prop_assert_eq!(&rows(json.as_bytes()), &expected);
            }
        }
        let array = serde_json::Value::Array(objects);
        prop_assert_eq!(&rows(array.to_string().as_bytes()), &expected);
        prop_assert_eq!(&rows(format!("{array:#}").as_bytes()), &expected);
    }
}

#[cfg(feature = "parquet")]
proptest! {
    /// For all rows, types, packings and sizes of row groups: what the `parquet` crate wrote is read back
    /// the same.
    #[test]
    fn round_trip(
        expected in any_rows(),
        schema in 0..SCHEMAS.len(),
        packing in 0..PACKINGS.len(),
        group in 1_usize..50,
    ) {
        prop_assert_eq!(rows(&write(&expected, schema, packing, group)), expected);
    }
}

#[cfg(feature = "parquet")]
#[test]
fn more_rows_than_are_held() {
    let row = Plain {
        millis: 0,
        port: Some(7),
        texts: NAMES.map(str::to_owned),
    };
    let expected: Vec<_> = (0..5000)
        .map(|millis| Plain {
            millis: millis * 1000,
            ..row.clone()
        })
        .collect();
    assert_eq!(rows(&write(&expected, 0, 1, 3000)), expected);
}
