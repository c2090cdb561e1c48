//! `bench`: what is right gets a speed, what is wrong gets none, and files say what the terminal says.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is how a test reports"
)]

use scanbench::bench::detector::Detector;
use scanbench::bench::report::{BenchReport, By, SCHEMA_VERSION, bench_schema};
use scanbench_spec::Source;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs `bench minimal --quick` in a folder, one size and three rounds, with a cache in it.
fn bench(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args([
            "bench", "minimal", "--quick", "--sizes", "1", "--rounds", "3", "--cache", "cache",
        ])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// A detector that runs a shell script.
fn describe(folder: &Path, name: &str, script: &str, more: &str) -> String {
    let file = format!("{name}.toml");
    fs::write(folder.join(format!("{name}.sh")), script).unwrap();
    let text = format!(
        "name = \"{name}\"\ncommand = [\"sh\", \"{{here}}/{name}.sh\", \"{{logs}}\", \"{{alerts}}\"]\n{more}"
    );
    fs::write(folder.join(&file), text).unwrap();
    file
}

/// The only dataset in the cache.
fn cached(folder: &Path) -> PathBuf {
    let mut found = fs::read_dir(folder.join("cache")).unwrap();
    found.next().unwrap().unwrap().path()
}

/// What our detector prints for the dataset is what a script can print again.
fn right_rows(folder: &Path) -> String {
    assert!(bench(folder, &[]).status.success());
    let dataset = cached(folder);
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(["detect", "--format", "ndjson"])
        .arg(dataset)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn report(folder: &Path, name: &str) -> BenchReport {
    serde_json::from_slice(&fs::read(folder.join(name).join("bench.json")).unwrap()).unwrap()
}

#[test]
fn right_and_wrong_detectors() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let rows = right_rows(folder);
    fs::write(folder.join("rows"), &rows).unwrap();
    let other = rows.replace("\"portCount\":32", "\"portCount\":31");
    assert_ne!(rows, other, "minimal has one scan of 32 ports");
    fs::write(folder.join("other"), other).unwrap();
    fs::write(folder.join("twice"), rows.repeat(2)).unwrap();
    let files = [
        describe(folder, "right", "cat rows > \"$2\"", ""),
        describe(folder, "none", ": > \"$2\"", ""),
        describe(folder, "other", "cat other > \"$2\"", ""),
        describe(folder, "twice", "cat twice > \"$2\"", ""),
        describe(
            folder,
            "fails",
            "cat rows > \"$2\"; echo no such table >&2; exit 3",
            "",
        ),
        // Right in the run that is checked, and never again.
        describe(
            folder,
            "once",
            "cat rows > \"$2\"; if [ -e seen ]; then : > \"$2\"; fi; : > seen",
            "",
        ),
    ];
    let mut arguments = vec!["-o", "out"];
    for file in &files {
        arguments.extend(["--detector", file]);
    }
    let output = bench(folder, &arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(!told.contains("right, scale 1 has"), "{told}");
    let report = report(folder, "out");
    assert_eq!(report.command[..3], ["scanbench", "bench", "minimal"]);
    let of = |name: &str| {
        report
            .measured
            .iter()
            .find(|one| one.detector == name)
            .unwrap()
    };
    let right = of("right");
    assert_eq!(right.refused, None);
    let speed = right.speed.as_ref().unwrap();
    assert_eq!(speed.runs.len(), 3);
    assert!(speed.to_first.is_some() && speed.cpu_s.is_some() && speed.peak_bytes.is_some());
    for (name, why) in [
        ("none", "1 are missing"),
        ("other", "1 have another number of ports"),
        ("twice", "rows in all: 2"),
        ("fails", "no such table"),
        ("once", "1 are missing"),
    ] {
        let one = of(name);
        assert_eq!(one.speed, None, "{name}");
        assert!(
            one.refused.as_ref().unwrap().contains(why),
            "{name}: {:?}",
            one.refused
        );
    }
    assert_eq!(of("fails").rows, None);
    let of_wrong = report.measured.iter().filter(|one| one.detector == "none");
    assert_eq!(of_wrong.count(), 1);
    let text = fs::read_to_string(folder.join("out/bench.md")).unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    for line in ["none, scale 1 has no speed", "wrong rows", "right, scale 1"] {
        assert!(text.contains(line) && table.contains(line), "{line}");
    }
}

/// Without `--sizes` the time is followed over lines, clients and threads; exponents are whatever they are.
#[test]
fn growth() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args([
            "bench", "minimal", "--quick", "--rounds", "3", "--cache", "cache", "-o", "out",
        ])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let report = report(folder, "out");
    let at = |by: By| {
        report
            .growth
            .iter()
            .find(|one| one.by == by)
            .map(|one| one.at.clone())
    };
    // Lines of the manifests: `generate minimal --scale 1`, 2 and 4. Of 1,000 lines of one client each thousand, hundred, ten.
    assert_eq!(at(By::Lines), Some(vec![635, 1522, 3024]));
    assert_eq!(at(By::Clients), Some(vec![1, 10, 100]));
    assert_eq!(report.datasets.len(), 6);
    let cores = std::thread::available_parallelism().unwrap().get() as u64;
    if cores > 1 {
        let threads = at(By::Threads).unwrap();
        assert_eq!((threads.first(), threads.last()), (Some(&1), Some(&cores)));
    }
    assert!(report.measured.iter().all(|one| one.speed.is_some()));
}

/// The dataset is made once; what is damaged in the cache is made anew, the same.
#[test]
fn the_cache() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let told = |output: Output| {
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(told(bench(folder, &["-o", "first"])).contains("minimal at scale 1: made"));
    assert!(told(bench(folder, &["-o", "second"])).contains("minimal at scale 1: found whole"));
    let dataset = cached(folder);
    let truth = dataset.join("truth/windows.jsonl");
    fs::write(&truth, fs::read_to_string(&truth).unwrap() + "\n").unwrap();
    assert!(told(bench(folder, &["-o", "third"])).contains("minimal at scale 1: made"));
    let data = ["first", "second", "third"].map(|name| report(folder, name).datasets[0].clone());
    assert_eq!(data[0].lines, 635);
    assert!(
        data.iter()
            .all(|one| one.fingerprint == data[0].fingerprint)
    );
    let other = told(bench(folder, &["-o", "other", "--seed", "5"]));
    assert!(other.contains("minimal at scale 1: made"), "{other}");
    assert_ne!(
        report(folder, "other").datasets[0].fingerprint,
        data[0].fingerprint
    );
}

/// A baseline whose times are a thousandth is beyond any noise, and one a thousand times as long is no failure.
#[test]
fn a_baseline() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    assert!(bench(folder, &["-o", "out"]).status.success());
    let text = fs::read(folder.join("out/bench.json")).unwrap();
    let with_times = |factor: f64, name: &str| {
        let mut json: Value = serde_json::from_slice(&text).unwrap();
        for one in json["measured"].as_array_mut().unwrap() {
            for run in one["speed"]["runs"].as_array_mut().unwrap() {
                run["wall_s"] = (run["wall_s"].as_f64().unwrap() * factor).into();
            }
        }
        fs::write(folder.join(name), json.to_string()).unwrap();
        bench(folder, &["--baseline", name])
    };
    let slower = with_times(0.001, "fast.json");
    assert_eq!(slower.status.code(), Some(1));
    assert!(
        String::from_utf8(slower.stderr)
            .unwrap()
            .contains("is slower than the baseline")
    );
    let faster = with_times(1000.0, "slow.json");
    assert!(faster.status.success());
    assert!(String::from_utf8(faster.stdout).unwrap().contains("faster"));
    let other = bench(folder, &["--baseline", "out/bench.json", "--seed", "5"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(
        String::from_utf8(other.stderr)
            .unwrap()
            .contains("same bytes")
    );
    fs::write(folder.join("none.json"), "{}").unwrap();
    assert_eq!(
        bench(folder, &["--baseline", "none.json"]).status.code(),
        Some(2)
    );
}

/// Whether a process goes on, by the number that it wrote into a file.
#[cfg(target_os = "linux")]
fn goes_on(file: &Path) -> bool {
    let number = fs::read_to_string(file).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", number.trim())).unwrap_or_default();
    // What has ended and was not waited for is a zombie, and does nothing.
    let state = stat.rsplit(')').next().unwrap_or_default().trim();
    !state.is_empty() && !state.starts_with('Z')
}

/// A detector that hangs is ended at its limit with all that it started: in its group, and out of it.
#[cfg(target_os = "linux")]
#[test]
fn a_detector_that_hangs() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let hangs = describe(
        folder,
        "hangs",
        "sleep 600 & echo $! > child\nsetsid sleep 600 & echo $! > other\nsleep 600",
        "timeout = 1\n",
    );
    let output = bench(folder, &["-o", "out", "--detector", &hangs]);
    assert_eq!(output.status.code(), Some(1));
    let told = report(folder, "out");
    let one = told.measured.iter().find(|one| one.detector == "hangs");
    let why = one.unwrap().refused.clone().unwrap();
    assert!(why.contains("longer than 1 s"), "{why}");
    for file in ["child", "other"] {
        assert!(!goes_on(&folder.join(file)), "{file}");
    }
}

/// Ctrl-C ends the detector that runs, which is in another process group.
#[cfg(target_os = "linux")]
#[test]
fn an_interruption() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let hangs = describe(folder, "hangs", "echo $$ > child; sleep 600", "");
    let mut child = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args([
            "bench",
            "minimal",
            "--sizes",
            "1",
            "--cache",
            "cache",
            "--detector",
            &hangs,
        ])
        .current_dir(folder)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let started = folder.join("child");
    while !fs::read_to_string(&started).is_ok_and(|text| text.ends_with('\n')) {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before the detector began"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!goes_on(&started));
}

/// Memory and processor time are those of what a detector starts, not of the shell that starts it: 60 MB, and a loop.
#[test]
fn children_are_counted() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    fs::write(folder.join("rows"), right_rows(folder)).unwrap();
    let script = "cat rows > \"$2\"\nawk 'BEGIN { text = \"x\"; while (length(text) < 60000000) text = text text; print length(text) }' > size";
    let large = describe(folder, "large", script, "");
    let output = bench(folder, &["-o", "out", "--detector", &large]);
    assert!(output.status.success(), "{output:?}");
    let told = report(folder, "out");
    let one = told.measured.iter().find(|one| one.detector == "large");
    let speed = one.unwrap().speed.clone().unwrap();
    assert!(speed.peak_bytes.unwrap().median > 60e6);
    assert!(speed.cpu_s.unwrap().low > 0.0);
}

/// What there is no time for is left out and told; what is fast is measured all the same.
#[test]
fn a_budget() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    fs::write(folder.join("rows"), right_rows(folder)).unwrap();
    let slow = describe(folder, "slow", "sleep 60; cat rows > \"$2\"", "");
    let output = bench(
        folder,
        &["-o", "out", "--budget", "30", "--detector", &slow],
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("left out: slow on scale 1"), "{said}");
    let told = report(folder, "out");
    assert!(told.dropped.contains(&"slow on scale 1".to_owned()));
    assert!(told.measured.iter().all(|one| one.detector == "scanbench"));
    assert!(told.measured.iter().all(|one| one.speed.is_some()));
    let text = fs::read_to_string(folder.join("out/bench.md")).unwrap();
    assert!(text.contains("slow on scale 1"), "{text}");
}

/// Other rows by design are no failure and have no speed; what cannot answer is listed with its reason.
#[test]
fn other_questions() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    fs::write(folder.join("rows"), right_rows(folder).repeat(2)).unwrap();
    let differs = describe(
        folder,
        "doubles",
        "cat rows > \"$2\"",
        "differs = \"it says all twice\"\nversion = [\"echo\", \"\\u001b[1mdoubles 3\"]\n",
    );
    fs::write(
        folder.join("cannot.toml"),
        "name = \"mute\"\ncannot = \"it counts nothing\"\n",
    )
    .unwrap();
    let output = bench(
        folder,
        &[
            "-o",
            "out",
            "--detector",
            &differs,
            "--detector",
            "cannot.toml",
        ],
    );
    assert!(output.status.success(), "{output:?}");
    let table = String::from_utf8(output.stdout).unwrap();
    for text in [
        "it says all twice",
        "it counts nothing",
        "doubles 3",
        "other rows",
    ] {
        assert!(table.contains(text), "{text}: {table}");
    }
    assert!(!table.contains('\u{1b}'), "{table}");
    let told = report(folder, "out");
    let one = told.measured.iter().find(|one| one.detector == "doubles");
    let one = one.unwrap();
    assert!(one.speed.is_none());
    // Two rows for the one that must come, both of the scan.
    let rows = one.rows.as_ref().unwrap();
    assert_eq!(
        (rows.expected, rows.found, rows.bin_precision),
        (1, 2, Some(1.0))
    );
    // One that gives nothing at all has failed, whatever it is meant to give.
    let fails = describe(folder, "fails", "exit 3", "differs = \"so it is\"\n");
    assert_eq!(
        bench(folder, &["--detector", &fails]).status.code(),
        Some(1)
    );
}

/// Whether `ours` has what `theirs` has, of the same kinds, by name; of lists and maps of things the first counts.
fn has_the_shape_of(ours: &Value, theirs: &Value, place: &str) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (name, value) in theirs {
                let named_by_users = place.ends_with(".benchmarks");
                let found = if named_by_users {
                    ours.values().next()
                } else {
                    ours.get(name)
                };
                let found = found.unwrap_or_else(|| panic!("{place} has no {name}"));
                has_the_shape_of(found, value, &format!("{place}.{name}"));
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            has_the_shape_of(&ours[0], &theirs[0], &format!("{place}[]"));
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (_, Value::Null) => {}
        _ => panic!("{place}: {ours} where {theirs} is expected"),
    }
}

/// The files of `tests/formats` are as critcmp 0.1.8 exports them, and as github-action-benchmark documents them.
#[test]
fn formats_of_other_tools() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
    for format in ["critcmp", "github-action-benchmark"] {
        let output = bench(folder, &["--format", format, "--label", "now", "-o", "out"]);
        assert!(output.status.success(), "{output:?}");
        let ours: Value = serde_json::from_slice(&output.stdout).unwrap();
        let theirs = fs::read(formats.join(format!("{format}.json"))).unwrap();
        has_the_shape_of(&ours, &serde_json::from_slice(&theirs).unwrap(), "");
        let file = folder.join("out").join(match format {
            "critcmp" => "bench.critcmp.json",
            _ => "bench.github.json",
        });
        assert_eq!(fs::read(file).unwrap(), output.stdout);
    }
    let told = report(folder, "out");
    let text = fs::read(folder.join("out/bench.critcmp.json")).unwrap();
    let critcmp: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(critcmp["name"], "now");
    let named = critcmp["benchmarks"].as_object().unwrap();
    assert_eq!(named.len(), told.measured.len());
    let output = bench(folder, &["--format", "json"]);
    assert!(serde_json::from_slice::<BenchReport>(&output.stdout).is_ok());
}

/// Raw runs are kept side by side, and a label cannot lead out of the folder.
#[test]
fn runs_that_are_kept() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    for _ in 0..2 {
        let output = bench(folder, &["--keep", "runs", "--label", "small"]);
        assert!(output.status.success(), "{output:?}");
    }
    let mut names: Vec<String> = fs::read_dir(folder.join("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 2);
    // 2026-11-24-small, and the same with a number, unless midnight came between.
    assert!(
        names[0].ends_with("-small") && names[0].len() == 16,
        "{names:?}"
    );
    let runs = folder.join("runs");
    assert!(!report(&runs, &names[1]).began.is_empty());
    for label in ["../out", "-a", ".a", "a b", ""] {
        let output = bench(folder, &["--keep", "runs", "--label", label]);
        assert_eq!(output.status.code(), Some(2), "{label}");
    }
}

/// What is kept can be removed, and nothing else is.
#[test]
fn a_cache_that_is_cleared() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let output = bench(folder, &[]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("the cache cache holds 1 dataset, "), "{told}");
    fs::write(folder.join("cache/mine"), "mine").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(["bench", "--clear-cache", "--cache", "cache"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("removed 1 dataset from cache"), "{told}");
    let left: Vec<_> = fs::read_dir(folder.join("cache"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["mine"]);
}

#[test]
fn bad_descriptions() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    fs::write(
        folder.join("bad.toml"),
        "name = \"bad\"\ncommand = [\"a\", \"{logs}\"]\nwarmup = 2\n",
    )
    .unwrap();
    let output = bench(folder, &["--detector", "bad.toml"]);
    assert_eq!(output.status.code(), Some(3));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("bad.toml:3:1") && told.contains("did you mean `warm-up`?"),
        "{told}"
    );
    let twin = describe(folder, "scanbench", "", "");
    let output = bench(folder, &["--detector", &twin]);
    assert_eq!(output.status.code(), Some(2));
    let install = describe(
        folder,
        "absent",
        "exit 1",
        "install = [\"sh\", \"-c\", \"echo put it here >&2; exit 4\"]\n",
    );
    let output = bench(folder, &["--detector", &install, "--install"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("cannot install absent")
    );
}

/// What is shipped as a pattern can be read.
#[test]
fn shipped_descriptions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/detectors");
    let mut found = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let program = Path::new("scanbench");
            Detector::from_source(&Source::read(&path).unwrap(), program).unwrap();
            found += 1;
        }
    }
    assert!(found > 10);
}

/// After a change that is meant, `UPDATE_SCHEMAS=1 cargo test --test bench` writes the file anew; a change of shape also
/// needs another `SCHEMA_VERSION`.
#[test]
fn the_committed_schema_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/bench.schema.json");
    let mut text = serde_json::to_string_pretty(&bench_schema()).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == text,
        "{} differs: UPDATE_SCHEMAS=1 cargo test --test bench writes it anew",
        path.display()
    );
    assert_eq!(SCHEMA_VERSION, 2);
}
