//! The same dataset in other ways: in parts, interrupted, compressed, as tables, with labels in its lines.

use super::support::{Dataset, EVERYTHING, files, scenario};
use scanbench_generator::manifest::verify;
use scanbench_generator::{
    Compression, Format, GenerateError, Keep, Options, Progress, Shard, generate, truth_of,
};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::tempdir;

/// [`EVERYTHING`] with logs of an hour, so that some are finished early.
fn hourly() -> String {
    EVERYTHING.replace("iis = \"10\"", "iis = \"10\"\nrollover = \"hourly\"")
}

fn make(text: &str, folder: &Path, options: &Options<'_>) -> BTreeMap<String, Vec<u8>> {
    generate(&scenario(text), folder, options).unwrap();
    verify(folder).unwrap();
    files(folder)
}

/// forall N: the shards of a set, joined, are the set.
#[test]
fn shards_joined_are_the_whole() {
    let parent = tempdir().unwrap();
    let mut whole = make(&hourly(), &parent.path().join("whole"), &Options::default());
    whole.remove("manifest.json");
    for of in [2, 3, 7] {
        let mut joined = BTreeMap::new();
        for number in 1..=of {
            let options = Options {
                shard: Shard::new(number, of).unwrap(),
                ..Options::default()
            };
            let folder = parent.path().join(format!("{number}-{of}"));
            let mut part = make(&hourly(), &folder, &options);
            part.remove("manifest.json");
            for (name, bytes) in part {
                assert!(joined.insert(name, bytes).is_none(), "made twice");
            }
        }
        assert!(joined == whole, "{of} shards");
    }
    assert!(Shard::new(0, 2).is_none() && Shard::new(3, 2).is_none());
}

/// forall moments of interruption: what is continued ends with the same bytes.
#[test]
fn resumed_is_the_same() {
    let parent = tempdir().unwrap();
    let whole = make(&hourly(), &parent.path().join("whole"), &Options::default());
    for after in [1, 3] {
        let folder = parent.path().join(format!("after-{after}"));
        let cancelled = AtomicBool::new(false);
        let steps = std::sync::atomic::AtomicU64::new(0);
        let progress = |_: Progress| {
            if steps.fetch_add(1, Ordering::Relaxed) + 1 == after {
                cancelled.store(true, Ordering::Relaxed);
            }
        };
        let interrupted = Options {
            resume: true,
            cancelled: Some(&cancelled),
            progress: &progress,
            ..Options::default()
        };
        let error = generate(&scenario(&hourly()), &folder, &interrupted).unwrap_err();
        assert!(matches!(error, GenerateError::Cancelled));
        assert!(!folder.exists());
        // Another seed is another run.
        let other = Options {
            resume: true,
            seed: Some(3),
            ..Options::default()
        };
        let error = generate(&scenario(&hourly()), &folder, &other).unwrap_err();
        assert!(matches!(error, GenerateError::OtherRun(_)), "{error}");
        let resumed = Options {
            resume: true,
            ..Options::default()
        };
        assert!(make(&hourly(), &folder, &resumed) == whole);
    }
}

#[test]
fn compressed_is_the_same_text() {
    let parent = tempdir().unwrap();
    let plain = make(
        EVERYTHING,
        &parent.path().join("plain"),
        &Options::default(),
    );
    for (compression, ending) in [(Compression::Gzip, "gz"), (Compression::Zstd, "zst")] {
        let options = Options {
            compression,
            ..Options::default()
        };
        let packed = make(EVERYTHING, &parent.path().join(ending), &options);
        let mut logs = 0;
        for (name, bytes) in plain.iter().filter(|(name, _)| name.starts_with("logs/")) {
            let packed = packed[&format!("{name}.{ending}")].as_slice();
            let mut text = Vec::new();
            match compression {
                Compression::Gzip => {
                    flate2::read::MultiGzDecoder::new(packed)
                        .read_to_end(&mut text)
                        .unwrap();
                }
                _ => {
                    zstd::Decoder::new(packed)
                        .unwrap()
                        .read_to_end(&mut text)
                        .unwrap();
                }
            }
            assert!(text == *bytes, "{name}");
            logs += 1;
        }
        assert!(logs > 3);
    }
}

/// Every line is a row with the same values and the same label.
#[test]
fn tables_have_the_same_rows() {
    let parent = tempdir().unwrap();
    let lines = Dataset::make(EVERYTHING, 1).entries();
    let options = |format| Options {
        format,
        inline_labels: true,
        ..Options::default()
    };
    let csv = make(
        EVERYTHING,
        &parent.path().join("csv"),
        &options(Format::Csv),
    );
    let json = make(
        EVERYTHING,
        &parent.path().join("json"),
        &options(Format::Ndjson),
    );
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for (name, bytes) in &csv {
        if name.starts_with("logs/") {
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            rows.extend(
                reader
                    .deserialize::<BTreeMap<String, String>>()
                    .map(Result::unwrap),
            );
        }
    }
    for (name, bytes) in &json {
        if name.starts_with("logs/") {
            let text = std::str::from_utf8(bytes).unwrap();
            objects.extend(
                text.lines()
                    .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()),
            );
        }
    }
    assert_eq!((rows.len(), objects.len()), (lines.len(), lines.len()));
    for ((row, object), line) in rows.iter().zip(&objects).zip(&lines) {
        let time = format!("{}T{}Z", line.get("date"), line.get("time"));
        let campaign = line
            .label
            .as_ref()
            .map_or("", |label| label.campaign.as_str());
        for (column, value) in [
            ("TimeGenerated", time.as_str()),
            ("Computer", line.computer.as_str()),
            ("cIP", line.get("c-ip")),
            ("csUserAgent", line.get("cs(User-Agent)")),
            ("scSubStatus", line.get("sc-substatus")),
            ("Campaign", campaign),
        ] {
            assert_eq!(row[column], value);
            assert_eq!(object[column], value);
        }
        assert_eq!(row["sPort"], line.get("s-port"));
        assert_eq!(object["sPort"].to_string(), line.get("s-port"));
    }
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_has_the_same_rows() {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    let parent = tempdir().unwrap();
    let folder = parent.path().join("set");
    let options = Options {
        format: Format::Parquet,
        ..Options::default()
    };
    let made = make(EVERYTHING, &folder, &options);
    let lines = Dataset::make(EVERYTHING, 1).entries();
    let mut at = 0;
    for name in made.keys().filter(|name| name.starts_with("logs/")) {
        let file = std::fs::File::open(folder.join(name)).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let row: BTreeMap<String, String> = row
                .get_column_iter()
                .map(|(name, value)| (name.clone(), value.to_string().replace('"', "")))
                .collect();
            assert_eq!(row["cIP"], lines[at].get("c-ip"));
            assert_eq!(row["sPort"], lines[at].get("s-port"));
            assert_eq!(row["scStatus"], lines[at].get("sc-status"));
            at += 1;
        }
    }
    assert_eq!(at, lines.len());
}

#[test]
fn inline_labels_are_the_labels() {
    let parent = tempdir().unwrap();
    let options = Options {
        inline_labels: true,
        ..Options::default()
    };
    let folder = parent.path().join("set");
    generate(&scenario(EVERYTHING), &folder, &options).unwrap();
    let dataset = Dataset::of(parent);
    for entry in dataset.entries() {
        let expected = match &entry.label {
            Some(label) => (label.labels[0].name(), label.campaign.as_str()),
            None => ("background", "-"),
        };
        assert_eq!((entry.get("x-label"), entry.get("x-campaign")), expected);
    }
}

#[test]
fn thrown_away_leaves_nothing_and_counts_the_same() {
    let parent = tempdir().unwrap();
    let folder = parent.path().join("set");
    let kept = Dataset::make(EVERYTHING, 1);
    for keep in [Keep::Nothing, Keep::Checksums] {
        let options = Options {
            keep,
            ..Options::default()
        };
        let summary = generate(&scenario(EVERYTHING), &folder, &options).unwrap();
        assert_eq!(summary, kept.summary);
    }
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
    let (campaigns, windows) = truth_of(&scenario(EVERYTHING), &Options::default()).unwrap();
    assert_eq!((campaigns, windows), (kept.campaigns(), kept.windows()));
}

/// What no site logs is in HTTP.sys's own log, and the truth says how much.
#[test]
fn contacts_stand_in_httperr() {
    let text = EVERYTHING.replace(
        "requests-per-port = 3\n\n[[actor]]\nid = \"maintenance\"",
        "contact = \"connect\"\n\n[[actor]]\nid = \"maintenance\"",
    );
    let parent = tempdir().unwrap();
    let options = Options {
        error_log: true,
        ..Options::default()
    };
    let folder = parent.path().join("set");
    let made = make(&text, &folder, &options);
    let log = std::str::from_utf8(&made["httperr/HOST01/httperr1.log"]).unwrap();
    let idle = log
        .lines()
        .filter(|line| line.ends_with(" - - - - - Timer_ConnectionIdle -"))
        .count();
    let dataset = Dataset::of(parent);
    let scan = &dataset.campaigns()[0];
    assert_eq!(
        (scan.id.as_str(), scan.lines, scan.contacts),
        ("scan@HOST01", 0, idle as u64)
    );
    assert_eq!(idle, 42);
}
