//! The windows that the rule should see, counted from the requests themselves by the plainest means: a map from
//! key to the set of ports. Detectors are held against this, so it must be right before it is fast.

use super::{BIN, THRESHOLD, Window};
use crate::address::Packed;
use crate::dice::scrambled;
use crate::inventory::Server;
use crate::request::Request;
use crate::world::World;
use scanbench_w3c::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// Client and position of the server's address: the bin and the computer are the counter's own.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    client: Packed,
    address: u8,
}

/// What one key has seen. Nearly all see one port and no campaign, and there are so many that their size counts.
#[derive(Debug, Default)]
struct Seen {
    lines: u64,
    port: u16,
    sets: Option<Box<Sets>>,
}

/// What few keys see: more than one port, or campaigns.
#[derive(Debug, Default)]
struct Sets {
    ports: BTreeSet<u16>,
    campaigns: BTreeSet<u32>,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [high, low] = self.client.words();
        state.write_u64(scrambled(
            low ^ high.rotate_left(17) ^ u64::from(self.address) << 40,
        ));
    }
}

/// Takes what [`Key`] has mixed already; the order never reaches output.
#[derive(Debug, Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = scrambled(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// Counts the windows of one server, one bin at a time.
pub(crate) struct WindowCounter<'s> {
    server: &'s Server,
    /// The bin's start, in milliseconds since 1970.
    bin: i64,
    bin_ends: i64,
    open: HashMap<Key, Seen, BuildHasherDefault<Mixed>>,
    passed: Vec<(Window, BTreeSet<u32>)>,
}

impl<'s> WindowCounter<'s> {
    pub(crate) fn new(server: &'s Server) -> Self {
        Self {
            server,
            bin: i64::MIN,
            bin_ends: i64::MIN,
            open: HashMap::default(),
            passed: Vec::new(),
        }
    }

    /// Counts a request that is logged; they come in the order of their ends.
    pub(crate) fn count(&mut self, request: &Request, world: &World<'_>) {
        if request.end >= self.bin_ends {
            let width = i64::try_from(BIN.as_millis()).unwrap_or(i64::MAX);
            self.close(world);
            self.bin = request.end - request.end.rem_euclid(width);
            self.bin_ends = self.bin + width;
        }
        let key = Key {
            client: request.client,
            address: request.address,
        };
        let seen = self.open.entry(key).or_default();
        if seen.lines == 0 {
            seen.port = request.port;
        } else if seen.port != request.port {
            let sets = seen.sets.get_or_insert_default();
            sets.ports.insert(seen.port);
            sets.ports.insert(request.port);
        }
        seen.lines += 1;
        if let Some(campaign) = request.campaign {
            let sets = seen.sets.get_or_insert_default();
            sets.campaigns.insert(campaign.position());
        }
    }

    /// Windows whose bin ended by `moment`, in the order of their keys; only those worth telling.
    pub(crate) fn passed(
        &mut self,
        moment: i64,
        world: &World<'_>,
    ) -> Vec<(Window, BTreeSet<u32>)> {
        if self.bin_ends <= moment {
            self.close(world);
        }
        std::mem::take(&mut self.passed)
    }

    fn close(&mut self, world: &World<'_>) {
        let first = self.passed.len();
        let (server, bin) = (self.server, self.bin);
        let told = self.open.drain().filter_map(|(key, seen)| {
            let sets = *seen.sets?;
            let ports = sets.ports.len().max(1);
            let campaigns = sets.campaigns;
            (!campaigns.is_empty() || ports >= THRESHOLD).then(|| {
                let window = Window {
                    bin: Timestamp::from_millis(bin),
                    c_ip: key.client.ip(),
                    computer: server.name.clone(),
                    s_ip: server.address_at(key.address),
                    ports: ports as u64,
                    lines: seen.lines,
                    campaigns: campaigns
                        .iter()
                        .map(|campaign| world.campaigns()[*campaign as usize].id.clone())
                        .collect(),
                    must_fire: ports >= THRESHOLD,
                };
                (window, campaigns)
            })
        });
        self.passed.extend(told);
        self.passed[first..].sort_by_key(|(window, _)| (window.c_ip, window.s_ip));
    }
}
