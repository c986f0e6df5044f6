//! `GET /containers/{sha}/software`: what is installed in a container.

use std::collections::HashSet;

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::{Fleet, SoftwareView};

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::order;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::{ContainerRendering, ErrorBody, SoftwareDrift, SoftwareList, Version};

/// Lists the software of a container, or what a filter admits, all of it.
#[utoipa::path(
    get, path = "/csapi/{version}/containers/{containerSha}/software", tag = "containers",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("containerSha" = String, Path, description = "64 hex digits, or the first 12"),
        ("filter" = Option<String>, Query, description = "QQL on software tokens"),
        ("profile" = Option<String>, Query, description = "classic or full, see the setting"),
        ("isDrift" = Option<bool>, Query, description = "true: only what drifted from the image"),
        ("sort" = Option<String>, Query, description = "a software token with one value, with :asc or :desc; qid is taken and without effect"),
    ),
    responses(
        (status = 200, description = "the software", body = SoftwareList<'_>),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "out of the account's scope, or the role may not read", body = ErrorBody),
        (status = 404, description = "no such container", body = ErrorBody),
    )
)]
pub(crate) async fn list_software(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let parameters = Parameters::of(&uri);
    let rendering = ContainerRendering::of(version, true, &parameters, &shared.settings)?;
    let inside = order::software(&parameters)?;
    let part = super::find_part(&shared, &identity, &key, inside, Fleet::container_software).await?;
    let mut rows: Vec<_> = part.rows.iter().filter_map(|row| part.view.software.get(*row)).collect();
    let drift = SoftwareDrift::of(&part.view);
    if parameters.is_true("isDrift") {
        // rows are told apart by where they are: a container may hold a package twice at one place
        let drifted: HashSet<*const SoftwareView> =
            drift.rows.iter().map(|(row, _)| std::ptr::from_ref(*row)).collect();
        rows.retain(|row| drifted.contains(&std::ptr::from_ref(*row)));
    }
    let list =
        SoftwareList::new(rows, rendering.context(&part.view).facts, rendering.profile, part.view.in_use());
    Ok(body::json(&if part.view.is_looked_into() { list.with_drift(&drift) } else { list }))
}
