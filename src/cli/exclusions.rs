//! `exclusions`: whatever is done with an exclusion list itself; one file a subcommand.

mod against;
mod check;
mod explain;
mod export;
mod import;
mod measure;
mod show;
mod suggest;

use super::failure::Failure;
use clap::Subcommand;

/// Check exclusion lists, and move them to and from other tools
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Args),
    Measure(measure::Args),
    Suggest(suggest::Args),
    Explain(explain::Args),
    Export(export::Args),
    Import(import::Args),
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Check(args) => check::run(args),
        Command::Measure(args) => measure::run(args),
        Command::Suggest(args) => suggest::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Export(args) => export::run(args),
        Command::Import(args) => import::run(args),
    }
}
