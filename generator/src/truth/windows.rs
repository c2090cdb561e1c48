//! The windows that the rule should see, counted from the requests themselves by the plainest means: a map from
//! key to the set of ports. Detectors are held against this, so it must be right before it is fast.

use super::{BIN, THRESHOLD, Window};
use crate::dice::scrambled;
use crate::inventory::Server;
use crate::request::Request;
use crate::world::World;
use scanbench_w3c::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::net::IpAddr;

/// Client and position of the server's address: the bin and the computer are the counter's own.
type Key = (IpAddr, u8);

/// What one key has seen. Nearly all see one port and no campaign: empty sets cost no allocation.
#[derive(Debug, Default)]
struct Seen {
    port: u16,
    more: BTreeSet<u16>,
    lines: u64,
    campaigns: BTreeSet<u32>,
}

/// Hashes keys by mixing their words; their order never reaches output.
#[derive(Debug, Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for word in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..word.len()].copy_from_slice(word);
            self.0 = scrambled(self.0 ^ u64::from_le_bytes(padded));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.0 = self.0.rotate_left(8) ^ u64::from(byte);
    }

    fn write_isize(&mut self, number: isize) {
        // The variant of an address.
        self.0 ^= u64::from(number != 0);
    }

    fn write_usize(&mut self, number: usize) {
        self.0 = scrambled(self.0 ^ number as u64);
    }
}

/// Counts the windows of one server, one bin at a time.
pub(crate) struct WindowCounter<'s> {
    server: &'s Server,
    /// The bin's start, in milliseconds since 1970.
    bin: i64,
    open: HashMap<Key, Seen, BuildHasherDefault<Mix>>,
    passed: Vec<(Window, BTreeSet<u32>)>,
}

impl<'s> WindowCounter<'s> {
    pub(crate) fn new(server: &'s Server) -> Self {
        Self {
            server,
            bin: i64::MIN,
            open: HashMap::default(),
            passed: Vec::new(),
        }
    }

    /// Counts a request that is logged; they come in the order of their ends.
    pub(crate) fn count(&mut self, request: &Request, world: &World<'_>) {
        let width = i64::try_from(BIN.as_millis()).unwrap_or(i64::MAX);
        if request.end >= self.bin.saturating_add(width) || request.end < self.bin {
            self.close(world);
            self.bin = request.end - request.end.rem_euclid(width);
        }
        let seen = self
            .open
            .entry((request.client, request.address))
            .or_default();
        if seen.lines == 0 {
            seen.port = request.port;
        } else if seen.port != request.port {
            seen.more.insert(seen.port);
            seen.more.insert(request.port);
        }
        seen.lines += 1;
        if let Some(campaign) = request.campaign {
            seen.campaigns.insert(campaign);
        }
    }

    /// Windows whose bin ended by `moment`, in the order of their keys; only those worth telling.
    pub(crate) fn passed(
        &mut self,
        moment: i64,
        world: &World<'_>,
    ) -> Vec<(Window, BTreeSet<u32>)> {
        let width = i64::try_from(BIN.as_millis()).unwrap_or(i64::MAX);
        if self.bin.saturating_add(width) <= moment {
            self.close(world);
        }
        std::mem::take(&mut self.passed)
    }

    fn close(&mut self, world: &World<'_>) {
        let first = self.passed.len();
        let (server, bin) = (self.server, self.bin);
        let told = self.open.drain().filter_map(|((client, address), seen)| {
            let ports = seen.more.len().max(1);
            let campaigns = seen.campaigns;
            (!campaigns.is_empty() || ports >= THRESHOLD).then(|| {
                let window = Window {
                    bin: Timestamp::from_millis(bin),
                    c_ip: client,
                    computer: server.name.clone(),
                    s_ip: server.address_at(address),
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
