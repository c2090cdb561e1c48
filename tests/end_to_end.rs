//! The main job: generate, detect, evaluate.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn scanbench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

fn succeed(arguments: &[&str]) -> String {
    let output = scanbench(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Every file of a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(one) = folders.pop() {
        for entry in fs::read_dir(one).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// For every built-in scenario: the bytes do not depend on threads, and the detector's rows are the windows on
/// which the truth says that the rule must fire, although neither knows the other.
#[test]
fn rows_are_the_windows_that_must_fire_on_any_number_of_threads() {
    let scratch = tempfile::tempdir().unwrap();
    let names = succeed(&["scenarios"]);
    let mut rows_seen = 0;
    for name in names.lines().map(|line| line.split(' ').next().unwrap()) {
        let folder = |threads: &str| scratch.path().join(format!("{name}-{threads}"));
        for threads in ["1", "2"] {
            let output = folder(threads).display().to_string();
            succeed(&["generate", name, "-o", &output, "--threads", threads]);
        }
        let one = files(&folder("1"));
        assert_eq!(one, files(&folder("2")), "{name}");

        let windows = String::from_utf8(one["truth/windows.jsonl"].clone()).unwrap();
        let expected: BTreeMap<String, (u64, u64)> = json_lines(&windows)
            .iter()
            .filter(|window| window["must_fire"] == true)
            .map(|window| {
                let key =
                    ["bin", "c_ip", "computer", "s_ip"].map(|key| window[key].as_str().unwrap());
                let number = |key: &str| window[key].as_u64().unwrap();
                (key.join(" "), (number("ports").min(128), number("lines")))
            })
            .collect();
        let folder = folder("1").display().to_string();
        let rows: BTreeMap<String, (u64, u64)> =
            json_lines(&succeed(&["detect", &folder, "--format", "ndjson"]))
                .iter()
                .map(|row| {
                    let key = ["TimeGenerated", "cIP", "Computer", "sIP"]
                        .map(|key| row[key].as_str().unwrap());
                    let number = |key: &str| row[key].as_u64().unwrap();
                    (
                        key.join(" "),
                        (number("portCount"), number("ConnectionsCount")),
                    )
                })
                .collect();
        assert_eq!(rows, expected, "{name}");
        rows_seen += rows.len();
    }
    assert!(rows_seen > 0);
}

/// The story of the default scenario: one scan caught, one that the rule cannot see, one that a documented
/// exclusion hides, and all four documented look-alikes.
#[test]
fn the_default_run_tells_its_story() {
    let scratch = tempfile::tempdir().unwrap();
    let output = scratch.path().display().to_string();
    let text = succeed(&["run", "-o", &output]);
    let report: Value =
        serde_json::from_slice(&fs::read(scratch.path().join("report.json")).unwrap()).unwrap();
    let lines = report["datasets"][0]["lines"].as_u64().unwrap();
    assert!((150_000..250_000).contains(&lines), "{lines} lines");
    assert_eq!(report["agreement"]["missing_rows"], serde_json::json!([]));
    assert_eq!(
        report["agreement"]["unexpected_rows"],
        serde_json::json!([])
    );
    let campaigns = report["campaigns"].as_array().unwrap();
    let rows = |id: &str, which: &str| -> u64 {
        let one = campaigns.iter().find(|one| one["id"] == id).unwrap();
        one[which].as_u64().unwrap()
    };
    let (alone, with) = ("rows_without_exclusions", "rows_with_exclusions");
    assert!(rows("scan-fast", alone) > 0 && rows("scan-fast", with) > 0);
    assert_eq!(rows("scan-ordinary", alone), 0);
    assert!(rows("scan-inside", alone) > 0);
    assert_eq!(rows("scan-inside", with), 0);
    assert!(text.contains("internal-range HIDES it"), "{text}");
    let kinds: BTreeSet<&str> = campaigns
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        ["backend", "discovery", "maintenance", "proxy", "scan"]
    );
    let markdown = fs::read_to_string(scratch.path().join("report.md")).unwrap();
    assert!(
        markdown.starts_with("# scanbench: default (seed "),
        "{markdown}"
    );

    // The dataset that was kept gives the same report again.
    let dataset = scratch.path().join("dataset").display().to_string();
    let again = scratch.path().join("again").display().to_string();
    succeed(&[
        "evaluate",
        &dataset,
        "--exclusions",
        "scenarios/exclusions/documented.toml",
        "-o",
        &again,
    ]);
    for name in ["report.json", "report.md", "report.html", "junit.xml"] {
        assert_eq!(
            fs::read(scratch.path().join(name)).unwrap(),
            fs::read(scratch.path().join("again").join(name)).unwrap()
        );
    }
}

/// Labels point at lines of the campaign's clients, and the manifest's checksums are those of another program.
#[test]
fn labels_and_checksums_hold() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("set");
    succeed(&["generate", "minimal", "-o", &folder.display().to_string()]);
    let files = files(&folder);
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    let clients: BTreeMap<String, Vec<String>> = json_lines(&text("truth/campaigns.jsonl"))
        .iter()
        .map(|one| {
            let addresses = one["clients"].as_array().unwrap().iter();
            let addresses = addresses.map(|address| address.as_str().unwrap().to_owned());
            (one["id"].as_str().unwrap().to_owned(), addresses.collect())
        })
        .collect();
    let mut labelled = 0;
    for (name, _) in files.iter().filter(|(name, _)| name.starts_with("labels/")) {
        let log = text(&name.replace("labels/", "logs/").replace(".jsonl", ".log"));
        let lines: Vec<&str> = log.lines().collect();
        for label in json_lines(&text(name)) {
            let line = lines[usize::try_from(label["line"].as_u64().unwrap()).unwrap() - 1];
            let client = line.split(' ').nth(8).unwrap();
            let allowed = &clients[label["campaign"].as_str().unwrap()];
            assert!(allowed.iter().any(|one| one == client), "{line}: {label}");
            labelled += 1;
        }
    }
    assert!(labelled >= 30, "{labelled}");

    let manifest: Value = serde_json::from_str(&text("manifest.json")).unwrap();
    for file in manifest["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let sum = Command::new("sha256sum")
            .arg(folder.join(path))
            .output()
            .unwrap();
        let sum = String::from_utf8(sum.stdout).unwrap();
        assert!(
            sum.contains(file["sha256"].as_str().unwrap()),
            "{path}: {sum}"
        );
    }
    let named = manifest["files"].as_array().unwrap().len();
    assert_eq!(
        named + 1,
        files.len(),
        "every file but the manifest is in it"
    );
}

/// An `[exclusion.expect]` that does not hold fails with exit code 1 and says so.
#[test]
fn promises_of_exclusions_are_held() {
    let scratch = tempfile::tempdir().unwrap();
    let list = scratch.path().join("exclusions.toml");
    let file = |max: u64, min: u64| {
        format!(
            "version = 1\n[[exclusion]]\nid = \"all\"\nstage = \"event\"\nmatch.s-port = [\"1-65535\"]\n\
             [exclusion.expect]\nmax-hidden-campaigns = {max}\nmin-removed-alerts = {min}\n"
        )
    };
    for (max, min, code) in [(1, 1, 0), (0, 0, 1), (1, 99, 1)] {
        fs::write(&list, file(max, min)).unwrap();
        let output = scanbench(&[
            "run",
            "minimal",
            "--exclusions",
            &list.display().to_string(),
        ]);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.contains("BROKEN PROMISE"), code == 1, "{text}");
    }
}

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
            unreachable!()
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

/// Our rows through `--alerts`, in every form that they are written in, score as they do without; a row more or less
/// does not, and the report says which.
#[test]
fn alerts_of_other_engines_score_the_same() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let dataset = path("set");
    succeed(&["generate", "look-alikes", "-o", &dataset]);
    succeed(&["evaluate", &dataset, "-o", &path("ours")]);
    let report = |folder: &str| fs::read(scratch.path().join(folder).join("report.json")).unwrap();
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
        assert_eq!(report("ours"), report(format), "{format}");
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
    assert_ne!(report("ours"), report("wrong"));
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
    assert_eq!(report("ours"), report("within"));
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
            "recall is 0.000 to 1.000, under 0.5",
        ),
        (vec!["--fail-under", "recall=0"], 0, ""),
        (vec!["--fail-over", "recall=0.99"], 1, "over 0.99"),
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
