//! What times are held against: counting the newlines of the same bytes, in this process. No detector can do less than
//! look at every byte, and a machine that slows down slows both.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Bytes read at once; a detector's block is as large.
const BLOCK: usize = 256 * 1024;

/// What was counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    /// Newlines.
    pub newlines: u64,
    /// Bytes.
    pub bytes: u64,
    /// How long it took.
    pub wall_s: f64,
}

/// Counts the newlines of files, one after the other.
///
/// # Errors
/// The file that cannot be read, and why.
pub fn count(files: &[PathBuf]) -> Result<Counted, (PathBuf, io::Error)> {
    let mut block = vec![0; BLOCK];
    let begun = Instant::now();
    let (mut newlines, mut bytes) = (0, 0);
    for file in files {
        let counted = count_one(file, &mut block).map_err(|error| (file.clone(), error))?;
        newlines += counted.0;
        bytes += counted.1;
    }
    Ok(Counted {
        newlines,
        bytes,
        wall_s: begun.elapsed().as_secs_f64(),
    })
}

fn count_one(path: &Path, block: &mut [u8]) -> io::Result<(u64, u64)> {
    let mut file = File::open(path)?;
    let (mut newlines, mut bytes) = (0, 0);
    loop {
        match file.read(block) {
            Ok(0) => return Ok((newlines, bytes)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(length) => {
                let filled = block.get(..length).unwrap_or_default();
                newlines += memchr::memchr_iter(b'\n', filled).count() as u64;
                bytes += length as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newlines_of_two_files() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["a", "b"].map(|name| folder.path().join(name));
        std::fs::write(&files[0], "one\ntwo\n").unwrap();
        std::fs::write(&files[1], "three\nno end").unwrap();
        let counted = count(&files).unwrap();
        assert_eq!((counted.newlines, counted.bytes), (3, 20));
        let missing = folder.path().join("c");
        assert_eq!(
            count(std::slice::from_ref(&missing)).unwrap_err().0,
            missing
        );
    }
}
