//! Which exclusions are about a client, remembered by the hash of its text: most lines are of clients that were seen
//! before, and of those nothing need be looked up.

use super::index::Number;

/// The exclusions that are about a client.
#[derive(Clone, Debug, Default)]
pub(super) struct Askers {
    pub(super) numbers: Vec<Number>,
    /// Whether they match whatever else a line of that client says.
    pub(super) is_sure: bool,
    /// Whether one that matches in any case takes lines out.
    pub(super) drops: bool,
}

/// The last clients, by their hashes. Two clients with one hash of 64 bits would be taken for each other; as elsewhere in
/// the first look, rows would stay exact, since the second look goes by texts, and only the lines that were matched be
/// miscounted.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// Where a client's hash leads to by its lowest bits: the others, and in place of those where its askers stand in
    /// `lists`; 0 where there are none.
    places: Vec<u64>,
    lists: Vec<Askers>,
    /// The askers of a client that are not remembered.
    passing: Askers,
}

impl Asked {
    const BITS: u32 = 13;
    const LOW: u64 = (1 << Self::BITS) - 1;
    /// Askers that are remembered of one client, at the most: lists may overlap as they like.
    const MOST: usize = 64;

    /// Who asks about a client; `None` where nobody does. What is not known is looked up.
    #[inline]
    pub(super) fn about(
        &mut self,
        client: u64,
        look_up: impl FnOnce() -> Askers,
    ) -> Option<&Askers> {
        match self.places.get(Self::place(client)) {
            Some(known) if (known ^ client) >> Self::BITS == 0 && Self::can_be_known(client) => {
                match known & Self::LOW {
                    0 => None,
                    list => self.list(list),
                }
            }
            _ => self.learn(client, look_up()),
        }
    }

    #[inline]
    fn place(client: u64) -> usize {
        (client & Self::LOW) as usize
    }

    /// A hash of 0 is that of all clients where the rule does not group by them, and one with nothing but its lowest bits
    /// looks like a place that was not used yet.
    #[inline]
    fn can_be_known(client: u64) -> bool {
        client >> Self::BITS != 0
    }

    fn list(&self, number: u64) -> Option<&Askers> {
        self.lists.get(Self::place(number) - 1)
    }

    #[cold]
    fn learn(&mut self, client: u64, askers: Askers) -> Option<&Askers> {
        if !Self::can_be_known(client) || askers.numbers.len() > Self::MOST {
            self.passing = askers;
            return Some(&self.passing).filter(|askers| !askers.numbers.is_empty());
        }
        let is_full = self.lists.len() as u64 == Self::LOW && !askers.numbers.is_empty();
        if self.places.is_empty() || is_full {
            self.places.clear();
            self.places.resize(1 << Self::BITS, 0);
            self.lists.clear();
        }
        let number = if askers.numbers.is_empty() {
            0
        } else {
            self.lists.push(askers);
            self.lists.len() as u64
        };
        self.places[Self::place(client)] = client & !Self::LOW | number;
        if number == 0 { None } else { self.list(number) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn askers(numbers: &[Number]) -> Askers {
        Askers {
            numbers: numbers.to_vec(),
            ..Askers::default()
        }
    }

    fn numbers(asked: &mut Asked, client: u64, expected: &[Number]) -> Vec<Number> {
        let found = asked.about(client, || askers(expected));
        found.map_or_else(Vec::new, |askers| askers.numbers.clone())
    }

    /// Clients that share places, more lists than are kept, and clients that nobody asks about in between.
    #[test]
    fn each_client_has_its_own() {
        let mut asked = Asked::default();
        for _ in 0..2 {
            for client in (0..3 * Asked::LOW).map(|number| number * 5003) {
                let number = u32::try_from(client).unwrap();
                let expected = if client % 3 == 0 {
                    vec![]
                } else {
                    vec![number]
                };
                assert_eq!(numbers(&mut asked, client, &expected), expected);
                assert_eq!(numbers(&mut asked, client | 1 << 60, &[7]), [7]);
                assert_eq!(numbers(&mut asked, client, &expected), expected);
            }
        }
        assert!(asked.lists.len() as u64 <= Asked::LOW);
    }

    #[test]
    fn who_is_known_is_not_looked_up() {
        let mut asked = Asked::default();
        for (client, numbers) in [
            (9 << 20, vec![]),
            (1 << 40, vec![4, 5]),
            (u64::MAX, vec![6]),
        ] {
            asked.about(client, || askers(&numbers));
            let known = asked.about(client, || unreachable!("it is known"));
            assert_eq!(known.map_or(&[][..], |askers| &askers.numbers), numbers);
        }
        // The hash of all clients, where the rule does not group by them, says nothing of any.
        assert_eq!(numbers(&mut asked, 0, &[1]), [1]);
        assert_eq!(numbers(&mut asked, 0, &[2]), [2]);
        assert!(numbers(&mut asked, 0, &[]).is_empty());
        // Nor are those kept that very many ask about.
        let many: Vec<Number> = (0..1000).collect();
        assert_eq!(numbers(&mut asked, 3, &many), many);
        assert_eq!(numbers(&mut asked, 3, &[1]), [1]);
    }
}
