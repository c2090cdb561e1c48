//! Sigma: a rule of every web request, and a correlation that counts values over it (Sigma specification 2.1, *Sigma
//! correlation rules*, `value_count`).

use super::Sayable;
use crate::Count;
use crate::exclusion::quoted::quoted;
use crate::exclusion::{Exclusion, sigma_selections};
use scanbench_spec::Finding;
use std::fmt::Write as _;

pub(super) fn rules(rule: &Sayable<'_>, list: &[&Exclusion]) -> Result<String, Vec<Finding>> {
    let (selections, terms) = sigma_selections(list)?;
    let differs = [
        "Correlations have windows that begin at any event, not at the clock's tens of minutes, and no limit of sets: expect more rows."
            .to_owned(),
        "Fields have their names in the logs, as Sigma's taxonomy of web servers has them; s-computername stands for Computer.".to_owned(),
    ];
    let mut out = rule.header("#", "Sigma", &differs);
    let published = rule.rule.published.as_deref().cloned().unwrap_or_default();
    let mut condition = "request".to_owned();
    for term in &terms {
        condition += " and ";
        condition += term;
    }
    let field = match rule.rule.count {
        Count::Port => "s-port",
        Count::Host => "cs-host",
        Count::UriStem => "cs-uri-stem",
    };
    let keys: Vec<String> = rule
        .keys()
        .into_iter()
        .map(|key| match key {
            "cIP" => "c-ip",
            "sIP" => "s-ip",
            _ => "s-computername",
        })
        .map(|key| format!("        - {key}\n"))
        .collect();
    let tags: Vec<String> = published
        .techniques
        .iter()
        .map(|technique| format!("attack.{}", technique.to_lowercase()))
        .collect();
    let level = published
        .severity
        .as_deref()
        .unwrap_or("medium")
        .to_lowercase();
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "title: A request to IIS\nname: iis_request\nlogsource:\n    category: webserver\n    product: windows\n    service: iis\n\
         detection:\n    request:\n        {field}|exists: true\n{selections}    condition: {condition}\n---\n\
         title: {}\ncorrelation:\n    type: value_count\n    rules:\n        - iis_request\n    group-by:\n{}    timespan: {}s\n    condition:\n        field: {field}\n        gte: {}\nlevel: {}\n",
        quoted(&rule.title()),
        keys.concat(),
        rule.width.as_secs(),
        rule.rule.threshold,
        quoted(&level),
    );
    if !tags.is_empty() {
        let _ = writeln!(
            out,
            "tags:\n{}",
            tags.iter()
                .map(|tag| format!("    - {}", quoted(tag)))
                .collect::<Vec<_>>()
                .join("\n")
        );
    }
    Ok(out)
}
