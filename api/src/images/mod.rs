//! Images.

pub(crate) mod bulk;
pub(crate) mod count_vulnerabilities;
pub(crate) mod explain;
pub(crate) mod list;
pub(crate) mod list_software;
pub(crate) mod list_vulnerabilities;
pub(crate) mod show;

use std::sync::Arc;

use fleet::{ImageView, Lookup};

use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::lookup;
use crate::state::Shared;

/// The image that a path names, if the account may see it.
async fn find(shared: &Shared, identity: &Identity, key: &str) -> Result<Arc<ImageView>, ApiError> {
    identity.require(Permission::ViewImages)?;
    let Some(key) = lookup::normalise(key) else { return Err(lookup::unknown("image")) };
    match shared.fleet.image(identity.customer(), identity.scope(), &key).map_err(crate::fleet_error)? {
        Lookup::Found(view) => Ok(view),
        Lookup::OutOfScope => Err(ApiError::out_of_scope()),
        Lookup::Unknown => Err(lookup::unknown("image")),
    }
}
