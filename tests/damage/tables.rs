//! Tables as CSV and JSON that are cut, wrong or long.

use super::case::{check, read, refused};

const CSV: &str = "TimeGenerated,cIP,sIP,sPort,Computer\n";
const ROW: &str = "2026-11-02T10:00:00Z,192.0.2.7,10.0.0.1,80,WEB01\n";
const OBJECT: &str = r#"{"TimeGenerated":"2026-11-02T10:00:00Z","cIP":"192.0.2.7","sIP":"10.0.0.1","sPort":"80","Computer":"WEB01"}"#;

#[test]
fn csv() {
    let long = "x".repeat(10_000_000);
    check(vec![
        read("a header only", CSV, 0, "0 bad lines"),
        read(
            "a byte order mark and CRLF",
            format!("\u{feff}{CSV}{ROW}").replace('\n', "\r\n"),
            1,
            "0 bad lines",
        ),
        read(
            "no line feed at the end",
            format!("{CSV}{ROW}{}", ROW.trim_end()),
            2,
            "0 bad lines",
        ),
        read(
            "a row of 10 MB",
            format!("{CSV}{ROW}{}{ROW}", ROW.replace("192.0.2.7", &long)),
            2,
            "1 bad line",
        ),
        read(
            "a row of 10 MB in quotes",
            format!(
                "{CSV}{ROW}{}{ROW}",
                ROW.replace("192.0.2.7", &format!("\"{long}\""))
            ),
            2,
            "1 bad line",
        ),
        read("too few values", format!("{CSV}{ROW}a,b\n{ROW}"), 2, "3: "),
        read(
            "too many values",
            format!("{CSV}{ROW}{}{ROW}", ROW.replace(",80,", ",8,0,")),
            2,
            "3: ",
        ),
        read(
            "a bad time",
            format!("{CSV}{ROW}{}{ROW}", ROW.replace("T10:", "T25:")),
            2,
            "TimeGenerated",
        ),
        read(
            "a bad port",
            format!("{CSV}{ROW}{}{ROW}", ROW.replace(",80,", ",65536,")),
            2,
            "sPort",
        ),
        read(
            "escapes in a bad port",
            format!("{CSV}{ROW}{}{ROW}", ROW.replace(",80,", ",\x1b[2J,")),
            2,
            "sPort",
        ),
        refused(
            "no time column",
            "cIP,sIP,sPort,Computer\n192.0.2.7,10.0.0.1,80,WEB01\n",
            "a table that cannot be read: it has no column TimeGenerated",
        ),
        refused("other columns", "name,age\nx,1\n", "no W3C log"),
    ]);
}

#[test]
fn csv_with_a_quote_that_never_ends() {
    // The rest of the file is one value, and not kept.
    let log = format!(
        "{CSV}{ROW}{}{}",
        ROW.replace("192.", "\"192."),
        ROW.repeat(400_000)
    );
    check(vec![read("an open quote", log, 1, "bad line")]);
}

#[test]
fn json() {
    let long = OBJECT.replace("192.0.2.7", &"x".repeat(10_000_000));
    let deep = format!("{{\"TimeGenerated\":{}", "[".repeat(200_000));
    check(
        vec![
            read("one object", format!("{OBJECT}\n"), 1, "0 bad lines"),
            read("no line feed at the end", OBJECT, 1, "0 bad lines"),
            read(
                "a line of 10 MB",
                format!("{OBJECT}\n{long}\n{OBJECT}\n"),
                2,
                "1 bad line",
            ),
            read(
                "cut in an object",
                format!("{OBJECT}\n{}", &OBJECT[..40]),
                1,
                "2:",
            ),
            read(
                "a line that is no object",
                format!("{OBJECT}\nhello\n{OBJECT}\n"),
                2,
                "2:",
            ),
            read(
                "numbers for texts",
                format!("{OBJECT}\n{}\n", OBJECT.replace("\"80\"", "80")),
                2,
                "0 bad lines",
            ),
            read(
                "a port of 1e400",
                format!(
                    "{OBJECT}\n{}\n{OBJECT}\n",
                    OBJECT.replace("\"80\"", "1e400")
                ),
                2,
                "1 bad line",
            ),
            read(
                "a key twice",
                format!(
                    "{OBJECT}\n{}\n{OBJECT}\n",
                    OBJECT.replace('{', "{\"sPort\":\"81\",")
                ),
                3,
                "",
            ),
            read(
                "200,000 brackets",
                format!("{OBJECT}\n{deep}\n{OBJECT}\n"),
                2,
                "1 bad line",
            ),
            read(
                "half a surrogate",
                format!(
                    "{OBJECT}\n{}\n{OBJECT}\n",
                    OBJECT.replace("192.", "\\ud800.")
                ),
                3,
                "0 bad lines",
            ),
            read(
                "NULs for a tail",
                format!("{OBJECT}\n{}", "\0".repeat(100_000)),
                1,
                "",
            ),
            read(
                "an array that is cut",
                format!("[{OBJECT},{}", &OBJECT[..40]),
                1,
                "bytes of one, in which the file ends",
            ),
            read(
                "an array of brackets",
                format!("[{OBJECT},{}", "[".repeat(200_000)),
                1,
                "bytes of one, in which the file ends",
            ),
            refused(
                "a raw answer of the API",
                r#"{"tables":[{"name":"x","columns":[],"rows":[]}]}"#,
                "a raw answer of the Log Analytics API",
            ),
        ]
        .into_iter()
        .map(|mut case| {
            case.says = case.says.strip_prefix("a.log").unwrap_or(case.says);
            case
        })
        .collect(),
    );
}
