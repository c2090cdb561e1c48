//! Files through the detector.

use scanbench_detector::{
    Exclusions, LogFile, Notice, Rule, ScanOptions, Selection, Stopped, Totals, find_logs, scan,
};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// What came of a scan.
#[derive(Debug, PartialEq)]
pub(crate) struct Scanned {
    /// Rows as JSON, with no exclusion in force and with all.
    pub(crate) rows: [Vec<String>; 2],
    pub(crate) lines: u64,
    pub(crate) totals: Totals,
    /// Bad lines and rows, in no order: pieces are read side by side.
    pub(crate) bad: Vec<String>,
    /// Bad ones that were only counted.
    pub(crate) more_bad: u64,
    /// What kept a file, or the rest of it, from being read.
    pub(crate) refused: Vec<String>,
}

/// The logs in a folder.
pub(crate) fn logs(folder: &Path) -> Vec<LogFile> {
    let (logs, errors) = find_logs(&[folder.to_owned()]);
    assert!(errors.is_empty(), "{errors:?}");
    logs
}

/// Scans; `change` makes other options of the usual ones.
pub(crate) fn scanned(
    logs: &[LogFile],
    rule: &Rule,
    exclusions: &Exclusions,
    change: impl FnOnce(&mut ScanOptions<'_>),
) -> Result<Scanned, Stopped> {
    let cancelled = AtomicBool::new(false);
    let mut options = ScanOptions::new(&cancelled);
    options.threads = NonZeroUsize::MIN;
    change(&mut options);
    let (mut bad, mut more_bad, mut refused) = (Vec::new(), 0, Vec::new());
    let (detection, mut totals) = scan(
        logs,
        rule,
        exclusions,
        &options,
        &mut |notice| match notice {
            Notice::Bad(_, line) => {
                let line = line.to_string();
                super::findings::is_harmless(&line);
                bad.push(line);
            }
            Notice::MoreBad(_, count) => more_bad += count,
            Notice::PassedOver(..)
            | Notice::Refused(..)
            | Notice::Unfit(..)
            | Notice::Unreadable(..)
            | Notice::Broken(..)
            | Notice::BrokenTable(..) => refused.push(format!("{notice:?}")),
            _ => {}
        },
    )?;
    bad.sort_unstable();
    // Times of clocks.
    totals.stats = None;
    let rows = |selection: &Selection| {
        let alerts = detection.alerts(selection);
        alerts
            .iter()
            .map(|alert| serde_json::to_string(alert).unwrap())
            .collect()
    };
    Ok(Scanned {
        rows: [rows(&Selection::None), rows(&Selection::All)],
        lines: detection.lines(),
        totals,
        bad,
        more_bad,
        refused,
    })
}

/// Scans a file of these bytes, with a rule under which every client makes a row.
pub(crate) fn scanned_bytes(bytes: &[u8], threads: usize) -> Scanned {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("set");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("input"), bytes).unwrap();
    let rule = Rule {
        threshold: 1,
        ..Rule::default()
    };
    let mut scanned = scanned(&logs(&folder), &rule, &Exclusions::default(), |options| {
        options.threads = NonZeroUsize::new(threads).unwrap();
    })
    .unwrap();
    // Their folder's name is new each time.
    let place = folder.display().to_string();
    for text in &mut scanned.refused {
        *text = text.replace(&place, "");
    }
    scanned
}

impl Scanned {
    /// Each line and row is one of the detection or a bad one.
    pub(crate) fn account(&self) {
        assert_eq!(self.totals.counts.entries, self.lines);
        assert_eq!(
            self.totals.counts.bad,
            self.bad.len() as u64 + self.more_bad
        );
    }
}
