//! Values that scenario files hold: ports, spans, moments, clients, each read with a message that says what was
//! expected. Visitors rather than untagged enums, whose message would be "data did not match any variant".

use ipnet::IpNet;
use scanbench_spec::{Datetime, parse_duration};
use scanbench_w3c::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// Ports as written: a list of ports, ranges and named sets, one of them, or "bound" for all that the server has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ports {
    Bound,
    Listed(Vec<(u16, u16)>),
}

impl Ports {
    /// Every port once, in the order written.
    pub(crate) fn listed(&self) -> Vec<u16> {
        let Self::Listed(ranges) = self else {
            return Vec::new();
        };
        let mut seen = BTreeSet::new();
        ranges
            .iter()
            .flat_map(|(first, last)| *first..=*last)
            .filter(|port| seen.insert(*port))
            .collect()
    }
}

/// Sets of ports that have a name: all there are; those below 1024; those of IIS and what is built on it; those that
/// scanners try first (nmap moves them to the front of its list).
fn named(name: &str) -> Option<&'static [(u16, u16)]> {
    const IIS: &[(u16, u16)] = &[
        (80, 81),
        (443, 444),
        (808, 808),
        (5985, 5986),
        (8080, 8081),
        (8172, 8172),
        (8443, 8443),
        (8530, 8531),
        (32843, 32846),
        (47001, 47001),
    ];
    const USUAL: &[(u16, u16)] = &[
        (80, 80),
        (23, 23),
        (443, 443),
        (21, 22),
        (25, 25),
        (3389, 3389),
        (110, 110),
        (445, 445),
        (139, 139),
        (143, 143),
        (53, 53),
        (135, 135),
        (3306, 3306),
        (8080, 8080),
        (1723, 1723),
        (111, 111),
        (995, 995),
        (993, 993),
        (5900, 5900),
        (1025, 1025),
        (587, 587),
        (8888, 8888),
        (199, 199),
        (1720, 1720),
        (113, 113),
        (554, 554),
        (256, 256),
    ];
    match name {
        "all" => Some(&[(1, 65535)]),
        "well-known" => Some(&[(1, 1023)]),
        "iis" => Some(IIS),
        "usual" => Some(USUAL),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Ports {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PortsVisitor;
        impl<'de> Visitor<'de> for PortsVisitor {
            type Value = Ports;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("ports such as [80, 443, \"8001-8058\"], \"1-1024\" or \"bound\"")
            }
            fn visit_i64<E: Error>(self, port: i64) -> Result<Ports, E> {
                RangeVisitor
                    .visit_i64(port)
                    .map(|ranges| Ports::Listed(ranges.0))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Ports, E> {
                if text == "bound" {
                    return Ok(Ports::Bound);
                }
                RangeVisitor
                    .visit_str(text)
                    .map(|ranges| Ports::Listed(ranges.0))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Ports, A::Error> {
                let mut ranges = Vec::new();
                while let Some(PortRanges(more)) = items.next_element()? {
                    ranges.extend(more);
                }
                Ok(Ports::Listed(ranges))
            }
        }
        deserializer.deserialize_any(PortsVisitor)
    }
}

struct PortRanges(Vec<(u16, u16)>);

impl<'de> Deserialize<'de> for PortRanges {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RangeVisitor)
    }
}

struct RangeVisitor;

impl Visitor<'_> for RangeVisitor {
    type Value = PortRanges;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a port from 1 to 65535, a range such as \"8001-8058\", or a set such as \"iis\"",
        )
    }

    fn visit_i64<E: Error>(self, port: i64) -> Result<PortRanges, E> {
        match u16::try_from(port) {
            Ok(port) if port > 0 => Ok(PortRanges(vec![(port, port)])),
            _ => Err(E::custom(format!(
                "expected a port from 1 to 65535, found {port}"
            ))),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PortRanges, E> {
        if let Some(ranges) = named(text) {
            return Ok(PortRanges(ranges.to_vec()));
        }
        let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (port(first), port(last)) {
            (Some(first), Some(last)) if first <= last => Ok(PortRanges(vec![(first, last)])),
            (Some(_), Some(_)) => Err(E::custom(format!(
                "expected a range that ascends, found \"{text}\""
            ))),
            _ => Err(E::custom(format!(
                "expected a port from 1 to 65535 or a range such as \"8001-8058\", found \"{text}\""
            ))),
        }
    }
}

/// A span of time, such as "1h30m".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl Span {
    /// In milliseconds.
    pub(crate) fn millis(self) -> i64 {
        i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX)
    }
}

/// A moment: a span since the scenario's start, a date and time, or the first of its kind in the scenario, such as
/// "Tue 02:00".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    After(Span),
    At(Timestamp),
    /// The day of the week, 0 for Monday, or any day; and milliseconds since midnight, UTC.
    Next(Option<u8>, i64),
}

/// "Tue 02:00" or "02:00".
fn clock_moment(text: &str) -> Option<Moment> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let (day, clock) = match text.split_once(' ') {
        Some((day, clock)) => {
            let day = day.to_ascii_lowercase();
            let number = DAYS
                .iter()
                .position(|known| day.len() >= 3 && day.starts_with(known))?;
            (u8::try_from(number).ok(), clock)
        }
        None => (None, text),
    };
    clock_time(clock).map(|time| Moment::Next(day, time))
}

/// Milliseconds since midnight of "06:40", up to "24:00".
fn clock_time(text: &str) -> Option<i64> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    let whole = hours < 24 && minutes < 60 || hours == 24 && minutes == 0;
    whole.then_some(i64::from(hours) * 3_600_000 + i64::from(minutes) * 60_000)
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MomentVisitor;
        impl<'de> Visitor<'de> for MomentVisitor {
            type Value = Moment;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a span since the start such as \"2h15m\", a day and hour such as \"Tue 02:00\", or a moment \
                     such as 2026-11-02T02:15:00Z",
                )
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Moment, E> {
                if let Some(moment) = clock_moment(text) {
                    return Ok(moment);
                }
                parse_duration(text)
                    .map(|span| Moment::After(Span(span)))
                    .map_err(|error| {
                        E::custom(format!("{error}, or a day and hour such as \"Tue 02:00\""))
                    })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Moment, A::Error> {
                let moment = Datetime::deserialize(MapAccessDeserializer::new(map))?;
                timestamp(moment).map(Moment::At).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(MomentVisitor)
    }
}

/// A date and time of TOML as a moment.
pub(crate) fn timestamp(moment: Datetime) -> Result<Timestamp, String> {
    moment.to_string().parse().map_err(|_| {
        format!(
            "expected a date and time with an offset, such as 2026-11-02T00:00:00Z, found {moment}"
        )
    })
}

/// Makes a type that is read from a text by a function.
macro_rules! from_text {
    ($type:ty, $expected:literal, $parse:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct TextVisitor;
                impl Visitor<'_> for TextVisitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }
                    fn visit_str<E: Error>(self, text: &str) -> Result<$type, E> {
                        let parse: fn(&str) -> Result<$type, String> = $parse;
                        parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(TextVisitor)
            }
        }
    };
}

from_text!(Span, "a duration such as \"10m\" or \"1h30m\"", |text| {
    parse_duration(text).map(Span)
});

/// Whose address it is: one that is said, one of a network, or one from the same public space as the visitors'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Random,
    Fixed(IpAddr),
    Network(IpNet),
}

from_text!(
    Client,
    "an address such as \"10.0.0.10\", a network, or \"random\"",
    |text| {
        if text == "random" {
            return Ok(Client::Random);
        }
        if text.contains('/')
            && let Ok(network) = text.parse()
        {
            return Ok(Client::Network(network));
        }
        text.parse().map(Client::Fixed).map_err(|_| {
            format!(
                "expected an address such as \"10.0.0.10\", a network such as \"2001:db8::/64\", or \"random\", \
                 found \"{text}\""
            )
        })
    }
);

/// A network of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network(pub(crate) IpNet);

from_text!(Network, "a network such as \"192.168.44.0/22\"", |text| {
    text.parse()
        .map(Network)
        .map_err(|_| format!("expected a network such as \"192.168.44.0/22\", found \"{text}\""))
});

/// A span of every day, UTC, in milliseconds since midnight; `until` is after `from` and at most 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Daily {
    pub(crate) from: i64,
    pub(crate) until: i64,
}

from_text!(Daily, "hours of the day such as \"06:00-06:40\"", |text| {
    text.split_once('-')
        .and_then(|(from, until)| Some((clock_time(from)?, clock_time(until)?)))
        .filter(|(from, until)| from < until)
        .map(|(from, until)| Daily { from, until })
        .ok_or_else(|| {
            format!("expected hours of one day such as \"06:00-06:40\", found \"{text}\"")
        })
});

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct One<T> {
        x: T,
    }

    fn check<T: for<'de> Deserialize<'de> + fmt::Debug>(value: &str) -> Result<T, String> {
        toml::from_str::<One<T>>(&format!("x = {value}"))
            .map(|one| one.x)
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn ports() {
        assert_eq!(check("\"bound\""), Ok(Ports::Bound));
        let listed = |text| check::<Ports>(text).map(|ports| ports.listed());
        assert_eq!(listed("[443, \"80-82\", 81]"), Ok(vec![443, 80, 81, 82]));
        assert_eq!(listed("8080"), Ok(vec![8080]));
        assert_eq!(listed("\"1-3\""), Ok(vec![1, 2, 3]));
        for wrong in ["99999", "0", "[80, -1]", "\"0-5\"", "[\"1-65536\"]"] {
            let message = check::<Ports>(wrong).unwrap_err();
            assert!(
                message.contains("a port from 1 to 65535"),
                "{wrong}: {message}"
            );
        }
        assert!(check::<Ports>("\"9-5\"").unwrap_err().contains("ascends"));
        assert!(check::<Ports>("true").unwrap_err().contains("8001-8058"));
    }

    #[test]
    fn moments_clients_hours() {
        assert_eq!(
            check("\"2h15m\""),
            Ok(Moment::After(Span(Duration::from_mins(135))))
        );
        let at = "2026-11-02T02:15:00Z".parse().unwrap();
        assert_eq!(check("2026-11-02T03:15:00+01:00"), Ok(Moment::At(at)));
        assert!(check::<Moment>("2026-11-02").is_err(), "no time");
        assert!(check::<Moment>("\"soon\"").is_err());
        assert_eq!(check("\"random\""), Ok(Client::Random));
        assert!(check::<Client>("\"10.0.0\"").is_err());
        assert_eq!(
            check("\"06:00-24:00\""),
            Ok(Daily {
                from: 21_600_000,
                until: 86_400_000
            })
        );
        for wrong in [
            "\"6\"",
            "\"07:00-06:00\"",
            "\"06:00-24:01\"",
            "\"06:60-07:00\"",
        ] {
            assert!(check::<Daily>(wrong).is_err(), "{wrong}");
        }
    }
}
