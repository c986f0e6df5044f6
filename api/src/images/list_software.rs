//! `GET /images/{sha}/software`: what is installed in an image.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::Fleet;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::order;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::{ContainerProfile, ErrorBody, SoftwareList};

/// Lists the software of an image, or what a filter admits, all of it.
#[utoipa::path(
    get, path = "/csapi/{version}/images/{imageSha}/software", tag = "images",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("imageSha" = String, Path, description = "64 hex digits, or the first 12"),
        ("filter" = Option<String>, Query, description = "QQL on software tokens"),
        ("sort" = Option<String>, Query, description = "a software token with one value, with :asc or :desc; qid is taken and without effect"),
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
    let inside = order::software(&Parameters::of(&uri))?;
    let part = super::find_part(&shared, &identity, &key, inside, Fleet::image_software).await?;
    let rows = part.rows.iter().filter_map(|row| part.view.software.get(*row));
    let facts = &part.view.record.document.facts;
    Ok(body::json(&SoftwareList::new(rows, Some(facts), ContainerProfile::Full, None)))
}
