//! Truth and rows that tests make up. Minutes count from a midnight, and clients are told by their last number.

use super::{Coalition, Listed, Runs};
use scanbench_detector::{Alert, Expectation, Stage, Window};
use scanbench_generator::truth::{BIN, Campaign, Class, Kind, Window as TrueWindow};
use scanbench_w3c::Timestamp;
use std::net::IpAddr;

/// How the truth cuts time.
pub(super) const BINS: Window = Window::Tumbling { width: BIN };

/// Minutes from the beginning of 2 November 2026, a Monday.
pub(super) fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(1_793_577_600_000 + minute * 60_000)
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

/// A campaign that was active from one minute to another.
pub(super) fn campaign(id: &str, class: Class, (first, last): (i64, i64)) -> Campaign {
    Campaign {
        id: id.to_owned(),
        kind: match class {
            Class::Malicious => Kind::Scan,
            Class::LookAlike => Kind::Backend,
            Class::Authorised => Kind::Discovery,
        },
        class,
        clients: Vec::new(),
        server: "WEB01".to_owned(),
        first: Some(at(first)),
        last: Some(at(last)),
        ports_probed: 50,
        ports_logged: 40,
        lines: 80,
        contacts: 0,
        expected_to_fire: true,
        reason: None,
    }
}

/// A window with lines of these campaigns.
pub(super) fn window(minute: i64, client: u8, ports: u64, campaigns: &[&str]) -> TrueWindow {
    TrueWindow {
        bin: at(minute),
        c_ip: address(client),
        computer: "WEB01".to_owned(),
        s_ip: address(100),
        ports,
        lines: 2 * ports,
        campaigns: campaigns.iter().map(|id| (*id).to_owned()).collect(),
        must_fire: ports >= 30,
    }
}

/// A row of forty ports.
pub(super) fn alert(minute: i64, client: u8) -> Alert {
    Alert {
        time_generated: at(minute),
        c_ip: address(client).to_string(),
        set_s_port: (8000..8040).collect(),
        set_cs_user_name: Vec::new(),
        set_decoded_uri_query: Vec::new(),
        computer: "WEB01".to_owned(),
        set_s_site_name: Vec::new(),
        s_ip: address(100).to_string(),
        set_cs_user_agent: Vec::new(),
        set_cs_method: Vec::new(),
        set_sc_status_full: Vec::new(),
        set_sc_status_full_friendly: Vec::new(),
        set_sc_win32_status_hex: Vec::new(),
        set_sc_win32_status_friendly: Vec::new(),
        connections_count: 80,
        port_count: 40,
        capped: Vec::new(),
        window_end: None,
        run: None,
        counted: None,
        published: None,
    }
}

/// The exclusions of each row that take it away, each alone.
struct Any(Vec<Vec<Vec<usize>>>);

impl Coalition for Any {
    fn matching(&self, row: usize) -> &[Vec<usize>] {
        &self.0[row]
    }

    fn is_left(&self, row: usize, in_force: &dyn Fn(usize) -> bool) -> bool {
        !self.0[row].iter().flatten().any(|one| in_force(*one))
    }
}

/// Rows of the published rule, each with the exclusions that take it away; there are as many exclusions as are named.
pub(super) fn runs(rows: &[(Alert, &[usize])]) -> Runs<'static> {
    let named = rows.iter().flat_map(|(_, taken)| taken.iter());
    let exclusions = named.max().map_or(0, |last| last + 1);
    let alone = |exclusion: &usize| vec![*exclusion];
    Runs {
        window: BINS,
        is_published_rule: true,
        rule: None,
        without: rows.iter().map(|(row, _)| row.clone()).collect(),
        with: rows
            .iter()
            .filter(|(_, taken)| taken.is_empty())
            .map(|(row, _)| row.clone())
            .collect(),
        exclusions: (0..exclusions)
            .map(|number| Listed {
                id: format!("x{number}"),
                stage: Stage::Event,
                lines: 10,
                expect: Expectation::default(),
            })
            .collect(),
        reached: Default::default(),
        keys: None,
        coalition: Box::new(Any(rows
            .iter()
            .map(|(_, taken)| taken.iter().map(alone).collect())
            .collect())),
    }
}
