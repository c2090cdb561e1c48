//! The README tells the truth: what it shows as output is the output.

use std::path::Path;
use std::process::Command;

/// After a change that is meant, `UPDATE_README=1 cargo test --test readme` writes the new output into the README.
#[test]
fn the_run_in_the_readme_is_the_run() {
    const BEFORE: &str = "tests/readme.rs fails where it is not. -->\n```text\n";

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let start = readme.find(BEFORE).unwrap() + BEFORE.len();
    let end = start + readme[start..].find("```").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .arg("run")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(
            &path,
            format!("{}{printed}{}", &readme[..start], &readme[end..]),
        )
        .unwrap();
        return;
    }
    assert_eq!(&readme[start..end], printed);
}
