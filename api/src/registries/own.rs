//! `GET /api/v1/registries` and what registries show when they tell of themselves.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use model::Digest;
use model::registry::RunProgress;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::counts::Contents;
use super::{ManageRefusals, ViewRefusals, of_path};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Registries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Registries {
    data: Vec<RegistryView>,
}

/// A registry with its schedules.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistryView {
    uuid: Uuid,
    /// How people call it; its host if they do not.
    name: String,
    uri: String,
    r#type: &'static str,
    /// Whether it has a password or token.
    has_secret: bool,
    /// Whether it may tell of itself.
    takes_events: bool,
    repositories: u64,
    /// Different manifests that its tags name.
    images: u64,
    scanned: u64,
    vulnerable: u64,
    schedules: Vec<ScheduleView>,
}

/// A schedule with its latest walk.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleView {
    uuid: Uuid,
    name: String,
    status: &'static str,
    on_demand: bool,
    /// When it is due next, in milliseconds since the epoch.
    due: Option<i64>,
    started: Option<i64>,
    ended: Option<i64>,
    /// Who is at it.
    worker: Option<String>,
    /// How far the latest walk is.
    #[schema(value_type = Object)]
    progress: RunProgress,
}

/// Lists registries with their schedules and how far these are.
#[utoipa::path(
    get, path = "/api/v1/registries", tag = "registries",
    responses(
        (status = 200, description = "all of them, the oldest first", body = Registries),
        ViewRefusals,
    )
)]
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewRegistries)?;
    if !identity.sees_everything() {
        return Ok(body::json(&Registries { data: Vec::new() }));
    }
    let customer = identity.customer();
    let schedules = shared.store.all_schedules(customer).await.map_err(crate::store_error)?;
    let mut data = Vec::new();
    for registry in shared.store.registries(customer).await.map_err(crate::store_error)? {
        let counts = Contents::of(&shared, &identity, &registry).await?.all();
        let own = schedules.iter().filter(|schedule| schedule.registry == registry.uuid);
        let view = |schedule: &store::Schedule| ScheduleView {
            uuid: schedule.uuid,
            name: schedule.schedule.name.clone(),
            status: schedule.status.as_str(),
            on_demand: schedule.schedule.on_demand,
            due: Some(schedule.due.0).filter(|due| *due != 0),
            started: schedule.started.map(|time| time.0),
            ended: schedule.ended.map(|time| time.0),
            worker: schedule.claimed_by.clone(),
            progress: schedule.progress.clone(),
        };
        data.push(RegistryView {
            uuid: registry.uuid,
            name: registry.settings.title().to_owned(),
            uri: registry.settings.uri.clone(),
            r#type: registry.settings.kind.as_str(),
            has_secret: registry.has_secret,
            takes_events: registry.event_secret.is_some(),
            repositories: counts.repositories,
            images: counts.images,
            scanned: counts.scanned,
            vulnerable: counts.vulnerable,
            schedules: own.map(view).collect(),
        });
    }
    Ok(body::json(&Registries { data }))
}

/// What a registry is to show from now on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventSecret {
    /// Shown this once.
    secret: String,
    /// Where to send events to, below the server's address.
    path: String,
}

/// Makes a new secret for the events of a registry; an older one is good for nothing from then on.
#[utoipa::path(
    post, path = "/api/v1/registries/{uuid}/event-secret", tag = "registries",
    params(("uuid" = String, Path, description = "the registry")),
    responses(
        (status = 200, description = "the secret, shown this once", body = EventSecret),
        ManageRefusals,
        (status = 404, description = "no such registry", body = ErrorBody),
    )
)]
pub(crate) async fn make_event_secret(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let registry = of_path(&shared, &identity, Permission::ManageRegistries, &key).await?;
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| ApiError::internal("no random bytes"))?;
    let secret = hex::encode(bytes);
    let digest = Some(Digest::of(secret.as_bytes()));
    shared
        .store
        .set_event_secret(identity.customer(), registry.uuid, digest)
        .await
        .map_err(crate::store_error)?;
    Ok(body::json(&EventSecret { secret, path: format!("/api/v1/registries/{}/events", registry.uuid) }))
}

/// Takes the secret for events away: the registry must not tell of itself any more.
#[utoipa::path(
    delete, path = "/api/v1/registries/{uuid}/event-secret", tag = "registries",
    params(("uuid" = String, Path, description = "the registry")),
    responses(
        (status = 204, description = "taken away"),
        ManageRefusals,
        (status = 404, description = "no such registry", body = ErrorBody),
    )
)]
pub(crate) async fn delete_event_secret(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let registry = of_path(&shared, &identity, Permission::ManageRegistries, &key).await?;
    shared
        .store
        .set_event_secret(identity.customer(), registry.uuid, None)
        .await
        .map_err(crate::store_error)?;
    Ok(body::no_content())
}
