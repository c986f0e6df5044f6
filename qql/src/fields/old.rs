//! The two questions that the present evaluator asks, until it takes conditions: only `updated` and `uuid` are
//! searchable for it.

use super::{Entity, Field};
use crate::ast::Token;
use crate::error::{QueryError, shorten};
use crate::scope::{Scope, Target};

/// Finds the field that a token names, if the present evaluator can search it.
pub fn resolve(entity: Entity, token: &Token) -> Result<&'static Field, QueryError> {
    match Scope::of(entity).find(token)? {
        Target::Field { path, field } if path.is_empty() && matches!(field.name, "updated" | "uuid") => {
            Ok(field)
        }
        _ => Err(not_supported_yet(token)),
    }
}

/// Says why a nested group is refused.
pub fn resolve_group(entity: Entity, token: &Token) -> QueryError {
    Scope::of(entity).find(token).map_or_else(|error| error, |_| not_supported_yet(token))
}

fn not_supported_yet(token: &Token) -> QueryError {
    QueryError::NotSupportedYet { token: shorten(&token.name), column: token.place.0 }
}
