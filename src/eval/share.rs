//! A number of a number.

use super::intervals::{Interval, interval};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// So many of so many, with a 95 % interval. With nothing to count it is unmeasured, which is neither 0 nor 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    hits: u64,
    of: u64,
    interval: Option<Interval>,
}

impl Share {
    /// From (hits, trials) of each cluster: trials of one cluster hang together.
    #[must_use]
    pub fn of_clusters(clusters: &[(u64, u64)]) -> Self {
        Self {
            hits: clusters.iter().map(|one| one.0).sum(),
            of: clusters.iter().map(|one| one.1).sum(),
            interval: interval(clusters),
        }
    }

    /// Hits.
    #[must_use]
    pub fn hits(self) -> u64 {
        self.hits
    }

    /// Trials.
    #[must_use]
    pub fn of(self) -> u64 {
        self.of
    }

    /// The part, from 0 to 1; `None` where nothing was measured.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }

    /// Its 95 % interval, where there is enough to tell one.
    #[must_use]
    pub fn interval(self) -> Option<Interval> {
        self.interval
    }

    /// `2 of 3 (67 %; 9 to 99)`: with its interval.
    #[must_use]
    pub fn with_interval(self) -> String {
        match (self.value(), self.interval) {
            (Some(value), Some(interval)) => format!(
                "{} of {} ({:.0} %; {:.0} to {:.0})",
                self.hits,
                self.of,
                value * 100.0,
                interval.low * 100.0,
                interval.high * 100.0
            ),
            _ => self.to_string(),
        }
    }
}

/// `2 of 3 (67 %)`, or `unmeasured`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Some(value) => write!(f, "{} of {} ({:.0} %)", self.hits, self.of, value * 100.0),
            None => f.write_str("unmeasured"),
        }
    }
}

/// `{"hits": 2, "of": 3, "value": 0.667, "interval": {...}}`; the value is null where nothing was measured, and the
/// interval where there is too little to tell one.
impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;

        let mut share = serializer.serialize_struct("Share", 4)?;
        share.serialize_field("hits", &self.hits)?;
        share.serialize_field("of", &self.of)?;
        share.serialize_field("value", &self.value())?;
        share.serialize_field("interval", &self.interval)?;
        share.end()
    }
}

impl JsonSchema for Share {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let count = generator.subschema_for::<u64>();
        json_schema!({
            "type": "object",
            "description": "So many of so many. The value is null where nothing was measured, the interval where there \
                            is too little to tell one.",
            "properties": {
                "hits": count,
                "of": count,
                "value": generator.subschema_for::<Option<f64>>(),
                "interval": generator.subschema_for::<Option<Interval>>(),
            },
            "required": ["hits", "of", "value", "interval"],
            "additionalProperties": false,
        })
    }
}

/// Trials that hang together: the number of the dataset, and whose rows they are.
pub(super) type Cluster = (usize, String);

/// Counts trials by cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Trials {
    numbers: BTreeMap<Cluster, usize>,
    trials: Vec<u64>,
}

/// Hits among [`Trials`], by the cluster's number.
pub(super) type Hits = BTreeMap<usize, u64>;

impl Trials {
    /// Counts a trial; gives its cluster's number.
    pub(super) fn add(&mut self, cluster: &Cluster) -> usize {
        let number = if let Some(number) = self.numbers.get(cluster) {
            *number
        } else {
            self.trials.push(0);
            self.numbers.insert(cluster.clone(), self.trials.len() - 1);
            self.trials.len() - 1
        };
        self.trials[number] += 1;
        number
    }

    /// The share of the hits.
    pub(super) fn share(&self, hits: &Hits) -> Share {
        let clusters: Vec<(u64, u64)> = self
            .trials
            .iter()
            .enumerate()
            .map(|(number, trials)| (hits.get(&number).copied().unwrap_or(0), *trials))
            .collect();
        Share::of_clusters(&clusters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        let share = Share::of_clusters(&[(1, 1), (1, 1), (0, 1)]);
        assert_eq!(share.to_string(), "2 of 3 (67 %)");
        let none = Share::of_clusters(&[]);
        assert_eq!(none.to_string(), "unmeasured");
        assert_eq!(none.with_interval(), "unmeasured");
        assert_eq!(
            serde_json::to_string(&none).ok().as_deref(),
            Some(r#"{"hits":0,"of":0,"value":null,"interval":null}"#)
        );
        // 1 - 0.025^(1/2) = 0.842: two that were not hit.
        let missed = Share::of_clusters(&[(0, 1), (0, 1)]);
        assert_eq!(missed.with_interval(), "0 of 2 (0 %; 0 to 84)");
    }

    #[test]
    fn trials_of_a_cluster_hang_together() {
        let mut trials = Trials::default();
        let mut hits = Hits::new();
        for (campaign, hit) in [("a", true), ("a", true), ("b", false), ("b", false)] {
            let number = trials.add(&(0, campaign.to_owned()));
            *hits.entry(number).or_default() += u64::from(hit);
        }
        let share = trials.share(&hits);
        assert_eq!((share.hits(), share.of()), (2, 4));
        assert_eq!(share.interval().map(|one| one.clusters), Some(2));
    }

    /// What is written has the keys that its schema has, and each of them must be there.
    #[test]
    fn the_schema_has_the_keys_that_are_written() {
        let mut schemas = SchemaGenerator::default();
        let reference = schemas.subschema_for::<Share>();
        let name = reference.as_value()["$ref"].as_str().unwrap().to_owned();
        assert!(name.ends_with("/Share"), "{name}");
        let schema = Share::json_schema(&mut schemas);
        let written = serde_json::to_value(Share::of_clusters(&[(1, 2), (1, 2)])).unwrap();
        let keys: Vec<&String> = written.as_object().unwrap().keys().collect();
        let properties = schema.as_value()["properties"].as_object().unwrap();
        assert_eq!(properties.keys().collect::<Vec<_>>(), keys);
        let required = schema.as_value()["required"].as_array().unwrap();
        let mut required: Vec<&str> = required.iter().map(|key| key.as_str().unwrap()).collect();
        required.sort_unstable();
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        assert_eq!(required, sorted);
    }
}
