//! `GET /sensorProfile`.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;

use super::item;
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::paging::{PagePlace, Parameters};
use crate::state::Shared;
use crate::wire::{ErrorBody, Page, ProfileItem, Version};

/// Lists sensor profiles, the oldest first. An account with a scope sees none.
#[utoipa::path(
    get, path = "/csapi/{version}/sensorProfile", tag = "sensors",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("pageNumber" = Option<usize>, Query, description = "from 1; pageNo means the same"),
        ("pageSize" = Option<usize>, Query, description = "1 to 1000, default 50"),
    ),
    responses(
        (status = 200, description = "a page", body = Page<ProfileItem<'_>>),
        (status = 204, description = "there is none; v1.1 answers 200 with empty data"),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not see sensors", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewSensors)?;
    let place = PagePlace::of(&Parameters::of(&uri), "there are not so many profiles")?;
    let customer = identity.customer();
    let mut profiles = shared.store.profiles(customer).await.map_err(crate::store_error)?;
    if !identity.sees_everything() {
        profiles.clear();
    }
    let members = shared.store.profile_members(customer).await.map_err(crate::store_error)?;
    let page = profiles.iter().skip(place.start()).take(place.room);
    let items: Vec<ProfileItem<'_>> = page.map(|profile| item(profile, &members)).collect();
    if items.is_empty() && !version.empty_list_has_body() {
        return Ok(body::no_content());
    }
    Ok(body::json(&Page::new(items, profiles.len() as u64)))
}
