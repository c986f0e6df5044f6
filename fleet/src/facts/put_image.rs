//! One image record into its columns.

use model::{Reference, SecretRecord};
use store::ImageRecord;
use uuid::Uuid;

use super::{Images, NO_TIME, ReferencesColumn, SecretsColumn};
use crate::table::{Digests, Lists, Lookup, NONE};

impl Images {
    /// A position for a new image with that uuid.
    pub(super) fn take_position(&mut self, record: &ImageRecord) -> u32 {
        let position = super::change::take_position(&mut self.live, &mut self.free);
        self.uuid.put(position, record.uuid, &Uuid::nil());
        self.id.put(position, record.id.0, &super::change::NO_ID);
        self.by_uuid.insert(Lookup::key(record.uuid.as_bytes()), position);
        self.by_id.insert(Lookup::key(record.id.0.as_bytes()), position);
        self.associated_containers.put(position, 0, &0);
        self.associated_hosts.put(position, 0, &0);
        self.last_used.put(position, NO_TIME, &NO_TIME);
        self.last_container.put(position, NONE, &NONE);
        self.layers.put(position, &[]);
        position
    }

    /// Gives a position up.
    pub(super) fn give_up(&mut self, position: u32, digests: &Digests) {
        let id = self.id.get(position).copied().unwrap_or(super::change::NO_ID);
        self.by_uuid.remove(Lookup::key(self.uuid(position).as_bytes()), position);
        self.by_id.remove(Lookup::key(id.as_bytes()), position);
        self.set_layers(position, Vec::new(), digests);
        let tags: Vec<String> = self.tags.get(position).map(str::to_owned).collect();
        tags.iter().for_each(|tag| self.tagged.set(tag, position, false));
        super::change::set(&mut self.in_use, position, false);
        super::change::set(&mut self.has_since, position, false);
        super::change::set(&mut self.has_empty_layer, position, false);
        super::change::give_up(&mut self.live, &mut self.free, position);
    }

    /// Writes all columns but those that are derived from other records; `updated` is one of these.
    pub(super) fn write(
        &mut self,
        position: u32,
        record: &ImageRecord,
        inventory: u32,
        digests: &mut Digests,
    ) {
        let document = &record.document;
        let facts = &document.facts;
        self.own_updated.put(position, record.updated.0, &NO_TIME);
        self.first_stored.put(position, record.created_at.0, &NO_TIME);
        self.last_scanned.put(position, record.last_scanned.0, &NO_TIME);
        self.created.put(position, facts.created.map_or(NO_TIME, |created| created.0), &NO_TIME);
        self.inventory.put(position, inventory, &NONE);
        super::change::set(&mut self.has_since, position, !record.since.is_empty());
        if !record.since.is_empty() {
            self.since.put_all(&mut [(position, &*super::since::packed(&record.since))]);
        }
        self.author.put(position, Some(&facts.author));
        self.architecture.put(position, facts.architecture.as_deref());
        self.docker_version.put(position, facts.docker_version.as_deref());
        let system = document.os_release.as_ref().map(|release| release.display_name.as_str());
        self.operating_system.put(position, system.filter(|name| !name.is_empty()));
        self.size.put(position, facts.size, &0);
        self.users.put(position, document.users.iter().map(String::as_str));
        self.sources.put(position, record.sources.iter().map(String::as_str));
        let registries: Vec<String> = record.registries.iter().map(Uuid::to_string).collect();
        self.registries.put(position, registries.iter().map(String::as_str));
        self.references.put(position, &facts.references, digests);
        self.labels.put(position, &facts.labels);
        let diff_ids: Vec<_> = facts.layers.iter().filter_map(|layer| layer.diff_id).collect();
        let count = if facts.layers.is_empty() { NONE } else { diff_ids.len() as u32 };
        self.layers_count.put(position, count, &NONE);
        super::change::set(&mut self.has_empty_layer, position, diff_ids.len() < facts.layers.len());
        let base = facts.base.as_ref().map(|base| [digests.intern(&base.id.0), base.layers]);
        self.stated_base.put(position, base.as_slice());
        let layers: Vec<u32> = diff_ids.iter().map(|diff_id| digests.intern(&diff_id.0)).collect();
        let layer_of =
            |secret: &SecretRecord| secret.layer.and_then(|index| layers.get(index as usize).copied());
        self.secrets.put(position, &document.secrets, layer_of);
        self.set_layers(position, layers, digests);
        self.write_tags(position, &record.tags);
    }

    fn write_tags(&mut self, position: u32, tags: &[String]) {
        let before: Vec<String> = self.tags.get(position).map(str::to_owned).collect();
        before.iter().filter(|tag| !tags.contains(tag)).for_each(|tag| self.tagged.set(tag, position, false));
        tags.iter().for_each(|tag| self.tagged.set(tag, position, true));
        self.tags.put(position, tags.iter().map(String::as_str));
    }

    fn set_layers(&mut self, position: u32, layers: Vec<u32>, digests: &Digests) {
        let before = self.layers.list(position);
        let list = self.layers.lists.intern(&layers);
        if before == list {
            return;
        }
        let chain = |images: &Self, list: u32| super::base::chain(images, list, digests).last();
        if let Some(key) = chain(self, before) {
            self.by_chain.remove(key, position);
        }
        if let Some(key) = chain(self, list) {
            self.by_chain.insert(key, position);
        }
        self.layers.numbers.put(position, list, &Lists::EMPTY);
    }
}

impl ReferencesColumn {
    fn put(&mut self, position: u32, references: &[Reference], digests: &mut Digests) {
        let tuple = |reference: &Reference| {
            [
                self.registries.intern(&reference.registry),
                self.repositories.intern(&reference.repository),
                self.tags.intern_optional(reference.tag.as_deref()),
                digests.intern_optional(reference.digest.as_ref()),
            ]
        };
        let tuples: Vec<[u32; 4]> = references.iter().map(tuple).collect();
        self.tuples.put(position, &tuples);
    }

    /// The names of an image.
    pub(crate) fn get(&self, position: u32, digests: &Digests) -> Vec<Reference> {
        let texts = |number: u32, of: &crate::table::Dictionary| of.get(number).map(str::to_owned);
        let reference = |[registry, repository, tag, digest]: [u32; 4]| Reference {
            registry: texts(registry, &self.registries).unwrap_or_default(),
            repository: texts(repository, &self.repositories).unwrap_or_default(),
            tag: texts(tag, &self.tags),
            digest: digests.get(digest).copied(),
        };
        self.tuples.get(position).map(reference).collect()
    }
}

impl SecretsColumn {
    fn put(
        &mut self,
        position: u32,
        secrets: &[SecretRecord],
        layer_of: impl Fn(&SecretRecord) -> Option<u32>,
    ) {
        let tuple = |secret: &SecretRecord| {
            [
                self.rules.intern(&secret.rule),
                self.titles.intern(&secret.title),
                self.paths.intern(&secret.path),
                secret.line,
                u32::from(secret.severity.get()),
                layer_of(secret).unwrap_or(NONE),
            ]
        };
        let tuples: Vec<[u32; 6]> = secrets.iter().map(tuple).collect();
        self.tuples.put(position, &tuples);
    }
}
