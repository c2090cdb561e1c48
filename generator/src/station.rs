//! One server while a dataset is made: what waits to be logged, its logs, and the truth about it.

use crate::emit::{Destination, ErrorLog, SiteLog};
use crate::error::GenerateError;
use crate::inventory::Server;
use crate::manifest::FileRecord;
use crate::request::{Contact, Output, Request};
use crate::run::{LogOptions, Shard};
use crate::truth::{CampaignCounter, Window, WindowCounter};
use crate::wheel::{SLOT_MS, Wheel};
use crate::world::World;
use std::collections::BTreeSet;

/// The requests of one slot, and their order.
type Slot = (Vec<Request>, Vec<u64>);

/// One server.
pub(crate) struct Station<'w> {
    world: &'w World<'w>,
    /// The position of the server in the scenario.
    position: usize,
    requests: Wheel<Request>,
    contacts: Wheel<Contact>,
    /// For each site the position of its log in `logs`; `None` where another shard has it.
    log_of_site: Vec<Option<usize>>,
    logs: Vec<SiteLog<'w>>,
    error_log: Option<ErrorLog<'w>>,
    windows: WindowCounter<'w>,
    pub(crate) campaigns: CampaignCounter<'w>,
    pub(crate) lines: u64,
    pub(crate) labelled: u64,
}

impl<'w> Station<'w> {
    /// The server at a position; `first_log` is the number of its first log among all of the scenario.
    pub(crate) fn new(
        world: &'w World<'w>,
        position: usize,
        first_log: usize,
        options: LogOptions,
        shard: Shard,
    ) -> Self {
        let start = world.scenario().start().millis();
        let server = &world.scenario().servers()[position];
        let mut logs = Vec::new();
        let mut log = |number: usize, site| {
            shard.has(first_log + number).then(|| {
                logs.push(SiteLog::new(world, server, site, options));
                logs.len() - 1
            })
        };
        let log_of_site = if server.log.central {
            let one = log(0, None);
            vec![one; server.sites.len()]
        } else {
            (0..server.sites.len())
                .map(|site| log(site, Some(site)))
                .collect()
        };
        Self {
            world,
            position,
            requests: Wheel::new(start),
            contacts: Wheel::new(start),
            log_of_site,
            logs,
            error_log: (options.error_log && shard.has(first_log)).then(|| ErrorLog::new(server)),
            windows: WindowCounter::new(server),
            campaigns: CampaignCounter::new(world),
            lines: 0,
            labelled: 0,
        }
    }

    /// How many logs a server has.
    pub(crate) fn logs_of(server: &Server) -> usize {
        if server.log.central {
            1
        } else {
            server.sites.len()
        }
    }

    /// Takes what actors made on this server.
    pub(crate) fn take(&mut self, made: &[Output]) {
        for output in made {
            if let Some(requests) = output.requests.get(self.position) {
                for request in requests {
                    self.requests.add(request.end, *request);
                }
            }
            for contact in &output.contacts {
                if contact.server as usize == self.position {
                    self.contact(*contact);
                }
            }
            for probe in &output.probes {
                if self.world.campaigns()[probe.campaign as usize].server == self.position {
                    self.campaigns.probe(*probe);
                }
            }
        }
    }

    fn contact(&mut self, contact: Contact) {
        self.campaigns.contact(&contact);
        if self.error_log.is_some() {
            self.contacts.add(contact.time, contact);
        }
    }

    /// Logs so many slots, up to `end`: what ends later is never logged.
    pub(crate) fn log(
        &mut self,
        slots: u64,
        end: i64,
        to: &Destination,
    ) -> Result<(), GenerateError> {
        let mut slots_made: Vec<Slot> = Vec::new();
        for _ in 0..slots {
            let (start, mut requests) = self.requests.take();
            if start + SLOT_MS > end {
                requests.retain(|request| request.end < end);
            }
            let order = in_order(&requests, start);
            slots_made.push((requests, order));
        }
        let (world, windows, campaigns) = (self.world, &mut self.windows, &mut self.campaigns);
        let mut labelled = 0;
        let count = || {
            for request in each(&slots_made) {
                windows.count(request, world);
                if request.campaign.is_some() {
                    campaigns.count(request);
                    labelled += 1;
                }
            }
        };
        let (logs, log_of_site) = (&mut self.logs, &self.log_of_site);
        let write = || -> Result<(), GenerateError> {
            for slot in &slots_made {
                for request in each(std::slice::from_ref(slot)) {
                    if let Some(log) = log_of_site[usize::from(request.site)] {
                        logs[log].line(request, to)?;
                    }
                }
                for log in logs.iter_mut() {
                    log.pump(to)?;
                }
            }
            Ok(())
        };
        let ((), written) = rayon::join(count, write);
        written?;
        self.labelled += labelled;
        for (requests, order) in slots_made {
            self.lines += order.len() as u64;
            self.requests.give_back(requests);
        }
        self.log_contacts(slots, end, to)
    }

    fn log_contacts(
        &mut self,
        slots: u64,
        end: i64,
        to: &Destination,
    ) -> Result<(), GenerateError> {
        let Some(log) = &mut self.error_log else {
            return Ok(());
        };
        for _ in 0..slots {
            let (_, mut contacts) = self.contacts.take();
            contacts.retain(|contact| contact.time < end);
            contacts.sort_by_key(|contact| (contact.time, contact.actor));
            for contact in &contacts {
                log.line(contact, to)?;
            }
        }
        Ok(())
    }

    /// Windows whose bin ended by `moment`; what the rule fires on is noted with its campaigns.
    pub(crate) fn passed_windows(&mut self, moment: i64) -> Vec<Window> {
        let passed: Vec<(Window, BTreeSet<u32>)> = self.windows.passed(moment, self.world);
        passed
            .into_iter()
            .map(|(window, campaigns)| {
                if window.must_fire {
                    self.campaigns.fires(&campaigns);
                }
                window
            })
            .collect()
    }

    /// The records of all its files, and what it knows of campaigns.
    pub(crate) fn finish(
        self,
        to: &Destination,
    ) -> Result<(Vec<FileRecord>, CampaignCounter<'w>), GenerateError> {
        let mut files = Vec::new();
        for log in self.logs {
            files.extend(log.finish(to)?);
        }
        if let Some(log) = self.error_log {
            files.extend(log.finish(to)?);
        }
        Ok((files, self.campaigns))
    }
}

/// Requests in the order in which they are logged.
fn each(slots: &[Slot]) -> impl Iterator<Item = &Request> {
    slots.iter().flat_map(|(requests, order)| {
        order.iter().filter_map(|key| {
            requests.get(usize::try_from(key & 0xffff_ffff).unwrap_or(usize::MAX))
        })
    })
}

/// Keys that sort requests of one slot: by millisecond, then by actor; what one actor ends in one millisecond is sorted by
/// visit, and what one visit ends in it stays in the order in which it was made. So nothing depends on how far visits
/// were made at once. A key holds 16 bits of millisecond and actor and 32 of the position.
fn in_order(requests: &[Request], start: i64) -> Vec<u64> {
    let mut keys: Vec<u64> = requests
        .iter()
        .zip(0_u64..)
        .map(|(request, position)| {
            let millis = u64::try_from(request.end - start).unwrap_or(0);
            millis << 48 | u64::from(request.actor) << 32 | position
        })
        .collect();
    keys.sort_unstable();
    for same in keys.chunk_by_mut(|one, other| one >> 32 == other >> 32) {
        if same.len() > 1 {
            // A visit has its cookie to itself.
            same.sort_unstable_by_key(|key| {
                let position = usize::try_from(key & 0xffff_ffff).unwrap_or(usize::MAX);
                let visit = requests.get(position).map(|request| request.ask.cookie);
                (visit, *key)
            });
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Answer, Ask};
    use std::net::IpAddr;

    /// forall orders in which requests of different visits are made: they are logged in the same order, and those of one
    /// visit as they were made.
    #[test]
    fn the_order_of_lines_does_not_depend_on_when_visits_are_made() {
        let request = |end, actor, visit, port| Request {
            end,
            client: IpAddr::from([192, 0, 2, 1]).into(),
            ask: Ask {
                cookie: visit,
                ..Ask::default()
            },
            answer: Answer::default(),
            forwarded: 0,
            campaign: None,
            site: 0,
            address: 0,
            port,
            actor,
        };
        let late = [
            request(20_005, 1, 9, 1),
            request(20_005, 1, 9, 2),
            request(20_001, 3, 9, 3),
        ];
        let early = [request(20_005, 1, 3, 4), request(20_009, 1, 3, 5)];
        let other = [request(20_005, 0, 0, 6), request(20_005, 0, 0, 7)];
        let ports = |parts: [&[Request]; 3]| -> Vec<u16> {
            let requests = parts.concat();
            let slot = in_order(&requests, 20_000);
            each(&[(requests, slot)])
                .map(|request| request.port)
                .collect()
        };
        let expected = [3, 6, 7, 4, 1, 2, 5];
        assert_eq!(ports([&late, &early, &other]), expected);
        assert_eq!(ports([&other, &early, &late]), expected);
        assert_eq!(ports([&early, &late, &other]), expected);
    }
}
