//! What is told of rows and lines, by hand: episodes, why an exclusion matches, how many lines of a row its conditions
//! match, and what a list looks for that the data may not have.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use scanbench_detector::{
    Alert, Check, Condition, Detection, Detector, Episode, Exclusions, Probe, Probes, Rule,
    Selection, Subject, Window, episode_rows, episodes,
};
use scanbench_spec::Source;
use scanbench_w3c::{Field, Item, Reader, Timestamp};
use std::fmt::Write as _;
use std::time::Duration;

const TUMBLING: Window = Window::Tumbling {
    width: Duration::from_mins(10),
};

/// Minutes from 10:00.
fn at(minute: u64) -> Timestamp {
    let ten: Timestamp = "2026-11-02T10:00:00Z".parse().unwrap();
    ten.plus(Duration::from_mins(minute))
}

fn list(file: &str) -> Exclusions {
    Exclusions::from_source(&Source::new("x.toml", format!("version = 1\n{file}"))).unwrap()
}

/// Lines with a minute, a client's last number, a port and an agent.
fn detect(rule: Rule, exclusions: Exclusions, lines: &[(u64, u8, u16, &str)]) -> Detection {
    let mut log = "#Fields: date time s-ip s-port c-ip cs(User-Agent)\n".to_owned();
    for (minute, client, port, agent) in lines {
        let time = at(*minute).to_string();
        let time = time.trim_end_matches('Z').replace('T', " ");
        writeln!(log, "{time} 10.0.0.1 {port} 192.0.2.{client} {agent}").unwrap();
    }
    let mut detector = Detector::new(rule, exclusions);
    let mut reader = Reader::new(log.as_bytes()).unwrap();
    while let Ok(Some(item)) = reader.next_item() {
        if let Item::Entry(entry) = item {
            detector.push(&entry, "WEB01");
        }
    }
    let detection = detector.finish();
    assert_eq!(detection.lines(), lines.len() as u64);
    detection
}

/// A row for each window in which a client has a port.
fn rows(lines: &[(u64, u8, u16, &str)]) -> Vec<Alert> {
    let rule = Rule {
        threshold: 1,
        ..Rule::default()
    };
    detect(rule, Exclusions::default(), lines).alerts(&Selection::All)
}

#[test]
fn windows_that_touch_are_one_episode() {
    // Client 1: windows 0 and 10 touch, 30 stands apart. Client 2: window 10.
    let alerts = rows(&[
        (1, 1, 80, "-"),
        (2, 1, 81, "-"),
        (12, 1, 81, "-"),
        (13, 2, 443, "-"),
        (31, 1, 80, "-"),
    ]);
    let found: Vec<_> = alerts
        .iter()
        .map(|row| (row.time_generated, row.c_ip.as_str()))
        .collect();
    let (one, two) = ("192.0.2.1", "192.0.2.2");
    assert_eq!(
        found,
        [(at(0), one), (at(10), one), (at(10), two), (at(30), one)]
    );
    assert_eq!(
        episode_rows(&alerts, &TUMBLING),
        [vec![0, 1], vec![2], vec![3]]
    );
    let episode = |client: &str, start, end, rows, ports: &[u16], most| Episode {
        c_ip: client.to_owned(),
        computer: "WEB01".to_owned(),
        s_ip: "10.0.0.1".to_owned(),
        run: None,
        start: at(start),
        end: at(end),
        rows,
        ports: ports.to_vec(),
        most,
    };
    let expected = [
        episode(one, 0, 20, 2, &[80, 81], 2),
        episode(two, 10, 20, 1, &[443], 1),
        episode(one, 30, 40, 1, &[80], 1),
    ];
    assert_eq!(episodes(&alerts, &TUMBLING), expected);
    // Windows of which the end is known end there.
    let mut short = alerts;
    short[0].window_end = Some(at(9));
    assert_eq!(
        episode_rows(&short, &TUMBLING),
        [vec![0], vec![1], vec![2], vec![3]]
    );
}

#[test]
fn why_an_exclusion_matches() {
    let exclusions = list(
        "[[exclusion]]\nid = \"off\"\nstage = \"event\"\nenabled = false\nmatch.s-port = 80\n\
         [[exclusion]]\nid = \"dated\"\nstage = \"event\"\nmatch.s-port = 81\n\
         starts = 2026-11-02T10:05:00Z\nexpires = 2026-11-02T10:10:00Z\n\
         [[exclusion]]\nid = \"agent\"\nstage = \"event\"\n\
         match.cs-user-agent = \"curl\"\nmatch.cs-host = \"a\"\n",
    );
    let told = |minute| {
        let time = at(minute).to_string();
        let (date, time) = time.trim_end_matches('Z').split_once('T').unwrap();
        let log = format!(
            "#Fields: date time s-ip s-port c-ip cs(User-Agent)\n{date} {time} 10.0.0.1 80 192.0.2.1 curl\n"
        );
        let mut reader = Reader::new(log.as_bytes()).unwrap();
        loop {
            if let Item::Entry(entry) = reader.next_item().unwrap().unwrap() {
                break exclusions.explain(&entry, b"192.0.2.1", b"WEB01");
            }
        }
    };
    let check = |wanted: &str, found: &str, holds| Check {
        wanted: wanted.to_owned(),
        found: found.to_owned(),
        holds,
    };
    let [off, dated, agent] = &told(4)[..] else {
        panic!("three are in the list");
    };
    assert_eq!(
        off.checks,
        [
            check("to be switched on", "enabled = false", false),
            check("s-port: 80", "80", true)
        ]
    );
    assert_eq!((off.exclusion, off.misses(), off.matches()), (0, 1, false));
    assert_eq!(dated.misses(), 2);
    assert_eq!(
        agent.checks[1],
        check("cs-host: equals \"a\"", "not in this line", false)
    );
    assert!(agent.checks[0].holds && agent.checks.len() == 2);
    // From the first moment on, and up to before the last.
    let misses = |minute| told(minute)[1].misses();
    assert_eq!([4, 5, 9, 10].map(misses), [2, 1, 1, 2]);

    let other = list("[[exclusion]]\nid = \"x\"\nstage = \"event\"\nmatch.s-port = 80\n");
    let detection = detect(Rule::default(), other, &[(0, 1, 80, "-")]);
    assert_eq!(detection.matched_lines(0), 1);
}

/// Of a row of client 1 from 10:00 to 10:10, the lines that the whole of each exclusion and each of its conditions match.
#[test]
fn how_many_lines_of_a_row_match() {
    let lines = [
        (0, 1, 80, "curl"),
        (1, 1, 80, "-"),
        (2, 1, 81, "curl"),
        (6, 1, 80, "curl"),
        (9, 2, 80, "curl"),
        (10, 1, 80, "curl"),
    ];
    let row = rows(&lines).swap_remove(0);
    assert_eq!((row.time_generated, row.connections_count), (at(0), 4));
    let exclusions = list(
        "[[exclusion]]\nid = \"x\"\nstage = \"event\"\nmatch.s-port = 80\nmatch.cs-user-agent = \"curl\"\n\
         starts = 2026-11-02T10:05:00Z\n\
         [[exclusion]]\nid = \"y\"\nstage = \"event\"\nmatch.s-port = 81\nenabled = false\n",
    );
    let within = exclusions.within_row(&row, Duration::from_mins(10));
    let conditions = exclusions.list()[0].conditions();
    let places = conditions.iter().map(Condition::key).collect::<Vec<_>>();
    let detection = detect(Rule::default(), within, &lines);
    let counts: Vec<u64> = (0..5).map(|at| detection.matched_lines(at)).collect();
    let by_key = |key: &str| counts[1 + places.iter().position(|other| other == key).unwrap()];
    // The whole: only 10:06 is late enough. Port 80: 10:00, 10:01 and 10:06; curl: 10:00, 10:02 and 10:06.
    assert_eq!(counts[0], 1);
    assert_eq!([by_key("s-port"), by_key("cs-user-agent")], [3, 3]);
    // The other one is switched off; its condition matches 10:02.
    assert_eq!(counts[3..], [0, 1]);
}

#[test]
fn fields_and_values_are_looked_for_one_by_one() {
    let exclusions = list(
        "[[exclusion]]\nid = \"x\"\nstage = \"event\"\nmatch.s-port = [80, 81]\nmatch.cs-user-agent = \"curl\"\n\
         match.time = { from = \"10:00\", to = \"11:00\" }\n\
         [[exclusion]]\nid = \"y\"\nstage = \"event\"\nmatch.s-port = 81\n",
    );
    let probes = Probes::of(&exclusions);
    let lines = [(0, 1, 80, "curl"), (1, 1, 80, "-"), (2, 1, 82, "wget")];
    let detection = detect(Rule::default(), probes.exclusions.clone(), &lines);
    let counted = |probe| {
        let place = probes.place(&probe)?;
        Some(detection.matched_lines(place))
    };
    let agent = Subject::Field(Field::CsUserAgent);
    let value = |subject: &Subject, text: &str| Probe::Value(subject.clone(), text.to_owned());
    assert_eq!(counted(Probe::Field(Subject::Port)), Some(3));
    assert_eq!(counted(Probe::Field(agent.clone())), Some(3));
    assert_eq!(counted(value(&Subject::Port, "80")), Some(2));
    assert_eq!(counted(value(&Subject::Port, "81")), Some(0));
    assert_eq!(counted(value(&agent, "equals \"curl\"")), Some(1));
    assert_eq!(counted(value(&Subject::Port, "82")), None);
    // Hours are no field of a log.
    assert_eq!(counted(Probe::Field(Subject::Time)), None);
    // Two fields, three values and the hours: what two exclusions name is looked for once.
    assert_eq!(probes.exclusions.list().len(), 6);
}
