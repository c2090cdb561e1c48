//! Damaged, hostile and oddly typed Parquet files.

use super::damage::read_all;
use super::parquet_samples;
use super::samples::Plain;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, Int96};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

const COUNT: usize = 12;

fn small() -> Vec<u8> {
    let row = |second: i64| Plain {
        millis: second * 1000,
        port: (second % 3 > 0).then_some(80),
        texts: ["192.0.2.7", "10.0.0.1", "agent", "WEB01"].map(str::to_owned),
    };
    let rows: Vec<_> = (0..).map(row).take(COUNT).collect();
    parquet_samples::write(&rows, 0, 1, 7)
}

#[test]
fn cut_anywhere() {
    let whole = small();
    for place in 4..whole.len() {
        let (_, _, messages) = read_all(&whole[..place]);
        assert_eq!(messages.len(), 1, "cut at {place}");
        assert!(
            messages[0].contains("Parquet file is damaged or cut off"),
            "{messages:?}"
        );
    }
}

#[test]
fn bytes_changed() {
    let whole = small();
    for place in (4..whole.len()).step_by(2) {
        let mut damaged = whole.clone();
        damaged[place] ^= [0x01, 0x40, 0xff][place % 3];
        let (_, rows, messages) = read_all(&damaged);
        // Parquet's pages have sums that few writers write: damage to a value may go unnoticed.
        assert!(rows.len() == COUNT || !messages.is_empty(), "{place}");
    }
}

/// Columns of one type each, with one row of nothing but zeros or empty texts.
fn one_row(columns: &str) -> Vec<u8> {
    let message = parse_message_type(&format!("message rows {{ {columns} }}")).unwrap();
    let mut file =
        SerializedFileWriter::new(Vec::new(), message.into(), std::sync::Arc::default()).unwrap();
    let mut out = file.next_row_group().unwrap();
    while let Some(mut writer) = out.next_column().unwrap() {
        match writer.untyped() {
            ColumnWriter::BoolColumnWriter(out) => out.write_batch(&[true], None, None),
            ColumnWriter::Int32ColumnWriter(out) => out.write_batch(&[-1], None, None),
            ColumnWriter::Int64ColumnWriter(out) => out.write_batch(&[0], None, None),
            ColumnWriter::Int96ColumnWriter(out) => {
                // A Julian day begins at noon, but these count from the midnight before.
                let noon = 43_200_000_000_000_u64;
                let mut time = Int96::new();
                let half = |bits: u64| u32::try_from(bits & 0xffff_ffff).unwrap();
                time.set_data(half(noon), half(noon >> 32), 2_440_589);
                out.write_batch(&[time], None, None)
            }
            ColumnWriter::DoubleColumnWriter(out) => out.write_batch(&[80.0], None, None),
            ColumnWriter::ByteArrayColumnWriter(out) => {
                out.write_batch(&[ByteArray::from("")], None, None)
            }
            _ => panic!("a type that this writer does not know"),
        }
        .unwrap();
        writer.close().unwrap();
    }
    out.close().unwrap();
    file.into_inner().unwrap()
}

#[test]
fn types() {
    let messages = |columns: &str| read_all(&one_row(columns)).2;
    for (columns, message) in [
        (
            "required int64 TimeGenerated; required binary cIP; required int32 sPort;",
            "a table that cannot be read: TimeGenerated: expected a timestamp or a text, found INT64",
        ),
        (
            "required boolean TimeGenerated; required binary cIP; required int32 sPort;",
            "a table that cannot be read: TimeGenerated: expected a timestamp or a text, found BOOLEAN",
        ),
        (
            "required int96 TimeGenerated; required group sPort { required int32 inside; }",
            "a table that cannot be read: it has no column cIP, sPort",
        ),
        (
            "required int96 TimeGenerated; required binary cIP; required int32 sPort;",
            "sPort: expected a port from 0 to 65535 or nothing, found \"-1\" (row 1)",
        ),
        (
            "required binary TimeGenerated; required binary cIP; required int32 sPort;",
            "TimeGenerated: expected a time such as 2026-11-02T13:05:09Z or \
             11/2/2026, 1:05:09.000 PM, found nothing (row 1)",
        ),
    ] {
        assert_eq!(messages(columns), [message]);
    }
    let columns = "required int96 TimeGenerated; required binary cIP; required double sPort;";
    let (_, rows, messages) = read_all(&one_row(columns));
    assert_eq!(messages, Vec::<String>::new());
    assert_eq!(rows[0].port, Some(80));
    assert_eq!(rows[0].millis, 36 * 3_600_000);
}

/// One text of a megabyte, named by every row: a small file with gigabytes in it.
#[test]
fn bomb() {
    let row = Plain {
        millis: 0,
        port: None,
        texts: [1, 1, 1 << 20, 1].map(|length| "x".repeat(length)),
    };
    let (_, rows, messages) = read_all(&parquet_samples::write(&vec![row; 70], 0, 1, 70));
    assert_eq!(rows.len(), 0);
    assert!(
        messages[0].contains("values of a column have more than 64 MiB"),
        "{messages:?}"
    );
}
