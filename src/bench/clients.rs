//! Logs that differ in nothing but the number of distinct clients, to see how a detector's time grows with them.
//!
//! Lines have the same length and the same times whatever the number of clients, who come one after the other. All ask
//! for one of four ports, so no row is right.

use super::cache::Kept;
use crate::eval::GroundTruth;
use scanbench_generator::manifest::hex;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Addresses that have the same length: three digits in each of the last three groups.
pub const MOST_CLIENTS: u64 = 156 * 156 * 156;
/// More lines tell no more.
const MOST_LINES: u64 = 1_000_000;
/// Seconds of the day over which lines are spread.
const DAY: u64 = 86_400;
/// Lines for each client: a hundred times as many clients as the first log has, in the last.
const LINES_PER_CLIENT: [u64; 3] = [1000, 100, 10];

/// Writes the logs into a folder, each into one of its own, fewest clients first. They have about as many lines as
/// `lines`, or a million.
///
/// # Errors
/// Where they cannot be written.
pub fn write(folder: &Path, lines: u64) -> io::Result<Vec<Kept>> {
    let lines = lines.clamp(1000, MOST_LINES);
    let numbers = LINES_PER_CLIENT.map(|each| (lines / each).min(MOST_CLIENTS));
    numbers
        .into_iter()
        .map(|clients| write_one(&folder.join(format!("clients-{clients}")), lines, clients))
        .collect()
}

fn write_one(folder: &Path, lines: u64, clients: u64) -> io::Result<Kept> {
    let place = folder.join("logs/BENCH01/W3SVC1");
    fs::create_dir_all(&place)?;
    let path = place.join("u_ex261102.log");
    let mut log = BufWriter::new(File::create(&path)?);
    log.write_all(
        b"#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-11-02 00:00:00\r\n\
          #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) \
          cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n",
    )?;
    for line in 0..lines {
        let second = line * DAY / lines;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let client = line % clients;
        let port = [1080, 1443, 8080, 8443][usize::try_from(client % 4).unwrap_or_default()];
        let (first, middle, last) = (client / (156 * 156), client / 156 % 156, client % 156);
        write!(
            log,
            "2026-11-02 {hour:02}:{minute:02}:{second:02} 10.1.0.9 GET /index.html - {port} - \
             100.{}.{}.{} Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - 200 0 0 15\r\n",
            100 + first,
            100 + middle,
            100 + last,
        )?;
    }
    log.into_inner().map_err(io::IntoInnerError::into_error)?;
    let bytes = fs::metadata(&path)?.len();
    let what = format!("clients {lines} {clients}");
    Ok(Kept {
        folder: folder.to_owned(),
        logs: vec![path],
        bytes,
        // What it is made from, as nothing in it is drawn by lot.
        fingerprint: hex(&Sha256::digest(what)),
        truth: GroundTruth {
            scenario: "clients".to_owned(),
            lines,
            ..GroundTruth::default()
        },
        clients: Some(clients),
        is_new: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_same_but_for_clients() {
        let scratch = tempfile::tempdir().unwrap();
        let logs = write(scratch.path(), 2000).unwrap();
        let mut sizes = BTreeSet::new();
        for (log, expected) in logs.iter().zip([2, 20, 200]) {
            let text = fs::read_to_string(&log.logs[0]).unwrap();
            let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
            assert_eq!(lines.len(), 2000);
            let clients: BTreeSet<&str> = lines
                .iter()
                .map(|line| line.split(' ').nth(8).unwrap())
                .collect();
            assert_eq!(clients.len(), expected);
            assert_eq!(log.clients, Some(expected as u64));
            assert!(lines.is_sorted_by_key(|line| line.get(..19)));
            sizes.insert(log.bytes);
        }
        assert_eq!(sizes.len(), 1, "{sizes:?}");
    }
}
