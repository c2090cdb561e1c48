//! What the benches make: background alone, a scan alone, and the scenario that `scanbench run` shows.

use scanbench_generator::Scenario;
use scanbench_spec::Source;

const SERVER: &str = r#"
version = 1
name = "bench"
title = "bench"
seed = 3
start = 2026-11-02T10:00:00Z
duration = "1h"
[[server]]
name = "WEB01"
address = "10.1.0.11"
iis = "10"
[[server.site]]
id = 1
host = "www.example.com"
ports = [443, 80]
[[server.site]]
id = 2
ports = ["8001-8300"]
"#;

fn scenario(name: &str, text: &str) -> Scenario {
    Scenario::from_source(&Source::new(name, text)).expect("a scenario that can be made")
}

/// An hour of one server with nothing but people: about 50,000 lines.
pub(crate) fn visitors() -> Scenario {
    let actor = "[[actor]]\nid = \"people\"\nkind = \"visitors\"\nsessions-per-day = 60000\nhours = \"flat\"\n";
    scenario("visitors", &format!("{SERVER}{actor}"))
}

/// A scan of 300 ports, 40 requests each: 12,000 lines with labels.
pub(crate) fn scan() -> Scenario {
    let actor = "[[actor]]\nid = \"scan\"\nkind = \"scan\"\nclient = \"random\"\nports = \"bound\"\norder = \"random\"\n\
                 start = \"1m\"\nrate = 600\nrequests-per-port = 40\n";
    scenario("scan", &format!("{SERVER}{actor}"))
}

/// `scenarios/default.toml`.
pub(crate) fn default() -> Scenario {
    scenario("default", include_str!("../../../scenarios/default.toml"))
}
