//! What is told of exclusions, and lists that are joined.

use super::*;

fn list(file: &str) -> Exclusions {
    let file = format!("version = 1\n{file}");
    Exclusions::from_source(&Source::new("x.toml", file)).unwrap()
}

/// From 10:00 to before 12:00, held against data of every stretch of whole hours from 08:00 to 14:00: it is in
/// force where some moment of the data lies between.
#[test]
fn standing_by_hand() {
    let held = |enabled: bool| {
        let file = format!(
            "[[exclusion]]\nid = \"x\"\nstage = \"event\"\nmatch.s-port = 80\nenabled = {enabled}\n\
             starts = 2026-11-02T10:00:00Z\nexpires = 2026-11-02T12:00:00Z\n"
        );
        list(&file).list()[0].clone()
    };
    let (on, off) = (held(true), held(false));
    let at = |hour: u32| -> Timestamp { format!("2026-11-02T{hour:02}:00:00Z").parse().unwrap() };
    for first in 8..=14 {
        for last in first..=14 {
            let expected = match (first, last) {
                (12.., _) => Standing::Expired,
                (_, ..=9) => Standing::Future,
                _ => Standing::InForce,
            };
            let (first, last) = (at(first), at(last));
            assert_eq!(on.standing(first, last), expected, "{first} {last}");
            assert_eq!(off.standing(first, last), Standing::Disabled);
        }
    }
}

#[test]
fn what_is_written_about_one_is_told() {
    let list = list(
        "[[exclusion]]\nid = \"x\"\nname = \"N\"\nreason = \"R\"\nowner = \"O\"\nticket = \"T\"\nstage = \"alert\"\n\
         match.s-port = 80\nmatch.not-cs-method = \"GET\"\nmatch.X-Forwarded-For = \"a\"\nmatch.X-Real-IP = \"b\"\n\
         expect = { max-hidden-campaigns = 1, max-hidden-rows = 2, max-hidden-authorised = 3, min-removed-alerts = 4 }\n\
         [[exclusion]]\nid = \"y\"\nstage = \"event\"\nmatch.X-Real-IP = \"c\"\n",
    );
    let [one, bare] = list.list() else {
        panic!("two were written");
    };
    let told = |one: &Exclusion| {
        [one.name(), one.reason(), one.owner(), one.ticket()].map(|text| text.map(str::to_owned))
    };
    assert_eq!(
        told(one),
        ["N", "R", "O", "T"].map(|text| Some(text.to_owned()))
    );
    assert_eq!(told(bare), [None, None, None, None]);
    assert_eq!(
        (one.stage().name(), bare.stage().name()),
        ("alert", "event")
    );
    let expected = Expectation {
        max_hidden_campaigns: Some(1),
        max_hidden_rows: Some(2),
        max_hidden_authorised: Some(3),
        min_removed_alerts: Some(4),
    };
    assert_eq!(
        (one.expect(), bare.expect()),
        (expected, Expectation::default())
    );

    let asks = list.asks();
    let asked: Vec<Field> = [
        Field::SPort,
        Field::CsMethod,
        Field::CIp,
        Field::Date,
        Field::ScStatus,
    ]
    .into_iter()
    .filter(|field| asks.has(*field))
    .collect();
    assert_eq!(asked, [Field::SPort, Field::CsMethod]);
    assert_eq!(asks.names(), ["X-Forwarded-For", "X-Real-IP"]);
}

/// Two lists with ids in common: the second's get the first number that is free.
#[test]
fn joined_lists() {
    let of = |ids: &[&str], defaults: &str| {
        let one = |id: &&str| {
            format!(
                "[[exclusion]]\nid = \"{id}\"\nstage = \"event\"\nmatch.s-port = 80\n\
                                       owner = \"O\"\nexpires = 2026-11-02T12:00:00Z\nstarts = 2026-11-02T00:00:00Z\n"
            )
        };
        list(&format!(
            "{defaults}{}",
            ids.iter().map(one).collect::<String>()
        ))
    };
    let first = of(
        &["a", "b", "a-2"],
        "[defaults]\nrequire = [\"owner\"]\nmax-lifetime = \"9d\"\n",
    );
    let second = of(
        &["a", "c", "b"],
        "[defaults]\nrequire = [\"expires\"]\nmax-lifetime = \"3d\"\n",
    );
    let both = first.clone().and(second);
    let ids: Vec<&str> = both.list().iter().map(Exclusion::id).collect();
    assert_eq!(ids, ["a", "b", "a-2", "a-3", "c", "b-2"]);
    assert_eq!(both.policy().require, ["owner", "expires"]);
    assert_eq!(
        both.policy().max_lifetime,
        Some(Duration::from_hours(3 * 24))
    );
    let bare = first.and(of(&["d"], ""));
    assert_eq!(
        bare.policy().max_lifetime,
        Some(Duration::from_hours(9 * 24))
    );
}
