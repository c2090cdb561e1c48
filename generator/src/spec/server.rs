//! The keys of servers and sites.

use super::keys::{Describe, Keys, keys, table, words};
use super::value::{Moment, Ports, Span};
use crate::inventory::{Authentication, Iis};
use scanbench_spec::Spanned;
use serde::Deserialize;
use serde_json::Value;
use std::net::IpAddr;

keys! {
    /// `[[server]]`.
    ServerSpec {
        /// The computer's name; also the folder of its logs.
        name: Spanned<String>,
        /// The address at which clients arrive.
        address: Spanned<IpAddr>,
        /// Further addresses of the same server.
        more_addresses: Option<Vec<Spanned<IpAddr>>>,
        /// Where clients with IPv6 arrive.
        address_v6: Option<Spanned<IpAddr>>,
        /// The version, which decides what is logged unless `fields` says it.
        iis: Iis,
        /// The fields of its logs.
        fields: Option<Spanned<Vec<Spanned<String>>>>,
        /// Median time-taken of what programs make; 150 ms unless said.
        time_taken: Option<Spanned<Span>>,
        /// Median time-taken of files, cached answers and errors; three tenths of `time-taken` unless said.
        time_taken_files: Option<Spanned<Span>>,
        /// How widely time-taken is spread: the deviation of its logarithm; 1.2 unless said.
        time_spread: Option<Spanned<f64>>,
        /// Share of requests whose client goes away before the answer is there; 0.008 unless said.
        aborts: Option<Spanned<f64>>,
        /// Request headers that are logged behind the fields, such as `X-Forwarded-For`; IIS 8.5 and newer.
        custom_fields: Option<Spanned<Vec<String>>>,
        /// When a log ends: each day unless said.
        rollover: Option<RolloverSpec>,
        /// Where `rollover` is "size": the size of a log in MB; 20 unless said.
        log_size: Option<Spanned<u32>>,
        /// One log for all sites (central W3C) instead of one for each.
        central: Option<bool>,
        /// The ends of lines: "crlf" as IIS writes them, or "lf" as after a way through other systems.
        newline: Option<NewlineSpec>,
        /// Moments at which IIS is restarted and writes its headers anew.
        restarts: Option<Vec<Spanned<Moment>>>,
        /// The Windows domain of its users; `CORP` unless said.
        domain: Option<String>,
        /// A proxy or load balancer from which all visitors come.
        front: Option<FrontSpec>,
        /// Other fields from a moment on.
        change: Option<Vec<ChangeSpec>>,
        /// Its sites.
        site: Option<Vec<Spanned<SiteSpec>>>,
    }
}

keys! {
    /// `[[server.site]]`.
    SiteSpec {
        /// As in the name of its log's folder, W3SVC1 for 1.
        id: Spanned<u32>,
        /// The ports that it binds on all addresses and for all names.
        ports: Option<Spanned<Ports>>,
        /// Bindings as IIS writes them: `IP:port:host`, with `*` for all addresses and nothing behind the second colon for
        /// all names.
        bindings: Option<Vec<Spanned<String>>>,
        /// How many pages it has; some dozens to two hundred unless said.
        pages: Option<Spanned<u32>>,
        /// How fast the popularity of its pages falls with their rank (Zipf's exponent); 0.9 unless said.
        popularity: Option<Spanned<f64>>,
        /// The name by which visitors know it.
        host: Option<Spanned<String>>,
        /// Anonymous unless said.
        authentication: Option<Authentication>,
    }
}

keys! {
    /// `[server.front]`.
    FrontSpec {
        /// Its own addresses, from which all visitors come; their own stand in `X-Forwarded-For`.
        addresses: Spanned<Vec<IpAddr>>,
        /// From one health probe of each address to the next; 10 s unless said.
        health_every: Option<Spanned<Span>>,
        /// `/` unless said.
        health_path: Option<String>,
        /// `ELB-HealthChecker/2.0` unless said.
        health_agent: Option<String>,
        /// The server's first port unless said.
        health_port: Option<Spanned<Ports>>,
    }
}

keys! {
    /// `[[server.change]]`.
    ChangeSpec {
        /// From when on.
        at: Spanned<Moment>,
        /// The fields from then on.
        fields: Spanned<Vec<Spanned<String>>>,
    }
}

words! {
    /// When a log ends.
    RolloverSpec {
        /// At midnight, UTC.
        #[default]
        Daily = "daily",
        /// At every hour.
        Hourly = "hourly",
        /// At a size.
        Size = "size",
    }
}

words! {
    /// How lines end.
    NewlineSpec {
        /// As IIS writes.
        #[default]
        CrLf = "crlf",
        /// As after a way through other systems.
        Lf = "lf",
    }
}

/// Makes tables inside tables part of the schema.
macro_rules! nested {
    ($($type:ty),*) => {
        $(impl Describe for $type {
            fn schema() -> Value {
                table(<$type as Keys>::properties())
            }
        })*
    };
}
nested!(ServerSpec, SiteSpec, FrontSpec, ChangeSpec);
