//! What is counted of one group of lines: the query's `summarize`.

use crate::alert::Alert;
use crate::capped_set::CappedSet;
use crate::friendly::{status_friendly, status_full, url_decode, win32_friendly, win32_hex};
use scanbench_w3c::{Entry, Field, Timestamp};
use std::num::NonZeroUsize;

type Limit = Option<NonZeroUsize>;
type TextSet = CappedSet<Box<[u8]>>;

/// The sets of texts, in the order of their columns.
const TEXT_SETS: [&str; 9] = [
    "set_csUserName",
    "set_decodedUriQuery",
    "set_sSiteName",
    "set_csUserAgent",
    "set_csMethod",
    "set_scStatusFull",
    "set_scStatusFull_Friendly",
    "set_scWin32Status_Hex",
    "set_scWin32Status_Friendly",
];

/// Counts and sets over some lines. Two tallies merge to the tally of all their lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    lines: u64,
    ports: CappedSet<u16>,
    texts: [TextSet; TEXT_SETS.len()],
}

impl Tally {
    pub(crate) fn add(&mut self, entry: &Entry<'_>, limit: Limit) {
        self.lines += 1;
        if let Some(port) = entry.port() {
            self.ports.insert(&port, limit);
        }
        // A column that is not logged is the empty text in the table; a logged "-" stays "-".
        let value = |field| entry.get(field).unwrap_or_default();
        let query = url_decode(value(Field::CsUriQuery));
        let status = status_full(value(Field::ScStatus), value(Field::ScSubstatus));
        let code = win32_hex(value(Field::ScWin32Status));
        let values: [&[u8]; TEXT_SETS.len()] = [
            value(Field::CsUsername),
            &query,
            value(Field::SSitename),
            value(Field::CsUserAgent),
            value(Field::CsMethod),
            &status,
            status_friendly(&status).as_bytes(),
            code.as_bytes(),
            win32_friendly(&code).as_bytes(),
        ];
        for (set, value) in self.texts.iter_mut().zip(values) {
            set.insert(value, limit);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self, limit: Limit) {
        self.lines += other.lines;
        for port in other.ports.iter() {
            self.ports.insert(port, limit);
        }
        for (mine, theirs) in self.texts.iter_mut().zip(&other.texts) {
            for value in theirs.iter() {
                mine.insert(&**value, limit);
            }
        }
    }

    /// `arraylength(set_sPort)`.
    pub(crate) fn port_count(&self) -> u64 {
        self.ports.len() as u64
    }

    pub(crate) fn alert(&self, key: &AlertKey<'_>, limit: Limit) -> Alert {
        let reached = |len: usize| limit.is_some_and(|limit| len >= limit.get());
        let mut capped = Vec::new();
        if reached(self.ports.len()) {
            capped.push("set_sPort");
        }
        for (name, set) in TEXT_SETS.into_iter().zip(&self.texts) {
            if reached(set.len()) {
                capped.push(name);
            }
        }
        let [
            set_cs_user_name,
            set_decoded_uri_query,
            set_s_site_name,
            set_cs_user_agent,
            set_cs_method,
            set_sc_status_full,
            set_sc_status_full_friendly,
            set_sc_win32_status_hex,
            set_sc_win32_status_friendly,
        ] = self
            .texts
            .each_ref()
            .map(|set| set.iter().map(|value| text(value)).collect());
        Alert {
            time_generated: key.bin,
            c_ip: text(key.client),
            set_s_port: self.ports.iter().copied().collect(),
            set_cs_user_name,
            set_decoded_uri_query,
            computer: text(key.computer),
            set_s_site_name,
            s_ip: text(key.server),
            set_cs_user_agent,
            set_cs_method,
            set_sc_status_full,
            set_sc_status_full_friendly,
            set_sc_win32_status_hex,
            set_sc_win32_status_friendly,
            connections_count: self.lines,
            port_count: self.port_count(),
            capped,
        }
    }
}

/// The four keys of a row: `by bin(TimeGenerated, timeBin), cIP, Computer, sIP`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AlertKey<'a> {
    pub(crate) bin: Timestamp,
    pub(crate) client: &'a [u8],
    pub(crate) computer: &'a [u8],
    pub(crate) server: &'a [u8],
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
