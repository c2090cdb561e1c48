//! What a set of exclusions is worth: what it takes away, counted.

use super::rows::Verdict;
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::{AddAssign, Neg};

/// What a set of exclusions takes away. Each number is a sum over rows, episodes or campaigns, so that what is taken
/// by several exclusions can be shared out among them number by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, JsonSchema, Serialize)]
pub struct Worth<N> {
    /// Rows of look-alikes and of the background.
    pub false_rows: N,
    /// Episodes of look-alikes and of the background: all rows of it gone.
    pub false_episodes: N,
    /// Rows of authorised scans.
    pub authorised_rows: N,
    /// Episodes of authorised scans.
    pub authorised_episodes: N,
    /// Rows with a malicious campaign behind them.
    pub true_rows: N,
    /// Malicious campaigns that had rows and have none left.
    pub campaigns_hidden: N,
    /// Malicious campaigns that lost rows and have some left. As one exclusion more may hide a campaign wholly that was
    /// hidden in part before, a share of this number can be below nothing.
    pub campaigns_hidden_in_part: N,
}

/// What one game is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prize {
    Row(Verdict),
    Episode(Verdict),
    /// All rows of a malicious campaign.
    Campaign,
    /// Any row of a malicious campaign.
    PartOfCampaign,
}

impl<N: Copy + AddAssign + Neg<Output = N>> Worth<N> {
    /// Counts so much of a prize as taken.
    pub(super) fn add(&mut self, prize: Prize, amount: N) {
        match prize {
            Prize::Campaign => {
                self.campaigns_hidden += amount;
                self.campaigns_hidden_in_part += -amount;
            }
            Prize::PartOfCampaign => self.campaigns_hidden_in_part += amount,
            Prize::Row(verdict) => match verdict {
                Verdict::Malicious => self.true_rows += amount,
                Verdict::Authorised => self.authorised_rows += amount,
                Verdict::LookAlike(_) | Verdict::Background => self.false_rows += amount,
                Verdict::Unknown => {}
            },
            Prize::Episode(verdict) => match verdict {
                // Of true episodes the campaigns are what counts.
                Verdict::Malicious | Verdict::Unknown => {}
                Verdict::Authorised => self.authorised_episodes += amount,
                Verdict::LookAlike(_) | Verdict::Background => self.false_episodes += amount,
            },
        }
    }
}

impl Worth<f64> {
    /// Counts the variance of a share of a prize; those of several games add up, as they are drawn apart.
    pub(super) fn add_variance(&mut self, prize: Prize, variance: f64) {
        self.add(prize, variance);
        if prize == Prize::Campaign {
            // The difference of two numbers that are drawn apart varies as their sum.
            self.campaigns_hidden_in_part += 2.0 * variance;
        }
    }

    /// Standard errors from variances.
    pub(super) fn roots(self) -> Self {
        let Self {
            false_rows,
            false_episodes,
            authorised_rows,
            authorised_episodes,
            true_rows,
            campaigns_hidden,
            campaigns_hidden_in_part,
        } = self;
        Self {
            false_rows: false_rows.sqrt(),
            false_episodes: false_episodes.sqrt(),
            authorised_rows: authorised_rows.sqrt(),
            authorised_episodes: authorised_episodes.sqrt(),
            true_rows: true_rows.sqrt(),
            campaigns_hidden: campaigns_hidden.sqrt(),
            campaigns_hidden_in_part: campaigns_hidden_in_part.sqrt(),
        }
    }
}
