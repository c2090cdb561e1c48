//! Arbitrary log lines.

use proptest::prelude::*;
use std::fmt::Write as _;

/// A line as the oracle sees it.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) second: u32,
    pub(crate) client: &'static str,
    pub(crate) computer: &'static str,
    pub(crate) server: &'static str,
    pub(crate) port: Option<u16>,
    pub(crate) agent: &'static str,
    pub(crate) stem: &'static str,
    pub(crate) query: &'static str,
    pub(crate) status: &'static str,
    pub(crate) win32: &'static str,
}

pub(crate) fn line() -> impl Strategy<Value = Line> {
    (
        // A few minutes, the edges of bins more often.
        prop_oneof![0_u32..240, prop::sample::select(vec![59, 60, 61, 119, 120])],
        prop::sample::select(vec![
            "10.0.0.10",
            "192.168.7.3",
            "2001:db8:0:1::1234:5678",
            "-",
        ]),
        prop::sample::select(vec!["WEB01", "WEB01", "web01"]),
        prop::sample::select(vec!["10.0.0.1", "10.0.0.1", "10.0.0.2"]),
        prop::option::weighted(0.9, 8000_u16..8009),
        prop::sample::select(vec!["-", "curl/8.0", "Nessus+10"]),
        prop::sample::select(vec!["/", "/a", "/b", "/c", "/d"]),
        prop::sample::select(vec!["-", "a=1", "a=%31", "b"]),
        prop::sample::select(vec!["200 0", "401 1", "- -"]),
        prop::sample::select(vec!["0", "-", "2148074254"]),
    )
        .prop_map(
            |(second, client, computer, server, port, agent, stem, query, status, win32)| Line {
                second,
                client,
                computer,
                server,
                port,
                agent,
                stem,
                query,
                status,
                win32,
            },
        )
}

pub(crate) fn write_log(lines: &[Line]) -> String {
    let mut log = "#Fields: date time s-computername s-ip cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) \
                   sc-status sc-substatus sc-win32-status\n"
        .to_owned();
    for line in lines {
        let port = line.port.map_or("-".to_owned(), |port| port.to_string());
        let _ = writeln!(
            log,
            "2026-11-02 00:{:02}:{:02} {} {} {} {} {port} {} {} {} {}",
            line.second / 60,
            line.second % 60,
            line.computer,
            line.server,
            line.stem,
            line.query,
            line.client,
            line.agent,
            line.status,
            line.win32
        );
    }
    log
}
