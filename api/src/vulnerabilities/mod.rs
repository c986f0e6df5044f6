//! The fleet by vulnerability: which there are, and how many images and containers have each.
//!
//! What the records of the account's scope do not have does not exist here.

pub(crate) mod count;
pub(crate) mod list;
pub(crate) mod show;

use crate::auth::{Identity, Permission};
use crate::error::ApiError;

/// Vulnerabilities are those of images and of containers, so both must be allowed.
fn require(identity: &Identity) -> Result<(), ApiError> {
    identity.require(Permission::ViewImages)?;
    identity.require(Permission::ViewContainers)
}
