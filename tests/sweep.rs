//! The sweep and the edges, whole: a point of the grid is what `detect` and `evaluate` say of the same rule, and the
//! generator's truth agrees with the closed form.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

#[path = "support/program.rs"]
mod program;

use program::{scanbench, succeed};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const EXCLUSIONS: &str = "scenarios/exclusions/documented.toml";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The rows of a CSV file by column.
fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn count(row: &BTreeMap<String, String>, column: &str) -> u64 {
    row[column].parse().unwrap()
}

/// Rows as `detect` gives them for a point of the grid, and episodes.
fn detected(dataset: &Path, (window, bin, threshold): (&str, u64, u64), with: bool) -> [u64; 2] {
    let (bin_text, step) = (format!("{bin}s"), format!("{}s", bin / 2));
    let threshold = threshold.to_string();
    let mut arguments = vec!["detect", text(dataset), "--format", "ndjson"];
    arguments.extend(["--window", window, "--bin", &bin_text]);
    arguments.extend(["--threshold", &threshold]);
    if window == "hopping" {
        arguments.extend(["--step", &step]);
    }
    if with {
        arguments.extend(["--exclusions", EXCLUSIONS]);
    }
    let rows = succeed(&arguments).lines().count() as u64;
    arguments.push("--episodes");
    [rows, succeed(&arguments).lines().count() as u64]
}

/// The point of the rule with this setting, on all data.
fn point<'p>(
    points: &'p [BTreeMap<String, String>],
    (window, bin, threshold): (&str, u64, u64),
    exclusions: bool,
) -> &'p BTreeMap<String, String> {
    let wanted = [
        ("by", "ports".to_owned()),
        ("part", "whole".to_owned()),
        ("window", window.to_owned()),
        ("bin_seconds", bin.to_string()),
        ("threshold", threshold.to_string()),
        ("exclusions", exclusions.to_string()),
    ];
    let is = |row: &&BTreeMap<String, String>| {
        wanted.iter().all(|(column, value)| row[*column] == *value)
    };
    points.iter().find(is).unwrap()
}

/// Two datasets, one with attacks behind excluded addresses and one of look-alikes.
#[test]
fn points_are_what_detect_and_evaluate_say() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out");
    let datasets = ["excluded-address", "look-alikes"].map(|name| {
        let folder = scratch.path().join(name);
        succeed(&["generate", name, "-o", text(&folder)]);
        folder
    });
    let printed = succeed(&[
        "sweep",
        text(&datasets[0]),
        text(&datasets[1]),
        "--bin",
        "5m,10m,30m",
        "--threshold",
        "6,20,30,128,129",
        "--exclusions",
        EXCLUSIONS,
        "-o",
        text(&out),
    ]);
    assert!(printed.contains("Thresholds from 129 on can never be reached"));
    let points = table(&out.join("sweep.csv"));
    // 3 bins, 3 windows, 5 thresholds, with and without exclusions, and 12 baselines a bin; three parts of each.
    assert_eq!(points.len(), (3 * 3 * 5 * 2 + 3 * 12) * 3);
    let point = |setting, with| point(&points, setting, with);

    let mut all = 0;
    for setting in [
        ("tumbling", 300, 6),
        ("hopping", 600, 20),
        ("sliding", 600, 30),
        ("sliding", 1800, 20),
        ("tumbling", 1800, 128),
    ] {
        for with in [false, true] {
            let found = point(setting, with);
            let [one, other] = datasets
                .each_ref()
                .map(|folder| detected(folder, setting, with));
            for (what, expected) in [("rows", one[0] + other[0]), ("episodes", one[1] + other[1])] {
                let sum: u64 = ["malicious", "authorised", "benign"]
                    .map(|class| count(found, &format!("{what}_{class}")))
                    .iter()
                    .sum();
                assert_eq!(sum, expected, "{setting:?} {what}");
                all += sum;
            }
        }
    }
    assert!(all > 100, "{all} rows and episodes tell little");
    for row in points.iter().filter(|row| row["threshold"] == "129") {
        assert_eq!(
            (row["can_fire"].as_str(), row["recall"].as_str()),
            ("false", "")
        );
    }

    // The rule as published is scored as `evaluate` scores it.
    let reports = datasets.each_ref().map(|folder| {
        let report = scratch.path().join("report");
        let arguments = ["evaluate", text(folder), "--exclusions", EXCLUSIONS];
        let output = scanbench(&[&arguments[..], &["-o", text(&report)]].concat());
        assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
        let json = fs::read_to_string(report.join("report.json")).unwrap();
        serde_json::from_str::<Value>(&json).unwrap()
    });
    for (name, with) in [("without_exclusions", false), ("with_exclusions", true)] {
        let found = point(("tumbling", 600, 30), with);
        let sum = |place: &str| -> u64 {
            let values = reports
                .iter()
                .map(|report| report[name].pointer(place).unwrap());
            values.map(|value| value.as_u64().unwrap()).sum()
        };
        let right = count(found, "rows_malicious");
        for (place, expected) in [
            ("/rows/malicious", right),
            ("/rows/authorised", count(found, "rows_authorised")),
            ("/campaign_recall/hits", count(found, "campaigns_caught")),
            ("/campaign_recall/of", count(found, "campaigns")),
            ("/bin_precision/hits", right),
            ("/bin_precision/of", right + count(found, "rows_benign")),
        ] {
            assert_eq!(sum(place), expected, "{name}{place}");
        }
    }

    let json: Value =
        serde_json::from_str(&fs::read_to_string(out.join("sweep.json")).unwrap()).unwrap();
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["points"].as_array().unwrap().len() * 3, points.len());
    assert_eq!(json["halves"], "campaign-and-time");
    assert_eq!(json["schedule"]["starts"].as_array().unwrap().len(), 1440);
    assert!(
        fs::read_to_string(out.join("sweep.md"))
            .unwrap()
            .starts_with("# scanbench sweep")
    );
}

/// Requests and requests not found, by bin, client and server address, counted from the text of the logs.
fn counted(logs: &Path) -> BTreeMap<(String, String, String), (u64, u64)> {
    let mut counts: BTreeMap<(String, String, String), (u64, u64)> = BTreeMap::new();
    for entry in fs::read_dir(logs).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            for (key, (all, missing)) in counted(&path) {
                let count = counts.entry(key).or_default();
                *count = (count.0 + all, count.1 + missing);
            }
            continue;
        }
        let mut fields: Vec<String> = Vec::new();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let words: Vec<&str> = line.split(' ').collect();
            if words[0] == "#Fields:" {
                fields = words[1..].iter().map(ToString::to_string).collect();
            }
            if words[0].starts_with('#') {
                continue;
            }
            let value = |name: &str| words[fields.iter().position(|field| field == name).unwrap()];
            // Ten minutes: the time up to the tens of its minutes.
            let bin = format!("{} {}", value("date"), &value("time")[..4]);
            let key = (bin, value("c-ip").to_owned(), value("s-ip").to_owned());
            let count = counts.entry(key).or_default();
            count.0 += 1;
            count.1 += u64::from(value("sc-status") == "404");
        }
    }
    counts
}

/// `evaluate` has a row of a baseline for each key and bin of a plain count that is over its threshold.
#[test]
fn baselines_are_what_a_plain_count_says() {
    let scratch = tempfile::tempdir().unwrap();
    let (dataset, out) = (scratch.path().join("set"), scratch.path().join("out"));
    succeed(&["generate", "look-alikes", "-o", text(&dataset)]);
    let printed = succeed(&["evaluate", text(&dataset), "-o", text(&out)]);
    assert!(printed.contains("baseline: 30 requests") && printed.contains("baseline: 50 % 404"));
    let report: Value =
        serde_json::from_str(&fs::read_to_string(out.join("report.json")).unwrap()).unwrap();
    let counts = counted(&dataset.join("logs"));
    let requests = counts.values().filter(|(all, _)| *all >= 30).count();
    let missing = |(all, missing): &&(u64, u64)| *all >= 30 && missing * 2 >= *all;
    let not_found = counts.values().filter(missing).count();
    assert!(requests > 10, "{requests} bins tell little");
    for (by, expected) in [("requests", requests), ("not-found", not_found)] {
        let baselines = report["baselines"].as_array().unwrap();
        let found = baselines.iter().find(|one| one["by"] == by).unwrap();
        let rows = &found["rows"];
        let look_alikes = rows["look_alike"].as_object().unwrap();
        let sum: u64 = [&rows["malicious"], &rows["authorised"], &rows["background"]]
            .into_iter()
            .chain(look_alikes.values())
            .map(|count| count.as_u64().unwrap())
            .sum();
        assert_eq!(sum, expected as u64, "{by}");
    }
}

#[test]
fn seeds_are_made_one_by_one_and_halved() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out");
    let arguments = [
        "sweep",
        "bin-edge",
        "--seeds",
        "1..4",
        "--bin",
        "10m",
        "--threshold",
        "30",
    ];
    let mut with_output = arguments.to_vec();
    with_output.extend(["-o", text(&out)]);
    let printed = succeed(&with_output);
    assert!(
        printed.contains("every second dataset of each scenario"),
        "{printed}"
    );
    let points = table(&out.join("sweep.csv"));
    // Forty ports, twenty on either side of a bin's edge: a tumbling bin never sees them, a sliding window always.
    for (window, part, caught, of) in [
        ("tumbling", "whole", 0, 4),
        ("sliding", "whole", 4, 4),
        ("sliding", "tuning", 2, 2),
        ("sliding", "reporting", 2, 2),
    ] {
        let found = points
            .iter()
            .find(|row| row["by"] == "ports" && row["window"] == window && row["part"] == part)
            .unwrap();
        assert_eq!(
            (count(found, "campaigns_caught"), count(found, "campaigns")),
            (caught, of)
        );
    }
    // The same again, byte for byte.
    assert_eq!(printed, succeed(&arguments));
}

/// Packed logs and tables tell the same as logs do.
#[test]
fn the_form_of_the_logs_does_not_matter() {
    let scratch = tempfile::tempdir().unwrap();
    let forms = [
        ("plain", &[][..]),
        ("packed", &["--compress", "zst"]),
        ("table", &["--format", "csv"]),
    ];
    let tables = forms.map(|(name, options)| {
        let dataset = scratch.path().join(name);
        let out = scratch.path().join(format!("{name}-out"));
        let generate = ["generate", "excluded-address", "-o", text(&dataset)];
        succeed(&[&generate[..], options].concat());
        let sweep = ["sweep", text(&dataset), "--bin", "10m,1h", "--threshold"];
        succeed(&[&sweep[..], &["10,30", "-o", text(&out)]].concat());
        fs::read_to_string(out.join("sweep.csv")).unwrap()
    });
    assert_eq!(tables[0], tables[1]);
    assert_eq!(tables[0], tables[2]);
}

#[test]
fn wrong_arguments_are_refused() {
    for arguments in [
        ["sweep", "nowhere", "--bin", "10m"],
        ["sweep", "x", "--threshold", "0..4"],
        ["sweep", "x", "--threshold", "9..4"],
        ["sweep", "x", "--bin", "500ms"],
        ["sweep", "x", "--budget", "nan"],
        ["sweep", "no-such-scenario", "--seeds", "1..2"],
        ["edges", "--rate", "0", "--seed=1"],
        ["edges", "--ports", "0", "--seed=1"],
    ] {
        let output = scanbench(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    }
}

/// Scans with known phases through the generator: of thirty that begin 20 seconds apart, the truth says that as many
/// fire as the closed form says, to two of them.
#[test]
fn the_truth_agrees_with_the_closed_form() {
    const PHASES: u32 = 30;

    let cells = [
        (30, 6, 0.517),
        (40, 3, 0.367),
        (40, 6, 0.683),
        (59, 3, 1.0),
        (29, 30, 0.0),
    ];
    let mut scenario = "version = 1
name = \"phases\"
title = \"Scans that begin at each phase of a bin\"
seed = 3
start = 2026-11-02T00:00:00Z
duration = \"2h\"
[[server]]
name = \"HOST01\"
address = \"10.1.0.20\"
iis = \"10\"
[[server.site]]
id = 1
ports = [\"8001-8059\"]
"
    .to_owned();
    for (number, (ports, rate, _)) in cells.iter().enumerate() {
        for phase in 0..PHASES {
            let second = 600 + phase * 20 + 3;
            writeln!(
                scenario,
                "[[actor]]\nid = \"c{number}-p{phase}\"\nkind = \"scan\"\nclient = \"random\"\n\
                 ports = [\"8001-{}\"]\nstart = \"{second}s\"\nrate = {rate}",
                8000 + ports
            )
            .unwrap();
        }
    }
    let scratch = tempfile::tempdir().unwrap();
    let (file, dataset) = (
        scratch.path().join("phases.toml"),
        scratch.path().join("set"),
    );
    fs::write(&file, scenario).unwrap();
    succeed(&["generate", text(&file), "-o", text(&dataset)]);
    let campaigns = fs::read_to_string(dataset.join("truth/campaigns.jsonl")).unwrap();
    for (number, (ports, rate, expected)) in cells.iter().enumerate() {
        let fired = campaigns
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|one| {
                let id = one["id"].as_str().unwrap();
                id.starts_with(&format!("c{number}-")) && one["expected_to_fire"] == true
            })
            .count();
        let part = f64::from(u32::try_from(fired).unwrap()) / f64::from(PHASES);
        assert!(
            (part - expected).abs() <= 0.067,
            "{ports} at {rate}: {part}, not {expected}"
        );
    }
}
