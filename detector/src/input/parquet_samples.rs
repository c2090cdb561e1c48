//! A writer of Parquet tables for the tests, by the writing half of the `parquet` crate.

use super::samples::{NAMES, Plain, rfc3339};
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::data_type::{ByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

/// How the columns of a file are typed.
pub(super) const SCHEMAS: [(&str, &str); 5] = [
    (
        "required int64 TimeGenerated (TIMESTAMP(MILLIS,true))",
        "optional int32 sPort",
    ),
    (
        "required int64 timegenerated (TIMESTAMP(MICROS,false))",
        "optional int64 SPORT",
    ),
    (
        "required int64 TimeGenerated (TIMESTAMP(NANOS,true))",
        "optional int32 sPort (UINT_16)",
    ),
    (
        "required binary TimeGenerated (UTF8)",
        "optional binary sPort (UTF8)",
    ),
    (
        "required binary TimeGenerated",
        "optional int64 sPort (INTEGER(64,false))",
    ),
];

pub(super) const PACKINGS: [fn() -> Compression; 4] = [
    || Compression::UNCOMPRESSED,
    || Compression::SNAPPY,
    || Compression::GZIP(GzipLevel::default()),
    || Compression::ZSTD(ZstdLevel::default()),
];

/// Writes row groups of `group` rows.
pub(super) fn write(all: &[Plain], schema: usize, packing: usize, group: usize) -> Vec<u8> {
    let (time, port) = SCHEMAS[schema];
    let texts = NAMES
        .map(|name| format!("required binary {name} (UTF8);"))
        .join(" ");
    let list = "optional group tags (LIST) { repeated group list { optional int32 element; } }";
    let message = format!("message rows {{ {list} {time}; {port}; {texts} }}");
    let message = Arc::new(parse_message_type(&message).unwrap());
    let properties = WriterProperties::builder()
        .set_compression(PACKINGS[packing]())
        .build();
    let mut file = SerializedFileWriter::new(Vec::new(), message, Arc::new(properties)).unwrap();
    for rows in all.chunks(group) {
        let mut out = file.next_row_group().unwrap();
        let mut column = 0;
        while let Some(mut writer) = out.next_column().unwrap() {
            let bytes = |texts: Vec<String>| -> Vec<_> {
                texts
                    .into_iter()
                    .map(|text| text.into_bytes().into())
                    .collect()
            };
            let scale = [1, 1000, 1_000_000, 0, 0][schema];
            match (column, schema) {
                (0, _) => {
                    let levels = vec![0; rows.len()];
                    writer
                        .typed::<Int32Type>()
                        .write_batch(&[], Some(&levels), Some(&levels))
                }
                (1, 0..=2) => {
                    let values: Vec<_> = rows.iter().map(|row| row.millis * scale).collect();
                    writer.typed::<Int64Type>().write_batch(&values, None, None)
                }
                (1, _) => {
                    let values = bytes(rows.iter().map(|row| rfc3339(row.millis)).collect());
                    writer
                        .typed::<ByteArrayType>()
                        .write_batch(&values, None, None)
                }
                (2, _) => {
                    let levels: Vec<_> = rows
                        .iter()
                        .map(|row| i16::from(row.port.is_some()))
                        .collect();
                    let ports = rows.iter().filter_map(|row| row.port);
                    match schema {
                        0 | 2 => {
                            let values: Vec<_> = ports.map(i32::from).collect();
                            writer
                                .typed::<Int32Type>()
                                .write_batch(&values, Some(&levels), None)
                        }
                        3 => {
                            let values = bytes(ports.map(|port| port.to_string()).collect());
                            writer.typed::<ByteArrayType>().write_batch(
                                &values,
                                Some(&levels),
                                None,
                            )
                        }
                        _ => {
                            let values: Vec<_> = ports.map(i64::from).collect();
                            writer
                                .typed::<Int64Type>()
                                .write_batch(&values, Some(&levels), None)
                        }
                    }
                }
                _ => {
                    let texts = rows
                        .iter()
                        .map(|row| row.texts[column - 3].clone())
                        .collect();
                    writer
                        .typed::<ByteArrayType>()
                        .write_batch(&bytes(texts), None, None)
                }
            }
            .unwrap();
            writer.close().unwrap();
            column += 1;
        }
        out.close().unwrap();
    }
    file.into_inner().unwrap()
}
