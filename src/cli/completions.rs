//! `completions`: scripts that make shells complete this command.

use super::{Cli, failure::Failure};
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::{self, Write};

/// Print a completion script for a shell
///
/// For instance: scanbench completions bash > ~/.local/share/bash-completion/completions/scanbench
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "scanbench", &mut script);
    io::stdout().write_all(&script)?;
    Ok(())
}
