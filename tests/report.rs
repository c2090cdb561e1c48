//! What `-o`, `--plots` and `--sweep` write.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::fs;
use std::path::Path;
use std::process::Command;

fn run(arguments: &[&str], folder: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn reports_and_pictures() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    run(&["run", "minimal", "-o", "out", "--plots", "plots"], folder);
    let out = folder.join("out");
    assert_eq!(
        names(&out),
        [
            "dataset",
            "junit.xml",
            "report.html",
            "report.json",
            "report.md"
        ]
    );
    let plots = folder.join("plots");
    assert_eq!(
        names(&plots),
        [
            "bin-edge.svg",
            "exclusions.svg",
            "ports.svg",
            "timeline.svg"
        ]
    );
    // The picture of the page is the picture in the file.
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    let picture = fs::read_to_string(plots.join("ports.svg")).unwrap();
    assert!(page.contains(&picture), "{picture}");
    assert!(!page.contains("id=\"thresholds\""));

    run(
        &[
            "evaluate",
            "out/dataset",
            "--sweep",
            "-o",
            "swept",
            "--plots",
            "swept",
        ],
        folder,
    );
    let page = fs::read_to_string(folder.join("swept/report.html")).unwrap();
    for id in [
        "timeline",
        "ports",
        "precision-recall",
        "roc",
        "thresholds",
        "bin-edge",
        "numbers",
    ] {
        assert!(page.contains(&format!("<section id=\"{id}\"")), "{id}");
        assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
    }
    // Without exclusions nothing is said of them.
    assert!(!page.contains("id=\"exclusions\""));
    assert!(!page.contains("What the exclusions cost"));
    assert_eq!(
        names(&folder.join("swept")),
        [
            "bin-edge.svg",
            "junit.xml",
            "ports.svg",
            "precision-recall.svg",
            "report.html",
            "report.json",
            "report.md",
            "roc.svg",
            "thresholds.svg",
            "timeline.svg"
        ]
    );
}

/// Files are for whom the umask says, not for their owner alone.
#[cfg(unix)]
#[test]
fn others_may_read_a_report() {
    use std::os::unix::fs::PermissionsExt as _;

    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    run(&["run", "minimal", "-o", "out"], folder);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    fs::write(folder.join("plain"), "").unwrap();
    assert_eq!(
        mode(&folder.join("out/report.html")),
        mode(&folder.join("plain"))
    );
}
