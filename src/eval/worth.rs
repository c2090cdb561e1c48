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

#[cfg(test)]
mod tests {
    use super::*;
    use scanbench_generator::truth::Kind;

    const LOOK_ALIKE: Verdict = Verdict::LookAlike(Kind::Proxy);

    /// Each number has its own prizes; what is nobody's has none.
    #[test]
    fn prizes_by_their_numbers() {
        let mut worth = Worth::default();
        for (prize, amount) in [
            (Prize::Row(LOOK_ALIKE), 1),
            (Prize::Row(Verdict::Background), 2),
            (Prize::Episode(LOOK_ALIKE), 4),
            (Prize::Episode(Verdict::Background), 8),
            (Prize::Row(Verdict::Authorised), 16),
            (Prize::Episode(Verdict::Authorised), 32),
            (Prize::Row(Verdict::Malicious), 64),
            (Prize::Campaign, 128),
            (Prize::PartOfCampaign, 256),
            (Prize::Row(Verdict::Unknown), 512),
            (Prize::Episode(Verdict::Unknown), 512),
            (Prize::Episode(Verdict::Malicious), 512),
        ] {
            worth.add(prize, amount);
        }
        let expected = Worth {
            false_rows: 3,
            false_episodes: 12,
            authorised_rows: 16,
            authorised_episodes: 32,
            true_rows: 64,
            campaigns_hidden: 128,
            // One that is hidden whole is not hidden in part.
            campaigns_hidden_in_part: 256 - 128,
        };
        assert_eq!(worth, expected);
    }

    /// By hand: variances add up, and that of a difference is the sum; errors are their roots.
    #[test]
    fn variances_and_errors() {
        let mut variance = Worth::default();
        for (prize, amount) in [
            (Prize::Row(LOOK_ALIKE), 4.0),
            (Prize::Row(LOOK_ALIKE), 5.0),
            (Prize::Episode(LOOK_ALIKE), 16.0),
            (Prize::Row(Verdict::Authorised), 25.0),
            (Prize::Episode(Verdict::Authorised), 36.0),
            (Prize::Row(Verdict::Malicious), 49.0),
            (Prize::PartOfCampaign, 80.0),
            (Prize::Campaign, 64.0),
        ] {
            variance.add_variance(prize, amount);
        }
        let expected = Worth {
            false_rows: 3.0,
            false_episodes: 4.0,
            authorised_rows: 5.0,
            authorised_episodes: 6.0,
            true_rows: 7.0,
            campaigns_hidden: 8.0,
            campaigns_hidden_in_part: 12.0,
        };
        assert_eq!(variance.roots(), expected);
    }
}
