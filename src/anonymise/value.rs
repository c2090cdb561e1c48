//! Single values: names, hosts, cookies, URLs, queries, and what says who somebody is inside any text.

use super::Anonymiser;
use regex::bytes::{Captures, Regex};
use std::net::IpAddr;

/// Keys of queries and cookies whose values are somebody's own.
const OWN: [&str; 26] = [
    "user", "usr", "login", "logon", "mail", "name", "pass", "pwd", "token", "session", "sid",
    "auth", "key", "secret", "code", "phone", "tel", "account", "acct", "customer", "email",
    "addr", "street", "city", "birth", "iban",
];

/// A run of letters and digits is a token from this length on; a shorter one may be a word and a number.
const LEAST_TOKEN: usize = 16;

/// What is looked for in texts.
pub(super) struct Finder {
    mail: Option<Regex>,
    address: Option<Regex>,
    url: Option<Regex>,
    token: Option<Regex>,
    word: Option<Regex>,
}

impl Finder {
    pub(super) fn new() -> Self {
        // The patterns are fixed and compile; a test says so.
        let new = |pattern: &str| Regex::new(pattern).ok();
        Self {
            mail: new(r"(?-u)[A-Za-z0-9._+\-\x80-\xff]+(?:@|%40)[A-Za-z0-9.\-\x80-\xff]+"),
            address: new(
                r"(?-u)[0-9A-Fa-f]*:[0-9A-Fa-f:]+(?:\.[0-9]+){0,3}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}",
            ),
            url: new(r"(?-u)(?i)(https?(?::|%3a)(?:/|%2f){2})([^/\s?#%;,)'\x22]+)"),
            token: new(
                r"(?-u)[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[A-Za-z0-9_\-]{32,}|[A-Za-z0-9]{16,}|[0-9]{9,}",
            ),
            word: new(r"(?-u)[A-Za-z0-9_.\-\x80-\xff]+"),
        }
    }
}

/// Replaces every match.
fn each(
    regex: Option<&Regex>,
    text: Vec<u8>,
    replace: impl Fn(&Captures<'_>, &[u8]) -> Vec<u8>,
) -> Vec<u8> {
    match regex {
        Some(regex) => regex
            .replace_all(&text, |found: &Captures<'_>| replace(found, &text))
            .into_owned(),
        None => text,
    }
}

/// Whether a run of letters and digits looks drawn and not written.
fn is_token(run: &[u8]) -> bool {
    let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
    let others = run.len() - digits;
    digits > 0 && (others == 0 || run.len() >= LEAST_TOKEN)
}

impl Anonymiser {
    /// Another name, word by word, so that each is the same wherever it stands. Upper and lower case are told apart, as
    /// the rule tells computers apart.
    pub(super) fn name(&self, value: &[u8]) -> Vec<u8> {
        each(self.finder.word.as_ref(), value.to_vec(), |found, _| {
            self.shapes.other(&found[0])
        })
    }

    /// A host's name label by label, or an address; the port behind it stays.
    pub(super) fn host(&self, value: &[u8]) -> Vec<u8> {
        if let Ok(text) = std::str::from_utf8(value)
            && text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
        {
            return self.text(value);
        }
        let colon = value.iter().rposition(|byte| *byte == b':');
        let port = colon.filter(|at| value[at + 1..].iter().all(u8::is_ascii_digit));
        let (name, port) = value.split_at(port.unwrap_or(value.len()));
        let is_address = std::str::from_utf8(name)
            .is_ok_and(|text| text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok());
        if is_address {
            return [self.text(name), port.to_vec()].concat();
        }
        let labels: Vec<&[u8]> = name.split(|byte| *byte == b'.').collect();
        let last = labels.len() - 1;
        let others: Vec<Vec<u8>> = labels
            .iter()
            .enumerate()
            .map(|(place, label)| {
                let is_ending =
                    place > 0 && place == last && label.iter().all(u8::is_ascii_alphabetic);
                if is_ending || label.eq_ignore_ascii_case(b"www") {
                    label.to_vec()
                } else {
                    self.name(label)
                }
            })
            .collect();
        [others.join(&b'.'), port.to_vec()].concat()
    }

    /// Values of all cookies, and names that are no words.
    pub(super) fn cookie(&self, value: &[u8]) -> Vec<u8> {
        let parts = value.split(|byte| *byte == b';').map(|part| {
            match part.iter().position(|byte| *byte == b'=') {
                Some(equals) => {
                    let (name, value) = part.split_at(equals);
                    [self.text(name), self.name(value)].concat()
                }
                None => self.name(part),
            }
        });
        parts.collect::<Vec<_>>().join(&b';')
    }

    /// A URL: the host by another, path and query as those of requests.
    pub(super) fn url(&self, value: &[u8]) -> Vec<u8> {
        let question = value.iter().position(|byte| *byte == b'?');
        let (path, query) = value.split_at(question.unwrap_or(value.len()));
        let path = self.linked(path);
        match query.split_first() {
            Some((mark, query)) => [path, vec![*mark], self.query(query)].concat(),
            None => path,
        }
    }

    /// A query: values of keys that are somebody's own, and what is found in the others.
    pub(super) fn query(&self, value: &[u8]) -> Vec<u8> {
        let parts = value.split(|byte| *byte == b'&').map(|part| {
            let Some(equals) = part.iter().position(|byte| *byte == b'=') else {
                return self.linked(part);
            };
            let (key, value) = part.split_at(equals);
            let lower = key.to_ascii_lowercase();
            let is_own = OWN.iter().any(|word| {
                lower
                    .windows(word.len())
                    .any(|part| part == word.as_bytes())
            });
            let value = if is_own {
                self.name(value)
            } else {
                self.linked(value)
            };
            [self.text(key), value].concat()
        });
        parts.collect::<Vec<_>>().join(&b'&')
    }

    /// A text with URLs in it.
    fn linked(&self, value: &[u8]) -> Vec<u8> {
        let Some(regex) = &self.finder.url else {
            return self.text(value);
        };
        // What became another host is not looked at again: an address would become a third one.
        let (mut out, mut at) = (Vec::with_capacity(value.len()), 0);
        for found in regex.captures_iter(value) {
            let (Some(all), Some(scheme), Some(host)) = (found.get(0), found.get(1), found.get(2))
            else {
                continue;
            };
            out.extend(self.text(&value[at..all.start()]));
            out.extend_from_slice(scheme.as_bytes());
            out.extend(self.host(host.as_bytes()));
            at = all.end();
        }
        out.extend(self.text(&value[at..]));
        out
    }

    /// An agent: versions such as 109.0.0.0 are no addresses, unless they are a client's.
    pub(super) fn agent(&self, value: &[u8]) -> Vec<u8> {
        self.found(value, false)
    }

    /// Any text: what says who somebody is by others of the same shape, the rest as it is.
    pub(super) fn text(&self, value: &[u8]) -> Vec<u8> {
        self.found(value, true)
    }

    fn found(&self, value: &[u8], all_addresses: bool) -> Vec<u8> {
        let finder = &self.finder;
        let text = each(finder.mail.as_ref(), value.to_vec(), |found, _| {
            let address = &found[0];
            let at = address
                .windows(3)
                .position(|part| part.eq_ignore_ascii_case(b"%40"))
                .map(|at| (at, 3))
                .or_else(|| Some((address.iter().position(|byte| *byte == b'@')?, 1)));
            let Some((at, length)) = at else {
                return self.name(address);
            };
            let (user, rest) = address.split_at(at);
            let (sign, host) = rest.split_at(length);
            [self.name(user), sign.to_vec(), self.host(host)].concat()
        });
        let text = each(finder.address.as_ref(), text, |found, whole| {
            let run = &found[0];
            let before = found.get(0).and_then(|all| whole[..all.start()].last());
            let parsed = std::str::from_utf8(run)
                .ok()
                .and_then(|run| run.parse::<IpAddr>().ok());
            match parsed {
                Some(address)
                    if all_addresses
                        || self.known.addresses.contains(&address)
                        || matches!(before, Some(b'@' | b'[')) =>
                {
                    self.address(address).to_string().into_bytes()
                }
                _ => run.to_vec(),
            }
        });
        let text = each(finder.token.as_ref(), text, |found, _| {
            let run = &found[0];
            if is_token(run) {
                self.shapes.other(run)
            } else {
                run.to_vec()
            }
        });
        if self.known.names.is_empty() {
            return text;
        }
        each(finder.word.as_ref(), text, |found, _| {
            self.known_words(&found[0])
        })
    }

    /// Users and computers that the logs name, wherever they stand as words of their own.
    fn known_words(&self, run: &[u8]) -> Vec<u8> {
        let is_known = |word: &[u8]| self.known.names.contains(&word.to_ascii_lowercase());
        if is_known(run) {
            return self.shapes.other(run);
        }
        let mut out = Vec::with_capacity(run.len());
        for part in run.split_inclusive(|byte| matches!(byte, b'.' | b'-' | b'_')) {
            let word = part
                .strip_suffix(b".")
                .or(part.strip_suffix(b"-"))
                .or(part.strip_suffix(b"_"));
            let (word, sign) = match word {
                Some(word) => (word, &part[word.len()..]),
                None => (part, &part[part.len()..]),
            };
            if is_known(word) {
                out.extend(self.shapes.other(word));
            } else {
                out.extend_from_slice(word);
            }
            out.extend_from_slice(sign);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Anonymiser, Known};
    use super::*;

    fn anonymiser() -> Anonymiser {
        let mut known = Known::default();
        known.see_name(b"jsmith");
        Anonymiser::new(&[9; 32], known)
    }

    #[test]
    fn every_pattern_compiles() {
        let finder = Finder::new();
        let all = [
            finder.mail,
            finder.address,
            finder.url,
            finder.token,
            finder.word,
        ];
        assert!(all.iter().all(Option::is_some));
    }

    /// The vectors of the specification (draft-denis-ipcrypt, appendix on ipcrypt-pfx).
    #[test]
    fn addresses_as_the_specification_has_them() {
        let key = "0123456789abcdeffedcba98765432101032547698badcfeefcdab8967452301";
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&key[at..at + 2], 16).unwrap();
        }
        let pfx = ipcrypt_rs::IpcryptPfx::new(bytes);
        for (address, other) in [
            ("192.0.2.1", "100.115.72.131"),
            ("2001:db8::1", "c180:5dd4:2587:3524:30ab:fa65:6ab6:f88"),
        ] {
            let other: IpAddr = other.parse().unwrap();
            assert_eq!(pfx.encrypt_ipaddr(address.parse().unwrap()), other);
        }
    }

    #[test]
    fn prefixes_stay_common() {
        let anonymiser = anonymiser();
        let other = |text: &str| match anonymiser.address(text.parse().unwrap()) {
            IpAddr::V4(address) => u32::from(address),
            IpAddr::V6(_) => panic!("another family"),
        };
        for (one, two, bits) in [
            ("10.1.2.3", "10.1.2.4", 29),
            ("10.1.2.3", "10.1.130.3", 16),
            ("1.2.3.4", "129.2.3.4", 0),
        ] {
            assert_eq!(
                (other(one) ^ other(two)).leading_zeros(),
                bits,
                "{one} {two}"
            );
        }
        assert_eq!(
            anonymiser.address("127.0.0.1".parse().unwrap()).to_string(),
            "127.0.0.1"
        );
    }

    #[test]
    fn what_is_found_in_texts() {
        let anonymiser = anonymiser();
        let other = |text: &str| String::from_utf8(anonymiser.text(text.as_bytes())).unwrap();
        for kept in [
            "/scripts/setup.php",
            "/a/b-c_d.aspx",
            "GET",
            "/2026/11/24/news-1234",
            "/index.html",
        ] {
            assert_eq!(other(kept), kept);
        }
        for (text, gone) in [
            ("/users/jsmith/home", "jsmith"),
            ("/users/JSmith.png", "JSmith"),
            ("/x/a.b@example.com", "a.b@example"),
            ("to=a%40b.example", "a%40b"),
            ("/10.1.2.3/x", "10.1.2.3"),
            ("/2001:db8::17/x", "2001:db8::17"),
            ("/d/8f14e45fceea167a5a36dedd4bea2543", "8f14e45f"),
            ("/c/0123456789", "0123456789"),
            ("/6f9619ff-8b86-d011-b42d-00c04fc964ff", "6f9619ff"),
        ] {
            let found = other(text);
            assert!(!found.contains(gone), "{text} became {found}");
            assert_eq!(found.matches('/').count(), text.matches('/').count());
        }
    }

    #[test]
    fn fields_of_their_own() {
        let anonymiser = anonymiser();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let host = text(anonymiser.host(b"www.shop.example.com:8080"));
        assert!(
            host.starts_with("www.") && host.ends_with(".com:8080"),
            "{host}"
        );
        assert!(!host.contains("shop") && !host.contains("example"));
        let cookie = text(anonymiser.cookie(b"ASP.NET_SessionId=abcdefghij;+theme=dark"));
        assert!(
            cookie.starts_with("ASP.NET_SessionId=") && !cookie.contains("abcdefghij"),
            "{cookie}"
        );
        assert!(
            cookie.contains(";+theme=") && !cookie.contains("dark"),
            "{cookie}"
        );
        let query = text(anonymiser.query(b"page=2&userName=bob&next=http%3A%2F%2Fintra.corp%2Fx"));
        assert!(
            query.starts_with("page=2&userName=") && !query.contains("bob"),
            "{query}"
        );
        assert!(
            query.contains("&next=http%3A%2F%2F") && !query.contains("intra"),
            "{query}"
        );
        let url = text(anonymiser.url(b"https://intra.corp/a/b?user=bob"));
        assert!(
            url.starts_with("https://") && url.contains("/a/b?user="),
            "{url}"
        );
        assert!(!url.contains("intra") && !url.contains("bob"), "{url}");
        let agent = b"Mozilla/5.0+Chrome/109.0.0.0+(+http://bot.example/)";
        assert_eq!(anonymiser.agent(agent), agent);
    }
}
