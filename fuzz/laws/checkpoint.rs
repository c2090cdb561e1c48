//! The files from which following goes on.

use super::findings::is_harmless;
use scanbench_detector::{
    Checkpoint, CheckpointError, Exclusions, FollowError, FollowOptions, Follower, Rule, Window,
};
use std::fs;
use std::time::Duration;

/// The name under which seeds speak of the log's folder.
const FOLDER: &str = "@FOLDER@";

/// More rounds than any log here needs.
const ROUNDS: usize = 50;

const LOG: &str = "#Fields: date time s-computername s-ip s-port c-ip
2026-11-02 10:00:00 WEB01 10.0.0.1 8001 192.0.2.7
2026-11-02 10:00:01 WEB01 10.0.0.1 8002 192.0.2.7
not an entry
2026-11-02 10:00:02 WEB01 10.0.0.1 8003 192.0.2.7
2026-11-02 10:20:00 WEB01 10.0.0.1 8003 192.0.2.8
";

/// The rules that a checkpoint may be of: with fixed windows, and with those that move.
fn rules() -> [Rule; 3] {
    let windows = [
        Window::Tumbling {
            width: Duration::from_mins(10),
        },
        Window::Sliding {
            width: Duration::from_mins(1),
        },
        Window::Session {
            gap: Duration::from_secs(20),
        },
    ];
    windows.map(|window| Rule {
        window,
        threshold: 2,
        ..Rule::default()
    })
}

/// A checkpoint is refused at a line that it has, or following goes on from it to an end, and from what that leaves
/// behind once more.
pub fn checkpoint(data: &[u8]) {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("WEB01");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("u_ex.log"), LOG).unwrap();
    let path = scratch.path().join("checkpoint");
    let place = folder.display().to_string();
    let text = String::from_utf8_lossy(data).replace(FOLDER, &place);
    // Bytes that are no text stand as they are.
    let bytes = if std::str::from_utf8(data).is_ok() {
        text.as_bytes()
    } else {
        data
    };
    for rule in rules() {
        fs::write(&path, bytes).unwrap();
        let resumed = match Checkpoint::open(&path) {
            Ok((_, resume)) => resume.unwrap(),
            Err(error) => {
                is_harmless(&error.to_string());
                if let CheckpointError::Content { line, .. } = error {
                    assert!((1..=bytes.split(|byte| *byte == b'\n').count()).contains(&line));
                }
                return;
            }
        };
        let options = FollowOptions {
            paths: vec![folder.clone()],
            computer: None,
            lateness: Duration::from_mins(1),
            from_start: true,
            max_memory: None,
        };
        let follower = Follower::new(
            rule.clone(),
            Exclusions::default(),
            options.clone(),
            Some(resumed),
            &mut |_| {},
        );
        let mut follower = match follower {
            Ok(follower) => follower,
            Err(FollowError::OtherRule { .. }) => continue,
            Err(error) => panic!("{error}"),
        };
        follow(&mut follower);
        let (mut checkpoint, _) = Checkpoint::open(&path).unwrap();
        follower.save(&mut checkpoint).unwrap();
        drop(checkpoint);
        let (_, left) = Checkpoint::open(&path).unwrap();
        let mut again =
            Follower::new(rule, Exclusions::default(), options, left, &mut |_| {}).unwrap();
        follow(&mut again);
    }
}

fn follow(follower: &mut Follower) {
    for _ in 0..ROUNDS {
        let round = follower.round(&mut |notice| is_harmless(&notice.to_string()));
        for row in &round.rows {
            serde_json::from_str::<serde_json::Value>(&row.json).unwrap();
        }
        if !round.more && round.rows.is_empty() && round.searched {
            break;
        }
    }
    assert!(follower.totals().lines <= 4);
    follower.close_all();
}
