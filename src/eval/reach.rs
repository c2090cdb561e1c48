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

#[cfg(test)]
mod tests {
    use super::super::GroundTruth;
    use super::super::made::{campaign, window};
    use super::*;

    /// Keys of each class at 19, 20, 29 and 30 ports, and two of nobody at the threshold and under it.
    fn truth() -> GroundTruth {
        let classes = [
            ("attack", Class::Malicious, 1),
            ("work", Class::LookAlike, 2),
            ("allowed", Class::Authorised, 3),
        ];
        GroundTruth {
            campaigns: classes
                .map(|(id, class, _)| campaign(id, class, (0, 100)))
                .into(),
            windows: classes
                .iter()
                .flat_map(|(id, _, client)| {
                    [(0, 19), (10, 20), (20, 29), (30, 30)]
                        .map(|(minute, ports)| window(minute, *client, ports, &[id]))
                })
                // Two more of the attack, and three of the work: no two classes have the same counts.
                .chain(
                    [(40, 45), (50, 25)]
                        .map(|(minute, ports)| window(minute, 1, ports, &["attack"])),
                )
                .chain([50, 60, 70].map(|minute| window(minute, 2, 33, &["work"])))
                .chain(
                    [(0, 30), (10, 29), (20, 31)]
                        .map(|(minute, ports)| window(minute, 4, ports, &[])),
                )
                .collect(),
            ..GroundTruth::default()
        }
    }

    fn near(near: u64, at_threshold: u64) -> Near {
        Near { near, at_threshold }
    }

    #[test]
    fn keys_near_the_threshold_and_at_it() {
        let truth = truth();
        let keys = Keys { all: 500, near: 17 };
        let mut reach = Reach::of(&Judge::new(&truth), Some(keys));
        let expected = Reach {
            look_alike: near(2, 4),
            authorised: near(2, 1),
            malicious: near(3, 2),
            background_at_threshold: 2,
            // Of seventeen, seven are labelled.
            background_near: Some(10),
            keys: Some(500),
        };
        assert_eq!(reach, expected);
        assert_eq!(reach.benign(), (Some(12), 6));
        let other = Reach {
            look_alike: near(1, 10),
            authorised: near(20, 30),
            malicious: near(40, 50),
            background_at_threshold: 60,
            background_near: Some(70),
            keys: Some(80),
        };
        reach.add(&other);
        let sum = Reach {
            look_alike: near(3, 14),
            authorised: near(22, 31),
            malicious: near(43, 52),
            background_at_threshold: 62,
            background_near: Some(80),
            keys: Some(580),
        };
        assert_eq!(reach, sum);
    }

    /// Where one part is not known, the sum is not.
    #[test]
    fn what_nobody_counted_is_not_known() {
        let mut truth = truth();
        let uncounted = Reach::of(&Judge::new(&truth), None);
        assert_eq!((uncounted.background_near, uncounted.keys), (None, None));
        truth.unlabelled_is_unknown = true;
        let mut recorded = Reach::of(&Judge::new(&truth), Some(Keys { all: 500, near: 17 }));
        assert_eq!((recorded.background_near, recorded.keys), (None, Some(500)));
        assert_eq!(recorded.benign(), (None, 6));
        recorded.add(&uncounted);
        assert_eq!((recorded.background_near, recorded.keys), (None, None));
    }
}
