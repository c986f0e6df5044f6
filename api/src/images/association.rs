//! `GET /images/{sha}/association`: the containers of an image and their hosts.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::Lookup;
use utoipa::ToSchema;

use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::lookup::{self, Key};
use crate::paging::{Parameters, shorten};
use crate::state::Shared;
use crate::wire::{self, ContainerListItem, ErrorBody, HostStatistics, Version};

/// Containers of one answer; this call has no pages.
const MOST: usize = 10_000;

/// What belongs to an image; a part that was not asked for is null.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes in the API document what is written")]
#[serde(rename_all = "camelCase")]
pub(crate) struct Associations<'a> {
    /// The latest made first, at most 10,000.
    containers: Option<Vec<ContainerListItem<'a>>>,
    /// Those of them that drifted from the image, at most 10,000.
    drift_containers: Option<Vec<ContainerListItem<'a>>>,
    /// The hosts of these containers by name.
    hosts: Option<Vec<HostStatistics<'a>>>,
}

/// Which parts were asked for.
#[derive(Clone, Copy)]
struct Parts {
    containers: bool,
    drift: bool,
    hosts: bool,
}

impl Parts {
    fn of(parameters: &Parameters) -> Result<Self, ApiError> {
        let none = Self { containers: false, drift: false, hosts: false };
        let word = parameters.get("type").unwrap_or("ALL");
        match word.to_ascii_uppercase().as_str() {
            "ALL" => Ok(Self { containers: true, drift: true, hosts: true }),
            "CONTAINER" => Ok(Self { containers: true, ..none }),
            "DRIFT" => Ok(Self { drift: true, ..none }),
            "HOST" => Ok(Self { hosts: true, ..none }),
            _ => {
                let message = format!("type must be CONTAINER, DRIFT, HOST or ALL, not {}", shorten(word));
                Err(ApiError::bad_request(message))
            }
        }
    }
}

/// Lists the containers of an image that the account sees and a filter admits, and the hosts that these are on.
#[utoipa::path(
    get, path = "/csapi/{version}/images/{imageSha}/association", tag = "images",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("imageSha" = String, Path, description = "64 hex digits, or the first 12"),
        ("filter" = Option<String>, Query, description = "QQL on container tokens"),
        ("type" = Option<String>, Query, description = "CONTAINER, DRIFT, HOST or ALL in any case, default ALL"),
    ),
    responses(
        (status = 200, description = "what belongs to it", body = Associations<'_>),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "out of the account's scope, or the role may not read", body = ErrorBody),
        (status = 404, description = "no such image", body = ErrorBody),
    )
)]
pub(crate) async fn association(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewImages)?;
    identity.require(Permission::ViewContainers)?;
    let parameters = Parameters::of(&uri);
    let parts = Parts::of(&parameters)?;
    let filter = parameters.query("filter")?;
    let Some(key) = lookup::normalise(&key) else { return Err(lookup::unknown("image")) };
    let (customer, scope) = (identity.customer(), identity.scope().clone());
    let most = |is_wanted: bool| if is_wanted { MOST } else { 0 };
    let most = (most(parts.containers), most(parts.drift));
    let found = crate::ask_counting(&shared, move |fleet| {
        fleet.image_association((customer, &scope, &key), filter.as_ref(), most, |view| {
            wire::to_json(&ContainerListItem::new(view, version))
        })
    });
    let found = match found.await? {
        Lookup::Found(found) => found,
        Lookup::OutOfScope => return Err(ApiError::out_of_scope()),
        Lookup::Unknown => return Err(lookup::unknown("image")),
    };
    let mut json = b"{\"containers\":".to_vec();
    append(&mut json, parts.containers, || found.containers.join(&b','));
    json.extend_from_slice(b",\"driftContainers\":");
    append(&mut json, parts.drift, || found.drifted.join(&b','));
    json.extend_from_slice(b",\"hosts\":");
    append(&mut json, parts.hosts, || {
        let hosts: Vec<_> =
            found.hosts.iter().map(|host| wire::to_json(&HostStatistics::from(host))).collect();
        hosts.join(&b',')
    });
    json.push(b'}');
    Ok(body::ready_json(json))
}

/// Appends an array of ready elements, or null.
fn append(json: &mut Vec<u8>, is_wanted: bool, elements: impl FnOnce() -> Vec<u8>) {
    if is_wanted {
        json.push(b'[');
        json.append(&mut elements());
        json.push(b']');
    } else {
        json.extend_from_slice(b"null");
    }
}
