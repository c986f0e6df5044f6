//! Registries that are walked for images, their schedules, and the logins that several of them share.
//!
//! Registries have no tags, so an account with a scope sees none of them.

pub(crate) mod connectors;
mod counts;
pub(crate) mod delete;
pub(crate) mod events;
mod events_body;
pub(crate) mod list;
pub(crate) mod login;
mod multipart;
pub(crate) mod own;
pub(crate) mod put;
pub(crate) mod repositories;
pub(crate) mod schedules;
pub(crate) mod show;
pub(crate) mod validate;

use std::fmt;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use futures_util::future::BoxFuture;
use model::registry::{RegistryLogin, RegistrySettings};
use store::Registry;
use uuid::Uuid;

use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::state::Shared;
use crate::wire::ErrorBody;

pub use self::events_body::read_events;

/// Logs in to a registry to see whether it lets us in. How registries are spoken to is known above this crate.
#[derive(Clone)]
pub struct RegistryCheck(Arc<CheckFn>);

type CheckFn =
    dyn Fn(RegistrySettings, RegistryLogin) -> BoxFuture<'static, Result<(), String>> + Send + Sync;

impl RegistryCheck {
    /// `check` says why a registry does not let us in.
    pub fn new(
        check: impl Fn(RegistrySettings, RegistryLogin) -> BoxFuture<'static, Result<(), String>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self(Arc::new(check))
    }

    pub(crate) async fn run(&self, settings: RegistrySettings, login: RegistryLogin) -> Result<(), String> {
        (self.0)(settings, login).await
    }
}

impl fmt::Debug for RegistryCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegistryCheck")
    }
}

/// Why registries are not shown.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "it stands in the OpenAPI document alone")]
enum ViewRefusals {
    #[response(status = 401, description = "no valid credentials")]
    NoCredentials(ErrorBody),
    #[response(status = 403, description = "the role may not see registries")]
    NotAllowed(ErrorBody),
}

/// Why registries are not changed.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "it stands in the OpenAPI document alone")]
enum ManageRefusals {
    #[response(status = 401, description = "no valid credentials")]
    NoCredentials(ErrorBody),
    #[response(status = 403, description = "the role may not look after registries")]
    NotAllowed(ErrorBody),
}

/// The registry of a path, for an account that may.
async fn of_path(
    shared: &Shared,
    identity: &Identity,
    permission: Permission,
    key: &str,
) -> Result<Registry, ApiError> {
    identity.require(permission)?;
    let uuid: Uuid = key.parse().map_err(|_| unknown())?;
    let registry = shared.store.registry(identity.customer(), uuid).await.map_err(crate::store_error)?;
    let registry = registry.ok_or_else(unknown)?;
    match identity.sees_everything() {
        true => Ok(registry),
        false => Err(ApiError::out_of_scope()),
    }
}

/// Refuses accounts with a scope where there is nothing to narrow.
fn require_everything(identity: &Identity, permission: Permission) -> Result<(), ApiError> {
    identity.require(permission)?;
    if identity.sees_everything() { Ok(()) } else { Err(ApiError::out_of_scope()) }
}

/// Two parameters of a path. A text that is not even UTF-8 names nothing.
pub(crate) struct TwoKeys {
    first: String,
    second: String,
}

impl<S: Send + Sync> FromRequestParts<S> for TwoKeys {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let path = Path::<Vec<String>>::from_request_parts(parts, state).await;
        let mut keys = path.map(|Path(keys)| keys).unwrap_or_default().into_iter();
        let (first, second) = (keys.next().unwrap_or_default(), keys.next().unwrap_or_default());
        Ok(Self { first, second })
    }
}

fn unknown() -> ApiError {
    ApiError::not_found("no such registry")
}
