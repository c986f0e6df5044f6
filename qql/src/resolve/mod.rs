//! From syntax to conditions: names become fields, values become tests, groups become elements of arrays.
//!
//! The tree is walked by recursion, which is bounded by [`crate::MAX_DEPTH`]; what handles one term is kept out of
//! the frames that recurse.

mod free;
mod sort;
mod value;

use model::Timestamp;

use crate::ast::{Expr, Query, Term, Token};
use crate::condition::Condition;
use crate::error::{QueryError, shorten};
use crate::fields::{Array, Entity, Level};
use crate::scope::{Scope, Target};

pub use sort::{Sort, resolve_sort};

/// Applies all knowledge of tokens to a query: finds the fields, reads the values, checks the types.
///
/// `now` is the moment that the word stands for; give one moment for all queries of a request. The empty query is
/// [`Condition::All`]. The first mistake in the order of the text is returned, with its column.
pub fn resolve(query: &Query, entity: Entity, now: Timestamp) -> Result<Condition, QueryError> {
    query.root.as_ref().map_or(Ok(Condition::All), |root| resolve_expr(root, entity, now))
}

/// The same for a part of a query that stands at the entity.
pub fn resolve_expr(expr: &Expr, entity: Entity, now: Timestamp) -> Result<Condition, QueryError> {
    Resolver { now }.expr(&Scope::of(entity), expr)
}

struct Resolver {
    now: Timestamp,
}

impl Resolver {
    fn expr(&self, scope: &Scope, expr: &Expr) -> Result<Condition, QueryError> {
        match expr {
            Expr::And(operands) => Ok(Condition::all_of(self.all(scope, operands)?)),
            Expr::Or(operands) => Ok(Condition::one_of(self.all(scope, operands)?)),
            Expr::Not(inner) => Ok(self.expr(scope, inner)?.negated()),
            Expr::Nested { token, inner } => self.group(scope, token, inner),
            Expr::Term(term) => self.term(scope, term),
            Expr::IsNull(token) => is_null(scope, token),
            Expr::FreeText(text) => Ok(free::free_text(scope, text)),
        }
    }

    fn all(&self, scope: &Scope, operands: &[Expr]) -> Result<Vec<Condition>, QueryError> {
        // a plain loop, because adapters would put several frames more between two levels
        let mut conditions = Vec::with_capacity(operands.len());
        for operand in operands {
            conditions.push(self.expr(scope, operand)?);
        }
        Ok(conditions)
    }

    fn group(&self, scope: &Scope, token: &Token, inner: &Expr) -> Result<Condition, QueryError> {
        let (path, inside) = enter(scope, token)?;
        let Some(inside) = inside else { return self.expr(scope, inner) };
        let condition = self.expr(&inside, inner)?;
        check_tags(&inside, token, &condition)?;
        Ok(condition.below(&path))
    }

    #[inline(never)]
    fn term(&self, scope: &Scope, term: &Term) -> Result<Condition, QueryError> {
        match scope.find(&term.token)? {
            Target::Field { path, field } => {
                let (condition, negated) = value::condition(term, field, self.now)?;
                let condition = condition.below(&path);
                Ok(if negated { condition.negated() } else { condition })
            }
            Target::Array { .. } | Target::Object { .. } => {
                let name = shorten(&term.token.name);
                let example = example(scope, &term.token);
                Err(misused(&term.token, format!("is a group of values; write `{example}` or `{name}:(...)`")))
            }
        }
    }
}

/// The arrays that a group leads through and the scope inside; none if it names the place where it stands.
#[inline(never)]
fn enter(scope: &Scope, token: &Token) -> Result<(Vec<Array>, Option<Scope>), QueryError> {
    let (path, level, base) = match scope.find(token)? {
        Target::Array { path } => {
            let level = path.last().map_or(scope.level, |array| array.level());
            (path, level, String::new())
        }
        Target::Object { path, level, base } => (path, level, base),
        Target::Field { field, .. } => {
            let name = shorten(&token.name);
            let kind = field.kind.as_str();
            return Err(misused(
                token,
                format!("is one value ({kind}), not a group; for one of several values write `{name}:[A, B]`"),
            ));
        }
    };
    if path.is_empty() && scope.is_at(level, &base) {
        return Ok((path, None));
    }
    let inside = scope.inside(&token.name, level, base);
    Ok((path, Some(inside)))
}

/// `tags` are objects of which only the name is kept, so nothing but alternatives can be asked of one of them.
fn check_tags(inside: &Scope, token: &Token, condition: &Condition) -> Result<(), QueryError> {
    let is_alternative = |condition: &Condition| matches!(condition, Condition::Test { .. });
    let is_simple = match condition {
        Condition::Or(operands) => operands.iter().all(is_alternative),
        other => is_alternative(other),
    };
    if inside.base() == "tags." && !is_simple {
        return Err(misused(token, "takes only `name:...` or several of them with `or` in its group".to_owned()));
    }
    Ok(())
}

#[inline(never)]
fn is_null(scope: &Scope, token: &Token) -> Result<Condition, QueryError> {
    Ok(match scope.find(token)? {
        Target::Field { path, field } => no_element(&path, Condition::IsNull(field.id)),
        Target::Array { path } => Condition::All.below(&path).negated(),
        Target::Object { base, .. } if base.is_empty() => Condition::never(),
        Target::Object { path, level, base } => no_element(&path, all_null(level, &base)),
    })
}

/// A null test below arrays: no element has a value.
fn no_element(path: &[Array], null: Condition) -> Condition {
    if path.is_empty() { null } else { null.negated().below(path).negated() }
}

/// Nothing of an object has a value.
fn all_null(level: Level, base: &str) -> Condition {
    let fields = level.fields().iter().filter(|field| field.name.starts_with(base));
    let arrays = level.arrays().iter().filter(|(name, _, _)| name.starts_with(base));
    let fields = fields.map(|field| Condition::IsNull(field.id));
    let arrays = arrays.map(|(_, _, array)| Condition::All.below(&[*array]).negated());
    Condition::all_of(fields.chain(arrays).collect())
}

/// The first token below a group.
fn example(scope: &Scope, token: &Token) -> String {
    let name = shorten(&token.name);
    let (level, base) = match scope.find(token) {
        Ok(Target::Array { path }) => (path.last().map_or(scope.level, |array| array.level()), String::new()),
        Ok(Target::Object { level, base, .. }) => (level, base),
        _ => (scope.level, String::new()),
    };
    let first = level.fields().iter().find_map(|field| field.name.strip_prefix(base.as_str()));
    format!("{name}.{}:...", first.unwrap_or("..."))
}

fn misused(token: &Token, problem: String) -> QueryError {
    QueryError::Misused { token: shorten(&token.name), column: token.place.0, problem }
}
