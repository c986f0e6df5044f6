//! `GET /activationkey`: by which installers of the documented product enrol. Plimsoll's sensors enrol by tokens instead.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::state::Shared;
use crate::wire::{ErrorBody, activation_uuid};
use crate::{body, paging};

/// An activation key. It opens nothing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActivationKey {
    customer_id: Uuid,
    activation_id: Uuid,
    /// The address of this server.
    platform_url: String,
}

/// Shows the activation key of the account's customer.
#[utoipa::path(
    get, path = "/csapi/{version}/activationkey", tag = "sensors",
    params(("version" = String, Path, description = "v1.1, v1.2 or v1.3")),
    responses(
        (status = 200, description = "the key", body = ActivationKey),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not see sensors", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewSensors)?;
    let customer_id = identity.customer();
    let platform_url = paging::base_url(&shared.settings, &headers);
    Ok(body::json(&ActivationKey { customer_id, activation_id: activation_uuid(customer_id), platform_url }))
}
