//! How often a scan reaches the rule's threshold, over 2,000 of each kind, against arithmetic and against a simulation that
//! shares nothing with the generator.

use super::support::scenario;
use scanbench_generator::{Options, truth_of};
use std::fmt::Write as _;

/// The rule's bin in minutes, and its threshold.
const BIN: f64 = 10.0;
const THRESHOLD: u32 = 30;
/// Scans in one scenario, and scenarios.
const SCANS: u32 = 200;
const SEEDS: u64 = 10;

/// How a scan is spaced.
#[derive(Clone, Copy, Debug)]
enum Spacing {
    Even,
    /// Each port earlier or later by up to this share of the gap.
    Jitter(f64),
    Exponential,
}

/// The share of 2,000 scans on which the rule must fire, by the generator's own truth: every phase to the bins, each scan
/// with an address of its own, on a server that binds all of its ports.
fn fired(ports: u32, rate: f64, spacing: Spacing) -> f64 {
    let spaced = match spacing {
        Spacing::Even => String::new(),
        Spacing::Jitter(share) => format!("jitter = {share:?}\n"),
        Spacing::Exponential => "gaps = \"exponential\"\n".to_owned(),
    };
    let mut text = "version = 1\nname = \"rates\"\ntitle = \"rates\"\nseed = 1\nstart = 2026-11-02T00:00:00Z\n\
         duration = \"4h\"\n[[server]]\nname = \"S\"\naddress = \"10.1.0.1\"\niis = \"10\"\n\
         time-taken = \"1ms\"\naborts = 0.0\n[[server.site]]\nid = 1\nports = [\"8001-8300\"]\n"
        .to_owned();
    for number in 0..SCANS {
        write!(
            text,
            "[[actor]]\nid = \"s{number}\"\nkind = \"scan\"\nclient = \"random\"\nports = [\"8001-{}\"]\n\
             start = \"20m\"\nstart-within = \"10m\"\nrate = {rate:?}\n{spaced}",
            8000 + ports
        )
        .unwrap();
    }
    let scenario = scenario(&text);
    let fired: usize = (1..=SEEDS)
        .map(|seed| {
            let options = Options {
                seed: Some(seed),
                ..Options::default()
            };
            let (campaigns, _) = truth_of(&scenario, &options).unwrap();
            assert_eq!(campaigns.len(), SCANS as usize);
            assert!(
                campaigns
                    .iter()
                    .all(|scan| scan.ports_logged == u64::from(ports))
            );
            campaigns
                .iter()
                .filter(|scan| scan.expected_to_fire)
                .count()
        })
        .sum();
    share(fired)
}

/// Of all scans.
fn share(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap()) / all()
}

fn all() -> f64 {
    f64::from(SCANS) * f64::from(u32::try_from(SEEDS).unwrap())
}

/// The same by simulation: moments in minutes as floats, a histogram of bins, a linear congruential generator (MMIX).
fn simulated(ports: u32, rate: f64, spacing: Spacing, rounds: u32) -> f64 {
    let mut state = 0x0123_4567_89ab_cdef_u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(state >> 32).unwrap()) / 4_294_967_296.0
    };
    let mut hits = 0;
    for _ in 0..rounds {
        let start = uniform() * BIN;
        let mut even = start;
        let mut bins = vec![0_u32; 64];
        for _ in 0..ports {
            let moved = match spacing {
                Spacing::Jitter(share) => share / rate * (2.0 * uniform() - 1.0),
                Spacing::Even | Spacing::Exponential => 0.0,
            };
            let moment = (even + moved).max(start);
            let bin = (0..63)
                .find(|bin| moment < f64::from(bin + 1) * BIN)
                .unwrap_or(63);
            bins[usize::try_from(bin).unwrap()] += 1;
            even += match spacing {
                Spacing::Exponential => -(1.0 - uniform()).ln() / rate,
                Spacing::Even | Spacing::Jitter(_) => 1.0 / rate,
            };
        }
        hits += u32::from(bins.iter().any(|count| *count >= THRESHOLD));
    }
    f64::from(hits) / f64::from(rounds)
}

/// forall spacings: the generator's scans fire as often as simulated ones, within three standard errors of both. A request is
/// logged when it is answered, some milliseconds after the simulated moment: less than 0.1 % of phases.
#[test]
fn scans_fire_as_often_as_a_simulation_says() {
    let rounds = 40_000;
    for (ports, rate, spacing) in [
        (40, 4.0, Spacing::Even),
        (40, 4.0, Spacing::Jitter(0.5)),
        (31, 3.2, Spacing::Jitter(1.0)),
        (30, 6.0, Spacing::Jitter(0.9)),
        (60, 2.9, Spacing::Exponential),
        (45, 6.0, Spacing::Exponential),
        (30, 3.5, Spacing::Exponential),
    ] {
        let expected = simulated(ports, rate, spacing, rounds);
        let seen = fired(ports, rate, spacing);
        let error = (expected * (1.0 - expected) * (1.0 / all() + 1.0 / f64::from(rounds))).sqrt();
        assert!(
            (seen - expected).abs() <= 3.0 * error + 0.001,
            "{ports} ports at {rate} a minute, {spacing:?}: {seen} fire, {expected} simulated"
        );
    }
}

/// Evenly spaced scans that reach the threshold within a bin: 1 - max(0, 2k-1-P) / (r w).
#[test]
fn even_scans_fire_as_often_as_arithmetic_says() {
    for (ports, rate, missing) in [(30, 6.0, 29.0), (40, 12.0, 19.0), (59, 3.0, 0.0)] {
        let expected: f64 = 1.0 - missing / (rate * BIN);
        let seen = fired(ports, rate, Spacing::Even);
        let error = (expected * (1.0 - expected) / all()).sqrt();
        assert!(
            (seen - expected).abs() <= 3.0 * error + 0.002,
            "{ports} ports at {rate} a minute: {seen} fire, {expected} expected"
        );
    }
}
