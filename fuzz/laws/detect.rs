//! Detection: the engine, the careful detector and a count by hand have the same rows.

use super::bytes::Bytes;
use super::files::{logs, scanned};
use scanbench_detector::{Count, Detector, Exclusions, GroupBy, Rule, Schedule, Selection, Window};
use scanbench_spec::Source;
use scanbench_w3c::{Field, Item, Reader, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::time::Duration;

/// 2026-11-02T00:00:00Z in milliseconds, near which seeds lie.
const DAY: i64 = 1_793_577_600_000;

const LIST: [&str; 5] = [
    "stage = \"event\"\nmatch.c-ip = [\"10.0.0.0/24\"]",
    "stage = \"event\"\nmatch.s-port = [8000, \"8003-8004\"]",
    "stage = \"alert\"\nmatch.cs-user-agent = { starts-with = \"Nessus 1\", regex = \"^curl\" }",
    "stage = \"alert\"\nmatch.not-c-ip = \"10.0.0.10\"\nmatch.s-computername = \"WEB01\"",
    "stage = \"event\"\nstarts = 2026-11-02T00:01:00Z\nexpires = 2026-11-02T01:02:00Z\nmatch.cs-uri-stem = { contains = \"a\" }",
];

fn exclusions(chosen: u8) -> Exclusions {
    let mut text = "version = 1\n".to_owned();
    for (index, one) in LIST.iter().enumerate() {
        if chosen >> index & 1 == 1 {
            // Writing to a String cannot fail.
            let _ = write!(text, "[[exclusion]]\nid = \"x{index}\"\n{one}\n");
        }
    }
    Exclusions::from_source(&Source::new("list.toml", text)).unwrap()
}

fn rule(choices: &mut Bytes<'_>) -> Rule {
    let seconds = |number: usize| Duration::from_secs(number as u64);
    let (kind, width, step) = (choices.byte() % 4, choices.number(), choices.number());
    let window = match kind {
        0 => Window::Tumbling {
            width: seconds(width + 1),
        },
        1 => Window::Hopping {
            width: seconds(width + 1),
            step: seconds(step + 1),
        },
        2 => Window::Sliding {
            width: seconds(width + 1),
        },
        _ => Window::Session {
            gap: seconds(width),
        },
    };
    let (threshold, limit, keys, count) = (
        choices.byte() % 8 + 1,
        choices.number() % 16,
        choices.byte(),
        choices.byte(),
    );
    let schedule = (choices.number(), choices.number(), choices.number());
    Rule {
        window,
        threshold: u64::from(threshold),
        set_limit: NonZeroUsize::new(limit),
        group_by: GroupBy {
            client: keys & 1 == 0,
            computer: keys & 2 == 0,
            server: keys & 4 == 0,
        },
        count: match count % 4 {
            2 => Count::Host,
            3 => Count::UriStem,
            _ => Count::Port,
        },
        schedule: (schedule.0 > 128).then(|| Schedule {
            start: Timestamp::from_millis(DAY + i64::try_from(schedule.0).unwrap() * 1000),
            // Runs go on to the last line, and a fuzzer likes lines of the year 9999.
            every: seconds(schedule.1 * 3600 + 60),
            period: seconds(schedule.2 * 60 + 1),
        }),
        ..Rule::default()
    }
}

/// Rows, lines and bad lines do not depend on who detects, on how many threads, and on where blocks and pieces are cut.
pub fn detect(data: &[u8]) {
    let mut choices = Bytes::new(data);
    let rule = rule(&mut choices);
    let exclusions = exclusions(choices.byte());
    let threads = choices.number() % 3 + 1;
    let (block_bytes, piece_bytes) = (choices.number() * 2 + 1, choices.number() * 8 + 1);
    let (flags, cut) = (choices.byte(), choices.short());
    let all = choices.rest();
    let (first, second) = all.split_at(usize::from(cut) % (all.len() + 1));
    if rule.schedule.is_some() && !is_near(first, second) {
        return;
    }

    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("set");
    std::fs::create_dir(&folder).unwrap();
    for (name, log) in [("0.log", first), ("1.log", second)] {
        std::fs::write(folder.join(name), log).unwrap();
    }
    let quick = scanned(&logs(&folder), &rule, &exclusions, |options| {
        options.threads = NonZeroUsize::new(threads).unwrap();
        (options.block_bytes, options.piece_bytes) = (block_bytes, piece_bytes);
        options.portable = flags & 1 == 1;
        options.unsorted = flags & 2 == 2;
    })
    .unwrap();
    quick.account();
    // What is no log of IIS is no matter of detection.
    if !quick.refused.is_empty() || is_table(first) || is_table(second) {
        return;
    }

    let mut careful = Detector::new(rule.clone(), exclusions.clone());
    let mut by_hand = ByHand::default();
    let mut bad = Vec::new();
    for log in [first, second] {
        let mut reader = Reader::new(log).unwrap();
        while let Some(item) = reader.next_item().unwrap() {
            match item {
                Item::Entry(entry) => {
                    let computer = match entry.get(Field::SComputername) {
                        None | Some(b"-") => b"set".as_slice(),
                        Some(name) => name,
                    };
                    careful.push(&entry, computer);
                    by_hand.add(&rule, &entry, computer);
                }
                Item::Bad(line) => bad.push(line.to_string()),
            }
        }
    }
    let careful = careful.finish();
    for (selection, rows) in [Selection::None, Selection::All].iter().zip(&quick.rows) {
        let alerts = careful.alerts(selection);
        let expected: Vec<String> = alerts
            .iter()
            .map(|alert| serde_json::to_string(alert).unwrap())
            .collect();
        assert_eq!(*rows, expected, "{rule:?}");
    }
    assert_eq!(quick.lines, careful.lines());
    if quick.more_bad == 0 {
        bad.sort_unstable();
        assert_eq!(quick.bad, bad);
    }
    if matches!(rule.window, Window::Tumbling { .. })
        && rule.schedule.is_none()
        && rule.count == Count::Port
    {
        by_hand.compare(&rule, &careful.alerts(&Selection::None));
    }
}

/// Whether all times lie within some weeks of the day near which schedules begin.
fn is_near(first: &[u8], second: &[u8]) -> bool {
    [first, second].into_iter().all(|log| {
        let mut reader = Reader::new(log).unwrap();
        let mut near = true;
        while let Some(item) = reader.next_item().unwrap() {
            if let Item::Entry(entry) = item {
                near &= (entry.time().millis() - DAY).abs() < 40 * 86_400_000;
            }
        }
        near
    })
}

/// Whether a log would be taken for something else than text.
fn is_table(log: &[u8]) -> bool {
    let text = log
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(log)
        .trim_ascii_start();
    matches!(text.first(), Some(b'{' | b'['))
        || text
            .split(|byte| *byte == b'\n')
            .next()
            .is_some_and(|line| {
                let line = line.to_ascii_lowercase();
                line.windows(13).any(|word| word == b"timegenerated") || line.contains(&b',')
            })
}

/// Ports and lines by bin and keys: the rule in its own words.
#[derive(Default)]
struct ByHand(BTreeMap<(i64, Keys), (BTreeSet<u16>, u64)>);

/// Client, computer and server.
type Keys = [Vec<u8>; 3];

impl ByHand {
    fn add(&mut self, rule: &Rule, entry: &scanbench_w3c::Entry<'_>, computer: &[u8]) {
        let Window::Tumbling { width } = rule.window else {
            return;
        };
        let width = i64::try_from(width.as_millis()).unwrap();
        let by = rule.group_by;
        let key = |is_key: bool, value: &[u8]| if is_key { value.to_vec() } else { Vec::new() };
        let keys = [
            key(by.client, entry.get(Field::CIp).unwrap_or_default()),
            key(by.computer, computer),
            key(by.server, entry.get(Field::SIp).unwrap_or_default()),
        ];
        let bin = entry.time().millis().div_euclid(width) * width;
        let (ports, lines) = self.0.entry((bin, keys)).or_default();
        ports.extend(entry.port());
        *lines += 1;
    }

    fn compare(self, rule: &Rule, alerts: &[scanbench_detector::Alert]) {
        let limit = rule.set_limit.map_or(usize::MAX, NonZeroUsize::get);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let rows = self
            .0
            .into_iter()
            .filter_map(|((bin, keys), (ports, lines))| {
                let count = ports.len().min(limit) as u64;
                let keys = keys.map(|key| text(&key));
                (count >= rule.threshold).then_some((bin, keys, count, lines))
            });
        let mut expected: Vec<_> = rows.collect();
        let mut found: Vec<_> = alerts
            .iter()
            .map(|alert| {
                let keys = [
                    alert.c_ip.clone(),
                    alert.computer.clone(),
                    alert.s_ip.clone(),
                ];
                (
                    alert.time_generated.millis(),
                    keys,
                    alert.port_count,
                    alert.connections_count,
                )
            })
            .collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
    }
}
