//! Checks that several parts of a scenario share. A value that is wrong is reported and replaced by one that does
//! no harm, so that the rest can be checked too.

use crate::inventory::Server;
use crate::spec::{Client, Moment, Ports, Span};
use scanbench_spec::{Finding, Spanned, closest};
use scanbench_w3c::Timestamp;
use std::ops::Range;

/// The longest name of a server, an actor or a scenario, in characters: a label of the DNS has 63.
const LONGEST_NAME: usize = 63;

/// Ten years: a bound for arithmetic, far beyond any use.
pub(super) const LONGEST_MS: i64 = 3_660 * 86_400_000;
/// What a span must be.
pub(super) const WRONG_SPAN: &str = "a duration longer than nothing and at most ten years";

/// The least rate of anything.
const LEAST: f64 = 0.001;

/// Looks names up, checks values against the scenario's span, and collects what is wrong.
pub(crate) struct Checker<'s> {
    servers: &'s [Server],
    servers_complete: bool,
    /// Start and end; `None` where the file does not say them rightly, and no moment can be judged.
    span: Option<(i64, i64)>,
    findings: Vec<Finding>,
}

impl<'s> Checker<'s> {
    pub(crate) fn new(
        servers: &'s [Server],
        servers_complete: bool,
        span: Option<(i64, i64)>,
        findings: Vec<Finding>,
    ) -> Self {
        Self {
            servers,
            servers_complete,
            span,
            findings,
        }
    }

    pub(crate) fn say(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// An actor's id.
    pub(crate) fn id(&mut self, id: &Spanned<String>) -> String {
        identifier(id, "an actor's id", &mut self.findings)
    }

    /// Positions of the servers named; of all where none is named.
    pub(crate) fn servers(&mut self, names: Option<&Spanned<Vec<Spanned<String>>>>) -> Vec<usize> {
        let Some(names) = names else {
            return (0..self.servers.len()).collect();
        };
        let mut positions = Vec::new();
        for name in names.get_ref() {
            let text = name.get_ref();
            let known = || self.servers.iter().map(|server| server.name.as_str());
            match known().position(|server| server == text) {
                Some(position) if positions.contains(&position) => self.findings.push(
                    Finding::new(format!("server \"{text}\" is named twice")).at(name.span()),
                ),
                Some(position) => positions.push(position),
                None if !self.servers_complete => {}
                None => {
                    let all = format!("the servers are {}", known().collect::<Vec<_>>().join(", "));
                    let help = closest(text, known()).map_or_else(
                        || all.clone(),
                        |near| format!("did you mean \"{near}\"? {all}"),
                    );
                    self.findings.push(
                        Finding::new(format!("no server is called \"{text}\""))
                            .at(name.span())
                            .help(help),
                    );
                }
            }
        }
        if names.get_ref().is_empty() {
            self.say(
                Finding::new("expected at least one server")
                    .at(names.span())
                    .help("leave the key out for all servers"),
            );
        }
        positions
    }

    /// A number from 0.001 to `most`: with less than that, spans would no longer fit.
    pub(crate) fn positive(&mut self, value: &Spanned<f64>, most: f64) -> f64 {
        let number = *value.get_ref();
        if (LEAST..=most).contains(&number) {
            return number;
        }
        self.say(
            Finding::new(format!(
                "expected a number from {LEAST} to {most}, found {number}"
            ))
            .at(value.span()),
        );
        1.0
    }

    /// A mean of things of which there is at least one.
    pub(crate) fn mean(&mut self, value: Option<&Spanned<f64>>, default: f64) -> f64 {
        within("a mean", (1.0, 1000.0), value, default, &mut self.findings)
    }

    /// A share from 0 to 1.
    pub(crate) fn share(&mut self, value: Option<&Spanned<f64>>, default: f64) -> f64 {
        within("a share", (0.0, 1.0), value, default, &mut self.findings)
    }

    /// How many, from 1 to `most`.
    pub(crate) fn count(&mut self, value: Option<&Spanned<u32>>, most: u32) -> u32 {
        let Some(value) = value else {
            return 1;
        };
        let number = *value.get_ref();
        if !(1..=most).contains(&number) {
            self.say(
                Finding::new(format!(
                    "expected a number from 1 to {most}, found {number}"
                ))
                .at(value.span()),
            );
        }
        number.clamp(1, most)
    }

    /// A span longer than nothing, in milliseconds.
    pub(crate) fn span(&mut self, value: &Spanned<Span>) -> i64 {
        span_millis(value, &mut self.findings)
    }

    /// A moment of the scenario, in milliseconds since its start: an actor's times do not depend on the date.
    pub(crate) fn moment(&mut self, value: &Spanned<Moment>) -> i64 {
        moment_after(value, self.span, &mut self.findings)
    }

    /// Whose address it is.
    pub(crate) fn client(&mut self, value: &Spanned<Client>) -> Client {
        if let Client::Fixed(address) = value.get_ref() {
            let of_server = self
                .servers
                .iter()
                .find(|server| server.all_addresses().any(|own| own == *address));
            if let Some(server) = of_server {
                let message = format!("{address} is the address of server {}", server.name);
                self.say(Finding::new(message).at(value.span()));
            }
        }
        *value.get_ref()
    }

    /// Ports that need not be bound; `None` for those that are.
    pub(crate) fn ports(&mut self, value: &Spanned<Ports>) -> Option<Vec<u16>> {
        let ports = match value.get_ref() {
            Ports::Bound => return None,
            ports @ Ports::Listed(_) => ports.listed(),
        };
        if ports.is_empty() {
            self.say(Finding::new("expected at least one port").at(value.span()));
        }
        Some(ports)
    }

    /// Ports of which each must be bound on each of `servers`.
    pub(crate) fn bound_ports(
        &mut self,
        value: &Spanned<Ports>,
        servers: &[usize],
    ) -> Option<Vec<u16>> {
        let ports = self.ports(value)?;
        for server in servers {
            let server = &self.servers[*server];
            let missing: Vec<String> = ports
                .iter()
                .filter(|port| !server.bindings.contains_key(port))
                .map(u16::to_string)
                .collect();
            if !missing.is_empty() {
                let message = format!("{} has no binding on {}", server.name, missing.join(", "));
                self.findings.push(
                    Finding::new(message)
                        .at(value.span())
                        .help("an unbound port leaves no line: bind it in a [[server.site]]"),
                );
            }
        }
        Some(ports)
    }

    /// Hours ahead of UTC, as milliseconds.
    pub(crate) fn utc_offset(&mut self, value: &Spanned<f64>) -> i64 {
        let hours = *value.get_ref();
        if !(-14.0..=14.0).contains(&hours) {
            self.say_at(value.span(), "expected hours from -14 to 14");
            return 0;
        }
        crate::dice::millis(hours * 3_600_000.0)
    }

    /// One port, bound on each of `servers`.
    pub(crate) fn one_bound_port(&mut self, value: &Spanned<Ports>, servers: &[usize]) -> u16 {
        let ports = self.bound_ports(value, servers).unwrap_or_default();
        if ports.len() != 1 {
            self.say_at(value.span(), "expected one port");
        }
        ports.first().copied().unwrap_or(80)
    }

    /// A finding about a table as a whole.
    pub(crate) fn say_at(&mut self, place: Range<usize>, message: impl Into<String>) {
        self.say(Finding::new(message).at(place));
    }
}

/// A number between two others; the default where it is not said, and where it is wrong.
pub(super) fn within(
    what: &str,
    (least, most): (f64, f64),
    value: Option<&Spanned<f64>>,
    default: f64,
    findings: &mut Vec<Finding>,
) -> f64 {
    let Some(value) = value else {
        return default;
    };
    let number = *value.get_ref();
    if (least..=most).contains(&number) {
        return number;
    }
    findings.push(
        Finding::new(format!(
            "expected {what} from {least:?} to {most:?}, found {number}"
        ))
        .at(value.span()),
    );
    default
}

/// A span longer than nothing, in milliseconds.
pub(super) fn span_millis(value: &Spanned<Span>, findings: &mut Vec<Finding>) -> i64 {
    let millis = value.get_ref().millis();
    if !(1..=LONGEST_MS).contains(&millis) {
        findings.push(Finding::new(format!("expected {WRONG_SPAN}")).at(value.span()));
    }
    millis.clamp(1, LONGEST_MS)
}

/// A moment of the scenario, in milliseconds since its start; `whole` is its start and end, where they are known.
pub(super) fn moment_after(
    value: &Spanned<Moment>,
    whole: Option<(i64, i64)>,
    findings: &mut Vec<Finding>,
) -> i64 {
    const DAY: i64 = 86_400_000;
    let Some((start, end)) = whole else {
        return 0;
    };
    let after = match value.get_ref() {
        Moment::After(span) => span.millis(),
        Moment::At(moment) => moment.millis() - start,
        Moment::Next(day, clock) => {
            let midnight = start - start.rem_euclid(DAY);
            (0..=8)
                .map(|days| midnight + days * DAY)
                .filter(|moment| {
                    day.is_none_or(|day| Timestamp::from_millis(*moment).weekday() == day)
                })
                .map(|moment| moment + clock - start)
                .find(|after| *after >= 0)
                .unwrap_or(0)
        }
    };
    if !(0..end - start).contains(&after) {
        let (first, last) = (Timestamp::from_millis(start), Timestamp::from_millis(end));
        findings.push(
            Finding::new("this moment is not within the scenario")
                .at(value.span())
                .help(format!("the scenario goes from {first} to {last}")),
        );
    }
    after.clamp(0, end - start - 1)
}

/// Whether a scale can be.
pub(crate) fn scale(scale: f64) -> Result<(), String> {
    if (LEAST..=1e6).contains(&scale) {
        Ok(())
    } else {
        Err(format!(
            "expected a scale from {LEAST} to 1000000, found {scale}"
        ))
    }
}

/// A name of letters, digits, `-`, `_` and `.`: it stands in files, folders and reports without any quoting.
pub(crate) fn identifier(
    name: &Spanned<String>,
    whose: &str,
    findings: &mut Vec<Finding>,
) -> String {
    let text = name.get_ref();
    let mut say = |what: String| findings.push(Finding::new(what).at(name.span()));
    if text.is_empty() {
        say(format!("expected {whose}, found an empty text"));
    } else if text.chars().count() > LONGEST_NAME {
        say(format!("{whose} has at most {LONGEST_NAME} characters"));
    } else if !text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    {
        say(format!(
            "{whose} has only letters, digits, '-', '_' and '.'"
        ));
    }
    text.clone()
}
