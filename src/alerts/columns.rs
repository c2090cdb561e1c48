//! Which column says what: by the names that engines give them, or by those that the caller says.

use super::AlertsError;
use super::records::Record;
use scanbench_detector::{Alert, parse_moment};
use scanbench_w3c::{Timestamp, visible};
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;

/// What is read of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Role {
    /// When its window starts.
    Time,
    /// When its window ends; not all engines tell.
    End,
    /// The client's address.
    Client,
    /// The server's name; without one, any fits.
    Computer,
    /// The server's address; without one, any fits.
    Server,
    /// The number of distinct ports; not all engines tell.
    Ports,
}

/// Each role, its name in a mapping, and the columns that have it: of the Sentinel query and its table, of Splunk, of
/// the Elastic Common Schema, of Zeek's notice.log, of rsigma.
const ROLES: [(Role, &str, &[&str]); 6] = [
    (
        Role::Time,
        "time",
        &[
            "TimeGenerated",
            "_time",
            "@timestamp",
            "timestamp",
            "ts",
            "event_refs.timestamp",
            "bin",
            "time",
        ],
    ),
    (Role::End, "end", &["WindowEnd", "window_end"]),
    (
        Role::Client,
        "client",
        &[
            "cIP",
            "c_ip",
            "c-ip",
            "src_ip",
            "src",
            "source.ip",
            "client.ip",
            "clientip",
            "id.orig_h",
        ],
    ),
    (
        Role::Computer,
        "computer",
        &[
            "Computer",
            "s_computername",
            "s-computername",
            "dvc",
            "host.name",
            "host",
            "peer_descr",
        ],
    ),
    (
        Role::Server,
        "server",
        &[
            "sIP",
            "s_ip",
            "s-ip",
            "dest_ip",
            "dest",
            "dst",
            "destination.ip",
            "server.ip",
            "id.resp_h",
        ],
    ),
    (
        Role::Ports,
        "ports",
        &[
            "portCount",
            "port_count",
            "dc(dest_port)",
            "dc(s_port)",
            "aggregated_value",
            "n",
        ],
    ),
];

/// Columns that the caller says: `time=_time`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping(BTreeMap<Role, String>);

impl Mapping {
    /// Says a column.
    pub fn set(&mut self, column: MappedColumn) {
        self.0.insert(column.role, column.name);
    }
}

/// One `role=column` of a [`Mapping`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedColumn {
    role: Role,
    name: String,
}

impl FromStr for MappedColumn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let roles = || ROLES.map(|(_, name, _)| name).join(", ");
        let (role, name) = text
            .split_once('=')
            .ok_or_else(|| format!("expected ROLE=COLUMN; roles are {}", roles()))?;
        let found = ROLES.iter().find(|(_, known, _)| *known == role);
        let (role, _, _) =
            found.ok_or_else(|| format!("\"{role}\" is no role; roles are {}", roles()))?;
        Ok(Self {
            role: *role,
            name: name.to_owned(),
        })
    }
}

/// The column of each role.
pub(super) struct Columns(BTreeMap<Role, String>);

impl Columns {
    pub(super) fn find(records: &[Record], mapping: &Mapping) -> Result<Self, AlertsError> {
        let names = || records.iter().flat_map(BTreeMap::keys);
        let mut columns = BTreeMap::new();
        for (role, name, known) in ROLES {
            let said = mapping.0.get(&role);
            let exact = known
                .iter()
                .find(|column| names().any(|one| one == **column));
            let column = match (said, exact) {
                (Some(said), _) => names().find(|one| *one == said).cloned(),
                (None, Some(column)) => Some((*column).to_owned()),
                (None, None) => names()
                    .find(|one| known.iter().any(|column| one.eq_ignore_ascii_case(column)))
                    .cloned(),
            };
            let is_needed = said.is_some() || matches!(role, Role::Time | Role::Client);
            if let Some(column) = column {
                columns.insert(role, column);
            } else if is_needed && !records.is_empty() {
                let found: std::collections::BTreeSet<&String> = names().take(200).collect();
                let found: Vec<&str> = found.into_iter().map(String::as_str).collect();
                return Err(AlertsError::NoColumn {
                    role: name,
                    found: visible(found.join(", ").as_bytes()),
                });
            }
        }
        Ok(Self(columns))
    }

    fn value<'r>(&self, record: &'r Record, role: Role) -> Option<&'r Value> {
        let value = record.get(self.0.get(&role)?)?;
        let is_empty = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
        (!is_empty).then_some(value)
    }

    pub(super) fn alert(&self, record: &Record) -> Result<Alert, String> {
        let text = |role| self.value(record, role).map(plain).unwrap_or_default();
        let time = self
            .value(record, Role::Time)
            .ok_or_else(|| "it has no time".to_owned())
            .and_then(moment)?;
        let window_end = self.value(record, Role::End).map(moment).transpose()?;
        let client = text(Role::Client);
        if client.is_empty() {
            return Err("it has no client".to_owned());
        }
        let set_s_port = ports(record);
        let told = self.value(record, Role::Ports).and_then(number);
        Ok(Alert {
            time_generated: time,
            c_ip: client,
            port_count: told.unwrap_or(set_s_port.len() as u64),
            set_s_port,
            set_cs_user_name: Vec::new(),
            set_decoded_uri_query: Vec::new(),
            computer: text(Role::Computer),
            set_s_site_name: Vec::new(),
            s_ip: text(Role::Server),
            set_cs_user_agent: Vec::new(),
            set_cs_method: Vec::new(),
            set_sc_status_full: Vec::new(),
            set_sc_status_full_friendly: Vec::new(),
            set_sc_win32_status_hex: Vec::new(),
            set_sc_win32_status_friendly: Vec::new(),
            connections_count: 0,
            capped: Vec::new(),
            window_end,
            run: None,
            counted: None,
            published: None,
        })
    }
}

/// The set of ports of the Sentinel query: a list, or one written as text.
fn ports(record: &Record) -> Vec<u16> {
    let list = match record.get("set_sPort") {
        Some(Value::Array(list)) => list.clone(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        _ => Vec::new(),
    };
    let port = |value: &Value| u16::try_from(number(value)?).ok();
    let mut ports: Vec<u16> = list.iter().filter_map(port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        // A list with one value, as Elastic's fields are.
        Value::Array(list) if list.len() == 1 => plain(&list[0]),
        value => value.to_string(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as numbers of ports: what is below 0 or has a fraction is cut"
)]
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number
            .as_u64()
            .or_else(|| number.as_f64().map(|number| number as u64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A text as tables have it, or seconds (or milliseconds) since 1970.
#[expect(clippy::cast_possible_truncation, reason = "what does not fit is cut")]
fn moment(value: &Value) -> Result<Timestamp, String> {
    let text = plain(value);
    if let Some(time) = parse_moment(text.as_bytes()) {
        return Ok(time);
    }
    let wrong = || format!("\"{}\" is no time", visible(text.as_bytes()));
    let number: f64 = text.parse().map_err(|_| wrong())?;
    // Seconds up to the year 5138; what is larger is milliseconds.
    let millis = if number.abs() < 1e11 {
        number * 1000.0
    } else {
        number
    };
    // What is far outside of the range stays outside when it is cut.
    let time = Timestamp::from_millis(millis.round() as i64);
    if millis.is_finite() && time.has_four_digit_year() {
        Ok(time)
    } else {
        Err(wrong())
    }
}
