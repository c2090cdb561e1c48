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

/// Ports as written: a list of ports and ranges, one range, or "bound" for all that the server has.
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
                    .map(|range| Ports::Listed(vec![range.0]))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Ports, E> {
                if text == "bound" {
                    return Ok(Ports::Bound);
                }
                RangeVisitor
                    .visit_str(text)
                    .map(|range| Ports::Listed(vec![range.0]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Ports, A::Error> {
                let mut ranges = Vec::new();
                while let Some(PortRange(range)) = items.next_element()? {
                    ranges.push(range);
                }
                Ok(Ports::Listed(ranges))
            }
        }
        deserializer.deserialize_any(PortsVisitor)
    }
}

struct PortRange((u16, u16));

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RangeVisitor)
    }
}

struct RangeVisitor;

impl Visitor<'_> for RangeVisitor {
    type Value = PortRange;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a port from 1 to 65535, or a range such as \"8001-8058\"")
    }

    fn visit_i64<E: Error>(self, port: i64) -> Result<PortRange, E> {
        match u16::try_from(port) {
            Ok(port) if port > 0 => Ok(PortRange((port, port))),
            _ => Err(E::custom(format!(
                "expected a port from 1 to 65535, found {port}"
            ))),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PortRange, E> {
        let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (port(first), port(last)) {
            (Some(first), Some(last)) if first <= last => Ok(PortRange((first, last))),
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

/// A moment: a span since the scenario's start, or a date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    After(Span),
    At(Timestamp),
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MomentVisitor;
        impl<'de> Visitor<'de> for MomentVisitor {
            type Value = Moment;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span since the start such as \"2h15m\", or a moment such as 2026-11-02T02:15:00Z")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Moment, E> {
                parse_duration(text)
                    .map(|span| Moment::After(Span(span)))
                    .map_err(E::custom)
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

/// Whose address it is: one that is said, or one from the same public space as the visitors'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Random,
    Fixed(IpAddr),
}

from_text!(
    Client,
    "an address such as \"10.0.0.10\", or \"random\"",
    |text| {
        if text == "random" {
            return Ok(Client::Random);
        }
        text.parse().map(Client::Fixed).map_err(|_| {
            format!("expected an address such as \"10.0.0.10\", or \"random\", found \"{text}\"")
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
    let clock = |text: &str| {
        let (hours, minutes) = text.trim().split_once(':')?;
        let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
        let whole = hours < 24 && minutes < 60 || hours == 24 && minutes == 0;
        whole.then_some(i64::from(hours) * 3_600_000 + i64::from(minutes) * 60_000)
    };
    text.split_once('-')
        .and_then(|(from, until)| Some((clock(from)?, clock(until)?)))
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
