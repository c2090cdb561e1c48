//! Conditions that are true or false of every line, and the exclusions that say them.

use crate::exclusion::TextKind;
use crate::exclusion::draft::quoted_list;
use scanbench_spec::Finding;
use std::ops::Range;

/// More alternatives than this are no filter that somebody keeps in mind.
const MOST: usize = 64;

type Said<T> = Result<T, Finding>;

/// A condition that is true or false of every line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Formula {
    Always(bool),
    Atom(Atom),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// One key of `[exclusion.match]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Atom {
    key: &'static str,
    negated: bool,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    Addresses(Vec<String>),
    Numbers(Vec<(u64, u64)>),
    Texts(Vec<(TextKind, String, bool)>),
}

/// The keys of `[exclusion.match]` of each exclusion that is needed for a formula to be true where one of them matches;
/// an exclusion without keys is true of every line.
pub(super) fn exclusions(
    formula: &Formula,
    span: &Range<usize>,
    help: &str,
) -> Said<Vec<Vec<(String, String)>>> {
    let mut all = Vec::new();
    for atoms in shortest(alternatives(formula, span)?) {
        all.extend(together(atoms, span, help)?);
    }
    Ok(all)
}

pub(super) fn atom(key: &'static str, values: Values, negated: bool) -> Formula {
    Formula::Atom(Atom {
        key,
        negated,
        values,
    })
}

pub(super) fn not(formula: Formula) -> Formula {
    match formula {
        Formula::Always(value) => Formula::Always(!value),
        Formula::Atom(atom) => Formula::Atom(Atom {
            negated: !atom.negated,
            ..atom
        }),
        Formula::All(list) => Formula::Any(list.into_iter().map(not).collect()),
        Formula::Any(list) => Formula::All(list.into_iter().map(not).collect()),
    }
}

/// Each way in which a formula can be true, as atoms that hold together.
fn alternatives(formula: &Formula, span: &Range<usize>) -> Said<Vec<Vec<Atom>>> {
    let list = match formula {
        Formula::Always(true) => vec![Vec::new()],
        Formula::Always(false) => Vec::new(),
        Formula::Atom(atom) => vec![vec![atom.clone()]],
        Formula::Any(parts) => {
            let parts = parts
                .iter()
                .map(|part| alternatives(part, span))
                .collect::<Said<Vec<_>>>()?;
            parts.concat()
        }
        Formula::All(parts) => {
            let mut joined: Vec<Vec<Atom>> = vec![Vec::new()];
            for part in parts {
                let each = alternatives(part, span)?;
                let both = joined.iter().flat_map(|left| {
                    each.iter()
                        .map(move |right| [left.as_slice(), right].concat())
                });
                joined = both.take(MOST + 1).collect();
            }
            joined
        }
    };
    if list.len() > MOST {
        let message = format!("this condition comes to more than {MOST} exclusions");
        return Err(Finding::new(message)
            .at(span.clone())
            .help("say it in several `where`, or write an exclusion list"));
    }
    Ok(list)
}

/// Without those that say more than another: what matches them, matches that other too.
fn shortest(mut list: Vec<Vec<Atom>>) -> Vec<Vec<Atom>> {
    list.sort_by_key(Vec::len);
    let mut kept: Vec<Vec<Atom>> = Vec::new();
    for atoms in list {
        if !kept
            .iter()
            .any(|short| short.iter().all(|atom| atoms.contains(atom)))
        {
            kept.push(atoms);
        }
    }
    // Two that differ in the values of one key are one with the values of both.
    while let Some((first, second, both)) = first_pair(&kept) {
        kept[first] = both;
        kept.remove(second);
    }
    kept
}

/// The first two alternatives that can be said as one, and that one.
fn first_pair(list: &[Vec<Atom>]) -> Option<(usize, usize, Vec<Atom>)> {
    let pairs = (0..list.len()).flat_map(|second| (0..second).map(move |first| (first, second)));
    pairs
        .into_iter()
        .find_map(|(first, second)| Some((first, second, either(&list[first], &list[second])?)))
}

/// What holds where one or the other of two alternatives holds.
fn either(left: &[Atom], right: &[Atom]) -> Option<Vec<Atom>> {
    let without = |list: &[Atom], other: &[Atom]| -> Vec<Atom> {
        let kept = list.iter().filter(|atom| !other.contains(atom));
        kept.cloned().collect()
    };
    let ([mine], [theirs]) = (
        <[Atom; 1]>::try_from(without(left, right)).ok()?,
        <[Atom; 1]>::try_from(without(right, left)).ok()?,
    );
    if left.len() != right.len() || mine.key != theirs.key || mine.negated || theirs.negated {
        return None;
    }
    let values = match (mine.values.clone(), theirs.values) {
        (Values::Addresses(one), Values::Addresses(two)) => Values::Addresses([one, two].concat()),
        (Values::Numbers(one), Values::Numbers(two)) => Values::Numbers([one, two].concat()),
        // One table of tests says once whether case matters.
        (Values::Texts(one), Values::Texts(two))
            if one.iter().chain(&two).all(|test| test.2 == one[0].2) =>
        {
            Values::Texts([one, two].concat())
        }
        _ => return None,
    };
    let joined = Atom {
        values,
        ..mine.clone()
    };
    Some(
        left.iter()
            .map(|atom| {
                if *atom == mine {
                    joined.clone()
                } else {
                    atom.clone()
                }
            })
            .collect(),
    )
}

/// Atoms that hold together, as keys of `[exclusion.match]`, of which each stands once; `None` where they never hold
/// together.
fn together(
    atoms: Vec<Atom>,
    span: &Range<usize>,
    help: &str,
) -> Said<Option<Vec<(String, String)>>> {
    let two_tests = |key: &str| {
        Finding::new(format!(
            "two tests of {key} must hold at once, which one exclusion cannot say"
        ))
        .at(span.clone())
        .help(help)
    };
    let mut kept: Vec<Atom> = Vec::new();
    for atom in atoms {
        let same = kept
            .iter_mut()
            .find(|other| other.key == atom.key && other.negated == atom.negated);
        match same {
            None => kept.push(atom),
            Some(other) if *other == atom => {}
            Some(other) => join(other, atom).map_err(two_tests)?,
        }
    }
    if kept
        .iter()
        .any(|atom| !atom.negated && is_never(atom, &kept))
    {
        return Ok(None);
    }
    let mut matches = Vec::new();
    for atom in kept {
        let values = written(&atom.values).ok_or_else(|| two_tests(atom.key))?;
        matches.push((
            format!("{}{}", if atom.negated { "not-" } else { "" }, atom.key),
            values,
        ));
    }
    Ok(Some(matches))
}

/// Whether a number can never be among these, or is none of those that another test wants it not to be.
fn is_never(atom: &Atom, all: &[Atom]) -> bool {
    let Values::Numbers(list) = &atom.values else {
        return false;
    };
    let taken = all
        .iter()
        .filter(|other| other.negated && other.key == atom.key);
    let mut taken = taken.filter_map(|other| match &other.values {
        Values::Numbers(ranges) => Some(ranges),
        _ => None,
    });
    list.is_empty()
        || taken.any(|ranges| {
            let is_inside = |(first, last): &(u64, u64)| {
                ranges
                    .iter()
                    .any(|range| range.0 <= *first && *last <= range.1)
            };
            list.iter().all(is_inside)
        })
}

/// Joins the values of two tests of one key that must both hold; the key, where that cannot be said.
fn join(kept: &mut Atom, other: Atom) -> Result<(), &'static str> {
    match (&mut kept.values, other.values) {
        // None of these and none of those: none of all.
        (Values::Addresses(list), Values::Addresses(more)) if kept.negated => list.extend(more),
        (Values::Texts(list), Values::Texts(more)) if kept.negated => list.extend(more),
        (Values::Numbers(list), Values::Numbers(more)) if kept.negated => list.extend(more),
        (Values::Numbers(ranges), Values::Numbers(more)) => {
            let both = |one: &(u64, u64), two: &(u64, u64)| {
                let shared = (one.0.max(two.0), one.1.min(two.1));
                (shared.0 <= shared.1).then_some(shared)
            };
            let shared: Vec<_> = ranges
                .iter()
                .flat_map(|one| more.iter().filter_map(move |two| both(one, two)))
                .collect();
            *ranges = shared;
        }
        _ => return Err(kept.key),
    }
    Ok(())
}

/// The values in TOML; `None` where texts are compared with regard to case and without, which one table cannot say.
fn written(values: &Values) -> Option<String> {
    Some(match values {
        Values::Addresses(list) => quoted_list(list),
        Values::Numbers(ranges) => {
            let each: Vec<String> = ranges
                .iter()
                .map(|(first, last)| match (first, last) {
                    (first, last) if first == last && i64::try_from(*first).is_ok() => {
                        first.to_string()
                    }
                    (first, &u64::MAX) => format!("\"{first}-\""),
                    (first, last) => format!("\"{first}-{last}\""),
                })
                .collect();
            format!("[{}]", each.join(", "))
        }
        Values::Texts(list) => {
            // `has` is in any case whatever is said.
            let mut cases = list
                .iter()
                .filter(|test| test.0 != TextKind::Has)
                .map(|test| test.2);
            let any_case = cases.next().unwrap_or(false);
            if cases.any(|other| other != any_case) {
                return None;
            }
            let mut parts = Vec::new();
            for kind in TextKind::ALL {
                let of_kind = list.iter().filter(|test| test.0 == kind);
                let of_kind: Vec<String> = of_kind.map(|test| test.1.clone()).collect();
                if !of_kind.is_empty() {
                    parts.push(format!("{} = {}", kind.key(), quoted_list(&of_kind)));
                }
            }
            if any_case {
                parts.push("ignore-case = true".to_owned());
            }
            format!("{{ {} }}", parts.join(", "))
        }
    })
}
