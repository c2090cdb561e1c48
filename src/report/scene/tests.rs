//! Rows and truth of a small made-up dataset.

use super::*;
use crate::eval::{Coalition, Listed, evaluate};
use scanbench_detector::{Expectation, Stage};
use scanbench_generator::truth::{Kind, Reason};
use std::net::IpAddr;
use std::time::Duration;

/// Two attacks, one of them seen, and a look-alike on one server, hostile names among them; a second server on which
/// the background fires.
pub(crate) struct Small {
    pub(crate) truth: GroundTruth,
    pub(crate) runs: Runs<'static>,
    pub(crate) evaluation: Evaluation,
}

pub(crate) const HOSTILE: &str = "<script>\"onload=\u{202e}\u{1b}[31m&";

fn time(minute: i64) -> Timestamp {
    Timestamp::from_millis(1_793_577_600_000 + minute * 60_000)
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

fn campaign(id: &str, class: Class, client: u8, minutes: (i64, i64)) -> Campaign {
    let kind = match class {
        Class::Malicious => Kind::Scan,
        Class::LookAlike => Kind::Proxy,
        Class::Authorised => Kind::Discovery,
    };
    Campaign {
        id: id.to_owned(),
        kind,
        class,
        clients: vec![address(client)],
        server: "HOST01".to_owned(),
        first: Some(time(minutes.0)),
        last: Some(time(minutes.1)),
        ports_probed: 1000,
        ports_logged: 40,
        lines: 80,
        contacts: 0,
        expected_to_fire: true,
        reason: Some(Reason::UnboundPorts),
    }
}

fn window(minute: i64, client: u8, computer: &str, ports: u64, campaigns: &[&str]) -> TrueWindow {
    TrueWindow {
        bin: time(minute),
        c_ip: address(client),
        computer: computer.to_owned(),
        s_ip: address(100),
        ports,
        lines: 2 * ports,
        campaigns: campaigns.iter().map(|id| (*id).to_owned()).collect(),
        must_fire: ports >= 30,
    }
}

pub(crate) fn alert(minute: i64, client: u8, computer: &str) -> Alert {
    Alert {
        time_generated: time(minute),
        c_ip: address(client).to_string(),
        set_s_port: (8000..8040).collect(),
        set_cs_user_name: vec![HOSTILE.to_owned()],
        set_decoded_uri_query: Vec::new(),
        computer: computer.to_owned(),
        set_s_site_name: Vec::new(),
        s_ip: address(100).to_string(),
        set_cs_user_agent: vec!["a".repeat(10_000)],
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

/// Exclusion 0 takes row 0, exclusion 1 takes row 2, the rest stays.
struct Two([Vec<Vec<usize>>; 4]);

impl Coalition for Two {
    fn matching(&self, row: usize) -> &[Vec<usize>] {
        &self.0[row]
    }

    fn is_left(&self, row: usize, in_force: &dyn Fn(usize) -> bool) -> bool {
        !self.0[row].iter().flatten().any(|one| in_force(*one))
    }
}

pub(crate) fn small() -> Small {
    let truth = GroundTruth {
        scenario: HOSTILE.to_owned(),
        seed: 7,
        lines: 1234,
        unlabelled_is_unknown: false,
        days: None,
        campaigns: vec![
            campaign(HOSTILE, Class::Malicious, 1, (2, 8)),
            campaign("silent", Class::Malicious, 2, (30, 31)),
            campaign("proxy", Class::LookAlike, 3, (0, 60)),
        ],
        windows: vec![
            window(0, 1, "HOST01", 40, &[HOSTILE]),
            window(30, 2, "HOST01", 2, &["silent"]),
            window(0, 3, "HOST01", 25, &["proxy"]),
            window(10, 3, "HOST01", 33, &["proxy"]),
            window(20, 3, "HOST01", 25, &["proxy"]),
            window(50, 4, "OTHER", 40, &[]),
        ],
    };
    let without = vec![
        alert(0, 1, "HOST01"),
        alert(50, 4, "OTHER"),
        alert(10, 3, "HOST01"),
    ];
    let listed = |id: &str| Listed {
        id: id.to_owned(),
        stage: Stage::Event,
        lines: 80,
        expect: Expectation::default(),
    };
    let runs = Runs {
        window: Window::Tumbling {
            width: Duration::from_mins(10),
        },
        is_published_rule: true,
        rule: None,
        with: vec![without[1].clone()],
        without,
        exclusions: vec![listed("hides"), listed("removes")],
        reached: Default::default(),
        keys: None,
        coalition: Box::new(Two([vec![vec![0]], vec![], vec![vec![1]], vec![]])),
    };
    let evaluation = evaluate(&truth, &runs);
    Small {
        truth,
        runs,
        evaluation,
    }
}

impl Small {
    pub(crate) fn scene(&self) -> Scene<'_> {
        Scene::new(&self.evaluation, &self.truth, &self.runs, 30)
    }
}

#[test]
fn rows_and_truth_come_together() {
    let small = small();
    let scene = small.scene();
    // Most rows first: two on HOST01, one on OTHER.
    let names: Vec<&str> = scene.servers.iter().map(|server| server.name).collect();
    assert_eq!(names, ["HOST01", "OTHER"]);
    let rows: Vec<_> = scene
        .rows
        .iter()
        .map(|row| {
            (
                row.campaigns.clone(),
                row.class,
                row.left,
                row.removed_by.clone(),
            )
        })
        .collect();
    let look_alike = Some(Class::LookAlike);
    assert_eq!(
        rows,
        [
            (vec![HOSTILE], Some(Class::Malicious), false, vec!["hides"]),
            (vec!["proxy"], look_alike, false, vec!["removes"]),
            (vec![], None, true, vec![]),
        ]
    );
    assert_eq!(scene.servers[1].unlabelled, [2]);
    let proxy = &scene.servers[0].campaigns[2];
    assert_eq!(proxy.rows, [1]);
    assert_eq!(proxy.windows, BTreeMap::from([(25, 2), (33, 1)]));
    assert_eq!(proxy.span, Some((time(0), time(60))));
}

/// A row whose window is no bin of the truth has the campaigns of all bins that it touches.
#[test]
fn windows_that_are_no_bins_overlap_bins() {
    let mut small = small();
    let end = time(13);
    small.runs.without[2].time_generated = time(7);
    small.runs.without[2].window_end = Some(end);
    let scene = small.scene();
    let row = scene.rows.iter().find(|row| row.end == end).unwrap();
    assert_eq!(row.campaigns, ["proxy"]);
}
