//! How data is halved, so that what is chosen on one half is reported on the other (Arp et al. 2022, pitfall P3:
//! data snooping).

use super::tally::malicious;
use crate::eval::GroundTruth;
use scanbench_w3c::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// How data is halved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Halves {
    /// By dataset, every second one of each scenario, where each scenario has several (seeds): nothing is shared
    /// between the halves but the scenario itself.
    Dataset,
    /// Within each dataset. Malicious campaigns are dealt to the halves in turn, in the order in which they began, and
    /// whole, so that both halves have some early and some late ones; everything else by time, so that what begins
    /// later is not known before.
    CampaignAndTime,
}

impl Halves {
    /// By dataset if every scenario, named once for each of its datasets, has at least two.
    #[must_use]
    pub fn of(scenarios: &[&str]) -> Self {
        let is_several = |name| scenarios.iter().filter(|other| *other == name).count() > 1;
        if scenarios.iter().all(is_several) {
            Self::Dataset
        } else {
            Self::CampaignAndTime
        }
    }
}

/// A half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Tuning = 1,
    Reporting = 2,
}

impl Half {
    fn by_parity(number: usize) -> Self {
        if number.is_multiple_of(2) {
            Self::Tuning
        } else {
            Self::Reporting
        }
    }
}

/// The halves of one dataset.
#[derive(Debug)]
pub(super) struct Split {
    /// By the place of a malicious campaign in the truth; `None` for others.
    campaigns: Vec<Option<Half>>,
    /// What begins before it is for tuning.
    middle: Timestamp,
    /// All of it, where halves are made of whole datasets.
    whole: Option<Half>,
}

impl Split {
    /// `nth` is the dataset's number among those of its scenario.
    pub(super) fn new(
        halves: Halves,
        nth: usize,
        truth: &GroundTruth,
        (first, last): (Timestamp, Timestamp),
    ) -> Self {
        let mut order: Vec<usize> = malicious(truth).collect();
        order.sort_by_key(|place| (truth.campaigns[*place].first, *place));
        let mut campaigns = vec![None; truth.campaigns.len()];
        for (number, place) in order.into_iter().enumerate() {
            campaigns[place] = Some(Half::by_parity(number));
        }
        Self {
            campaigns,
            middle: Timestamp::from_millis(first.millis().midpoint(last.millis())),
            whole: (halves == Halves::Dataset).then(|| Half::by_parity(nth)),
        }
    }

    /// The half of a malicious campaign, or of something else that begins at a moment.
    pub(super) fn half(&self, malicious: Option<usize>, begins: Timestamp) -> Half {
        let dealt = malicious.and_then(|place| self.campaigns[place]);
        self.whole.or(dealt).unwrap_or(if begins < self.middle {
            Half::Tuning
        } else {
            Half::Reporting
        })
    }

    /// Which part of the time each half has.
    pub(super) fn parts(&self) -> [f64; 2] {
        match self.whole {
            Some(Half::Tuning) => [1.0, 0.0],
            Some(Half::Reporting) => [0.0, 1.0],
            None => [0.5, 0.5],
        }
    }
}
