//! Requests that wait for their ten seconds: they are made when they begin and logged when they end.

use std::collections::VecDeque;

/// Milliseconds of a slot. Of a busy server, its lines fit into the processor's cache.
pub(crate) const SLOT_MS: i64 = 10_000;

/// Things that happen at moments not yet passed, by slots of ten seconds.
#[derive(Debug)]
pub(crate) struct Wheel<T> {
    /// The first slot that is not yet taken.
    next: i64,
    slots: VecDeque<Vec<T>>,
    /// Emptied slots for those to come, and how many things they have room for.
    spare: Vec<Vec<T>>,
    spare_room: usize,
}

/// Emptied slots with room for so many things together are kept, and one however large it is: a slot that was once busy
/// stays that large.
const SPARE_ROOM: usize = 4_000;

impl<T> Wheel<T> {
    /// Nothing waits before this moment, in milliseconds.
    pub(crate) fn new(start: i64) -> Self {
        Self {
            next: start.div_euclid(SLOT_MS),
            slots: VecDeque::new(),
            spare: Vec::new(),
            spare_room: 0,
        }
    }

    /// Adds what happens at `moment`, which is not yet taken.
    pub(crate) fn add(&mut self, moment: i64, thing: T) {
        let ahead = u64::try_from(moment - self.next * SLOT_MS).unwrap_or(0);
        let ahead = usize::try_from(ahead / SLOT_MS.unsigned_abs()).unwrap_or(0);
        while self.slots.len() <= ahead {
            let slot = self.spare.pop().unwrap_or_default();
            self.spare_room -= slot.capacity();
            self.slots.push_back(slot);
        }
        self.slots[ahead].push(thing);
    }

    /// Takes the next slot: its first millisecond and what happens in it, in the order in which it was added.
    pub(crate) fn take(&mut self) -> (i64, Vec<T>) {
        let start = self.next * SLOT_MS;
        self.next += 1;
        (start, self.slots.pop_front().unwrap_or_default())
    }

    /// Gives an emptied slot back.
    pub(crate) fn give_back(&mut self, mut slot: Vec<T>) {
        if self.spare.is_empty() || self.spare_room + slot.capacity() <= SPARE_ROOM {
            slot.clear();
            self.spare_room += slot.capacity();
            self.spare.push(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_come_in_order() {
        let mut wheel = Wheel::new(15_000);
        for (moment, name) in [(33_000, 'c'), (15_000, 'a'), (19_999, 'b')] {
            wheel.add(moment, name);
        }
        assert_eq!(wheel.take(), (10_000, vec!['a', 'b']));
        assert_eq!(wheel.take(), (20_000, vec![]));
        assert_eq!(wheel.take(), (30_000, vec!['c']));
        assert_eq!(wheel.take(), (40_000, vec![]));
        wheel.give_back(vec!['x', 'y']);
        wheel.add(50_001, 'd');
        assert_eq!(wheel.take(), (50_000, vec!['d']));
    }
}
