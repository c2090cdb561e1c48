//! Exclusions held against a line together, up to 64 of them: a bit for each, and a word of bits for each value that
//! was seen.
//!
//! A condition sees one value of a line: its agent, its port, its time. What all conditions on a field say of a value
//! is worked out once and remembered ([`Known`]), since agents, hosts, paths and ports repeat. A line then costs a look
//! for each of the fields that may still decide something.

use super::Exclusion;
use super::Stage;
use super::condition::{Condition, Line, Test};
use super::index::Number;
use super::needles::Needles;
use super::subject::Subject;
use super::table::{Moments, Numbers, Table};
use scanbench_w3c::{Field, Record, Timestamp};

/// Exclusions of one panel, at the most.
pub(super) const WIDTH: usize = u64::BITS as usize;

#[derive(Clone, Debug)]
pub(super) struct Panel {
    /// By bit, places in the list.
    numbers: Vec<Number>,
    all: u64,
    /// Those that take lines out.
    drops: u64,
    port: Option<Column>,
    time: Option<Column>,
    texts: Vec<Column>,
}

/// All that is asked of one field.
#[derive(Clone, Debug)]
struct Column {
    subject: Subject,
    /// Where its text is read without further ado.
    field: Option<Field>,
    /// The exclusions that ask something of it.
    users: u64,
    /// By exclusion (its bit and its place in the list) the conditions, by their places in it.
    tests: Vec<(u32, Number, Vec<usize>)>,
    /// Of times, the milliseconds within which nothing changes.
    granule: i64,
    /// Of times, whether a zone with a history is asked for.
    has_history: bool,
    /// What tells of most texts at a glance that they are none of those that are looked for.
    needles: Option<Needles>,
}

impl Panel {
    pub(super) fn new(list: &[Exclusion], numbers: &[Number]) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        let (mut all, mut drops) = (0, 0);
        for (bit, number) in (0..).zip(numbers) {
            let exclusion = &list[*number as usize];
            all |= 1 << bit;
            drops |= u64::from(exclusion.stage() == Stage::Event) << bit;
            let mut subjects: Vec<Subject> = Vec::new();
            let has_dates = exclusion.starts().is_some() || exclusion.expires().is_some();
            let dates = has_dates.then_some(&Subject::Time);
            for subject in exclusion
                .conditions()
                .iter()
                .map(Condition::subject)
                .chain(dates)
            {
                if !subjects.contains(subject) {
                    subjects.push(subject.clone());
                }
            }
            for subject in subjects {
                let places = (0..exclusion.conditions().len())
                    .filter(|place| *exclusion.conditions()[*place].subject() == subject)
                    .collect();
                let at = columns
                    .iter()
                    .position(|column| column.subject == subject)
                    .unwrap_or_else(|| {
                        columns.push(Column::new(subject));
                        columns.len() - 1
                    });
                columns[at].users |= 1 << bit;
                columns[at].tests.push((bit, *number, places));
            }
        }
        for column in &mut columns {
            column.granule = column.granule(list);
            column.has_history = column.has_history(list);
            column.needles = column.needles(list);
        }
        let alone = alone(&columns);
        let mut take = |subject: &Subject| {
            let place = columns
                .iter()
                .position(|column| column.subject == *subject)?;
            Some(columns.swap_remove(place))
        };
        let (port, time) = (take(&Subject::Port), take(&Subject::Time));
        // Columns that must be looked at anyway, since some exclusion asks for nothing else, come before those that may be
        // spared. Short values before long ones.
        columns.sort_by_cached_key(|column| {
            let is_spared = column.users & alone == 0;
            (is_spared, length(&column.subject))
        });
        Self {
            numbers: numbers.to_vec(),
            all,
            drops,
            port,
            time,
            texts: columns,
        }
    }

    /// What is known of values, for so many of each column.
    pub(super) fn known(&self, values: usize) -> Known {
        let seen = |(at, column): (usize, &Column)| Seen {
            at,
            users: column.users,
            from_here: self.texts[at..].iter().fold(0, |all, one| all | one.users),
            field: column.field,
            needles: column.needles.clone(),
            table: Table::new(values),
        };
        Known {
            ports: Numbers::new(),
            moments: Moments::new(),
            texts: self.texts.iter().enumerate().map(seen).collect(),
        }
    }

    /// The exclusions that match a line, as bits. What is remembered is looked for by the client's hash first.
    #[inline]
    pub(super) fn matching(
        &self,
        list: &[Exclusion],
        known: &mut Known,
        line: &Line<'_, impl Record>,
        client: u64,
    ) -> u64 {
        let mut left = self.all;
        if let Some(column) = &self.port {
            let port = line.port().map_or(-1, i64::from);
            let work_out = || column.work_out(list, line, u64::MAX);
            left &= known.ports.get(port, work_out);
        }
        if let Some(column) = &self.time {
            let (time, moments) = (line.time().millis(), &mut known.moments);
            left &= match moments.get(time) {
                Some(bits) => bits,
                None if column.is_sure(time) => {
                    let work_out = || column.work_out(list, line, u64::MAX);
                    moments.work_out(time, column.granule, work_out)
                }
                None => column.work_out(list, line, left),
            };
        }
        for seen in &mut known.texts {
            // What is out already needs no look at the columns to come.
            if left & seen.from_here == 0 {
                break;
            }
            if left & seen.users == 0 {
                continue;
            }
            let text = match seen.field {
                Some(field) => line.field(field),
                None => line.text(&self.texts[seen.at].subject),
            };
            left &= match &seen.needles {
                Some(needles) if !needles.may_hold(text) => needles.if_none(),
                _ => {
                    let work_out = |wanted| self.texts[seen.at].work_out(list, line, wanted);
                    seen.table.get(text, client, left, work_out)
                }
            };
        }
        left
    }

    /// The exclusions that these bits stand for.
    #[inline]
    pub(super) fn named(&self, mut bits: u64) -> impl Iterator<Item = Number> + '_ {
        std::iter::from_fn(move || {
            let number = *self.numbers.get(bits.trailing_zeros() as usize)?;
            bits &= bits - 1;
            Some(number)
        })
    }

    /// Whether one of these takes lines out.
    #[inline]
    pub(super) fn drops(&self, bits: u64) -> bool {
        bits & self.drops != 0
    }
}

/// What is known of values that were seen.
#[derive(Clone, Debug)]
pub(super) struct Known {
    ports: Numbers,
    moments: Moments,
    /// By column.
    texts: Vec<Seen>,
}

/// What is known of the texts of a column; with what is needed to ask for it, so that it stands in one place.
#[derive(Clone, Debug)]
struct Seen {
    /// Its place in the panel.
    at: usize,
    users: u64,
    /// The users of this column and of those behind it.
    from_here: u64,
    field: Option<Field>,
    needles: Option<Needles>,
    table: Table,
}

/// The exclusions that ask for one column alone.
fn alone(columns: &[Column]) -> u64 {
    let (once, more) = columns.iter().fold((0, 0), |(once, more), column| {
        (once | column.users, more | once & column.users)
    });
    once & !more
}

/// How long values are, roughly, so how much it takes to look.
fn length(subject: &Subject) -> u8 {
    match subject {
        Subject::Port => 0,
        Subject::Time => 1,
        Subject::Field(Field::CsUserAgent) => 5,
        Subject::Field(Field::CsUriStem) => 6,
        Subject::Field(Field::CsReferer | Field::CsUriQuery) => 7,
        Subject::Field(Field::CsCookie) => 8,
        Subject::Custom(_) => 4,
        Subject::Field(_) => 2,
        Subject::Client | Subject::Server | Subject::Computer => 3,
    }
}

impl Column {
    fn new(subject: Subject) -> Self {
        let field = match subject {
            Subject::Field(field) => Some(field),
            Subject::Server => Some(Field::SIp),
            _ => None,
        };
        Self {
            subject,
            field,
            users: 0,
            tests: Vec::new(),
            granule: 1,
            has_history: false,
            needles: None,
        }
    }

    /// Asks the conditions of some of the exclusions; the others count as left.
    fn work_out(&self, list: &[Exclusion], line: &Line<'_, impl Record>, wanted: u64) -> u64 {
        let mut left = u64::MAX;
        for (bit, number, places) in &self.tests {
            if wanted >> bit & 1 == 0 {
                continue;
            }
            let exclusion = &list[*number as usize];
            let holds = places
                .iter()
                .all(|place| exclusion.conditions()[*place].holds(line))
                && (self.subject != Subject::Time || exclusion.stands_at(line.time()));
            if !holds {
                left &= !(1 << bit);
            }
        }
        left
    }

    /// Whether nothing changes between two whole granules near this moment.
    fn is_sure(&self, millis: i64) -> bool {
        // Clocks are set by whole minutes, and to whole minutes from UTC, since 1972.
        const WHOLE_MINUTES: i64 = 946_684_800_000;
        !self.has_history || millis >= WHOLE_MINUTES
    }

    /// What is looked for in a text, where that can be told at a glance for all of the exclusions.
    fn needles(&self, list: &[Exclusion]) -> Option<Needles> {
        let mut needles = Needles::default();
        for (bit, number, places) in &self.tests {
            for place in places {
                let condition = &list[*number as usize].conditions()[*place];
                match condition.test() {
                    Test::Texts(tests) => tests.iter().try_for_each(|test| needles.add(test))?,
                    _ => return None,
                }
                if !condition.is_negated() {
                    needles.fails_if_none(*bit);
                }
            }
        }
        Some(needles)
    }

    /// A minute where all begins and ends on whole ones, else a millisecond.
    fn granule(&self, list: &[Exclusion]) -> i64 {
        const MINUTE: i64 = 60_000;
        let is_whole = self.exclusions(list).all(|exclusion| {
            [exclusion.starts(), exclusion.expires()]
                .into_iter()
                .flatten()
                .all(|time| time.millis() % MINUTE == 0)
        }) && self.hours(list).all(|hours| {
            let offset = hours
                .zone()
                .is_fixed()
                .then(|| hours.zone().offset(Timestamp::default()));
            hours.from() % 60 == 0 && hours.to() % 60 == 0 && offset.unwrap_or(0) % 60 == 0
        });
        if is_whole { MINUTE } else { 1 }
    }

    fn has_history(&self, list: &[Exclusion]) -> bool {
        self.granule > 1 && self.hours(list).any(|hours| !hours.zone().is_fixed())
    }

    fn exclusions<'l>(&self, list: &'l [Exclusion]) -> impl Iterator<Item = &'l Exclusion> {
        self.tests
            .iter()
            .map(|(_, number, _)| &list[*number as usize])
    }

    fn hours<'l>(&self, list: &'l [Exclusion]) -> impl Iterator<Item = &'l super::Hours> {
        let tests = self.exclusions(list).flat_map(Exclusion::conditions);
        tests.flat_map(|condition| match condition.test() {
            Test::Times(hours) => hours.as_slice(),
            _ => &[],
        })
    }
}
