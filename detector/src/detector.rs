//! Entries into groups.

use crate::detection::Detection;
use crate::tally::{AlertKey, Tally};
use crate::{Exclusions, Rule};
use scanbench_w3c::{Entry, Field, Timestamp};
use std::collections::HashMap;

/// Takes entries one by one, in any order, and counts them by bin, client, computer and server address.
///
/// Lines are kept apart by the exclusions that match them, so that the rows under any choice of exclusions can
/// be told afterwards, exactly, from one pass over the data.
#[derive(Debug)]
pub struct Detector {
    pub(crate) rule: Rule,
    pub(crate) exclusions: Exclusions,
    pub(crate) names: Names,
    pub(crate) signatures: Signatures,
    pub(crate) groups: HashMap<GroupKey, Group>,
    pub(crate) lines: u64,
    /// Lines matched, by exclusion.
    pub(crate) matched: Vec<u64>,
    /// Lines that an exclusion at stage "event" takes out.
    pub(crate) suppressed_lines: u64,
}

/// The four keys of a row, the texts by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GroupKey {
    pub(crate) bin: Timestamp,
    client: u32,
    computer: u32,
    server: u32,
}

/// The lines of one key, apart by signature. Most groups have one or two signatures.
pub(crate) type Group = Vec<(SignatureId, Tally)>;

impl Detector {
    /// A detector that has seen nothing.
    #[must_use]
    pub fn new(rule: Rule, exclusions: Exclusions) -> Self {
        Self {
            rule,
            matched: vec![0; exclusions.list().len()],
            exclusions,
            names: Names::default(),
            signatures: Signatures::default(),
            groups: HashMap::new(),
            lines: 0,
            suppressed_lines: 0,
        }
    }

    /// Counts one entry. `computer` stands for the `Computer` column: the host whose log this is.
    pub fn push(&mut self, entry: &Entry<'_>, computer: impl AsRef<[u8]>) {
        let computer = computer.as_ref();
        self.lines += 1;
        let client = entry.get(Field::CIp).unwrap_or_default();
        let signature = self.exclusions.signature(entry, client, computer);
        for (index, matched) in self.matched.iter_mut().enumerate() {
            *matched += u64::from(signature.has(index));
        }
        self.suppressed_lines += u64::from(self.exclusions.drops(&signature));
        let signature = self.signatures.number(signature);
        let key = GroupKey {
            bin: entry.time().floor(self.rule.bin),
            client: self.names.number(client),
            computer: self.names.number(computer),
            server: self.names.number(entry.get(Field::SIp).unwrap_or_default()),
        };
        let group = self.groups.entry(key).or_default();
        let tally = match group.iter().position(|(id, _)| *id == signature) {
            Some(position) => &mut group[position].1,
            None => &mut group.push_mut((signature, Tally::default())).1,
        };
        tally.add(entry, self.rule.set_limit);
    }

    /// Ends counting.
    #[must_use]
    pub fn finish(self) -> Detection {
        Detection::new(self)
    }
}

/// Texts by number, so that keys compare as numbers. The map's hash is seeded: clients choose what it holds.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<Box<[u8]>, u32>,
    texts: Vec<Box<[u8]>>,
}

impl Names {
    fn number(&mut self, text: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        // Four billion distinct texts would take more memory than there is.
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.into(), number);
        self.texts.push(text.into());
        number
    }

    pub(crate) fn key(&self, key: &GroupKey) -> AlertKey<'_> {
        let text = |number: u32| {
            self.texts
                .get(number as usize)
                .map_or(&b""[..], |text| text)
        };
        AlertKey {
            bin: key.bin,
            client: text(key.client),
            computer: text(key.computer),
            server: text(key.server),
        }
    }
}

/// Which exclusions match a line: one bit each, by their place in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Signature(Vec<u64>);

impl Signature {
    /// Adds an exclusion. Words behind the last one that is set are never there, so that equal sets are equal.
    pub(crate) fn set(&mut self, index: usize) {
        let word = index / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (index % 64);
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        self.0
            .get(index / 64)
            .is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// The exclusions in it, by their place in the list.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.0.len() * 64).filter(|index| self.has(*index))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignatureId(usize);

/// The distinct signatures seen. There are few: lines of one client mostly share one.
#[derive(Debug, Default)]
pub(crate) struct Signatures {
    numbers: HashMap<Signature, SignatureId>,
    list: Vec<Signature>,
}

impl Signatures {
    fn number(&mut self, signature: Signature) -> SignatureId {
        if let Some(id) = self.numbers.get(&signature) {
            return *id;
        }
        let id = SignatureId(self.list.len());
        self.list.push(signature.clone());
        self.numbers.insert(signature, id);
        id
    }

    pub(crate) fn get(&self, id: SignatureId) -> &Signature {
        &self.list[id.0]
    }
}
