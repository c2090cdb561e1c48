//! Families of agents: what a fitted background keeps of who asked. An agent's own text may name a company or a person;
//! its family does not.

use serde::{Deserialize, Serialize};

/// What sort of program asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Chrome on a desk.
    Chrome,
    /// Edge.
    Edge,
    /// Firefox.
    Firefox,
    /// Safari on a desk.
    Safari,
    /// Internet Explorer.
    InternetExplorer,
    /// Opera.
    Opera,
    /// Any browser of a telephone or tablet.
    Mobile,
    /// Programs that read the web for others.
    Crawler,
    /// Programs that ask whether a site is well.
    Monitoring,
    /// Libraries and tools: curl, Python, Java.
    Library,
    /// Parts of Windows: updates, transfers, `PowerShell`.
    Windows,
    /// Scanners by their own name.
    Scanner,
    /// No agent at all.
    None,
    /// Everything else.
    Other,
}

/// Words by which a family is known, in small letters, and the family; the first that occurs decides.
const WORDS: [(&str, Family); 78] = [
    ("nmap", Family::Scanner),
    ("masscan", Family::Scanner),
    ("zgrab", Family::Scanner),
    ("nikto", Family::Scanner),
    ("nessus", Family::Scanner),
    ("qualys", Family::Scanner),
    ("openvas", Family::Scanner),
    ("nuclei", Family::Scanner),
    ("sqlmap", Family::Scanner),
    ("zmeu", Family::Scanner),
    ("jorgee", Family::Scanner),
    ("morfeus", Family::Scanner),
    ("() {", Family::Scanner),
    ("()+{", Family::Scanner),
    ("check_http", Family::Monitoring),
    ("monitor", Family::Monitoring),
    ("healthcheck", Family::Monitoring),
    ("health-check", Family::Monitoring),
    ("pingdom", Family::Monitoring),
    ("uptime", Family::Monitoring),
    ("zabbix", Family::Monitoring),
    ("nagios", Family::Monitoring),
    ("site24x7", Family::Monitoring),
    ("newrelic", Family::Monitoring),
    ("googlebot", Family::Crawler),
    ("bot/", Family::Crawler),
    ("bot;", Family::Crawler),
    ("bot", Family::Crawler),
    ("crawl", Family::Crawler),
    ("spider", Family::Crawler),
    ("slurp", Family::Crawler),
    ("mediapartners", Family::Crawler),
    ("censys", Family::Crawler),
    ("expanse", Family::Crawler),
    ("facebookexternalhit", Family::Crawler),
    ("archiver", Family::Crawler),
    ("powershell", Family::Windows),
    ("windows-update", Family::Windows),
    ("bits/", Family::Windows),
    ("webdav-miniredir", Family::Windows),
    ("ms web services", Family::Windows),
    ("ms+web+services", Family::Windows),
    ("ccm", Family::Windows),
    ("cryptoapi", Family::Windows),
    ("winhttp", Family::Windows),
    ("winrm", Family::Windows),
    ("microsoft office", Family::Windows),
    ("microsoft+office", Family::Windows),
    ("microsoft ncsi", Family::Windows),
    ("curl", Family::Library),
    ("wget", Family::Library),
    ("python", Family::Library),
    ("java/", Family::Library),
    ("httpclient", Family::Library),
    ("http-client", Family::Library),
    ("okhttp", Family::Library),
    ("libwww", Family::Library),
    ("axios", Family::Library),
    ("ruby", Family::Library),
    ("perl", Family::Library),
    ("php", Family::Library),
    ("gsoap", Family::Library),
    ("node", Family::Library),
    ("iphone", Family::Mobile),
    ("ipad", Family::Mobile),
    ("android", Family::Mobile),
    ("blackberry", Family::Mobile),
    ("windows phone", Family::Mobile),
    ("windows+phone", Family::Mobile),
    ("mobile", Family::Mobile),
    ("opr/", Family::Opera),
    ("opera", Family::Opera),
    ("edg", Family::Edge),
    ("msie", Family::InternetExplorer),
    ("trident", Family::InternetExplorer),
    ("firefox", Family::Firefox),
    ("chrome", Family::Chrome),
    ("safari", Family::Safari),
];

/// Only so much of an agent is looked at.
const LOOKED_AT: usize = 512;

impl Family {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Chrome,
        Self::Edge,
        Self::Firefox,
        Self::Safari,
        Self::InternetExplorer,
        Self::Opera,
        Self::Mobile,
        Self::Crawler,
        Self::Monitoring,
        Self::Library,
        Self::Windows,
        Self::Scanner,
        Self::None,
        Self::Other,
    ];

    /// As it stands in files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chrome => "chrome",
            Self::Edge => "edge",
            Self::Firefox => "firefox",
            Self::Safari => "safari",
            Self::InternetExplorer => "internet-explorer",
            Self::Opera => "opera",
            Self::Mobile => "mobile",
            Self::Crawler => "crawler",
            Self::Monitoring => "monitoring",
            Self::Library => "library",
            Self::Windows => "windows",
            Self::Scanner => "scanner",
            Self::None => "none",
            Self::Other => "other",
        }
    }

    /// The family of an agent, as sent or as logged.
    #[must_use]
    pub fn of(agent: &[u8]) -> Self {
        if matches!(agent, b"" | b"-") {
            return Self::None;
        }
        let agent = agent[..agent.len().min(LOOKED_AT)].to_ascii_lowercase();
        let has = |word: &str| {
            agent
                .windows(word.len())
                .any(|window| window == word.as_bytes())
        };
        WORDS
            .iter()
            .find(|(word, _)| has(word))
            .map_or(Self::Other, |(_, family)| *family)
    }

    /// Agents that stand for it, as sent.
    pub(crate) const fn agents(self) -> &'static [&'static str] {
        match self {
            Self::Chrome => &[
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            ],
            Self::Edge => &[
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
            ],
            Self::Firefox => &[
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
                "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
            ],
            Self::Safari => &[
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
            ],
            Self::InternetExplorer => &[
                "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
                "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
            ],
            Self::Opera => &[
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0",
            ],
            Self::Mobile => &[
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
            ],
            Self::Crawler => &[
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            ],
            Self::Monitoring => &["check_http/v2.4.9 (monitoring-plugins 2.4.9)"],
            Self::Library => &["python-requests/2.32.3", "curl/8.14.1", "Java/17.0.12"],
            Self::Windows => &[
                "Microsoft BITS/7.8",
                "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.17763.6414",
            ],
            Self::Scanner => &[
                "Mozilla/5.0 zgrab/0.x",
                "Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)",
            ],
            Self::None => &[""],
            Self::Other => &["Mozilla/5.0 (compatible; Windows)"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// forall families: what stands for it is of it, as sent and as logged.
    #[test]
    fn agents_are_of_their_family() {
        for family in Family::ALL {
            for agent in family.agents() {
                assert_eq!(Family::of(agent.as_bytes()), family, "{agent}");
                let logged = agent.replace(' ', "+");
                assert_eq!(Family::of(logged.as_bytes()), family, "{logged}");
            }
        }
    }

    /// Agents of real logs, each by the family that its makers say.
    #[test]
    fn families() {
        for (agent, family) in [
            ("-", Family::None),
            (
                "Mozilla/5.0+(Windows+NT+6.1;+WOW64;+Trident/7.0;+rv:11.0)+like+Gecko",
                Family::InternetExplorer,
            ),
            (
                "Mozilla/5.0+(Linux;+Android+5.0.2;+SM-T805)+AppleWebKit/537.36+Chrome/43.0+Safari/537.36",
                Family::Mobile,
            ),
            (
                "check_http/v2.1.2+(monitoring-plugins+2.1.2)",
                Family::Monitoring,
            ),
            ("ELB-HealthChecker/2.0", Family::Monitoring),
            (
                "masscan/1.0+(https://github.com/robertdavidgraham/masscan)",
                Family::Scanner,
            ),
            ("()+{+:;};/usr/bin/perl+-e", Family::Scanner),
            ("Microsoft+BITS/7.8", Family::Windows),
            ("Mozilla/5.0+(compatible;+bingbot/2.0)", Family::Crawler),
            ("Python-urllib/2.7", Family::Library),
            ("\u{1}\u{2}", Family::Other),
        ] {
            assert_eq!(Family::of(agent.as_bytes()), family, "{agent}");
        }
    }
}
