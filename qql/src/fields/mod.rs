//! The tables of tokens: which an entity has, of which type they are, and whether they can be searched.
//!
//! One row for each documented token, in the order of the documentation. A token that is not in the table of its entity
//! is unknown; one that is there but not searchable yet is refused as such, so that nobody takes an empty answer
//! for a true one.

mod container;
mod image;
mod software;
mod vulnerability;

use crate::ast::Token;
use crate::error::{QueryError, shorten};

/// What a query is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    /// Images.
    Image,
    /// Containers.
    Container,
}

/// The type of a token's values; decides how they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Ids and enums: the whole value.
    Keyword,
    /// Names and titles: full text.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Decimal,
    /// Points in time.
    Date,
    /// `true` or `false`.
    Bool,
    /// IP addresses.
    Ip,
}

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its full name, without the prefix of the entity.
    pub name: &'static str,
    /// The type of its values.
    pub kind: FieldType,
    /// Whether it can be searched.
    pub searchable: bool,
}

/// A field that cannot be searched yet.
const fn later(name: &'static str, kind: FieldType) -> Field {
    Field { name, kind, searchable: false }
}

/// A field that can be searched.
const fn now(name: &'static str, kind: FieldType) -> Field {
    Field { name, kind, searchable: true }
}

impl Entity {
    /// The tokens that belong to the entity itself, without `softwares.` and `vulnerabilities.`.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Image => image::FIELDS,
            Self::Container => container::FIELDS,
        }
    }

    /// The prefixes that name the entity and may stand in front of any of its tokens.
    const fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Image => &["image.", "images."],
            Self::Container => &["container.", "containers."],
        }
    }
}

/// The prefixes of tokens of nested arrays, with the table of what may follow.
const NESTED: [(&str, &[Field]); 3] = [
    ("vulnerabilities.", vulnerability::FIELDS),
    ("softwares.", software::FIELDS),
    ("software.", software::FIELDS),
];

/// Finds the field that a token names; only searchable ones are given.
///
/// Names are compared by letter. A prefix that names the entity itself is taken away first.
pub fn resolve(entity: Entity, token: &Token) -> Result<&'static Field, QueryError> {
    let name = strip(&token.name, entity.prefixes()).unwrap_or(&token.name);
    let field = find(entity.fields(), name).or_else(|| find_nested(name));
    match field {
        Some(field) if field.searchable => Ok(field),
        Some(_) => Err(not_supported_yet(token)),
        None => Err(QueryError::UnknownToken { token: shorten(&token.name), column: token.place.0 }),
    }
}

/// Finds a token of a nested array; software has vulnerabilities in turn.
fn find_nested(name: &str) -> Option<&'static Field> {
    NESTED.iter().find_map(|(prefix, fields)| {
        let rest = name.strip_prefix(prefix)?;
        match rest.strip_prefix("vulnerabilities.") {
            Some(inner) if prefix.starts_with("software") => find(vulnerability::FIELDS, inner),
            _ => find(fields, rest),
        }
    })
}

/// Finds the array that the token of a nested group names. None can be searched yet, so there is only an error to get.
pub fn resolve_group(entity: Entity, token: &Token) -> QueryError {
    let name = strip(&token.name, entity.prefixes()).unwrap_or(&token.name);
    let dotted = format!("{name}.");
    let is_known = NESTED.iter().any(|(prefix, _)| *prefix == dotted)
        || entity.fields().iter().any(|field| field.name.starts_with(&dotted));
    if is_known {
        not_supported_yet(token)
    } else {
        QueryError::UnknownToken { token: shorten(&token.name), column: token.place.0 }
    }
}

fn not_supported_yet(token: &Token) -> QueryError {
    QueryError::NotSupportedYet { token: shorten(&token.name), column: token.place.0 }
}

fn strip<'a>(name: &'a str, prefixes: &[&str]) -> Option<&'a str> {
    prefixes.iter().find_map(|prefix| name.strip_prefix(prefix))
}

fn find(fields: &'static [Field], name: &str) -> Option<&'static Field> {
    fields.iter().find(|field| field.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::Place;

    fn token(name: &str) -> Token {
        Token { name: name.to_owned(), place: Place(7) }
    }

    #[test]
    fn no_table_names_a_token_twice() {
        for fields in [image::FIELDS, container::FIELDS, software::FIELDS, vulnerability::FIELDS] {
            let mut names: Vec<_> = fields.iter().map(|field| field.name).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }

    #[test]
    fn the_prefix_of_the_entity_itself_may_stand_in_front() {
        assert_eq!(resolve(Entity::Image, &token("image.updated")).unwrap().name, "updated");
        assert_eq!(resolve(Entity::Container, &token("containers.uuid")).unwrap().name, "uuid");
        assert!(matches!(
            resolve(Entity::Container, &token("image.updated")),
            Err(QueryError::UnknownToken { .. })
        ));
    }

    #[test]
    fn documented_tokens_are_not_supported_yet_and_others_unknown() {
        for name in [
            "sha",
            "repo.registry",
            "vulnerabilities.severity",
            "vulnerabilities.threatIntel.zeroDay",
            "software.name",
            "softwares.lifecycle.eol",
            "softwares.vulnerabilities.qid",
        ] {
            let refused = resolve(Entity::Image, &token(name)).unwrap_err();
            assert_eq!(refused, QueryError::NotSupportedYet { token: name.to_owned(), column: 7 });
        }
        for name in ["foo", "openPorts.port", "updated.x", "vulnerabilities.vulnerabilities.qid", "state"] {
            let refused = resolve(Entity::Image, &token(name)).unwrap_err();
            assert_eq!(refused, QueryError::UnknownToken { token: name.to_owned(), column: 7 });
        }
        assert!(matches!(
            resolve(Entity::Container, &token("state")),
            Err(QueryError::NotSupportedYet { .. })
        ));
        assert!(matches!(resolve_group(Entity::Image, &token("label")), QueryError::NotSupportedYet { .. }));
        assert!(matches!(resolve_group(Entity::Image, &token("nothing")), QueryError::UnknownToken { .. }));
    }

    #[test]
    fn messages_name_the_token_and_the_column() {
        let refused =
            resolve(Entity::Container, &Token { name: "state".into(), place: Place(1) }).unwrap_err();
        assert_eq!(refused.to_string(), "filter token `state` (column 1) is not supported yet");
    }
}
