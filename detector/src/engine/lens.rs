//! Where in a line the rule looks, under one `#Fields` directive, and how values become keys.

use super::walk::Context;
use crate::Count;
use crate::client::ClientSource;
use scanbench_w3c::{
    Bounds, Columns, Entry, Field, Header, Record, Shape, Timestamp, parse_port_in,
};
use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};

/// Drawn anew in each run: clients choose what is hashed.
pub(super) type Seed = foldhash::fast::RandomState;

/// The hash of a text, by which lines are grouped in the first look.
#[inline]
pub(super) fn hash(seed: &Seed, text: &[u8]) -> u64 {
    let mut hasher = seed.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// What lines are grouped by in the first look, besides the bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Who {
    /// Hash of computer and server address, as far as the rule groups by them.
    pub(super) server: u64,
    /// Hash of the client, or 0 where the rule does not group by it.
    pub(super) client: u64,
}

/// Some of whom lines are wanted.
pub(super) type WhoSet = HashSet<Who, foldhash::fast::RandomState>;

/// The columns that the first look needs.
#[derive(Clone, Debug)]
pub(super) struct Lens {
    /// What a line looks like that is read fast.
    pub(super) shape: Shape,
    date: usize,
    time: usize,
    port: Option<usize>,
    client: Option<usize>,
    server: Option<usize>,
    computer: Option<usize>,
    /// Both of these, where they stand side by side and the rule groups by them as they are logged.
    joined: Option<(usize, usize)>,
    /// Positions of standard fields: those above but date and time, and what is asked for besides; [`ABSENT`] for
    /// others.
    fields: [usize; Field::ALL.len()],
    /// Positions of the fields that are asked for by name.
    named: Vec<(String, usize)>,
}

/// Where no column stands. Exclusions ask for several fields of each line, so whether a field is there and whether it was
/// cut is one question.
const ABSENT: usize = usize::MAX;

impl Lens {
    /// `None` where no line can be read fast under this header.
    pub(super) fn new(header: &Header, context: &Context<'_>) -> Option<Self> {
        let (rule, asks) = (context.rule, context.asks);
        let columns = header.columns()?;
        let position = |field| columns.position(field);
        let mut fields = [ABSENT; Field::ALL.len()];
        for field in Field::ALL {
            let is_counted = rule.count != Count::Port && field == rule.count.field();
            // Those are looked at in every line.
            let is_key = matches!(
                field,
                Field::SPort | Field::CIp | Field::SIp | Field::SComputername
            );
            if is_key || is_counted || asks.has(field) {
                fields[field as usize] = position(field).unwrap_or(ABSENT);
            }
        }
        let forwarded = match &rule.client {
            ClientSource::Logged => None,
            ClientSource::Forwarded { field, .. } => Some(field),
        };
        let named = forwarded.into_iter().chain(asks.names());
        let mut lens = Self {
            shape: Shape {
                columns: header.regular_columns(),
                wanted: 0,
            },
            date: position(Field::Date)?,
            time: position(Field::Time)?,
            port: position(Field::SPort),
            client: position(Field::CIp),
            server: position(Field::SIp),
            computer: position(Field::SComputername),
            joined: None,
            fields,
            named: named
                .filter_map(|name| Some((name.clone(), columns.position_of(name)?)))
                .collect(),
        };
        let last = [
            Some(lens.date),
            Some(lens.time),
            lens.port,
            lens.client,
            lens.server,
            lens.computer,
        ];
        let others = lens
            .fields
            .into_iter()
            .chain(lens.named.iter().map(|(_, place)| *place))
            .filter(|place| *place != ABSENT);
        let by = rule.group_by;
        lens.joined = lens.computer.zip(lens.server).filter(|(computer, server)| {
            *server == computer + 1 && by.computer && by.server && !context.computer.is_said()
        });
        // Up to the last column that is looked at.
        lens.shape.wanted = last
            .into_iter()
            .flatten()
            .chain(others)
            .max()
            .map_or(0, |last| last + 1);
        (lens.shape.columns > 0).then_some(lens)
    }
}

/// A line that was cut fast, with the bounds of the columns that the lens needs.
#[derive(Clone, Copy)]
pub(super) struct FastLine<'a> {
    pub(super) lens: &'a Lens,
    pub(super) block: &'a [u8],
    pub(super) bounds: Bounds<'a>,
    pub(super) time: Timestamp,
    pub(super) port: Option<u16>,
}

#[expect(
    clippy::inline_always,
    reason = "a call for each of these shows in the time for a line"
)]
impl<'a> FastLine<'a> {
    #[inline(always)]
    pub(super) fn column(&self, position: usize) -> &'a [u8] {
        &self.block[self.bounds.column(position)]
    }

    #[inline]
    fn optional(&self, position: Option<usize>) -> Option<&'a [u8]> {
        position.map(|position| self.column(position))
    }

    /// Date and time as one text, where they stand side by side and have no fraction.
    #[inline(always)]
    pub(super) fn stamp(&self) -> Option<&'a [u8; 19]> {
        if self.lens.time != self.lens.date + 1 {
            return None;
        }
        let date = self.bounds.column(self.lens.date);
        let end = self.bounds.column_end(self.lens.time);
        if date.len() != 10 {
            return None;
        }
        self.block[date.start..end].try_into().ok()
    }

    #[inline]
    pub(super) fn date_and_time(&self) -> (&'a [u8], &'a [u8]) {
        (self.column(self.lens.date), self.column(self.lens.time))
    }

    /// The port where there is one; the text that stands in its place where that is none.
    #[inline(always)]
    pub(super) fn logged_port(&self) -> Result<Option<u16>, &'a [u8]> {
        let Some(position) = self.lens.port else {
            return Ok(None);
        };
        match parse_port_in(self.block, self.bounds.column(position)) {
            None => Err(self.column(position)),
            port => Ok(port),
        }
    }

    #[inline(always)]
    pub(super) fn server_texts(&self) -> (Option<&'a [u8]>, &'a [u8]) {
        (
            self.optional(self.lens.computer),
            self.optional(self.lens.server).unwrap_or_default(),
        )
    }

    /// Computer and server address with the blank between them, where the line has both side by side and the rule
    /// groups by both.
    #[inline(always)]
    pub(super) fn joined_server(&self) -> Option<&'a [u8]> {
        let (computer, server) = self.lens.joined?;
        let computer = self.bounds.column(computer);
        let both = &self.block[computer.start..self.bounds.column_end(server)];
        let (name, rest) = both.split_at_checked(computer.len())?;
        // A hyphen means that the name is to be found elsewhere, and a tab is no blank.
        let is_named = name != b"-" && rest.first() == Some(&b' ');
        is_named.then_some(both)
    }

    #[inline(always)]
    pub(super) fn client_text(&self) -> &'a [u8] {
        self.optional(self.lens.client).unwrap_or_default()
    }
}

/// As far as the lens looks: other columns seem not to be there.
impl Record for FastLine<'_> {
    fn time(&self) -> Timestamp {
        self.time
    }

    fn port(&self) -> Option<u16> {
        self.port
    }

    #[inline]
    fn get(&self, field: Field) -> Option<&[u8]> {
        let column = self.bounds.get(self.lens.fields[field as usize])?;
        self.block.get(column)
    }

    fn get_named(&self, name: &str) -> Option<&[u8]> {
        let (_, position) = self.lens.named.iter().find(|(known, _)| known == name)?;
        Some(self.column(*position))
    }
}

/// Whether an entry's log lacks a column that the rule needs.
pub(super) fn missing_columns(columns: &Columns) -> impl Iterator<Item = Field> + '_ {
    [Field::SPort, Field::CIp, Field::SIp]
        .into_iter()
        .filter(|field| columns.position(*field).is_none())
}

/// The values of a line that was read with care, for the first look.
pub(super) fn counted<'a>(entry: &Entry<'a>, count: Count) -> &'a [u8] {
    entry.get(count.field()).unwrap_or_default()
}
