//! `anonymise`: logs by others of the same shape, to be shared.

use super::CANCELLED;
use super::failure::Failure;
use super::inject::{inputs, no_web_log};
use super::messages::{Messages, count};
use scanbench::anonymise::{Anonymiser, KEY_BYTES, Known, Lines, READABLE};
use scanbench_generator::LogInput;
use scanbench_generator::manifest::hex;
use scanbench_w3c::{Content, Reader, visible};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// Replace addresses, users, hosts, cookies, e-mails and long tokens in logs
///
/// Writes other logs with the same lines, times and ports, on which a rule finds the same. Addresses keep their common
/// prefixes; names and tokens become others of the same length and kind, each the same wherever it stands. The same
/// key gives the same result. What stays readable is listed, on standard error and in DIR/readable.txt: look at it, and
/// into the logs, before you share them. Lines that cannot be read are left out.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench anonymise C:\\inetpub\\logs\\LogFiles -o shared
  scanbench anonymise logs -o shared --key-file key.txt
  scanbench detect shared/logs

Without --key-file the key is drawn and forgotten: nobody can tell what was what. With it, a new key is written to the
file where there is none; keep it to yourself.

Exit codes: 0 made, 2 bad logs, arguments or folder, 130 interrupted (nothing is left behind)")]
pub(crate) struct Args {
    /// Logs: files, folders or patterns; W3C, not packed
    #[arg(value_name = "LOGS", required = true)]
    logs: Vec<PathBuf>,

    /// The folder to make; it must be empty or absent
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    /// A file with a key, 64 hexadecimal digits; made where it is absent
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let logs = inputs(&args.logs)?;
    let key = key(args.key_file.as_deref())?;
    let (parent, name) = target(&args.output)?;
    let to = parent.join(name);
    let scratch = tempfile::Builder::new()
        .prefix(".scanbench-")
        .tempdir_in(&parent)
        .map_err(|error| cannot("write into", &parent, &error))?;
    let mut messages = Messages::steps("anonymising");
    let mut known = Known::default();
    let mut web = Vec::new();
    let total = 2 * logs.len() as u64;
    for (done, log) in (0..).zip(&logs) {
        stop_if_cancelled()?;
        messages.step(done, total, "looking for names".to_owned());
        if !is_web(&log.path)? {
            messages.say_some("files", &no_web_log(&log.path, "left out"));
            continue;
        }
        known.see_name(log.computer.as_bytes());
        let mut input = Witness::open(&log.path, u64::MAX)?;
        known
            .read(BufReader::new(&mut input))
            .map_err(|error| cannot("read", &log.path, &error))?;
        web.push((log, input.seen()));
    }
    let anonymiser = Anonymiser::new(&key, known);
    let mut sum = Lines::default();
    for (done, (log, seen)) in (logs.len() as u64..).zip(&web) {
        stop_if_cancelled()?;
        messages.step(done, total, "writing".to_owned());
        let lines = write(&anonymiser, (log, seen), scratch.path(), &to)?;
        sum.written += lines.written;
        sum.left_out += lines.left_out;
    }
    messages.end();
    if web.is_empty() {
        return Err(Failure::Input("there is no web log in it".to_owned()));
    }
    let mut readable = String::from("What stays readable in these logs:\n");
    for one in READABLE {
        readable.push_str("- ");
        readable.push_str(one);
        readable.push('\n');
    }
    let list = scratch.path().join("readable.txt");
    fs::write(&list, &readable).map_err(|error| cannot("write", &list, &error))?;
    let made = scratch.keep();
    share(&made)
        .and_then(|()| fs::rename(&made, &to))
        .map_err(|error| {
            // The user reads the first failure.
            let _ = fs::remove_dir_all(&made);
            cannot("give its name to", &to, &error)
        })?;
    messages.say(&format!(
        "wrote {} in {}; {} that could not be read left out",
        count(sum.written, "line", "lines"),
        count(web.len() as u64, "log", "logs"),
        count(sum.left_out, "line", "lines"),
    ));
    messages.say(readable.trim_end());
    Ok(())
}

fn write(
    anonymiser: &Anonymiser,
    (log, seen): (&LogInput, &Seen),
    folder: &Path,
    to: &Path,
) -> Result<Lines, Failure> {
    let mut path = folder.join("logs");
    let mut parts = log.place.split('/').peekable();
    while let Some(part) = parts.next() {
        let is_site = part
            .get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case("W3SVC"));
        path.push(match parts.peek() {
            None => anonymiser.file_name(part),
            Some(_) if is_site => part.to_owned(),
            Some(_) => anonymiser.computer(part),
        });
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| cannot("make", parent, &error))?;
    }
    let out = File::create_new(&path).map_err(|error| cannot("write", &path, &error))?;
    let mut input = Witness::open(&log.path, seen.0)?;
    let lines = anonymiser
        .log(BufReader::new(&mut input), BufWriter::new(out))
        .map_err(|error| {
            let [from, into] =
                [log.path.as_path(), to].map(|path| visible(path.as_os_str().as_encoded_bytes()));
            Failure::Input(format!("cannot anonymise {from} into {into}: {error}"))
        })?;
    if input.seen() != *seen {
        let path = visible(log.path.as_os_str().as_encoded_bytes());
        return Err(Failure::Input(format!(
            "cannot anonymise {path}: it changed while it was read; take a copy that nobody writes to"
        )));
    }
    Ok(lines)
}

/// The folder in which the result stands, and its name there.
fn target(output: &Path) -> Result<(PathBuf, &std::ffi::OsStr), Failure> {
    let shown = visible(output.as_os_str().as_encoded_bytes());
    let name = output.file_name().ok_or_else(|| {
        Failure::Input(format!("\"{shown}\" does not end in the name of a folder"))
    })?;
    let is_free = match fs::read_dir(output) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if !is_free {
        return Err(Failure::Input(format!(
            "{shown} is no empty folder: choose another name"
        )));
    }
    let parent = match output.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    fs::create_dir_all(&parent).map_err(|error| cannot("make", &parent, &error))?;
    Ok((parent, name))
}

/// A temporary folder is for its owner alone; the result is for whom the umask says, as any folder is.
fn share(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let model = folder.join("logs").metadata()?.permissions().mode();
        fs::set_permissions(folder, fs::Permissions::from_mode(model))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// What of a log was looked at for names. More must not be written: what was not seen would stay readable.
type Seen = (u64, [u8; 32]);

/// Reads a log and notes what comes.
struct Witness {
    input: io::Take<File>,
    bytes: u64,
    hash: Sha256,
}

impl Witness {
    /// Of the first `bytes` of a log.
    fn open(path: &Path, bytes: u64) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| cannot("read", path, &error))?;
        Ok(Self {
            input: file.take(bytes),
            bytes: 0,
            hash: Sha256::new(),
        })
    }

    fn seen(self) -> Seen {
        (self.bytes, self.hash.finalize().into())
    }
}

impl io::Read for Witness {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        self.bytes += count as u64;
        self.hash.update(&out[..count]);
        Ok(count)
    }
}

fn is_web(path: &Path) -> Result<bool, Failure> {
    let reader = Reader::new(open(path)?).map_err(|error| cannot("read", path, &error))?;
    Ok(matches!(reader.content(), Content::Web | Content::Empty))
}

fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    File::open(path)
        .map(BufReader::new)
        .map_err(|error| cannot("read", path, &error))
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    let path = visible(path.as_os_str().as_encoded_bytes());
    Failure::Input(format!("cannot {what} {path}: {error}"))
}

fn stop_if_cancelled() -> Result<(), Failure> {
    if CANCELLED.load(Ordering::Relaxed) {
        return Err(Failure::Interrupted);
    }
    Ok(())
}

/// The key of a file, a new one that is written there, or one that nobody keeps.
fn key(path: Option<&Path>) -> Result<[u8; KEY_BYTES], Failure> {
    if let Some(path) = path
        && path.exists()
    {
        let text = fs::read_to_string(path).map_err(|error| cannot("read", path, &error))?;
        return read_key(text.trim()).ok_or_else(|| {
            let path = visible(path.as_os_str().as_encoded_bytes());
            Failure::Input(format!(
                "{path}: expected a key of {} hexadecimal digits; leave the file away to have one made",
                2 * KEY_BYTES
            ))
        });
    }
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key)
        .map_err(|error| Failure::Input(format!("the system gives no random key: {error}")))?;
    if let Some(path) = path {
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(path)
            .and_then(|mut file| writeln!(file, "{}", hex(&key)))
            .map_err(|error| cannot("write", path, &error))?;
    }
    Ok(key)
}

fn read_key(text: &str) -> Option<[u8; KEY_BYTES]> {
    let bytes = text.as_bytes();
    if bytes.len() != 2 * KEY_BYTES {
        return None;
    }
    let mut key = [0; KEY_BYTES];
    for (byte, digits) in key.iter_mut().zip(bytes.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(key)
}
