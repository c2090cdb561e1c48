//! Followed logs against the same logs read at once, over chunks of any size, rollovers, new sites and crashes.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod growing {
    pub(crate) mod plan;
}

use growing::plan::{EXCLUSIONS, Random, Writer, plan};
use proptest::prelude::*;
use scanbench_detector::{
    Checkpoint, Exclusions, FollowNotice, FollowOptions, FollowTotals, FollowedRow, Follower,
    Round, Rule, ScanOptions, Selection, Window, find_logs, scan,
};
use scanbench_spec::Source;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

fn exclusions() -> Exclusions {
    Exclusions::from_source(&Source::new("exclusions.toml", EXCLUSIONS)).unwrap()
}

fn options(folder: &Path) -> FollowOptions {
    FollowOptions {
        paths: vec![folder.to_owned()],
        computer: None,
        lateness: Duration::from_mins(1),
        from_start: true,
    }
}

fn rule(random: &mut Random) -> Rule {
    let width = Duration::from_mins(10);
    let window = match random.below(3) {
        0 => Window::Hopping {
            width,
            step: Duration::from_mins(4),
        },
        _ => Window::Tumbling { width },
    };
    Rule {
        window,
        threshold: 8,
        set_limit: std::num::NonZeroUsize::new(20),
        ..Rule::default()
    }
}

/// The rows of all logs at once, as JSON, by what tells them apart.
fn batch(folder: &Path, rule: &Rule) -> BTreeMap<String, Value> {
    static CANCELLED: AtomicBool = AtomicBool::new(false);
    let (logs, errors) = find_logs(&[folder.to_owned()]);
    assert!(errors.is_empty());
    let mut options = ScanOptions::new(&CANCELLED);
    options.unsorted = true;
    let (detection, _) = scan(&logs, rule, &exclusions(), &options, &mut |_| {}).unwrap();
    detection
        .alerts(&Selection::All)
        .iter()
        .map(|alert| serde_json::to_value(alert).unwrap())
        .map(|row| (key(&row), row))
        .collect()
}

fn key(row: &Value) -> String {
    ["TimeGenerated", "cIP", "Computer", "sIP"]
        .map(|column| row[column].as_str().unwrap())
        .join(" ")
}

/// Checks rows as printed, repeats and all, against those of the whole logs.
fn check(printed: &[String], expected: &BTreeMap<String, Value>) {
    let mut by_id: BTreeMap<String, &String> = BTreeMap::new();
    let mut open: BTreeMap<String, Value> = BTreeMap::new();
    let mut closed: BTreeMap<String, Value> = BTreeMap::new();
    for text in printed {
        let mut row: Value = serde_json::from_str(text).unwrap();
        let id = row["id"].as_str().unwrap().to_owned();
        if let Some(before) = by_id.insert(id.clone(), text) {
            assert_eq!(before, text, "one id, two rows");
            continue;
        }
        let state = row["state"].as_str().unwrap().to_owned();
        assert!(id.ends_with(&state));
        let shown = row.as_object_mut().unwrap();
        for extra in ["id", "state", "latency_ms", "log_latency_ms"] {
            let there = shown.remove(extra).is_some();
            assert_eq!(there, state == "open" || !extra.ends_with("_ms"), "{extra}");
        }
        let key = key(&row);
        if state == "open" {
            assert!(
                !closed.contains_key(&key),
                "told when its window had closed"
            );
            assert!(open.insert(key, row).is_none(), "told twice");
        } else {
            assert!(open.contains_key(&key), "closed, never told");
            assert!(closed.insert(key, row).is_none(), "closed twice");
        }
    }
    let missing: Vec<&String> = expected
        .keys()
        .filter(|key| !closed.contains_key(*key))
        .collect();
    let surplus: Vec<&String> = closed
        .keys()
        .filter(|key| !expected.contains_key(*key))
        .collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "missing {missing:?}, surplus {surplus:?}"
    );
    for (key, row) in &closed {
        assert_eq!(row, &expected[key]);
    }
    assert_eq!(open.len(), closed.len());
    for (key, row) in &open {
        assert!(row["portCount"].as_u64() <= closed[key]["portCount"].as_u64());
    }
}

/// How many searches found nothing.
fn quiet_for(before: u32, round: &Round, writing: bool) -> u32 {
    if writing || round.more || round.bytes > 0 {
        return 0;
    }
    before + u32::from(round.searched)
}

/// Reads until nothing is left.
fn drain(follower: &mut Follower, out: &mut Vec<FollowedRow>) {
    let mut quiet = 0;
    while quiet < 3 {
        let round = follower.round(&mut |_| {});
        quiet = quiet_for(quiet, &round, false);
        out.extend(round.rows);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// forall seeds: however the logs come, the closed rows are those of the whole logs, and each was told before.
    #[test]
    fn closed_rows_are_those_of_the_whole_logs(seed: u64) {
        let folder = tempfile::tempdir().unwrap();
        let mut random = Random(seed);
        let rule = rule(&mut random);
        let lines = plan(&mut random);
        let mut writer = Writer::new(folder.path(), &lines);
        let mut bad = 0;
        let mut follower =
            Follower::new(rule.clone(), exclusions(), options(folder.path()), None, &mut |_| {}).unwrap();
        let mut rows = Vec::new();
        while writer.write(&mut random) {
            let round = follower.round(&mut |notice| {
                bad += u64::from(matches!(notice, FollowNotice::Bad(..)));
                assert!(!matches!(notice, FollowNotice::Late(..) | FollowNotice::Replaced(_)));
            });
            rows.extend(round.rows);
        }
        drain(&mut follower, &mut rows);
        let before_end = rows.len();
        rows.extend(follower.close_all());
        let printed: Vec<String> = rows.iter().map(|row| row.json.clone()).collect();
        let expected = batch(folder.path(), &rule);
        prop_assert!(!expected.is_empty());
        // Most windows closed on the way.
        prop_assert!(before_end > expected.len());
        check(&printed, &expected);
        let totals = follower.totals();
        prop_assert_eq!(totals.late, 0);
        prop_assert!(totals.lines > 0 && totals.suppressed_lines > 0 && totals.bad >= bad);
    }

    /// forall seeds: the same over crashes at any moment, with a checkpoint.
    #[test]
    fn crashes_lose_nothing(seed: u64) {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        let file = folder.path().join("checkpoint.json");
        fs::create_dir(&logs).unwrap();
        let mut random = Random(seed);
        let rule = rule(&mut random);
        let lines = plan(&mut random);
        let mut writer = Writer::new(&logs, &lines);
        let mut printed = Vec::new();
        let mut is_over = false;
        while !is_over {
            let (mut checkpoint, resume) = Checkpoint::open(&file).unwrap();
            if let Some(resume) = &resume {
                printed.extend(resume.untold.iter().cloned());
            }
            let mut follower =
                Follower::new(rule.clone(), exclusions(), options(&logs), resume, &mut |_| {}).unwrap();
            follower.save(&mut checkpoint).unwrap();
            let mut quiet = 0;
            is_over = loop {
                let writing = writer.write(&mut random);
                let round = follower.round(&mut |notice| assert!(!matches!(notice, FollowNotice::Replaced(_))));
                quiet = quiet_for(quiet, &round, writing);
                let rows = if quiet > 3 { follower.close_all() } else { round.rows };
                // Where the run is cut: before, between and behind the steps of telling.
                let is_cut = random.below(20) == 0 && (writing || !rows.is_empty());
                let cut = if is_cut { random.below(4) } else { 9 };
                if cut == 0 {
                    break false;
                }
                if !rows.is_empty() {
                    checkpoint.write(&rows).unwrap();
                    if cut == 1 {
                        break false;
                    }
                    printed.extend(rows.iter().map(|row| row.json.clone()));
                    if cut == 2 {
                        break false;
                    }
                    checkpoint.mark(rows.len()).unwrap();
                }
                if random.below(10) == 0 || quiet > 3 {
                    follower.save(&mut checkpoint).unwrap();
                }
                if cut == 3 {
                    break false;
                }
                if quiet > 3 {
                    break true;
                }
            };
            prop_assert_eq!(follower.totals().late, 0);
        }
        check(&printed, &batch(&logs, &rule));
    }
}

const HEADER: &str = "#Fields: date time s-ip s-port c-ip\n";

fn line(minute: u32, port: u32) -> String {
    format!("2026-11-02 10:{minute:02}:00 10.0.0.1 {port} 192.0.2.7\n")
}

struct Small {
    folder: tempfile::TempDir,
    follower: Option<Follower>,
    notices: Vec<String>,
}

impl Small {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            follower: None,
            notices: Vec::new(),
        }
    }

    fn append(&self, name: &str, text: &str) {
        use std::io::Write;
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn start(&mut self, from_start: bool) {
        let mut options = options(self.folder.path());
        options.from_start = from_start;
        let rule = Rule {
            threshold: 3,
            ..Rule::default()
        };
        let follower = Follower::new(rule, Exclusions::default(), options, None, &mut |_| {});
        self.follower = Some(follower.unwrap());
    }

    /// `state:ports` of each row.
    fn rows(&mut self) -> Vec<String> {
        let mut rows = Vec::new();
        let mut quiet = 0;
        while quiet < 3 {
            let notices = &mut self.notices;
            let follower = self.follower.as_mut().unwrap();
            let round = follower.round(&mut |notice| notices.push(notice.to_string()));
            quiet = quiet_for(quiet, &round, false);
            rows.extend(round.rows);
        }
        rows.iter()
            .map(|row| {
                let row: Value = serde_json::from_str(&row.json).unwrap();
                format!("{}:{}", row["state"].as_str().unwrap(), row["portCount"])
            })
            .collect()
    }

    fn totals(&self) -> FollowTotals {
        self.follower.as_ref().unwrap().totals()
    }
}

#[test]
fn a_row_is_told_before_its_window_closes_and_an_unfinished_line_waits() {
    let mut small = Small::new();
    small.append("a.log", &(HEADER.to_owned() + &line(1, 80) + &line(2, 81)));
    small.start(true);
    assert!(small.rows().is_empty());
    let third = line(3, 82);
    small.append("a.log", &third[..third.len() - 1]);
    assert!(small.rows().is_empty());
    small.append("a.log", "\n");
    assert_eq!(small.rows(), ["open:3"]);
    small.append("a.log", &(line(4, 83) + &line(10, 80)));
    assert!(small.rows().is_empty(), "lateness");
    small.append("a.log", &line(11, 80));
    assert_eq!(small.rows(), ["closed:4"]);
}

#[test]
fn without_a_checkpoint_only_what_is_new_counts_and_headers_are_known() {
    let mut small = Small::new();
    let other = "#Fields: date time s-port c-ip s-ip\n";
    small.append("a.log", &(HEADER.to_owned() + &line(1, 80) + other));
    small.append("a.log", "2026-11-02 10:01:00 81 192.0.2.7 10.0");
    small.start(false);
    assert!(small.rows().is_empty());
    small.append(
        "a.log",
        ".0.1\n2026-11-02 10:02:00 82 192.0.2.7 10.0.0.1\nbad\n",
    );
    assert!(small.rows().is_empty());
    assert_eq!(small.notices.len(), 1);
    assert!(
        small.notices[0].contains(":6:4: expected 5 values"),
        "{:?}",
        small.notices
    );
    small.append("a.log", "2026-11-02 10:03:00 83 192.0.2.7 10.0.0.1\n");
    assert_eq!(small.rows(), ["open:3"]);
    assert_eq!((small.totals().lines, small.totals().bad), (3, 1));
}

#[test]
fn files_that_shrink_or_are_replaced_are_read_from_their_start() {
    let mut small = Small::new();
    small.append("a.log", &(HEADER.to_owned() + &line(1, 80) + &line(1, 80)));
    small.start(true);
    assert!(small.rows().is_empty());
    // Shorter.
    fs::write(
        small.folder.path().join("a.log"),
        HEADER.to_owned() + &line(2, 81),
    )
    .unwrap();
    assert!(small.rows().is_empty());
    assert!(
        small.notices[0].contains("shrank or was replaced"),
        "{:?}",
        small.notices
    );
    // Another one, and longer.
    let other = "#Fields: date time s-ip s-port c-ip\r\n".to_owned()
        + &line(3, 82)
        + &line(3, 82)
        + &line(3, 82);
    fs::write(small.folder.path().join("a.log"), other).unwrap();
    assert_eq!(small.rows(), ["open:3"]);
    assert_eq!(small.notices.len(), 2);
}

#[test]
fn room_that_the_writer_has_not_filled_is_waited_for() {
    let mut small = Small::new();
    let begun = HEADER.to_owned() + &line(1, 80);
    let path = small.folder.path().join("a.log");
    let padded = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(65_536, 0);
        bytes
    };
    fs::write(&path, padded(&begun)).unwrap();
    small.start(true);
    assert!(small.rows().is_empty());
    fs::write(&path, padded(&(begun + &line(2, 81) + &line(3, 82)))).unwrap();
    assert_eq!(small.rows(), ["open:3"]);
    assert!(small.notices.is_empty(), "{:?}", small.notices);
}

#[test]
fn other_logs_are_passed_over_and_long_lines_are_bad() {
    let mut small = Small::new();
    small.append(
        "FTPSVC2/a.log",
        "#Fields: date time c-ip x-session\n2026-11-02 10:00:00 1 1\n",
    );
    small.append("notes.txt", "hello\n");
    small.append("a.log", HEADER);
    small.start(true);
    assert!(small.rows().is_empty());
    for _ in 0..3 {
        small.append("a.log", &"x".repeat(1 << 20));
        assert!(small.rows().is_empty());
    }
    let end = "\n".to_owned() + &line(1, 80) + &line(2, 81) + &line(3, 82);
    small.append("a.log", &end);
    assert_eq!(small.rows(), ["open:3"]);
    let told = small.notices.join("\n");
    assert!(
        told.contains("FTP log") && told.contains("plain text"),
        "{told}"
    );
    assert!(told.contains("the line is 3145728 bytes long"), "{told}");
    assert_eq!(small.notices.len(), 3, "{told}");
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let new = |rule: Rule, path: &Path| {
        Follower::new(
            rule,
            Exclusions::default(),
            options(path),
            None,
            &mut |_| {},
        )
        .err()
        .unwrap()
        .to_string()
    };
    let session = Rule {
        window: Window::Session {
            gap: Duration::from_mins(1),
        },
        ..Rule::default()
    };
    assert!(new(session, folder.path()).contains("cannot be followed"));
    assert!(new(Rule::default(), Path::new("-")).contains("standard input"));
    assert!(new(Rule::default(), &folder.path().join("x")).contains("no such file"));
}

#[test]
fn damaged_checkpoints_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("checkpoint");
    for (text, why) in [
        ("", "line 1: no checkpoint"),
        ("hello\n", "line 1: no checkpoint"),
        ("{}\n", "line 1: no checkpoint"),
        (
            "{\"format\":\"scanbench-follow\",\"version\":2}\n",
            "version 2, where 1 is known",
        ),
        (
            "{\"format\":\"scanbench-follow\",\"version\":1}\n",
            "a damaged checkpoint: missing field",
        ),
        (
            "{\"format\":\"scanbench-follow\",\"version\":1,\"rule\":\"\",\"servers\":{},\"files\":[],\"told\":[]}\nx\n",
            "line 2: a damaged journal",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let error = Checkpoint::open(&file).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
