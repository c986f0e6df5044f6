//! Everything that the index holds of one customer. Nothing in it is shared with another customer.

use uuid::Uuid;

use super::scope::Scopes;
use super::{Containers, Hosts, Images, Tombstones};
use crate::persist::{Persist as _, PersistError, persist};
use crate::table::{Bits, Digests};

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

/// What is saved of a customer besides images and containers.
#[derive(Clone, Default)]
pub(crate) struct SavedTenant {
    hosts: Hosts,
    digests: Digests,
    tombstones: Tombstones,
}

persist!(SavedTenant { hosts, digests, tombstones });

impl Tenant {
    /// What is to be saved.
    pub(crate) fn parts(&self) -> (&Images, &Containers, SavedTenant) {
        let Self { customer: _, images, containers, hosts, digests, tombstones, scopes: _ } = self;
        let (hosts, digests, tombstones) = (hosts.clone(), digests.clone(), tombstones.clone());
        (images, containers, SavedTenant { hosts, digests, tombstones })
    }

    /// See [`Index::warm`](super::Index::warm).
    pub(super) fn warm(&self) {
        self.images.warm();
        self.containers.warm();
        self.hosts.warm();
        self.digests.warm();
        self.tombstones.warm();
    }

    /// What was saved, if it fits together.
    pub(crate) fn of_parts(
        customer: Uuid,
        images: Images,
        containers: Containers,
        saved: SavedTenant,
    ) -> Result<Self, PersistError> {
        let SavedTenant { hosts, digests, tombstones } = saved;
        check_positions(&images.held(), &images.free)?;
        check_positions(&containers.live, &containers.free)?;
        let fits = containers.details.check() && !images.shadows.iter().any(|at| images.live.contains(at));
        if !fits {
            return Err(PersistError::Damaged("what containers hold besides their images does not fit"));
        }
        tombstones.check()?;
        Ok(Self { customer, images, containers, hosts, digests, tombstones, scopes: Scopes::default() })
    }
}

/// Whether every position is in use or free, and not both.
pub(super) fn check_positions(live: &Bits, free: &[u32]) -> Result<(), PersistError> {
    let is_free = free.iter().all(|position| *position < live.len() && !live.contains(*position));
    if !is_free {
        return Err(PersistError::Damaged("a position is free that is not there"));
    }
    let distinct = free.iter().copied().collect::<Bits>().count();
    let fits = distinct == free.len() as u64 && live.count() + distinct == u64::from(live.len());
    fits.then_some(()).ok_or(PersistError::Damaged("positions are used twice or not at all"))
}
