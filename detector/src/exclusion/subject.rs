//! What a condition looks at, and the names that people give to it.

use scanbench_spec::closest;
use scanbench_w3c::Field;
use std::fmt;

/// What a condition looks at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The client's address: `c-ip`, or what the rule takes in its place.
    Client,
    /// The server's address.
    Server,
    /// The server's port.
    Port,
    /// The server's name, as the rule groups by it.
    Computer,
    /// When it was.
    Time,
    /// Another standard field.
    Field(Field),
    /// A custom field, by its name in `#Fields`.
    Custom(String),
}

/// What values a subject can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Addresses,
    Ports,
    Numbers,
    Texts,
    Times,
}

/// The names: as in `#Fields`, in the Sentinel table, and in the rule's documentation.
const NAMES: [(&str, Subject); 47] = [
    ("c-ip", Subject::Client),
    ("cIP", Subject::Client),
    ("src_ip", Subject::Client),
    ("s-ip", Subject::Server),
    ("sIP", Subject::Server),
    ("dest_ip", Subject::Server),
    ("s-port", Subject::Port),
    ("sPort", Subject::Port),
    ("dest_port", Subject::Port),
    ("s-computername", Subject::Computer),
    ("Computer", Subject::Computer),
    ("time", Subject::Time),
    ("s-sitename", Subject::Field(Field::SSitename)),
    ("sSiteName", Subject::Field(Field::SSitename)),
    ("cs-method", Subject::Field(Field::CsMethod)),
    ("csMethod", Subject::Field(Field::CsMethod)),
    ("cs-uri-stem", Subject::Field(Field::CsUriStem)),
    ("csUriStem", Subject::Field(Field::CsUriStem)),
    ("cs-uri-query", Subject::Field(Field::CsUriQuery)),
    ("csUriQuery", Subject::Field(Field::CsUriQuery)),
    ("cs-username", Subject::Field(Field::CsUsername)),
    ("csUserName", Subject::Field(Field::CsUsername)),
    ("cs-version", Subject::Field(Field::CsVersion)),
    ("csVersion", Subject::Field(Field::CsVersion)),
    ("cs-user-agent", Subject::Field(Field::CsUserAgent)),
    ("cs(User-Agent)", Subject::Field(Field::CsUserAgent)),
    ("csUserAgent", Subject::Field(Field::CsUserAgent)),
    ("cs-cookie", Subject::Field(Field::CsCookie)),
    ("cs(Cookie)", Subject::Field(Field::CsCookie)),
    ("csCookie", Subject::Field(Field::CsCookie)),
    ("cs-referer", Subject::Field(Field::CsReferer)),
    ("cs(Referer)", Subject::Field(Field::CsReferer)),
    ("csReferer", Subject::Field(Field::CsReferer)),
    ("cs-host", Subject::Field(Field::CsHost)),
    ("csHost", Subject::Field(Field::CsHost)),
    ("sc-status", Subject::Field(Field::ScStatus)),
    ("scStatus", Subject::Field(Field::ScStatus)),
    ("sc-substatus", Subject::Field(Field::ScSubstatus)),
    ("scSubStatus", Subject::Field(Field::ScSubstatus)),
    ("sc-win32-status", Subject::Field(Field::ScWin32Status)),
    ("scWin32Status", Subject::Field(Field::ScWin32Status)),
    ("sc-bytes", Subject::Field(Field::ScBytes)),
    ("scBytes", Subject::Field(Field::ScBytes)),
    ("cs-bytes", Subject::Field(Field::CsBytes)),
    ("csBytes", Subject::Field(Field::CsBytes)),
    ("time-taken", Subject::Field(Field::TimeTaken)),
    ("TimeTaken", Subject::Field(Field::TimeTaken)),
];

/// Why a name is none that a condition can have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoSubject {
    /// No IIS log can have it; what stands for it.
    NotInIisLogs(&'static str),
    /// Nearly a known name.
    Near(&'static str),
    /// Neither a name nor near one.
    Nameless,
}

impl Subject {
    /// By any of its names. A name that is none of them, and near none, is that of a custom field.
    pub(crate) fn of(name: &str) -> Result<Self, NoSubject> {
        if let Some((_, subject)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Ok(subject.clone());
        }
        if let Some(instead) = in_no_iis_log(name) {
            return Err(NoSubject::NotInIisLogs(instead));
        }
        if let Some(field) = Field::from_name(name).filter(|field| !is_date_or_time(*field)) {
            return Ok(match field {
                Field::CIp => Self::Client,
                Field::SIp => Self::Server,
                Field::SPort => Self::Port,
                Field::SComputername => Self::Computer,
                other => Self::Field(other),
            });
        }
        // A name of #Fields has no blank, and the rest of a line could not be told from it.
        if name.is_empty() || name.contains(|char: char| char.is_whitespace() || char.is_control())
        {
            return Err(NoSubject::Nameless);
        }
        let near = closest(name, NAMES.iter().map(|(known, _)| *known));
        match near.filter(|near| is_slip(name, near)) {
            Some(near) => Err(NoSubject::Near(near)),
            None => Ok(Self::Custom(name.to_owned())),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Client | Self::Server => Kind::Addresses,
            Self::Port => Kind::Ports,
            Self::Time => Kind::Times,
            Self::Field(
                Field::ScStatus
                | Field::ScSubstatus
                | Field::ScWin32Status
                | Field::ScBytes
                | Field::CsBytes
                | Field::TimeTaken,
            ) => Kind::Numbers,
            Self::Computer | Self::Field(_) | Self::Custom(_) => Kind::Texts,
        }
    }

    /// The field that it is read from; `None` for times and custom fields.
    #[must_use]
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Client => Some(Field::CIp),
            Self::Server => Some(Field::SIp),
            Self::Port => Some(Field::SPort),
            Self::Computer => Some(Field::SComputername),
            Self::Field(field) => Some(*field),
            Self::Time | Self::Custom(_) => None,
        }
    }

    /// Whether a client chooses the value freely: what it asks for and how it calls itself, but not where it is, what
    /// it reached, and what came of it.
    #[must_use]
    pub fn is_client_chosen(&self) -> bool {
        match self {
            Self::Client | Self::Server | Self::Port | Self::Computer | Self::Time => false,
            Self::Field(field) => matches!(
                field,
                Field::CsMethod
                    | Field::CsUriStem
                    | Field::CsUriQuery
                    | Field::CsVersion
                    | Field::CsUserAgent
                    | Field::CsCookie
                    | Field::CsReferer
                    | Field::CsHost
                    | Field::CsBytes
            ),
            // Custom fields are headers, and those the client sends.
            Self::Custom(_) => true,
        }
    }

    /// The names that a key can have, for the schema.
    pub(crate) fn names() -> impl Iterator<Item = (&'static str, &'static Subject)> {
        NAMES.iter().map(|(name, subject)| (*name, subject))
    }
}

fn is_date_or_time(field: Field) -> bool {
    matches!(field, Field::Date | Field::Time)
}

/// Whether a name is more likely a slip of the pen than another name. `c-computername` is one of other W3C logs.
fn is_slip(name: &str, near: &str) -> bool {
    let (name, near) = (name.to_lowercase(), near.to_lowercase());
    let behind_prefix = |text: &str| {
        let (prefix, rest) = text.split_once('-')?;
        matches!(prefix, "c" | "s" | "r" | "cs" | "sc" | "sr" | "rs" | "x").then(|| rest.to_owned())
    };
    match (behind_prefix(&name), behind_prefix(&near)) {
        (Some(a), Some(b)) => a != b,
        _ => true,
    }
}

/// Names of things that are in the logs of other products, and what can stand for them here.
fn in_no_iis_log(name: &str) -> Option<&'static str> {
    const PROCESS: &str = "match on where it runs (c-ip) or on the agent that it sends (cs-user-agent), which the \
                           client chooses itself";
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|char| char.to_ascii_lowercase())
        .collect();
    match plain.as_str() {
        "process"
        | "processname"
        | "processexecutable"
        | "processpath"
        | "processcommandline"
        | "processid"
        | "pid"
        | "image"
        | "imagename"
        | "imagepath"
        | "commandline"
        | "parentprocess"
        | "parentprocessname"
        | "parentimage"
        | "initiatingprocessfilename"
        | "initiatingprocesscommandline"
        | "filename"
        | "newprocessname"
        | "exe"
        | "applicationname"
        | "srcprocessname" => Some(PROCESS),
        "srcport" | "sourceport" | "clientport" => {
            Some("IIS logs the server's port (s-port), not the client's")
        }
        "date" | "timegenerated" | "timestamp" | "eventtime" => Some(
            "give starts and expires for a stretch of time, or time = { days, from, to, zone } for hours of the week",
        ),
        "protocol" | "networktransport" | "ipprotocol" => {
            Some("every line of an IIS log is an HTTP request over TCP")
        }
        _ => None,
    }
}

/// The name in `#Fields`, where it has one that can stand in a file without quotes.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "time",
            Self::Custom(name) => name,
            Self::Field(Field::CsUserAgent) => "cs-user-agent",
            Self::Field(Field::CsCookie) => "cs-cookie",
            Self::Field(Field::CsReferer) => "cs-referer",
            other => other.field().map_or("", Field::name),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_subjects() {
        let of = |name: &str| Subject::of(name);
        assert_eq!(of("dest_port"), Ok(Subject::Port));
        assert_eq!(of("cs(User-Agent)"), Ok(Subject::Field(Field::CsUserAgent)));
        assert_eq!(of("TimeTaken"), Ok(Subject::Field(Field::TimeTaken)));
        assert_eq!(of("CS-HOST"), Ok(Subject::Field(Field::CsHost)));
        assert_eq!(of("C-IP"), Ok(Subject::Client));
        for custom in [
            "X-Forwarded-For",
            "c-port",
            "crypt-protocol",
            "c-computername",
        ] {
            assert_eq!(of(custom), Ok(Subject::Custom(custom.to_owned())));
        }
        assert_eq!(of("cs-user-agnet"), Err(NoSubject::Near("cs-user-agent")));
        assert_eq!(of("cipp"), Err(NoSubject::Near("cIP")));
        assert_eq!(of("a b"), Err(NoSubject::Nameless));
        for process in [
            "process_name",
            "process.name",
            "ProcessName",
            "Image",
            "date",
        ] {
            assert!(
                matches!(of(process), Err(NoSubject::NotInIisLogs(_))),
                "{process}"
            );
        }
        // Every column of the Sentinel table that stands for a field of the log.
        for field in Field::ALL
            .into_iter()
            .filter(|field| !is_date_or_time(*field))
        {
            let names = Subject::names().filter(|(_, subject)| subject.field() == Some(field));
            assert!(names.count() >= 2, "{field}");
        }
        for (name, subject) in Subject::names() {
            assert_eq!(of(&subject.to_string()).as_ref(), Ok(subject), "{name}");
        }
    }
}
