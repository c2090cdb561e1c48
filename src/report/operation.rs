//! What scores mean in operation: how many rows a day, how late, and how likely a row is right where attacks are rare.

use super::number::grouped;
use super::story::Section;
use crate::eval::{Evaluation, Reach, Score, Spread};

/// Stands where nothing can be measured: neither 0 nor all.
pub(super) const UNMEASURED: &str = "unmeasured";

pub(super) fn section(evaluation: &Evaluation) -> Section {
    let mut columns = vec![cells(&evaluation.without_exclusions)];
    let mut header = vec!["", "the rule alone"];
    if !evaluation.exclusions.is_empty() {
        header.push("with exclusions");
        columns.push(cells(&evaluation.with_exclusions));
    }
    let rows = LABELS
        .iter()
        .enumerate()
        .map(|(line, label)| {
            let mut row = vec![(*label).to_owned()];
            row.extend(columns.iter().map(|column| column[line].clone()));
            row
        })
        .collect();
    Section {
        heading: "In operation".to_owned(),
        header,
        rows,
        notes: vec![reach(&evaluation.reach)],
    }
}

/// How late, and whom the rule could fire on, in two sentences.
pub(super) fn brief(evaluation: &Evaluation) -> Vec<String> {
    let [_, line, bin, schedule, ..] = cells(evaluation.in_force());
    let with = if evaluation.exclusions.is_empty() {
        ""
    } else {
        ", with exclusions"
    };
    vec![
        format!(
            "From an attack's first line until it is told{with}: by the line that reaches the threshold {line}; by the end \
             of its bin {bin}; by a daily run {schedule}."
        ),
        reach(&evaluation.reach),
    ]
}

const LABELS: [&str; 7] = [
    "rows a day, of them false",
    "told after: the line that reaches the threshold",
    "told after: the end of the bin",
    "told after: the daily run",
    "ports by then, in the bin",
    "F1 and MCC by key and bin, at this mix only",
    "precision if 1 key in 10,000 is malicious",
];

fn cells(score: &Score) -> [String; LABELS.len()] {
    let bins = score.bins.as_ref();
    let at_rate = bins.and_then(|bins| {
        let mut rates = bins.at_base_rates.iter();
        rates
            .find(|at| (at.base_rate - 1e-4).abs() < 1e-9)?
            .precision
    });
    [
        format!(
            "{}, {}",
            number(score.rows_a_day, 1),
            number(score.false_rows_a_day, 1)
        ),
        spread(score.delays.streaming_seconds, &|seconds| duration(seconds)),
        spread(score.delays.bin_seconds, &|seconds| duration(seconds)),
        spread(score.delays.schedule_seconds, &|seconds| duration(seconds)),
        spread(score.delays.ports_in_first_row, &|ports| {
            format!("{ports:.0}")
        }),
        format!(
            "{}, {}",
            number(bins.and_then(|bins| bins.f1), 2),
            number(bins.and_then(|bins| bins.mcc), 2)
        ),
        match at_rate {
            Some(share) => format!("{:.1} %", share * 100.0),
            None => UNMEASURED.to_owned(),
        },
    ]
}

/// With so many digits behind the point.
pub(super) fn number(number: Option<f64>, digits: usize) -> String {
    match number {
        Some(number) => format!("{number:.digits$}"),
        None => UNMEASURED.to_owned(),
    }
}

fn spread(spread: Spread, shown: &dyn Fn(f64) -> String) -> String {
    match (spread.median, spread.p95) {
        (Some(median), Some(p95)) => format!("median {}, p95 {}", shown(median), shown(p95)),
        _ => UNMEASURED.to_owned(),
    }
}

/// `41 s`, `9 min`, `13.4 h`.
fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 100.0 => format!("{seconds:.0} s"),
        seconds if seconds < 6000.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3600.0),
    }
}

fn reach(reach: &Reach) -> String {
    let (near, at_threshold) = reach.benign();
    let near = near.map_or_else(|| UNMEASURED.to_owned(), grouped);
    let keys = reach.keys.map_or_else(String::new, |keys| {
        format!(
            ", of {} keys (a client on a server in a bin)",
            grouped(keys)
        )
    });
    let warning = if at_threshold == 0 {
        ": no benign key reaches the rule here, so a precision of 1 would mean nothing"
    } else {
        ""
    };
    format!(
        "Benign keys near the rule, with 20 to 29 ports: {near}; that reach it, with 30 or more: {}{keys}{warning}.",
        grouped(at_threshold)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (seconds, text) in [(41.0, "41 s"), (540.0, "9 min"), (48_240.0, "13.4 h")] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn what_nothing_reaches_is_said() {
        let text = reach(&Reach::default());
        assert!(
            text.starts_with(
                "Benign keys near the rule, with 20 to 29 ports: unmeasured; that reach it, with 30 or more: 0: no benign"
            ),
            "{text}"
        );
    }
}
