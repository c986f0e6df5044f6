//! Sensor profiles: what sensors shall do, given to some of them under a name.
//!
//! The documented settings are kept as they came and put into the words that sensors understand; what has no meaning for them
//! is shown again and does nothing.

pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod put;
pub(crate) mod settings;
pub(crate) mod show;

use store::Profile;
use uuid::Uuid;

use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::sensors::require_all;
use crate::state::Shared;
use crate::wire::ProfileItem;

/// The profile that a path names, for an account with the permission.
async fn find(
    shared: &Shared,
    identity: &Identity,
    permission: Permission,
    key: &str,
) -> Result<Profile, ApiError> {
    require_all(identity, permission)?;
    let uuid = key.parse().map_err(|_| unknown())?;
    let found = shared.store.profile(identity.customer(), uuid).await.map_err(crate::store_error)?;
    found.ok_or_else(unknown)
}

fn unknown() -> ApiError {
    ApiError::not_found("no such sensor profile")
}

fn item<'a>(profile: &'a Profile, members: &[(Uuid, Uuid)]) -> ProfileItem<'a> {
    ProfileItem {
        profile_id: profile.uuid,
        profile_name: &profile.name,
        profile_type: &profile.kind,
        description: &profile.description,
        associated_sensors_count: members.iter().filter(|(_, own)| *own == profile.uuid).count(),
        created: profile.created.into(),
        updated: profile.updated.into(),
    }
}
