//! Lines as rows of a table, with the columns of Sentinel's `W3CIISLog`: what a collector makes of a log.

use super::line::{LineWriter, address};
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
    value: Vec<u8>,
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
            Self::Text(field) | Self::Number(field) => match field {
                Field::Date => "Date",
                Field::Time => "Time",
                Field::SSitename => "sSiteName",
                Field::SComputername => "sComputerName",
                Field::SIp => "sIP",
                Field::CsMethod => "csMethod",
                Field::CsUriStem => "csUriStem",
                Field::CsUriQuery => "csUriQuery",
                Field::SPort => "sPort",
                Field::CsUsername => "csUserName",
                Field::CIp => "cIP",
                Field::CsVersion => "csVersion",
                Field::CsUserAgent => "csUserAgent",
                Field::CsCookie => "csCookie",
                Field::CsReferer => "csReferer",
                Field::CsHost => "csHost",
                Field::ScStatus => "scStatus",
                Field::ScSubstatus => "scSubStatus",
                Field::ScWin32Status => "scWin32Status",
                Field::ScBytes => "scBytes",
                Field::CsBytes => "csBytes",
                Field::TimeTaken => "TimeTaken",
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
        out: &mut Vec<u8>,
        writer: &LineWriter<'_>,
        request: &Request,
        world: &World<'_>,
    ) {
        let plan = request
            .campaign
            .map(|campaign| &world.campaigns()[campaign as usize]);
        match self {
            Self::TimeGenerated => {
                out.extend_from_slice(writer.date());
                out.push(b'T');
                out.extend_from_slice(writer.time());
                out.push(b'Z');
            }
            Self::Computer => out.extend_from_slice(writer.computer()),
            Self::Text(Field::CIp) => address(out, request.client),
            Self::Text(field) | Self::Number(field) => writer.field(out, field, request),
            Self::Label => out.extend_from_slice(
                plan.map_or("background", |plan| plan.kind.name())
                    .as_bytes(),
            ),
            Self::Campaign => {
                out.extend_from_slice(plan.map_or("", |plan| plan.id.as_str()).as_bytes());
            }
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
            value: Vec::new(),
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
        writer: &LineWriter<'_>,
        request: &Request,
        world: &World<'_>,
    ) -> Result<(), GenerateError> {
        #[cfg(feature = "parquet")]
        if let Some(columnar) = &mut self.columnar {
            for (position, column) in self.columns.iter().enumerate() {
                self.value.clear();
                column.write(&mut self.value, writer, request, world);
                columnar.value(position, &self.value);
            }
            file.count(1, 1);
            return columnar.end_row(file);
        }
        if self.format == Format::Csv && !self.begun {
            let names: Vec<&str> = self.columns.iter().map(|column| column.name()).collect();
            file.text().extend_from_slice(names.join(",").as_bytes());
            file.text().extend_from_slice(b"\r\n");
            file.count(1, 0);
        }
        self.begun = true;
        for (position, column) in self.columns.iter().enumerate() {
            self.value.clear();
            column.write(&mut self.value, writer, request, world);
            let out = file.text();
            if self.format == Format::Csv {
                if position > 0 {
                    out.push(b',');
                }
                csv_value(out, &self.value);
            } else {
                out.push(if position > 0 { b',' } else { b'{' });
                json_text(out, column.name().as_bytes());
                out.push(b':');
                if column.is_number() {
                    out.extend_from_slice(&self.value);
                } else {
                    json_text(out, &self.value);
                }
            }
        }
        let end: &[u8] = if self.format == Format::Csv {
            b"\r\n"
        } else {
            b"}\n"
        };
        file.text().extend_from_slice(end);
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

/// A value of RFC 4180.
fn csv_value(out: &mut Vec<u8>, value: &[u8]) {
    if !value
        .iter()
        .any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n'))
    {
        out.extend_from_slice(value);
        return;
    }
    out.push(b'"');
    for byte in value {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// A string of JSON. Values have no control characters: IIS writes `+` for them.
fn json_text(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b'"');
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
