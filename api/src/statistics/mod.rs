//! Numbers of the fleet: by groups, at a glance, and day by day.

pub(crate) mod aggregates;
pub(crate) mod history;
pub(crate) mod summary;
mod view;

use fleet::{Entity, Selection};

use crate::auth::Identity;
use crate::auth::Permission;
use crate::error::ApiError;
use crate::paging::{Parameters, shorten};

pub use view::{day_document, scope_key};

/// What numbers are asked for: images unless `entity` says containers, inside the account's scope.
fn selection(parameters: &Parameters, identity: &Identity) -> Result<Selection, ApiError> {
    identity.require(Permission::ViewImages)?;
    identity.require(Permission::ViewContainers)?;
    Ok(Selection {
        customer: identity.customer(),
        scope: identity.scope().clone(),
        entity: entity(parameters)?,
        filter: parameters.query("filter")?,
    })
}

fn entity(parameters: &Parameters) -> Result<Entity, ApiError> {
    match parameters.get("entity").unwrap_or("images").to_ascii_lowercase().as_str() {
        "image" | "images" => Ok(Entity::Image),
        "container" | "containers" => Ok(Entity::Container),
        other => {
            Err(ApiError::bad_request(format!("entity must be images or containers, not {}", shorten(other))))
        }
    }
}
