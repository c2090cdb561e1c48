//! One behaviour each.

mod limit;

use super::*;
use crate::{Schedule, Window};
use scanbench_w3c::Timestamp;
use serde_json::Value;
use std::fs;
use std::io::Write;

fn options(folder: &Path) -> FollowOptions {
    FollowOptions {
        paths: vec![folder.to_owned()],
        computer: None,
        lateness: Duration::from_mins(1),
        from_start: true,
        max_memory: None,
    }
}

/// How many searches found nothing.
fn quiet_for(before: u32, round: &Round) -> u32 {
    if round.more || round.bytes > 0 {
        return 0;
    }
    before + u32::from(round.searched)
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
        self.start_with(options, None);
    }

    fn start_with(&mut self, options: FollowOptions, schedule: Option<Schedule>) {
        let rule = Rule {
            threshold: 3,
            schedule,
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
            quiet = quiet_for(quiet, &round);
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

/// Runs at 5 and 25 minutes past ten, each over 30 minutes: the second sees what the first did, and more.
#[test]
fn what_a_run_sees_is_told_when_the_clock_has_passed_it() {
    let mut small = Small::new();
    let text: String = [(1, 80), (2, 81), (3, 82), (7, 83), (8, 80)]
        .into_iter()
        .map(|(minute, port)| line(minute, port))
        .collect();
    small.append("a.log", &(HEADER.to_owned() + &text));
    let start = Timestamp::parse_log(b"2026-11-02", b"10:05:00").unwrap();
    let schedule = Schedule {
        start,
        every: Duration::from_mins(20),
        period: Duration::from_mins(30),
    };
    let options = options(small.folder.path());
    small.start_with(options, Some(schedule));
    // The bin of the first run ends with it; nothing is open.
    assert_eq!(small.rows(), ["closed:3"]);
    small.append("a.log", &line(25, 80));
    assert!(small.rows().is_empty(), "lateness");
    small.append("a.log", &line(26, 80));
    assert_eq!(small.rows(), ["closed:4"]);
}

/// Nobody writes to the pipe, so that to open it would be to wait for ever.
#[cfg(unix)]
#[test]
fn a_pipe_in_a_folder_is_passed_over_and_told_once() {
    let mut small = Small::new();
    small.append("a.log", &(HEADER.to_owned() + &line(1, 80) + &line(2, 81)));
    small.start(true);
    assert!(small.rows().is_empty());
    let made = std::process::Command::new("mkfifo")
        .arg(small.folder.path().join("pipe.log"))
        .status();
    assert!(made.unwrap().success());
    small.append("a.log", &line(3, 82));
    assert_eq!(small.rows(), ["open:3"]);
    assert!(small.rows().is_empty());
    assert_eq!(small.notices.len(), 1, "{:?}", small.notices);
    assert!(
        small.notices[0].contains("pipe.log is no regular file"),
        "{:?}",
        small.notices
    );
    assert_eq!(small.totals().files, 1);
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
    let new = |rule: Rule, path: &Path, max_memory: Option<u64>| {
        Follower::new(
            rule,
            Exclusions::default(),
            FollowOptions {
                max_memory,
                ..options(path)
            },
            None,
            &mut |_| {},
        )
        .err()
        .unwrap()
        .to_string()
    };
    let scheduled = Rule {
        schedule: Some(Schedule {
            start: Timestamp::default(),
            every: Duration::from_hours(1),
            period: Duration::from_hours(1),
        }),
        window: Window::Sliding {
            width: Duration::from_mins(10),
        },
        ..Rule::default()
    };
    let moving = Rule {
        schedule: None,
        ..scheduled.clone()
    };
    assert!(new(scheduled, folder.path(), None).contains("in tumbling and hopping windows only"));
    assert!(new(moving, folder.path(), Some(1 << 30)).contains("told in parts"));
    assert!(new(Rule::default(), Path::new("-"), None).contains("standard input"));
    assert!(new(Rule::default(), &folder.path().join("x"), None).contains("no such file"));
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
            "{\"format\":\"scanbench-follow\",\"version\":1}\n",
            "version 1, where 2 is known",
        ),
        (
            "{\"format\":\"scanbench-follow\",\"version\":2}\n",
            "a damaged checkpoint: missing field",
        ),
        (
            "{\"format\":\"scanbench-follow\",\"version\":2,\"rule\":\"\",\"servers\":{},\"files\":[],\"told\":[],\"runs\":[]}\nx\n",
            "line 2: a damaged journal",
        ),
        // Found by a fuzzer's law: a name that is told must do nothing.
        (
            "{\"format\":\"scanbench-follow\",\"version\":2,\"rule\":\"\",\"servers\":{},\"files\":[],\"told\":[],\"runs\":[],\"\\u001b[31m\u{202e}\":0}\n",
            "unknown field `\\x1b[31m\\u{202e}`",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let error = Checkpoint::open(&file).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_checkpoint_is_open_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("checkpoint");
    let first = Checkpoint::open(&file).unwrap();
    let error = Checkpoint::open(&file).unwrap_err();
    assert!(matches!(error, CheckpointError::InUse { .. }), "{error}");
    drop(first);
    assert!(Checkpoint::open(&file).is_ok());
}

#[test]
fn a_log_that_is_moved_is_not_read_again() {
    let mut small = Small::new();
    small.append(
        "WEB01/W3SVC1/a.log",
        &(HEADER.to_owned() + &line(1, 80) + &line(2, 81)),
    );
    small.start(true);
    assert!(small.rows().is_empty());
    let path = |name: &str| small.folder.path().join(name);
    fs::create_dir(path("old")).unwrap();
    fs::rename(path("WEB01/W3SVC1/a.log"), path("old/b.log")).unwrap();
    assert!(small.rows().is_empty());
    small.append("old/b.log", &line(3, 82));
    assert_eq!(small.rows(), ["open:3"]);
    assert_eq!(small.totals().lines, 3);
    assert!(small.notices.is_empty(), "{:?}", small.notices);
}

#[test]
fn a_log_that_was_away_goes_on() {
    let mut small = Small::new();
    let folder = small.folder.path().to_owned();
    small.append(
        "a/a.log",
        &(HEADER.to_owned() + &line(1, 80) + &line(2, 81)),
    );
    small.start(true);
    assert!(small.rows().is_empty());
    // Out of what is searched.
    let away = tempfile::tempdir_in(folder.parent().unwrap()).unwrap();
    fs::rename(folder.join("a"), away.path().join("a")).unwrap();
    assert!(small.rows().is_empty());
    assert!(
        small.notices.len() == 1 && small.notices[0].contains("is gone"),
        "{:?}",
        small.notices
    );
    fs::rename(away.path().join("a"), folder.join("a")).unwrap();
    small.append("a/a.log", &line(3, 82));
    assert_eq!(small.rows(), ["open:3"]);
    assert_eq!(small.totals().lines, 3);
}

/// Rows under windows that move, `state:first-last:ports` each.
fn moving(window: Window, steps: &[&[(&str, u32)]]) -> Vec<Vec<String>> {
    let small = Small::new();
    small.append("a.log", HEADER);
    let rule = Rule {
        window,
        threshold: 3,
        ..Rule::default()
    };
    let options = options(small.folder.path());
    let mut follower =
        Follower::new(rule, Exclusions::default(), options, None, &mut |_| {}).unwrap();
    let shown = |rows: Vec<FollowedRow>| {
        rows.iter()
            .map(|row| {
                let row: Value = serde_json::from_str(&row.json).unwrap();
                let clock = |key: &str| row[key].as_str().unwrap()[11..19].to_owned();
                let (first, last) = (clock("TimeGenerated"), clock("WindowEnd"));
                let state = row["state"].as_str().unwrap();
                format!("{state}:{first}-{last}:{}", row["portCount"])
            })
            .collect::<Vec<String>>()
    };
    let mut all = Vec::new();
    for step in steps {
        for (clock, port) in *step {
            small.append(
                "a.log",
                &format!("2026-11-02 {clock} 10.0.0.1 {port} 192.0.2.7\n"),
            );
        }
        let (mut rows, mut quiet) = (Vec::new(), 0);
        while quiet < 3 {
            let round = follower.round(&mut |_| {});
            quiet = quiet_for(quiet, &round);
            rows.extend(round.rows);
        }
        all.push(shown(rows));
    }
    all.push(shown(follower.close_all()));
    all
}

/// Counted by hand; the lateness is a minute. Three ports within two minutes, over the edge of a bin; the stretch ends
/// when nothing comes for two minutes more.
#[test]
fn sliding_windows_are_told_when_they_fill_and_when_they_are_over() {
    let window = Window::Sliding {
        width: Duration::from_mins(2),
    };
    let told = moving(
        window,
        &[
            &[("10:08:00", 80), ("10:09:00", 81)],
            &[("10:10:00", 82)],
            // Later by a second than the first line can be seen with; 81, 82, 83.
            &[("10:10:01", 83)],
            &[("10:12:01", 80), ("10:13:01", 80)],
            &[("10:13:03", 80)],
            &[("10:20:00", 80)],
        ],
    );
    let expected: [&[&str]; 7] = [
        &[],
        &["open:10:08:00-10:10:00:3"],
        &[],
        &[],
        &["closed:10:08:00-10:10:01:3"],
        &[],
        &[],
    ];
    assert_eq!(told, expected);
}

/// Counted by hand: gaps of a minute at most, then one of a minute and a second.
#[test]
fn sessions_are_told_when_they_fill_and_when_they_are_over() {
    let window = Window::Session {
        gap: Duration::from_mins(1),
    };
    let told = moving(
        window,
        &[
            &[("10:00:00", 80), ("10:01:00", 81), ("10:02:00", 81)],
            &[("10:03:00", 82)],
            &[("10:04:00", 80)],
            &[("10:05:01", 83)],
            &[("10:06:02", 84), ("10:06:03", 85)],
            // A row has all that was read in one go.
            &[("10:06:04", 80), ("10:06:10", 80)],
        ],
    );
    let expected: [&[&str]; 7] = [
        &[],
        &["open:10:00:00-10:03:00:3"],
        &[],
        &[],
        &["closed:10:00:00-10:04:00:3"],
        &["open:10:06:02-10:06:10:3"],
        &["closed:10:06:02-10:06:10:3"],
    ];
    assert_eq!(told, expected);
}
