//! Who reached how many distinct values, in little memory: the first, fast look at lines.
//!
//! BE ADVISED: clients are told apart by a seeded 64-bit hash of their text, not by the text. Two that collide are
//! counted as one here, which can only make the count too high; so whoever reaches the threshold is looked at again,
//! by text, and rows are exact. The seed is drawn anew in each run, since clients choose what is hashed.

/// Values kept in the slot itself. Nearly all clients reach fewer ports.
const INLINE: usize = 3;
/// `Slot::len` where the values were moved out.
const SPILLED: u8 = u8::MAX;

/// A distinct value: a port, or the hash of a text.
pub(crate) trait Value: Copy + Default + Eq + Ord + Send + 'static {
    /// A place in the list of those that were moved out, in the room of the values.
    fn from_place(place: u32) -> [Self; INLINE];
    /// The way back.
    fn to_place(values: &[Self; INLINE]) -> u32;
    /// The value of a port, where ports are counted in this type.
    fn from_port(port: u16) -> Option<Self>;
    /// The value of a text, where texts are counted in this type.
    fn from_hash(hash: u64) -> Option<Self>;
}

impl Value for u16 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of a number"
    )]
    fn from_place(place: u32) -> [Self; INLINE] {
        [place as u16, (place >> 16) as u16, 0]
    }

    fn to_place(values: &[Self; INLINE]) -> u32 {
        u32::from(values[0]) | u32::from(values[1]) << 16
    }

    fn from_port(port: u16) -> Option<Self> {
        Some(port)
    }

    fn from_hash(_: u64) -> Option<Self> {
        None
    }
}

impl Value for u64 {
    fn from_place(place: u32) -> [Self; INLINE] {
        [place.into(), 0, 0]
    }

    #[expect(clippy::cast_possible_truncation, reason = "it was made from 32 bits")]
    fn to_place(values: &[Self; INLINE]) -> u32 {
        values[0] as u32
    }

    fn from_port(port: u16) -> Option<Self> {
        Some(port.into())
    }

    fn from_hash(hash: u64) -> Option<Self> {
        Some(hash)
    }
}

/// One client. With ports for values this takes 16 bytes.
#[derive(Clone, Debug, Default)]
struct Slot<V> {
    client: u64,
    values: [V; INLINE],
    len: u8,
}

/// The distinct values of each client on one server in one bin, up to the threshold.
///
/// The slots are probed one behind the other from where the hash points: key and values stand together, so that a
/// client is found with one look into memory where a general table takes two.
#[derive(Clone, Debug)]
pub(crate) struct Table<V> {
    /// A power of two of them, or none; those with `len` 0 are free.
    slots: Vec<Slot<V>>,
    used: usize,
    /// Values of clients with more than fit into the slot, sorted, at most as many as the threshold.
    spilled: Vec<Vec<V>>,
    /// Clients that reached the threshold.
    full: Vec<u64>,
    /// The most values of any client; at most the threshold.
    most: usize,
    /// Bytes of those that were moved out.
    spilled_bytes: usize,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            used: 0,
            spilled: Vec::new(),
            full: Vec::new(),
            most: 0,
            spilled_bytes: 0,
        }
    }
}

impl<V: Value> Table<V> {
    /// An empty table with room for so many clients.
    pub(crate) fn with_room(clients: usize) -> Self {
        let mut table = Self::default();
        if clients > 0 {
            table.slots = vec![Slot::default(); (clients * 3 / 2).next_power_of_two()];
        }
        table
    }

    /// Where a client is, or the free slot where it would be. There is always a free one.
    #[inline]
    fn place(&self, client: u64) -> usize {
        let mask = self.slots.len() - 1;
        // The low bits of a hash are as good as any, and what does not fit a usize is cut off.
        #[expect(clippy::cast_possible_truncation, reason = "the low bits will do")]
        let mut place = client as usize & mask;
        loop {
            let slot = &self.slots[place];
            if slot.len == 0 || slot.client == client {
                return place;
            }
            place = (place + 1) & mask;
        }
    }

    fn find(&self, client: u64) -> Option<&Slot<V>> {
        if self.slots.is_empty() {
            return None;
        }
        Some(&self.slots[self.place(client)]).filter(|slot| slot.len > 0)
    }

    /// Has the memory brought near where a client is or would be, so that it is there when the client is added a few
    /// lines later.
    #[inline]
    pub(crate) fn touch(&self, client: u64) {
        let mask = self.slots.len().wrapping_sub(1);
        #[expect(clippy::cast_possible_truncation, reason = "the low bits will do")]
        let place = client as usize & mask;
        if let Some(slot) = self.slots.get(place) {
            scanbench_w3c::bring_near(slot);
        }
    }

    /// Counts a value of a client.
    #[inline]
    pub(crate) fn add(&mut self, client: u64, value: V, threshold: usize) {
        // Three quarters full at the most.
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let place = self.place(client);
        let slot = &mut self.slots[place];
        match slot.len {
            0 => {
                slot.client = client;
                self.used += 1;
            }
            SPILLED => return self.add_spilled(client, value, threshold),
            len => {
                let mut known = slot.values[0] == value;
                known |= len > 1 && slot.values[1] == value;
                known |= len > 2 && slot.values[2] == value;
                if known {
                    return;
                }
            }
        }
        let len = usize::from(slot.len);
        if len < INLINE {
            slot.values[len] = value;
            slot.len += 1;
        } else {
            let mut values = Vec::with_capacity(2 * INLINE);
            values.extend_from_slice(&slot.values);
            values.push(value);
            values.sort_unstable();
            let place = u32::try_from(self.spilled.len()).unwrap_or(u32::MAX);
            slot.values = V::from_place(place);
            slot.len = SPILLED;
            self.spilled_bytes += bytes_of(&values);
            self.spilled.push(values);
        }
        self.reached(client, len + 1, threshold);
    }

    #[cold]
    fn grow(&mut self) {
        // Where each line has a server of its own, so has each a table.
        let more = (self.slots.len() * 2).max(4);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); more]);
        for slot in old.into_iter().filter(|slot| slot.len > 0) {
            let place = self.place(slot.client);
            self.slots[place] = slot;
        }
    }

    #[cold]
    fn add_spilled(&mut self, client: u64, value: V, threshold: usize) {
        let place = self.find(client).map(|slot| V::to_place(&slot.values));
        let Some(values) = place.and_then(|place| self.spilled.get_mut(place as usize)) else {
            return;
        };
        // Beyond the threshold nothing more needs to be known.
        if values.len() >= threshold {
            return;
        }
        if let Err(position) = values.binary_search(&value) {
            let before = bytes_of(values);
            values.insert(position, value);
            self.spilled_bytes += bytes_of(values) - before;
            let len = values.len();
            self.reached(client, len, threshold);
        }
    }

    fn reached(&mut self, client: u64, len: usize, threshold: usize) {
        self.most = self.most.max(len);
        if len == threshold {
            self.full.push(client);
        }
    }

    /// The values of a client, at most as many as the threshold.
    pub(crate) fn values(&self, client: u64) -> &[V] {
        self.find(client).map_or(&[], |slot| self.values_of(slot))
    }

    fn values_of<'t>(&'t self, slot: &'t Slot<V>) -> &'t [V] {
        if slot.len == SPILLED {
            self.spilled
                .get(V::to_place(&slot.values) as usize)
                .map_or(&[], Vec::as_slice)
        } else {
            &slot.values[..usize::from(slot.len)]
        }
    }

    /// Clients that reached the threshold.
    pub(crate) fn full(&self) -> &[u64] {
        &self.full
    }

    /// Bytes that it takes, with its place among others.
    pub(crate) fn bytes(&self) -> usize {
        2 * size_of::<Self>()
            + self.slots.capacity() * size_of::<Slot<V>>()
            + self.spilled_bytes
            + self.full.capacity() * size_of::<u64>()
    }

    /// The most values of any client, at most the threshold.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// How many clients there are.
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    fn used(&self) -> impl Iterator<Item = &Slot<V>> {
        self.slots.iter().filter(|slot| slot.len > 0)
    }

    /// Clients with at least `few` values, and their values.
    pub(crate) fn with_at_least(&self, few: usize) -> impl Iterator<Item = (u64, &[V])> {
        // With no client that has so many, the table is not walked.
        let slots = (self.most >= few).then(|| self.used());
        slots
            .into_iter()
            .flatten()
            .map(|slot| (slot.client, self.values_of(slot)))
            .filter(move |(_, values)| values.len() >= few)
    }

    /// Counts all that another table has, of the same server and bin.
    pub(crate) fn merge(&mut self, other: &Self, threshold: usize) {
        for slot in other.used() {
            for value in other.values_of(slot) {
                self.add(slot.client, *value, threshold);
            }
        }
    }
}

/// A vector among others, and what it holds on the heap.
fn bytes_of<V>(values: &Vec<V>) -> usize {
    2 * size_of::<Vec<V>>() + values.capacity() * size_of::<V>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn a_slot_of_ports_takes_16_bytes() {
        assert_eq!(size_of::<Slot<u16>>(), 16);
    }

    fn check<V: Value + std::fmt::Debug>(
        lines: &[(u64, V)],
        cut: usize,
        threshold: usize,
    ) -> Result<(), TestCaseError> {
        let (mut table, mut other) = (Table::default(), Table::default());
        for (index, (client, value)) in lines.iter().enumerate() {
            let half = if index < cut { &mut table } else { &mut other };
            half.add(*client, *value, threshold);
        }
        table.merge(&other, threshold);
        let mut expected: BTreeMap<u64, BTreeSet<V>> = BTreeMap::new();
        for (client, value) in lines {
            expected.entry(*client).or_default().insert(*value);
        }
        prop_assert_eq!(table.len(), expected.len());
        let full: BTreeSet<u64> = table.full().iter().copied().collect();
        prop_assert_eq!(full.len(), table.full().len());
        for (client, values) in &expected {
            prop_assert_eq!(full.contains(client), values.len() >= threshold);
            let found: BTreeSet<V> = table.values(*client).iter().copied().collect();
            if values.len() <= threshold {
                prop_assert_eq!(&found, values);
            } else {
                prop_assert!(found.len() >= threshold && found.is_subset(values));
            }
        }
        Ok(())
    }

    proptest! {
        /// forall lines in two halves and thresholds: full are just those that a set of sets says, and values are
        /// those of the set up to the threshold.
        #[test]
        fn tables_count_as_sets_do(
            lines in prop::collection::vec((0_u64..4, 0_u16..12), 0..80),
            cut in 0_usize..80,
            threshold in 1_usize..9,
        ) {
            check(&lines, cut, threshold)?;
            let wide: Vec<(u64, u64)> = lines.iter().map(|(client, value)| (*client, u64::from(*value) << 40)).collect();
            check(&wide, cut, threshold)?;
        }
    }
}
