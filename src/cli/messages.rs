//! What is said to a person while a command works: notes, warnings, and progress on terminals.

pub(crate) use scanbench::report::number::grouped;

use indicatif::{ProgressBar, ProgressStyle};
use scanbench_w3c::visible_lines;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Messages of one sort that are told one by one; the rest is only counted.
const TOLD_OF_A_SORT: u64 = 20;

/// Says `text` on standard error. Messages name files, values and lines that others wrote, so nothing in it acts.
pub(crate) fn tell(text: &str) {
    // Where standard error is gone there is nobody to tell.
    let _ = writeln!(io::stderr(), "{}", visible_lines(text));
}

/// Speaks on standard error.
pub(crate) struct Messages {
    bar: ProgressBar,
    told: BTreeMap<&'static str, u64>,
}

impl Messages {
    /// With a bar for `total` bytes, or a counter where the total is not known. Where standard error is no
    /// terminal no bar is drawn.
    pub(crate) fn bytes(verb: &'static str, total: Option<u64>) -> Self {
        match total {
            Some(total) => Self::new(
                ProgressBar::new(total),
                &format!(
                    "{verb} {{wide_bar}} {{bytes}}/{{total_bytes}} {{bytes_per_sec}}, {{eta}} left"
                ),
            ),
            None => Self::new(
                ProgressBar::new_spinner(),
                &format!("{verb} {{spinner}} {{bytes}} {{bytes_per_sec}}"),
            ),
        }
    }

    /// With a bar for steps whose number is told with the first of them.
    pub(crate) fn steps(verb: &'static str) -> Self {
        Self::new(
            ProgressBar::new(1),
            &format!("{verb} {{wide_bar}} {{percent}} %, {{msg}}, {{eta}} left"),
        )
    }

    fn new(bar: ProgressBar, template: &str) -> Self {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self {
            bar,
            told: BTreeMap::new(),
        }
    }

    /// Some of the steps are done; `note` says how fast.
    pub(crate) fn step(&self, done: u64, of: u64, note: String) {
        self.bar.set_message(note);
        self.bar.set_length(of);
        self.bar.set_position(done);
    }

    pub(crate) fn progress(&self, position: u64) {
        self.bar.set_position(position);
    }

    /// Says a line; a bar that is drawn moves out of its way.
    pub(crate) fn say(&self, text: &str) {
        self.bar.suspend(|| tell(text));
    }

    /// Says one of many lines of a sort; from the twenty-first on they are only counted.
    pub(crate) fn say_some(&mut self, sort: &'static str, text: &str) {
        let told = self.told.entry(sort).or_default();
        *told += 1;
        if *told <= TOLD_OF_A_SORT {
            self.say(text);
        }
    }

    /// Counts lines of a sort of which enough were said already.
    pub(crate) fn count_more(&mut self, sort: &'static str, number: u64) {
        *self.told.entry(sort).or_default() += number;
    }

    /// Takes the bar away and says how many lines of each sort were only counted.
    pub(crate) fn end(&mut self) {
        self.bar.finish_and_clear();
        for (sort, told) in std::mem::take(&mut self.told) {
            if told > TOLD_OF_A_SORT {
                self.say(&format!("... and {} more {sort}", told - TOLD_OF_A_SORT));
            }
        }
    }
}

/// `1 line`, `2 lines`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{} {word}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(count(1, "line", "lines"), "1 line");
        assert_eq!(count(0, "line", "lines"), "0 lines");
        assert_eq!(count(1_234_567, "line", "lines"), "1,234,567 lines");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
    }
}
