//! The windows that are open, by server, and when they close.

use super::bin::{Bin, Shed, Slot};
use super::carried::RunState;
use super::checkpoint::ToldState;
use super::moving::{Moving, Terms};
use super::row::{FollowedRow, State};
use crate::collector::KeyTexts;
use crate::facts::Facts;
use crate::names::Signature;
use crate::window::millis;
use crate::{Exclusions, Rule};
use scanbench_w3c::Record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A line that is counted, and where it came from.
pub(super) struct Seen<'a> {
    pub(super) keys: KeyTexts<'a>,
    pub(super) signature: &'a Signature,
    pub(super) file: u64,
    /// Where it begins in its file.
    pub(super) offset: u64,
    /// When its bytes came into the process.
    pub(super) arrived: Instant,
    /// Whether nothing from before it can come any more, in any file, but what is known to be unread.
    pub(super) settled: bool,
    /// Whether it was read for the first time, and not again after a restart.
    pub(super) is_new: bool,
}

/// A row that was given already.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) server: String,
    pub(super) end: i64,
    /// Of windows that move, whose row it is and where it began: a row of them is known by these, since it grows.
    pub(super) stretch: Option<ToldStretch>,
}

/// A row of a window that moves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToldStretch {
    /// A digest of client, computer and server address.
    pub(super) group: String,
    pub(super) start: i64,
    pub(super) state: State,
}

impl Told {
    /// From when to when the row of a window that moves was, where it was told in this state.
    pub(super) fn stretch_in(&self, state: State) -> Option<(i64, i64)> {
        let stretch = self.stretch.as_ref()?;
        (stretch.state == state).then_some((stretch.start, self.end))
    }
}

/// All open windows.
pub(super) struct Bins {
    rule: Rule,
    /// Shared with each look for a row.
    exclusions: Arc<Exclusions>,
    pub(super) servers: BTreeMap<String, Server>,
    /// Rows given for windows that are not closed yet, or not for good, by id.
    pub(super) told: BTreeMap<String, Told>,
    /// Rows that exclusions took away.
    pub(super) suppressed_rows: u64,
    /// Bytes that open windows may take.
    limit: Option<usize>,
    /// Bytes that they take.
    held: usize,
    /// What was dropped to keep within the limit, and was not told yet.
    pub(super) shed: Vec<Shed>,
}

/// One server's clock and windows. Where the rule does not group by computer, all servers are one.
pub(super) struct Server {
    /// The latest time of settled lines.
    pub(super) latest: i64,
    /// The latest time of all lines.
    fresh: i64,
    /// Windows that end here or before are closed.
    pub(super) closed: i64,
    bins: BTreeMap<Slot, Bin>,
    pub(super) moving: Moving,
}

impl Server {
    pub(super) fn new(latest: i64, closed: i64, rule: &Rule) -> Self {
        Self {
            latest,
            fresh: latest,
            closed,
            bins: BTreeMap::new(),
            moving: Moving::new(closed, rule),
        }
    }
}

impl Bins {
    pub(super) fn new(rule: Rule, exclusions: Exclusions, limit: Option<u64>) -> Self {
        Self {
            rule,
            exclusions: Arc::new(exclusions),
            servers: BTreeMap::new(),
            told: BTreeMap::new(),
            suppressed_rows: 0,
            limit: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            held: 0,
            shed: Vec::new(),
        }
    }

    pub(super) fn rule(&self) -> &Rule {
        &self.rule
    }

    pub(super) fn exclusions(&self) -> &Exclusions {
        &self.exclusions
    }

    /// A row that was told in a run of the program before.
    pub(super) fn restore_told(&mut self, state: ToldState) {
        let told = Told {
            server: state.server,
            end: state.end,
            stretch: state.stretch,
        };
        if told.stretch.is_none() {
            self.told.insert(state.id, told);
        } else {
            let server = self.servers.entry(told.server.clone());
            let server = server.or_insert_with(|| Server::new(i64::MIN, i64::MIN, &self.rule));
            server.moving.restore_told(state.id, told);
        }
    }

    /// A stretch that was going on then.
    pub(super) fn restore_run(&mut self, state: &RunState) {
        if let Some(server) = self.servers.get_mut(&state.clock) {
            let closed = server.closed;
            server.moving.restore_run(state, closed, &self.exclusions);
        }
    }

    /// Rows that were told and may come to be looked at again.
    pub(super) fn told_states(&self) -> Vec<ToldState> {
        let fixed = self
            .told
            .iter()
            .map(|(id, told)| (id.clone(), told.clone()));
        let moving = |(name, server): (&String, &Server)| server.moving.told(name);
        let all: BTreeMap<String, Told> =
            fixed.chain(self.servers.iter().flat_map(moving)).collect();
        all.into_iter()
            .map(|(id, told)| ToldState {
                id,
                server: told.server,
                end: told.end,
                stretch: told.stretch,
            })
            .collect()
    }

    /// Stretches that are going on and are not read again.
    pub(super) fn run_states(&self) -> Vec<RunState> {
        let of = |(name, server): (&String, &Server)| {
            server.moving.runs(name, &self.rule, &self.exclusions)
        };
        self.servers.iter().flat_map(of).collect()
    }

    /// Counts a line, and gives the row that it completes. Whether a window that the line belongs to was closed.
    pub(super) fn add(
        &mut self,
        record: &impl Record,
        seen: &Seen<'_>,
        rows: &mut Vec<FollowedRow>,
    ) -> bool {
        let computer = if self.rule.group_by.computer {
            seen.keys.computer
        } else {
            b""
        };
        let name = String::from_utf8_lossy(computer);
        if !self.servers.contains_key(&*name) {
            let new = Server::new(i64::MIN, i64::MIN, &self.rule);
            self.servers.insert(name.clone().into_owned(), new);
        }
        let Some(server) = self.servers.get_mut(&*name) else {
            return false;
        };
        let time = record.time();
        server.fresh = server.fresh.max(time.millis());
        if seen.settled {
            server.latest = server.latest.max(time.millis());
        }
        if !self.rule.window.is_fixed() {
            let terms = Terms {
                rule: &self.rule,
                exclusions: &self.exclusions,
                server: &name,
            };
            return server.moving.add(record, seen, server.closed, terms);
        }
        let facts = Facts::of(record, self.rule.count);
        let mut late = false;
        for slot in Slot::of(&self.rule, time) {
            if slot.end <= server.closed {
                late = true;
                continue;
            }
            let bin = server.bins.entry(slot).or_default();
            let before = bin.held();
            let key = bin.count(seen, &facts, &self.rule);
            self.held = self.held + bin.held() - before;
            // Of a run nothing is told before it is due.
            if slot.run.is_some() || !bin.may_be_told(key, &self.rule) {
                continue;
            }
            let Some(alert) = bin.look(key, slot, &self.rule, &self.exclusions).0 else {
                continue;
            };
            let id = bin.id(key, slot, State::Open);
            let is_partial = bin.tell(key);
            let told = Told {
                server: name.clone().into_owned(),
                end: slot.end,
                stretch: None,
            };
            if self.told.insert(id.clone(), told.clone()).is_none() {
                let open = Some((seen.arrived, time));
                let row = FollowedRow::new(id, State::Open, &alert, open, told);
                rows.push(row.marked(is_partial));
            }
        }
        if self.limit.is_some_and(|limit| self.held > limit / 2) {
            self.shed();
        }
        late
    }

    /// Drops the groups with the fewest distinct values, from all windows that are open, until half of what may be held
    /// is free.
    fn shed(&mut self) {
        let most_bytes = self.limit.unwrap_or(usize::MAX) / 4;
        let mut sizes: BTreeMap<u64, usize> = BTreeMap::new();
        for bin in self
            .servers
            .values()
            .flat_map(|server| server.bins.values())
        {
            bin.weigh(&self.rule, &mut sizes);
        }
        let mut left: usize = sizes.values().sum();
        let mut fewest = 0;
        for (count, bytes) in sizes {
            if left <= most_bytes {
                break;
            }
            (left, fewest) = (left - bytes, count);
        }
        self.held = 0;
        for (name, server) in &mut self.servers {
            for (slot, bin) in &mut server.bins {
                let shed = bin.shed(fewest, &self.rule);
                self.held += bin.held();
                if shed.groups > 0 {
                    let (server, start) = (name.clone(), slot.start);
                    self.shed.push(Shed {
                        server,
                        start,
                        ..shed
                    });
                }
            }
        }
    }

    /// Says that what was written before the last look at all files is known by now.
    pub(super) fn settle(&mut self) {
        for server in self.servers.values_mut() {
            server.latest = server.latest.max(server.fresh);
        }
    }

    /// Looks for new rows of windows that move, among lines up to `limit`: what is later may hang together with lines
    /// that are known to be unread. Rows of other windows are given as soon as a line completes them.
    pub(super) fn look(&mut self, limit: i64, rows: &mut Vec<FollowedRow>) {
        for (name, server) in &mut self.servers {
            let terms = Terms {
                rule: &self.rule,
                exclusions: &self.exclusions,
                server: name,
            };
            server.moving.look(limit, terms, rows);
        }
    }

    /// Closes what ended `lateness` before its server's time; no server's time is taken to be past `limit`.
    pub(super) fn close(&mut self, limit: i64, lateness: Duration, rows: &mut Vec<FollowedRow>) {
        let lateness = millis(lateness);
        let passed: Vec<(String, i64)> = self
            .servers
            .iter()
            .map(|(name, server)| {
                (
                    name,
                    server,
                    server.latest.min(limit).saturating_sub(lateness),
                )
            })
            .filter(|(_, server, upto)| {
                let is_fixed = self.rule.window.is_fixed();
                *upto > server.closed && (is_fixed || server.moving.is_due(*upto, &self.rule))
            })
            .map(|(name, _, upto)| (name.clone(), upto))
            .collect();
        for (name, upto) in passed {
            self.close_server(&name, upto, rows);
        }
    }

    /// Closes all windows.
    pub(super) fn close_all(&mut self, rows: &mut Vec<FollowedRow>) {
        let names: Vec<(String, i64)> = self
            .servers
            .iter()
            .filter_map(|(name, server)| {
                let upto = if self.rule.window.is_fixed() {
                    server.bins.keys().next_back()?.end
                } else {
                    let reach = millis(self.rule.window.reach());
                    server.fresh.saturating_add(reach).saturating_add(1)
                };
                Some((name.clone(), upto))
            })
            .collect();
        for (name, upto) in names {
            self.close_server(&name, upto, rows);
        }
    }

    fn close_server(&mut self, name: &str, upto: i64, rows: &mut Vec<FollowedRow>) {
        let Some(server) = self.servers.get_mut(name) else {
            return;
        };
        server.closed = server.closed.max(upto);
        if !self.rule.window.is_fixed() {
            let terms = Terms {
                rule: &self.rule,
                exclusions: &self.exclusions,
                server: name,
            };
            self.suppressed_rows += server.moving.pass(upto, terms, rows);
            return;
        }
        while let Some(bin) = server.bins.first_entry() {
            let slot = *bin.key();
            if slot.end > upto {
                break;
            }
            let bin = bin.remove();
            self.held -= bin.held();
            let mut found = Vec::new();
            for key in bin.full(&self.rule) {
                match bin.look(key, slot, &self.rule, &self.exclusions) {
                    (Some(alert), _) => found.push((key, alert)),
                    (None, suppressed) => self.suppressed_rows += suppressed,
                }
            }
            found.sort_by(|(_, a), (_, b)| a.order().cmp(&b.order()));
            for (key, alert) in found {
                let id = bin.id(key, slot, State::Closed);
                let told = Told {
                    server: name.to_owned(),
                    end: slot.end,
                    stretch: None,
                };
                if !self.told.contains_key(&id) {
                    let row = FollowedRow::new(id, State::Closed, &alert, None, told);
                    rows.push(row.marked(bin.is_partial(key)));
                }
            }
        }
        self.told
            .retain(|_, told| told.server != name || told.end > upto);
    }

    /// Where the first line of a file begins that is in an open window.
    pub(super) fn first(&self, file: u64) -> Option<u64> {
        self.servers
            .values()
            .filter_map(|server| {
                let bins = server.bins.values();
                let fixed = bins.filter_map(|bin| bin.first(file)).min();
                fixed.or_else(|| server.moving.first(file))
            })
            .min()
    }

    /// Windows that are open.
    pub(super) fn open(&self) -> u64 {
        self.servers
            .values()
            .map(|server| server.bins.len() as u64 + server.moving.open())
            .sum()
    }
}
