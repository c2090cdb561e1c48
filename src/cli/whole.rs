//! Files that are whole or absent: written beside their place under a name of ours, then renamed.
//!
//! A run that is killed leaves the file that it was writing. The next one that writes into the folder removes it. It
//! knows by a lock, which dies with its process, that nobody writes there any more.

use super::failure::Failure;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// What the names begin and end with of files that are not whole yet.
const BEGINNING: &str = ".scanbench-";
const END: &str = ".partial";

/// Writes a file, whole or not at all; an error names it.
pub(crate) fn write_file(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    write_whole(folder, name, bytes).map_err(|error| {
        Failure::Input(format!(
            "cannot write {}: {error}",
            folder.join(name).display()
        ))
    })
}

fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    remove_leftovers(folder);
    let mut file = locked(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(name))
        .map_err(|error| error.error)?;
    Ok(())
}

/// A new file under a name of ours, which no other run takes for a leftover.
fn locked(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(BEGINNING).suffix(END);
    // Temporary files are for their owner alone; a report is for whom the umask says.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    loop {
        let file = builder.tempfile_in(folder)?;
        // Some file systems know no locks. There nothing is removed either.
        let is_held = !matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        // Between making and locking, another run may have taken it for a leftover: it holds the lock, or has removed it.
        if is_held && fs::symlink_metadata(file.path()).is_ok() {
            return Ok(file);
        }
    }
}

/// Removes what dead runs left here. What cannot be removed stays: it is in nobody's way.
fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        let is_ours = bytes.starts_with(BEGINNING.as_bytes()) && bytes.ends_with(END.as_bytes());
        // A folder or a link of such a name was made by somebody else.
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        // Held until it is removed, so that who has just made it sees that it is gone.
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names(folder: &Path) -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn what_a_dead_run_left_is_removed_and_nothing_else() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path();
        let alive = locked(folder).unwrap();
        let alive_name = alive.path().file_name().unwrap().to_str().unwrap();
        for name in [
            // Of a dead run: nobody holds its lock.
            ".scanbench-a1B2c3.partial",
            // Not of ours, or not of this sort.
            ".tmpa1B2c3",
            ".scanbench-a1B2c3",
            "scanbench-a1B2c3.partial",
            ".report.json.partial",
        ] {
            fs::write(folder.join(name), "half").unwrap();
        }
        fs::create_dir(folder.join(".scanbench-folder.partial")).unwrap();
        fs::write(folder.join(".scanbench-folder.partial/kept"), "").unwrap();

        write_whole(folder, "report.json", b"{}").unwrap();

        let expected = [
            alive_name,
            ".tmpa1B2c3",
            ".scanbench-a1B2c3",
            "scanbench-a1B2c3.partial",
            ".report.json.partial",
            ".scanbench-folder.partial",
            "report.json",
        ];
        assert_eq!(names(folder), expected.map(str::to_owned).into());
        assert_eq!(fs::read(folder.join("report.json")).unwrap(), b"{}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_leftover() {
        let scratch = tempfile::tempdir().unwrap();
        let (folder, other) = (scratch.path().join("out"), scratch.path().join("other"));
        fs::create_dir(&folder).unwrap();
        fs::write(&other, "kept").unwrap();
        std::os::unix::fs::symlink(&other, folder.join(".scanbench-a1B2c3.partial")).unwrap();

        write_whole(&folder, "report.json", b"{}").unwrap();

        let expected = [".scanbench-a1B2c3.partial", "report.json"];
        assert_eq!(names(&folder), expected.map(str::to_owned).into());
        assert_eq!(fs::read(&other).unwrap(), b"kept");
    }

    /// Runs that write at once into one folder take nothing from each other.
    #[test]
    fn many_at_once_lose_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for number in 0..50 {
                        write_whole(folder, &format!("{thread}-{number}"), b"whole").unwrap();
                    }
                });
            }
        });
        let found = names(folder);
        assert_eq!(found.len(), 200, "{found:?}");
        for name in found {
            assert_eq!(fs::read(folder.join(name)).unwrap(), b"whole");
        }
    }
}
