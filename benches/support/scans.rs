//! Scans of files, with what they must have found.

use scanbench_detector::{
    Detection, Exclusions, LogFile, Rule, ScanOptions, Selection, Totals, find_logs, scan,
};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// The file `name` with these bytes, and the folder that holds it as long as it lives.
pub(crate) fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, Vec<LogFile>) {
    let folder = tempfile::tempdir().expect("a folder for the log");
    std::fs::write(folder.path().join(name), bytes).expect("room for the log");
    let logs = found(folder.path());
    (folder, logs)
}

fn found(folder: &Path) -> Vec<LogFile> {
    let (logs, errors) = find_logs(&[folder.to_owned()]);
    assert!(errors.is_empty() && logs.len() == 1);
    logs
}

/// Scans with `threads`, and checks that all lines were read and so many rows found.
pub(crate) fn run(
    logs: &[LogFile],
    rule: &Rule,
    exclusions: &Exclusions,
    threads: usize,
    lines: usize,
    rows: usize,
) -> (Detection, Totals) {
    static NEVER: AtomicBool = AtomicBool::new(false);
    let mut options = ScanOptions::new(&NEVER);
    options.threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
    let (detection, totals) =
        scan(logs, rule, exclusions, &options, &mut |_| {}).expect("a scan that ends");
    assert_eq!(
        (totals.counts.entries, totals.counts.bad),
        (lines as u64, 0)
    );
    assert_eq!(detection.alerts(&Selection::All).len(), rows);
    (detection, totals)
}
