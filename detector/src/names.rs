//! Texts and sets of exclusions by number, so that they compare and hash as numbers.

use foldhash::fast::RandomState;
use std::collections::HashMap;

/// Texts by number. The map's hash is seeded: clients choose what it holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<Box<[u8]>, u32, RandomState>,
    texts: Vec<Box<[u8]>>,
    bytes: usize,
}

impl Names {
    pub(crate) fn number(&mut self, text: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        // Four billion distinct texts would take more memory than there is.
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        // Twice on the heap, and its places in table and list.
        self.bytes += 2 * text.len() + 96;
        self.numbers.insert(text.into(), number);
        self.texts.push(text.into());
        number
    }

    /// The same where the text is mostly that of `last`, which then becomes this one: a column often has one text for
    /// many lines, and to compare costs less than to hash.
    pub(crate) fn number_after(&mut self, last: &mut u32, text: &[u8]) -> u32 {
        let known = self.texts.get(*last as usize);
        if known.is_none_or(|known| **known != *text) {
            *last = self.number(text);
        }
        *last
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(crate) fn text(&self, number: u32) -> &[u8] {
        self.texts
            .get(number as usize)
            .map_or(&b""[..], |text| text)
    }
}

/// Which exclusions match a line: their places in the list, in order. Most lines match one or two, of a list that may
/// have thousands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Signature(Vec<u32>);

impl Signature {
    /// Adds an exclusion.
    pub(crate) fn set(&mut self, index: usize) {
        // A list of four billion exclusions would take more memory than there is.
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        if self.0.last().is_none_or(|last| *last < index) {
            self.0.push(index);
        } else if let Err(place) = self.0.binary_search(&index) {
            self.0.insert(place, index);
        }
    }

    /// Takes all out.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        u32::try_from(index).is_ok_and(|index| self.0.binary_search(&index).is_ok())
    }

    /// The exclusions in it, by their place in the list.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().map(|index| *index as usize)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SignatureId(u32);

impl SignatureId {
    /// Its place among the signatures.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The distinct signatures seen. There are few: lines of one client mostly share one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signatures {
    numbers: HashMap<Signature, SignatureId>,
    list: Vec<Signature>,
}

impl Signatures {
    pub(crate) fn number(&mut self, signature: &Signature) -> SignatureId {
        if let Some(id) = self.numbers.get(signature) {
            return *id;
        }
        let id = SignatureId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(signature.clone());
        self.numbers.insert(signature.clone(), id);
        id
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Signature> {
        self.list.iter()
    }

    pub(crate) fn get(&self, id: SignatureId) -> &Signature {
        &self.list[id.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_list_what_was_set() {
        let mut signature = Signature::default();
        for index in [200, 0, 63, 64, 0] {
            signature.set(index);
        }
        assert_eq!(signature.iter().collect::<Vec<_>>(), [0, 63, 64, 200]);
        assert!(signature.has(63) && !signature.has(62) && !signature.has(1000));
        assert_eq!(Signature::default().iter().count(), 0);
    }
}
