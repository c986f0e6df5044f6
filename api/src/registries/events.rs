//! `POST /api/v1/registries/{uuid}/events`: a registry tells of itself.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Digest;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::events_body::read_events;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;
use crate::{body, ingest};

/// The largest body, in bytes.
pub(crate) const MAX_BODY: usize = 1 << 20;

/// What is done about events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Taken {
    /// How many of them are about images that came or went; the others need nothing.
    events: usize,
}

/// Takes the notifications of the distribution registry and of Harbor. What they are about is looked at as soon as a registry sensor
/// is free. The secret of the registry comes as bearer token, as password of any user, or as the whole header.
#[utoipa::path(
    post, path = "/api/v1/registries/{uuid}/events", tag = "registries", security(()),
    params(("uuid" = String, Path, description = "the registry")),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 200, description = "taken", body = Taken),
        (status = 400, description = "neither form of notification", body = ErrorBody),
        (status = 401, description = "no such registry, or not its secret", body = ErrorBody),
        (status = 413, description = "the body is too large", body = ErrorBody),
    )
)]
pub(crate) async fn take(
    State(shared): State<Shared>,
    Key(key): Key,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    // one answer for all, so that nobody learns which registries there are
    let refused = || ApiError::unauthorized("the secret is not that of this registry");
    let uuid: Uuid = key.parse().map_err(|_| refused())?;
    let secret = secret_of(&headers).ok_or_else(refused)?;
    let registry = shared.store.registry_of_anybody(uuid).await.map_err(crate::store_error)?;
    // digests are compared, so that the time it takes tells nothing about the secret
    let fits = registry.filter(|registry| registry.event_secret == Some(Digest::of(secret.as_bytes())));
    let registry = fits.ok_or_else(refused)?;
    let parse = |text: &[u8]| {
        read_events(text).map_err(|reason| ApiError::bad_request(format!("invalid body: {reason}")))
    };
    let events = ingest::read(&shared, &headers, request, parse).await?;
    let count = events.len();
    if !events.is_empty() {
        let told = shared.store.tell_registry_events(registry.customer, registry.uuid, events).await;
        told.map_err(crate::store_error)?;
    }
    Ok(body::json(&Taken { events: count }))
}

fn secret_of(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, rest) = text.split_once(' ').unwrap_or(("", text));
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        return pair.split_once(':').map(|(_, password)| password.to_owned());
    }
    (scheme.is_empty() || scheme.eq_ignore_ascii_case("bearer")).then(|| rest.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_in_any_of_the_ways_in_which_registries_send_it() {
        let secret =
            |text: &str| secret_of(&HeaderMap::from_iter([(header::AUTHORIZATION, text.parse().unwrap())]));
        assert_eq!(secret("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(secret("abc").as_deref(), Some("abc"));
        assert_eq!(secret("Basic dTphYmM=").as_deref(), Some("abc"));
        assert_eq!(secret("Basic %%"), None);
        assert_eq!(secret("Digest abc"), None);
    }
}
