//! Scoring by the command line: exclusions measured and suggested, alerts of other engines, gates and baselines.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

#[path = "support/json.rs"]
mod json;
#[path = "support/program.rs"]
mod program;

use json::json_lines;
use program::{scanbench, succeed};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// `measure` in its three forms, over two datasets; a promise that does not hold is exit code 1.
#[test]
fn exclusions_are_measured() {
    let scratch = tempfile::tempdir().unwrap();
    let datasets: Vec<String> = ["1", "2"]
        .iter()
        .map(|seed| {
            let folder = scratch.path().join(seed).display().to_string();
            succeed(&[
                "generate",
                "excluded-address",
                "-o",
                &folder,
                "--seed",
                seed,
            ]);
            folder
        })
        .collect();
    let list = scratch.path().join("list.toml").display().to_string();
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/exclusions/documented.toml"),
    )
    .unwrap();
    fs::write(&list, &text).unwrap();
    let measure = |format: &str| {
        let [a, b] = &datasets[..] else {
            unreachable!("two were made")
        };
        scanbench(&[
            "exclusions",
            "measure",
            &list,
            "--against",
            a,
            b,
            "--format",
            format,
        ])
    };
    let table = String::from_utf8(measure("table").stdout).unwrap();
    let json: Value = serde_json::from_slice(&measure("json").stdout).unwrap();
    let markdown = String::from_utf8(measure("markdown").stdout).unwrap();
    assert!(markdown.contains("| fair share |"), "{markdown}");
    assert_eq!(json["datasets"].as_array().unwrap().len(), 2);
    // Fair shares sum to what all do together, and hidden campaigns are named with their dataset.
    let number = |worth: &str| -> f64 {
        let all = json["exclusions"].as_array().unwrap().iter();
        all.map(|one| one["attribution"]["shapley"][worth].as_f64().unwrap())
            .sum()
    };
    let together = &json["exclusions_together"];
    let hidden = together["campaigns_hidden"].as_array().unwrap();
    assert!(!hidden.is_empty());
    assert!(
        (number("campaigns_hidden") - f64::from(u32::try_from(hidden.len()).unwrap())).abs() < 1e-9
    );
    let removed = together["false_episodes_removed"]["hits"].as_f64().unwrap();
    assert!((number("false_episodes") - removed).abs() < 1e-9);
    for one in hidden {
        let name = one.as_str().unwrap();
        assert!(
            name.ends_with(", seed 1)") || name.ends_with(", seed 2)"),
            "{name}"
        );
        assert!(table.contains(&format!("HIDDEN: {name}")), "{table}");
    }

    let promise = "\n[exclusion.expect]\nmax-hidden-campaigns = 0\n[[exclusion]]\nid = \"any\"\nstage = \"alert\"\n\
                   match.s-port = [\"1-65535\"]\n[exclusion.expect]\nmax-hidden-campaigns = 0\n";
    fs::write(&list, text + promise).unwrap();
    let output = measure("table");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(
        table.contains("BROKEN PROMISE: any promises max-hidden-campaigns = 0"),
        "{table}"
    );
    assert!(
        table.contains("holds what it promises: reverse-proxy"),
        "{table}"
    );
}

/// What `suggest` prints is an exclusion list; on the data that it was found in, it removes what it says, and it names
/// single addresses only.
#[test]
fn suggestions_can_be_used() {
    let scratch = tempfile::tempdir().unwrap();
    let dataset = scratch.path().join("set").display().to_string();
    succeed(&["generate", "look-alikes", "-o", &dataset]);
    let text = succeed(&["exclusions", "suggest", "--against", &dataset]);
    let list = scratch.path().join("suggested.toml");
    fs::write(&list, &text).unwrap();
    let list = list.display().to_string();
    let json: Value = serde_json::from_str(&succeed(&[
        "exclusions",
        "suggest",
        "--against",
        &dataset,
        "--format",
        "json",
    ]))
    .unwrap();
    let suggested = json["exclusions"].as_array().unwrap();
    assert!(!suggested.is_empty(), "{text}");
    let file: toml::Table = text.parse().unwrap();
    let written = file["exclusion"].as_array().unwrap();
    assert_eq!(written.len(), suggested.len());
    for one in written {
        let matches = one["match"].as_table().unwrap();
        assert!(
            matches.contains_key("s-port") && !matches.contains_key("cs-user-agent"),
            "{text}"
        );
        for client in matches["c-ip"].as_array().unwrap() {
            let address: Result<std::net::IpAddr, _> = client.as_str().unwrap().parse();
            assert!(address.is_ok(), "{client}");
        }
    }
    let measured: Value = serde_json::from_str(&succeed(&[
        "exclusions",
        "measure",
        &list,
        "--against",
        &dataset,
        "--format",
        "json",
    ]))
    .unwrap();
    for (one, found) in measured["exclusions"]
        .as_array()
        .unwrap()
        .iter()
        .zip(suggested)
    {
        assert_eq!(one["id"], found["id"]);
        let rows = |effect: &Value| effect["rows_removed"]["look_alike"].clone();
        let sum = |effect: Value| -> u64 {
            effect
                .as_object()
                .unwrap()
                .values()
                .map(|count| count.as_u64().unwrap())
                .sum()
        };
        // Both halves together are the whole.
        assert_eq!(
            sum(rows(one)),
            sum(rows(&found["tuning"])) + sum(rows(&found["other"]))
        );
        assert!(sum(rows(&found["tuning"])) > 0);
    }
}

/// Whether no campaign has a row in one set of rows alone.
fn are_the_same(comparison: &Value) -> bool {
    ["attacks", "look_alikes"].iter().all(|class| {
        let paired = &comparison[class];
        let is_empty = |side: &str| paired[side].as_array().is_some_and(Vec::is_empty);
        is_empty("only_here") && is_empty("only_there") && paired["chance"] == 1.0
    })
}

/// Our rows through `--alerts`, in every form that they are written in, score as they do without; a row more or less
/// does not, and the report says which.
#[test]
fn alerts_of_other_engines_score_the_same() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let dataset = path("set");
    succeed(&["generate", "look-alikes", "-o", &dataset]);
    succeed(&["evaluate", &dataset, "-o", &path("ours")]);
    // All but how they compare with ours, which our own rows do not say.
    let report = |folder: &str| {
        let path = scratch.path().join(folder).join("report.json");
        let mut report: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let comparisons = report.as_object_mut().unwrap().remove("comparisons");
        (report, comparisons.unwrap())
    };
    for format in ["csv", "json", "ndjson"] {
        let rows = succeed(&["detect", &dataset, "--format", format]);
        fs::write(path("rows"), rows).unwrap();
        succeed(&[
            "evaluate",
            &dataset,
            "--alerts",
            &path("rows"),
            "-o",
            &path(format),
        ]);
        let (scores, comparisons) = report(format);
        assert_eq!(report("ours").0, scores, "{format}");
        assert!(are_the_same(&comparisons[0]), "{format}");
    }

    let rows = succeed(&["detect", &dataset, "--format", "ndjson"]);
    let (first, rest) = rows.split_once('\n').unwrap();
    let strange = r#"{"TimeGenerated":"2026-11-02T00:00:00Z","cIP":"192.0.2.99","Computer":"NONE","sIP":"10.9.9.9"}"#;
    fs::write(path("rows"), format!("{rest}{strange}\n")).unwrap();
    let text = succeed(&[
        "evaluate",
        &dataset,
        "--alerts",
        &path("rows"),
        "-o",
        &path("wrong"),
    ]);
    assert_ne!(report("ours").0, report("wrong").0);
    let first: Value = serde_json::from_str(first).unwrap();
    let key = |row: &str, what: &str| format!("{what}: {row}");
    let missing = format!(
        "{} {} on {} ({})",
        first["TimeGenerated"].as_str().unwrap(),
        first["cIP"].as_str().unwrap(),
        first["Computer"].as_str().unwrap(),
        first["sIP"].as_str().unwrap()
    );
    assert!(text.contains(&key(&missing, "MISSING ROW")), "{text}");
    assert!(
        text.contains("UNEXPECTED ROW: 2026-11-02T00:00:00Z 192.0.2.99 on NONE (10.9.9.9)"),
        "{text}"
    );

    // Moments within their bins, and columns under names of one's own.
    let within: Vec<String> = json_lines(&rows)
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            let time = text("TimeGenerated").replace(":00Z", ":59Z");
            format!(
                "{time},{},{},{},{}",
                text("cIP"),
                text("Computer"),
                text("sIP"),
                row["portCount"]
            )
        })
        .collect();
    fs::write(
        path("rows"),
        format!("at,who,where,sIP,portCount\n{}\n", within.join("\n")),
    )
    .unwrap();
    let alerts = path("rows");
    let mut arguments = vec![
        "evaluate",
        &dataset,
        "--alerts",
        &alerts,
        "--alert-time",
        "within",
    ];
    assert_eq!(scanbench(&arguments).status.code(), Some(2));
    let output = path("within");
    arguments.extend([
        "--map",
        "time=at",
        "--map",
        "client=who",
        "--map",
        "computer=where",
        "-o",
        &output,
    ]);
    succeed(&arguments);
    assert_eq!(report("ours").0, report("within").0);
}

/// Engines that are wrong on purpose: one that slides, one that counts by sketch, one that compares texts. Each scores
/// otherwise, and the report says how its rows differ.
#[test]
fn wrong_engines_are_told_by_how() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let dataset = path("set");
    succeed(&["generate", "default", "-o", &dataset, "--scale", "0.1"]);
    let rows = |arguments: &[&str]| {
        let mut all = vec!["detect", &dataset, "--format", "ndjson"];
        all.extend(arguments);
        json_lines(&succeed(&all))
    };
    let count = |row: &Value| row["portCount"].as_u64().unwrap();
    let right = rows(&[]);
    let total = right.len() as u64;
    // As text, "9" is at least "30" and "128" is not.
    let as_text: Vec<Value> = rows(&["--threshold", "2"])
        .into_iter()
        .filter(|row| count(row).to_string().as_str() >= "30")
        .collect();
    let lost = right.iter().filter(|row| count(row) >= 100).count() as u64;
    let won = as_text.iter().filter(|row| count(row) < 30).count() as u64;
    assert!(won > 0 && total > 0);
    let sketched: Vec<Value> = right
        .iter()
        .cloned()
        .map(|mut row| {
            row["portCount"] = (count(&row) * 103 / 100 + 1).into();
            row.as_object_mut().unwrap().remove("set_sPort");
            row
        })
        .collect();
    let sliding = rows(&["--window", "sliding"]);
    let differences = |name: &str, rows: &[Value]| {
        let text: Vec<String> = rows.iter().map(ToString::to_string).collect();
        fs::write(path(name), text.join("\n")).unwrap();
        let output = path(&format!("{name}-report"));
        let told = succeed(&["evaluate", &dataset, "--alerts", &path(name), "-o", &output]);
        let report = fs::read(Path::new(&output).join("report.json")).unwrap();
        let report: Value = serde_json::from_slice(&report).unwrap();
        (report["differences"].clone(), told)
    };
    assert_eq!(differences("right", &right).0, Value::Null);

    let (found, told) = differences("text", &as_text);
    assert_eq!(
        (&found["missing"], &found["extra"]),
        (&lost.into(), &won.into())
    );
    assert!(told.contains(&format!("{won} too many")), "{told}");
    let (found, told) = differences("sketched", &sketched);
    assert_eq!(
        (&found["other_count"], &found["same"]),
        (&total.into(), &0.into())
    );
    assert!(told.contains(&format!("{total} count otherwise")), "{told}");
    let (found, told) = differences("sliding", &sliding);
    assert!(found["shifted"].as_u64().unwrap() > 0, "{found}");
    assert!(told.contains("begin at another time"), "{told}");
}

/// Gates hold by the bounds of intervals; a baseline fails what is worse by more than chance, and only that.
#[test]
fn gates_and_baselines() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let dataset = path("set");
    succeed(&["generate", "default", "-o", &dataset, "--scale", "0.1"]);
    succeed(&["evaluate", &dataset, "-o", &path("before")]);
    let report: Value =
        serde_json::from_slice(&fs::read(scratch.path().join("before/report.json")).unwrap())
            .unwrap();
    let recall = &report["without_exclusions"]["campaign_recall"];
    assert!(
        recall["value"].as_f64().unwrap() > 0.5
            && recall["interval"]["low"].as_f64().unwrap() < 0.5
    );
    let baseline = path("before/report.json");
    for (arguments, code, said) in [
        (
            vec!["--fail-under", "recall=0.5"],
            1,
            "recall is 0.208 to 0.939, under 0.5",
        ),
        (vec!["--fail-under", "recall=0"], 0, ""),
        (vec!["--fail-over", "recall=0.9"], 1, "over 0.9"),
        (
            vec!["--fail-over", "false-alerts-per-day=1"],
            1,
            "false-alerts-per-day is ",
        ),
        (
            vec![
                "--fail-over",
                "false-alerts-per-day=1000",
                "--fail-under",
                "mcc=-1",
            ],
            0,
            "",
        ),
        (
            vec!["--window", "sliding", "--fail-under", "mcc=-1"],
            1,
            "mcc is unmeasured",
        ),
        (vec!["--fail-under", "beauty=1"], 2, "names are recall"),
        (vec!["--baseline", &baseline], 0, ""),
        // One campaign lost is within chance; it is the gate on recall that must hold such.
        (
            vec!["--baseline", &baseline, "--exclusions", "documented"],
            0,
            "",
        ),
        (vec!["--baseline", &dataset], 2, "cannot read"),
    ] {
        let mut all = vec!["evaluate", &dataset];
        all.extend(&arguments);
        let output = scanbench(&all);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(said), "{arguments:?}: {error}");
    }

    // A malicious campaign that had rows then and has none now: one alone may be chance.
    let mut worse = report.clone();
    for one in worse["campaigns"].as_array_mut().unwrap() {
        one["rows_without_exclusions"] = u64::from(one["class"] == "malicious").into();
    }
    let template = worse["campaigns"][0].clone();
    fs::write(path("worse.json"), worse.to_string()).unwrap();
    let output = scanbench(&["evaluate", &dataset, "--baseline", &path("worse.json")]);
    assert_eq!(output.status.code(), Some(0), "one lost, {output:?}");
    worse["campaigns"]
        .as_array_mut()
        .unwrap()
        .retain(|one| one["id"] != template["id"]);
    fs::write(path("other.json"), worse.to_string()).unwrap();
    let output = scanbench(&["evaluate", &dataset, "--baseline", &path("other.json")]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        error.contains("the baseline does not know the campaign"),
        "{error}"
    );
}

/// The limits of the rule: what the scenario `boundaries` says in its comments, counted by hand. 20 rows have 30 ports,
/// so a threshold of 31 misses those; 29 ports are in eight bins. The list `boundaries` keeps each of its promises.
#[test]
fn a_port_more_or_less_fails_a_gate() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let dataset = path("set");
    succeed(&["generate", "boundaries", "-o", &dataset]);
    let exact = [
        "--fail-over",
        "missing-rows=0",
        "--fail-over",
        "unexpected-rows=0",
    ];
    let mut ours = vec!["evaluate", &dataset, "--exclusions", "boundaries"];
    ours.extend(exact);
    succeed(&ours);
    for (threshold, said) in [
        ("31", "missing-rows is 20, over 0"),
        ("29", "unexpected-rows is 8, over 0"),
    ] {
        let rows = succeed(&[
            "detect",
            &dataset,
            "--threshold",
            threshold,
            "--format",
            "ndjson",
        ]);
        let alerts = path(threshold);
        fs::write(&alerts, rows).unwrap();
        let mut theirs = vec!["evaluate", &dataset, "--alerts", &alerts];
        theirs.extend(exact);
        let output = scanbench(&theirs);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.ends_with(&format!("failed: {said}\n")), "{error}");
    }
    // Of another rule the truth says nothing.
    let mut other = vec!["evaluate", &dataset, "--bin", "5m"];
    other.extend(exact);
    let output = scanbench(&other);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("missing-rows is unmeasured"), "{error}");
}
