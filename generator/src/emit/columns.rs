//! One request as a line of a log that somebody else configured: whatever columns it has, in whatever order.

use super::Buffer;
use super::line::Values;
use crate::inventory::Server;
use crate::request::Request;
use crate::text::Texts;
use scanbench_w3c::{Columns, Field, encode_value};

/// Writes lines of requests to one server under any `#Fields`.
#[derive(Debug)]
pub(crate) struct ColumnWriter<'w> {
    values: Values<'w>,
    columns: Vec<Column>,
}

/// What the log itself says of a site, and the scenario does not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    /// `s-sitename`.
    pub(crate) site: Vec<u8>,
    /// `s-computername`.
    pub(crate) computer: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Column {
    Site,
    Computer,
    Field(Field),
    /// The client before the proxy, in a field of its own.
    Forwarded,
    /// A header that no request here has.
    Other,
}

impl<'w> ColumnWriter<'w> {
    pub(crate) fn new(texts: &'w Texts, server: &Server) -> Self {
        Self {
            values: Values::new(texts, server),
            columns: Vec::new(),
        }
    }

    /// From now on, lines have these columns.
    pub(crate) fn set_columns(&mut self, columns: &Columns) {
        self.columns = columns
            .names()
            .iter()
            .map(|name| match Field::from_name(name) {
                Some(Field::SSitename) => Column::Site,
                Some(Field::SComputername) => Column::Computer,
                Some(field) => Column::Field(field),
                None if name.eq_ignore_ascii_case("X-Forwarded-For") => Column::Forwarded,
                None => Column::Other,
            })
            .collect();
    }

    /// Appends a line without its end.
    pub(crate) fn line(&mut self, text: &mut Buffer, named: &Named, request: &Request) {
        self.values
            .set_second(request.end - request.end.rem_euclid(1000));
        let mut said = Vec::new();
        for (position, column) in self.columns.iter().enumerate() {
            if position > 0 {
                text.push(b" ");
            }
            let name: &[u8] = match column {
                Column::Site => &named.site,
                Column::Computer => &named.computer,
                Column::Other => b"",
                Column::Field(_) | Column::Forwarded => {
                    let mut cursor = text.cursor(self.values.longest());
                    match column {
                        Column::Field(field) => self.values.field(&mut cursor, *field, request),
                        _ if request.forwarded != 0 => cursor.v4(request.forwarded),
                        _ => cursor.byte(b'-'),
                    }
                    let end = cursor.position();
                    text.grow_to(end);
                    continue;
                }
            };
            said.clear();
            encode_value(&mut said, name);
            text.push(&said);
        }
    }
}
