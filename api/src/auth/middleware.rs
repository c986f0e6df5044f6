//! Lets only signed-in requests through, with their [`Identity`] as an extension.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Identity;
use crate::error::ApiError;
use crate::state::Shared;

/// The account of an answered request, left in the response for the request log.
#[derive(Clone, Debug)]
pub(crate) struct AccountName(pub(crate) String);

/// The middleware: 401 without valid credentials.
pub(crate) async fn authenticate(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let identity = match identify(&shared, request.headers()).await {
        Ok(identity) => identity,
        Err(error) => return error.into_response(),
    };
    let name = AccountName(identity.name().to_owned());
    request.extensions_mut().insert(identity);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(name);
    response
}

async fn identify(shared: &Shared, headers: &HeaderMap) -> Result<Identity, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(ApiError::unauthorized(
            "credentials are required: Basic, or Bearer with a token of POST /auth",
        ));
    };
    let text = value.to_str().unwrap_or_default();
    let (scheme, credentials) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        return shared.auth.by_token(credentials.trim()).await;
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let Some((name, password)) = decode_basic(credentials.trim()) else {
            return Err(ApiError::unauthorized("the Authorization header is not valid Basic authentication"));
        };
        return shared.auth.by_password(&name, &password).await;
    }
    Err(ApiError::unauthorized("the Authorization header is neither Basic nor Bearer"))
}

/// Splits `base64(name:password)` (RFC 7617). The letters are UTF-8, as the challenge says; some clients send
/// Latin-1 without asking, whose letters beyond ASCII are hardly ever valid UTF-8.
fn decode_basic(credentials: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(credentials).ok()?)
        .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect());
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_hold_colons_and_any_letters() {
        let split = |text: &str| decode_basic(&STANDARD.encode(text));
        assert_eq!(split("ann:a:b:"), Some(("ann".into(), "a:b:".into())));
        assert_eq!(split("jörg:ß"), Some(("jörg".into(), "ß".into())));
        assert_eq!(split("ann"), None);
        assert_eq!(decode_basic("%%%"), None);
    }

    #[test]
    fn letters_may_be_latin_1() {
        let latin: Vec<u8> =
            "jörg:ßa".chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
        assert_eq!(decode_basic(&STANDARD.encode(latin)), Some(("jörg".into(), "ßa".into())));
    }
}
