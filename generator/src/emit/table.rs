//! Lines as rows of a table, with the columns of Sentinel's `W3CIISLog`: what a collector makes of a log.

use super::cursor::{Buffer, Cursor};
use super::line::Values;
#[cfg(feature = "parquet")]
use super::parquet::Columnar;
use super::{Format, OutputFile};
use crate::error::GenerateError;
use crate::inventory::Server;
use crate::request::Request;
use crate::run::LogOptions;
use crate::world::World;
use scanbench_w3c::Field;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    TimeGenerated,
    Computer,
    Text(Field),
    Number(Field),
    Label,
    Campaign,
}

/// Writes one file's rows.
#[derive(Debug)]
pub(super) struct Table {
    format: Format,
    columns: Vec<Column>,
    begun: bool,
    value: Buffer,
    #[cfg(feature = "parquet")]
    columnar: Option<Columnar>,
}

impl Column {
    /// Its name in `W3CIISLog` (Microsoft, *Azure Monitor Logs table reference: `W3CIISLog`*); labels are ours.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::TimeGenerated => "TimeGenerated",
            Self::Computer => "Computer",
            Self::Label => "Label",
            Self::Campaign => "Campaign",
            // Never a time: `of` makes no such column.
            Self::Text(field) | Self::Number(field) => match field.column() {
                Some(name) => name,
                None => field.name(),
            },
        }
    }

    /// The column of a field; the table has none for date, time (they are `TimeGenerated`) and the computer's own
    /// name for itself.
    const fn of(field: Field) -> Option<Self> {
        match field {
            Field::Date | Field::Time | Field::SComputername => None,
            Field::SPort | Field::ScBytes | Field::CsBytes | Field::TimeTaken => {
                Some(Self::Number(field))
            }
            _ => Some(Self::Text(field)),
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Appends the value of a request, as a collector takes it from the line.
    pub(super) fn write(
        self,
        cursor: &mut Cursor<'_>,
        writer: &Values<'_>,
        request: &Request,
        world: &World<'_>,
    ) {
        let plan = world.plan_of(request.campaign);
        match self {
            Self::TimeGenerated => {
                cursor.push(writer.date());
                cursor.byte(b'T');
                cursor.push(writer.time());
                cursor.byte(b'Z');
            }
            Self::Computer => cursor.push(writer.computer()),
            Self::Text(field) | Self::Number(field) => writer.field(cursor, field, request),
            Self::Label => cursor.push(
                plan.map_or("background", |plan| plan.kind.name())
                    .as_bytes(),
            ),
            Self::Campaign => cursor.push(plan.map_or("", |plan| plan.id.as_str()).as_bytes()),
        }
    }
}

impl Table {
    /// The table of one file; `None` where logs stay logs.
    pub(super) fn new(options: LogOptions, server: &Server, fields: &[Field]) -> Option<Self> {
        if options.format == Format::W3c {
            return None;
        }
        // A table keeps its columns, also when the fields change: all that the server ever logs.
        let changed = server.log.changes.iter().flat_map(|(_, fields)| fields);
        let mut all: Vec<Field> = fields.iter().chain(changed).copied().collect();
        all.sort_unstable();
        all.dedup();
        let mut columns = vec![Column::TimeGenerated, Column::Computer];
        columns.extend(all.into_iter().filter_map(Column::of));
        if options.inline_labels {
            columns.extend([Column::Label, Column::Campaign]);
        }
        Some(Self {
            format: options.format,
            #[cfg(feature = "parquet")]
            columnar: (options.format == Format::Parquet).then(|| Columnar::new(&columns)),
            columns,
            begun: false,
            value: Buffer::default(),
        })
    }

    /// Appends a row.
    #[cfg_attr(
        not(feature = "parquet"),
        expect(clippy::unnecessary_wraps, reason = "Parquet can fail")
    )]
    pub(super) fn row(
        &mut self,
        file: &mut OutputFile,
        writer: &Values<'_>,
        request: &Request,
        world: &World<'_>,
    ) -> Result<(), GenerateError> {
        #[cfg(feature = "parquet")]
        if let Some(columnar) = &mut self.columnar {
            for (position, column) in self.columns.iter().enumerate() {
                value_of(&mut self.value, *column, writer, request, world);
                columnar.value(position, self.value.text());
            }
            file.count(1, 1);
            return columnar.end_row(file);
        }
        if self.format == Format::Csv && !self.begun {
            let names: Vec<&str> = self.columns.iter().map(|column| column.name()).collect();
            file.text().push(names.join(",").as_bytes());
            file.text().push(b"\r\n");
            file.count(1, 0);
        }
        self.begun = true;
        for (position, column) in self.columns.iter().enumerate() {
            value_of(&mut self.value, *column, writer, request, world);
            let out = file.text();
            if self.format == Format::Csv {
                if position > 0 {
                    out.push(b",");
                }
                csv_value(out, self.value.text());
            } else {
                out.push(if position > 0 { b"," } else { b"{" });
                json_text(out, column.name().as_bytes());
                out.push(b":");
                if column.is_number() {
                    out.push(self.value.text());
                } else {
                    json_text(out, self.value.text());
                }
            }
        }
        let end: &[u8] = if self.format == Format::Csv {
            b"\r\n"
        } else {
            b"}\n"
        };
        file.text().push(end);
        file.count(1, 1);
        Ok(())
    }

    /// Writes what a file needs at its end.
    #[cfg_attr(
        not(feature = "parquet"),
        expect(
            clippy::unnecessary_wraps,
            clippy::unused_self,
            reason = "Parquet can fail"
        )
    )]
    pub(super) fn finish(self, file: &mut OutputFile) -> Result<(), GenerateError> {
        #[cfg(feature = "parquet")]
        if let Some(columnar) = self.columnar {
            return columnar.finish(file);
        }
        let _ = file;
        Ok(())
    }
}

/// Makes the value of one column.
fn value_of(
    value: &mut Buffer,
    column: Column,
    writer: &Values<'_>,
    request: &Request,
    world: &World<'_>,
) {
    value.take(usize::MAX);
    let mut cursor = value.cursor(writer.longest());
    column.write(&mut cursor, writer, request, world);
    let end = cursor.position();
    value.grow_to(end);
}

/// A value of RFC 4180.
fn csv_value(out: &mut Buffer, value: &[u8]) {
    if !value
        .iter()
        .any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n'))
    {
        out.push(value);
        return;
    }
    out.push(b"\"");
    for part in value.split_inclusive(|byte| *byte == b'"') {
        out.push(part);
        if part.ends_with(b"\"") {
            out.push(b"\"");
        }
    }
    out.push(b"\"");
}

/// A string of JSON. Values have no control characters: IIS writes `+` for them.
fn json_text(out: &mut Buffer, value: &[u8]) {
    out.push(b"\"");
    let mut rest = value;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        out.push(&rest[..at]);
        out.push(&[b'\\', rest[at]]);
        rest = &rest[at + 1..];
    }
    out.push(rest);
    out.push(b"\"");
}
