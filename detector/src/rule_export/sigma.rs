//! Sigma: a rule of every web request, and a correlation that counts values over it (Sigma specification 2.1, *Sigma
//! correlation rules*, `value_count`).

use super::Sayable;
use crate::Count;
use crate::exclusion::quoted::quoted;
use crate::exclusion::{Exclusion, sigma_selections};
use scanbench_spec::Finding;
use sha2::{Digest, Sha256};
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
    let request = id(&[field, &selections, &condition]);
    let many = published
        .id
        .as_deref()
        .filter(|id| is_uuid(id))
        .map_or_else(|| id(&[&request, &rule.title()]), str::to_lowercase);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "title: A request to IIS\nid: {request}\nname: iis_request\nlogsource:\n    category: webserver\n    product: windows\n    service: iis\n\
         detection:\n    request:\n        {field}|exists: true\n{selections}    condition: {condition}\n---\n\
         title: {}\nid: {many}\ncorrelation:\n    type: value_count\n    rules:\n        - iis_request\n    group-by:\n{}    timespan: {}s\n    condition:\n        field: {field}\n        gte: {}\nlevel: {}\n",
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

/// An id for a rule of our making, the same for the same rule: rsigma 0.23 correlates no rule without one, whatever its
/// name. A UUID of version 8, whose bits are its maker's (RFC 9562, section 5.8), here of a SHA-256.
fn id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12]
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_of_version_8() {
        let one = id(&["a", "b"]);
        assert!(is_uuid(&one), "{one}");
        assert_eq!(&one[14..15], "8");
        assert!(["8", "9", "a", "b"].contains(&&one[19..20]));
        assert_ne!(one, id(&["ab", ""]));
        assert!(is_uuid("44A555D8-ECEE-4A25-95CE-055879B4B14B"));
        assert!(!is_uuid("44a555d8ecee4a2595ce055879b4b14b"));
    }
}
