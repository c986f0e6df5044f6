//! Sort tokens: `updated:asc`.

use crate::ast::{Place, Token};
use crate::error::{QueryError, shorten};
use crate::fields::{Entity, Field, FieldId, ImageField, SmallEntity};
use crate::scope::{Home, Scope, Target};

use super::misused;

/// An order of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    /// By whose values. It never has several.
    pub field: FieldId,
    /// From the greatest to the least, missing values first; otherwise missing values are last.
    pub descending: bool,
}

/// Reads a sort parameter: `token`, `token:asc` or `token:desc`, in any case of the direction.
///
/// Any field of the entity that has at most one value can be sorted by; those of arrays cannot.
pub fn resolve_sort(text: &str, entity: Entity) -> Result<Sort, QueryError> {
    resolve_at(text, entity.into())
}

/// The same for a list that no index holds: the order is that of [`crate::compare`].
pub fn resolve_small_sort(text: &str, entity: SmallEntity) -> Result<Sort, QueryError> {
    resolve_at(text, entity.into())
}

fn resolve_at(text: &str, home: Home) -> Result<Sort, QueryError> {
    let (name, direction) = match text.split_once(':') {
        Some((name, direction)) => (name.trim(), Some(direction.trim())),
        None => (text.trim(), None),
    };
    let token = Token { name: name.to_owned(), place: Place(1) };
    let descending = match direction {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("asc") => false,
        Some(word) if word.eq_ignore_ascii_case("desc") => true,
        Some(word) => {
            let problem = format!("can be sorted `asc` or `desc`, not `{}`", shorten(word));
            return Err(misused(&token, problem));
        }
    };
    match Scope::of(home).find(&token)? {
        Target::Field { path, field } if path.is_empty() && is_sortable(field) => {
            Ok(Sort { field: field.id, descending })
        }
        Target::Field { field, .. } if field.id == FieldId::Image(ImageField::ImagesInUse) => {
            Err(misused(&token, "is a condition, not a value to sort by; sort by `lastUsedDate`".to_owned()))
        }
        Target::Object { .. } => Err(misused(&token, "is a group of values; sort by one of them".to_owned())),
        _ => Err(misused(&token, "may have several values, so nothing can be sorted by it".to_owned())),
    }
}

fn is_sortable(field: &Field) -> bool {
    !field.spec.many && field.id != FieldId::Image(ImageField::ImagesInUse)
}
