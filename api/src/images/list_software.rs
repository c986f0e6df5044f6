//! `GET /images/{sha}/software`: what is installed in an image.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::order;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::{ContainerProfile, ErrorBody, SoftwareList};

/// Lists the software of an image, all of it.
#[utoipa::path(
    get, path = "/csapi/{version}/images/{imageSha}/software", tag = "images",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("imageSha" = String, Path, description = "64 hex digits, or the first 12"),
        ("filter" = Option<String>, Query, description = "not supported yet: anything but blank is refused"),
        ("sort" = Option<String>, Query, description = "name, version or fixVersion, with :asc or :desc"),
    ),
    responses(
        (status = 200, description = "the software", body = SoftwareList<'_>),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "out of the account's scope, or the role may not read", body = ErrorBody),
        (status = 404, description = "no such image", body = ErrorBody),
    )
)]
pub(crate) async fn list_software(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let view = super::find(&shared, &identity, &key).await?;
    let rows = order::software(&view.software, &Parameters::of(&uri))?;
    let facts = &view.record.document.facts;
    Ok(body::json(&SoftwareList::new(rows, Some(facts), ContainerProfile::Full)))
}
