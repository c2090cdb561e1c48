//! Alerts as a table, CSV, JSON or NDJSON, with the column names of the query.

use super::terminal::{plain_table, write_plain};
use scanbench_detector::{Alert, Episode};
use scanbench_w3c::visible;
use std::io::{self, Write};

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a person: the keys, the counts and the first of each set.
    Table,
    /// The 16 columns and `capped`; sets as JSON arrays, as Sentinel exports them.
    Csv,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Ndjson,
}

/// Writes rows. With no rows, `Table` writes nothing, `Csv` the header and `Json` an empty array.
///
/// # Errors
/// Where the output fails.
pub fn write(out: &mut dyn Write, alerts: &[Alert], format: Format) -> io::Result<()> {
    match format {
        Format::Table => write_table(out, alerts),
        Format::Csv => write_csv(out, alerts),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, alerts)?;
            writeln!(out)
        }
        Format::Ndjson => {
            for alert in alerts {
                serde_json::to_writer(&mut *out, alert)?;
                writeln!(out)?;
            }
            Ok(())
        }
    }
}

/// Writes episodes.
///
/// # Errors
/// Where the output fails.
pub fn write_episodes(out: &mut dyn Write, episodes: &[Episode], format: Format) -> io::Result<()> {
    match format {
        Format::Table => {
            if episodes.is_empty() {
                return Ok(());
            }
            let mut table = plain_table(&[
                "Start",
                "End",
                "cIP",
                "Computer",
                "sIP",
                "rows",
                "most",
                "set_sPort",
            ]);
            for one in episodes {
                table.add_row([
                    one.start.to_string(),
                    one.end.to_string(),
                    shown(&one.c_ip),
                    shown(&one.computer),
                    shown(&one.s_ip),
                    one.rows.to_string(),
                    one.most.to_string(),
                    ports(&one.ports),
                ]);
            }
            write_plain(out, &table)
        }
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, episodes)?;
            writeln!(out)
        }
        Format::Csv => {
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record([
                "Start",
                "End",
                "cIP",
                "Computer",
                "sIP",
                "rows",
                "most",
                "set_sPort",
            ])?;
            for one in episodes {
                csv.write_record([
                    one.start.to_string(),
                    one.end.to_string(),
                    no_formula(&one.c_ip),
                    no_formula(&one.computer),
                    no_formula(&one.s_ip),
                    one.rows.to_string(),
                    one.most.to_string(),
                    serde_json::to_string(&one.ports)?,
                ])?;
            }
            csv.flush()
        }
        Format::Ndjson => {
            for one in episodes {
                serde_json::to_writer(&mut *out, one)?;
                writeln!(out)?;
            }
            Ok(())
        }
    }
}

fn write_table(out: &mut dyn Write, alerts: &[Alert]) -> io::Result<()> {
    if alerts.is_empty() {
        return Ok(());
    }
    let mut table = plain_table(&[
        "TimeGenerated",
        "cIP",
        "Computer",
        "sIP",
        "portCount",
        "ConnectionsCount",
        "set_sPort",
        "set_csUserAgent",
    ]);
    for alert in alerts {
        let capped = alert.capped.contains(&"set_sPort");
        table.add_row([
            alert.time_generated.to_string(),
            shown(&alert.c_ip),
            shown(&alert.computer),
            shown(&alert.s_ip),
            format!(
                "{}{}",
                alert.port_count,
                if capped { " (capped)" } else { "" }
            ),
            alert.connections_count.to_string(),
            ports(&alert.set_s_port),
            first_of(&alert.set_cs_user_agent),
        ]);
    }
    write_plain(out, &table)
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

fn write_csv(out: &mut dyn Write, alerts: &[Alert]) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
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
    ])?;
    for alert in alerts {
        let set = |set: &[String]| serde_json::to_string(set);
        csv.write_record([
            alert.time_generated.to_string(),
            no_formula(&alert.c_ip),
            serde_json::to_string(&alert.set_s_port)?,
            set(&alert.set_cs_user_name)?,
            set(&alert.set_decoded_uri_query)?,
            no_formula(&alert.computer),
            set(&alert.set_s_site_name)?,
            no_formula(&alert.s_ip),
            set(&alert.set_cs_user_agent)?,
            set(&alert.set_cs_method)?,
            set(&alert.set_sc_status_full)?,
            set(&alert.set_sc_status_full_friendly)?,
            set(&alert.set_sc_win32_status_hex)?,
            set(&alert.set_sc_win32_status_friendly)?,
            alert.connections_count.to_string(),
            alert.port_count.to_string(),
            serde_json::to_string(&alert.capped)?,
        ])?;
    }
    csv.flush()
}

/// A cell that a spreadsheet would run as a formula gets a `'` in front (OWASP, *CSV Injection*). A lone `-`,
/// IIS's word for nothing, is no formula. Sets begin with `[` and need no care.
fn no_formula(cell: &str) -> String {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell != "-";
    format!("{}{cell}", if risky { "'" } else { "" })
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
            ("", ""),
        ] {
            assert_eq!(no_formula(cell), safe);
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
            write(&mut out, &[], format).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
