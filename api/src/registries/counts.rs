//! How many images registries and repositories have, and how many of them are vulnerable.

use std::collections::HashSet;

use fleet::Entity;
use store::{Registry, RepositoryImages, image_uuid};
use uuid::Uuid;

use crate::auth::Identity;
use crate::error::ApiError;
use crate::state::Shared;
use crate::wire::ImageCounts;

/// What one registry has.
pub(super) struct Contents {
    customer: Uuid,
    repositories: Vec<RepositoryImages>,
    vulnerable: HashSet<Uuid>,
}

impl Contents {
    /// Reads the tags of a registry, and asks the index which of its images are vulnerable.
    pub(super) async fn of(
        shared: &Shared,
        identity: &Identity,
        registry: &Registry,
    ) -> Result<Self, ApiError> {
        let customer = identity.customer();
        let repositories = shared.store.registry_repositories(customer, registry.uuid).await;
        let repositories = repositories.map_err(crate::store_error)?;
        if repositories.iter().all(|repository| repository.images.is_empty()) {
            return Ok(Self { customer, repositories, vulnerable: HashSet::new() });
        }
        let host = registry.settings.host().replace(['\\', '\''], "");
        let filter = format!("repo.registry:'{host}' and vulnerabilities.severity>=1");
        let filter = qql::parse(&filter).map_err(ApiError::internal)?;
        let scope = identity.scope().clone();
        let vulnerable =
            crate::ask_counting(shared, move |fleet| fleet.select(customer, &scope, Entity::Image, &filter))
                .await?;
        Ok(Self { customer, repositories, vulnerable: vulnerable.into_iter().collect() })
    }

    /// All of it together. An image in two repositories is one, its manifest counts in each of them.
    pub(super) fn all(&self) -> ImageCounts {
        let mut images: Vec<_> = self.repositories.iter().flat_map(|of| &of.images).collect();
        images.sort_unstable();
        images.dedup();
        let manifests = self.repositories.iter().map(|of| of.manifests).sum::<u64>();
        ImageCounts {
            repositories: self.repositories.len() as u64,
            images: manifests.max(images.len() as u64),
            scanned: images.len() as u64,
            vulnerable: images.iter().filter(|image| self.is_vulnerable(image)).count() as u64,
        }
    }

    /// Each repository by itself, by name.
    pub(super) fn each(self) -> Vec<(String, ImageCounts)> {
        let count = |of: &RepositoryImages| ImageCounts {
            repositories: 1,
            images: of.manifests,
            scanned: of.images.len() as u64,
            vulnerable: of.images.iter().filter(|image| self.is_vulnerable(image)).count() as u64,
        };
        self.repositories.iter().map(|of| (of.repository.clone(), count(of))).collect()
    }

    fn is_vulnerable(&self, image: &model::ImageId) -> bool {
        self.vulnerable.contains(&image_uuid(self.customer, image))
    }
}
