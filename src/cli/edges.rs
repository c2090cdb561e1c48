//! `edges`: what the edges of windows cost, by the closed form and by the detector.

use super::CANCELLED;
use super::failure::Failure;
use super::sweep_args::{WindowArg, positive, width};
use super::whole::write_file;
use scanbench::edges::EdgePlan;
use scanbench::report::json;
use scanbench::report::{edges as report, html, markdown, terminal};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Measure which scans the edges of bins hide
///
/// A scan that begins at a random moment may be parted by the edge of a bin. For scans of so many ports at so many a
/// minute this prints the part that each kind of window sees: by the closed form, and as the detector does on scans
/// made in memory. It needs no dataset.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench edges
  scanbench edges --ports 30,60,120 --rate 2.5,5,10 --trials 2000
  scanbench edges --bin 5m --threshold 20 -o out

Exit codes: 0 measured, 2 bad arguments, 130 interrupted")]
pub(crate) struct Args {
    /// Distinct ports of a scan, once each
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        default_value = "30,35,40,50,59,300",
        value_parser = clap::value_parser!(u16).range(1..=10_000)
    )]
    ports: Vec<u16>,

    /// Ports a minute
    #[arg(
        long = "rate",
        value_name = "X",
        value_delimiter = ',',
        default_value = "2.9,3,4,6,30",
        value_parser = positive
    )]
    rates: Vec<f64>,

    /// How time is cut; hopping windows begin every half width
    #[arg(
        long = "window",
        value_name = "KIND",
        value_delimiter = ',',
        default_value = "tumbling,hopping,sliding"
    )]
    windows: Vec<WindowArg>,

    /// Width of a bin or window
    #[arg(long = "bin", value_name = "DURATION", default_value = "10m", value_parser = width)]
    bin: Duration,

    /// Distinct ports that make a row
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=128))]
    threshold: u32,

    /// Scans of each sort
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    trials: u32,

    /// For the moments at which scans begin
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Write edges.html, edges.json, edges.csv and edges.md into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut windows: Vec<_> = args.windows.iter().map(|one| (*one).into()).collect();
    windows.sort_unstable();
    windows.dedup();
    let plan = EdgePlan {
        ports: args.ports.clone(),
        rates: args.rates.clone(),
        windows,
        width: args.bin,
        threshold: args.threshold,
        trials: args.trials,
        seed: args.seed,
    };
    let edges = plan
        .measure(&|| !CANCELLED.load(Ordering::Relaxed))
        .ok_or(Failure::Interrupted)?;
    let story = report::tell(&edges);
    let mut out = BufWriter::new(io::stdout().lock());
    terminal::write(&mut out, &story)?;
    out.flush()?;
    let Some(folder) = &args.output else {
        return Ok(());
    };
    let json = json::file(&edges)?;
    let mut table = Vec::new();
    report::write_csv(&mut table, &edges)?;
    let mut text = Vec::new();
    markdown::write(&mut text, "scanbench: the edges of windows", &story)?;
    for (name, bytes) in [
        ("edges.html", html::edges_page(&edges).into_bytes()),
        ("edges.json", json),
        ("edges.csv", table),
        ("edges.md", text),
    ] {
        write_file(folder, name, &bytes)?;
    }
    Ok(())
}
