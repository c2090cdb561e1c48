//! `scenarios`: what is built in.

use super::embedded;
use super::embedded::SCENARIOS;
use super::failure::Failure;
use scanbench_generator::Scenario;
use scanbench_spec::Source;
use std::io::{self, BufWriter, Write};

/// List the built-in scenarios, or print one as a start for your own
///
/// For instance: scanbench scenarios minimal > my-scenario.toml
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print the file of this scenario
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match &args.name {
        Some(name) => out.write_all(embedded::scenario(name)?.text().as_bytes())?,
        None => {
            for (name, text) in SCENARIOS {
                let scenario = Scenario::from_source(&Source::new(name, text))?;
                writeln!(out, "{name:<18} {}", scenario.title())?;
            }
        }
    }
    out.flush()?;
    Ok(())
}
