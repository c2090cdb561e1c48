//! Columns of rows: what each holds, and whether our rows have it.

use super::lines::Content;
use super::syntax::{Expr, ExprKind};
use scanbench_spec::{Finding, Severity};
use std::ops::Range;
use std::time::Duration;

/// The limits of sets that say none (Microsoft, *`make_set()` aggregation function*).
pub(super) const OLD_LIMIT: usize = 128;
pub(super) const NEW_LIMIT: usize = 1_048_576;
/// `bin()` counts from 0001-01-01, rows from 1970-01-01: so many days later.
pub(super) const DAYS_BEFORE_1970: u64 = 719_162;

/// A column of rows.
#[derive(Clone, Debug)]
pub(super) enum Column {
    Bin,
    /// `cIP`, `Computer` or `sIP`.
    Key(&'static str),
    Lines,
    Set {
        of: Content,
        limit: usize,
    },
    /// How many values a set has; without a limit for `dcount` and `count_distinct`.
    Distinct {
        of: Content,
        limit: Option<usize>,
        is_estimate: bool,
    },
    /// The same as another column, under another name.
    Copy(String),
    /// Something that our rows do not have.
    Absent,
}

pub(super) struct RowColumn {
    pub(super) name: String,
    pub(super) column: Column,
    pub(super) span: Range<usize>,
}

/// What is compared with what.
pub(super) struct Threshold {
    pub(super) of: Content,
    /// The limit of its set.
    pub(super) limit: Option<usize>,
    pub(super) is_estimate: bool,
    pub(super) least: u64,
    pub(super) span: Range<usize>,
}

/// That our rows have a column of the result.
pub(super) fn check(
    column: &RowColumn,
    counted: &Content,
    limit: usize,
    notes: &mut Vec<Finding>,
) -> Result<(), Finding> {
    let absent = |why: &str| {
        Finding::new(format!("rows have no column for `{}`: {why}", column.name))
            .at(column.span.clone())
            .help("leave it out of the result with project or project-away")
    };
    match &column.column {
        Column::Bin | Column::Key(_) | Column::Lines => Ok(()),
        Column::Copy(of) => {
            notes.push(note(
                &format!(
                    "`{}` is `{of}` once more, which rows have once",
                    column.name
                ),
                &column.span,
            ));
            Ok(())
        }
        Column::Distinct { of, .. } if of == counted => Ok(()),
        Column::Distinct { .. } => Err(absent("they count one thing")),
        Column::Set { of, limit: other } => {
            let shown = matches!(of, Content::Column(name) if ["sPort", "csUserName", "sSiteName", "csUserAgent", "csMethod"].contains(&name.as_str()));
            let computed = !matches!(of, Content::Column(_) | Content::Other);
            if !(shown || computed || of == counted) {
                return Err(absent("that set is not kept"));
            }
            if *other != limit {
                return Err(absent(&format!(
                    "its set keeps {other} values and that of what is counted {limit}, and rows have one limit for all"
                )));
            }
            Ok(())
        }
        Column::Absent => Err(absent("it is computed in a way that is not understood")),
    }
}

/// `set_` and the column's own name, as Kusto names what has no name.
pub(super) fn default_name(lead: &str, value: &Expr) -> String {
    match &value.kind {
        ExprKind::Name(name) => format!("{lead}{name}"),
        _ => lead.to_owned(),
    }
}

pub(super) fn bin_width(width: Duration, span: &Range<usize>) -> Result<Duration, Finding> {
    let millis = u64::try_from(width.as_millis()).unwrap_or(u64::MAX);
    let is_whole = millis >= 1000 && Duration::from_millis(millis) == width;
    // Both count bins from the same moment only if a whole number of them lies between their beginnings.
    if is_whole && (DAYS_BEFORE_1970 * 86_400_000).is_multiple_of(millis) {
        return Ok(width);
    }
    Err(Finding::new("bins of this width cannot be made")
        .at(span.clone())
        .help("expected at least 1s, and a width of which a whole number lies between the years 1 and 1970, as of all that divide a day"))
}

pub(super) fn note(message: &str, span: &Range<usize>) -> Finding {
    Finding::new(message)
        .at(span.clone())
        .severity(Severity::Note)
}
