//! An expression as a tree, and its printed form: `AND` binds before `OR`, and no bracket stands without need.

use std::fmt;

/// An expression; lists have two entries at least, none of which is a list of the same kind or stands twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// A licence, with its exception if it has one: `GPL-2.0-only WITH Classpath-exception-2.0`.
    One(String),
    /// All of them hold.
    All(Vec<Expression>),
    /// One of them may be chosen.
    Any(Vec<Expression>),
}

impl Expression {
    /// All of `parts`; `None` without any.
    pub(super) fn all(parts: Vec<Self>) -> Option<Self> {
        let inner = |part| match part {
            Self::All(inner) => Ok(inner),
            other => Err(other),
        };
        join(parts, inner, Self::All)
    }

    /// Any of `parts`; `None` without any.
    pub(super) fn any(parts: Vec<Self>) -> Option<Self> {
        let inner = |part| match part {
            Self::Any(inner) => Ok(inner),
            other => Err(other),
        };
        join(parts, inner, Self::Any)
    }
}

fn join(
    parts: Vec<Expression>,
    inner: impl Fn(Expression) -> Result<Vec<Expression>, Expression>,
    whole: impl Fn(Vec<Expression>) -> Expression,
) -> Option<Expression> {
    let mut flat: Vec<Expression> = Vec::new();
    for part in parts.into_iter().flat_map(|part| inner(part).unwrap_or_else(|other| vec![other])) {
        if !flat.contains(&part) {
            flat.push(part);
        }
    }
    match flat.len() {
        0 | 1 => flat.pop(),
        _ => Some(whole(flat)),
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, operator) = match self {
            Self::One(text) => return f.write_str(text),
            Self::All(parts) => (parts, " AND "),
            Self::Any(parts) => (parts, " OR "),
        };
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(operator)?;
            }
            match (self, part) {
                (Self::All(_), Self::Any(_)) => write!(f, "({part})")?,
                _ => write!(f, "{part}")?,
            }
        }
        Ok(())
    }
}
