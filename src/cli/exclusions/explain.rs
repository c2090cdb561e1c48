//! `exclusions explain`: which exclusion takes a line or a row out and why, or the nearest miss and why not.

use crate::cli::detect::{ReadArgs, read, read_again};
use crate::cli::embedded;
use crate::cli::failure::Failure;
use crate::cli::messages::count;
use scanbench_detector::{
    Alert, Detection, Exclusion, Exclusions, Explanation, Rule, Selection, Stage,
};
use scanbench_w3c::{Field, Item, Reader, visible};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

/// The rule's own bin.
const BIN: Duration = Duration::from_mins(10);

/// Say which exclusion takes a line or a row out and why, or the nearest miss and why not
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench exclusions explain exclusions.toml --fields 'date time s-ip s-port c-ip' \\
    --line '2026-11-02 10:00:00 10.0.0.1 8080 10.0.0.10'
  scanbench exclusions explain exclusions.toml --alert 1 --against logs

Rows are numbered as `scanbench detect` prints them without exclusions, from 1. The exit code does not tell whether
something matches: 0 explained, 2 bad input or arguments, 3 bad exclusion file, 130 interrupted")]
pub(crate) struct Args {
    /// An exclusion list, or the name of a built-in one
    #[arg(value_name = "FILE")]
    file: String,

    /// A line of a W3C log
    #[arg(
        long,
        value_name = "LINE",
        required_unless_present = "alert",
        conflicts_with = "alert"
    )]
    line: Option<String>,

    /// The fields of the line, as in the log's #Fields [default: those that IIS logs by default, or all]
    #[arg(long, value_name = "FIELDS", requires = "line")]
    fields: Option<String>,

    /// The server's name, where the line has none
    #[arg(long, value_name = "NAME", default_value = "", requires = "line")]
    computer: String,

    /// The number of a row
    #[arg(long, value_name = "N", requires = "against", value_parser = clap::value_parser!(u32).range(1..))]
    alert: Option<u32>,

    /// The logs that the row is of
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "alert")]
    against: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let exclusions = Exclusions::from_source(&embedded::exclusions(&args.file)?)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match (&args.line, args.alert) {
        (Some(line), _) => explain_line(&mut out, &exclusions, args, line)?,
        (None, Some(number)) => explain_row(&mut out, &exclusions, args, number as usize)?,
        (None, None) => {}
    }
    out.flush()?;
    Ok(())
}

/// The fields of a line with so many values: what IIS logs by default, before and from version 8.5, or all.
fn usual_fields(values: usize) -> Option<String> {
    const DEFAULT: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) \
                           cs(Referer) sc-status sc-substatus sc-win32-status time-taken";
    match values {
        14 => Some(DEFAULT.replace("cs(Referer) ", "")),
        15 => Some(DEFAULT.to_owned()),
        22 => Some(Field::ALL.map(Field::name).join(" ")),
        _ => None,
    }
}

fn explain_line(
    out: &mut impl Write,
    exclusions: &Exclusions,
    args: &Args,
    line: &str,
) -> Result<(), Failure> {
    let line = line.trim();
    let fields = match &args.fields {
        Some(fields) => fields.trim_start_matches("#Fields:").to_owned(),
        None => usual_fields(line.split_whitespace().count()).ok_or_else(|| {
            Failure::Input(
                "these are not as many values as IIS logs by default; give --fields as in the log's #Fields".to_owned(),
            )
        })?,
    };
    let log = format!("#Fields: {fields}\n{line}\n");
    let wrong = |why: String| Failure::Input(format!("the line cannot be read: {why}"));
    let mut reader = Reader::new(log.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    let item = reader
        .next_item()
        .map_err(|error| wrong(error.to_string()))?;
    match item {
        None => Err(wrong("there is none".to_owned())),
        Some(Item::Bad(bad)) => Err(wrong(bad.to_string())),
        Some(Item::Entry(entry)) => {
            let client = entry.get(Field::CIp).unwrap_or_default();
            let computer = match entry.get(Field::SComputername) {
                None | Some(b"" | b"-") => args.computer.as_bytes(),
                Some(name) => name,
            };
            let said = exclusions.explain(&entry, client, computer);
            Ok(tell_line(out, exclusions.list(), &said)?)
        }
    }
}

fn tell_line(out: &mut impl Write, list: &[Exclusion], said: &[Explanation]) -> io::Result<()> {
    let shown = |one: &Explanation| visible(list[one.exclusion].id().as_bytes());
    for one in said.iter().filter(|one| one.matches()) {
        let effect = match list[one.exclusion].stage() {
            Stage::Event => "the line is not counted",
            Stage::Alert => "a row is hidden if all its lines match",
        };
        writeln!(out, "{} matches: {effect}", shown(one))?;
        tell_checks(out, one)?;
    }
    if said.iter().any(Explanation::matches) {
        return Ok(());
    }
    match said.iter().min_by_key(|one| one.misses()) {
        None => writeln!(out, "the list is empty"),
        Some(nearest) => {
            writeln!(
                out,
                "nothing matches; the nearest miss is {}",
                shown(nearest)
            )?;
            tell_checks(out, nearest)
        }
    }
}

fn tell_checks(out: &mut impl Write, one: &Explanation) -> io::Result<()> {
    for check in &one.checks {
        let mark = if check.holds { "holds" } else { "FAILS" };
        writeln!(
            out,
            "  {mark}  {}; found {}",
            visible(check.wanted.as_bytes()),
            check.found
        )?;
    }
    Ok(())
}

fn explain_row(
    out: &mut impl Write,
    exclusions: &Exclusions,
    args: &Args,
    number: usize,
) -> Result<(), Failure> {
    let rule = Rule::default();
    let (detection, totals) = read(&args.against, &rule, exclusions, &ReadArgs::default())?;
    if totals.failed > 0 {
        // Without all logs the rows are others, and have other numbers.
        return Err(Failure::InputTold);
    }
    let rows = detection.alerts(&Selection::None);
    let row = rows.get(number - 1).ok_or_else(|| {
        Failure::Input(format!(
            "there is no row {number}: {} in these logs",
            count(rows.len() as u64, "row is", "rows are")
        ))
    })?;
    let probes = exclusions.within_row(row, BIN);
    let answers = read_again(&args.against, &rule, &probes, &totals)?;
    writeln!(
        out,
        "row {number}: {} {} on {} ({}), {}, {}",
        row.time_generated,
        visible(row.c_ip.as_bytes()),
        visible(row.computer.as_bytes()),
        visible(row.s_ip.as_bytes()),
        count(row.connections_count, "line", "lines"),
        count(row.port_count, "port", "ports"),
    )?;
    Ok(tell_row(out, row, &detection, &answers)?)
}

/// How many lines of the row an exclusion matches, and each of its conditions.
struct OfRow {
    whole: u64,
    conditions: Vec<u64>,
}

fn tell_row(
    out: &mut impl Write,
    row: &Alert,
    detection: &Detection,
    answers: &Detection,
) -> io::Result<()> {
    let list = detection.exclusions().list();
    let mut place = 0;
    let of_row: Vec<OfRow> = list
        .iter()
        .map(|exclusion| {
            let first = place;
            place += 1 + exclusion.conditions().len();
            OfRow {
                whole: answers.matched_lines(first),
                conditions: (first + 1..place)
                    .map(|probe| answers.matched_lines(probe))
                    .collect(),
            }
        })
        .collect();
    let stands = |selection: &Selection| {
        let key = |row: &Alert| {
            (
                row.time_generated,
                row.c_ip.clone(),
                row.computer.clone(),
                row.s_ip.clone(),
            )
        };
        let rows = detection.alerts(selection);
        rows.iter().any(|other| key(other) == key(row))
    };
    let lines = row.connections_count;
    let mut removes = false;
    for (index, (exclusion, matched)) in list.iter().zip(&of_row).enumerate() {
        if matched.whole == 0 {
            continue;
        }
        let alone = !stands(&Selection::Only(index));
        removes |= alone;
        let effect = if alone {
            "takes it out"
        } else {
            "does not take it out alone"
        };
        writeln!(
            out,
            "{} {effect}: it matches {} of {lines} lines, at stage \"{}\"",
            visible(exclusion.id().as_bytes()),
            matched.whole,
            exclusion.stage().name()
        )?;
        tell_conditions(out, exclusion, matched, lines)?;
    }
    let is_gone = !stands(&Selection::All);
    if is_gone && !removes {
        writeln!(out, "together they take it out")?;
    }
    if !is_gone {
        writeln!(out, "the row stands")?;
        // The nearest miss: whose scarcest condition matches the most lines.
        let scarcest = |matched: &OfRow| matched.conditions.iter().min().copied().unwrap_or(lines);
        let missing = list.iter().zip(&of_row).filter(|(_, one)| one.whole == 0);
        let holding = |matched: &OfRow| {
            let held = matched.conditions.iter().filter(|lines| **lines > 0);
            held.count()
        };
        let nearest = missing.max_by_key(|(_, one)| (scarcest(one), holding(one)));
        if let Some((exclusion, matched)) = nearest {
            writeln!(
                out,
                "the nearest miss is {}",
                visible(exclusion.id().as_bytes())
            )?;
            tell_conditions(out, exclusion, matched, lines)?;
        }
    }
    Ok(())
}

fn tell_conditions(
    out: &mut impl Write,
    exclusion: &Exclusion,
    matched: &OfRow,
    lines: u64,
) -> io::Result<()> {
    if !exclusion.is_enabled() {
        writeln!(out, "  it is switched off")?;
    }
    for (condition, held) in exclusion.conditions().iter().zip(&matched.conditions) {
        writeln!(
            out,
            "  {} holds for {held} of {lines} lines",
            visible(condition.to_string().as_bytes())
        )?;
    }
    let (starts, expires) = (exclusion.starts(), exclusion.expires());
    if let Some(starts) = starts {
        writeln!(out, "  it holds from {starts} on")?;
    }
    if let Some(expires) = expires {
        writeln!(out, "  it holds before {expires}")?;
    }
    Ok(())
}
