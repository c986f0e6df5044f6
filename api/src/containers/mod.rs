//! Containers.

pub(crate) mod bulk;
pub(crate) mod count_vulnerabilities;
pub(crate) mod list;
pub(crate) mod list_software;
pub(crate) mod list_vulnerabilities;
pub(crate) mod show;

use std::sync::Arc;

use fleet::{ContainerView, Fleet, FleetError, Inside, Lookup, Part, Scope};
use uuid::Uuid;

use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::lookup;
use crate::state::Shared;

/// The container that a path names, if the account may see it.
pub(crate) async fn find(
    shared: &Shared,
    identity: &Identity,
    key: &str,
) -> Result<Arc<ContainerView>, ApiError> {
    identity.require(Permission::ViewContainers)?;
    let Some(key) = lookup::normalise(key) else { return Err(lookup::unknown("container")) };
    match shared.fleet.container(identity.customer(), identity.scope(), &key).map_err(crate::fleet_error)? {
        Lookup::Found(view) => Ok(view),
        Lookup::OutOfScope => Err(ApiError::out_of_scope()),
        Lookup::Unknown => Err(lookup::unknown("container")),
    }
}

/// A question for the inside of a record, such as [`Fleet::container_software`].
type PartOf = fn(&Fleet, (Uuid, &Scope, &str), &Inside) -> Result<Lookup<Part<ContainerView>>, FleetError>;

/// Rows of the container that a path names, if the account may see it.
async fn find_part(
    shared: &Shared,
    identity: &Identity,
    key: &str,
    inside: Inside,
    part_of: PartOf,
) -> Result<Arc<Part<ContainerView>>, ApiError> {
    identity.require(Permission::ViewContainers)?;
    let Some(key) = lookup::normalise(key) else { return Err(lookup::unknown("container")) };
    let (customer, scope) = (identity.customer(), identity.scope().clone());
    match crate::ask(shared, move |fleet| part_of(fleet, (customer, &scope, &key), &inside)).await? {
        Lookup::Found(part) => Ok(part),
        Lookup::OutOfScope => Err(ApiError::out_of_scope()),
        Lookup::Unknown => Err(lookup::unknown("container")),
    }
}
