//! Tokens to a query: `let`s, a table, and operators behind pipes. Only the shapes that analytics rules over one table
//! use are read; any other is refused at its place.

use super::lexer::{Kind, Token, tokens};
use scanbench_spec::Finding;
use std::ops::Range;
use std::time::Duration;

/// How deep expressions may be nested; rules of people have less than ten.
const MAX_DEPTH: usize = 64;

/// An expression with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum ExprKind {
    Number(i64),
    Text(String),
    Bool(bool),
    Span(Duration),
    Name(String),
    Call(String, Vec<Expr>),
    /// `dynamic([...])`, and the brackets behind `in`.
    List(Vec<Expr>),
    /// An operator between two expressions.
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// `value between (first .. last)`; true for `!between`.
    Between(Box<Expr>, Box<Expr>, Box<Expr>, bool),
}

/// An expression that may have been given a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    pub(super) name: Option<String>,
    pub(super) expr: Expr,
}

/// One operator behind a pipe.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operator {
    pub(super) kind: OperatorKind,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum OperatorKind {
    Where(Expr),
    Extend(Vec<Named>),
    Summarize {
        aggregates: Vec<Named>,
        by: Vec<Named>,
    },
    Project(Vec<Named>),
    ProjectAway(Vec<Named>),
    Order,
}

/// A whole query.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Query {
    pub(super) lets: Vec<(String, Expr)>,
    pub(super) table: (String, Range<usize>),
    pub(super) operators: Vec<Operator>,
}

/// Reads a query.
///
/// # Errors
/// The first thing that is no part of such a query, at its place.
pub(super) fn parse(text: &str) -> Result<Query, Finding> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        end: text.len(),
        depth: 0,
    };
    let query = parser.query()?;
    match parser.peek() {
        None => Ok(query),
        Some(_) => Err(parser.unexpected("a pipe `|` or the end of the query")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    end: usize,
    depth: usize,
}

type Parsed<T> = Result<T, Finding>;

/// Operators between expressions by how tightly they bind, loosest first.
const LEVELS: [&[&str]; 3] = [
    &["or"],
    &["and"],
    &[
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "=~",
        "!~",
        "contains",
        "!contains",
        "contains_cs",
        "!contains_cs",
        "startswith",
        "!startswith",
        "startswith_cs",
        "!startswith_cs",
        "endswith",
        "!endswith",
        "endswith_cs",
        "!endswith_cs",
        "has",
        "!has",
        "has_cs",
        "!has_cs",
        "has_any",
        "in",
        "!in",
        "in~",
        "!in~",
        "matches",
        "between",
        "!between",
    ],
];

impl Parser {
    fn query(&mut self) -> Parsed<Query> {
        let mut lets = Vec::new();
        while self.word("let") {
            let (name, _) = self.name("a name")?;
            self.expect("=")?;
            let value = self.expr()?;
            self.expect(";")?;
            lets.push((name, value));
        }
        let table = self.name("the name of a table")?;
        let mut operators = Vec::new();
        while self.sign("|") {
            operators.push(self.operator()?);
        }
        while self.sign(";") {}
        Ok(Query {
            lets,
            table,
            operators,
        })
    }

    fn operator(&mut self) -> Parsed<Operator> {
        let start = self.place();
        let (mut name, span) = self.name("an operator such as where, extend or summarize")?;
        if matches!(name.as_str(), "project" | "order" | "sort") && self.sign("-") {
            name = format!("{name}-{}", self.name("the rest of the operator's name")?.0);
        }
        let kind = match name.as_str() {
            "where" | "filter" => OperatorKind::Where(self.expr()?),
            "extend" => OperatorKind::Extend(self.list()?),
            "project" => OperatorKind::Project(self.list()?),
            "project-away" => OperatorKind::ProjectAway(self.list()?),
            "summarize" => {
                let aggregates = if self.is_word("by") {
                    Vec::new()
                } else {
                    self.list()?
                };
                let by = if self.word("by") {
                    self.list()?
                } else {
                    Vec::new()
                };
                OperatorKind::Summarize { aggregates, by }
            }
            "order" | "sort" => {
                if !self.word("by") {
                    return Err(self.unexpected("by"));
                }
                loop {
                    self.expr()?;
                    let _ = self.word("asc") || self.word("desc");
                    if self.word("nulls") && !(self.word("first") || self.word("last")) {
                        return Err(self.unexpected("first or last"));
                    }
                    if !self.sign(",") {
                        break;
                    }
                }
                OperatorKind::Order
            }
            other => {
                return Err(Finding::new(format!("the operator `{other}` is not understood"))
                    .at(span)
                    .help("understood are where, extend, summarize, project, project-away and order by; a query is taken over wholly or not at all"));
            }
        };
        Ok(Operator {
            kind,
            span: start..self.passed(),
        })
    }

    fn list(&mut self) -> Parsed<Vec<Named>> {
        let mut list = Vec::new();
        loop {
            let is_named = matches!(self.tokens.get(self.at..self.at + 2), Some([name, sign])
                if matches!(name.kind, Kind::Word(_)) && sign.kind == Kind::Sign("="));
            let name = if is_named {
                let (name, _) = self.name("a name")?;
                self.expect("=")?;
                Some(name)
            } else {
                None
            };
            list.push(Named {
                name,
                expr: self.expr()?,
            });
            if !self.sign(",") {
                return Ok(list);
            }
        }
    }

    fn expr(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.unexpected("an expression of fewer brackets"));
        }
        let expr = self.level(0);
        self.depth -= 1;
        expr
    }

    fn level(&mut self, level: usize) -> Parsed<Expr> {
        let Some(operators) = LEVELS.get(level) else {
            return self.atom();
        };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.one_of(operators) {
            left = self.behind(left, operator, level)?;
        }
        Ok(left)
    }

    /// What stands to the right of an operator, joined to what stands to its left.
    fn behind(&mut self, left: Expr, operator: &'static str, level: usize) -> Parsed<Expr> {
        let start = left.span.start;
        let left = Box::new(left);
        let kind = match operator {
            "between" | "!between" => {
                self.expect("(")?;
                let first = Box::new(self.expr()?);
                self.expect("..")?;
                let last = Box::new(self.expr()?);
                self.expect(")")?;
                ExprKind::Between(left, first, last, operator == "!between")
            }
            "in" | "!in" | "in~" | "!in~" | "has_any" => {
                let list = Box::new(self.brackets("(", ")")?);
                ExprKind::Binary(operator, left, list)
            }
            "matches" => {
                if !self.word("regex") {
                    return Err(self.unexpected("regex"));
                }
                ExprKind::Binary("matches regex", left, Box::new(self.level(level + 1)?))
            }
            _ => ExprKind::Binary(operator, left, Box::new(self.level(level + 1)?)),
        };
        Ok(Expr {
            kind,
            span: start..self.passed(),
        })
    }

    fn atom(&mut self) -> Parsed<Expr> {
        let start = self.place();
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return Err(self.unexpected("a value"));
        };
        let kind = match token.kind {
            Kind::Sign("(") => {
                self.at += 1;
                let inner = self.expr()?;
                self.expect(")")?;
                inner.kind
            }
            Kind::Sign("-") => {
                self.at += 1;
                match self.tokens.get(self.at).map(|token| &token.kind) {
                    Some(Kind::Number(number)) if i64::try_from(*number).is_ok() => {
                        let number = number.cast_signed();
                        self.at += 1;
                        ExprKind::Number(-number)
                    }
                    _ => return Err(self.unexpected("a number")),
                }
            }
            Kind::Text(text) => {
                self.at += 1;
                ExprKind::Text(text)
            }
            Kind::Number(number) => {
                let Ok(number) = i64::try_from(number) else {
                    return Err(self.unexpected("a number that is a long"));
                };
                self.at += 1;
                ExprKind::Number(number)
            }
            Kind::Span(span) => {
                self.at += 1;
                ExprKind::Span(span)
            }
            Kind::Word(word) => {
                self.at += 1;
                self.after_word(word)?
            }
            Kind::Sign(_) => return Err(self.unexpected("a value")),
        };
        Ok(Expr {
            kind,
            span: start..self.passed(),
        })
    }

    fn after_word(&mut self, word: String) -> Parsed<ExprKind> {
        if word == "true" || word == "false" {
            return Ok(ExprKind::Bool(word == "true"));
        }
        if !self.is_sign("(") {
            return Ok(ExprKind::Name(word));
        }
        if word == "dynamic" {
            self.expect("(")?;
            let list = self.brackets("[", "]")?;
            self.expect(")")?;
            return Ok(list.kind);
        }
        let ExprKind::List(arguments) = self.brackets("(", ")")?.kind else {
            return Err(self.unexpected("arguments"));
        };
        Ok(ExprKind::Call(word, arguments))
    }

    fn brackets(&mut self, open: &'static str, close: &'static str) -> Parsed<Expr> {
        let start = self.place();
        self.expect(open)?;
        let mut list = Vec::new();
        while !self.sign(close) {
            list.push(self.expr()?);
            if !self.sign(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(Expr {
            kind: ExprKind::List(list),
            span: start..self.passed(),
        })
    }

    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn place(&self) -> usize {
        self.tokens
            .get(self.at)
            .map_or(self.end, |token| token.span.start)
    }

    /// The end of the last token that was taken.
    fn passed(&self) -> usize {
        let last = self
            .at
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last));
        last.map_or(0, |token| token.span.end)
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Kind::Sign(found)) if *found == sign)
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is = self.is_sign(sign);
        self.at += usize::from(is);
        is
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Kind::Word(found)) if found == word)
    }

    fn word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.at += usize::from(is);
        is
    }

    fn one_of(&mut self, operators: &[&'static str]) -> Option<&'static str> {
        let found = operators.iter().find(|operator| match self.peek() {
            Some(Kind::Word(word)) => word == *operator,
            Some(Kind::Sign(sign)) => sign == *operator,
            _ => false,
        })?;
        self.at += 1;
        Some(found)
    }

    fn name(&mut self, what: &str) -> Parsed<(String, Range<usize>)> {
        match self.tokens.get(self.at) {
            Some(Token {
                kind: Kind::Word(word),
                span,
            }) => {
                let found = (word.clone(), span.clone());
                self.at += 1;
                Ok(found)
            }
            _ => Err(self.unexpected(what)),
        }
    }

    fn expect(&mut self, sign: &'static str) -> Parsed<()> {
        if self.sign(sign) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{sign}`")))
        }
    }

    fn unexpected(&self, expected: &str) -> Finding {
        let span = self
            .tokens
            .get(self.at)
            .map_or(self.end..self.end, |token| token.span.clone());
        let found = match self.peek() {
            None => "the query ends here".to_owned(),
            Some(Kind::Word(word)) => format!("`{word}` is not understood here"),
            Some(Kind::Sign(sign)) => format!("`{sign}` is not understood here"),
            Some(_) => "this value is not understood here".to_owned(),
        };
        Finding::new(format!("{found}: expected {expected}"))
            .at(span)
            .help("a query is taken over wholly or not at all")
    }
}
