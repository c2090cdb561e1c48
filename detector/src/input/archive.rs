//! `.zip` archives of logs: the directory by the `zip` crate, the members by the decoders that `.gz` and `.zst`
//! have too.

use super::deflate::{Checked, Deflate, Stored};
use super::packed::{Limits, Unpacked};
use super::zst::Zstd;
use super::{Input, InputError, open_plain};
use scanbench_w3c::visible;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// The largest directory that is read, in bytes: about a million members. Its size is read before the directory
/// is, since it is held in memory.
const MAX_DIRECTORY_BYTES: u64 = 64 << 20;

/// An archive, opened; its members are opened one by one or side by side.
#[derive(Debug)]
pub(crate) struct Archive {
    file: Arc<Mutex<File>>,
    members: Vec<Member>,
}

/// A file in an archive.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Its path in the archive, made visible.
    pub(crate) name: String,
    /// Its bytes as packed.
    pub(crate) packed_bytes: u64,
    /// Its bytes as the directory gives them; whether it is true shows at the member's end.
    pub(crate) plain_bytes: u64,
    /// `None` where its own header could not be read.
    start: Option<u64>,
    crc: u32,
    method: CompressionMethod,
    encrypted: bool,
}

impl Archive {
    pub(crate) fn open(mut file: File) -> Result<Self, InputError> {
        let size = directory_bytes(&mut file).map_err(InputError::Unreadable)?;
        if size.is_some_and(|size| size > MAX_DIRECTORY_BYTES) {
            return Err(InputError::Archive(format!(
                "its directory is larger than {} MiB",
                MAX_DIRECTORY_BYTES >> 20
            )));
        }
        let mut archive = ZipArchive::new(file).map_err(|error| damaged(&error))?;
        if archive.has_duplicate_names() {
            let what = "two of its members have one name, so one of them cannot be reached";
            return Err(InputError::Archive(what.to_owned()));
        }
        let mut members = Vec::with_capacity(archive.len());
        for index in 0..archive.len() {
            let entry = archive
                .by_index_data(index)
                .map_err(|error| damaged(&error))?;
            if entry.is_dir() {
                continue;
            }
            let mut member = Member {
                name: visible(entry.name_raw()),
                packed_bytes: entry.compressed_size(),
                plain_bytes: entry.size(),
                start: None,
                crc: entry.crc32(),
                method: entry.compression(),
                encrypted: entry.encrypted(),
            };
            // A member whose own header is damaged must not take the others with it.
            member.start = match archive.by_index_raw(index) {
                Ok(entry) => entry.data_start(),
                Err(error) if os_error(&error).is_some() => return Err(damaged(&error)),
                Err(_) => None,
            };
            members.push(member);
        }
        Ok(Self {
            file: Arc::new(Mutex::new(archive.into_inner())),
            members,
        })
    }

    /// The files in it, in the order of its directory.
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Opens a member of this archive. What is packed or an archive itself is refused.
    pub(crate) fn open_member(&self, member: &Member) -> Result<Input, InputError> {
        if member.encrypted {
            return Err(InputError::Archive("it is encrypted".to_owned()));
        }
        let Some(start) = member.start else {
            let what = "the archive is damaged: its header is not where the directory says";
            return Err(InputError::Archive(what.to_owned()));
        };
        let section = Section {
            file: Arc::clone(&self.file),
            at: start,
            end: start.saturating_add(member.packed_bytes),
        };
        let (crc, length, limits) = (member.crc, member.plain_bytes, Limits::default());
        match member.method {
            CompressionMethod::Stored => {
                let checked = Checked::new(Stored, crc, length);
                open_plain(Unpacked::new(section, checked, limits))
            }
            CompressionMethod::DEFLATE => {
                let checked = Checked::new(Deflate::default(), crc, length);
                open_plain(Unpacked::new(section, checked, limits))
            }
            // 93 by the specification (APPNOTE 6.3.8).
            CompressionMethod::ZSTD => {
                let zstd = Zstd::new().map_err(InputError::Unreadable)?;
                let checked = Checked::new(zstd, crc, length);
                open_plain(Unpacked::new(section, checked, limits))
            }
            other => Err(InputError::Archive(format!(
                "it is packed by {}; deflate, zstd and stored can be read",
                method(other)
            ))),
        }
    }
}

fn os_error(error: &ZipError) -> Option<i32> {
    match error {
        ZipError::Io(error) => error.raw_os_error(),
        _ => None,
    }
}

/// A way of packing, as the specification numbers it (APPNOTE 4.4.5).
fn method(method: CompressionMethod) -> String {
    match method {
        // The library calls it deprecated only where nobody fuzzes.
        #[cfg_attr(
            not(fuzzing),
            expect(
                deprecated,
                reason = "the number of a method that the library does not know"
            )
        )]
        CompressionMethod::Unsupported(number) => format!("a method of number {number}"),
        known => format!("the method {known}"),
    }
}

fn damaged(error: &ZipError) -> InputError {
    // What the system refused is no damage of the archive.
    if let Some(code) = os_error(error) {
        return InputError::Unreadable(io::Error::from_raw_os_error(code));
    }
    InputError::Archive(format!("its directory cannot be read: {error}"))
}

/// A stretch of a file that several readers share: each seeks anew for every block.
struct Section {
    file: Arc<Mutex<File>>,
    at: u64,
    end: u64,
}

impl Read for Section {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let length = out.len().min(left);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let count = file.read(&mut out[..length])?;
        self.at += count as u64;
        Ok(count)
    }
}

/// The size of the directory as the archive's last record gives it (APPNOTE 4.3.14 and 4.3.16), where there is
/// such a record.
fn directory_bytes(file: &mut File) -> io::Result<Option<u64>> {
    /// The record and the longest comment behind it.
    const TAIL_BYTES: u64 = 22 + 65_535;
    /// The record of large archives, and the pointer to it that stands before the plain record.
    const BEFORE_BYTES: u64 = 56 + 20;

    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(
        length.saturating_sub(TAIL_BYTES + BEFORE_BYTES),
    ))?;
    let mut tail = Vec::new();
    Read::take(&mut *file, TAIL_BYTES + BEFORE_BYTES).read_to_end(&mut tail)?;
    file.seek(SeekFrom::Start(0))?;
    let number = |place: usize, width: usize| {
        let bytes = tail.get(place..place + width)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        )
    };
    let Some(last) = memchr::memmem::rfind(&tail, b"PK\x05\x06") else {
        return Ok(None);
    };
    let size = number(last + 12, 4);
    let large =
        memchr::memmem::rfind(&tail[..last], b"PK\x06\x06").and_then(|place| number(place + 40, 8));
    Ok(size.map(|size| {
        if size == 0xffff_ffff {
            large.unwrap_or(size)
        } else {
            size
        }
    }))
}
