//! Rows as Parquet: values come together by column, and a group of rows is written when there are enough.

use super::OutputFile;
use super::table::Column;
use crate::error::{GenerateError, io_at};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use scanbench_w3c::Timestamp;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

/// Rows of a group: bounds what is held in memory.
const GROUP: usize = 20_000;

/// The rows of one file that are not yet written, and the writer.
#[derive(Debug)]
pub(super) struct Columnar {
    columns: Vec<Values>,
    rows: usize,
    schema: String,
    writer: Option<SerializedFileWriter<Vec<u8>>>,
}

/// The values of one column.
#[derive(Debug)]
enum Values {
    Text(Vec<ByteArray>),
    Port(Vec<i32>),
    Number(Vec<i64>),
    Time(Vec<i64>),
}

impl Columnar {
    pub(super) fn new(columns: &[Column]) -> Self {
        let mut schema = "message W3CIISLog {\n".to_owned();
        let columns = columns
            .iter()
            .map(|column| {
                let (kind, values) = match column {
                    Column::TimeGenerated => (
                        ("INT64", " (TIMESTAMP(MILLIS,true))"),
                        Values::Time(Vec::new()),
                    ),
                    column if column.name() == "sPort" => (("INT32", ""), Values::Port(Vec::new())),
                    column if column.is_number() => (("INT64", ""), Values::Number(Vec::new())),
                    _ => (("BYTE_ARRAY", " (STRING)"), Values::Text(Vec::new())),
                };
                // Writing to a String cannot fail.
                let _ = writeln!(schema, "  REQUIRED {} {}{};", kind.0, column.name(), kind.1);
                values
            })
            .collect();
        schema.push('}');
        Self {
            columns,
            rows: 0,
            schema,
            writer: None,
        }
    }

    /// Adds the value of a column to the row that is being made.
    pub(super) fn value(&mut self, position: usize, value: &[u8]) {
        let text = || std::str::from_utf8(value).unwrap_or_default();
        match &mut self.columns[position] {
            Values::Text(values) => values.push(ByteArray::from(value.to_vec())),
            Values::Port(values) => values.push(text().parse().unwrap_or(0)),
            Values::Number(values) => values.push(text().parse().unwrap_or(0)),
            Values::Time(values) => {
                values.push(text().parse().map_or(0, Timestamp::millis));
            }
        }
    }

    /// Ends a row.
    pub(super) fn end_row(&mut self, file: &mut OutputFile) -> Result<(), GenerateError> {
        self.rows += 1;
        if self.rows < GROUP {
            return Ok(());
        }
        self.group(file)
    }

    /// Writes the rest and what stands at the end of a file.
    pub(super) fn finish(mut self, file: &mut OutputFile) -> Result<(), GenerateError> {
        self.group(file)?;
        let failed = failed(file);
        if let Some(writer) = self.writer {
            let rest = writer.into_inner().map_err(failed)?;
            file.text().push(&rest);
        }
        Ok(())
    }

    fn group(&mut self, file: &mut OutputFile) -> Result<(), GenerateError> {
        if self.rows == 0 {
            return Ok(());
        }
        let failed = failed(file);
        self.rows = 0;
        let bytes = self.write().map_err(failed)?;
        file.text().push(&bytes);
        Ok(())
    }

    fn write(&mut self) -> Result<Vec<u8>, ParquetError> {
        if self.writer.is_none() {
            let schema = Arc::new(parse_message_type(&self.schema)?);
            let properties = WriterProperties::builder()
                .set_compression(Compression::SNAPPY)
                .set_created_by("scanbench".to_owned())
                .build();
            self.writer = Some(SerializedFileWriter::new(
                Vec::new(),
                schema,
                Arc::new(properties),
            )?);
        }
        let Some(writer) = &mut self.writer else {
            return Ok(Vec::new());
        };
        let mut group = writer.next_row_group()?;
        for values in &mut self.columns {
            write_column(&mut group, values)?;
        }
        group.close()?;
        Ok(std::mem::take(writer.inner_mut()))
    }
}

fn write_column(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &mut Values,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else {
        return Ok(());
    };
    match values {
        Values::Text(values) => {
            column
                .typed::<ByteArrayType>()
                .write_batch(values, None, None)?;
            values.clear();
        }
        Values::Port(values) => {
            column
                .typed::<Int32Type>()
                .write_batch(values, None, None)?;
            values.clear();
        }
        Values::Number(values) | Values::Time(values) => {
            column
                .typed::<Int64Type>()
                .write_batch(values, None, None)?;
            values.clear();
        }
    }
    column.close()
}

fn failed(file: &OutputFile) -> impl FnOnce(ParquetError) -> GenerateError + use<> {
    let path = file.path().to_owned();
    move |error| io_at("write", path)(io::Error::other(error))
}
