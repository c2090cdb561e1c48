//! A Sentinel watchlist: the columns of Microsoft's template "Network Addresses" (IP Subnet, Range Name, Tags), and
//! beside them what else an exclusion says. A watchlist is a list of networks, and says nothing of ports or hours.

use super::{each, impossible, impossible_whole};
use crate::exclusion::{AddressRange, Exclusion, Subject, Test};
use scanbench_spec::Finding;

pub(super) fn write(list: &[&Exclusion]) -> Result<String, Vec<Finding>> {
    let rows = each(list, rows)?;
    let mut out = "IP Subnet,Range Name,Tags,Id,Stage,Starts,Expires,Owner,Reason\r\n".to_owned();
    for row in rows.into_iter().flatten() {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        out += &cells.join(",");
        out += "\r\n";
    }
    Ok(out)
}

fn rows(exclusion: &Exclusion, findings: &mut Vec<Finding>) -> Vec<[String; 9]> {
    const HELP: &str = "export it with --to kql, or split it into an exclusion of addresses alone";
    let mut networks = Vec::new();
    let mut has_addresses = false;
    for condition in exclusion.conditions() {
        match (condition.subject(), condition.test()) {
            (Subject::Client, Test::Addresses(ranges)) if !condition.is_negated() => {
                if std::mem::replace(&mut has_addresses, true) {
                    let why = "a watchlist cannot say two conditions on the client";
                    findings.push(impossible(exclusion, condition, why, HELP));
                }
                networks.extend(ranges.iter().flat_map(AddressRange::networks));
            }
            _ => {
                let why = "a watchlist is a list of client addresses";
                findings.push(impossible(exclusion, condition, why, HELP));
            }
        }
    }
    if !has_addresses {
        findings.push(impossible_whole(
            exclusion,
            "it names no client address",
            HELP,
        ));
    }
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let moment = |time: Option<scanbench_w3c::Timestamp>| {
        time.map_or_else(String::new, |time| time.to_string())
    };
    networks
        .into_iter()
        .map(|network| {
            [
                network.to_string(),
                text(exclusion.name().or(Some(exclusion.id()))),
                "[\"scanbench\"]".to_owned(),
                exclusion.id().to_owned(),
                exclusion.stage().name().to_owned(),
                moment(exclusion.starts()),
                moment(exclusion.expires()),
                text(exclusion.owner()),
                text(exclusion.reason()),
            ]
        })
        .collect()
}

/// A cell: quoted where it must be, and no formula where somebody opens the list in a spreadsheet.
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if is_formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains(['"', ',', '\n', '\r']) || is_formula {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}
