//! Packed files that are cut, damaged, wrong, nested, or made to grow.

use super::case::{broken, check, read, refused};
use super::samples::{HEADER, LINE, Member, good, gzip, noisy, zip, zstd};
use std::io::Write as _;

const MIB: usize = 1 << 20;

#[test]
fn gzip_files() {
    let log = noisy(20_000);
    let whole = gzip(&log);
    let cut = |place: usize| whole[..place].to_vec();
    let mut wrong_sum = whole.clone();
    let place = whole.len() - 8;
    wrong_sum[place] ^= 1;
    let mut garbage = whole.clone();
    garbage.extend([0xff; 100]);
    let mut zeros = whole.clone();
    zeros.extend([0; 1000]);
    let mut twice = whole.clone();
    twice.extend(gzip(LINE));
    let mut flipped = whole.clone();
    flipped[whole.len() / 2..][..64].fill(0xff);
    check(vec![
        read("whole", whole.clone(), 20_000, "0 bad lines"),
        broken(
            "cut in its last byte",
            cut(whole.len() - 1),
            20_000,
            "the gzip data is cut off",
        ),
        broken(
            "cut in front of its sum",
            cut(whole.len() - 8),
            20_000,
            "the gzip data is cut off",
        ),
        broken("a wrong sum", wrong_sum, 20_000, "the gzip data is damaged"),
        read("NULs behind it", zeros, 20_000, "0 bad lines"),
        broken("garbage behind it", garbage, 20_000, "the gzip data"),
        read("two members", twice, 20_001, "0 bad lines"),
        refused(
            "in gzip",
            gzip(&whole),
            "gzip-compressed data, inside another archive or packed file",
        ),
        refused(
            "a zip in gzip",
            gzip(zip(&[Member::new("a.log", log.as_bytes())])),
            "a zip archive, inside",
        ),
        read("nothing, packed", gzip(""), 0, "is empty"),
        refused("text that is no log", gzip("hello\n"), "plain text"),
        read(
            "10 MB lines",
            gzip(format!("{HEADER}{LINE}{}\n{LINE}", "x".repeat(10_000_000))),
            2,
            "3:1: the line is 10000000 bytes long",
        ),
        read(
            "without a line feed at its end",
            gzip(format!("{HEADER}{}", LINE.trim_end())),
            1,
            "0 bad lines",
        ),
    ]);
    for (place, least) in [
        (whole.len() / 4, 3000),
        (whole.len() / 2, 8000),
        (whole.len() * 9 / 10, 15_000),
    ] {
        some(
            &cut(place),
            least,
            "the gzip data is cut off: it ends in the middle, after",
        );
    }
    some(&flipped, 5000, "the gzip data is damaged");
    for place in [2, 5, 10] {
        nothing(&cut(place), "gzip data is cut off");
    }
}

/// At least so many entries, then an error.
fn some(bytes: &[u8], least: u64, says: &str) {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("a.log"), bytes).unwrap();
    let outcome = super::case::detect(scratch.path(), &["a.log"], None);
    let entries = outcome.entries();
    outcome.check(2, &[says, "what was read before"], entries);
    assert!(
        entries.is_some_and(|entries| entries >= least),
        "{outcome:?}"
    );
}

/// No entry, and an error.
fn nothing(bytes: &[u8], says: &str) {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("a.log"), bytes).unwrap();
    let outcome = super::case::detect(scratch.path(), &["a.log"], None);
    let entries = outcome.entries().filter(|entries| *entries == 0);
    outcome.check(2, &[says], entries);
}

#[test]
fn zstd_files() {
    let log = noisy(20_000);
    let whole = zstd(&log);
    check(vec![
        read("whole", whole.clone(), 20_000, "0 bad lines"),
        refused("in zstd", zstd(&whole), "zstd-compressed data, inside"),
        read("nothing, packed", zstd(""), 0, "is empty"),
        read(
            "10 MB lines",
            zstd(format!("{HEADER}{LINE}{}\n{LINE}", "x".repeat(10_000_000))),
            2,
            "3:1: the line is 10000000 bytes long",
        ),
    ]);
    some(&whole[..whole.len() / 2], 8000, "the zstd data is cut off");
    some(
        &whole[..whole.len() - 1],
        15_000,
        "the zstd data is cut off",
    );
    nothing(&whole[..6], "zstd data is cut off");
    // A frame that asks for a window of terabytes (RFC 8878, 3.1.1.1.2), and one block of nothing.
    nothing(
        &[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0x00, 0x00],
        "zstd data",
    );
}

/// `HEADER`, a line, and zeros without end.
fn zeros(mut out: impl std::io::Write, count: usize) {
    out.write_all(HEADER.as_bytes()).unwrap();
    out.write_all(LINE.as_bytes()).unwrap();
    let block = vec![0; MIB];
    for _ in 0..count {
        out.write_all(&block).unwrap();
    }
}

#[test]
fn bombs() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    zeros(&mut gz, 400);
    let mut zst = zstd::Encoder::new(Vec::new(), 1).unwrap();
    zeros(&mut zst, 400);
    let mut inner = Vec::new();
    zeros(&mut inner, 100);
    let says = "unpacks to more than 700 times its size, which no log does";
    check(vec![
        broken("gzip", gz.finish().unwrap(), 1, says),
        broken("zstd", zst.finish().unwrap(), 1, says),
        broken("zip", zip(&[Member::new("a.log", &inner)]), 1, says),
        // A log that is all alike is none: it is read to its end.
        read(
            "a log of one line",
            gzip(format!("{HEADER}{}", LINE.repeat(400_000))),
            400_000,
            "0 bad lines",
        ),
    ]);
}

#[test]
fn what_stands_beside_logs_in_an_archive() {
    let log = format!("{HEADER}{}", good(100));
    let member = || Member::new("a.log", log.as_bytes());
    check(vec![
        read(
            "a text and a list beside a log",
            zip(&[
                Member::new("README.md", b"# What this is\n\nLogs.\n"),
                Member::new("sites.csv", b"sIP,csHost,owner\n10.0.0.1,a,b\n"),
                member(),
            ]),
            100,
            "a.log!README.md is no W3C log",
        ),
        refused(
            "a text alone",
            zip(&[Member::new("README.md", b"# What this is\n")]),
            "a.log!README.md is no W3C log",
        ),
        broken(
            "what may be a log beside one",
            zip(&[
                Member {
                    method: 0,
                    ..Member::new("b.log.gz", &gzip(&log))
                },
                member(),
            ]),
            100,
            "gzip-compressed data, inside",
        ),
    ]);
}

#[test]
fn zip_archives() {
    let log = format!("{HEADER}{}", good(100));
    let member = || Member::new("a.log", log.as_bytes());
    let whole = zip(&[member()]);
    let mut wrong_sum = whole.clone();
    // The sum in the directory, 16 bytes behind its signature.
    let directory = whole
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    wrong_sum[directory + 16] ^= 1;
    let overlapping = {
        // Two entries in the directory for one member.
        let mut bytes = whole.clone();
        let end = bytes.len() - 22;
        let entry = bytes[directory..end].to_vec();
        let size = u32::try_from(entry.len() * 2).unwrap().to_le_bytes();
        bytes.splice(end..end, entry);
        let end = bytes.len() - 22;
        bytes[end + 8] = 2;
        bytes[end + 10] = 2;
        bytes[end + 12..end + 16].copy_from_slice(&size);
        bytes
    };
    let inner = gzip(&log);
    check(vec![
        read("whole", whole.clone(), 100, "0 bad lines"),
        refused("nothing in it", zip(&[]), "no IIS log was found"),
        refused(
            "folders only",
            zip(&[Member {
                method: 0,
                ..Member::new("logs/", b"")
            }]),
            "no IIS log was found",
        ),
        read(
            "a member with nothing in it",
            zip(&[Member::new("a.log", b"")]),
            0,
            "is empty",
        ),
        read(
            "names that lead out of it",
            zip(&[Member::new("../../etc/cron.d/x", log.as_bytes())]),
            100,
            "",
        ),
        read(
            "a name with escapes",
            zip(&[Member::new("\x1b[2J\n.log", b"hello\n"), member()]),
            100,
            "a.log!\\x1b[2J\\n.log is no W3C log",
        ),
        refused(
            "cut in its directory",
            &whole[..whole.len() - 30],
            "a zip archive that cannot be read",
        ),
        refused(
            "cut in a member",
            &whole[..60],
            "a zip archive that cannot be read",
        ),
        broken("a wrong sum", wrong_sum, 100, "damaged"),
        refused(
            "encrypted",
            zip(&[Member {
                flags: 1,
                ..member()
            }]),
            "it is encrypted",
        ),
        refused(
            "a method that nobody knows",
            zip(&[Member {
                method: 77,
                ..member()
            }]),
            "it is packed by a method of number 77; deflate",
        ),
        refused(
            "gzip in it",
            zip(&[Member {
                method: 0,
                ..Member::new("a.log.gz", &inner)
            }]),
            "gzip-compressed data, inside",
        ),
        refused(
            "a zip in it",
            zip(&[Member::new("a.zip", &whole)]),
            "a zip archive, inside",
        ),
        refused(
            "a member told twice",
            overlapping,
            "two of its members have one name",
        ),
    ]);
}

#[test]
fn other_kinds() {
    let tar = {
        let mut bytes = vec![0; 1024];
        bytes[..5].copy_from_slice(b"a.log");
        bytes[257..262].copy_from_slice(b"ustar");
        bytes
    };
    check(vec![
        refused(
            "tar",
            tar,
            "a tar archive, which cannot be read here; unpack it",
        ),
        refused(
            "7z",
            b"7z\xbc\xaf\x27\x1c\0\x04hello".to_vec(),
            "a 7z archive",
        ),
        refused(
            "xz",
            b"\xfd7zXZ\0\0\x04hello".to_vec(),
            "xz-compressed data",
        ),
        refused(
            "bzip2",
            b"BZh91AY&SYhello".to_vec(),
            "bzip2-compressed data",
        ),
        refused(
            "Parquet, its magic only",
            b"PAR1PAR1".to_vec(),
            "a table that cannot be read: the Parquet file is damaged",
        ),
        refused(
            "Parquet, cut",
            b"PAR1\x15\x04\x15\x80\x80hello".to_vec(),
            "the Parquet file is damaged or cut off",
        ),
        refused(
            "Parquet with a footer of 4 GB",
            b"PAR1\x15\x04\x15\x80\xff\xff\xff\xffPAR1".to_vec(),
            "the Parquet file is damaged or cut off",
        ),
        refused(
            "an executable",
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0".to_vec(),
            "binary data",
        ),
        refused(
            "HTML",
            "<html><body>#Fields: date time</body></html>\n",
            "XML or HTML",
        ),
    ]);
}

#[test]
fn wrong_extensions() {
    let scratch = tempfile::tempdir().unwrap();
    let log = format!("{HEADER}{LINE}");
    let files: [(&str, Vec<u8>); 5] = [
        ("plain.gz", log.clone().into_bytes()),
        ("gzip.zip", gzip(&log)),
        ("zip.log", zip(&[Member::new("a.log", log.as_bytes())])),
        ("zstd.csv", zstd(&log)),
        ("log.exe", log.clone().into_bytes()),
    ];
    for (name, bytes) in files {
        std::fs::File::create(scratch.path().join(name))
            .unwrap()
            .write_all(&bytes)
            .unwrap();
    }
    super::case::detect(scratch.path(), &["."], None).check(
        0,
        &["in 5 logs: 0 bad lines"],
        Some(5),
    );
}
