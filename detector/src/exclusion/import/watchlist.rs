//! A Sentinel watchlist: CSV, with the columns of Microsoft's template "Network Addresses", those of `exclusions
//! export`, or columns that are named as fields are. Each row is an exclusion; rows with one id are one exclusion.

use super::Draft;
use super::draft::{impossible, quoted_list};
use crate::exclusion::Stage;
use crate::exclusion::codes::SYNTAX;
use crate::exclusion::subject::Subject;
use scanbench_spec::{Finding, Source};
use std::collections::HashMap;

/// What a column is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    Match(String),
    Id,
    Name,
    Reason,
    Owner,
    Starts,
    Expires,
    Stage,
    /// Known and of no use here.
    Ignored,
}

impl Column {
    fn of(header: &str) -> Option<Self> {
        let plain: String = header
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|char| char.to_ascii_lowercase())
            .collect();
        Some(match plain.as_str() {
            "ipsubnet" | "subnet" | "network" | "cidr" | "ipaddress" | "ip" | "ipaddr"
            | "searchkey" | "iprange" => Self::Match("c-ip".to_owned()),
            "port" | "ports" | "destinationport" => Self::Match("s-port".to_owned()),
            "host" | "hostname" | "server" => Self::Match("s-computername".to_owned()),
            "id" | "exclusionid" => Self::Id,
            "rangename" | "name" | "title" | "assetname" => Self::Name,
            "reason" | "description" | "comment" | "notes" => Self::Reason,
            "owner" | "contact" => Self::Owner,
            "starts" | "validfrom" | "start" => Self::Starts,
            "expires" | "expiry" | "expirydate" | "validuntil" | "expirationdate" => Self::Expires,
            "stage" => Self::Stage,
            "tags" | "assettype" | "assetid" | "assetfqdn" => Self::Ignored,
            _ => match Subject::of(header.trim()) {
                Ok(Subject::Time | Subject::Custom(_)) | Err(_) => return None,
                Ok(subject) => Self::Match(subject.to_string()),
            },
        })
    }
}

/// Whether a line is a header with at least one column to match on.
pub(super) fn is_header(line: &str) -> bool {
    let mut reader = reader(line);
    reader.headers().is_ok_and(|headers| {
        headers
            .iter()
            .any(|header| matches!(Column::of(header), Some(Column::Match(_))))
    })
}

fn reader(text: &str) -> csv::Reader<&[u8]> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    csv::ReaderBuilder::new().from_reader(text.as_bytes())
}

pub(super) fn drafts(source: &Source, findings: &mut Vec<Finding>) -> Vec<Draft> {
    let mut reader = reader(source.text());
    let mark = source.text().len() - source.text().trim_start_matches('\u{feff}').len();
    let place = |position: Option<&csv::Position>| {
        let byte = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        let start = (byte + mark).min(source.text().len());
        let rest = source.text().get(start..).unwrap_or_default();
        start..start + rest.find(['\r', '\n']).unwrap_or(rest.len())
    };
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => {
            findings.push(Finding::new(error.to_string()).code(&SYNTAX));
            return Vec::new();
        }
    };
    let columns: Vec<Option<Column>> = headers.iter().map(Column::of).collect();
    for (header, _) in headers
        .iter()
        .zip(&columns)
        .filter(|(_, column)| column.is_none())
    {
        findings.push(impossible(
            format!("the column \"{header}\" is not known"),
            "known are those of the template \"Network Addresses\", those of `exclusions export`, and names of fields",
            &place(None),
        ));
    }
    let mut drafts: Vec<Draft> = Vec::new();
    let mut by_id: HashMap<String, usize> = HashMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let at = place(error.position());
                findings.push(Finding::new(error.to_string()).at(at).code(&SYNTAX));
                continue;
            }
        };
        let span = place(record.position());
        let draft = draft(&record, &columns, &span, findings);
        // Rows of one id differ in one list of values, as `exclusions export` writes them.
        if let Some(known) = by_id.get(&draft.id) {
            join(&mut drafts[*known], &draft, findings);
        } else {
            if !draft.id.is_empty() {
                by_id.insert(draft.id.clone(), drafts.len());
            }
            drafts.push(draft);
        }
    }
    for draft in &mut drafts {
        draft.matches = std::mem::take(&mut draft.matches)
            .into_iter()
            .map(|(key, cells)| {
                let cells: Vec<String> = cells.split('\n').map(str::to_owned).collect();
                (key, quoted_list(&cells))
            })
            .collect();
        if draft.id.is_empty() {
            draft.id = draft.name.clone().unwrap_or_else(|| "watchlist".to_owned());
        }
    }
    drafts
}

/// A row, with the values of a match one a line.
fn draft(
    record: &csv::StringRecord,
    columns: &[Option<Column>],
    span: &std::ops::Range<usize>,
    findings: &mut Vec<Finding>,
) -> Draft {
    let mut draft = Draft {
        span: span.clone(),
        ..Draft::default()
    };
    for (column, cell) in columns.iter().zip(record) {
        // What `export` puts before a cell that a spreadsheet would take for a formula.
        let cell = match cell.strip_prefix('\'') {
            Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
            _ => cell,
        };
        let cell = cell.trim();
        if cell.is_empty() {
            continue;
        }
        let text = Some(cell.to_owned());
        match column {
            Some(Column::Match(key)) => {
                let splits = matches!(key.as_str(), "c-ip" | "s-ip" | "s-port");
                let values: Vec<&str> = cell
                    .split(|char: char| {
                        splits && (matches!(char, ',' | ';') || char.is_whitespace())
                    })
                    .filter(|value| !value.is_empty())
                    .collect();
                draft.matches.push((key.clone(), values.join("\n")));
            }
            Some(Column::Id) => cell.clone_into(&mut draft.id),
            Some(Column::Name) => draft.name = text,
            Some(Column::Reason) => draft.reason = text,
            Some(Column::Owner) => draft.owner = text,
            Some(Column::Starts) => draft.starts = Some(moment(cell)),
            Some(Column::Expires) => draft.expires = Some(moment(cell)),
            Some(Column::Stage) => match cell {
                "event" => draft.stage = Some(Stage::Event),
                "alert" => draft.stage = Some(Stage::Alert),
                _ => findings.push(impossible(
                    format!("\"{cell}\" is no stage"),
                    "event or alert",
                    span,
                )),
            },
            Some(Column::Ignored) | None => {}
        }
    }
    if draft.matches.is_empty() {
        findings.push(impossible(
            "this row says nothing to match on",
            "give it an address",
            span,
        ));
    }
    draft
}

/// A day alone is taken from its first moment on, UTC.
fn moment(cell: &str) -> String {
    let is_day = cell.len() == 10
        && cell
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_day {
        format!("{cell}T00:00:00Z")
    } else {
        cell.to_owned()
    }
}

fn join(known: &mut Draft, other: &Draft, findings: &mut Vec<Finding>) {
    let differing: Vec<usize> = (0..known.matches.len().max(other.matches.len()))
        .filter(|index| known.matches.get(*index) != other.matches.get(*index))
        .collect();
    match differing.as_slice() {
        [] => {}
        [one]
            if known.matches.len() == other.matches.len()
                && known.matches[*one].0 == other.matches[*one].0 =>
        {
            known.matches[*one].1 += "\n";
            known.matches[*one].1 += &other.matches[*one].1;
        }
        _ => findings.push(impossible(
            format!(
                "rows with the id \"{}\" differ in more than one list",
                known.id
            ),
            "give each its own id",
            &other.span,
        )),
    }
}
