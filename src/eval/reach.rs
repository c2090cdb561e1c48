//! Which keys could be fired on at all: "no false rows" means nothing where no benign key comes near the threshold.

use super::rows::Judge;
use scanbench_generator::truth::{Class, THRESHOLD};
use schemars::JsonSchema;
use serde::Serialize;

/// From here up to the threshold a key is near.
const NEAR: u64 = 20;

/// Keys of bins near the published threshold and at it, by what they are. Keys count by their ports in the truth, not
/// by rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Reach {
    /// With lines of a look-alike.
    pub look_alike: Near,
    /// With lines of an authorised scan.
    pub authorised: Near,
    /// With lines of a malicious campaign.
    pub malicious: Near,
    /// With no labelled line at the threshold. How many are near it, the truth does not list.
    pub background_at_threshold: u64,
    /// The same near the threshold, as the detector counted; `None` where it did not, and where nobody knows whether
    /// unlabelled lines are background.
    pub background_near: Option<u64>,
    /// All keys of all bins with a port, as the detector counted; `None` where it did not.
    pub keys: Option<u64>,
}

/// Keys of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Near {
    /// 20 to 29 ports.
    pub near: u64,
    /// 30 or more.
    pub at_threshold: u64,
}

/// What a detector counted of all keys, benign and not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Keys of bins with a value that counts.
    pub all: u64,
    /// Of these, those with at least two thirds of the threshold, and less than it.
    pub near: u64,
}

impl Reach {
    pub(super) fn of(judge: &Judge<'_>, keys: Option<Keys>) -> Self {
        let mut reach = Self::default();
        for window in &judge.truth.windows {
            let at_threshold = window.ports >= THRESHOLD as u64;
            let class = match judge.class_of(window) {
                Some(Class::LookAlike) => &mut reach.look_alike,
                Some(Class::Authorised) => &mut reach.authorised,
                Some(Class::Malicious) => &mut reach.malicious,
                None => {
                    reach.background_at_threshold += u64::from(at_threshold);
                    continue;
                }
            };
            class.at_threshold += u64::from(at_threshold);
            class.near += u64::from(!at_threshold && window.ports >= NEAR);
        }
        let labelled = reach.look_alike.near + reach.authorised.near + reach.malicious.near;
        reach.background_near = keys
            .filter(|_| !judge.truth.unlabelled_is_unknown)
            .map(|keys| keys.near.saturating_sub(labelled));
        reach.keys = keys.map(|keys| keys.all);
        reach
    }

    /// Keys that are benign and not allowed scans: near the threshold (where that is known), and at it.
    #[must_use]
    pub fn benign(&self) -> (Option<u64>, u64) {
        (
            self.background_near.map(|near| near + self.look_alike.near),
            self.look_alike.at_threshold + self.background_at_threshold,
        )
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.look_alike, other.look_alike),
            (&mut self.authorised, other.authorised),
            (&mut self.malicious, other.malicious),
        ] {
            mine.near += theirs.near;
            mine.at_threshold += theirs.at_threshold;
        }
        self.background_at_threshold += other.background_at_threshold;
        let sum = |a: Option<u64>, b: Option<u64>| a.zip(b).map(|(a, b)| a + b);
        self.background_near = sum(self.background_near, other.background_near);
        self.keys = sum(self.keys, other.keys);
    }
}
