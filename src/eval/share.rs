//! A number of a number.

use serde::{Serialize, Serializer};
use std::fmt;

/// So many of so many. With nothing to count it is unmeasured, which is neither 0 nor 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    hits: u64,
    of: u64,
}

impl Share {
    /// `hits` of `of`.
    #[must_use]
    pub fn new(hits: u64, of: u64) -> Self {
        Self { hits, of }
    }

    /// The part, from 0 to 1; `None` where nothing was measured.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
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

/// `{"hits": 2, "of": 3, "value": 0.667}`; the value is null where nothing was measured.
impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;

        let mut share = serializer.serialize_struct("Share", 3)?;
        share.serialize_field("hits", &self.hits)?;
        share.serialize_field("of", &self.of)?;
        share.serialize_field("value", &self.value())?;
        share.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        assert_eq!(Share::new(2, 3).to_string(), "2 of 3 (67 %)");
        assert_eq!(Share::new(0, 0).to_string(), "unmeasured");
        assert_eq!(
            serde_json::to_string(&Share::new(0, 0)).ok().as_deref(),
            Some(r#"{"hits":0,"of":0,"value":null}"#)
        );
    }
}
