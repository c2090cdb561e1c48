//! Logs to damage, and how they are packed.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::io::Write as _;

/// The columns of the small logs here.
pub(crate) const HEADER: &str = "#Fields: date time s-ip s-port c-ip\n";

/// A good line.
pub(crate) const LINE: &str = "2026-11-02 10:00:00 10.0.0.1 80 192.0.2.7\n";

/// `count` good lines, each with its own port.
pub(crate) fn good(count: u64) -> String {
    (0..count).fold(String::new(), |mut all, number| {
        let port = 1000 + number % 60_000;
        writeln!(all, "2026-11-02 10:00:00 10.0.0.1 {port} 192.0.2.7").unwrap();
        all
    })
}

/// Header, a good line, this line, a good line.
pub(crate) fn between(line: impl AsRef<[u8]>) -> Vec<u8> {
    let mut log = format!("{HEADER}{LINE}").into_bytes();
    log.extend(line.as_ref());
    log.extend(b"\n");
    log.extend(LINE.as_bytes());
    log
}

/// A good line with another date and time.
pub(crate) fn at(moment: &str) -> String {
    LINE.replace("2026-11-02 10:00:00", moment)
}

/// Header, a good line, one with this date and time, a good line.
pub(crate) fn when(moment: &str) -> Vec<u8> {
    between(at(moment).trim_end())
}

/// Header, a good line, one with this port, a good line.
pub(crate) fn port(port: &str) -> Vec<u8> {
    between(LINE.trim_end().replace(" 80 ", &format!(" {port} ")))
}

/// A log that does not shrink to nothing: `count` lines.
pub(crate) fn noisy(count: u64) -> String {
    let mut state = 1_u32;
    (0..count).fold(HEADER.to_owned(), |mut all, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, d] = state.to_be_bytes();
        let port = u16::from_be_bytes([a, b]);
        writeln!(all, "2026-11-02 10:00:00 10.0.0.1 {port} 10.{b}.{c}.{d}").unwrap();
        all
    })
}

pub(crate) fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes.as_ref()).unwrap();
    out.finish().unwrap()
}

pub(crate) fn zstd(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    zstd::encode_all(bytes.as_ref(), 1).unwrap()
}

/// A member of a zip archive.
pub(crate) struct Member<'a> {
    pub(crate) name: &'a str,
    pub(crate) bytes: &'a [u8],
    /// 0 as it is, 8 deflate; anything else is only said.
    pub(crate) method: u16,
    /// Bit 0 says that it is encrypted.
    pub(crate) flags: u16,
}

impl<'a> Member<'a> {
    pub(crate) fn new(name: &'a str, bytes: &'a [u8]) -> Self {
        Self {
            name,
            bytes,
            method: 8,
            flags: 0,
        }
    }
}

/// A zip archive, written by hand so that it can be written wrong.
pub(crate) fn zip(members: &[Member<'_>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let mut packed = member.bytes.to_vec();
        if member.method == 8 {
            let mut deflate =
                flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
            deflate.write_all(member.bytes).unwrap();
            packed = deflate.finish().unwrap();
        }
        let mut sum = flate2::Crc::new();
        sum.update(member.bytes);
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let mut about = vec![45, 0]; // version needed
        about.extend(member.flags.to_le_bytes());
        about.extend(member.method.to_le_bytes());
        about.extend([0, 0, 0x21, 0]); // 1980-01-01 00:00
        about.extend(sum.sum().to_le_bytes());
        about.extend(size(&packed));
        about.extend(size(member.bytes));
        about.extend(u16::try_from(member.name.len()).unwrap().to_le_bytes());
        about.extend([0, 0]); // no extra field
        let offset = size(&out);
        out.extend(b"PK\x03\x04");
        out.extend(&about);
        out.extend(member.name.as_bytes());
        out.extend(&packed);
        directory.extend(b"PK\x01\x02\x2d\x00");
        directory.extend(&about);
        directory.extend([0; 10]); // no comment, disk 0, attributes
        directory.extend(offset);
        directory.extend(member.name.as_bytes());
    }
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let (start, length) = (size(&out), size(&directory));
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(length);
    out.extend(start);
    out.extend([0, 0]);
    out
}
