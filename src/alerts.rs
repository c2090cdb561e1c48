//! Alerts of any engine, as CSV, a JSON array or JSON Lines, so that they are scored by the same code as ours.
//!
//! Columns are found by the names that Microsoft Sentinel, Splunk, Elastic, Zeek and rsigma give them, or by the names
//! that the caller says. Objects inside objects are looked at by the path to them, `source.ip` for Elastic's.

use clap::ValueEnum;
use scanbench_detector::{Alert, parse_moment};
use scanbench_generator::truth::BIN;
use scanbench_w3c::{Timestamp, visible};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::str::FromStr;
use thiserror::Error;

/// What the time of an alert is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum AlertTime {
    /// The start of its bin
    #[default]
    Start,
    /// Some moment within its bin
    Within,
}

impl AlertTime {
    /// Puts alerts to the starts of their bins.
    pub fn settle(self, alerts: &mut [Alert]) {
        if self == Self::Within {
            for alert in alerts {
                alert.time_generated = alert.time_generated.floor(BIN);
            }
        }
    }
}

/// What is read of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
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

/// What is wrong with a file of alerts.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AlertsError {
    /// It is none of the formats.
    #[error("no CSV with a header, JSON array or JSON Lines: {0}")]
    Format(String),
    /// No column has a role that is needed.
    #[error("no column tells the {role}; there are: {found}; say it with --map {role}=COLUMN")]
    NoColumn {
        /// The role.
        role: &'static str,
        /// The columns.
        found: String,
    },
    /// Alerts that cannot be read.
    #[error("{count} alerts cannot be read, the first as alert {first}: {why}")]
    Bad {
        /// How many.
        count: usize,
        /// The first of them, from 1.
        first: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// An alert's values by column.
type Record = BTreeMap<String, Value>;

/// Reads alerts.
///
/// # Errors
/// [`AlertsError`]; nothing is passed over in silence, as a score of part of the alerts would look like one of all.
pub fn read_alerts(bytes: &[u8], mapping: &Mapping) -> Result<Vec<Alert>, AlertsError> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let records = match text.trim_ascii_start().first() {
        None => return Ok(Vec::new()),
        Some(b'[') => json_array(text)?,
        Some(b'{') => json_lines(text)?,
        Some(_) => csv_records(text)?,
    };
    let columns = Columns::find(&records, mapping)?;
    let (mut alerts, mut bad) = (Vec::with_capacity(records.len()), Vec::new());
    for (index, record) in records.iter().enumerate() {
        match columns.alert(record) {
            Ok(alert) => alerts.push(alert),
            Err(why) => bad.push((index + 1, why)),
        }
    }
    match bad.first() {
        None => Ok(alerts),
        Some((first, why)) => Err(AlertsError::Bad {
            count: bad.len(),
            first: *first,
            why: why.clone(),
        }),
    }
}

fn json_array(text: &[u8]) -> Result<Vec<Record>, AlertsError> {
    let list: Vec<Map<String, Value>> =
        serde_json::from_slice(text).map_err(|error| format_error(&error))?;
    Ok(list.into_iter().map(flat).collect())
}

fn json_lines(text: &[u8]) -> Result<Vec<Record>, AlertsError> {
    serde_json::Deserializer::from_slice(text)
        .into_iter::<Map<String, Value>>()
        .map(|one| one.map(flat).map_err(|error| format_error(&error)))
        .collect()
}

fn csv_records(text: &[u8]) -> Result<Vec<Record>, AlertsError> {
    let mut reader = csv::Reader::from_reader(text);
    let header = reader
        .headers()
        .map_err(|error| format_error(&error))?
        .clone();
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|error| format_error(&error))?;
            let cells = header.iter().zip(&record);
            Ok(cells
                .map(|(name, cell)| (name.trim().to_owned(), Value::from(cell)))
                .collect())
        })
        .collect()
}

fn format_error(error: &impl ToString) -> AlertsError {
    AlertsError::Format(visible(error.to_string().as_bytes()))
}

/// The values of an object by the paths to them. What search engines wrap results in is left off.
fn flat(object: Map<String, Value>) -> Record {
    let mut record = Record::new();
    add(&mut record, "", Value::Object(object));
    record
}

fn add(record: &mut Record, path: &str, value: Value) {
    let path = path
        .strip_prefix("_source.")
        .or_else(|| path.strip_prefix("result."))
        .unwrap_or(path);
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let key = if matches!(path, "" | "_source" | "result" | "group_key") {
                    key
                } else {
                    format!("{path}.{key}")
                };
                add(record, &key, value);
            }
        }
        // rsigma's group key is a list of pairs.
        Value::Array(pairs) if path == "group_key" => {
            for pair in pairs {
                if let Value::Array(pair) = pair
                    && let [Value::String(key), value] = &pair[..]
                {
                    add(record, key, value.clone());
                }
            }
        }
        // Of a list of objects the last tells when the alert came.
        Value::Array(mut list) if list.last().is_some_and(Value::is_object) => {
            if let Some(last) = list.pop() {
                add(record, path, last);
            }
        }
        value => {
            record.insert(path.to_owned(), value);
        }
    }
}

/// The column of each role.
struct Columns(BTreeMap<Role, String>);

impl Columns {
    fn find(records: &[Record], mapping: &Mapping) -> Result<Self, AlertsError> {
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

    fn alert(&self, record: &Record) -> Result<Alert, String> {
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
#[expect(clippy::cast_possible_truncation, reason = "milliseconds of 1e15 fit")]
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
    if millis.is_finite() && millis.abs() < 1e15 {
        Ok(Timestamp::from_millis(millis.round() as i64))
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, mapping: &[&str]) -> Result<Vec<Alert>, AlertsError> {
        let mut columns = Mapping::default();
        for one in mapping {
            columns.set(one.parse().unwrap());
        }
        read_alerts(text.as_bytes(), &columns)
    }

    /// The same alert, told by each engine.
    #[test]
    fn every_engine_tells_the_same() {
        for (text, mapping) in [
            (
                "TimeGenerated,cIP,set_sPort,Computer,sIP,portCount\n2026-11-02T03:10:00Z,192.0.2.7,\"[80,443]\",WEB01,10.0.0.1,2\n",
                &[][..],
            ),
            (
                "TimeGenerated [UTC],cIP,Computer,sIP,portCount\n\"11/2/2026, 3:10:00.000 AM\",192.0.2.7,WEB01,10.0.0.1,2\n",
                &["time=TimeGenerated [UTC]"],
            ),
            (
                "{\"preview\":false,\"result\":{\"_time\":\"2026-11-02T04:10:00.000+01:00\",\"src\":\"192.0.2.7\",\"dest\":\"10.0.0.1\",\"host\":\"WEB01\",\"dc(dest_port)\":\"2\"}}\n",
                &[],
            ),
            (
                "[{\"_source\":{\"@timestamp\":\"2026-11-02T03:10:00.000Z\",\"source\":{\"ip\":\"192.0.2.7\"},\"destination\":{\"ip\":[\"10.0.0.1\"]},\"host\":{\"name\":\"WEB01\"}},\"n\":2}]",
                &[],
            ),
            (
                "{\"ts\":1793589000.0,\"src\":\"192.0.2.7\",\"dst\":\"10.0.0.1\",\"peer_descr\":\"WEB01\",\"n\":2}",
                &[],
            ),
            (
                "{\"rule_title\":\"x\",\"group_key\":[[\"c-ip\",\"192.0.2.7\"],[\"s-ip\",\"10.0.0.1\"],[\"s-computername\",\"WEB01\"]],\"aggregated_value\":2.0,\"event_refs\":[{\"timestamp\":\"2026-11-02T03:01:00Z\"},{\"timestamp\":\"2026-11-02T03:10:00Z\"}]}",
                &[],
            ),
            ("when;who\n", &["time=when;who", "client=when;who"]),
        ] {
            let alerts = read(text, mapping).unwrap();
            if text.starts_with("when") {
                assert!(alerts.is_empty());
                continue;
            }
            let [alert] = &alerts[..] else {
                panic!("{text}")
            };
            assert_eq!(
                alert.time_generated.to_string(),
                "2026-11-02T03:10:00Z",
                "{text}"
            );
            assert_eq!(
                (&*alert.c_ip, &*alert.computer, &*alert.s_ip),
                ("192.0.2.7", "WEB01", "10.0.0.1"),
                "{text}"
            );
            assert_eq!(alert.port_count, 2, "{text}");
        }
        assert_eq!(read("", &[]), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text: &str, mapping: &[&str]| read(text, mapping).unwrap_err().to_string();
        assert_eq!(
            error("a,b\u{1b}\n1,2\n", &[]),
            "no column tells the time; there are: a, b\\x1b; say it with --map time=COLUMN"
        );
        assert!(error("ts,src\n1,2\n", &["client=who"]).contains("--map client=COLUMN"));
        assert_eq!(
            error(
                "ts,src\n2026-11-02T03:10:00Z,192.0.2.7\nsoon,192.0.2.7\nnever,x\n",
                &[]
            ),
            "2 alerts cannot be read, the first as alert 2: \"soon\" is no time"
        );
        assert!(error("{\"ts\":1}\n{\"ts\"", &[]).starts_with("no CSV"));
        assert!(error("{\"ts\":1e300,\"src\":\"a\"}", &[]).ends_with("is no time"));
        assert!(
            "what=x"
                .parse::<MappedColumn>()
                .unwrap_err()
                .contains("roles are time, end")
        );
    }
}
