//! `rule`: rules of other tools taken over, and ours written for other engines; one file a subcommand.

mod export;
mod import;

use super::failure::Failure;
use clap::Subcommand;

/// Take over Sentinel analytics rules, and write the rule for other engines
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Import(import::Args),
    Export(Box<export::Args>),
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Import(args) => import::run(args),
        Command::Export(args) => export::run(args),
    }
}
