//! The manifest: what a dataset was made from, and the checksum and length of every file. It is written last, so a
//! folder without one is no dataset.

use memchr::memchr_iter;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;
use thiserror::Error;

/// The version of the dataset's layout and of its files. It grows whenever older programs cannot read what newer ones
/// write: 2 has a new reason in `truth/campaigns.jsonl`.
pub const SCHEMA_VERSION: u32 = 2;
/// The version of sets whose lines without a label are nobody's word for benign: older programs would take them for
/// background.
pub const INJECTED_SCHEMA_VERSION: u32 = 3;
/// The oldest version that this program reads.
const OLDEST_SCHEMA_VERSION: u32 = 1;
/// Its name in the folder.
pub const MANIFEST: &str = "manifest.json";
/// What `tool` says.
pub const TOOL: &str = "scanbench";

/// What a dataset was made from, and its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: u32,
    /// [`TOOL`].
    pub tool: String,
    /// The version of the program: another one may make other bytes of the same scenario.
    pub version: String,
    /// The scenario's name.
    pub scenario: String,
    /// The seed that was used.
    pub seed: u64,
    /// What lines without a label are.
    #[serde(default, skip_serializing_if = "Unlabelled::is_background")]
    pub unlabelled_lines: Unlabelled,
    /// Every file of the set but this one, by path.
    pub files: Vec<FileRecord>,
}

/// What lines without a label are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unlabelled {
    /// Invented, and benign.
    #[default]
    Background,
    /// Somebody's real lines: nobody knows what they are.
    Unknown,
}

impl Unlabelled {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    fn is_background(&self) -> bool {
        *self == Self::Background
    }
}

/// One file of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// The path in the folder, with `/` on every system.
    pub path: String,
    /// SHA-256, in lower-case hex.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// All lines, directives included.
    pub lines: u64,
    /// Lines that are entries of a log, or objects of a JSON Lines file; 0 for other files.
    pub entries: u64,
}

/// A dataset that cannot be used.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// The operating system refused.
    #[error("cannot read {path}: {source}", path = .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The manifest is not what this program writes.
    #[error("{path} is no manifest of a dataset: {why}", path = .path.display())]
    NotAManifest {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Files differ from the manifest.
    #[error("the dataset is damaged:{}", list(.0))]
    Damaged(Vec<String>),
}

fn list(faults: &[String]) -> String {
    faults.iter().fold(String::new(), |mut text, fault| {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {fault}");
        text
    })
}

impl Manifest {
    /// Reads the manifest of the dataset in `folder`.
    ///
    /// # Errors
    /// [`ManifestError`] where there is none, or one of another version.
    pub fn read(folder: &Path) -> Result<Self, ManifestError> {
        let path = folder.join(MANIFEST);
        let not = |why: String| ManifestError::NotAManifest {
            path: path.clone(),
            why,
        };
        let text = fs::read_to_string(&path).map_err(|source| ManifestError::Io {
            path: path.clone(),
            source,
        })?;
        let manifest: Self = serde_json::from_str(&text).map_err(|error| not(error.to_string()))?;
        let versions = OLDEST_SCHEMA_VERSION..=INJECTED_SCHEMA_VERSION;
        if manifest.tool != TOOL || !versions.contains(&manifest.schema_version) {
            return Err(not(format!(
                "expected {TOOL} with a schema_version from {OLDEST_SCHEMA_VERSION} to {INJECTED_SCHEMA_VERSION}, found {} with {}",
                manifest.tool, manifest.schema_version
            )));
        }
        for file in &manifest.files {
            let inside = Path::new(&file.path)
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
            if !inside || file.path.contains('\\') || file.path.is_empty() {
                return Err(not(format!(
                    "\"{}\" is no path inside the dataset",
                    file.path
                )));
            }
        }
        Ok(manifest)
    }
}

/// Reads every file of the dataset in `folder` and holds it against the manifest: checksum, bytes, lines and, for
/// logs, entries.
///
/// # Errors
/// [`ManifestError`]; all files that differ are named at once.
pub fn verify(folder: &Path) -> Result<Manifest, ManifestError> {
    let manifest = Manifest::read(folder)?;
    let mut faults = Vec::new();
    for file in &manifest.files {
        match measure(&folder.join(&file.path)) {
            Err(error) => faults.push(format!("{}: {error}", file.path)),
            Ok(found) => faults.extend(
                found
                    .differs_from(file)
                    .map(|what| format!("{}: {what}", file.path)),
            ),
        }
    }
    if faults.is_empty() {
        Ok(manifest)
    } else {
        Err(ManifestError::Damaged(faults))
    }
}

/// How files stand, those of a dataset or others: length, time of change and, on Unix, which file it is. What is verified,
/// read and read again is one thing only while they stay so.
#[derive(Debug)]
pub struct FileStamps {
    folder: PathBuf,
    files: Vec<(String, Option<Stamp>)>,
}

type Stamp = (u64, Option<SystemTime>, u64);

impl FileStamps {
    /// Looks at the files of the dataset in `folder`; to be called before they are read.
    ///
    /// # Errors
    /// [`ManifestError`] where there is no manifest.
    pub fn of(folder: &Path) -> Result<Self, ManifestError> {
        let manifest = Manifest::read(folder)?;
        let files = manifest.files.into_iter().map(|file| file.path);
        Ok(Self {
            folder: folder.to_owned(),
            files: files
                .map(|path| {
                    let stamp = stamp(&folder.join(&path));
                    (path, stamp)
                })
                .collect(),
        })
    }

    /// Looks at these files, of no dataset.
    #[must_use]
    pub fn of_files<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Self {
        Self {
            folder: PathBuf::new(),
            files: paths
                .into_iter()
                .map(|path| (path.to_string_lossy().into_owned(), stamp(path)))
                .collect(),
        }
    }

    /// Looks at them again; those that changed.
    pub fn changed(&self) -> impl Iterator<Item = &str> {
        self.files
            .iter()
            .filter(|(path, before)| before.is_none() || *before != stamp(&self.folder.join(path)))
            .map(|(path, _)| path.as_str())
    }

    /// Looks at them again.
    ///
    /// # Errors
    /// [`ManifestError::Damaged`], with every file that changed.
    pub fn hold(&self) -> Result<(), ManifestError> {
        let faults: Vec<String> = self
            .changed()
            .map(|path| format!("{path}: it changed while the dataset was read"))
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ManifestError::Damaged(faults))
        }
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let which = std::os::unix::fs::MetadataExt::ino(&found);
    #[cfg(not(unix))]
    let which = 0;
    Some((found.len(), found.modified().ok(), which))
}

/// Whether `path` is a manifest of ours.
pub(crate) fn is_dataset(path: &Path) -> bool {
    path.parent()
        .is_some_and(|folder| Manifest::read(folder).is_ok())
        && fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

struct Measured {
    sha256: String,
    bytes: u64,
    lines: u64,
    directives: u64,
}

impl Measured {
    fn differs_from(&self, file: &FileRecord) -> Option<&'static str> {
        let table = file.path.contains(".csv");
        let entries = if table {
            self.lines.saturating_sub(1)
        } else if file.path.starts_with("logs/") || file.path.starts_with("httperr/") {
            self.lines.saturating_sub(self.directives)
        } else if file.path.starts_with("labels/") || file.path.starts_with("truth/") {
            self.lines
        } else {
            0
        };
        if self.bytes != file.bytes {
            Some("another length than in the manifest")
        } else if self.sha256 != file.sha256 {
            Some("another checksum than in the manifest")
        } else if file.path.ends_with(".parquet") {
            // No lines that could be counted.
            None
        } else if self.lines != file.lines {
            Some("another number of lines than in the manifest")
        } else if entries != file.entries {
            Some("another number of entries than in the manifest")
        } else {
            None
        }
    }
}

fn measure(path: &Path) -> io::Result<Measured> {
    let mut file = Hashed {
        file: File::open(path)?,
        hash: Sha256::new(),
        bytes: 0,
    };
    let (lines, directives) = match path.extension().and_then(|ending| ending.to_str()) {
        Some("gz") => count_lines(flate2::read::MultiGzDecoder::new(&mut file))?,
        Some("zst") => count_lines(zstd::Decoder::new(&mut file)?)?,
        _ => count_lines(&mut file)?,
    };
    // A decoder may leave what it does not need.
    io::copy(&mut file, &mut io::sink())?;
    Ok(Measured {
        sha256: hex(&file.hash.finalize()),
        bytes: file.bytes,
        lines,
        directives,
    })
}

/// A file that is measured while it is read.
struct Hashed {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Read for Hashed {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(block)?;
        self.hash.update(&block[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Lines, and those of them that are directives.
fn count_lines(mut text: impl Read) -> io::Result<(u64, u64)> {
    let (mut lines, mut directives) = (0, 0);
    let mut block = vec![0; 256 << 10];
    let mut at_line_start = true;
    loop {
        let read = match text.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            outcome => outcome?,
        };
        if read == 0 {
            return Ok((lines, directives));
        }
        let block = &block[..read];
        directives += u64::from(at_line_start && block[0] == b'#');
        for end in memchr_iter(b'\n', block) {
            lines += 1;
            directives += u64::from(block.get(end + 1) == Some(&b'#'));
        }
        at_line_start = block[read - 1] == b'\n';
    }
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    proptest! {
        /// forall texts, however they come in pieces: lines and directives are those that a look at each byte counts.
        #[test]
        fn lines_are_counted_across_pieces(text in "[#a\n]{0,40}", piece in 1..9_usize) {
            let bytes = text.as_bytes();
            let mut pieces = bytes.chunks(piece).map(Cursor::new).collect::<Vec<_>>().into_iter();
            let mut rest: Box<dyn Read + '_> = Box::new(io::empty());
            while let Some(next) = pieces.next_back() {
                rest = Box::new(next.chain(rest));
            }
            let lines = text.matches('\n').count() as u64;
            let starts = |at: usize| at == 0 || bytes[at - 1] == b'\n';
            let directives = (0..bytes.len()).filter(|at| starts(*at) && bytes[*at] == b'#').count() as u64;
            prop_assert_eq!(count_lines(rest).unwrap(), (lines, directives));
        }
    }

    #[test]
    fn what_changed_while_it_was_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let record = |path: &str| {
            format!("{{\"path\":\"{path}\",\"sha256\":\"\",\"bytes\":1,\"lines\":1,\"entries\":1}}")
        };
        let manifest = format!(
            "{{\"schema_version\":2,\"tool\":\"scanbench\",\"version\":\"0\",\"scenario\":\"x\",\"seed\":1,\"files\":[{},{}]}}",
            record("a"),
            record("b")
        );
        fs::write(path(MANIFEST), manifest).unwrap();
        fs::write(path("a"), "a").unwrap();
        fs::write(path("b"), "b").unwrap();
        let stamps = FileStamps::of(folder.path()).unwrap();
        stamps.hold().unwrap();
        fs::write(path("b"), "longer").unwrap();
        let told = stamps.hold().unwrap_err().to_string();
        assert!(
            told.contains("b: it changed") && !told.contains("a: it changed"),
            "{told}"
        );
        fs::remove_file(path("a")).unwrap();
        assert!(
            stamps
                .hold()
                .unwrap_err()
                .to_string()
                .contains("a: it changed")
        );
    }
}
