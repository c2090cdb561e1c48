//! What is written is read again.

use super::bytes::Bytes;
use scanbench_w3c::{Columns, Field, Item, Newline, Reader, Timestamp, Writer};

/// The most columns and entries that are written.
const MOST: usize = 24;

/// A value as IIS writes it, said here once more.
fn encoded(value: &[u8]) -> Vec<u8> {
    match value {
        [] => vec![b'-'],
        _ => value
            .iter()
            .map(|byte| {
                if matches!(byte, 0..=0x20 | 0x7f) {
                    b'+'
                } else {
                    *byte
                }
            })
            .collect(),
    }
}

/// Names and values of any bytes, written and read, are what IIS would have written, in their columns.
pub fn round_trip(data: &[u8]) {
    let mut choices = Bytes::new(data);
    let newline = if choices.flag() {
        Newline::Lf
    } else {
        Newline::CrLf
    };
    let mut names = vec!["date".to_owned(), "time".to_owned(), "s-port".to_owned()];
    for _ in 0..choices.number() % MOST {
        let name = choices.number();
        names.push(match Field::ALL.get(name) {
            Some(field) => field.name().to_owned(),
            None => String::from_utf8_lossy(choices.text()).into_owned(),
        });
    }
    let columns = Columns::new(&names);
    let mut log = Vec::new();
    let mut expected = Vec::new();
    let mut writer = Writer::new(&mut log, newline);
    for entry in 0..choices.number() % MOST {
        // 1970 to 2106; a header comes again now and then, as IIS writes one when it starts.
        let seconds = i64::from(choices.short()) << 16 | i64::from(choices.short());
        let time = Timestamp::from_millis(seconds * 1000);
        if entry % 5 == 0 {
            writer
                .header(
                    "Microsoft Internet Information Services 10.0",
                    time,
                    &columns,
                )
                .unwrap();
        }
        let (mut day, mut clock) = (Vec::new(), Vec::new());
        time.write_date(&mut day);
        time.write_time(&mut clock);
        let port = choices.short();
        let port = (port != 0).then_some(port);
        let shown = port
            .map(|port| port.to_string().into_bytes())
            .unwrap_or_default();
        let mut values = vec![day, clock, shown];
        values.resize_with(names.len(), || choices.text().to_vec());
        writer.entry(values.iter().map(Vec::as_slice)).unwrap();
        let values: Vec<Vec<u8>> = values.iter().map(|value| encoded(value)).collect();
        expected.push((time, port, values));
    }

    let names: Vec<Vec<u8>> = names.iter().map(|name| encoded(name.as_bytes())).collect();
    let mut reader = Reader::new(log.as_slice()).unwrap();
    let mut read = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        let Item::Entry(entry) = item else {
            panic!("{item:?}, of {:?}", log.escape_ascii().to_string());
        };
        let found: Vec<&[u8]> = entry
            .columns()
            .names()
            .iter()
            .map(String::as_bytes)
            .collect();
        assert_eq!(found, names);
        let values = (0..names.len()).map(|column| entry.column(column).unwrap().to_vec());
        read.push((entry.time(), entry.port(), values.collect()));
        for field in Field::ALL {
            let position = names.iter().position(|name| {
                std::str::from_utf8(name).is_ok_and(|name| Field::from_name(name) == Some(field))
            });
            assert_eq!(
                entry.get(field),
                position.and_then(|column| entry.column(column))
            );
        }
    }
    assert_eq!(read, expected);
    assert_eq!(reader.counts().bytes, log.len() as u64);
}
