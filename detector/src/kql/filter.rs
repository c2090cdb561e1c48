//! The condition of a `where` to exclusions of the lines that it drops.
//!
//! `where` keeps the lines of which its condition is true, and drops those of which it is false *or null* (Microsoft,
//! *Null values*). So `where sPort != 80` drops lines without a port too, and `where not(ipv4_is_in_range(cIP, ..))`
//! every line whose client is not IPv4. What is dropped is therefore "not (certainly true)", in ordinary logic.

use super::syntax::{Expr, ExprKind};
use crate::exclusion::TextKind;
use crate::exclusion::draft::{Draft, quoted_list};
use crate::exclusion::only_ours;
use scanbench_spec::Finding;
use std::net::IpAddr;
use std::ops::Range;

/// More alternatives than this are no filter that somebody keeps in mind.
const MOST: usize = 64;
const HELP: &str = "say it with and, or, not, comparisons, in, between, has, contains, startswith, endswith, matches regex \
                    or ipv4_is_in_range(), or leave it out and write an exclusion list";
const ANY_V4: &str = "0.0.0.0/0";
const ANY_V6: &str = "::/0";

/// A condition that is true or false of every line.
#[derive(Clone, Debug, PartialEq)]
enum Formula {
    Always(bool),
    Atom(Atom),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// One key of `[exclusion.match]`.
#[derive(Clone, Debug, PartialEq)]
struct Atom {
    key: &'static str,
    negated: bool,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    Addresses(Vec<String>),
    Numbers(Vec<(u64, u64)>),
    Texts(Vec<(TextKind, String, bool)>),
}

/// A column of the table and what it holds.
#[derive(Clone, Copy)]
enum Column {
    Address(&'static str),
    /// With the largest number; null where there is none.
    Number(&'static str, u64),
    /// Held as a text, though it is a number.
    Digits(&'static str),
    Text(&'static str),
}

fn column(name: &str) -> Option<Column> {
    Some(match name {
        "cIP" => Column::Address("c-ip"),
        "sIP" => Column::Address("s-ip"),
        "sPort" => Column::Number("s-port", u16::MAX.into()),
        "scBytes" => Column::Number("sc-bytes", u64::MAX),
        "csBytes" => Column::Number("cs-bytes", u64::MAX),
        "TimeTaken" => Column::Number("time-taken", u64::MAX),
        "scStatus" => Column::Digits("sc-status"),
        "scSubStatus" => Column::Digits("sc-substatus"),
        "scWin32Status" => Column::Digits("sc-win32-status"),
        "Computer" => Column::Text("s-computername"),
        "sSiteName" => Column::Text("s-sitename"),
        "csMethod" => Column::Text("cs-method"),
        "csUriStem" => Column::Text("cs-uri-stem"),
        "csUriQuery" => Column::Text("cs-uri-query"),
        "csUserName" => Column::Text("cs-username"),
        "csVersion" => Column::Text("cs-version"),
        "csUserAgent" => Column::Text("cs-user-agent"),
        "csCookie" => Column::Text("cs-cookie"),
        "csReferer" => Column::Text("cs-referer"),
        "csHost" => Column::Text("cs-host"),
        _ => return None,
    })
}

/// Whether a name is a column that conditions can look at.
pub(super) fn is_column(name: &str) -> bool {
    column(name).is_some()
}

type Said<T> = Result<T, Finding>;

/// The exclusions whose lines a `where` with this condition drops. `text` is the condition as written.
pub(super) fn dropped(condition: &Expr, text: &str, number: usize) -> Said<Vec<Draft>> {
    let is_dropped = not(is(condition, true)?);
    let alternatives = alternatives(&is_dropped, &condition.span)?;
    let mut drafts: Vec<Draft> = Vec::new();
    for atoms in shortest(alternatives) {
        if atoms.is_empty() {
            return Err(Finding::new("this drops every line")
                .at(condition.span.clone())
                .help("leave it out"));
        }
        let Some(matches) = together(atoms, &condition.span)? else {
            continue;
        };
        drafts.push(Draft {
            id: format!("where-{number}"),
            reason: Some(format!("dropped by: where {}", one_line(text))),
            matches,
            span: condition.span.clone(),
            ..Draft::default()
        });
    }
    Ok(drafts)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// When a condition is certainly true, or certainly false.
fn is(expr: &Expr, wanted: bool) -> Said<Formula> {
    match &expr.kind {
        ExprKind::Bool(value) => Ok(Formula::Always(*value == wanted)),
        ExprKind::Binary(operator @ ("and" | "or"), left, right) => {
            let parts = vec![is(left, wanted)?, is(right, wanted)?];
            Ok(if (*operator == "and") == wanted {
                Formula::All(parts)
            } else {
                Formula::Any(parts)
            })
        }
        ExprKind::Binary(operator, left, right) => {
            compared(operator, left, right, wanted, &expr.span)
        }
        ExprKind::Between(value, first, last, negated) => {
            let (first, last) = (number(first)?, number(last)?);
            among_numbers(value, &[(first, last)], wanted != *negated)
        }
        ExprKind::Call(name, arguments) => called(name, arguments, wanted, &expr.span),
        _ => Err(not_understood(&expr.span)),
    }
}

fn called(name: &str, arguments: &[Expr], wanted: bool, span: &Range<usize>) -> Said<Formula> {
    match (name, arguments) {
        ("not", [inner]) => is(inner, !wanted),
        // Null becomes the second, so it is false of what is not certainly true, or the other way round.
        (
            "coalesce",
            [
                inner,
                Expr {
                    kind: ExprKind::Bool(default),
                    ..
                },
            ],
        ) => {
            if *default == wanted {
                Ok(not(is(inner, !wanted)?))
            } else {
                is(inner, wanted)
            }
        }
        ("isnotnull" | "isnull", [value]) => {
            let is_there = (name == "isnotnull") == wanted;
            match column_of(value)? {
                Column::Number(key, most) => {
                    Ok(atom(key, Values::Numbers(vec![(0, most)]), !is_there))
                }
                // A text is never null.
                _ => Ok(Formula::Always(is_there)),
            }
        }
        ("isempty" | "isnotempty", [value]) => match column_of(value)? {
            Column::Text(key) => {
                let values = Values::Texts(vec![(TextKind::Equals, String::new(), false)]);
                Ok(atom(key, values, (name == "isempty") != wanted))
            }
            _ => Err(not_understood(span)),
        },
        (
            "ipv4_is_in_range" | "ipv4_is_match",
            [
                value,
                Expr {
                    kind: ExprKind::Text(net),
                    ..
                },
            ],
        ) => in_networks(value, vec![net.clone()], &[ANY_V4], wanted),
        (
            "ipv6_is_in_range" | "ipv6_is_match",
            [
                value,
                Expr {
                    kind: ExprKind::Text(net),
                    ..
                },
            ],
        ) => in_networks(value, vec![net.clone()], &[ANY_V4, ANY_V6], wanted),
        ("ipv4_is_in_any_range", [value, nets @ ..]) if !nets.is_empty() => {
            let mut all = Vec::new();
            for net in nets {
                all.extend(texts(net)?);
            }
            in_networks(value, all, &[ANY_V4], wanted)
        }
        ("ipv4_is_private", [value]) => {
            let nets = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(str::to_owned);
            in_networks(value, nets.to_vec(), &[ANY_V4], wanted)
        }
        _ => Err(unknown_function(name, span)),
    }
}

/// Null, and so neither true nor false, of what is no address of `of`.
fn in_networks(value: &Expr, nets: Vec<String>, of: &[&str], wanted: bool) -> Said<Formula> {
    let Column::Address(key) = column_of(value)? else {
        return Err(not_understood(&value.span));
    };
    let inside = atom(key, Values::Addresses(nets), !wanted);
    if wanted {
        return Ok(inside);
    }
    let of = of.iter().map(|net| (*net).to_owned()).collect();
    Ok(Formula::All(vec![
        inside,
        atom(key, Values::Addresses(of), false),
    ]))
}

fn compared(
    operator: &str,
    left: &Expr,
    right: &Expr,
    wanted: bool,
    span: &Range<usize>,
) -> Said<Formula> {
    // A constant on the left says the same the other way round.
    if matches!(left.kind, ExprKind::Text(_) | ExprKind::Number(_)) {
        let turned = match operator {
            "<" => ">",
            "<=" => ">=",
            ">" => "<",
            ">=" => "<=",
            "==" | "!=" | "=~" | "!~" => operator,
            _ => return Err(not_understood(span)),
        };
        if matches!(right.kind, ExprKind::Text(_) | ExprKind::Number(_)) {
            return Err(not_understood(span));
        }
        return compared(turned, right, left, wanted, span);
    }
    let (bare, negated) = match operator.strip_prefix('!') {
        Some("=") => ("==", true),
        Some("~") => ("=~", true),
        Some(bare) => (bare, true),
        None => (operator, false),
    };
    let wanted = wanted != negated;
    match (column_of(left)?, bare) {
        (Column::Number(..), _) => numbers(left, bare, right, wanted, span),
        (Column::Digits(key), "==" | "in" | "=~" | "in~") => {
            let mut list = Vec::new();
            for text in texts(right)? {
                // "007" and "-" are texts that no number of a list stands for.
                let number: Option<u64> = text
                    .parse()
                    .ok()
                    .filter(|number: &u64| number.to_string() == text);
                let number = number.ok_or_else(|| {
                    let message =
                        format!("{key} holds numbers, and `{}` is none", text.escape_debug());
                    Finding::new(message).at(right.span.clone()).help(HELP)
                })?;
                list.push((number, number));
            }
            Ok(atom(key, Values::Numbers(list), !wanted))
        }
        (Column::Address(key), "==" | "in" | "=~" | "in~") => {
            let list = texts(right)?;
            for text in &list {
                if text.parse::<IpAddr>().is_err() {
                    let message = format!(
                        "{key} holds addresses, and `{}` is none",
                        text.escape_debug()
                    );
                    let help = "a network is matched with ipv4_is_in_range(); `==` compares texts";
                    return Err(Finding::new(message).at(right.span.clone()).help(help));
                }
            }
            Ok(atom(key, Values::Addresses(list), !wanted))
        }
        (Column::Address(key), _) => Err(Finding::new(format!(
            "{key} is compared as a text, which exclusions cannot do"
        ))
        .at(span.clone())
        .help("say it with ipv4_is_in_range(cIP, \"192.168.0.0/16\")")),
        (Column::Text(key), _) => {
            let (kind, any_case) = match bare {
                "==" | "in" => (TextKind::Equals, false),
                "=~" | "in~" => (TextKind::Equals, true),
                "contains" => (TextKind::Contains, true),
                "contains_cs" => (TextKind::Contains, false),
                "startswith" => (TextKind::StartsWith, true),
                "startswith_cs" => (TextKind::StartsWith, false),
                "endswith" => (TextKind::EndsWith, true),
                "endswith_cs" => (TextKind::EndsWith, false),
                "has" | "has_any" => (TextKind::Has, true),
                "matches regex" => (TextKind::Regex, false),
                _ => return Err(not_understood(span)),
            };
            let list = texts(right)?;
            if kind == TextKind::Regex
                && let Some(what) = list.iter().find_map(|pattern| only_ours(pattern))
            {
                let message = "this regular expression means something else here than in RE2";
                return Err(Finding::new(message).at(right.span.clone()).help(what));
            }
            let tests = list
                .into_iter()
                .map(|text| (kind, text, any_case))
                .collect();
            Ok(atom(key, Values::Texts(tests), !wanted))
        }
        (Column::Digits(_), _) => Err(not_understood(span)),
    }
}

fn numbers(
    left: &Expr,
    operator: &str,
    right: &Expr,
    wanted: bool,
    span: &Range<usize>,
) -> Said<Formula> {
    let list: Vec<(u64, u64)> = match operator {
        "in" => {
            let ExprKind::List(list) = &right.kind else {
                return Err(not_understood(&right.span));
            };
            let each = list.iter().flat_map(|item| match &item.kind {
                ExprKind::List(inner) => inner.as_slice(),
                _ => std::slice::from_ref(item),
            });
            each.map(|item| number(item).map(|number| (number, number)))
                .collect::<Said<_>>()?
        }
        _ => {
            let limit = number(right)?;
            match operator {
                "==" => vec![(limit, limit)],
                ">=" => vec![(limit, u64::MAX)],
                ">" => vec![(limit.saturating_add(1), u64::MAX)],
                "<=" => vec![(0, limit)],
                "<" if limit > 0 => vec![(0, limit - 1)],
                "<" => Vec::new(),
                _ => return Err(not_understood(span)),
            }
        }
    };
    among_numbers(left, &list, wanted)
}

/// Null, and so neither true nor false, where there is no number.
fn among_numbers(value: &Expr, list: &[(u64, u64)], wanted: bool) -> Said<Formula> {
    let Column::Number(key, most) = column_of(value)? else {
        return Err(not_understood(&value.span));
    };
    let list: Vec<(u64, u64)> = list
        .iter()
        .map(|(first, last)| (*first, (*last).min(most)))
        .filter(|(first, last)| first <= last)
        .collect();
    let inside = if list.is_empty() {
        Formula::Always(!wanted)
    } else {
        atom(key, Values::Numbers(list), !wanted)
    };
    if wanted {
        return Ok(inside);
    }
    Ok(Formula::All(vec![
        inside,
        atom(key, Values::Numbers(vec![(0, most)]), false),
    ]))
}

fn number(expr: &Expr) -> Said<u64> {
    match expr.kind {
        ExprKind::Number(number) if number >= 0 => Ok(number.cast_unsigned()),
        _ => Err(Finding::new("expected a whole number that is not negative")
            .at(expr.span.clone())
            .help(HELP)),
    }
}

fn texts(expr: &Expr) -> Said<Vec<String>> {
    match &expr.kind {
        ExprKind::Text(text) => Ok(vec![text.clone()]),
        ExprKind::List(list) if !list.is_empty() => {
            let parts = list.iter().map(texts).collect::<Said<Vec<_>>>()?;
            Ok(parts.concat())
        }
        _ => Err(Finding::new("expected a text, or a list of texts")
            .at(expr.span.clone())
            .help(HELP)),
    }
}

/// The column that a value is. What is made a number is one up to the largest that the cast gives, else null.
fn column_of(value: &Expr) -> Said<Column> {
    let (name, most) = match &value.kind {
        ExprKind::Name(name) => (name, None),
        ExprKind::Call(cast, arguments) => {
            let most = match cast.as_str() {
                "toint" => i32::MAX.unsigned_abs().into(),
                "tolong" => i64::MAX.unsigned_abs(),
                _ => return Err(unknown_function(cast, &value.span)),
            };
            match arguments.as_slice() {
                [
                    Expr {
                        kind: ExprKind::Name(name),
                        ..
                    },
                ] => (name, Some(most)),
                _ => return Err(not_understood(&value.span)),
            }
        }
        _ => return Err(not_understood(&value.span)),
    };
    match (column(name), most) {
        (Some(Column::Digits(key)), Some(most)) => Ok(Column::Number(key, most)),
        (Some(Column::Number(key, whole)), Some(most)) => Ok(Column::Number(key, whole.min(most))),
        (Some(column), None) => Ok(column),
        _ => Err(Finding::new(format!(
            "`{name}` is no column that a condition can look at"
        ))
        .at(value.span.clone())
        .help("conditions look at the columns of W3CIISLog that IIS logs")),
    }
}

fn unknown_function(name: &str, span: &Range<usize>) -> Finding {
    Finding::new(format!("`{name}()` is not understood in a condition"))
        .at(span.clone())
        .help(HELP)
}

fn not_understood(span: &Range<usize>) -> Finding {
    Finding::new("this condition is not understood")
        .at(span.clone())
        .help(HELP)
}

fn atom(key: &'static str, values: Values, negated: bool) -> Formula {
    Formula::Atom(Atom {
        key,
        negated,
        values,
    })
}

fn not(formula: Formula) -> Formula {
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
fn together(atoms: Vec<Atom>, span: &Range<usize>) -> Said<Option<Vec<(String, String)>>> {
    let two_tests = |key: &str| {
        Finding::new(format!(
            "two tests of {key} must hold at once, which one exclusion cannot say"
        ))
        .at(span.clone())
        .help(HELP)
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
        (Values::Numbers(list), Values::Numbers(more)) => {
            let both = |(first, last): &(u64, u64), (other_first, other_last): &(u64, u64)| {
                let (first, last) = (*first.max(other_first), *last.min(other_last));
                (first <= last).then_some((first, last))
            };
            let shared: Vec<_> = list
                .iter()
                .flat_map(|one| more.iter().filter_map(move |two| both(one, two)))
                .collect();
            *list = shared;
        }
        _ => return Err(kept.key),
    }
    Ok(())
}

/// The values in TOML; `None` where texts are compared with regard to case and without, which one table cannot say.
fn written(values: &Values) -> Option<String> {
    Some(match values {
        Values::Addresses(list) => quoted_list(list),
        Values::Numbers(list) => {
            let each: Vec<String> = list
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
