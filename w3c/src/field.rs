//! The names of fields: the 22 that IIS offers by flag, and the aliases under which other writers log the same.

use std::fmt;

/// One of the 22 standard fields, in the fixed order in which IIS writes them.
///
/// Source: the flags of `logExtFileFlags` (Microsoft, *IIS site logFile element*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(
    missing_docs,
    reason = "the names are the fields' own, and Field::name has each"
)]
pub enum Field {
    Date,
    Time,
    SSitename,
    SComputername,
    SIp,
    CsMethod,
    CsUriStem,
    CsUriQuery,
    SPort,
    CsUsername,
    CIp,
    CsVersion,
    CsUserAgent,
    CsCookie,
    CsReferer,
    CsHost,
    ScStatus,
    ScSubstatus,
    ScWin32Status,
    ScBytes,
    CsBytes,
    TimeTaken,
}

impl Field {
    /// All of them, in IIS's order.
    pub const ALL: [Self; 22] = [
        Self::Date,
        Self::Time,
        Self::SSitename,
        Self::SComputername,
        Self::SIp,
        Self::CsMethod,
        Self::CsUriStem,
        Self::CsUriQuery,
        Self::SPort,
        Self::CsUsername,
        Self::CIp,
        Self::CsVersion,
        Self::CsUserAgent,
        Self::CsCookie,
        Self::CsReferer,
        Self::CsHost,
        Self::ScStatus,
        Self::ScSubstatus,
        Self::ScWin32Status,
        Self::ScBytes,
        Self::CsBytes,
        Self::TimeTaken,
    ];

    /// The name in a `#Fields` directive.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Time => "time",
            Self::SSitename => "s-sitename",
            Self::SComputername => "s-computername",
            Self::SIp => "s-ip",
            Self::CsMethod => "cs-method",
            Self::CsUriStem => "cs-uri-stem",
            Self::CsUriQuery => "cs-uri-query",
            Self::SPort => "s-port",
            Self::CsUsername => "cs-username",
            Self::CIp => "c-ip",
            Self::CsVersion => "cs-version",
            Self::CsUserAgent => "cs(User-Agent)",
            Self::CsCookie => "cs(Cookie)",
            Self::CsReferer => "cs(Referer)",
            Self::CsHost => "cs-host",
            Self::ScStatus => "sc-status",
            Self::ScSubstatus => "sc-substatus",
            Self::ScWin32Status => "sc-win32-status",
            Self::ScBytes => "sc-bytes",
            Self::CsBytes => "cs-bytes",
            Self::TimeTaken => "time-taken",
        }
    }

    /// The column of Microsoft Sentinel's table `W3CIISLog` that holds it (Microsoft, *Azure Monitor Logs table
    /// reference: `W3CIISLog`*). `None` for `date` and `time`, which are the table's `TimeGenerated`. The table's
    /// `Computer` is the host, which is what `s-computername` names.
    #[must_use]
    pub const fn column(self) -> Option<&'static str> {
        Some(match self {
            Self::Date | Self::Time => return None,
            Self::SSitename => "sSiteName",
            Self::SComputername => "Computer",
            Self::SIp => "sIP",
            Self::CsMethod => "csMethod",
            Self::CsUriStem => "csUriStem",
            Self::CsUriQuery => "csUriQuery",
            Self::SPort => "sPort",
            Self::CsUsername => "csUserName",
            Self::CIp => "cIP",
            Self::CsVersion => "csVersion",
            Self::CsUserAgent => "csUserAgent",
            Self::CsCookie => "csCookie",
            Self::CsReferer => "csReferer",
            Self::CsHost => "csHost",
            Self::ScStatus => "scStatus",
            Self::ScSubstatus => "scSubStatus",
            Self::ScWin32Status => "scWin32Status",
            Self::ScBytes => "scBytes",
            Self::CsBytes => "csBytes",
            Self::TimeTaken => "TimeTaken",
        })
    }

    /// The field with this name, in any case, or with its name in IIS Advanced Logging (`date-local`,
    /// `time-local`, `TimeTakenMS`, `cs(Host)`).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        const ALIASES: [(&str, Field); 4] = [
            ("date-local", Field::Date),
            ("time-local", Field::Time),
            ("TimeTakenMS", Field::TimeTaken),
            ("cs(Host)", Field::CsHost),
        ];
        Self::ALL
            .into_iter()
            .map(|field| (field.name(), field))
            .chain(ALIASES)
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, field)| field)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for (position, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, position);
            assert_eq!(Field::from_name(field.name()), Some(field));
        }
        assert_eq!(Field::from_name("CS(user-agent)"), Some(Field::CsUserAgent));
        assert_eq!(Field::from_name("TimeTakenMS"), Some(Field::TimeTaken));
        assert_eq!(Field::from_name("X-Forwarded-For"), None);
    }
}
