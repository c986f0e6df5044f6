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
            Self::Nested { token, inner } => write!(f, "{}:({inner})", token.name),
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
    if group { write!(f, "({expr})") } else { expr.fmt(f) }
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
