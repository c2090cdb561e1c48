//! Exclusions: lines and rows that are known to be benign, taken out and still counted.

mod address;
mod asked;
pub mod codes;
mod condition;
pub(crate) mod draft;
mod explain;
mod export;
mod hours;
mod import;
mod index;
mod lint;
mod needles;
mod panel;
mod probe;
pub(crate) mod quoted;
mod read;
mod schema;
mod subject;
mod table;
mod text;

pub use address::AddressRange;
pub use condition::{Condition, Test};
pub use explain::{Check, Explanation};
pub(crate) use export::{
    ClickHouse, Dialect, DuckDb, KqlLines, Spark, kql_lines, only_ours, sigma_selections, sql_lines,
};
pub use export::{Target, export};
pub use hours::Hours;
pub use import::{Import, Origin, import};
pub use lint::lint;
pub use probe::{Probe, Probes};
pub use read::Reading;
pub use schema::exclusion_schema;
pub use subject::Subject;
pub use text::{TextKind, TextTest};

use crate::names::Signature;
use condition::Line;
use index::Index;
pub(crate) use index::Memo;
use scanbench_spec::{Findings, Source};
use scanbench_w3c::{Field, Record, Timestamp};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Where an exclusion acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Before counting: the lines it matches are not counted.
    Event,
    /// After counting: a row is hidden where every line that was counted for it matches. One line that does not
    /// match keeps the row, so that a scan cannot hide behind a single excluded port or agent.
    Alert,
}

impl Stage {
    /// `event` or `alert`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Alert => "alert",
        }
    }
}

/// What an exclusion promises; `evaluate` holds it to that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// At most so many true campaigns may be hidden by it.
    pub max_hidden_campaigns: Option<u64>,
    /// At most so many true rows may be hidden by it.
    pub max_hidden_rows: Option<u64>,
    /// At most so many rows of authorised scans may be hidden by it.
    pub max_hidden_authorised: Option<u64>,
    /// At least so many alerts must be removed by it.
    pub min_removed_alerts: Option<u64>,
}

/// One checked exclusion.
#[derive(Clone, Debug)]
pub struct Exclusion {
    id: String,
    name: Option<String>,
    reason: Option<String>,
    owner: Option<String>,
    ticket: Option<String>,
    enabled: bool,
    stage: Stage,
    starts: Option<Timestamp>,
    expires: Option<Timestamp>,
    /// All must hold; the cheapest first.
    conditions: Vec<Condition>,
    expect: Expectation,
    span: Range<usize>,
}

/// Where an exclusion stands in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can hold at some time of the data.
    InForce,
    /// It is switched off.
    Disabled,
    /// It had ended before the first line.
    Expired,
    /// It begins after the last line.
    Future,
}

impl Exclusion {
    /// The name by which reports speak of it; unique in its list.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A title.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Why it is there.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Who answers for it.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// Where it was decided.
    #[must_use]
    pub fn ticket(&self) -> Option<&str> {
        self.ticket.as_deref()
    }

    /// Whether it is switched on.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Where it acts.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// First moment at which it holds.
    #[must_use]
    pub fn starts(&self) -> Option<Timestamp> {
        self.starts
    }

    /// First moment at which it holds no longer.
    #[must_use]
    pub fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// What must hold of a line, all of it.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// What it promises.
    #[must_use]
    pub fn expect(&self) -> Expectation {
        self.expect
    }

    /// The bytes of its id in the file.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Where it stands for data from a first to a last line.
    #[must_use]
    pub fn standing(&self, first: Timestamp, last: Timestamp) -> Standing {
        if !self.enabled {
            Standing::Disabled
        } else if self.expires.is_some_and(|expires| expires <= first) {
            Standing::Expired
        } else if self.starts.is_some_and(|starts| starts > last) {
            Standing::Future
        } else {
            Standing::InForce
        }
    }

    /// Whether a moment lies between its first and its last.
    fn stands_at(&self, time: Timestamp) -> bool {
        self.starts.is_none_or(|starts| starts <= time)
            && self.expires.is_none_or(|expires| time < expires)
    }

    fn matches(&self, line: &Line<'_, impl Record>) -> bool {
        self.enabled
            && self.stands_at(line.time())
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(line))
    }
}

/// What a list requires of its exclusions; `exclusions check` holds it to that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Keys that each must have: `owner`, `reason`, `ticket`, `name`, `starts`, `expires`.
    pub require: Vec<String>,
    /// The longest time for which one may hold.
    pub max_lifetime: Option<Duration>,
}

/// The fields of a line that exclusions look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    fields: u32,
    names: Vec<String>,
}

impl Asks {
    /// Whether a standard field is looked at.
    #[must_use]
    pub fn has(&self, field: Field) -> bool {
        self.fields >> (field as u32) & 1 == 1
    }

    /// The custom fields that are looked at.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// A list of exclusions, in the order of its file.
#[derive(Clone, Debug, Default)]
pub struct Exclusions {
    /// Shared with what was found under it: a list may be long.
    list: Arc<Vec<Exclusion>>,
    policy: Policy,
    /// Made when a line is first held against the list, which is whole by then.
    index: OnceLock<Index>,
}

impl Exclusions {
    /// Reads and checks a file in TOML, YAML or JSON.
    ///
    /// # Errors
    /// Every finding, each at its place.
    ///
    /// ```
    /// use scanbench_detector::Exclusions;
    /// use scanbench_spec::Source;
    ///
    /// let file = r#"
    /// version = 1
    /// [[exclusion]]
    /// id = "admin-host"
    /// reason = "Patching from the admin host"
    /// stage = "event"
    /// match.c-ip = ["10.0.0.10"]
    /// match.time = { days = ["sat"], from = "22:00", to = "02:00", zone = "Europe/Berlin" }
    /// "#;
    /// let exclusions = Exclusions::from_source(&Source::new("exclusions.toml", file))?;
    /// assert_eq!(exclusions.list()[0].id(), "admin-host");
    /// # Ok::<(), scanbench_spec::Findings>(())
    /// ```
    pub fn from_source(source: &Source) -> Result<Self, Findings> {
        let reading = Reading::of(source);
        Findings::check(source, reading.findings)?;
        Ok(reading.exclusions)
    }

    /// This list and then another. Of two ids that are the same, the second gets a number.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let mut ids: HashSet<String> = self.list.iter().map(|one| one.id.clone()).collect();
        for mut exclusion in Arc::unwrap_or_clone(other.list) {
            let id = exclusion.id.clone();
            let mut number = 1;
            while !ids.insert(exclusion.id.clone()) {
                number += 1;
                exclusion.id = format!("{id}-{number}");
            }
            Arc::make_mut(&mut self.list).push(exclusion);
        }
        self.policy.require.extend(other.policy.require);
        self.policy.max_lifetime = match (self.policy.max_lifetime, other.policy.max_lifetime) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        // Made of the list as it was.
        self.index = OnceLock::new();
        self
    }

    /// Each of them.
    #[must_use]
    pub fn list(&self) -> &[Exclusion] {
        &self.list
    }

    /// What the list requires of each.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The fields that the conditions look at.
    #[must_use]
    pub fn asks(&self) -> Asks {
        let mut asks = Asks::default();
        for condition in self.list.iter().flat_map(Exclusion::conditions) {
            if let Some(field) = condition.subject().field() {
                asks.fields |= 1 << (field as u32);
            }
            if let Subject::Custom(name) = condition.subject()
                && !asks.names.contains(name)
            {
                asks.names.push(name.clone());
            }
        }
        asks
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(&self.list))
    }

    /// Which of them match a line.
    pub(crate) fn signature<'m>(
        &self,
        memo: &'m mut Memo,
        record: &impl Record,
        client: &[u8],
        computer: &[u8],
    ) -> &'m Signature {
        if self.list.is_empty() {
            return memo.none();
        }
        let computer = || computer;
        let line = Line::new(record, client, &computer);
        self.index().matching(&self.list, memo, &line)
    }

    /// Counts by their places which of them match a line of a client with this hash, and tells whether the line is taken
    /// out: for the first look, which asks for no more.
    #[inline]
    pub(crate) fn count<'c>(
        &self,
        memo: &mut Memo,
        record: &impl Record,
        client: (&[u8], u64),
        computer: impl Fn() -> &'c [u8],
        counts: &mut [u64],
    ) -> bool {
        self.index()
            .count(&self.list, memo, record, client, computer, counts)
    }

    /// Whether lines with this signature are taken out before counting.
    pub(crate) fn drops(&self, signature: &Signature) -> bool {
        signature
            .iter()
            .any(|index| self.list[index].stage == Stage::Event)
    }
}

#[cfg(test)]
mod tests;
