//! The condition of a `where` to exclusions of the lines that it drops.
//!
//! `where` keeps the lines of which its condition is true, and drops those of which it is false *or null* (Microsoft,
//! *Null values*). So `where sPort != 80` drops lines without a port too, and `where not(ipv4_is_in_range(cIP, ..))`
//! every line whose client is not IPv4. What is dropped is therefore "not (certainly true)", in ordinary logic.

use super::formula::{self, Formula, Values, atom, not};
use super::syntax::{Expr, ExprKind};
use crate::exclusion::TextKind;
use crate::exclusion::draft::Draft;
use crate::exclusion::only_ours;
use scanbench_spec::Finding;
use std::net::IpAddr;
use std::ops::Range;

const HELP: &str = "say it with and, or, not, comparisons, in, between, has, contains, startswith, endswith, matches regex \
                    or ipv4_is_in_range(), or leave it out and write an exclusion list";
const ANY_V4: &str = "0.0.0.0/0";
const ANY_V6: &str = "::/0";

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
    let mut drafts = Vec::new();
    for matches in formula::exclusions(&is_dropped, &condition.span, HELP)? {
        if matches.is_empty() {
            return Err(Finding::new("this drops every line")
                .at(condition.span.clone())
                .help("leave it out"));
        }
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
    let ranges: Vec<(u64, u64)> = if operator == "in" {
        let ExprKind::List(list) = &right.kind else {
            return Err(not_understood(&right.span));
        };
        let each = list.iter().flat_map(|item| match &item.kind {
            ExprKind::List(inner) => inner.as_slice(),
            _ => std::slice::from_ref(item),
        });
        each.map(|item| number(item).map(|number| (number, number)))
            .collect::<Said<_>>()?
    } else {
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
    };
    among_numbers(left, &ranges, wanted)
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
