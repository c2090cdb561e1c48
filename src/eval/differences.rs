//! Where the rows of another engine differ from ours on the same logs, and how: what its author needs to find the fault.

use super::rows::RowKey;
use scanbench_detector::Alert;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use std::time::Duration;

/// So many are listed; all are counted.
const MOST_LISTED: usize = 100;

/// How two sets of rows differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Differences {
    /// Rows that are the same in both: client, server, time and count, where the engine gives one.
    pub same: u64,
    /// Ours that the engine does not give.
    pub missing: u64,
    /// The engine's that we do not give.
    pub extra: u64,
    /// Rows of one client and server that overlap in time and do not begin together: another window or bin, or a time
    /// zone.
    pub shifted: u64,
    /// Rows with another number of ports: approximate counts, a cap, ports that are no numbers.
    pub other_count: u64,
    /// Rows with as many ports, and other ones.
    pub other_ports: u64,
    /// The first hundred, by time.
    pub listed: Vec<Difference>,
}

/// A row that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
pub struct Difference {
    /// The row: ours, or, where we have none, the engine's.
    pub row: RowKey,
    /// How it differs.
    pub how: How,
    /// In words.
    pub told: String,
}

/// How a row differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// The engine lacks it.
    Missing,
    /// Only the engine has it.
    Extra,
    /// It begins at another time.
    Shifted,
    /// It counts otherwise.
    OtherCount,
    /// It has other ports.
    OtherPorts,
}

impl Differences {
    /// Compares; `None` where there is no difference. Rows of windows of `width` that overlap are taken for one. What
    /// an engine does not say, be it computer, server or ports, agrees with everything.
    #[must_use]
    pub fn between(ours: &[Alert], theirs: &[Alert], width: Duration) -> Option<Self> {
        let mut by_client: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, row) in ours.iter().enumerate() {
            by_client.entry(&row.c_ip).or_default().push(at);
        }
        let mut taken = vec![false; ours.len()];
        let mut found = Self::default();
        let mut rest = Vec::new();
        for row in theirs {
            let same_time = by_client
                .get(row.c_ip.as_str())
                .into_iter()
                .flatten()
                .copied()
                .find(|at| {
                    !taken[*at]
                        && is_key(&ours[*at], row)
                        && ours[*at].time_generated == row.time_generated
                });
            match same_time {
                Some(at) => {
                    taken[at] = true;
                    found.compare(&ours[at], row);
                }
                None => rest.push(row),
            }
        }
        // Only what no row of the same time has taken can be shifted.
        for row in rest {
            let distance = |at: usize| {
                let (mine, other) = (ours[at].time_generated, row.time_generated);
                mine.millis().abs_diff(other.millis())
            };
            let near = by_client
                .get(row.c_ip.as_str())
                .into_iter()
                .flatten()
                .copied()
                .filter(|at| {
                    !taken[*at]
                        && is_key(&ours[*at], row)
                        && u128::from(distance(*at)) < width.as_millis()
                })
                .min_by_key(|at| distance(*at));
            if let Some(at) = near {
                taken[at] = true;
                found.shifted += 1;
                let told = format!("the engine's begins at {}", row.time_generated);
                found.list(&ours[at], How::Shifted, told);
            } else {
                found.extra += 1;
                let told = match row.distinct() {
                    0 => "only the engine has it".to_owned(),
                    count => format!("only the engine has it, with {count} ports"),
                };
                found.list(row, How::Extra, told);
            }
        }
        for (row, _) in ours.iter().zip(&taken).filter(|(_, taken)| !**taken) {
            found.missing += 1;
            let told = format!("the engine lacks it; it has {} ports", row.distinct());
            found.list(row, How::Missing, told);
        }
        if found.listed.is_empty() {
            return None;
        }
        found.listed.sort_unstable();
        found.listed.truncate(MOST_LISTED);
        Some(found)
    }

    fn compare(&mut self, ours: &Alert, theirs: &Alert) {
        let (mine, other) = (ours.distinct(), theirs.distinct());
        if other != 0 && mine != other {
            self.other_count += 1;
            let told = format!("the engine counts {other} ports, not {mine}");
            self.list(ours, How::OtherCount, told);
        } else if !theirs.set_s_port.is_empty() && theirs.set_s_port != ours.set_s_port {
            self.other_ports += 1;
            let told = format!("the engine has {mine} other ports");
            self.list(ours, How::OtherPorts, told);
        } else {
            self.same += 1;
        }
    }

    fn list(&mut self, row: &Alert, how: How, told: String) {
        let row = RowKey::from(row);
        self.listed.push(Difference { row, how, told });
    }

    /// Adds those of another dataset.
    pub(super) fn add(&mut self, other: Self) {
        self.same += other.same;
        self.missing += other.missing;
        self.extra += other.extra;
        self.shifted += other.shifted;
        self.other_count += other.other_count;
        self.other_ports += other.other_ports;
        let room = MOST_LISTED - self.listed.len().min(MOST_LISTED);
        self.listed.extend(other.listed.into_iter().take(room));
    }
}

fn is_key(ours: &Alert, theirs: &Alert) -> bool {
    let agrees = |mine: &str, other: &str| other.is_empty() || mine.eq_ignore_ascii_case(other);
    agrees(&ours.computer, &theirs.computer) && agrees(&ours.s_ip, &theirs.s_ip)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::scene::tests::alert;

    const BIN: Duration = Duration::from_mins(10);

    fn counts(ours: &[Alert], theirs: &[Alert]) -> [u64; 6] {
        let found = Differences::between(ours, theirs, BIN).unwrap_or_default();
        [
            found.same,
            found.missing,
            found.extra,
            found.shifted,
            found.other_count,
            found.other_ports,
        ]
    }

    #[test]
    fn no_difference() {
        let ours = [alert(0, 1, "A"), alert(10, 1, "A")];
        assert_eq!(Differences::between(&ours, &ours, BIN), None);
        // An engine that says neither server nor ports, and one that writes names in small letters.
        let mut bare = ours.clone();
        for row in &mut bare {
            row.computer.clear();
            row.s_ip.clear();
            row.set_s_port.clear();
            row.port_count = 0;
        }
        assert_eq!(Differences::between(&ours, &bare, BIN), None);
        let small = [alert(0, 1, "a"), alert(10, 1, "a")];
        assert_eq!(Differences::between(&ours, &small, BIN), None);
    }

    /// By hand: one row each way.
    #[test]
    fn each_difference_by_its_name() {
        let ours = [
            alert(0, 1, "A"),
            alert(0, 2, "A"),
            alert(0, 3, "A"),
            alert(0, 4, "A"),
            alert(0, 5, "A"),
        ];
        let mut theirs = ours.to_vec();
        theirs[1].time_generated = ours[1].time_generated.plus(Duration::from_mins(9));
        theirs[2].port_count = 41;
        theirs[3].set_s_port[0] = 1;
        theirs[4] = alert(10, 5, "A");
        // Ten minutes later is another bin: one is missing, one is extra.
        assert_eq!(counts(&ours, &theirs), [1, 1, 1, 1, 1, 1]);
        let found = Differences::between(&ours, &theirs, BIN).unwrap_or_default();
        let told: Vec<(&str, How)> = found
            .listed
            .iter()
            .map(|one| (one.row.c_ip.rsplit('.').next().unwrap(), one.how))
            .collect();
        let expected = [
            ("2", How::Shifted),
            ("3", How::OtherCount),
            ("4", How::OtherPorts),
            ("5", How::Missing),
            ("5", How::Extra),
        ];
        assert_eq!(told, expected);
    }

    /// A row is taken once, and by the row of its own time before one beside it.
    #[test]
    fn rows_are_taken_once() {
        let ours = [alert(0, 1, "A"), alert(10, 1, "A")];
        let mut early = alert(10, 1, "A");
        early.time_generated = ours[0].time_generated.plus(Duration::from_mins(5));
        let theirs = [early, alert(10, 1, "A")];
        assert_eq!(counts(&ours, &theirs), [1, 0, 0, 1, 0, 0]);
    }

    /// A hundred are listed, and all are counted.
    #[test]
    fn the_first_hundred_are_listed() {
        let rows = |clients: std::ops::Range<u8>| -> Vec<Alert> {
            clients.map(|client| alert(0, client, "A")).collect()
        };
        let found = |clients| Differences::between(&rows(clients), &[], BIN).unwrap();
        let many = found(0..120);
        assert_eq!((many.missing, many.listed.len()), (120, 100));
        // Two of sixty: as many of the second as there is room for.
        let (mut sum, second) = (found(0..60), found(60..120));
        let forty = second.listed[..40].to_vec();
        sum.add(second);
        assert_eq!((sum.missing, sum.listed.len()), (120, 100));
        assert_eq!(sum.listed[60..], forty);
        sum.add(found(120..121));
        assert_eq!((sum.missing, sum.listed.len()), (121, 100));
    }

    #[test]
    fn those_of_several_datasets_add_up() {
        let counts = |base: u64| Differences {
            same: base,
            missing: base + 1,
            extra: base + 2,
            shifted: base + 3,
            other_count: base + 4,
            other_ports: base + 5,
            listed: Vec::new(),
        };
        let mut sum = counts(10);
        sum.add(counts(100));
        let expected = Differences {
            same: 110,
            missing: 112,
            extra: 114,
            shifted: 116,
            other_count: 118,
            other_ports: 120,
            listed: Vec::new(),
        };
        assert_eq!(sum, expected);
    }

    /// A row as wide as a window away is another one; the nearer of two is taken; what the engine says of the server
    /// must be ours.
    #[test]
    fn shifted_by_less_than_a_window() {
        let ours = [alert(0, 1, "A"), alert(20, 1, "A")];
        let at = |minutes: i64| {
            let mut row = alert(0, 1, "A");
            row.time_generated = ours[0]
                .time_generated
                .plus(Duration::from_mins(minutes.unsigned_abs()));
            row
        };
        // 14 is six minutes from 20, and fourteen from 0.
        assert_eq!(counts(&ours, &[at(14)]), [0, 1, 0, 1, 0, 0]);
        let wide = Duration::from_mins(15);
        let found = Differences::between(&ours, &[at(14)], wide).unwrap();
        let shifted = found
            .listed
            .iter()
            .find(|one| one.how == How::Shifted)
            .unwrap();
        assert_eq!(shifted.row.bin, ours[1].time_generated);
        assert_eq!(counts(&ours, &[at(10)]), [0, 2, 1, 0, 0, 0]);
        let mut elsewhere = at(0);
        elsewhere.s_ip = "10.9.9.9".to_owned();
        assert_eq!(counts(&ours[..1], &[elsewhere]), [0, 1, 1, 0, 0, 0]);
        let mut elsewhere = at(5);
        elsewhere.computer = "B".to_owned();
        assert_eq!(counts(&ours[..1], &[elsewhere]), [0, 1, 1, 0, 0, 0]);
    }
}
