//! The machine that something was measured on, and when: as much as a reader of numbers needs, and nothing that tells
//! whose it is.

use super::report::Machine;
use scanbench_w3c::{Timestamp, visible};
use std::time::{SystemTime, UNIX_EPOCH};

/// This machine.
#[must_use]
pub fn this() -> Machine {
    Machine {
        system: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        processor: of_proc("/proc/cpuinfo", "model name"),
        memory_bytes: of_proc("/proc/meminfo", "MemTotal").and_then(|text| kib(&text)),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// Now, in UTC, to the second.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or_default();
    Timestamp::from_millis(millis / 1000 * 1000)
}

/// The first value of a name in one of the kernel's lists; `None` where there is no such list.
fn of_proc(path: &str, name: &str) -> Option<String> {
    value_of(&std::fs::read_to_string(path).ok()?, name)
}

fn value_of(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        let value = value.trim();
        (key.trim() == name && !value.is_empty()).then(|| visible(value.as_bytes()))
    })
}

fn kib(text: &str) -> Option<u64> {
    text.strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Linux writes them.
    #[test]
    fn lists_of_the_kernel() {
        let text =
            "processor\t: 0\nmodel name\t: Some Processor 7\nflags\t: a b\nmodel name\t: Other\n";
        assert_eq!(
            value_of(text, "model name").as_deref(),
            Some("Some Processor 7")
        );
        assert_eq!(value_of(text, "model"), None);
        let memory = value_of("MemTotal:       24567892 kB\n", "MemTotal");
        assert_eq!(memory.and_then(|text| kib(&text)), Some(25_157_521_408));
        assert_eq!(kib("12 MB"), None);
    }

    #[test]
    fn now_is_after_this_was_written() {
        let text = now().to_string();
        assert!(
            text.as_str() > "2026-11-24T" && text.ends_with('Z'),
            "{text}"
        );
    }
}
