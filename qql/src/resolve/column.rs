//! Columns of a result: `repo.repository`.

use crate::ast::{Place, Token};
use crate::error::QueryError;
use crate::fields::{Array, Entity, FieldId, ImageField};
use crate::scope::{Scope, Target};

use super::misused;

/// Finds the field that a token names, and the arrays on the way to it, the outermost first. A record has one value of it
/// for each of their elements.
pub fn resolve_column(text: &str, entity: Entity) -> Result<(Vec<Array>, FieldId), QueryError> {
    let token = Token { name: text.trim().to_owned(), place: Place(1) };
    match Scope::of(entity).find(&token)? {
        Target::Field { field, .. } if field.id == FieldId::Image(ImageField::ImagesInUse) => {
            Err(misused(&token, "is a condition, not a value to show; show `lastUsedDate`".to_owned()))
        }
        Target::Field { path, field } => Ok((path, field.id)),
        Target::Array { .. } | Target::Object { .. } => {
            Err(misused(&token, "is a group of values; show one of them".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_may_lie_in_arrays_and_a_group_or_a_condition_is_none() {
        let column =
            |text: &str| resolve_column(text, Entity::Image).map(|(path, field)| (path, field.field().name));
        assert_eq!(column("images.created").unwrap(), (vec![], "created"));
        assert_eq!(column(" repo.repository ").unwrap(), (vec![Array::Repo], "repository"));
        let path = vec![Array::Vulnerabilities, Array::AffectedSoftware];
        assert_eq!(column("vulnerabilities.software.name").unwrap(), (path, "name"));
        for wrong in ["repo", "lastFoundOnHost", "imagesInUse", "repository", ""] {
            assert!(column(wrong).is_err(), "{wrong}");
        }
    }
}
