//! What stands behind a stretch of lines of one client and server.
//!
//! The truth tells campaigns by bins of ten minutes, and for each campaign when it began and ended. A row of another
//! width belongs to the campaigns with lines in a bin that its lines overlap, as far as they were active while its lines
//! were written. For widths that are multiples of ten minutes this is exact.

use crate::eval::GroundTruth;
use scanbench_detector::GridKey;
use scanbench_generator::truth::{BIN, Class};
use scanbench_w3c::Timestamp;
use std::collections::HashMap;

/// The campaigns of each key, by bin.
#[derive(Debug)]
pub(super) struct Behind<'t> {
    truth: &'t GroundTruth,
    /// By start of the bin: the places of campaigns in the truth.
    bins: HashMap<GridKey, Vec<(Timestamp, Vec<usize>)>>,
}

impl<'t> Behind<'t> {
    pub(super) fn new(truth: &'t GroundTruth) -> Self {
        let places: HashMap<&str, usize> = truth
            .campaigns
            .iter()
            .enumerate()
            .map(|(place, campaign)| (campaign.id.as_str(), place))
            .collect();
        let mut bins: HashMap<GridKey, Vec<(Timestamp, Vec<usize>)>> = HashMap::new();
        for window in truth.windows.iter().filter(|one| !one.campaigns.is_empty()) {
            let key = GridKey {
                c_ip: window.c_ip.to_string(),
                computer: window.computer.clone(),
                s_ip: window.s_ip.to_string(),
            };
            let campaigns = window
                .campaigns
                .iter()
                .filter_map(|id| places.get(id.as_str()).copied());
            bins.entry(key)
                .or_default()
                .push((window.bin, campaigns.collect()));
        }
        for bins in bins.values_mut() {
            bins.sort_unstable();
        }
        Self { truth, bins }
    }

    /// The campaigns with lines of this key from `first` to `last`, both included; no matter how often.
    pub(super) fn campaigns(
        &self,
        key: &GridKey,
        first: Timestamp,
        last: Timestamp,
    ) -> impl Iterator<Item = usize> + '_ {
        let bins = self.bins.get(key).map_or(&[][..], Vec::as_slice);
        let from = bins.partition_point(|(start, _)| *start < first.floor(BIN));
        bins[from..]
            .iter()
            .take_while(move |(start, _)| *start <= last)
            .flat_map(|(_, campaigns)| campaigns)
            .copied()
            .filter(move |place| {
                let one = &self.truth.campaigns[*place];
                one.first.is_none_or(|begin| begin <= last)
                    && one.last.is_none_or(|end| end >= first)
            })
    }

    /// The gravest of some campaigns, the first of the truth among equals.
    pub(super) fn gravest(&self, campaigns: impl Iterator<Item = usize>) -> Option<(Class, usize)> {
        campaigns
            .map(|place| (self.truth.campaigns[place].class, place))
            .min_by_key(|(class, place)| (gravity(*class), *place))
    }
}

fn gravity(class: Class) -> u8 {
    match class {
        Class::Malicious => 0,
        Class::Authorised => 1,
        Class::LookAlike => 2,
    }
}
