//! Ids in paths: 64 hex digits, or the first 12 of them.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::error::ApiError;

/// The one parameter of a path. A text that is not even UTF-8 names nothing, so it is left empty.
pub(crate) struct Key(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map_or_else(|_| String::new(), |Path(key)| key)))
    }
}

/// Brings an id into the form of the index; `None` if the text is no id at all.
pub(crate) fn normalise(text: &str) -> Option<String> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    let valid = matches!(digits.len(), 12 | 64) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| digits.to_ascii_lowercase())
}

/// The answer for an id that nothing has.
pub(crate) fn unknown(what: &str) -> ApiError {
    ApiError::not_found(format!("no such {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_short_ids_are_taken_in_any_case_and_nothing_else() {
        assert_eq!(normalise("055936D39205"), Some("055936d39205".into()));
        assert_eq!(normalise(&format!("sha256:{}", "ab".repeat(32))), Some("ab".repeat(32)));
        for text in ["", "055936d3920", "055936d392055", "list", "zzzzzzzzzzzz"] {
            assert_eq!(normalise(text), None, "{text}");
        }
    }
}
