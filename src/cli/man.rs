//! `man`: manual pages.

use super::{Cli, failure::Failure};
use clap::CommandFactory;
use clap_mangen::Man;
use std::io::{self, Write};
use std::path::PathBuf;

/// Print the manual page, or write those of all commands into a folder
///
/// For instance: scanbench man -o ~/.local/share/man/man1
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A folder for scanbench.1 and a page for each command
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let Some(folder) = &args.output else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page)?;
        io::stdout().write_all(&page)?;
        return Ok(());
    };
    let unwritable =
        |error: io::Error| Failure::Input(format!("cannot write {}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    // Each page is whole or absent: written beside its place, then renamed.
    let scratch = tempfile::tempdir_in(folder).map_err(unwritable)?;
    clap_mangen::generate_to(Cli::command(), scratch.path()).map_err(unwritable)?;
    for page in std::fs::read_dir(scratch.path()).map_err(unwritable)? {
        let page = page.map_err(unwritable)?;
        let place = folder.join(page.file_name());
        std::fs::rename(page.path(), &place).map_err(|error| {
            Failure::Input(format!("cannot write {}: {error}", place.display()))
        })?;
    }
    scratch.close().map_err(unwritable)
}
