//! Names in the part of a query that sees lines: `let`s, columns that are computed, and what they come to.

use super::filter::is_column;
use super::syntax::{Expr, ExprKind};
use crate::friendly::{STATUS, STATUS_FALLBACK, WIN32, WIN32_FALLBACK};
use crate::published::Fallbacks;
use scanbench_spec::{Finding, closest};
use std::collections::BTreeMap;

/// More parts than this in one expression come of names that stand for names; no rule needs them.
const MOST_PARTS: usize = 4000;

/// What names stand for.
#[derive(Default)]
pub(super) struct Names {
    known: BTreeMap<String, Expr>,
    /// The columns that are left after a `project`.
    left: Option<Vec<String>>,
}

/// What the values of a set are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Column(String),
    StatusFull,
    StatusFriendly,
    Win32Hex,
    Win32Friendly,
    DecodedQuery,
    /// Anything else, which no row of ours has.
    Other,
}

impl Names {
    /// Gives a name to what an expression comes to.
    pub(super) fn add(&mut self, name: &str, expr: &Expr) -> Result<(), Finding> {
        let resolved = self.resolved(expr)?;
        self.known.insert(name.to_owned(), resolved);
        if let Some(left) = &mut self.left
            && !left.iter().any(|known| known == name)
        {
            left.push(name.to_owned());
        }
        Ok(())
    }

    /// Leaves only these columns.
    pub(super) fn leave(&mut self, names: Vec<String>) {
        self.left = Some(names);
    }

    /// An expression of columns of the table alone.
    pub(super) fn resolved(&self, expr: &Expr) -> Result<Expr, Finding> {
        let mut parts = 0;
        self.resolve(expr, &mut parts)
    }

    fn resolve(&self, expr: &Expr, parts: &mut usize) -> Result<Expr, Finding> {
        let mut each = |list: &[Expr]| {
            list.iter()
                .map(|one| self.resolve(one, parts))
                .collect::<Result<Vec<_>, _>>()
        };
        let kind = match &expr.kind {
            ExprKind::Name(name) => {
                let found = self.name(name, expr)?;
                *parts += size(&found);
                if *parts > MOST_PARTS {
                    return Err(Finding::new("names stand for too much here").at(expr.span.clone()));
                }
                return Ok(Expr {
                    span: expr.span.clone(),
                    ..found
                });
            }
            ExprKind::Call(name, arguments) => ExprKind::Call(name.clone(), each(arguments)?),
            ExprKind::List(list) => ExprKind::List(each(list)?),
            ExprKind::Binary(operator, left, right) => {
                let left = self.resolve(left, parts)?;
                ExprKind::Binary(
                    operator,
                    Box::new(left),
                    Box::new(self.resolve(right, parts)?),
                )
            }
            ExprKind::Between(value, first, last, negated) => {
                let value = Box::new(self.resolve(value, parts)?);
                let first = Box::new(self.resolve(first, parts)?);
                ExprKind::Between(value, first, Box::new(self.resolve(last, parts)?), *negated)
            }
            constant => constant.clone(),
        };
        Ok(Expr {
            kind,
            span: expr.span.clone(),
        })
    }

    fn name(&self, name: &str, expr: &Expr) -> Result<Expr, Finding> {
        let is_left = self
            .left
            .as_ref()
            .is_none_or(|left| left.iter().any(|known| known == name));
        let is_value = |known: &Expr| {
            !matches!(
                known.kind,
                ExprKind::Name(_) | ExprKind::Call(..) | ExprKind::Binary(..)
            )
        };
        match self.known.get(name) {
            // A `let` of a value stays when columns go.
            Some(known) if is_left || is_value(known) => return Ok(known.clone()),
            None if is_left && (is_column(name) || name == "TimeGenerated") => {
                return Ok(expr.clone());
            }
            _ => {}
        }
        let columns = [
            "TimeGenerated",
            "cIP",
            "sIP",
            "sPort",
            "Computer",
            "csHost",
            "csUserName",
            "csUserAgent",
            "csUriStem",
            "sSiteName",
        ];
        let known = self.known.keys().map(String::as_str).chain(columns);
        let help = match closest(name, known) {
            Some(near) => format!("did you mean `{near}`? names are told apart by case"),
            None => "expected a column of W3CIISLog that IIS logs, or a name that was given before"
                .to_owned(),
        };
        Err(Finding::new(format!("`{name}` is not known here"))
            .at(expr.span.clone())
            .help(help))
    }
}

/// How many parts an expression has.
fn size(expr: &Expr) -> usize {
    1 + match &expr.kind {
        ExprKind::Call(_, list) | ExprKind::List(list) => list.iter().map(size).sum(),
        ExprKind::Binary(_, left, right) => size(left) + size(right),
        ExprKind::Between(value, first, last, _) => size(value) + size(first) + size(last),
        _ => 0,
    }
}

/// What a column of lines holds. Last arguments of `case()` that are not ours go to `fallbacks`.
pub(super) fn content(expr: &Expr, fallbacks: &mut Fallbacks) -> Result<Content, Finding> {
    Ok(match &expr.kind {
        ExprKind::Name(name) => Content::Column(name.clone()),
        ExprKind::Call(name, arguments) => match (name.as_str(), arguments.as_slice()) {
            ("strcat", [status, dot, sub])
                if is_name(status, "scStatus")
                    && is_text(dot, ".")
                    && is_name(sub, "scSubStatus") =>
            {
                Content::StatusFull
            }
            (
                "tohex",
                [
                    Expr {
                        kind: ExprKind::Call(cast, inner),
                        ..
                    },
                ],
            ) if cast == "tolong"
                && matches!(inner.as_slice(), [code] if is_name(code, "scWin32Status")) =>
            {
                Content::Win32Hex
            }
            ("url_decode", [query]) if is_name(query, "csUriQuery") => Content::DecodedQuery,
            ("case", arguments) => case(expr, arguments, fallbacks)?,
            _ => Content::Other,
        },
        _ => Content::Other,
    })
}

fn is_name(expr: &Expr, wanted: &str) -> bool {
    matches!(&expr.kind, ExprKind::Name(name) if name == wanted)
}

fn is_text(expr: &Expr, wanted: &str) -> bool {
    matches!(&expr.kind, ExprKind::Text(text) if text == wanted)
}

/// One of the rule's two `case()`s, or any other.
fn case(expr: &Expr, arguments: &[Expr], fallbacks: &mut Fallbacks) -> Result<Content, Finding> {
    let Some((
        Expr {
            kind: ExprKind::Text(last),
            ..
        },
        pairs,
    )) = arguments.split_last()
    else {
        return Ok(Content::Other);
    };
    let mut found: Option<Content> = None;
    let mut said = BTreeMap::new();
    for pair in pairs.chunks(2) {
        let [
            Expr {
                kind: ExprKind::Binary(operator @ ("==" | "=~"), left, right),
                ..
            },
            Expr {
                kind: ExprKind::Text(text),
                ..
            },
        ] = pair
        else {
            return Ok(Content::Other);
        };
        let of = content(left, &mut Fallbacks::default())?;
        let ExprKind::Text(code) = &right.kind else {
            return Ok(Content::Other);
        };
        if !matches!(of, Content::StatusFull | Content::Win32Hex)
            || found.as_ref().is_some_and(|found| *found != of)
        {
            return Ok(Content::Other);
        }
        found = Some(of);
        // tohex() gives lower case, so `==` with an upper-case code is never true.
        if *operator == "==" && code.chars().any(|char| char.is_ascii_uppercase()) {
            return Err(Finding::new(format!(
                "`== \"{}\"` is never true of tohex(), which gives lower case",
                code.escape_debug()
            ))
            .at(right.span.clone())
            .help("compare with =~"));
        }
        // The first that is true wins.
        said.entry(code.to_ascii_lowercase())
            .or_insert_with(|| text.clone());
    }
    let (ours, ours_last, theirs_last, content): (&[(&str, &str)], _, _, _) = match found {
        Some(Content::StatusFull) => (
            &STATUS,
            STATUS_FALLBACK,
            &mut fallbacks.status,
            Content::StatusFriendly,
        ),
        Some(Content::Win32Hex) => (
            &WIN32,
            WIN32_FALLBACK,
            &mut fallbacks.win32,
            Content::Win32Friendly,
        ),
        _ => return Ok(Content::Other),
    };
    let is_ours = said.len() == ours.len()
        && ours
            .iter()
            .all(|(code, text)| said.get(*code).is_some_and(|said| said == text));
    if !is_ours {
        let differs = ours
            .iter()
            .find(|(code, text)| said.get(*code).is_none_or(|said| said != text));
        let what = match differs {
            Some((code, _)) => format!("what it says of {code} is not what the rule says"),
            None => "it has codes that the rule does not have".to_owned(),
        };
        return Err(Finding::new(format!("the texts of this case() are not those of the rule: {what}"))
            .at(expr.span.clone())
            .help("rows show the rule's own texts; take the column out of the query, or the rule's texts into it"));
    }
    if last != ours_last {
        *theirs_last = Some(last.clone());
    }
    Ok(content)
}
