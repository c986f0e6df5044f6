//! From syntax to conditions: names become fields, values become tests, groups become elements of arrays.
//!
//! The tree is walked with a stack of our own, as it was made, so that no depth of nesting exhausts a thread.

mod address;
mod column;
mod free;
mod number;
mod sort;
mod value;

use model::Timestamp;

use crate::MAX_TESTS;
use crate::ast::{Expr, Query, Term, Token};
use crate::condition::Condition;
use crate::error::{QueryError, shorten};
use crate::fields::{Array, Entity, Level, SmallEntity};
use crate::merge;
use crate::scope::{Home, Scope, Target};

pub use column::resolve_column;
pub use sort::{Sort, resolve_small_sort, resolve_sort};

/// Applies all knowledge of tokens to a query: finds the fields, reads the values, checks the types.
///
/// `now` is the moment that the word stands for; give one moment for all queries of a request. The empty query is
/// [`Condition::All`]. The first mistake in the order of the text is returned, with its column. A condition nests as deep
/// as the query, `and` and `or` counted apart: up to twice [`crate::MAX_DEPTH`] levels and a few.
pub fn resolve(query: &Query, entity: Entity, now: Timestamp) -> Result<Condition, QueryError> {
    query.root.as_ref().map_or(Ok(Condition::All), |root| resolve_expr(root, entity, now))
}

/// The same for a part of a query that stands at the entity.
pub fn resolve_expr(expr: &Expr, entity: Entity, now: Timestamp) -> Result<Condition, QueryError> {
    resolve_at(expr, entity.into(), now)
}

/// The same for a list that no index holds: the condition is for [`crate::holds`].
pub fn resolve_small(query: &Query, entity: SmallEntity, now: Timestamp) -> Result<Condition, QueryError> {
    query.root.as_ref().map_or(Ok(Condition::All), |root| resolve_at(root, entity.into(), now))
}

fn resolve_at(expr: &Expr, home: Home, now: Timestamp) -> Result<Condition, QueryError> {
    let mut resolver = Resolver { now, scopes: vec![Scope::of(home)], done: Vec::new() };
    let mut steps = vec![Step::Read(expr)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Read(expr) => resolver.read(expr, &mut steps)?,
            other => resolver.finish(other)?,
        }
    }
    let condition = resolver.done.pop().unwrap_or(Condition::All);
    let count = count_tests(&condition);
    if count > MAX_TESTS {
        return Err(QueryError::TooManyTests { count, limit: MAX_TESTS });
    }
    Ok(condition)
}

/// How many fields are asked, as whoever evaluates the condition has to.
fn count_tests(condition: &Condition) -> usize {
    let mut count = 0;
    let mut rest = vec![condition];
    while let Some(condition) = rest.pop() {
        match condition {
            Condition::All => {}
            Condition::And(operands) | Condition::Or(operands) => rest.extend(operands),
            Condition::Not(inner) | Condition::Any { inner, .. } => rest.push(inner),
            Condition::Test { .. } | Condition::IsNull(_) => count += 1,
        }
    }
    count
}

/// What remains to be done, the last first.
enum Step<'a> {
    Read(&'a Expr),
    /// Join as many of the finished conditions.
    And(usize),
    Or(usize),
    Not,
    /// Leave a group that this token opened, below these arrays.
    Leave(&'a Token, Vec<Array>),
}

struct Resolver {
    now: Timestamp,
    /// Where tokens are read from, the innermost last; never empty.
    scopes: Vec<Scope>,
    /// Conditions that wait to be joined.
    done: Vec<Condition>,
}

impl Resolver {
    fn scope(&self) -> &Scope {
        self.scopes.last().expect("the outermost scope is never left")
    }

    fn read<'a>(&mut self, expr: &'a Expr, steps: &mut Vec<Step<'a>>) -> Result<(), QueryError> {
        match expr {
            Expr::And(operands) | Expr::Or(operands) => {
                let is_and = matches!(expr, Expr::And(_));
                steps.push(if is_and { Step::And(operands.len()) } else { Step::Or(operands.len()) });
                steps.extend(operands.iter().rev().map(Step::Read));
            }
            Expr::Not(inner) => steps.extend([Step::Not, Step::Read(inner)]),
            Expr::Nested { token, inner } => {
                let (path, inside) = enter(self.scope(), token)?;
                if let Some(inside) = inside {
                    self.scopes.push(inside);
                    steps.push(Step::Leave(token, path));
                }
                steps.push(Step::Read(inner));
            }
            Expr::Term(term) => self.done.push(self.term(term)?),
            Expr::IsNull(token) => self.done.push(is_null(self.scope(), token)?),
            Expr::FreeText(text) => self.done.push(free::free_text(self.scope(), text)),
        }
        Ok(())
    }

    /// Joins finished conditions.
    fn finish(&mut self, step: Step<'_>) -> Result<(), QueryError> {
        let count = match step {
            Step::And(count) | Step::Or(count) => count,
            _ => 1,
        };
        let mut operands = self.done.split_off(self.done.len().saturating_sub(count));
        let condition = match step {
            Step::Or(_) => merge::one_of(operands),
            Step::And(_) | Step::Read(_) => Condition::all_of(operands),
            Step::Not => operands.swap_remove(0).negated(),
            Step::Leave(token, path) => {
                let condition = operands.swap_remove(0);
                check_tags(self.scope(), token, &condition)?;
                self.scopes.pop();
                condition.below(&path)
            }
        };
        self.done.push(condition);
        Ok(())
    }

    fn term(&self, term: &Term) -> Result<Condition, QueryError> {
        let scope = self.scope();
        match scope.find(&term.token)? {
            Target::Field { path, field } => {
                let (condition, negated) = value::condition(term, field, self.now)?;
                let condition = condition.below(&path);
                Ok(if negated { condition.negated() } else { condition })
            }
            Target::Array { .. } | Target::Object { .. } => {
                let name = shorten(&term.token.name);
                let example = example(scope, &term.token);
                Err(misused(
                    &term.token,
                    format!("is a group of values; write `{example}` or `{name}:(...)`"),
                ))
            }
        }
    }
}

/// The arrays that a group leads through and the scope inside; none if it names the place where it stands.
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
                format!(
                    "is one value ({kind}), not a group; for one of several values write `{name}:[A, B]`"
                ),
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
        return Err(misused(
            token,
            "takes only `name:...` or several of them with `or` in its group".to_owned(),
        ));
    }
    Ok(())
}

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
