//! What a regular expression of ours means in RE2, the engine of Kusto and of DuckDB: the same, or why not.
//!
//! The two syntaxes look alike and differ in places where neither says so: `\w` is any letter here and an ASCII letter
//! there, `[a[b]]` a class in a class here and a class followed by a bracket there. So the pattern's tree is walked, and
//! what both are not known to read alike is refused (syntax of RE2: `https://github.com/google/re2/wiki/Syntax`; ours:
//! the documentation of the crate `regex`).

use regex_syntax::ast::{self, Visitor, visit};

/// RE2 refuses more repetitions than this.
const MAX_REPEATS: u32 = 1000;

/// Why RE2 would not read a pattern as we do, with what to write; `None` if it would.
pub(crate) fn only_ours(pattern: &str) -> Option<&'static str> {
    // A pattern that does not parse was refused when the list was read.
    let tree = ast::parse::Parser::new().parse(pattern).ok()?;
    visit(&tree, Walk).err()
}

struct Walk;

type Verdict = Result<(), &'static str>;

impl Visitor for Walk {
    type Output = ();
    type Err = &'static str;

    fn finish(self) -> Verdict {
        Ok(())
    }

    fn visit_pre(&mut self, node: &ast::Ast) -> Verdict {
        use ast::Ast;
        match node {
            Ast::Flags(set) => flags(&set.flags),
            Ast::Literal(one) => literal(one),
            Ast::Assertion(one) => assertion(&one.kind),
            Ast::ClassUnicode(class) => unicode(class),
            Ast::ClassPerl(class) => perl(class),
            Ast::Repetition(repetition) => repeat(repetition),
            Ast::Group(group) => match &group.kind {
                ast::GroupKind::NonCapturing(set) => flags(set),
                ast::GroupKind::CaptureName {
                    starts_with_p: false,
                    ..
                } => Err("RE2 has no (?<name>...) in every version: write (?P<name>...)"),
                _ => Ok(()),
            },
            Ast::Empty(_)
            | Ast::Dot(_)
            | Ast::ClassBracketed(_)
            | Ast::Alternation(_)
            | Ast::Concat(_) => Ok(()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ast::ClassSetItem) -> Verdict {
        use ast::ClassSetItem as Item;
        match item {
            Item::Literal(one) => literal(one),
            Item::Range(range) => literal(&range.start).and(literal(&range.end)),
            Item::Unicode(class) => unicode(class),
            Item::Perl(class) => perl(class),
            Item::Bracketed(_) => Err("RE2 has no classes within classes: list all that they hold"),
            Item::Empty(_) | Item::Ascii(_) | Item::Union(_) => Ok(()),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, _: &ast::ClassSetBinaryOp) -> Verdict {
        Err("RE2 has no operations on classes (&&, --, ~~): list what is left")
    }
}

fn flags(set: &ast::Flags) -> Verdict {
    use ast::{Flag, FlagsItemKind};
    for item in &set.items {
        match item.kind {
            FlagsItemKind::Flag(Flag::Unicode) => {
                return Err("RE2 has no flag u: write classes of ASCII such as [0-9]");
            }
            FlagsItemKind::Flag(Flag::CRLF) => return Err("RE2 has no flag R: write \\r?\\n"),
            FlagsItemKind::Flag(Flag::IgnoreWhitespace) => {
                return Err("RE2 has no flag x: write it without blanks and comments");
            }
            FlagsItemKind::Flag(_) | FlagsItemKind::Negation => {}
        }
    }
    Ok(())
}

fn literal(one: &ast::Literal) -> Verdict {
    use ast::{HexLiteralKind, LiteralKind};
    match &one.kind {
        LiteralKind::HexFixed(kind) | LiteralKind::HexBrace(kind) if *kind != HexLiteralKind::X => {
            Err("RE2 has no \\u and \\U: write \\x{...}")
        }
        _ => Ok(()),
    }
}

fn assertion(kind: &ast::AssertionKind) -> Verdict {
    use ast::AssertionKind as Kind;
    match kind {
        Kind::StartLine | Kind::EndLine | Kind::StartText | Kind::EndText => Ok(()),
        _ => Err(
            "RE2 has no word edges but those of ASCII: use `has`, or write what stands beside the word",
        ),
    }
}

fn unicode(class: &ast::ClassUnicode) -> Verdict {
    let is_category = match &class.kind {
        ast::ClassUnicodeKind::OneLetter(_) => true,
        // Scripts and categories are the same by these names; properties (Alphabetic) and long names are not there.
        ast::ClassUnicodeKind::Named(name) => {
            let mut letters = name.chars();
            name.len() == 2
                && letters.next().is_some_and(|char| char.is_ascii_uppercase())
                && letters.next().is_some_and(|char| char.is_ascii_lowercase())
        }
        ast::ClassUnicodeKind::NamedValue { .. } => false,
    };
    if is_category {
        Ok(())
    } else {
        Err("RE2 has no properties of characters but the general categories, such as \\p{Lu}")
    }
}

fn perl(class: &ast::ClassPerl) -> Verdict {
    Err(match class.kind {
        ast::ClassPerlKind::Digit => "RE2 has no digits in \\d but those of ASCII: write [0-9]",
        ast::ClassPerlKind::Space => "RE2 has no blanks in \\s but those of ASCII: write [ \\t]",
        ast::ClassPerlKind::Word => {
            "RE2 has no letters in \\w but those of ASCII: write [0-9A-Za-z_]"
        }
    })
}

fn repeat(repetition: &ast::Repetition) -> Verdict {
    use ast::{RepetitionKind, RepetitionRange};
    if let ast::Ast::Repetition(_) = *repetition.ast {
        return Err("RE2 has no repetition of a repetition: put the inner one into (?:...)");
    }
    match repetition.op.kind {
        RepetitionKind::Range(
            RepetitionRange::Exactly(most)
            | RepetitionRange::AtLeast(most)
            | RepetitionRange::Bounded(_, most),
        ) if most > MAX_REPEATS => {
            Err("RE2 has no more than 1,000 repetitions: write fewer, or nest them")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::only_ours;

    /// Read by hand against RE2's page of syntax.
    #[test]
    fn what_both_read_alike() {
        for pattern in [
            "^Ness.s$",
            "(?i)us|curl",
            "[^a-z[:alpha:]-]+?",
            r"\x{e9}\x41\pL\p{Lu}\.\+\z",
            "(?P<name>a){2,1000}",
            "(?:a+)+",
            "é(?s-i:.)",
        ] {
            assert_eq!(only_ours(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn what_only_we_read_so() {
        for (pattern, expected) in [
            ("[a-z&&b]", "operations"),
            ("[a--b]", "operations"),
            ("[a-z[0-9]]", "within"),
            (r"\d", "[0-9]"),
            (r"[^\w]", "[0-9A-Za-z_]"),
            (r"a\s", "blanks"),
            (r"\bcurl\b", "`has`"),
            (r"\<a", "`has`"),
            (r"\b{start}a", "`has`"),
            ("(?x) a b", "flag x"),
            ("(?i-u:a)", "flag u"),
            ("(?R)$", "flag R"),
            (r"\p{Alphabetic}", "categories"),
            (r"\p{gc=Lu}", "categories"),
            (r"\u00e9", "\\x{"),
            ("(?<n>a)", "(?P<"),
            ("a**", "(?:"),
            ("a{1001}", "1,000"),
        ] {
            let why = only_ours(pattern).unwrap_or_default();
            assert!(why.contains(expected), "{pattern}: {why}");
        }
    }
}
