//! A limit of memory while logs are followed.

use super::*;

/// A crowd of clients with a port each is dropped; who has two when that happens is kept, and its row is whole. One
/// that came back after it was dropped makes a row that says so.
#[test]
fn over_the_limit_of_memory_those_with_the_fewest_values_are_dropped_and_told() {
    let of = |client: &str, port: u32| format!("2026-11-02 10:01:00 10.0.0.1 {port} {client}\n");
    let crowd = |net: u32| -> String {
        (0..4000)
            .map(|host: u32| of(&format!("10.{net}.{}.{}", host / 250, host % 250), 443))
            .collect()
    };
    let scan = |ports: std::ops::Range<u32>| -> String {
        ports.map(|port| of("192.0.2.7", port)).collect()
    };
    let mut small = Small::new();
    let text = HEADER.to_owned() + &scan(80..82) + &of("192.0.2.9", 1) + &crowd(1);
    small.append("a.log", &(text + &crowd(2) + &scan(82..84)));
    for port in 2..5 {
        small.append("a.log", &of("192.0.2.9", port));
    }
    small.append("a.log", "2026-11-02 10:12:00 10.0.0.1 80 192.0.2.8\n");
    let options = FollowOptions {
        max_memory: Some(4 << 20),
        ..options(small.folder.path())
    };
    small.start_with(options, None);
    let follower = small.follower.as_mut().unwrap();
    let (mut rows, mut notices, mut quiet) = (Vec::new(), Vec::new(), 0);
    while quiet < 3 {
        let round = follower.round(&mut |notice| notices.push(notice.to_string()));
        quiet = quiet_for(quiet, &round);
        rows.extend(round.rows);
    }
    let shown = |row: &FollowedRow| {
        let row: Value = serde_json::from_str(&row.json).unwrap();
        format!(
            "{} {} {} {}",
            row["cIP"], row["state"], row["portCount"], row["partial"]
        )
    };
    let mut shown: Vec<String> = rows.iter().map(shown).collect();
    shown.sort();
    assert_eq!(
        shown,
        [
            "\"192.0.2.7\" \"closed\" 4 null",
            "\"192.0.2.7\" \"open\" 3 null",
            "\"192.0.2.9\" \"closed\" 3 true",
            "\"192.0.2.9\" \"open\" 3 true",
        ]
    );
    let totals = small.totals();
    // Of the 8002 clients with one port, all but those that came last.
    assert!((4000..8002).contains(&totals.dropped_groups), "{totals:?}");
    assert_eq!(
        (totals.dropped_lines, totals.dropped_most),
        (totals.dropped_groups, 1)
    );
    let begin = "warning: window 2026-11-02T10:00:00Z";
    assert!(
        notices.iter().all(|notice| notice.starts_with(begin)),
        "{notices:?}"
    );
    assert!(
        notices[0].contains("none with more than 1 distinct values"),
        "{notices:?}"
    );
}
