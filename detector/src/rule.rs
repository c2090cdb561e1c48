//! What makes a row.

use crate::client::ClientSource;
use crate::published::Published;
use crate::window::{Schedule, Window};
use scanbench_w3c::Field;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

/// What makes a row. The default is the rule as published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stretches of time in which values are counted (`timeBin`): bins of 10 minutes from the epoch.
    pub window: Window,
    /// Distinct values that make a row, inclusive (`portThreshold`): 30.
    pub threshold: u64,
    /// Most values that a set keeps; `None` for no limit. The query's `makeset` is the deprecated name of
    /// `make_set`, with "a default maxSize limit of 128" (Microsoft, *make-set aggregation function*), so no
    /// row can count more than 128 ports. Which values survive is not documented; here the smallest do, so that
    /// rows do not depend on the order of input.
    pub set_limit: Option<NonZeroUsize>,
    /// What lines must share to be counted together, besides the window.
    pub group_by: GroupBy,
    /// The field whose distinct values count.
    pub count: Count,
    /// When the rule runs, and over what; `None` for all data at once.
    pub schedule: Option<Schedule>,
    /// Where a line's client is read.
    pub client: ClientSource,
    /// Who the rule is, where it was taken over from a file; changes no row.
    pub published: Option<Arc<Published>>,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            window: Window::Tumbling {
                width: Duration::from_mins(10),
            },
            threshold: 30,
            set_limit: NonZeroUsize::new(128),
            group_by: GroupBy::default(),
            count: Count::Port,
            schedule: None,
            client: ClientSource::Logged,
            published: None,
        }
    }
}

impl Rule {
    /// Whether it makes the rows of the rule as published, wherever it was taken from.
    #[must_use]
    pub fn is_as_published(&self) -> bool {
        *self
            == Self {
                published: self.published.clone(),
                ..Self::default()
            }
    }

    /// Whether any row can reach the threshold: a set that is cut at its limit cannot count past it.
    #[must_use]
    pub fn can_fire(&self) -> bool {
        self.set_limit
            .is_none_or(|limit| limit.get() as u64 >= self.threshold)
    }
}

/// The keys by which lines are grouped. A key that is left out is the empty text in every row, and a scan that is
/// spread over its values is counted as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupBy {
    /// `cIP`.
    pub client: bool,
    /// `Computer`.
    pub computer: bool,
    /// `sIP`.
    pub server: bool,
}

/// All three, as in the rule.
impl Default for GroupBy {
    fn default() -> Self {
        Self {
            client: true,
            computer: true,
            server: true,
        }
    }
}

/// The field whose distinct values count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Count {
    /// `s-port`, as in the rule. Lines without a port do not count.
    #[default]
    Port,
    /// `cs-host`: many host names of one server.
    Host,
    /// `cs-uri-stem`: many paths.
    UriStem,
}

impl Count {
    /// The field.
    #[must_use]
    pub fn field(self) -> Field {
        match self {
            Self::Port => Field::SPort,
            Self::Host => Field::CsHost,
            Self::UriStem => Field::CsUriStem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the rule is called is not what it does; anything else is.
    #[test]
    fn as_published_is_what_it_does() {
        let rule = Rule::default();
        assert!(rule.is_as_published());
        let from_a_file = Rule {
            published: Some(Arc::new(Published::default())),
            ..rule.clone()
        };
        assert!(from_a_file.is_as_published());
        for other in [
            Rule {
                threshold: 31,
                ..rule.clone()
            },
            Rule {
                set_limit: None,
                ..rule.clone()
            },
            Rule {
                count: Count::Host,
                ..rule
            },
        ] {
            assert!(!other.is_as_published(), "{other:?}");
        }
    }

    #[test]
    fn thresholds_over_the_limit_cannot_fire() {
        assert!(Rule::default().can_fire());
        let rule = Rule {
            threshold: 129,
            ..Rule::default()
        };
        assert!(!rule.can_fire());
        let rule = Rule {
            set_limit: None,
            ..rule
        };
        assert!(rule.can_fire());
    }
}
