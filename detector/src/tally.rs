//! What is counted of some lines: the query's `summarize`.

use crate::alert::{Alert, Counted};
use crate::capped_set::CappedSet;
use crate::facts::{Facts, TEXT_SETS};
use crate::rule::{Count, Rule};
use scanbench_w3c::Timestamp;
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;

type Limit = Option<NonZeroUsize>;
type TextSet = CappedSet<Box<[u8]>>;

/// Counts and sets over some lines. Two tallies merge to the tally of all their lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    lines: u64,
    ports: CappedSet<u16>,
    /// Values of the field that counts, where that is not the port.
    counted: TextSet,
    texts: [TextSet; TEXT_SETS.len()],
}

impl Tally {
    /// Adds a line; gives how many bytes more it takes than before.
    pub(crate) fn add(&mut self, facts: &Facts<'_>, limit: Limit) -> isize {
        let mut more = 0;
        self.lines += 1;
        if let Some(port) = facts.port {
            more += self.ports.insert(&port, limit);
        }
        if let Some(value) = facts.counted {
            more += self.counted.insert(value, limit);
        }
        for (set, value) in self.texts.iter_mut().zip(&facts.texts) {
            more += set.insert(&**value, limit);
        }
        more
    }

    /// Bytes that its values take.
    pub(crate) fn bytes(&self) -> usize {
        let texts = self.texts.iter().chain([&self.counted]);
        self.ports.bytes::<u16>() + texts.map(CappedSet::bytes::<[u8]>).sum::<usize>()
    }

    /// Lines that were added.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Adds all lines of another; gives how many bytes more it takes than before.
    pub(crate) fn merge(&mut self, other: &Self, limit: Limit) -> isize {
        let mut more = 0;
        self.lines += other.lines;
        for port in other.ports.iter() {
            more += self.ports.insert(port, limit);
        }
        let pairs = self.texts.iter_mut().zip(&other.texts);
        for (mine, theirs) in pairs.chain([(&mut self.counted, &other.counted)]) {
            for value in theirs.iter() {
                more += mine.insert(&**value, limit);
            }
        }
        more
    }

    /// Distinct values of the field that counts: `arraylength(set_sPort)` in the rule.
    pub(crate) fn distinct(&self, count: Count) -> u64 {
        match count {
            Count::Port => self.ports.len() as u64,
            _ => self.counted.len() as u64,
        }
    }

    /// Gives each distinct value of the field that counts, as bytes.
    pub(crate) fn each_counted(&self, count: Count, give: &mut dyn FnMut(&[u8])) {
        match count {
            Count::Port => {
                for port in self.ports.iter() {
                    give(&port.to_be_bytes());
                }
            }
            _ => {
                for value in self.counted.iter() {
                    give(value);
                }
            }
        }
    }

    /// The row. `peak` is the count that was compared with the threshold.
    pub(crate) fn alert(&self, key: &RowKey<'_>, peak: u64, rule: &Rule) -> Alert {
        let (count, limit) = (rule.count, rule.set_limit);
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
        if reached(self.counted.len()) {
            capped.push("counted");
        }
        let texts = |set: &TextSet| set.iter().map(|value| text(value)).collect::<Vec<String>>();
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
        ] = self.texts.each_ref().map(texts);
        let mut alert = Alert {
            time_generated: key.start,
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
            port_count: match count {
                Count::Port => peak,
                _ => self.ports.len() as u64,
            },
            capped,
            window_end: key.end,
            run: key.run,
            counted: (count != Count::Port).then(|| Counted {
                field: count.field().name(),
                distinct: peak,
                values: texts(&self.counted),
            }),
            published: rule.published.clone(),
        };
        if let Some(published) = &rule.published {
            published.word(&mut alert);
        }
        alert
    }
}

/// A tally as checkpoints have it. Texts are bytes of a log, each as the character of its number: plain where the
/// bytes are ASCII, and nothing that JSON cannot say.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TallyState {
    lines: u64,
    ports: Vec<u16>,
    counted: Vec<String>,
    texts: [Vec<String>; TEXT_SETS.len()],
}

impl Tally {
    pub(crate) fn state(&self) -> TallyState {
        let texts = |set: &TextSet| set.iter().map(|text| as_characters(text)).collect();
        TallyState {
            lines: self.lines,
            ports: self.ports.iter().copied().collect(),
            counted: texts(&self.counted),
            texts: self.texts.each_ref().map(texts),
        }
    }
}

impl TallyState {
    pub(crate) fn tally(&self) -> Tally {
        let set = |texts: &Vec<String>| {
            let mut set = TextSet::default();
            for text in texts {
                set.insert(&*as_bytes(text), None);
            }
            set
        };
        let mut ports = CappedSet::default();
        for port in &self.ports {
            ports.insert(port, None);
        }
        Tally {
            lines: self.lines,
            ports,
            counted: set(&self.counted),
            texts: self.texts.each_ref().map(set),
        }
    }
}

/// Bytes as characters of the same numbers.
pub(crate) fn as_characters(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The bytes again; a character that is none is left out.
pub(crate) fn as_bytes(characters: &str) -> Vec<u8> {
    characters
        .chars()
        .filter_map(|character| u8::try_from(character).ok())
        .collect()
}

/// What tells a row from all others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowKey<'a> {
    /// Start of the window; of a moving one, its first line.
    pub(crate) start: Timestamp,
    /// End of the window, where it is not the rule's bin.
    pub(crate) end: Option<Timestamp>,
    /// The run that sees it, where the rule is scheduled.
    pub(crate) run: Option<Timestamp>,
    pub(crate) client: &'a [u8],
    pub(crate) computer: &'a [u8],
    pub(crate) server: &'a [u8],
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
