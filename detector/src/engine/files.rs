//! Files to be read in pieces, and one for what is none.

use crate::scan::ScanOptions;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use tempfile::{NamedTempFile, TempPath};

/// Copies a text to a file that is deleted when it is done with; gives its bytes too.
pub(super) fn copied(
    text: &mut impl Read,
    options: &ScanOptions<'_>,
) -> io::Result<(TempPath, u64)> {
    let mut copy = NamedTempFile::new()?;
    let mut block = vec![0; options.block_bytes.max(1)];
    let mut bytes = 0;
    // Whoever stopped the scan finds it stopped when reading begins.
    while !options.cancelled.load(Ordering::Relaxed) {
        let count = super::feed::read(text, &mut block)?;
        if count == 0 {
            break;
        }
        copy.write_all(&block[..count])?;
        bytes += count as u64;
    }
    copy.flush()?;
    Ok((copy.into_temp_path(), bytes))
}

/// Cuts a file at ends of lines into pieces of about the same size, a few for each thread; one that is not worth it,
/// or has no length, is not even opened.
pub(super) fn cut(
    path: &PathBuf,
    length: Option<u64>,
    options: &ScanOptions<'_>,
) -> io::Result<Vec<(u64, u64)>> {
    let length = length.unwrap_or(0);
    let least = options.piece_bytes.max(1) as u64;
    let size = (length / (options.threads.get() as u64 * 4)).clamp(least, 8 * least);
    if length <= size + size / 2 {
        return Ok(vec![(0, u64::MAX)]);
    }
    let mut file = File::open(path)?;
    let mut pieces = Vec::new();
    let mut start = 0;
    while length - start > size + size / 2 {
        let end = line_start(&mut file, start + size)?;
        if end >= length {
            break;
        }
        pieces.push((start, end));
        start = end;
    }
    // The last one goes as far as the file does, should it grow meanwhile.
    pieces.push((start, u64::MAX));
    Ok(pieces)
}

/// The first byte at or behind `offset` where a line begins; the end of the file where none does.
fn line_start(file: &mut File, offset: u64) -> io::Result<u64> {
    let mut at = offset - 1;
    let mut block = vec![0; 64 << 10];
    file.seek(SeekFrom::Start(at))?;
    loop {
        let count = super::feed::read(file, &mut block)?;
        match memchr::memchr(b'\n', &block[..count]) {
            Some(feed) => return Ok(at + feed as u64 + 1),
            None if count == 0 => return Ok(at),
            None => at += count as u64,
        }
    }
}
