//! Suggested exclusions as a file: TOML that this program reads, with what each would do written beside it.

use crate::eval::{Effect, Periodic, Suggestion, port_text};
use scanbench_w3c::{Timestamp, visible};
use serde::Serialize;
use std::fmt::Write as _;

/// A suggestion, and what it does where it was found and elsewhere.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// The id in the file.
    pub id: String,
    /// What it matches.
    #[serde(flatten)]
    pub suggestion: Suggestion,
    /// What it does, alone, on the half of the data that it was found in.
    pub tuning: Effect,
    /// What it does, alone, on the other half.
    pub other: Effect,
}

/// A suggested list.
#[derive(Clone, Debug, Serialize)]
pub struct SuggestedList {
    /// How the data was cut in halves.
    pub split: String,
    /// When the suggestions end: not known to be right for longer.
    #[serde(serialize_with = "as_text")]
    pub expires: Timestamp,
    /// Each of them.
    pub exclusions: Vec<Tried>,
    /// False rows for which there is no narrow exclusion, in words.
    pub none: Vec<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn as_text<S: serde::Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// The ids of suggestions, in their order: what they are made from, as far as that is plain.
#[must_use]
pub fn ids(suggestions: &[Suggestion]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for one in suggestions {
        let plain: String = format!("{}-{}", one.owner, one.computer)
            .to_lowercase()
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '.' {
                    c
                } else {
                    '-'
                }
            })
            .take(60)
            .collect();
        let mut id = format!("suggested-{plain}");
        let mut number = 2;
        while ids.contains(&id) {
            id = format!("suggested-{plain}-{number}");
            number += 1;
        }
        ids.push(id);
    }
    ids
}

/// One exclusion. Whatever comes from logs or scenarios is a text there and nothing else.
#[must_use]
pub fn exclusion(id: &str, one: &Suggestion, expires: Timestamp) -> String {
    let quoted = |text: &str| quote(text);
    let clients: Vec<String> = one
        .clients
        .iter()
        .map(|client| quoted(&client.to_string()))
        .collect();
    let ports: Vec<String> = one
        .ports
        .iter()
        .map(|range| {
            if range.start() == range.end() {
                range.start().to_string()
            } else {
                quoted(&port_text(range))
            }
        })
        .collect();
    let mut text = format!(
        "[[exclusion]]\nid = {}\nreason = {}\nexpires = {expires}\n\
         stage = \"alert\"\n[exclusion.match]\nc-ip = [{}]\ns-port = [{}]\n",
        quoted(id),
        quoted(&format!(
            "Suggested from the false rows of {} ({})",
            visible(one.owner.as_bytes()),
            one.rows
        )),
        clients.join(", "),
        ports.join(", "),
    );
    // Bytes that are no text were replaced, so such a name would match nothing.
    if !one.computer.is_empty() && !one.computer.contains('\u{fffd}') {
        let _ = writeln!(text, "s-computername = [{}]", quoted(&one.computer));
    }
    if let Some(periodic) = &one.periodic {
        let _ = writeln!(text, "time = {}", hours(periodic));
    }
    text
}

fn hours(periodic: &Periodic) -> String {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let days: Vec<String> = periodic
        .days
        .iter()
        .filter_map(|day| DAYS.get(usize::from(*day)))
        .map(|day| format!("\"{day}\""))
        .collect();
    let days = if days.is_empty() {
        String::new()
    } else {
        format!("days = [{}], ", days.join(", "))
    };
    format!(
        "{{ {days}from = \"{}\", to = \"{}\", zone = \"UTC\" }}",
        clock(periodic.from),
        clock(periodic.to)
    )
}

/// The list without comments, to be tried.
#[must_use]
pub fn bare(suggestions: &[Suggestion], expires: Timestamp) -> String {
    let mut text = "version = 1\n".to_owned();
    for (id, one) in ids(suggestions).iter().zip(suggestions) {
        text += "\n";
        text += &exclusion(id, one, expires);
    }
    text
}

/// The list as a file for people.
#[must_use]
pub fn toml(list: &SuggestedList) -> String {
    let mut text = format!(
        "# Suggested exclusions: single addresses, the ports that were seen, and hours where they come back.\n\
         # Found on one half of the data and tried on the other; {}.\n\
         # Before you use one: say who answers for it (owner), and see that it hides nothing on your own data.\n\
         version = 1\n",
        visible(list.split.as_bytes())
    );
    for one in &list.exclusions {
        let _ = writeln!(
            text,
            "\n# On the half where it was found: {}",
            told(&one.tuning)
        );
        let _ = writeln!(text, "# On the other half: {}", told(&one.other));
        text += &exclusion(&one.id, &one.suggestion, list.expires);
        text += "[exclusion.expect]\nmax-hidden-campaigns = 0\n";
    }
    if !list.none.is_empty() {
        text += "\n# No narrow exclusion for:\n";
        for one in &list.none {
            let _ = writeln!(text, "# - {}", visible(one.as_bytes()));
        }
    }
    text
}

fn told(effect: &Effect) -> String {
    let hides = match (
        &effect.campaigns_hidden[..],
        &effect.campaigns_hidden_in_part[..],
    ) {
        ([], []) => "hides no attack".to_owned(),
        (whole, part) => {
            let part = part.iter().map(|id| format!("{id} (in part)"));
            let all: Vec<String> = whole.iter().cloned().chain(part).collect();
            format!("HIDES {}", visible(all.join(", ").as_bytes()))
        }
    };
    format!(
        "removes {} of the false episodes and {} authorised; {hides}",
        effect.false_episodes_removed, effect.episodes_removed.authorised
    )
}

/// A TOML string in which nothing acts: everything but plain ASCII is written as an escape.
fn quote(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use scanbench_detector::Exclusions;
    use scanbench_spec::Source;

    fn suggestion(owner: &str, computer: &str) -> Suggestion {
        Suggestion {
            owner: owner.to_owned(),
            clients: vec!["10.0.0.10".parse().unwrap(), "2001:db8::1".parse().unwrap()],
            ports: vec![80..=80, 8001..=8040],
            computer: computer.to_owned(),
            periodic: Some(Periodic {
                days: vec![0, 6],
                from: 120,
                to: 1440,
            }),
            rows: 3,
        }
    }

    #[test]
    fn suggestions_are_a_list_that_is_read() {
        let hostile = [
            suggestion("maintenance", "HOST01"),
            suggestion("a\"]\nversion = 9\u{1b}[31m\u{202e}\u{7f}", "b\"\\\n# c"),
            suggestion("a\"]\nversion = 9\u{1b}[31m\u{202e}\u{7f}", "b\"\\\n# c"),
        ];
        let expires = "2027-02-01T00:00:00Z".parse().unwrap();
        let text = bare(&hostile, expires);
        assert!(
            text.bytes()
                .all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)),
            "{text}"
        );
        let list = Exclusions::from_source(&Source::new("suggested.toml", text.clone())).unwrap();
        let read: Vec<&str> = list
            .list()
            .iter()
            .map(scanbench_detector::Exclusion::id)
            .collect();
        assert_eq!(read, ids(&hostile));
        assert_eq!(read[0], "suggested-maintenance-host01");
        assert_ne!(read[1], read[2]);
        let value: toml::Table = text.parse().unwrap();
        let computer = &value["exclusion"][1]["match"]["s-computername"][0];
        assert_eq!(computer.as_str(), Some("b\"\\\n# c"));
        assert!(text.contains(
            "time = { days = [\"mon\", \"sun\"], from = \"02:00\", to = \"24:00\", zone = \"UTC\" }"
        ));
        assert!(text.contains("s-port = [80, \"8001-8040\"]"), "{text}");
    }
}
