//! The condition of a Sigma filter, and what it lets go.
//!
//! A filter's condition is joined to the rule's by "and", so what goes is what does not pass it.

use std::collections::BTreeSet;

/// The most alternatives that a condition may come to.
const MOST: usize = 256;
/// The most brackets inside each other.
const DEEPEST: usize = 32;

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// A selection, by name.
    Name(String),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// One of the things that must hold together: a leaf, or that it does not hold.
pub(super) type Literal<L> = (L, bool);

impl Expression {
    /// Reads a condition; `names` are the selections that there are.
    pub(super) fn parse(text: &str, names: &[String]) -> Result<Self, String> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let tokens: Vec<&str> = spaced.split_whitespace().collect();
        let mut parser = Parser {
            tokens: &tokens,
            names,
            depth: 0,
        };
        let expression = parser.any()?;
        match parser.tokens.first() {
            None => Ok(expression),
            Some(token) => Err(format!("\"{token}\" was not expected in the condition")),
        }
    }

    /// Whether there is a `not` anywhere in it.
    pub(super) fn has_not(&self) -> bool {
        match self {
            Self::Name(_) => false,
            Self::Not(_) => true,
            Self::All(list) | Self::Any(list) => list.iter().any(Self::has_not),
        }
    }

    /// Alternatives, each of things that must hold together, of this expression or of its opposite. `leaf` gives the
    /// alternatives of a selection, and of its opposite.
    pub(super) fn alternatives<L: Clone + Ord>(
        &self,
        is_positive: bool,
        leaf: &impl Fn(&str, bool) -> Result<Vec<Vec<Literal<L>>>, String>,
    ) -> Result<Vec<Vec<Literal<L>>>, String> {
        let (list, is_all) = match self {
            Self::Name(name) => return leaf(name, is_positive),
            Self::Not(inner) => return inner.alternatives(!is_positive, leaf),
            Self::All(list) => (list, is_positive),
            Self::Any(list) => (list, !is_positive),
        };
        let parts = list
            .iter()
            .map(|one| one.alternatives(is_positive, leaf))
            .collect::<Result<Vec<_>, String>>()?;
        if is_all {
            product(&parts)
        } else {
            Ok(parts.concat())
        }
    }
}

/// Every choice of one alternative of each part, joined.
pub(super) fn product<L: Clone + Ord>(
    parts: &[Vec<Vec<Literal<L>>>],
) -> Result<Vec<Vec<Literal<L>>>, String> {
    let mut joined: Vec<BTreeSet<Literal<L>>> = vec![BTreeSet::new()];
    for part in parts {
        if joined.len() * part.len() > MOST {
            return Err(format!(
                "the condition comes to more than {MOST} alternatives"
            ));
        }
        joined = joined
            .iter()
            .flat_map(|known| {
                part.iter()
                    .map(move |more| known.iter().chain(more).cloned().collect())
            })
            .collect();
    }
    Ok(joined
        .into_iter()
        .map(|set| set.into_iter().collect())
        .collect())
}

struct Parser<'p> {
    tokens: &'p [&'p str],
    names: &'p [String],
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self, wanted: &str) -> bool {
        let is_next = self
            .tokens
            .first()
            .is_some_and(|token| token.eq_ignore_ascii_case(wanted));
        if is_next {
            self.tokens = &self.tokens[1..];
        }
        is_next
    }

    fn any(&mut self) -> Result<Expression, String> {
        let mut list = vec![self.all()?];
        while self.take("or") {
            list.push(self.all()?);
        }
        Ok(joined(list, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, String> {
        let mut list = vec![self.one()?];
        while self.take("and") {
            list.push(self.one()?);
        }
        Ok(joined(list, Expression::All))
    }

    fn one(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("the condition is nested too deep".to_owned());
        }
        let outcome = self.nested();
        self.depth -= 1;
        outcome
    }

    fn nested(&mut self) -> Result<Expression, String> {
        if self.take("not") {
            return Ok(Expression::Not(Box::new(self.one()?)));
        }
        if self.take("(") {
            let inner = self.any()?;
            return if self.take(")") {
                Ok(inner)
            } else {
                Err("a bracket of the condition is not closed".to_owned())
            };
        }
        let Some((token, rest)) = self.tokens.split_first() else {
            return Err("the condition ends too early".to_owned());
        };
        if let ["1" | "all", of, pattern, ..] = self.tokens
            && of.eq_ignore_ascii_case("of")
        {
            let list: Vec<Expression> = self.fitting(pattern);
            self.tokens = &self.tokens[3..];
            return match list.is_empty() {
                true => Err(format!("no selection is named {pattern}")),
                false if *token == "1" => Ok(joined(list, Expression::Any)),
                false => Ok(joined(list, Expression::All)),
            };
        }
        if !self.names.iter().any(|name| name == token) {
            return Err(format!("no selection is named {token}"));
        }
        self.tokens = rest;
        Ok(Expression::Name((*token).to_owned()))
    }

    /// The selections that `them` or a name with `*` at its end stands for.
    fn fitting(&self, pattern: &str) -> Vec<Expression> {
        let fits = |name: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => pattern.eq_ignore_ascii_case("them") || name == pattern,
        };
        let names = self.names.iter().filter(|name| fits(name));
        names.cloned().map(Expression::Name).collect()
    }
}

fn joined(mut list: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    if list.len() == 1 {
        list.remove(0)
    } else {
        join(list)
    }
}
