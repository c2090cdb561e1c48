//! Requests that wait for their minute: they are made when they begin and logged when they end.

use std::collections::VecDeque;

/// Milliseconds of a minute.
pub(crate) const MINUTE_MS: i64 = 60_000;

/// Things that happen at moments not yet passed, by the minute.
#[derive(Debug)]
pub(crate) struct Wheel<T> {
    /// The first minute that is not yet taken.
    minute: i64,
    slots: VecDeque<Vec<T>>,
    /// Emptied slots for the next minutes, and how many things they have room for.
    spare: Vec<Vec<T>>,
    spare_room: usize,
}

/// Emptied slots with room for so many things together are kept: a slot that once held a busy minute stays that large.
const SPARE_ROOM: usize = 4_000;

impl<T> Wheel<T> {
    /// Nothing waits before this moment, in milliseconds.
    pub(crate) fn new(start: i64) -> Self {
        Self {
            minute: start.div_euclid(MINUTE_MS),
            slots: VecDeque::new(),
            spare: Vec::new(),
            spare_room: 0,
        }
    }

    /// Adds what happens at `moment`, which is not yet taken.
    pub(crate) fn add(&mut self, moment: i64, thing: T) {
        let ahead = moment.div_euclid(MINUTE_MS) - self.minute;
        let ahead = usize::try_from(ahead).unwrap_or(0);
        while self.slots.len() <= ahead {
            let slot = self.spare.pop().unwrap_or_default();
            self.spare_room -= slot.capacity();
            self.slots.push_back(slot);
        }
        self.slots[ahead].push(thing);
    }

    /// Takes the next minute: its first millisecond and what happens in it, in the order in which it was added.
    pub(crate) fn take(&mut self) -> (i64, Vec<T>) {
        let start = self.minute * MINUTE_MS;
        self.minute += 1;
        (start, self.slots.pop_front().unwrap_or_default())
    }

    /// Gives an emptied minute back.
    pub(crate) fn give_back(&mut self, mut slot: Vec<T>) {
        if self.spare_room + slot.capacity() <= SPARE_ROOM {
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
    fn minutes_come_in_order() {
        let mut wheel = Wheel::new(90_000);
        for (moment, name) in [(200_000, 'c'), (90_000, 'a'), (119_999, 'b')] {
            wheel.add(moment, name);
        }
        assert_eq!(wheel.take(), (60_000, vec!['a', 'b']));
        assert_eq!(wheel.take(), (120_000, vec![]));
        assert_eq!(wheel.take(), (180_000, vec!['c']));
        assert_eq!(wheel.take(), (240_000, vec![]));
        wheel.give_back(vec!['x', 'y']);
        wheel.add(301_000, 'd');
        assert_eq!(wheel.take(), (300_000, vec!['d']));
    }
}
