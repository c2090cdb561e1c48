//! Logs of several sites and servers as they are written over midnight.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// One of each stage.
pub(crate) const EXCLUSIONS: &str = r#"
version = 1
[[exclusion]]
id = "patching"
reason = "one of stage event"
stage = "event"
match.c-ip = ["192.0.2.2"]
match.s-port = ["8000-8020"]
[[exclusion]]
id = "agent"
reason = "one of stage alert"
stage = "alert"
match.cs-user-agent = { contains = "Nessus" }
"#;

/// `SplitMix64`: enough for tests, and no dependency.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// A line, and the file it goes into.
pub(crate) type Planned = (PathBuf, Vec<u8>);

const SITES: [(&str, u32); 4] = [("WEB01", 1), ("WEB01", 2), ("WEB02", 1), ("WEB01", 30)];

/// Lines in order of time, from half past ten in the evening for some hours. The last site begins in the middle.
pub(crate) fn plan(random: &mut Random) -> Vec<Planned> {
    let mut lines: Vec<Planned> = Vec::new();
    let mut seen: Vec<(PathBuf, u64)> = Vec::new();
    let count = 400 + random.below(1200);
    let mut second = 22 * 3600 + 1800;
    for number in 0..count {
        second += random.below(12);
        let (day, time) = (2 + second / 86_400, second % 86_400);
        let sites = if number < count / 2 { 3 } else { 4 };
        let site = usize::try_from(random.below(sites)).unwrap();
        let (computer, id) = SITES[site];
        let path = Path::new(computer)
            .join(format!("W3SVC{id}"))
            .join(format!("u_ex2611{day:02}.log"));
        let end = if site == 1 { "\r\n" } else { "\n" };
        let clock = format!("{:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60);
        let known = seen.iter().position(|(known, _)| *known == path);
        if known.is_none() || random.below(150) == 0 {
            let layout = random.below(2);
            match known {
                Some(known) => seen[known].1 = layout,
                None => seen.push((path.clone(), layout)),
            }
            let fields = match layout {
                0 => "date time s-ip s-port c-ip cs(User-Agent) cs-uri-query",
                _ => "date time c-ip cs(User-Agent) s-ip s-port",
            };
            let header = format!(
                "#Software: Microsoft Internet Information Services 10.0{end}#Date: 2026-11-{day:02} {clock}{end}\
                 #Fields: {fields}{end}"
            );
            lines.push((path.clone(), header.into_bytes()));
        }
        let layout = seen.iter().find(|(known, _)| *known == path).unwrap().1;
        let client = format!("192.0.2.{}", 1 + random.below(4));
        let agent = if client == "192.0.2.3" && random.below(40) > 0 {
            "Nessus"
        } else {
            "-"
        };
        let port = 8000 + random.below(40);
        let text = match (random.below(100), layout) {
            (0, _) => format!("what is this{end}"),
            (_, 0) => format!(
                "2026-11-{day:02} {clock} 10.0.0.1 {port} {client} {agent} q={}{end}",
                random.below(9)
            ),
            _ => format!("2026-11-{day:02} {clock} {client} {agent} 10.0.0.1 {port}{end}"),
        };
        lines.push((path, text.into_bytes()));
    }
    lines
}

/// Writes lines in order, in chunks that end anywhere.
pub(crate) struct Writer<'a> {
    folder: &'a Path,
    lines: &'a [Planned],
    next: usize,
    /// Bytes of the next line that are written.
    written: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(folder: &'a Path, lines: &'a [Planned]) -> Self {
        Self {
            folder,
            lines,
            next: 0,
            written: 0,
        }
    }

    /// Writes some more bytes; whether there were any left.
    pub(crate) fn write(&mut self, random: &mut Random) -> bool {
        let largest = [1, 100, 5000][usize::try_from(random.below(3)).unwrap()];
        let mut room = usize::try_from(1 + random.below(largest)).unwrap();
        while room > 0 {
            let Some((path, line)) = self.lines.get(self.next) else {
                return false;
            };
            let rest = &line[self.written..];
            let piece = &rest[..rest.len().min(room)];
            let path = self.folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .unwrap();
            file.write_all(piece).unwrap();
            room -= piece.len();
            self.written += piece.len();
            if self.written == line.len() {
                (self.next, self.written) = (self.next + 1, 0);
            }
        }
        true
    }
}
