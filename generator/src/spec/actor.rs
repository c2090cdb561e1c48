//! The kinds of actors and their keys.

use super::keys::{Describe, Key, Keys, keys, table, words};
use super::value::{Client, Daily, Moment, Network, Ports, Span};
use super::{read, swept};
use crate::family::Family;
use scanbench_spec::{Finding, Spanned};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::IpAddr;
use toml::de::DeTable;

/// Makes the enum of kinds, the list of their names and the way from a name to its keys.
macro_rules! kinds {
    ($($name:literal => $kind:ident($spec:ty)),+ $(,)?) => {
        /// An actor's keys, by its `kind`.
        #[derive(Debug)]
        pub(crate) enum KindSpec { $($kind(Common, $spec)),+ }

        pub(super) const KINDS: &[&str] = &[$($name),+];

        pub(super) fn read_kind(name: &str, common: Common, table: Spanned<DeTable<'_>>) -> Option<Result<KindSpec, Finding>> {
            match name {
                $($name => Some(read::<$spec>(table).map(|spec| KindSpec::$kind(common, spec))),)+
                _ => None,
            }
        }

        /// Each kind with its keys, for the schema.
        pub(crate) fn schemas() -> Vec<(&'static str, Value)> {
            vec![$(($name, kind_schema($name, <$spec as Keys>::properties()))),+]
        }
    };
}

keys! {
    /// What all actors have, taken out before the keys of their kind are read.
    Common {
        /// Names the campaign and the actor's randomness: another id makes other lines.
        id: Spanned<String>,
        /// All of them where the key is left out.
        servers: Option<Spanned<Vec<Spanned<String>>>>,
    }
}

kinds! {
    "visitors" => Visitors(VisitorsSpec),
    "probe" => Probe(ProbeSpec),
    "scan" => Scan(ScanSpec),
    "nmap" => Nmap(NmapSpec),
    "vulnerability-scan" => Vulnerability(VulnerabilitySpec),
    "maintenance" => Maintenance(MaintenanceSpec),
    "discovery" => Discovery(DiscoverySpec),
    "backend" => Backend(BackendSpec),
    "proxy" => Proxy(ProxySpec),
    "monitoring" => Monitoring(MonitoringSpec),
    "device" => Device(DeviceSpec),
    "measured" => Measured(MeasuredSpec),
}

fn kind_schema(name: &str, mut keys: Vec<Key>) -> Value {
    for key in &mut keys {
        if swept(&key.name) {
            let one = key.schema.clone();
            key.schema =
                json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] });
        }
    }
    keys.extend(Common::properties());
    keys.push(Key {
        name: "kind".to_owned(),
        doc: String::new(),
        optional: false,
        schema: json!({ "const": name }),
    });
    table(keys)
}

keys! {
    /// Background: people, crawlers and the internet's noise.
    VisitorsSpec {
        /// Over all servers together.
        sessions_per_day: Spanned<f64>,
        /// How many people there are: each visit is by one of them, a few often and most rarely (Zipf). Unless said,
        /// `returning` decides, and everybody else comes once.
        clients: Option<Spanned<u32>>,
        /// Mean; 3 unless said.
        pages_per_session: Option<Spanned<f64>>,
        /// Mean of what a page makes the browser ask for, before its cache; 15 unless said.
        objects_per_page: Option<Spanned<f64>>,
        /// Median time to read a page; 12 s unless said.
        think_time: Option<Spanned<Span>>,
        /// Share of visits by people who were here before; 0.35 unless said.
        returning: Option<Spanned<f64>>,
        /// Share of what they hold that returning browsers ask for again (304); 0.5 unless said.
        revalidate: Option<Spanned<f64>>,
        /// Share of visits by crawlers; 0.03 unless said.
        bots: Option<Spanned<f64>>,
        /// Share of visits by scripts that look what is there; 0.05 unless said.
        noise: Option<Spanned<f64>>,
        /// Share of visits by programs that call the site's programs; 0.03 unless said.
        programs: Option<Spanned<f64>>,
        /// Share of visits that ask for one thing and no more; 0.12 unless said.
        singles: Option<Spanned<f64>>,
        /// Share of visits with six times as many pages; 0.02 unless said.
        long_visits: Option<Spanned<f64>>,
        /// Share of pages and objects that are asked for and are no more (404); 0.02 unless said.
        missing: Option<Spanned<f64>>,
        /// Share of what a page asks for that is a POST to one of the site's programs; 0.04 unless said.
        calls: Option<Spanned<f64>>,
        /// Share of clients with IPv6 on servers that have such an address; 0.03 unless said.
        ipv6: Option<Spanned<f64>>,
        /// Where clients come from; the whole internet unless said.
        network: Option<Network>,
        /// How visits are spread over the day; "public" unless said.
        hours: Option<Hours>,
        /// How much of a weekday's visits a Saturday or Sunday has; 1 unless said, 0.15 at office hours.
        weekend: Option<Spanned<f64>>,
        /// Hours that the visitors' clocks are ahead of UTC; 0 unless said.
        utc_offset: Option<Spanned<f64>>,
    }
}

keys! {
    /// Background: monitoring, exactly periodic.
    ProbeSpec {
        /// From where.
        client: Spanned<Client>,
        /// One bound port.
        port: Spanned<Ports>,
        /// The period, a second or more.
        every: Spanned<Span>,
        /// `/` unless said.
        path: Option<String>,
        /// Nagios' unless said.
        agent: Option<String>,
    }
}

keys! {
    /// Many ports are asked.
    ScanSpec {
        /// From where: an address, "random", or a network out of which addresses are drawn.
        client: Spanned<Client>,
        /// Malicious unless said.
        class: Option<ScanClass>,
        /// Over how many addresses the ports are dealt out; 1 unless said. Random and network clients only.
        sources: Option<Spanned<u32>>,
        /// Another address of the network after so many ports.
        rotate: Option<Spanned<u32>>,
        /// A proxy's address through which it comes.
        via: Option<Spanned<IpAddr>>,
        /// Ports that are asked, bound or not.
        ports: Spanned<Ports>,
        /// When it begins. Either this or `middle`.
        start: Option<Spanned<Moment>>,
        /// When half of the ports are asked.
        middle: Option<Spanned<Moment>>,
        /// It begins later by up to this, as chance has it.
        start_within: Option<Spanned<Span>>,
        /// Ports a minute, on each server. Either this or `every`.
        rate: Option<Spanned<f64>>,
        /// One port each so long.
        every: Option<Spanned<Span>>,
        /// At most so many ports of a server in each of the rule's bins.
        per_bin: Option<Spanned<u32>>,
        /// Each probe is moved by up to this share of the gap, to either side; 0 unless said.
        jitter: Option<Spanned<f64>>,
        /// "even" unless said, or "exponential": no gap depends on another.
        gaps: Option<Gaps>,
        /// Ascending unless said.
        order: Option<Order>,
        /// Deals the ports out over all addresses of the server.
        all_addresses: Option<bool>,
        /// Requests to each bound port; 1 unless said.
        requests_per_port: Option<Spanned<u32>>,
        /// What it does with a bound port; "request" unless said.
        contact: Option<Contacts>,
        /// One that tools have, unless said; "" for none.
        agent: Option<String>,
        /// Visits of its own to the site around it, which are background.
        cover: Option<Spanned<u32>>,
    }
}

keys! {
    /// A port scan with version detection, as nmap paces it: only its version detection and scripts are requests.
    NmapSpec {
        /// From where.
        client: Spanned<Client>,
        /// Malicious unless said.
        class: Option<ScanClass>,
        /// Ports that are scanned, bound or not.
        ports: Spanned<Ports>,
        /// When it begins.
        start: Spanned<Moment>,
        /// It begins later by up to this, as chance has it.
        start_within: Option<Spanned<Span>>,
        /// The template, "T0" to "T5"; T3 unless said.
        timing: Option<Timing>,
        /// Whether the first answer names the service, as IIS's does; else all probes are tried. True unless said.
        matched: Option<bool>,
        /// With scripts (-sC) behind the version detection.
        scripts: Option<bool>,
        /// Only the port scan (SYN), no version detection: no line at all.
        syn_only: Option<bool>,
    }
}

keys! {
    /// Thousands of requests to one port: a vulnerability scanner.
    VulnerabilitySpec {
        /// From where.
        client: Spanned<Client>,
        /// Authorised unless said.
        class: Option<ScanClass>,
        /// One bound port.
        port: Spanned<Ports>,
        /// When it begins.
        start: Spanned<Moment>,
        /// How many requests; 8246 unless said, the median of 48 real ones.
        requests: Option<Spanned<u32>>,
        /// Requests a second on average; 24 unless said.
        per_second: Option<Spanned<f64>>,
    }
}

keys! {
    /// Look-alike: an admin host walks over all bindings.
    MaintenanceSpec {
        /// From where.
        client: Spanned<Client>,
        /// When the first walk begins, such as "Tue 02:00".
        start: Spanned<Moment>,
        /// How long one walk over all bindings takes.
        window: Spanned<Span>,
        /// From one start to the next, such as "1w"; once unless said.
        every: Option<Spanned<Span>>,
        /// Requests to each binding; 1 unless said.
        requests_per_port: Option<Spanned<u32>>,
    }
}

keys! {
    /// Authorised: an inventory of the company's own services.
    DiscoverySpec {
        /// From where.
        client: Spanned<Client>,
        /// Ports that are asked; those that are bound unless said.
        ports: Option<Spanned<Ports>>,
        /// When it begins.
        start: Spanned<Moment>,
        /// Ports a minute, on each server.
        rate: Spanned<f64>,
    }
}

keys! {
    /// Look-alike: an application whose parts listen on many ports.
    BackendSpec {
        /// From where.
        client: Spanned<Client>,
        /// Bound ports, each as likely as the others.
        ports: Spanned<Ports>,
        /// On each server, while it is active.
        requests_per_hour: Spanned<f64>,
        /// Hours of every day, UTC; all day unless said.
        active: Option<Spanned<Daily>>,
        /// One that programs have, unless said; "" for none.
        agent: Option<String>,
    }
}

keys! {
    /// Look-alike: a reverse proxy, whose address all its visitors share.
    ProxySpec {
        /// Its address.
        client: Spanned<Client>,
        /// Visits through it, over all servers together.
        sessions_per_day: Spanned<f64>,
        /// Mean; 4 unless said.
        pages_per_session: Option<Spanned<f64>>,
        /// Mean; 2 unless said, for it keeps most objects itself.
        objects_per_page: Option<Spanned<f64>>,
        /// Median time to read a page; 12 s unless said.
        think_time: Option<Spanned<Span>>,
        /// How visits are spread over the day; "public" unless said.
        hours: Option<Hours>,
    }
}

keys! {
    /// Look-alike: monitoring that asks every binding, round after round.
    MonitoringSpec {
        /// From where.
        client: Spanned<Client>,
        /// Bound ports; all that are bound unless said.
        ports: Option<Spanned<Ports>>,
        /// From one round to the next.
        every: Spanned<Span>,
        /// How long a round takes; a tenth of `every` unless said.
        spread: Option<Spanned<Span>>,
        /// Nagios' unless said.
        agent: Option<String>,
    }
}

keys! {
    /// Look-alike: a misconfigured device that tries port after port for a service that is not there.
    DeviceSpec {
        /// From where.
        client: Spanned<Client>,
        /// The ports that it tries, in this order, again and again.
        ports: Spanned<Ports>,
        /// When it begins.
        start: Spanned<Moment>,
        /// From one port to the next.
        every: Spanned<Span>,
        /// How long it goes on; to the end unless said.
        lasts: Option<Spanned<Span>>,
        /// None unless said.
        agent: Option<String>,
    }
}

keys! {
    /// Background by measured tables, as `scanbench fit` writes it: visits, or one client that asks at even distances.
    MeasuredSpec {
        /// Visits a day on average; or `every`.
        sessions_per_day: Option<Spanned<f64>>,
        /// Quantiles of the requests of a visit, at even distances of probability from the least to the greatest.
        session_requests: Option<Spanned<Vec<f64>>>,
        /// Quantiles of the seconds between two requests of a visit.
        session_gaps: Option<Spanned<Vec<f64>>>,
        /// How many clients there are; 1 unless said.
        clients: Option<Spanned<u32>>,
        /// Where clients come from; the whole internet unless said.
        network: Option<Network>,
        /// What each of the 24 hours of UTC is of an average one.
        hourly: Option<Spanned<Vec<f64>>>,
        /// What each weekday is of an average one, Monday first.
        weekly: Option<Spanned<Vec<f64>>>,
        /// Quantiles of what a day is of an average one; each day draws from them.
        daily: Option<Spanned<Vec<f64>>>,
        /// From one request to the next, for a client that asks at even distances; or `sessions-per-day`.
        every: Option<Spanned<Span>>,
        /// Share of its requests that are on time to the second; all unless said.
        steady: Option<Spanned<f64>>,
        /// Share of the time in which it asks at all; 1 unless said.
        present: Option<Spanned<f64>>,
        /// When it begins; at the start unless said.
        start: Option<Spanned<Moment>>,
        /// How long it goes on; to the end unless said.
        lasts: Option<Spanned<Span>>,
        /// Quantiles of the rank of the path of a request, the commonest path being 1.
        ranks: Option<Spanned<Vec<f64>>>,
        /// Share of requests for a path that nobody else asks for; 0 unless said.
        fresh: Option<Spanned<f64>>,
        /// Share of requests that are POSTs; 0 unless said.
        posts: Option<Spanned<f64>>,
        /// Share of requests with a referer; 0 unless said.
        referers: Option<Spanned<f64>>,
        /// Families of agents and their shares.
        agent: Option<Vec<Spanned<FamilySpec>>>,
        /// Sorts of answers and their shares; 200 unless said.
        answer: Option<Vec<Spanned<AnswerSpec>>>,
    }
}

keys! {
    /// `[[actor.agent]]`.
    FamilySpec {
        /// Such as "chrome", "crawler" or "none".
        family: Spanned<Family>,
        /// How many requests are of it, from 0 to 1.
        share: Spanned<f64>,
    }
}

keys! {
    /// `[[actor.answer]]`.
    AnswerSpec {
        /// `sc-status`.
        status: Spanned<u32>,
        /// `sc-substatus`; 0 unless said.
        substatus: Option<Spanned<u32>>,
        /// `sc-win32-status`; 0 unless said.
        win32: Option<Spanned<u32>>,
        /// How many requests are answered so, from 0 to 1.
        share: Spanned<f64>,
        /// Quantiles of the bytes sent.
        bytes: Option<Spanned<Vec<f64>>>,
        /// Quantiles of the milliseconds taken.
        time_taken: Option<Spanned<Vec<f64>>>,
    }
}

impl Describe for FamilySpec {
    fn schema() -> Value {
        table(Self::properties())
    }
}

impl Describe for AnswerSpec {
    fn schema() -> Value {
        table(Self::properties())
    }
}

impl Describe for Family {
    fn schema() -> Value {
        json!({ "enum": Self::ALL.map(Self::name) })
    }
}

words! {
    /// What a scan is for.
    ScanClass {
        #[default]
        Malicious = "malicious",
        Authorised = "authorised",
    }
}

words! {
    /// The order in which ports are asked.
    Order {
        #[default]
        Ascending = "ascending",
        Random = "random",
    }
}

words! {
    /// How the gaps between ports vary.
    Gaps {
        #[default]
        Even = "even",
        Exponential = "exponential",
    }
}

words! {
    /// What a scan does with a port.
    Contacts {
        /// A complete request: the only thing that a site logs.
        #[default]
        Request = "request",
        /// A connection on which nothing is said: HTTP.sys logs it when it hangs up.
        Connect = "connect",
        /// Bytes that are no request, such as a TLS hello on a port without it: HTTP.sys logs them.
        Garbage = "garbage",
        /// Half a connection: nobody logs it.
        Syn = "syn",
    }
}

words! {
    /// nmap's timing templates.
    Timing {
        T0 = "T0",
        T1 = "T1",
        T2 = "T2",
        #[default]
        T3 = "T3",
        T4 = "T4",
        T5 = "T5",
    }
}

words! {
    /// How traffic is spread over the day.
    Hours {
        /// A public site: low at night, highest in the evening.
        #[default]
        Public = "public",
        /// A company's own: nearly all from 8 to 18.
        Office = "office",
        /// All hours alike.
        Flat = "flat",
    }
}
