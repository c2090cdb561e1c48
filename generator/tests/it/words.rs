//! What scenario files can say: moments in words, sets of ports, sweeps, included houses, bindings, settings of logs.

use super::support::{Dataset, EVERYTHING, scenario};
use scanbench_generator::Scenario;
use scanbench_generator::truth::Reason;
use scanbench_spec::Source;
use std::collections::BTreeSet;

/// A scenario of one server with 40 bindings, and these actors.
fn small(server: &str, actors: &str) -> String {
    format!(
        "version = 1\nname = \"small\"\ntitle = \"small\"\nseed = 5\nstart = 2026-11-02T10:00:00Z\nduration = \"2d\"\n\
         [[server]]\nname = \"S\"\naddress = \"10.1.0.1\"\niis = \"10\"\n{server}\n[[server.site]]\nid = 1\n\
         ports = [\"8001-8040\"]\n{actors}"
    )
}

#[test]
fn a_list_makes_a_campaign_of_each_value() {
    let text = small(
        "",
        "[[actor]]\nid = \"s\"\nkind = \"scan\"\nclient = \"random\"\nports = \"bound\"\nstart = \"1h\"\n\
         rate = [2.5, 6, 30]\norder = [\"random\", \"ascending\"]\n",
    );
    let dataset = Dataset::make(&text, 1);
    let ids: BTreeSet<String> = dataset
        .campaigns()
        .into_iter()
        .map(|campaign| campaign.id)
        .collect();
    assert_eq!(ids.len(), 6);
    assert!(ids.contains("s-order-random-rate-2.5"), "{ids:?}");
    let clients: BTreeSet<_> = dataset
        .campaigns()
        .into_iter()
        .map(|campaign| campaign.clients)
        .collect();
    assert_eq!(clients.len(), 6, "each has its own address");
}

#[test]
fn days_and_hours_in_words() {
    for (start, first) in [
        ("\"Tue 02:00\"", "2026-11-03T02:00:00Z"),
        ("\"tuesday 02:00\"", "2026-11-03T02:00:00Z"),
        ("\"09:30\"", "2026-11-03T09:30:00Z"),
        ("\"10:00\"", "2026-11-02T10:00:00Z"),
        ("\"36h\"", "2026-11-03T22:00:00Z"),
    ] {
        let text = small(
            "",
            &format!(
                "[[actor]]\nid = \"s\"\nkind = \"scan\"\nclient = \"random\"\nports = \"iis\"\nstart = {start}\nrate = 60\n"
            ),
        );
        let campaign = Dataset::make(&text, 1).campaigns().remove(0);
        assert_eq!(campaign.first.unwrap().to_string(), first, "{start}");
        assert_eq!(campaign.ports_probed, 18);
    }
    let late = small(
        "",
        "[[actor]]\nid = \"s\"\nkind = \"scan\"\nclient = \"random\"\nports = \"bound\"\nstart = \"Sun 02:00\"\nrate = 60\n",
    );
    let refused = Scenario::from_source(&Source::new("a.toml", late)).unwrap_err();
    assert!(refused.to_string().contains("not within the scenario"));
}

#[test]
fn houses_and_files_are_included_and_written_down() {
    let head = "version = 1\nname = \"x\"\ntitle = \"x\"\nseed = 5\nstart = 2026-11-02T10:00:00Z\nduration = \"1h\"\n";
    let actor = "[[actor]]\nid = \"v\"\nkind = \"visitors\"\nsessions-per-day = 900\n";
    for house in [
        "hosting",
        "sharepoint",
        "exchange",
        "wsus",
        "intranet",
        "balanced-pair",
        "internet",
    ] {
        let dataset = Dataset::make(&format!("{head}include = [\"{house}\"]\n{actor}"), 1);
        let written = std::fs::read_to_string(dataset.folder().join("scenario.toml")).unwrap();
        assert!(written.contains("include = []"), "{written}");
        assert!(
            Dataset::make(&written, 1).files() == dataset.files(),
            "{house}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("mine.toml"),
        "[[server]]\nname = \"M\"\naddress = \"10.1.0.1\"\niis = \"11\"\n",
    )
    .unwrap();
    let path = folder.path().join("scenario.toml");
    let refused = |list: &str| {
        let text = format!("{head}include = [{list}]\n{actor}");
        let source = Source::new(path.display().to_string(), text);
        Scenario::from_source(&source).unwrap_err().to_string()
    };
    let message = refused("\"mine.toml\"");
    assert!(message.contains("mine.toml:4:7"), "{message}");
    assert!(message.contains("`8.5`"), "{message}");
    let message = refused("\"hostin\"");
    assert!(message.contains("did you mean \"hosting\"?"), "{message}");
}

#[test]
fn names_are_needed_where_only_names_are_bound() {
    let text = small(
        "",
        "[[server.site]]\nid = 2\nbindings = [\"*:9000:\", \"*:9001:a.example.com\", \"*:9001:b.example.com\"]\n\
         [[actor]]\nid = \"s\"\nkind = \"scan\"\nclient = \"random\"\nports = [9000, 9001, 9002]\nstart = \"1h\"\nrate = 60\n",
    );
    let campaign = Dataset::make(&text, 1).campaigns().remove(0);
    assert_eq!(
        (campaign.ports_logged, campaign.lines, campaign.contacts),
        (1, 1, 1)
    );
    for wrong in ["9000", "*:0:", "10.9.9.9:80:", "*:8001:"] {
        let text = text.replace("*:9000:", wrong);
        assert!(Scenario::from_source(&Source::new("a.toml", text)).is_err());
    }
}

#[test]
fn windows_users_begin_with_two_refusals() {
    let text = small(
        "domain = \"AD\"",
        "authentication = \"windows\"\n[[actor]]\nid = \"v\"\nkind = \"visitors\"\nsessions-per-day = 300\nnoise = 0.1\n",
    );
    let entries = Dataset::make(&text, 1).entries();
    let triple = |entry: &super::support::Entry| {
        ["sc-status", "sc-substatus", "sc-win32-status"]
            .map(|field| entry.get(field).to_owned())
            .join(".")
    };
    let count = |wanted: &str| {
        entries
            .iter()
            .filter(|entry| triple(entry) == wanted)
            .count()
    };
    let (first, second) = (count("401.2.5"), count("401.1.2148074254"));
    assert!(first > second && second > 100, "{first} {second}");
    let mut computers = 0;
    for entry in &entries {
        let refused = entry.get("sc-status") == "401" && entry.get("sc-substatus") != "3";
        let user = entry.get("cs-username");
        assert_eq!(user == "-", refused, "{user}");
        let computer = user.starts_with("AD\\PC") && user.ends_with('$');
        assert!(refused || computer || user.starts_with("AD\\u"), "{user}");
        computers += u32::from(computer);
    }
    // Programs log on with the account of their computer.
    assert!(computers > 100, "{computers}");
}

#[test]
fn logs_as_they_are_set() {
    let visitors = "[[actor]]\nid = \"v\"\nkind = \"visitors\"\nsessions-per-day = 3000\n";
    let names = |server: &str| -> Vec<String> {
        Dataset::make(&small(server, visitors), 1)
            .files()
            .into_keys()
            .filter(|name| name.starts_with("logs/"))
            .collect()
    };
    let hourly = names("rollover = \"hourly\"\ncustom-fields = [\"X-Forwarded-For\"]");
    assert!(hourly.len() > 45);
    assert_eq!(hourly[0], "logs/S/W3SVC1/u_ex26110210_x.log");
    assert_eq!(names("central = true")[0], "logs/S/u_ex261102.log");
    let by_size = names("rollover = \"size\"\nlog-size = 1");
    assert!(by_size.len() > 5, "{by_size:?}");
    assert!(by_size.contains(&"logs/S/W3SVC1/u_extend2.log".to_owned()));
    let old = names("").len();
    assert_eq!(old, 3, "three days are touched");

    let changed = small(
        "restarts = [\"3h\"]\n[[server.change]]\nat = \"5h\"\nfields = [\"date\", \"time\", \"s-ip\", \"s-port\", \"c-ip\"]",
        visitors,
    );
    let files = Dataset::make(&changed, 1).files();
    let log = String::from_utf8(files["logs/S/W3SVC1/u_ex261102.log"].clone()).unwrap();
    assert_eq!(log.matches("#Fields: ").count(), 3);
    assert_eq!(
        log.matches("#Fields: date time s-ip s-port c-ip\r\n")
            .count(),
        1
    );
}

#[test]
fn contradictions_are_said_where_they_stand() {
    let scan = "[[actor]]\nid = \"s\"\nkind = \"scan\"\nclient = \"10.0.0.1\"\nports = \"bound\"\n";
    for (keys, expected) in [
        ("start = \"1h\"\n", "either `rate` or `every`"),
        ("rate = 5\n", "either `start` or `middle`"),
        (
            "start = \"1h\"\nmiddle = \"2h\"\nrate = 5\n",
            "either `start` or `middle`",
        ),
        (
            "start = \"1h\"\nrate = 5\nsources = 3\n",
            "several sources need",
        ),
        ("start = \"1h\"\nrate = 5\nrotate = 3\n", "rotating needs"),
        ("start = \"1h\"\nrate = []\n", "at least one value"),
        ("start = \"1h\"\nrate = [5, 0]\n", "from 0.001"),
    ] {
        let text = small("", &format!("{scan}{keys}"));
        let message = Scenario::from_source(&Source::new("a.toml", text))
            .unwrap_err()
            .to_string();
        assert!(message.contains(expected), "{expected} not in\n{message}");
    }
    let message = Scenario::from_source(&Source::new(
        "a.toml",
        EVERYTHING.replace("iis = \"8.5\"", "iis = \"7.5\"\ncustom-fields = [\"X\"]"),
    ))
    .unwrap_err()
    .to_string();
    assert!(message.contains("custom fields came with IIS 8.5"));
}

/// A scale multiplies the background and leaves every campaign as it is.
#[test]
fn scale_leaves_campaigns() {
    let text = EVERYTHING.replace("seed = 11", "seed = 11\nscale = 4");
    let (one, four) = (Dataset::make(EVERYTHING, 1), Dataset::make(&text, 1));
    assert_eq!(one.campaigns(), four.campaigns());
    assert!(
        four.summary.lines - four.summary.labelled_lines
            > 3 * (one.summary.lines - one.summary.labelled_lines)
    );
    assert!((scenario(&text).scale() - 4.0).abs() < 1e-9);
}

#[test]
fn a_shared_address_is_a_reason() {
    let text = small(
        "",
        "[[actor]]\nid = \"p\"\nkind = \"proxy\"\nclient = \"10.20.0.8\"\nsessions-per-day = 20\n[[actor]]\nid = \"s\"\n\
         kind = \"scan\"\nclient = \"random\"\nvia = \"10.20.0.8\"\nports = [\"8001-8012\"]\nstart = \"1h\"\nrate = 60\n",
    );
    let scan = Dataset::make(&text, 1).campaigns().remove(1);
    assert_eq!(scan.reason, Some(Reason::SharedClient));
    assert_eq!(
        scan.clients,
        ["10.20.0.8".parse::<std::net::IpAddr>().unwrap()]
    );
}

/// Background multiplies as a whole, periodic probes too: at scale N they stay periodic, N times as often.
#[test]
fn probes_multiply_and_stay_periodic() {
    let text = small(
        "",
        "[[actor]]\nid = \"p\"\nkind = \"probe\"\nclient = \"10.0.0.5\"\nport = 8001\nevery = \"30m\"\n",
    );
    for (scale, expected) in [(1.0, 96), (6.0, 576), (0.5, 48)] {
        let folder = tempfile::tempdir().unwrap();
        let options = scanbench_generator::Options {
            scale: Some(scale),
            ..scanbench_generator::Options::default()
        };
        let set = folder.path().join("set");
        let made = scanbench_generator::generate(&scenario(&text), &set, &options).unwrap();
        assert_eq!(made.lines, expected, "two days at scale {scale}");
        // Logged when answered: whole multiples of the period and some seconds.
        let period = 1_800 * 96 / expected;
        for entry in Dataset::of(folder).entries() {
            let clock: Vec<u64> = entry
                .get("time")
                .split(':')
                .map(|part| part.parse().unwrap())
                .collect();
            let second = clock[0] * 3_600 + clock[1] * 60 + clock[2];
            assert!(second % period < 60, "{second} at scale {scale}");
        }
    }
}
