//! Exclusions held against a line together, up to 64 of them: a bit for each, and a word of bits for each value that
//! was seen.
//!
//! A condition sees one value of a line: its agent, its port, its time. What all conditions on a field say of a value
//! is worked out once and remembered ([`Known`]), since agents, hosts, paths and ports repeat. A line then costs a look
//! for each of the fields that may still decide something.

use super::Exclusion;
use super::condition::{Condition, Line, Test};
use super::index::Number;
use super::subject::Subject;
use super::table::{Numbers, Table};
use scanbench_w3c::{Field, Record, Timestamp};

/// Exclusions of one panel, at the most.
pub(super) const WIDTH: usize = u64::BITS as usize;

#[derive(Clone, Debug)]
pub(super) struct Panel {
    /// By bit, places in the list.
    numbers: Vec<Number>,
    all: u64,
    columns: Vec<Column>,
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
}

impl Panel {
    pub(super) fn new(list: &[Exclusion], numbers: &[Number]) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        let mut all = 0;
        for (bit, number) in (0..).zip(numbers) {
            let exclusion = &list[*number as usize];
            all |= 1 << bit;
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
        }
        Self {
            numbers: numbers.to_vec(),
            all,
            columns: ordered(columns),
        }
    }

    /// What is known of values, for so many of each column.
    pub(super) fn known(&self, values: usize) -> Known {
        Known {
            ports: Numbers::new(),
            moments: Numbers::new(),
            texts: self.columns.iter().map(|_| Table::new(values)).collect(),
        }
    }

    /// Names the exclusions that match a line.
    #[inline]
    pub(super) fn matching(
        &self,
        list: &[Exclusion],
        known: &mut Known,
        line: &Line<'_, impl Record>,
        mut found: impl FnMut(Number),
    ) {
        let mut left = self.all;
        let (ports, moments) = (&mut known.ports, &mut known.moments);
        for (column, table) in self.columns.iter().zip(&mut known.texts) {
            // What is out already needs no look at the columns to come.
            if left & column.users == 0 {
                continue;
            }
            let work_out = |wanted| column.work_out(list, line, wanted);
            left &= match (column.field, &column.subject) {
                (Some(field), _) => table.get(line.field(field), left, work_out),
                (None, Subject::Port) => {
                    let port = line.port().map_or(-1, i64::from);
                    ports.get(port, || work_out(u64::MAX))
                }
                (None, Subject::Time) => match column.moment(line.time()) {
                    Some(moment) => moments.get(moment, || work_out(u64::MAX)),
                    None => work_out(left),
                },
                (None, subject) => table.get(line.text(subject), left, work_out),
            };
            if left == 0 {
                return;
            }
        }
        while left != 0 {
            found(self.numbers[left.trailing_zeros() as usize]);
            left &= left - 1;
        }
    }
}

/// What is known of values that were seen.
#[derive(Clone, Debug)]
pub(super) struct Known {
    ports: Numbers,
    moments: Numbers,
    /// By column.
    texts: Vec<Table>,
}

/// The columns that must be looked at anyway first, then the others, which may be spared: those that some exclusion asks
/// for alone, besides the port and the time, which cost next to nothing. Short values before long ones.
fn ordered(mut columns: Vec<Column>) -> Vec<Column> {
    let is_cheap = |column: &Column| matches!(column.subject, Subject::Port | Subject::Time);
    let in_one = columns
        .iter()
        .filter(|column| !is_cheap(column))
        .fold((0, 0), |(once, more), column| {
            (once | column.users, more | once & column.users)
        });
    let alone = in_one.0 & !in_one.1;
    columns.sort_by_cached_key(|column| {
        let is_spared = column.users & alone == 0;
        (!is_cheap(column), is_spared, length(&column.subject))
    });
    columns
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

    /// What stands for all moments at which the answer is the same; `None` where that is not sure.
    #[inline]
    fn moment(&self, time: Timestamp) -> Option<i64> {
        // Clocks are set by whole minutes, and to whole minutes from UTC, since 1972.
        const WHOLE_MINUTES: i64 = 946_684_800_000;
        let is_sure = !self.has_history || time.millis() >= WHOLE_MINUTES;
        is_sure.then(|| time.millis().div_euclid(self.granule))
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
