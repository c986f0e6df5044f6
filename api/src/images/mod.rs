//! Images.

pub(crate) mod association;
pub(crate) mod bulk;
pub(crate) mod count_vulnerabilities;
pub(crate) mod explain;
pub(crate) mod facts;
pub(crate) mod list;
pub(crate) mod list_software;
pub(crate) mod list_vulnerabilities;
pub(crate) mod show;
pub(crate) mod snow;

use std::sync::Arc;

use fleet::{Fleet, FleetError, ImageView, Inside, Lookup, Part, Scope};
use uuid::Uuid;

use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::lookup;
use crate::state::Shared;

/// The image that a path names, if the account may see it.
pub(crate) async fn find(
    shared: &Shared,
    identity: &Identity,
    key: &str,
) -> Result<Arc<ImageView>, ApiError> {
    identity.require(Permission::ViewImages)?;
    let Some(key) = lookup::normalise(key) else { return Err(lookup::unknown("image")) };
    match shared.fleet.image(identity.customer(), identity.scope(), &key).map_err(crate::fleet_error)? {
        Lookup::Found(view) => Ok(view),
        Lookup::OutOfScope => Err(ApiError::out_of_scope()),
        Lookup::Unknown => Err(lookup::unknown("image")),
    }
}

/// A question for the inside of a record, such as [`Fleet::image_software`].
type PartOf = fn(&Fleet, (Uuid, &Scope, &str), &Inside) -> Result<Lookup<Part<ImageView>>, FleetError>;

/// Rows of the image that a path names, if the account may see it.
async fn find_part(
    shared: &Shared,
    identity: &Identity,
    key: &str,
    inside: Inside,
    part_of: PartOf,
) -> Result<Arc<Part<ImageView>>, ApiError> {
    identity.require(Permission::ViewImages)?;
    let Some(key) = lookup::normalise(key) else { return Err(lookup::unknown("image")) };
    let (customer, scope) = (identity.customer(), identity.scope().clone());
    match crate::ask(shared, move |fleet| part_of(fleet, (customer, &scope, &key), &inside)).await? {
        Lookup::Found(part) => Ok(part),
        Lookup::OutOfScope => Err(ApiError::out_of_scope()),
        Lookup::Unknown => Err(lookup::unknown("image")),
    }
}
