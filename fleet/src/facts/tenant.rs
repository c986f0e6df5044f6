//! Everything that the index holds of one customer. Nothing in it is shared with another customer.

use uuid::Uuid;

use super::scope::Scopes;
use super::{Containers, Hosts, Images, Tombstones};
use crate::table::Digests;

/// The facts of one customer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tenant {
    /// Whose facts these are.
    pub(crate) customer: Uuid,
    /// Images.
    pub(crate) images: Images,
    /// Containers.
    pub(crate) containers: Containers,
    /// Hosts of containers.
    pub(crate) hosts: Hosts,
    /// Digests of layers and manifests.
    pub(crate) digests: Digests,
    /// What is left of deleted images and containers.
    pub(crate) tombstones: Tombstones,
    pub(super) scopes: Scopes,
}

impl Tenant {
    /// A customer without any facts.
    pub(crate) fn new(customer: Uuid) -> Self {
        Self { customer, ..Self::default() }
    }
}
