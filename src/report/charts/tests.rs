//! What is drawn, and where.

use super::*;
use crate::report::scene::tests::{HOSTILE, small};

/// The values of an attribute in all elements of a name whose text holds `part`.
fn attributes(svg: &str, element: &str, part: &str, name: &str) -> Vec<f64> {
    svg.split(&format!("<{element} "))
        .skip(1)
        .filter(|rest| rest.split("<line").next().unwrap().contains(part))
        .map(|rest| {
            let value = rest
                .split(&format!(" {name}=\""))
                .nth(1)
                .unwrap_or_else(|| rest.strip_prefix(&format!("{name}=\"")).unwrap());
            value.split('"').next().unwrap().parse().unwrap()
        })
        .collect()
}

fn marks(svg: &str) -> usize {
    svg.matches("class=\"mark\"").count()
}

#[test]
fn every_campaign_row_and_window_is_drawn() {
    let small = small();
    let scene = small.scene();
    for layout in [Layout::Wide, Layout::Narrow] {
        let draw = |chart: Chart| chart.svg(&scene, layout).unwrap();
        // Three campaigns and three rows; a campaign's tip names its outcome.
        let timeline = draw(Chart::Timeline);
        assert_eq!(marks(&timeline), 6);
        assert!(timeline.contains("silent"));
        // One exclusion hides a right row, one removes a false row, and both together.
        assert_eq!(marks(&draw(Chart::Ledger)), 4);
        // Windows of equal ports are one dot: 40; 2; 25 and 33.
        let ports = draw(Chart::Ports);
        assert_eq!(marks(&ports), 4);
        assert!(ports.contains("proxy: 2 windows with 25 distinct ports"));
    }
}

/// The scale of the ledger: a row is as long to the left as to the right, and the sum is as long as its parts.
#[test]
fn the_ledger_has_one_scale() {
    let small = small();
    let svg = Chart::Ledger.svg(&small.scene(), Layout::Wide).unwrap();
    let hidden = attributes(&svg, "rect", "hides 1 right", "width");
    let removed = attributes(&svg, "rect", "removes 1 false rows", "width");
    assert_eq!(hidden.len(), 2);
    assert_eq!(hidden, removed);
}

/// Each dot lies where a logarithmic scale puts it: 25 ports halfway in ln between 5 and 125.
#[test]
fn ports_lie_on_a_logarithmic_scale() {
    let small = small();
    let svg = Chart::Ports.svg(&small.scene(), Layout::Wide).unwrap();
    let at = |what: &str| attributes(&svg, "circle", what, "cx")[0];
    let (two, near, fires) = (
        at("with 2 distinct"),
        at("with 25 distinct"),
        at("with 40 distinct"),
    );
    let expected = (25_f64 / 2.0).ln() / (40_f64 / 2.0).ln();
    assert!(((near - two) / (fires - two) - expected).abs() < 0.001);
}

#[test]
fn text_of_others_is_text() {
    let small = small();
    let scene = small.scene();
    for chart in Chart::ALL {
        let svg = chart.svg(&scene, Layout::Wide).unwrap();
        assert!(!svg.contains("<script"), "{svg}");
        assert!(!svg.contains(['\u{202e}', '\u{1b}']), "{svg}");
        assert!(svg.contains("&lt;script&gt;"), "{svg}");
        assert!(!svg.contains(HOSTILE));
        // Nothing that a policy without inline styles would refuse.
        assert!(!svg.contains(" style="), "{svg}");
    }
}

#[test]
fn nothing_to_draw_is_no_picture() {
    let mut small = small();
    small.evaluation.exclusions.clear();
    small.evaluation.campaigns.clear();
    small.runs.without.clear();
    let scene = small.scene();
    for chart in Chart::ALL {
        assert_eq!(chart.svg(&scene, Layout::Wide), None, "{chart:?}");
    }
}
