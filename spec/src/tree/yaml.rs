//! YAML into the tree: the core schema of YAML 1.2, so `no` and `22:00` are texts. Anchors, aliases and tags are
//! refused: nobody needs them in a list, and they let a small file grow without limit.

use super::{Key, MAX_DEPTH, Node, Value, too_deep};
use crate::Finding;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};
use std::ops::Range;

pub(super) fn parse(text: &str) -> Result<Node, Vec<Finding>> {
    Builder::new(text).build().map_err(|finding| vec![finding])
}

/// A list or table that is still open.
struct Open {
    start: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    /// The key that waits for its value, where there is one.
    Table(Vec<(Key, Node)>, Option<Key>),
}

struct Builder<'t> {
    text: &'t str,
    /// The byte of each character, where not every character is one byte.
    bytes: Option<Vec<usize>>,
    open: Vec<Open>,
    root: Option<Node>,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(byte, _)| byte).collect());
        Self {
            text,
            bytes,
            open: Vec::new(),
            root: None,
        }
    }

    fn build(mut self) -> Result<Node, Finding> {
        let mut parser = Parser::new_from_str(self.text);
        let mut documents = 0;
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| {
                let byte = self.byte(error.marker());
                Finding::new(error.info()).at(byte..byte)
            })?;
            let span = self.span(span);
            if let Event::Scalar(_, _, 1.., _)
            | Event::SequenceStart(1.., _)
            | Event::MappingStart(1.., _)
            | Event::Alias(_) = event
            {
                return Err(Finding::new("anchors and aliases are not read here")
                    .at(span)
                    .help("write the value out where it is needed"));
            }
            if let Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) = event
            {
                return Err(Finding::new("tags are not read here").at(span));
            }
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(Finding::new("a second document begins here")
                            .at(span)
                            .help("one file holds one list"));
                    }
                }
                Event::Scalar(text, style, ..) => self.scalar(&text, style, span)?,
                Event::SequenceStart(..) => self.begin(span, OpenKind::List(Vec::new()))?,
                Event::MappingStart(..) => self.begin(span, OpenKind::Table(Vec::new(), None))?,
                Event::SequenceEnd | Event::MappingEnd => self.end(span)?,
                _ => {}
            }
        }
        Ok(self.root.unwrap_or(Node {
            span: 0..0,
            value: Value::Table(Vec::new()),
        }))
    }

    fn byte(&self, marker: &Marker) -> usize {
        match &self.bytes {
            None => marker.index().min(self.text.len()),
            Some(bytes) => bytes
                .get(marker.index())
                .copied()
                .unwrap_or(self.text.len()),
        }
    }

    fn span(&self, span: Span) -> Range<usize> {
        let start = self.byte(&span.start);
        start..self.byte(&span.end).max(start)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        span: Range<usize>,
    ) -> Result<(), Finding> {
        if let Some(Open {
            kind: OpenKind::Table(entries, waiting @ None),
            ..
        }) = self.open.last_mut()
        {
            if entries.iter().any(|(key, _)| key.name == text) {
                return Err(Finding::new(format!("the key `{text}` stands twice")).at(span));
            }
            *waiting = Some(Key {
                span,
                name: text.to_owned(),
            });
            return Ok(());
        }
        let value = match style {
            ScalarStyle::Plain => plain(text).ok_or_else(|| {
                Finding::new(format!("the number {text} is too large")).at(span.clone())
            })?,
            _ => Value::Text(text.to_owned()),
        };
        self.add(Node { span, value })
    }

    fn begin(&mut self, span: Range<usize>, kind: OpenKind) -> Result<(), Finding> {
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(span));
        }
        if let Some(Open {
            kind: OpenKind::Table(_, None),
            ..
        }) = self.open.last()
        {
            return Err(Finding::new("expected a text as a key, found a list or a table").at(span));
        }
        self.open.push(Open {
            start: span.start,
            kind,
        });
        Ok(())
    }

    fn end(&mut self, span: Range<usize>) -> Result<(), Finding> {
        let Some(open) = self.open.pop() else {
            return Err(Finding::new("an end without a beginning").at(span));
        };
        let value = match open.kind {
            OpenKind::List(list) => Value::List(list),
            OpenKind::Table(entries, _) => Value::Table(entries),
        };
        // A block ends where the next thing begins; what is blank before that is not part of it.
        let whole = &self.text[open.start..span.end.max(open.start)];
        let end = open.start + whole.trim_end().len();
        self.add(Node {
            span: open.start..end,
            value,
        })
    }

    fn add(&mut self, node: Node) -> Result<(), Finding> {
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(OpenKind::List(list)) => list.push(node),
            Some(OpenKind::Table(entries, waiting)) => match waiting.take() {
                Some(key) => entries.push((key, node)),
                None => return Err(Finding::new("a value without a key").at(node.span)),
            },
        }
        Ok(())
    }
}

/// A scalar without quotes, by the core schema; `None` where it is a number that is too large.
fn plain(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        _ => {}
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Value::Integer);
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.bytes().all(|byte| char::from(byte).is_digit(radix))
        {
            return i64::from_str_radix(digits, radix).ok().map(Value::Integer);
        }
    }
    let is_float = digits.starts_with(|char: char| char.is_ascii_digit() || char == '.')
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    Some(match text.parse::<f64>() {
        Ok(number) if is_float => Value::Float(number),
        _ => Value::Text(text.to_owned()),
    })
}
