//! The program as its users run it.

use std::process::{Command, Output};

/// Runs it in the root of the repository, however it ends.
pub(crate) fn scanbench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

/// Runs it; what it prints. It must not fail.
pub(crate) fn succeed(arguments: &[&str]) -> String {
    let output = scanbench(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
