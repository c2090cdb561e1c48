//! Alerts as a table, CSV, JSON or NDJSON, with the column names of the query.

use super::json::{write_line, write_pretty};
use super::terminal::{plain_table, write_plain};
use scanbench_detector::{Alert, Episode, Published};
use scanbench_w3c::{inert_json, visible};
use serde::Serialize;
use std::io::{self, Write};

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a person: the keys, the counts and the first of each set.
    Table,
    /// The 16 columns and `capped`; sets as JSON arrays, as Sentinel exports them. Of a rule that was taken over from a
    /// file, who it is besides. No cell is a formula, and no character acts on a terminal.
    Csv,
    /// The same with the very texts of the log, for programs.
    RawCsv,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Ndjson,
}

/// What a row is in each format.
trait Row: Serialize {
    /// Columns of the table.
    const SHOWN: &'static [&'static str];
    /// Columns of the CSV.
    const COLUMNS: &'static [&'static str];

    fn shown(&self) -> Vec<String>;

    fn cells(&self) -> serde_json::Result<Vec<String>>;
}

/// Columns of the CSV that say who the rule is.
const RULE: [&str; 5] = [
    "rule_id",
    "rule_name",
    "rule_severity",
    "rule_tactics",
    "rule_techniques",
];

/// Writes rows of a rule, which in JSON stands in each already. With no rows, `Table` writes nothing, `Csv` the header and
/// `Json` an empty array.
///
/// # Errors
/// Where the output fails.
pub fn write(
    out: &mut dyn Write,
    alerts: &[Alert],
    rule: Option<&Published>,
    format: Format,
) -> io::Result<()> {
    let Some(rule) = rule else {
        return write_rows(out, alerts, format, &[], &[]);
    };
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    let cells = [
        word(&rule.id),
        word(&rule.name),
        word(&rule.severity),
        serde_json::to_string(&rule.tactics)?,
        serde_json::to_string(&rule.techniques)?,
    ];
    write_rows(out, alerts, format, &RULE, &cells)
}

/// Writes episodes.
///
/// # Errors
/// Where the output fails.
pub fn write_episodes(out: &mut dyn Write, episodes: &[Episode], format: Format) -> io::Result<()> {
    write_rows(out, episodes, format, &[], &[])
}

/// Writes rows; in CSV, each with some more cells that are the same for all.
fn write_rows<R: Row>(
    out: &mut dyn Write,
    rows: &[R],
    format: Format,
    columns: &[&str],
    cells: &[String],
) -> io::Result<()> {
    match format {
        Format::Table if rows.is_empty() => Ok(()),
        Format::Table => {
            let mut table = plain_table(R::SHOWN);
            for row in rows {
                table.add_row(row.shown());
            }
            write_plain(out, &table)
        }
        Format::Csv | Format::RawCsv => {
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record(R::COLUMNS.iter().chain(columns))?;
            for row in rows {
                let row = row.cells()?;
                let all = row.iter().chain(cells);
                if format == Format::RawCsv {
                    csv.write_record(all)?;
                } else {
                    csv.write_record(all.map(|cell| harmless(cell)))?;
                }
            }
            csv.flush()
        }
        Format::Json => write_pretty(out, &rows),
        Format::Ndjson => rows.iter().try_for_each(|row| write_line(out, row)),
    }
}

impl Row for Episode {
    const SHOWN: &'static [&'static str] = &[
        "Start",
        "End",
        "cIP",
        "Computer",
        "sIP",
        "rows",
        "most",
        "set_sPort",
    ];
    const COLUMNS: &'static [&'static str] = Self::SHOWN;

    fn shown(&self) -> Vec<String> {
        vec![
            self.start.to_string(),
            self.end.to_string(),
            shown(&self.c_ip),
            shown(&self.computer),
            shown(&self.s_ip),
            self.rows.to_string(),
            self.most.to_string(),
            ports(&self.ports),
        ]
    }

    fn cells(&self) -> serde_json::Result<Vec<String>> {
        Ok(vec![
            self.start.to_string(),
            self.end.to_string(),
            self.c_ip.clone(),
            self.computer.clone(),
            self.s_ip.clone(),
            self.rows.to_string(),
            self.most.to_string(),
            serde_json::to_string(&self.ports)?,
        ])
    }
}

impl Row for Alert {
    const SHOWN: &'static [&'static str] = &[
        "TimeGenerated",
        "cIP",
        "Computer",
        "sIP",
        "portCount",
        "ConnectionsCount",
        "set_sPort",
        "set_csUserAgent",
    ];
    const COLUMNS: &'static [&'static str] = &[
        "TimeGenerated",
        "cIP",
        "set_sPort",
        "set_csUserName",
        "set_decodedUriQuery",
        "Computer",
        "set_sSiteName",
        "sIP",
        "set_csUserAgent",
        "set_csMethod",
        "set_scStatusFull",
        "set_scStatusFull_Friendly",
        "set_scWin32Status_Hex",
        "set_scWin32Status_Friendly",
        "ConnectionsCount",
        "portCount",
        "capped",
    ];

    fn shown(&self) -> Vec<String> {
        let capped = self.capped.contains(&"set_sPort");
        vec![
            self.time_generated.to_string(),
            shown(&self.c_ip),
            shown(&self.computer),
            shown(&self.s_ip),
            format!(
                "{}{}",
                self.port_count,
                if capped { " (capped)" } else { "" }
            ),
            self.connections_count.to_string(),
            ports(&self.set_s_port),
            first_of(&self.set_cs_user_agent),
        ]
    }

    fn cells(&self) -> serde_json::Result<Vec<String>> {
        let set = |set: &[String]| serde_json::to_string(set);
        Ok(vec![
            self.time_generated.to_string(),
            self.c_ip.clone(),
            serde_json::to_string(&self.set_s_port)?,
            set(&self.set_cs_user_name)?,
            set(&self.set_decoded_uri_query)?,
            self.computer.clone(),
            set(&self.set_s_site_name)?,
            self.s_ip.clone(),
            set(&self.set_cs_user_agent)?,
            set(&self.set_cs_method)?,
            set(&self.set_sc_status_full)?,
            set(&self.set_sc_status_full_friendly)?,
            set(&self.set_sc_win32_status_hex)?,
            set(&self.set_sc_win32_status_friendly)?,
            self.connections_count.to_string(),
            self.port_count.to_string(),
            serde_json::to_string(&self.capped)?,
        ])
    }
}

/// Text from a log for one cell: nothing acts, and no longer than reads well.
fn shown(text: &str) -> String {
    const WIDTH: usize = 40;
    let text = visible(text.as_bytes());
    match text.char_indices().nth(WIDTH) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

fn first_of(set: &[String]) -> String {
    match set {
        [] => String::new(),
        [only] => shown(only),
        [first, rest @ ..] => format!("{} (+{} more)", shown(first), rest.len()),
    }
}

/// `80,443,8001-8058`, the first few runs of it.
fn ports(set: &[u16]) -> String {
    const RUNS: usize = 4;
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for &port in set {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(port) => *last = port,
            _ => runs.push((port, port)),
        }
    }
    let mut text: Vec<String> = runs
        .iter()
        .take(RUNS)
        .map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            }
        })
        .collect();
    if runs.len() > RUNS {
        text.push("…".to_owned());
    }
    text.join(",")
}

/// A cell in which nothing acts, and which no spreadsheet runs: a formula gets a `'` in front (OWASP, *CSV
/// Injection*). A lone `-`, IIS's word for nothing, is no formula. A set begins with `[`; as JSON it stays JSON.
fn harmless(cell: &str) -> String {
    if cell.starts_with('[') {
        return inert_json(cell.to_owned());
    }
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell != "-";
    format!(
        "{}{}",
        if risky { "'" } else { "" },
        visible(cell.as_bytes())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_never_formulas() {
        for (cell, safe) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2", "'-2"),
            ("-", "-"),
            ("10.0.0.1", "10.0.0.1"),
            ("\t=1", "'\\t=1"),
            ("\x1b[31m", "\\x1b[31m"),
            ("[\"\u{9b}31m\"]", "[\"\\u009b31m\"]"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), safe);
        }
    }

    #[test]
    fn runs_of_ports() {
        assert_eq!(ports(&[80, 443, 8001, 8002, 8003]), "80,443,8001-8003");
        assert_eq!(ports(&[1, 3, 5, 7, 9]), "1,3,5,7,…");
        assert_eq!(ports(&[65534, 65535]), "65534-65535");
        assert_eq!(ports(&[]), "");
    }

    #[test]
    fn no_rows() {
        for (format, text) in [
            (Format::Table, ""),
            (Format::Json, "[]\n"),
            (Format::Ndjson, ""),
        ] {
            let mut out = Vec::new();
            write(&mut out, &[], None, format).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
