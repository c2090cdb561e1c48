//! Exclusions: lines and rows that are known to be benign, taken out and still counted.

mod condition;
mod matcher;
mod spec;
mod values;

use crate::client::address_of;
use crate::names::Signature;
use matcher::{Condition, Line};
use scanbench_spec::{Findings, Source};
use scanbench_w3c::{Field, Record, Timestamp};

/// Where an exclusion acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before counting: the lines it matches are not counted.
    Event,
    /// After counting: a row is hidden where every line that was counted for it matches. One line that does not
    /// match keeps the row, so that a scan cannot hide behind a single excluded port or agent.
    Alert,
}

/// What an exclusion promises; `evaluate` holds it to that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// At most so many true campaigns may be hidden by it.
    pub max_hidden_campaigns: Option<u64>,
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
    stage: Stage,
    /// First moment at which it holds.
    starts: Option<Timestamp>,
    /// First moment at which it holds no longer.
    expires: Option<Timestamp>,
    /// All must hold.
    conditions: Vec<Condition>,
    expect: Expectation,
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

    /// Where it acts.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// What it promises.
    #[must_use]
    pub fn expect(&self) -> Expectation {
        self.expect
    }

    fn matches(&self, line: &Line<'_>) -> bool {
        self.starts.is_none_or(|starts| starts <= line.time)
            && self.expires.is_none_or(|expires| line.time < expires)
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(line))
    }
}

/// A list of exclusions, in the order of its file.
#[derive(Clone, Debug, Default)]
pub struct Exclusions {
    list: Vec<Exclusion>,
}

impl Exclusions {
    /// Reads and checks a TOML file.
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
    /// "#;
    /// let exclusions = Exclusions::from_source(&Source::new("exclusions.toml", file))?;
    /// assert_eq!(exclusions.list()[0].id(), "admin-host");
    /// # Ok::<(), scanbench_spec::Findings>(())
    /// ```
    pub fn from_source(source: &Source) -> Result<Self, Findings> {
        spec::read(source).map(|list| Self { list })
    }

    /// Each of them.
    #[must_use]
    pub fn list(&self) -> &[Exclusion] {
        &self.list
    }

    /// Which of them match a line.
    pub(crate) fn signature(
        &self,
        record: &impl Record,
        client: &[u8],
        computer: &[u8],
    ) -> Signature {
        let mut signature = Signature::default();
        if self.list.is_empty() {
            return signature;
        }
        let line = Line {
            time: record.time(),
            client: address_of(client),
            port: record.port(),
            user_agent: record.get(Field::CsUserAgent).unwrap_or_default(),
            computer,
        };
        for (index, exclusion) in self.list.iter().enumerate() {
            if exclusion.matches(&line) {
                signature.set(index);
            }
        }
        signature
    }

    /// Whether lines with this signature are taken out before counting.
    pub(crate) fn drops(&self, signature: &Signature) -> bool {
        signature
            .iter()
            .any(|index| self.list[index].stage == Stage::Event)
    }
}
