//! How far a share may be from the truth: intervals that hold it 95 times of 100.
//!
//! What is counted comes in clusters: the rows of one campaign are no independent trials, so they are never treated as
//! such. An interval covers what the generator draws by lot, and nothing else: not how far its scenarios are from your
//! network. With few clusters a bootstrap is too short: of 60 campaigns it holds 93 to 97 of 100 times, of 30 fewer.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_pcg::Pcg64;
use schemars::JsonSchema;
use serde::Serialize;

/// How an interval was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Wilson 1927: independent trials, 20 or more.
    Wilson,
    /// Clopper and Pearson 1934: none or all of the trials are hits; with clusters, as many trials as clusters.
    ClopperPearson,
    /// The 2.5 and 97.5 percentiles of [`RESAMPLES`] draws of whole clusters (Efron 1979; Davison and Hinkley 1997,
    /// section 3.8), always the same draws.
    ClusterBootstrap,
}

/// A 95 % interval of a share.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Interval {
    /// From 0 to 1.
    pub low: f64,
    /// From 0 to 1.
    pub high: f64,
    /// How it was computed.
    pub method: Method,
    /// How many clusters there are. With few of them no interval tells much.
    pub clusters: u64,
}

/// Draws of the bootstrap.
pub const RESAMPLES: usize = 2_000;
/// The 97.5 percentile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// From so many independent trials on, Wilson's interval is used.
const WILSON_TRIALS: usize = 20;

/// The interval of the hits of all trials, given as (hits, trials) of each cluster. `None` where there is nothing to
/// count, or only one cluster that is neither hit as a whole nor missed as a whole.
#[must_use]
pub fn interval(clusters: &[(u64, u64)]) -> Option<Interval> {
    let clusters: Vec<(u64, u64)> = clusters.iter().copied().filter(|one| one.1 > 0).collect();
    let hits: u64 = clusters.iter().map(|one| one.0).sum();
    let trials: u64 = clusters.iter().map(|one| one.1).sum();
    let is_independent = clusters.iter().all(|one| one.1 == 1);
    let (low, high, method) = match clusters.len() {
        0 => return None,
        count if hits == 0 || hits == trials => {
            // Nobody was hit, or all were: the exact interval has a closed form there.
            let edge = 0.025_f64.powf(1.0 / as_f64(count as u64));
            let ends = if hits == 0 {
                (0.0, 1.0 - edge)
            } else {
                (edge, 1.0)
            };
            (ends.0, ends.1, Method::ClopperPearson)
        }
        1 => return None,
        count if is_independent && count >= WILSON_TRIALS => {
            let (low, high) = wilson(hits, trials);
            (low, high, Method::Wilson)
        }
        _ => {
            let (low, high) = bootstrap(&clusters);
            (low, high, Method::ClusterBootstrap)
        }
    };
    Some(Interval {
        low,
        high,
        method,
        clusters: clusters.len() as u64,
    })
}

/// Wilson 1927, *Probable inference, the law of succession, and statistical inference*.
fn wilson(hits: u64, trials: u64) -> (f64, f64) {
    let n = as_f64(trials);
    let (share, square) = (as_f64(hits) / n, Z * Z);
    let scale = 1.0 + square / n;
    let centre = (share + square / (2.0 * n)) / scale;
    let half = Z * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt() / scale;
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

fn bootstrap(clusters: &[(u64, u64)]) -> (f64, f64) {
    let mut random = Pcg64::seed_from_u64(1979);
    let mut shares: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let (mut hits, mut trials) = (0, 0);
            for _ in 0..clusters.len() {
                let drawn = clusters[random.random_range(0..clusters.len())];
                hits += drawn.0;
                trials += drawn.1;
            }
            as_f64(hits) / as_f64(trials)
        })
        .collect();
    shares.sort_by(f64::total_cmp);
    let tail = RESAMPLES / 40;
    (shares[tail], shares[RESAMPLES - 1 - tail])
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    fn independent(hits: usize, trials: usize) -> Vec<(u64, u64)> {
        (0..trials)
            .map(|trial| (u64::from(trial < hits), 1))
            .collect()
    }

    fn assert_near(found: Option<Interval>, low: f64, high: f64, method: Method, room: f64) {
        let found = found.unwrap();
        assert!(
            (found.low - low).abs() <= room && (found.high - high).abs() <= room,
            "{found:?}"
        );
        assert_eq!(found.method, method);
    }

    /// Newcombe 1998, *Two-sided confidence intervals for the single proportion*, table I: method 3 (Wilson) and
    /// method 5 (Clopper and Pearson).
    #[test]
    fn published_values() {
        let exact = Method::ClopperPearson;
        assert_near(
            interval(&independent(81, 263)),
            0.2553,
            0.3662,
            Method::Wilson,
            5e-5,
        );
        assert_near(
            interval(&independent(15, 148)),
            0.0624,
            0.1605,
            Method::Wilson,
            5e-5,
        );
        assert_near(
            interval(&independent(1, 29)),
            0.0061,
            0.1718,
            Method::Wilson,
            5e-5,
        );
        assert_near(interval(&independent(0, 20)), 0.0, 0.1684, exact, 5e-5);
        assert_near(
            interval(&independent(29, 29)),
            1.0 - 0.1194,
            1.0,
            exact,
            5e-5,
        );
        // Hanley and Lippman-Hand 1983: none of n is at most about 3.7 of n, two-sided.
        assert_near(interval(&independent(0, 1000)), 0.0, 0.0037, exact, 5e-5);
    }

    #[test]
    fn nothing_to_tell() {
        assert_eq!(interval(&[]), None);
        assert_eq!(interval(&[(0, 0)]), None);
        assert_eq!(interval(&[(3, 7)]), None);
    }

    #[test]
    fn a_cluster_is_one_trial() {
        // Twelve rows of one campaign, all removed, tell as much as one.
        assert_near(
            interval(&[(12, 12)]),
            0.025,
            1.0,
            Method::ClopperPearson,
            1e-12,
        );
        let found = interval(&[(12, 12), (0, 1), (0, 1)]).unwrap();
        assert_eq!(
            (found.method, found.clusters),
            (Method::ClusterBootstrap, 3)
        );
    }

    /// Two clusters, one hit whole: a draw has none, half or all of the hits with chances 1/4, 1/2, 1/4.
    #[test]
    fn the_bootstrap_draws_whole_clusters() {
        assert_near(
            interval(&[(5, 5), (0, 5)]),
            0.0,
            1.0,
            Method::ClusterBootstrap,
            0.0,
        );
    }

    /// A share that was drawn, and hits and trials that were drawn with it.
    type Drawn = (f64, Vec<(u64, u64)>);

    fn coverage(draw: &mut dyn FnMut(&mut Pcg64) -> Drawn) -> f64 {
        let mut random = Pcg64::seed_from_u64(5);
        let mut held = 0_u32;
        for _ in 0..2_000 {
            let (share, clusters) = draw(&mut random);
            let found = interval(&clusters).unwrap();
            held += u32::from(found.low <= share && share <= found.high);
        }
        f64::from(held) / 2_000.0
    }

    fn hits(random: &mut Pcg64, chance: f64) -> u64 {
        u64::from(unit(random) < chance)
    }

    fn unit(random: &mut Pcg64) -> f64 {
        f64::from(random.next_u32()) / 4_294_967_296.0
    }

    /// Of 2,000 draws of shares and data, the interval holds the share 93 to 97 of 100 times: few and many independent
    /// trials, and campaigns whose rows are hit together.
    #[test]
    fn intervals_hold_what_they_promise() {
        let independent = |count: usize| {
            coverage(&mut |random| {
                let share = unit(random);
                (
                    share,
                    (0..count).map(|_| (hits(random, share), 1)).collect(),
                )
            })
        };
        let (few, many) = (independent(15), independent(60));
        // 60 campaigns of one to eight rows; an exclusion removes most rows of the campaigns that it fits, and few of
        // the others. A row is hit with probability 0.9 * share + 0.1 * (1 - share), whatever the campaign's size.
        let clustered = coverage(&mut |random| {
            let share = 0.1 + 0.8 * unit(random);
            let campaigns = (0..60).map(|_| {
                let rows = 1 + u64::from(random.next_u32() % 8);
                let chance = if hits(random, share) == 1 { 0.9 } else { 0.1 };
                ((0..rows).map(|_| hits(random, chance)).sum(), rows)
            });
            (0.9 * share + 0.1 * (1.0 - share), campaigns.collect())
        });
        for (name, held) in [("few", few), ("many", many), ("clustered", clustered)] {
            assert!((0.93..=0.97).contains(&held), "{name}: {held}");
        }
    }
}
