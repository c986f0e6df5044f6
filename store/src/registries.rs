//! The store as those see it who look after registries, and those who walk them.

use std::time::Duration;

use model::registry::{
    LISTED_TAGS, ManifestOutcome, RegistryEvent, RegistrySchedule, RegistrySecret, RegistrySettings, RunEnd,
    RunProgress, TagListing,
};
use model::{Digest, ImageId, Timestamp};
use uuid::Uuid;

use crate::error::{Result, StoreError};
use crate::registry::{self, Connector, Registry, SecretOf};
use crate::registry_schedule::{self, Schedule};
use crate::registry_tag::{self, RepositoryImages};
use crate::store::Store;
use crate::validate;

/// Manifests in one note at most.
const MAX_OUTCOMES: usize = 5_000;
/// Repositories in one list at most.
const MAX_REPOSITORIES: usize = 1_000_000;
/// Bytes of settings or a schedule.
const MAX_TEXT: usize = 1 << 20;
/// Bytes of a name of a repository or tag.
const MAX_NAME: usize = 512;

impl Store {
    // ---- registries

    /// Makes a registry known. Its secret is sealed before it is stored, and given out by [`Self::registry_secret`] only.
    ///
    /// # Errors
    /// [`StoreError::Exists`]: there is one of this name.
    pub async fn create_registry(
        &self,
        customer: Uuid,
        settings: RegistrySettings,
        secret: RegistrySecret,
    ) -> Result<Registry> {
        check_settings(&settings)?;
        self.write(4_096, move |work| registry::create(work, customer, &settings, &secret)).await
    }

    /// Changes a registry; `None` keeps its secret.
    pub async fn update_registry(
        &self,
        customer: Uuid,
        uuid: Uuid,
        settings: RegistrySettings,
        secret: Option<RegistrySecret>,
    ) -> Result<Registry> {
        check_settings(&settings)?;
        self.write(4_096, move |work| registry::update(work, (customer, uuid), &settings, secret.as_ref()))
            .await
    }

    /// Forgets a registry with its schedules and tags; images stay as they are.
    ///
    /// # Errors
    /// [`StoreError::Invalid`]: one of its schedules is running.
    pub async fn delete_registry(&self, customer: Uuid, uuid: Uuid) -> Result<()> {
        self.write(1_024, move |work| registry::delete(work, customer, uuid)).await
    }

    /// All registries of a customer, the oldest first.
    pub async fn registries(&self, customer: Uuid) -> Result<Vec<Registry>> {
        self.read(move |connection, _| registry::all(connection, customer)).await
    }

    /// One registry; `None` if this customer has none of that uuid.
    pub async fn registry(&self, customer: Uuid, uuid: Uuid) -> Result<Option<Registry>> {
        self.read(move |connection, _| registry::one(connection, customer, uuid)).await
    }

    /// One registry, whoever it belongs to: for those who show its event secret and nothing else.
    pub async fn registry_of_anybody(&self, uuid: Uuid) -> Result<Option<Registry>> {
        self.read(move |connection, _| registry::of_uuid(connection, uuid)).await
    }

    /// The secret of a registry or connector; empty if it has none.
    pub async fn registry_secret(&self, customer: Uuid, of: SecretOf) -> Result<RegistrySecret> {
        self.write(1_024, move |work| registry::open_secret(work, customer, of)).await
    }

    /// Sets what a registry shows when it tells of itself, by its digest; `None`: it must not.
    pub async fn set_event_secret(&self, customer: Uuid, uuid: Uuid, digest: Option<Digest>) -> Result<()> {
        self.write(64, move |work| registry::set_event_secret(work, (customer, uuid), digest)).await
    }

    /// Keeps a connector, in place of an older one of the same id.
    pub async fn put_connector(
        &self,
        customer: Uuid,
        connector: Connector,
        secret: RegistrySecret,
    ) -> Result<()> {
        validate::document("connector", &connector.settings, MAX_TEXT)?;
        self.write(4_096, move |work| registry::put_connector(work, customer, &connector, &secret)).await
    }

    /// All connectors of a customer, the oldest first.
    pub async fn connectors(&self, customer: Uuid) -> Result<Vec<Connector>> {
        self.read(move |connection, _| registry::connectors(connection, customer)).await
    }

    // ---- schedules

    /// Makes a schedule of a registry; one for once waits for a sensor from now on.
    pub async fn create_schedule(
        &self,
        customer: Uuid,
        registry: Uuid,
        schedule: RegistrySchedule,
    ) -> Result<Schedule> {
        check_schedule(&schedule)?;
        self.write(4_096, move |work| registry_schedule::create(work, (customer, registry), schedule)).await
    }

    /// Changes what a schedule says.
    ///
    /// # Errors
    /// [`StoreError::Invalid`]: it is running, or was made for once and shall not be any more, or the other way round.
    pub async fn update_schedule(
        &self,
        customer: Uuid,
        uuid: Uuid,
        schedule: RegistrySchedule,
    ) -> Result<Schedule> {
        check_schedule(&schedule)?;
        self.write(4_096, move |work| registry_schedule::update(work, (customer, uuid), schedule)).await
    }

    /// Removes a schedule.
    ///
    /// # Errors
    /// [`StoreError::Invalid`]: it is running.
    pub async fn delete_schedule(&self, customer: Uuid, uuid: Uuid) -> Result<()> {
        self.write(64, move |work| registry_schedule::delete(work, customer, uuid)).await
    }

    /// Calls a schedule off, also for the future; `false` if nothing of it was left to call off.
    pub async fn cancel_schedule(&self, customer: Uuid, uuid: Uuid) -> Result<bool> {
        self.write(64, move |work| registry_schedule::cancel(work, customer, uuid)).await
    }

    /// One schedule; `None` if this customer has none of that uuid.
    pub async fn schedule(&self, customer: Uuid, uuid: Uuid) -> Result<Option<Schedule>> {
        self.read(move |connection, _| registry_schedule::one(connection, customer, uuid)).await
    }

    /// The schedules of a registry, the oldest first.
    pub async fn schedules(&self, customer: Uuid, registry: Uuid) -> Result<Vec<Schedule>> {
        self.read(move |connection, _| registry_schedule::of_registry(connection, customer, registry)).await
    }

    /// All schedules of a customer, the oldest first.
    pub async fn all_schedules(&self, customer: Uuid) -> Result<Vec<Schedule>> {
        self.read(move |connection, _| registry_schedule::of_customer(connection, customer)).await
    }

    /// Lets schedules of all customers that are due wait for a sensor, at most `limit`; gives how many.
    pub async fn queue_due_schedules(&self, now: Timestamp, limit: usize) -> Result<usize> {
        self.write(1_024, move |work| registry_schedule::queue_due(work, now, limit)).await
    }

    /// Notes what a registry told of itself, and queues a walk about just that.
    pub async fn tell_registry_events(
        &self,
        customer: Uuid,
        registry: Uuid,
        events: Vec<RegistryEvent>,
    ) -> Result<Schedule> {
        for event in &events {
            check_name("repository", &event.repository)?;
            check_name("tag", event.tag.as_deref().unwrap_or("-"))?;
        }
        let size = events.len() * 128;
        self.write(size, move |work| registry_schedule::tell(work, (customer, registry), events)).await
    }

    // ---- walks

    /// Claims the schedule that has waited longest, or a certain one; also one whose claim ended without an end.
    pub async fn claim_schedule(
        &self,
        customer: Uuid,
        by: &str,
        wanted: Option<Uuid>,
        lease: Duration,
    ) -> Result<Option<Schedule>> {
        check_name("worker", by)?;
        let by = by.to_owned();
        self.write(1_024, move |work| registry_schedule::claim(work, customer, &by, wanted, lease)).await
    }

    /// The schedule of a claim; `None` if the claim is lost.
    pub async fn claimed_schedule(&self, customer: Uuid, run: Uuid) -> Result<Option<Schedule>> {
        self.read(move |connection, _| registry_schedule::of_run(connection, customer, run)).await
    }

    /// Renews a claim and notes how far the walk is; `false` if the claim is lost or the walk was called off.
    pub async fn note_progress(
        &self,
        customer: Uuid,
        run: Uuid,
        progress: RunProgress,
        lease: Duration,
    ) -> Result<bool> {
        self.write(4_096, move |work| registry_schedule::progress(work, customer, run, progress, lease)).await
    }

    /// Ends a walk; `false` if the claim is lost or the walk was called off.
    pub async fn end_walk(&self, customer: Uuid, run: Uuid, end: RunEnd) -> Result<bool> {
        self.write(4_096, move |work| registry_schedule::end(work, customer, run, end)).await
    }

    // ---- tags

    /// Takes a part of a repository's tags in; gives what is known of their manifests. What changed changes the names of
    /// images in the same transaction.
    pub async fn list_tags(
        &self,
        customer: Uuid,
        registry: Uuid,
        listing: TagListing,
    ) -> Result<Vec<ManifestOutcome>> {
        check_name("repository", &listing.repository)?;
        if listing.tags.len() > LISTED_TAGS {
            return Err(StoreError::invalid("tags", format!("are more than {LISTED_TAGS}")));
        }
        listing.tags.iter().try_for_each(|listed| check_name("tag", &listed.tag))?;
        let size = listing.tags.len() * 64;
        self.write(size, move |work| registry_tag::list(work, (customer, registry), &listing)).await
    }

    /// Notes what came of manifests. An image's report goes before.
    pub async fn note_manifests(
        &self,
        customer: Uuid,
        registry: Uuid,
        outcomes: Vec<ManifestOutcome>,
    ) -> Result<()> {
        if outcomes.len() > MAX_OUTCOMES {
            return Err(StoreError::invalid("manifests", format!("are more than {MAX_OUTCOMES}")));
        }
        let size = outcomes.len() * 64;
        self.write(size, move |work| registry_tag::note(work, (customer, registry), &outcomes)).await
    }

    /// Forgets the tags of repositories that are not in the sorted list of all; gives the names of those.
    pub async fn keep_repositories(
        &self,
        customer: Uuid,
        registry: Uuid,
        listed: Vec<String>,
    ) -> Result<Vec<String>> {
        if listed.len() > MAX_REPOSITORIES {
            return Err(StoreError::invalid("repositories", format!("are more than {MAX_REPOSITORIES}")));
        }
        let size = listed.len() * 32;
        self.write(size, move |work| registry_tag::keep_repositories(work, (customer, registry), &listed))
            .await
    }

    /// The repositories of a registry with their images, by name.
    pub async fn registry_repositories(
        &self,
        customer: Uuid,
        registry: Uuid,
    ) -> Result<Vec<RepositoryImages>> {
        self.read(move |connection, _| registry_tag::repositories(connection, customer, registry)).await
    }

    /// Repositories and tags that name an image in a registry, in their order.
    pub async fn tags_of_image(
        &self,
        customer: Uuid,
        registry: Uuid,
        image: ImageId,
    ) -> Result<Vec<(String, String)>> {
        self.read(move |connection, _| registry_tag::of_image(connection, customer, registry, &image)).await
    }
}

fn check_name(field: &str, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(StoreError::invalid(field, "is empty"));
    }
    validate::document(field, name, MAX_NAME)
}

fn check_settings(settings: &RegistrySettings) -> Result<()> {
    check_name("registryUri", settings.host())?;
    validate::document("registry", &registry::json(settings)?, MAX_TEXT)
}

fn check_schedule(schedule: &RegistrySchedule) -> Result<()> {
    validate::document("schedule", &registry::json(schedule)?, MAX_TEXT)
}
