//! What exclusions remove, and what they hide: each alone, all together, and how the whole is shared out among them.

use super::rows::{Judge, RowCounts, Verdict};
use super::shapley::{Credit, Solver};
use super::share::{Hits, Share, Trials};
use super::units::Units;
use super::worth::{Prize, Worth};
use super::{Coalition, Listed};
use scanbench_detector::Expectation;
use scanbench_generator::truth::Class;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What an exclusion, or all of them together, take away of what the rule alone finds.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Effect {
    /// Rows that are gone, by what stood behind them.
    pub rows_removed: RowCounts,
    /// Episodes all of whose rows are gone.
    pub episodes_removed: RowCounts,
    /// Of the false episodes of the rule alone, those that are gone.
    pub false_episodes_removed: Share,
    /// Malicious campaigns that had rows and have none left.
    pub campaigns_hidden: Vec<String>,
    /// Malicious campaigns that lost rows and have some left.
    pub campaigns_hidden_in_part: Vec<String>,
    /// Of the malicious campaigns with rows, those that have none left.
    pub true_campaigns_hidden: Share,
}

/// How what all exclusions do together is shared out: what one of them is credited with.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Attribution {
    /// What it takes away with no other in force. Where exclusions overlap, each is credited with the same.
    pub alone: Worth<i64>,
    /// What would be back if it alone were taken off the list. Of two that do the same, neither is credited.
    pub last: Worth<i64>,
    /// Shapley's value: its fair share. The shares of all exclusions sum to what they take away together.
    pub shapley: Worth<f64>,
    /// The standard error of `shapley`; 0 where it is exact.
    pub shapley_error: Worth<f64>,
    /// Malicious campaigns that would be seen again if it alone were taken off the list.
    pub campaigns_back_without_it: Vec<String>,
}

/// An exclusion, in force alone and among the others.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct ExclusionOutcome {
    /// Its id.
    pub id: String,
    /// `event` or `alert`.
    pub stage: &'static str,
    /// Lines that it matches.
    pub lines: u64,
    /// What it does with no other in force.
    #[serde(flatten)]
    pub effect: Effect,
    /// What it is credited with among the others.
    pub attribution: Attribution,
    /// How many promises its `expect` makes.
    pub promises: u64,
    /// Those that do not hold.
    pub broken: Vec<Broken>,
}

/// A promise that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Broken {
    /// The key in `[exclusion.expect]`.
    pub promise: &'static str,
    /// What it says.
    pub promised: u64,
    /// What is so.
    pub measured: u64,
}

/// A campaign: the number of its dataset, and its id.
pub(super) type CampaignName = (usize, String);

/// One exclusion's side of the books, or that of all together.
#[derive(Debug, Default)]
struct Account {
    lines: u64,
    rows: RowCounts,
    episodes: RowCounts,
    false_episodes: Hits,
    hidden: Vec<CampaignName>,
    touched: Vec<CampaignName>,
    campaigns: Hits,
    back: Vec<CampaignName>,
    alone: Worth<i64>,
    last: Worth<i64>,
    shapley: Worth<f64>,
    variance: Worth<f64>,
}

/// Something that can be taken away.
struct Thing<'u> {
    rows: &'u [usize],
    prize: Prize,
    /// The campaign, by its place in the truth, or the episode's cluster among the trials.
    campaign: Option<usize>,
    cluster: Option<usize>,
}

impl Thing<'_> {
    /// Whether it is gone with these exclusions in force.
    fn is_taken(&self, coalition: &dyn Coalition, in_force: &dyn Fn(usize) -> bool) -> bool {
        let mut rows = self.rows.iter();
        match self.prize {
            Prize::PartOfCampaign => rows.any(|row| !coalition.is_left(*row, in_force)),
            _ => rows.all(|row| !coalition.is_left(*row, in_force)),
        }
    }

    /// The exclusions that can have a part in it, those that do the same together.
    fn players(&self, coalition: &dyn Coalition) -> Vec<Vec<usize>> {
        if let [row] = self.rows {
            return coalition.matching(*row).to_vec();
        }
        let mut places: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for row in self.rows {
            for (class, members) in coalition.matching(*row).iter().enumerate() {
                for member in members {
                    places.entry(*member).or_default().push((*row, class));
                }
            }
        }
        let mut alike: BTreeMap<Vec<(usize, usize)>, Vec<usize>> = BTreeMap::new();
        for (exclusion, places) in places {
            alike.entry(places).or_default().push(exclusion);
        }
        alike.into_values().collect()
    }
}

/// The books over several datasets.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    listed: Vec<Listed>,
    accounts: Vec<Account>,
    together: Account,
    false_episodes: Trials,
    campaigns: Trials,
    solver: Solver,
}

impl Ledger {
    /// Enters what is found in a dataset. Gives the exclusions that, alone, leave no row of a campaign, by the
    /// campaign's place in the truth.
    pub(super) fn enter(
        &mut self,
        dataset: usize,
        judge: &Judge<'_>,
        units: &Units,
        listed: &[Listed],
        coalition: &dyn Coalition,
    ) -> BTreeMap<usize, Vec<String>> {
        if self.accounts.is_empty() {
            self.listed = listed.to_vec();
            self.accounts.resize_with(listed.len(), Account::default);
        }
        for (account, listed) in self.accounts.iter_mut().zip(listed) {
            account.lines += listed.lines;
        }
        let mut hidden_by: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for thing in self.things(dataset, judge, units) {
            if thing.is_taken(coalition, &|_| true) {
                self.together.take(&thing, dataset, judge);
            }
            let players = thing.players(coalition);
            let credits = self
                .solver
                .solve(&players, &|in_force| thing.is_taken(coalition, in_force));
            for (members, credit) in players.iter().zip(credits) {
                for member in members {
                    self.accounts[*member].credit(credit, &thing, dataset, judge);
                    if let (Some(campaign), Prize::Campaign, true) =
                        (thing.campaign, thing.prize, credit.alone)
                    {
                        let by = hidden_by.entry(campaign).or_default();
                        by.push(listed[*member].id.clone());
                    }
                }
            }
        }
        for by in hidden_by.values_mut() {
            by.sort_by_key(|id| listed.iter().position(|one| one.id == *id));
        }
        hidden_by
    }

    /// Everything that could be taken away in a dataset.
    fn things<'u>(
        &mut self,
        dataset: usize,
        judge: &Judge<'_>,
        units: &'u Units,
    ) -> Vec<Thing<'u>> {
        let mut things = Vec::new();
        let rows = units
            .rows
            .iter()
            .map(|unit| (unit, Prize::Row(unit.verdict)));
        let episodes = units
            .episodes
            .iter()
            .map(|unit| (unit, Prize::Episode(unit.verdict)));
        for (unit, prize) in rows.chain(episodes) {
            let is_false_episode = matches!(
                prize,
                Prize::Episode(Verdict::LookAlike(_) | Verdict::Background)
            );
            things.push(Thing {
                rows: &unit.rows,
                prize,
                campaign: None,
                cluster: is_false_episode
                    .then(|| self.false_episodes.add(&(dataset, unit.owner.clone()))),
            });
        }
        for (campaign, rows) in &units.campaigns {
            let one = judge.campaign(*campaign);
            let is_true = one.class == Class::Malicious;
            let cluster = is_true.then(|| self.campaigns.add(&(dataset, one.id.clone())));
            let mut add = |prize| {
                things.push(Thing {
                    rows,
                    prize,
                    campaign: Some(*campaign),
                    cluster,
                });
            };
            add(Prize::Campaign);
            if is_true {
                add(Prize::PartOfCampaign);
            }
        }
        things
    }

    /// Each exclusion, and all of them together.
    pub(super) fn finish(
        self,
        name: &dyn Fn(&CampaignName) -> String,
    ) -> (Vec<ExclusionOutcome>, Effect) {
        let effect = |account: &Account| Effect {
            rows_removed: account.rows.clone(),
            episodes_removed: account.episodes.clone(),
            false_episodes_removed: self.false_episodes.share(&account.false_episodes),
            campaigns_hidden: account.hidden.iter().map(name).collect(),
            campaigns_hidden_in_part: account
                .touched
                .iter()
                .filter(|campaign| !account.hidden.contains(campaign))
                .map(name)
                .collect(),
            true_campaigns_hidden: self.campaigns.share(&account.campaigns),
        };
        let outcomes = self
            .accounts
            .iter()
            .zip(&self.listed)
            .map(|(account, listed)| {
                let effect = effect(account);
                let promises = promises(&listed.expect, &effect);
                ExclusionOutcome {
                    id: listed.id.clone(),
                    stage: listed.stage.name(),
                    lines: account.lines,
                    promises: promises.len() as u64,
                    broken: promises
                        .into_iter()
                        .filter_map(|(broken, holds)| (!holds).then_some(broken))
                        .collect(),
                    effect,
                    attribution: Attribution {
                        alone: account.alone,
                        last: account.last,
                        shapley: account.shapley,
                        shapley_error: account.variance.roots(),
                        campaigns_back_without_it: account.back.iter().map(name).collect(),
                    },
                }
            });
        (outcomes.collect(), effect(&self.together))
    }
}

impl Account {
    /// Notes that a thing is taken by what the account stands for.
    fn take(&mut self, thing: &Thing<'_>, dataset: usize, judge: &Judge<'_>) {
        let name = || {
            thing
                .campaign
                .map(|one| (dataset, judge.campaign(one).id.clone()))
        };
        match thing.prize {
            Prize::Row(verdict) => self.rows.add(verdict),
            Prize::Episode(verdict) => {
                self.episodes.add(verdict);
                if let Some(cluster) = thing.cluster {
                    *self.false_episodes.entry(cluster).or_default() += 1;
                }
            }
            Prize::Campaign => {
                if let Some(cluster) = thing.cluster {
                    *self.campaigns.entry(cluster).or_default() += 1;
                    self.hidden.extend(name());
                }
            }
            Prize::PartOfCampaign => self.touched.extend(name()),
        }
    }

    fn credit(&mut self, credit: Credit, thing: &Thing<'_>, dataset: usize, judge: &Judge<'_>) {
        if credit.alone {
            self.take(thing, dataset, judge);
        }
        if thing.prize == Prize::Campaign && thing.cluster.is_none() {
            // A campaign that is not malicious counts by its rows and episodes.
            return;
        }
        self.alone.add(thing.prize, i64::from(credit.alone));
        self.last.add(thing.prize, i64::from(credit.last));
        self.shapley.add(thing.prize, credit.share);
        self.variance.add_variance(thing.prize, credit.variance);
        if let (Some(campaign), Prize::Campaign, true) = (thing.campaign, thing.prize, credit.last)
        {
            self.back
                .push((dataset, judge.campaign(campaign).id.clone()));
        }
    }
}

/// Every promise that is made: its key, what it says, what is so, and whether it holds.
fn promises(expect: &Expectation, effect: &Effect) -> Vec<(Broken, bool)> {
    let rows = &effect.rows_removed;
    let most = [
        (
            "max-hidden-campaigns",
            expect.max_hidden_campaigns,
            effect.campaigns_hidden.len() as u64,
        ),
        ("max-hidden-rows", expect.max_hidden_rows, rows.malicious),
        (
            "max-hidden-authorised",
            expect.max_hidden_authorised,
            rows.authorised,
        ),
    ];
    let least = [("min-removed-alerts", expect.min_removed_alerts, rows.all())];
    let one = |promise, promised: Option<u64>, measured, holds: fn(u64, u64) -> bool| {
        promised.map(|promised| {
            let broken = Broken {
                promise,
                promised,
                measured,
            };
            (broken, holds(measured, promised))
        })
    };
    most.into_iter()
        .filter_map(|(key, promised, so)| one(key, promised, so, |so, promised| so <= promised))
        .chain(least.into_iter().filter_map(|(key, promised, so)| {
            one(key, promised, so, |so, promised| so >= promised)
        }))
        .collect()
}

#[cfg(test)]
mod tests;
