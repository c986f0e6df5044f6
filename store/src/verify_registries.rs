//! The part of [`crate::verify`] that looks at registries: their settings and secrets, schedules, tags and manifests.
//!
//! Not faults: a tag may name a manifest that nobody has read yet, and a manifest an image that was deleted since.

use std::collections::HashSet;

use model::registry::ScheduleStatus;
use serde::de::IgnoredAny;
use uuid::Uuid;

use crate::driver::Value;
use crate::error::{Result, StoreError};
use crate::registry::{self, SecretOf};
use crate::registry_schedule::{self, Schedule};
use crate::registry_tag;
use crate::sql::sql;
use crate::verify::{Fault, Pass};
use crate::verify_records::{key_of, nil_key};

/// The key that secrets are sealed with; none if nothing was sealed yet.
type Key = Option<[u8; 32]>;

impl Pass<'_> {
    pub(crate) fn registries(&mut self) -> Result<()> {
        let key = registry::known_key(self.connection);
        let key = self.readable("secret", "registries", key)?.flatten();
        let known = self.registry_rows(&key)?;
        self.connectors(&key)?;
        self.schedules(&known)?;
        self.registry_tags(&known)?;
        self.manifests(&known)
    }

    fn registry_rows(&mut self, sealed_with: &Key) -> Result<HashSet<(Uuid, Uuid)>> {
        let mut known = HashSet::new();
        self.pages(sql!("registry/after"), nil_key(), &[0, 1], |pass, mut row| {
            pass.counts.registries += 1;
            let (customer, uuid, key) = key_of(&row)?;
            known.insert((customer, uuid));
            pass.owned("registry", &key, customer);
            let secret = row.optional_bytes(7)?;
            pass.sealed("registry", &key, sealed_with, (customer, SecretOf::Registry(uuid)), secret)?;
            pass.readable("registry", &key, registry::read(row)).map(drop)
        })?;
        Ok(known)
    }

    fn connectors(&mut self, sealed_with: &Key) -> Result<()> {
        self.pages(sql!("registry_connector/after"), nil_key(), &[0, 1], |pass, mut row| {
            pass.counts.connectors += 1;
            let (customer, uuid, key) = key_of(&row)?;
            pass.owned("registry_connector", &key, customer);
            let (settings, secret) = (row.text(2)?, row.optional_bytes(3)?);
            let of = (customer, SecretOf::Connector(uuid));
            pass.sealed("registry_connector", &key, sealed_with, of, secret)?;
            pass.json::<IgnoredAny>("registry_connector", &key, "settings", &settings)
        })
    }

    /// A secret must be one that can be opened where it lies.
    fn sealed(
        &mut self,
        table: &'static str,
        key: &str,
        sealed_with: &Key,
        (customer, of): (Uuid, SecretOf),
        secret: Option<Vec<u8>>,
    ) -> Result<()> {
        let Some(secret) = secret else { return Ok(()) };
        let opened = match sealed_with {
            Some(sealed_with) => registry::unseal(sealed_with, customer, of, &secret),
            None => Err(StoreError::damaged("secret", "cannot be opened: its key is missing")),
        };
        self.readable(table, key, opened).map(drop)
    }

    fn schedules(&mut self, registries: &HashSet<(Uuid, Uuid)>) -> Result<()> {
        self.pages(sql!("registry_schedule/after"), nil_key(), &[0, 1], |pass, row| {
            pass.counts.schedules += 1;
            let (customer, _, key) = key_of(&row)?;
            let read = registry_schedule::read(row);
            let Some(schedule) = pass.readable("registry_schedule", &key, read)? else { return Ok(()) };
            if !registries.contains(&(customer, schedule.registry)) {
                pass.fault("registry_schedule", &key, Fault::NoOwner(schedule.registry));
            }
            if !is_claimed_as_it_says(&schedule) {
                pass.fault("registry_schedule", &key, Fault::Contradicted("run"));
            }
            Ok(())
        })
    }

    fn registry_tags(&mut self, registries: &HashSet<(Uuid, Uuid)>) -> Result<()> {
        let start = vec![Uuid::nil().into(), Uuid::nil().into(), "".into(), "".into()];
        self.pages(sql!("registry_tag/after"), start, &[0, 1, 2, 3], |pass, mut row| {
            pass.counts.registry_tags += 1;
            let (customer, registry) = (row.uuid(0)?, row.uuid(1)?);
            let key = format!("{customer}/{registry}/{}:{}", row.text(2)?, row.text(3)?);
            if !registries.contains(&(customer, registry)) {
                pass.fault("registry_tag", &key, Fault::NoOwner(registry));
            }
            let digest = row.digest(4).map_err(StoreError::from);
            pass.readable("registry_tag", &key, digest).map(drop)
        })
    }

    fn manifests(&mut self, registries: &HashSet<(Uuid, Uuid)>) -> Result<()> {
        let start = vec![Uuid::nil().into(), Uuid::nil().into(), Value::Bytes(Vec::new())];
        self.pages(sql!("registry_manifest/after"), start, &[0, 1, 2], |pass, mut row| {
            pass.counts.manifests += 1;
            let (customer, registry) = (row.uuid(0)?, row.uuid(1)?);
            let digest = row.digest(2).map_err(StoreError::from);
            let shown = format!("{customer}/{registry}");
            let Some(digest) = pass.readable("registry_manifest", shown, digest)? else { return Ok(()) };
            let key = format!("{customer}/{registry}/{digest}");
            if !registries.contains(&(customer, registry)) {
                pass.fault("registry_manifest", &key, Fault::NoOwner(registry));
            }
            let state = registry_tag::state(&mut row, 3);
            pass.readable("registry_manifest", &key, state)?;
            let image = row.optional_digest(4).map_err(StoreError::from);
            pass.readable("registry_manifest", &key, image).map(drop)
        })
    }
}

/// A schedule has a claim exactly as long as somebody walks.
fn is_claimed_as_it_says(schedule: &Schedule) -> bool {
    let is_running = schedule.status == ScheduleStatus::Running;
    let claim = [schedule.run.is_some(), schedule.claimed_by.is_some(), schedule.claimed_until.0 != 0];
    claim.iter().all(|part| *part == is_running)
}
