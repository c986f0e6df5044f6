//! Queries as text again: `parse(query.to_string())` gives an equal tree.
//!
//! Groups inside a group of the same kind keep their parentheses, because the tree keeps them apart, too.
//! A bare scalar is printed as it is, so one that was made by hand must hold what the grammar lets stand bare.

use std::fmt::{self, Display, Formatter, Write as _};

use crate::ast::{Expr, Query, Quote, Range, Scalar, Term, Value};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.root {
            Some(root) => root.fmt(f),
            None => Ok(()),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(operands) => joined(f, operands, " and ", |e| matches!(e, Self::And(_) | Self::Or(_))),
            Self::Or(operands) => joined(f, operands, " or ", |e| matches!(e, Self::Or(_))),
            Self::Not(inner) => {
                f.write_str("not ")?;
                grouped(f, inner, matches!(**inner, Self::And(_) | Self::Or(_)))
            }
            Self::Term(term) => term.fmt(f),
            Self::Nested { token, inner } => {
                write!(f, "{}:", token.name)?;
                // a second pair of parentheses never begins a range
                let range = looks_like_range(inner);
                f.write_str(if range { "(" } else { "" })?;
                grouped(f, inner, true)?;
                f.write_str(if range { ")" } else { "" })
            }
            Self::IsNull(token) => write!(f, "{} is null", token.name),
            Self::FreeText(text) => text.fmt(f),
        }
    }
}

fn joined(f: &mut Formatter<'_>, operands: &[Expr], word: &str, group: fn(&Expr) -> bool) -> fmt::Result {
    for (index, operand) in operands.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        grouped(f, operand, group(operand))?;
    }
    Ok(())
}

fn grouped(f: &mut Formatter<'_>, expr: &Expr, group: bool) -> fmt::Result {
    match (group, ends_open(expr)) {
        (false, _) => expr.fmt(f),
        (true, false) => write!(f, "({expr})"),
        // without the blank, the parenthesis would close the one in the word
        (true, true) => write!(f, "({expr} )"),
    }
}

/// Whether the text ends in a bare word with a parenthesis that is not closed, such as `a(b`.
fn ends_open(expr: &Expr) -> bool {
    let scalar = match expr {
        Expr::And(operands) => {
            return operands
                .last()
                .is_some_and(|last| !matches!(last, Expr::And(_) | Expr::Or(_)) && ends_open(last));
        }
        Expr::Or(operands) => {
            return operands.last().is_some_and(|last| !matches!(last, Expr::Or(_)) && ends_open(last));
        }
        Expr::Not(inner) => return !matches!(**inner, Expr::And(_) | Expr::Or(_)) && ends_open(inner),
        Expr::Term(Term { value: Value::Scalar(scalar), .. }) | Expr::FreeText(scalar) => scalar,
        Expr::Term(_) | Expr::Nested { .. } | Expr::IsNull(_) => return false,
    };
    let word = scalar.text.rsplit(' ').next().unwrap_or_default();
    let count = |mark: char| word.matches(mark).count();
    scalar.quote == Quote::Bare && count('(') > count(')')
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.token.name, self.op.as_str(), self.value)
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(scalar) => scalar.fmt(f),
            Self::Range(range) => range.fmt(f),
            Self::List(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    item.fmt(f)?;
                }
                f.write_char(']')
            }
        }
    }
}

impl Display for Range {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char(if self.lower_inclusive { '[' } else { '(' })?;
        if let Some(lower) = &self.lower {
            write!(f, "{lower} ")?;
        }
        f.write_str("...")?;
        if let Some(upper) = &self.upper {
            write!(f, " {upper}")?;
        }
        f.write_char(if self.upper_inclusive { ']' } else { ')' })
    }
}

impl Display for Scalar {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (mark, escaped): (char, &[char]) = match self.quote {
            Quote::Bare => return f.write_str(&self.text),
            Quote::Back => ('`', &['`', '\\']),
            Quote::Single => ('\'', &['\'', '\\']),
            Quote::Double => ('"', &['"', '“', '”', '\\']),
        };
        f.write_char(mark)?;
        for character in self.text.chars() {
            if escaped.contains(&character) {
                f.write_char('\\')?;
            }
            f.write_char(character)?;
        }
        f.write_char(mark)
    }
}

/// Whether the text begins with a bare word with two dots, which behind `token:(` would be read as a range.
fn looks_like_range(expr: &Expr) -> bool {
    match expr {
        Expr::And(operands) | Expr::Or(operands) => operands.first().is_some_and(looks_like_range),
        Expr::Not(inner) => looks_like_range(inner),
        Expr::FreeText(scalar) => scalar.quote == Quote::Bare && scalar.text.contains(".."),
        Expr::Term(_) | Expr::Nested { .. } | Expr::IsNull(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn a_bare_word_with_an_open_parenthesis_at_the_end_of_a_group_is_printed_so_that_it_is_read_again() {
        for text in ["a:(b(c )", "(a or b:c(d ) and e", "a:(not b:c(d )", "a:(b:c(d) and e(f(g) )", "a:(b:c)"]
        {
            let query = parse(text).unwrap();
            let printed = query.to_string();
            assert_eq!(parse(&printed).as_ref(), Ok(&query), "{text} was printed as {printed}");
        }
        assert_eq!(parse("a:( b:c )").unwrap().to_string(), "a:(b:c)", "no blank where none is needed");
    }

    #[test]
    fn a_nested_group_that_begins_with_a_word_with_two_dots_is_not_printed_as_a_range() {
        for text in ["a:((b..))", "a:((..b) c)", "a:(not (..b))", "a:((b.. or c) and d)", "a:((b..c(d ))"] {
            let query = parse(text).unwrap();
            let printed = query.to_string();
            assert_eq!(parse(&printed).as_ref(), Ok(&query), "{text} was printed as {printed}");
        }
        assert_eq!(parse("a:(b..)").unwrap().to_string(), "a:(b ...)", "a range stays one");
    }
}
