//! Which rows any set of exclusions takes away, asked as often as one likes.
//!
//! Rows are not built anew for each set: of each row of the rule alone only what decides is kept, that is which
//! values its lines have under each combination of exclusions that match them.

use crate::collector::{Kept, Parts, stretches};
use crate::detection::Found;
use crate::names::SignatureId;
use crate::{Alert, Detection, Rule, Stage, Suppressed};
use std::collections::{BTreeMap, BTreeSet};

/// The rows of the rule alone, and what is left of them under any set of exclusions.
#[derive(Debug)]
pub struct Removals<'d> {
    detection: &'d Detection,
    rows: Vec<Row<'d>>,
}

#[derive(Debug)]
struct Row<'d> {
    alert: Alert,
    /// Exclusions that match some of its lines, by their place in the list; those that match the very same lines at
    /// the same stage stand together.
    matching: Vec<Vec<usize>>,
    lines: Lines<'d>,
}

/// The lines of a row, as far as they decide.
#[derive(Debug)]
enum Lines<'d> {
    /// Of a fixed window, by signature, the values that count.
    Fixed(Vec<(SignatureId, Values)>),
    /// Of a window that moves, in order of time: with lines gone, the window stands elsewhere.
    Moving(&'d [Kept]),
}

/// A set of values: one bit for each value that the row has.
#[derive(Clone, Debug, Default)]
struct Values(Vec<u64>);

impl Values {
    fn insert(&mut self, index: usize) {
        if self.0.len() <= index / 64 {
            self.0.resize(index / 64 + 1, 0);
        }
        self.0[index / 64] |= 1 << (index % 64);
    }

    fn extend(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }

    fn len(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

impl Detection {
    /// What any set of exclusions takes away of the rows of the rule alone. Where the rule is scheduled, the rows are
    /// those of each run.
    #[must_use]
    pub fn removals(&self) -> Removals<'_> {
        let mut found = self.rows_alone();
        self.sort(&mut found);
        let rows = found.into_iter().map(|found| self.row(found)).collect();
        Removals {
            detection: self,
            rows,
        }
    }

    /// The rows that all exclusions together take away, in order.
    #[must_use]
    pub fn suppressed(&self) -> Vec<Suppressed> {
        let Removals { rows, .. } = self.removals();
        let is_gone =
            |row: &Row<'_>, in_force: &dyn Fn(usize) -> bool| !self.is_left(row, in_force);
        rows.into_iter()
            .filter(|row| is_gone(row, &|_| true))
            .map(|row| {
                let matched_by: BTreeSet<usize> = row.matching.iter().flatten().copied().collect();
                Suppressed {
                    removed_alone_by: matched_by
                        .iter()
                        .copied()
                        .filter(|index| is_gone(&row, &|other| other == *index))
                        .collect(),
                    matched_by: matched_by.into_iter().collect(),
                    alert: row.alert,
                }
            })
            .collect()
    }

    fn row(&self, found: Found) -> Row<'_> {
        let lines = match self.lines_of(&found) {
            RowLines::Fixed(parts) => Lines::Fixed(values(parts, self.rule())),
            RowLines::Moving(lines) => Lines::Moving(lines),
        };
        Row {
            alert: found.alert,
            matching: self.alike(&found.signatures),
            lines,
        }
    }

    /// The exclusions in these signatures; those that stand in the very same ones, at the same stage, together.
    fn alike(&self, signatures: &[SignatureId]) -> Vec<Vec<usize>> {
        let mut stands_in: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (position, id) in signatures.iter().enumerate() {
            for index in self.signature(*id).iter() {
                stands_in.entry(index).or_default().push(position);
            }
        }
        let mut alike: BTreeMap<(bool, Vec<usize>), Vec<usize>> = BTreeMap::new();
        for (index, positions) in stands_in {
            let is_event = self.exclusions().list()[index].stage() == Stage::Event;
            alike.entry((is_event, positions)).or_default().push(index);
        }
        let mut alike: Vec<Vec<usize>> = alike.into_values().collect();
        alike.sort();
        alike
    }

    /// Whether something of a row is left with these exclusions in force.
    fn is_left(&self, row: &Row<'_>, in_force: &dyn Fn(usize) -> bool) -> bool {
        match &row.lines {
            Lines::Fixed(parts) => {
                let mut sum = Values::default();
                let mut counted = Vec::with_capacity(parts.len());
                for (id, values) in parts {
                    if self.counts(*id, in_force) {
                        sum.extend(values);
                        counted.push(*id);
                    }
                }
                sum.len() >= self.rule().threshold && !self.is_hidden(&counted, in_force)
            }
            Lines::Moving(lines) => {
                let counted: Vec<&Kept> = lines
                    .iter()
                    .filter(|line| self.counts(line.signature, in_force))
                    .collect();
                stretches(self.rule(), &counted).iter().any(|stretch| {
                    let mut signatures: Vec<SignatureId> = Vec::new();
                    for line in &counted[stretch.first..=stretch.last] {
                        if !signatures.contains(&line.signature) {
                            signatures.push(line.signature);
                        }
                    }
                    !self.is_hidden(&signatures, in_force)
                })
            }
        }
    }
}

/// Where the lines of a row are.
pub(crate) enum RowLines<'d> {
    /// In a fixed window.
    Fixed(&'d Parts),
    /// In a window that moves: all lines of the group from the row's first to its last.
    Moving(&'d [Kept]),
}

/// The values that count, apart by signature. Of values past the limit of sets not all are known; as long as the
/// threshold is not above the limit, as many as decide are.
fn values(parts: &Parts, rule: &Rule) -> Vec<(SignatureId, Values)> {
    let mut numbers = BTreeMap::new();
    let mut all = Vec::with_capacity(parts.len());
    for (id, tally) in parts {
        let mut values = Values::default();
        tally.each_counted(rule.count, &mut |value| {
            let next = numbers.len();
            values.insert(*numbers.entry(value.to_vec()).or_insert(next));
        });
        all.push((*id, values));
    }
    all
}

impl Removals<'_> {
    /// The rows of the rule alone, in order.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Alert> {
        self.rows.iter().map(|row| &row.alert)
    }

    /// The exclusions that match lines of a row, by their place in the list; those that match the very same of its
    /// lines at the same stage stand together, since they do the same to it. Empty for a row that is not there.
    #[must_use]
    pub fn matching(&self, row: usize) -> &[Vec<usize>] {
        self.rows.get(row).map_or(&[], |row| &row.matching)
    }

    /// Whether something of a row is left where these exclusions are in force: its own window reaches the threshold,
    /// or, where windows move, one that lies in it does. More exclusions never leave more.
    #[must_use]
    pub fn is_left(&self, row: usize, in_force: &dyn Fn(usize) -> bool) -> bool {
        self.rows
            .get(row)
            .is_some_and(|row| self.detection.is_left(row, in_force))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Detection, Detector, Exclusions, Rule, Selection};
    use scanbench_spec::Source;
    use scanbench_w3c::{Item, Reader};
    use std::fmt::Write as _;

    /// Lines of one client in one second, each a port and an agent.
    fn detect(threshold: u64, exclusions: &str, lines: &[(u16, &str)]) -> Detection {
        let mut log = "#Fields: date time s-ip s-port c-ip cs(User-Agent)\n".to_owned();
        for (port, agent) in lines {
            let line = format!("2026-11-02 00:00:01 10.0.0.1 {port} 192.0.2.1 {agent}");
            writeln!(log, "{line}").unwrap();
        }
        let rule = Rule {
            threshold,
            ..Rule::default()
        };
        let exclusions = Exclusions::from_source(&Source::new("x.toml", exclusions)).unwrap();
        let mut detector = Detector::new(rule, exclusions);
        let mut reader = Reader::new(log.as_bytes()).unwrap();
        while let Some(item) = reader.next_item().unwrap() {
            if let Item::Entry(entry) = item {
                detector.push(&entry, "WEB01");
            }
        }
        detector.finish()
    }

    /// More values than a word has bits: 70 ports 8010-8079, then 12 ports 8000-8011 of a probe, which are 80 ports
    /// together and 70 without the probe.
    #[test]
    fn more_values_than_a_word_has_bits() {
        const PROBE: &str = "version = 1\n[[exclusion]]\nid = \"probe\"\nstage = \"event\"\n\
                             match.cs-user-agent = \"probe\"\n";
        let lines: Vec<(u16, &str)> = (8010..8080)
            .map(|port| (port, "-"))
            .chain((8000..8012).map(|port| (port, "probe")))
            .collect();
        for (threshold, rows, left) in [
            (70, 1, true),
            (71, 1, false),
            (80, 1, false),
            (81, 0, false),
        ] {
            let detection = detect(threshold, PROBE, &lines);
            let removals = detection.removals();
            assert_eq!(removals.rows().len(), rows);
            assert_eq!(removals.is_left(0, &|_| false), rows == 1, "{threshold}");
            assert_eq!(removals.is_left(0, &|_| true), left, "{threshold}");
            assert_eq!(detection.alerts(&Selection::All).len(), usize::from(left));
            assert_eq!(detection.suppressed().len(), rows - usize::from(left));
        }
    }

    /// Of five exclusions the first and the fourth match ports 8000 and 8001 and act alike; the second matches the same
    /// lines and acts elsewhere; the third matches others; the fifth none.
    #[test]
    fn exclusions_that_do_the_same_stand_together() {
        let list = [
            ("event", "s-port = [8000, 8001]"),
            ("alert", "s-port = [8000, 8001]"),
            ("event", "s-port = 8001"),
            ("event", "s-port = \"8000-8001\""),
            ("event", "s-port = 8003"),
        ];
        let mut file = "version = 1\n".to_owned();
        for (number, (stage, condition)) in list.into_iter().enumerate() {
            let head = format!("[[exclusion]]\nid = \"x{number}\"\nstage = \"{stage}\"");
            writeln!(file, "{head}\nmatch.{condition}").unwrap();
        }
        let detection = detect(3, &file, &[(8000, "-"), (8001, "-"), (8002, "-")]);
        let removals = detection.removals();
        assert_eq!(removals.rows().len(), 1);
        assert_eq!(removals.matching(0), [vec![0, 3], vec![1], vec![2]]);
        assert!(removals.matching(1).is_empty());
        // The second matches two lines of three, which hides no row.
        let suppressed = detection.suppressed();
        assert_eq!(suppressed.len(), 1);
        assert_eq!(suppressed[0].matched_by, [0, 1, 2, 3]);
        assert_eq!(suppressed[0].removed_alone_by, [0, 2, 3]);
    }
}
