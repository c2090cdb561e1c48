//! Stretches that go on for long, as checkpoints have them: their lines are not read again.

use super::stretch::Run;
use crate::Exclusions;
use crate::collector::{KeyTexts, Parts};
use crate::names::{Signature, Signatures};
use crate::tally::{TallyState, as_bytes, as_characters};
use serde::{Deserialize, Serialize};

/// A stretch that is going on. Texts are bytes of a log, each as the character of its number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunState {
    /// Whose clock closes it.
    pub(super) clock: String,
    client: String,
    computer: String,
    server: String,
    start: i64,
    last: i64,
    peak: u64,
    parts: Vec<PartState>,
}

/// The lines of it that the same exclusions match.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartState {
    exclusions: Vec<String>,
    tally: TallyState,
}

impl RunState {
    pub(super) fn new(
        clock: &str,
        keys: KeyTexts<'_>,
        run: &Run,
        parts: &Parts,
        signatures: &Signatures,
        exclusions: &Exclusions,
    ) -> Self {
        let parts = parts.iter().map(|(signature, tally)| PartState {
            exclusions: signatures
                .get(*signature)
                .iter()
                .map(|index| exclusions.list()[index].id().to_owned())
                .collect(),
            tally: tally.state(),
        });
        Self {
            clock: clock.to_owned(),
            client: as_characters(keys.client),
            computer: as_characters(keys.computer),
            server: as_characters(keys.server),
            start: run.start,
            last: run.last,
            peak: run.peak,
            parts: parts.collect(),
        }
    }

    /// Client, computer and server address.
    pub(super) fn texts(&self) -> [Vec<u8>; 3] {
        [&self.client, &self.computer, &self.server].map(|text| as_bytes(text))
    }

    pub(super) fn run(&self) -> Run {
        Run {
            start: self.start,
            last: self.last,
            peak: self.peak,
            from: 0,
            since: self.last.saturating_add(1),
            is_tallied: true,
        }
    }

    /// Its lines, under the exclusions as they are now: one that is no more matches none.
    pub(super) fn parts(&self, signatures: &mut Signatures, exclusions: &Exclusions) -> Parts {
        let mut parts = Parts::new();
        for part in &self.parts {
            let mut signature = Signature::default();
            for (index, exclusion) in exclusions.list().iter().enumerate() {
                if part.exclusions.iter().any(|id| id == exclusion.id()) {
                    signature.set(index);
                }
            }
            let (id, tally) = (signatures.number(&signature), part.tally.tally());
            match parts.iter().position(|(other, _)| *other == id) {
                Some(position) => {
                    parts[position].1.merge(&tally, None);
                }
                None => parts.push((id, tally)),
            }
        }
        parts
    }
}
