//! The twelve properties in which logs are held beside each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A property in which logs are alike or not.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// Requests by the hour of the day, UTC.
    Hours,
    /// Requests by the day of the week, UTC.
    Weekdays,
    /// Requests of a visit: of one client until it pauses for half an hour.
    Sessions,
    /// Seconds between two requests of a visit.
    Gaps,
    /// Requests by the rank of their path.
    Popularity,
    /// Bytes sent.
    Sizes,
    /// Milliseconds taken.
    Times,
    /// Status, substatus and Windows' code together.
    Statuses,
    /// Families of agents.
    Agents,
    /// Requests at even distances, by their period.
    Probes,
    /// Seconds between two lines of a log.
    Silences,
    /// Lines under a header block.
    Headers,
}

impl Property {
    /// All twelve.
    pub const ALL: [Self; 12] = [
        Self::Hours,
        Self::Weekdays,
        Self::Sessions,
        Self::Gaps,
        Self::Popularity,
        Self::Sizes,
        Self::Times,
        Self::Statuses,
        Self::Agents,
        Self::Probes,
        Self::Silences,
        Self::Headers,
    ];

    /// As it stands in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hours => "hours of the day",
            Self::Weekdays => "days of the week",
            Self::Sessions => "requests a visit",
            Self::Gaps => "gaps in a visit",
            Self::Popularity => "popularity of paths",
            Self::Sizes => "bytes sent",
            Self::Times => "time taken",
            Self::Statuses => "status triples",
            Self::Agents => "agent families",
            Self::Probes => "probes by period",
            Self::Silences => "silences of a log",
            Self::Headers => "lines a header",
        }
    }

    /// Whether its values are numbers in an order, not names.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(
            self,
            Self::Sessions
                | Self::Gaps
                | Self::Popularity
                | Self::Sizes
                | Self::Times
                | Self::Silences
                | Self::Headers
        )
    }

    /// What a log lacks where the property cannot be measured.
    #[must_use]
    pub const fn needs(self) -> &'static str {
        match self {
            Self::Hours | Self::Weekdays => "lines",
            Self::Sessions | Self::Gaps | Self::Probes => {
                "the field c-ip, and clients with more than one request"
            }
            Self::Popularity => "the field cs-uri-stem",
            Self::Sizes => "the field sc-bytes",
            Self::Times => "the field time-taken",
            Self::Statuses => "the field sc-status",
            Self::Agents => "the field cs(User-Agent)",
            Self::Silences => "two lines",
            Self::Headers => "header blocks, which tables do not have",
        }
    }
}
