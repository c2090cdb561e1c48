//! The command line: one file a command. Rows and reports go to standard output, everything said to a person
//! to standard error.

mod anonymise;
mod audit;
mod bench;
mod compare;
mod completions;
mod datasets;
mod detect;
mod edges;
mod embedded;
mod evaluate;
mod exclusions;
mod failure;
mod fit;
mod follow;
mod gates;
mod generate;
mod inject;
mod man;
mod messages;
mod replay;
mod rule;
mod rule_args;
mod run;
mod scenarios;
mod standing;
mod sweep;
mod sweep_args;
mod whole;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by Ctrl-C; long work looks at it and ends cleanly.
static CANCELLED: AtomicBool = AtomicBool::new(false);

const EXIT_CODES: &str = "Exit codes: 0 done and every gate held, 1 a gate failed, 2 bad input or arguments, \
                          3 bad scenario, exclusion or rule file, 130 interrupted";

/// Labelled IIS logs, a reference port-scan detector with exclusion lists, and the suite that measures both.
#[derive(Parser)]
#[command(version, after_help = EXIT_CODES, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Generate(generate::Args),
    Inject(inject::Args),
    Anonymise(anonymise::Args),
    Replay(replay::Args),
    Detect(detect::Args),
    Follow(follow::Args),
    Evaluate(evaluate::Args),
    Sweep(sweep::Args),
    Edges(edges::Args),
    Bench(bench::Args),
    Fit(fit::Args),
    Compare(compare::Args),
    Audit(audit::Args),
    Exclusions(exclusions::Args),
    Rule(rule::Args),
    Scenarios(scenarios::Args),
    Completions(completions::Args),
    Man(man::Args),
}

pub(crate) fn main() -> ExitCode {
    // No command for people, so neither help nor completions know it.
    if let Some(ended) = bench::as_relay() {
        return ended;
    }
    let cli = Cli::parse();
    // Where no handler can be set, Ctrl-C ends the program at once, as it always did.
    let _ = ctrlc::set_handler(|| {
        if CANCELLED.swap(true, Ordering::Relaxed) {
            std::process::exit(failure::INTERRUPTED.into());
        }
    });
    let outcome = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Inject(args) => inject::run(&args),
        Command::Anonymise(args) => anonymise::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Detect(args) => detect::run(&args),
        Command::Follow(args) => follow::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Edges(args) => edges::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Fit(args) => fit::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Exclusions(args) => exclusions::run(&args),
        Command::Rule(args) => rule::run(&args),
        Command::Scenarios(args) => scenarios::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell();
            failure.exit_code()
        }
    }
}
