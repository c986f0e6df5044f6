//! Everything that the API shows of a fleet, as a few digests: two indexes that show the same have the same ones.

use fleet::{BulkRequest, Entity, Export, Fleet, FleetError, QueryColumn, QueryOrder, QueryRequest, Scope};
use model::Digest;
use uuid::Uuid;

use crate::paging::Parameters;
use crate::query::{QueryForm, QueryText};
use crate::settings::ApiSettings;
use crate::wire::{ContainerRendering, ImageRendering, Version};

/// Records of a page.
const PAGE: usize = 250;

/// What a list comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The list, in words.
    pub list: String,
    /// Records in it.
    pub count: u64,
    /// Of all its bytes, in its order.
    pub digest: Digest,
}

/// A digest of bytes that come in parts. Where they are parted is a part of it, so both sides part them alike.
struct Chain(Digest);

impl Chain {
    fn add(&mut self, part: &[u8]) {
        let mut both = Vec::with_capacity(32 + part.len());
        both.extend_from_slice(self.0.as_bytes());
        both.extend_from_slice(part);
        self.0 = Digest::of(&both);
    }
}

/// Tells of every list of every customer: all records as the oldest and the newest version show them, in the order of their
/// last change; their uuids in each order that lists can have; and the software and vulnerabilities of the fleet.
///
/// Takes about as long as two exports of everything.
pub fn fingerprints(fleet: &Fleet, tell: &mut dyn FnMut(Fingerprint)) -> Result<(), FleetError> {
    let mut customers = fleet.customers();
    customers.sort_unstable();
    for customer in customers {
        for entity in [Entity::Image, Entity::Container] {
            for version in [Version::V1_1, Version::V1_3] {
                tell(records(fleet, customer, entity, version)?);
            }
            for field in entity.level().fields() {
                let Ok(order) = QueryOrder::parse(field.name, entity) else { continue };
                let columns = QueryColumn::parse_list("uuid", entity)?;
                tell(result(fleet, customer, entity, columns, Some(order), &format!("by {}", field.name))?);
            }
        }
        for entity in [Entity::Software, Entity::Vulnerability] {
            let fields = entity.level().fields().iter();
            let columns = fields.filter_map(|field| QueryColumn::parse(field.name, entity).ok()).collect();
            tell(result(fleet, customer, entity, columns, None, "of the fleet")?);
        }
    }
    Ok(())
}

fn records(
    fleet: &Fleet,
    customer: Uuid,
    entity: Entity,
    version: Version,
) -> Result<Fingerprint, FleetError> {
    let plain = Parameters::default();
    let images = ImageRendering::of(version, false, &plain);
    let containers = ContainerRendering::of(version, false, &plain, &ApiSettings::default()).ok();
    let (mut chain, mut count) = (Chain(Digest::of(b"")), 0);
    let mut cursor = None;
    loop {
        let request =
            BulkRequest { customer, scope: Scope::Everything, filter: None, cursor, end: None, limit: PAGE };
        let page: Export = match entity {
            Entity::Container => fleet.export_containers(&request)?,
            _ => fleet.export_images(&request)?,
        };
        for index in 0..page.len() {
            let mut line = Vec::new();
            match (entity, containers) {
                (Entity::Container, Some(containers)) => {
                    page.with_container(index, |container| containers.append_bulk(&mut line, container))?;
                }
                _ => page.with_image(index, |image| images.append_bulk(&mut line, image))?,
            }
            chain.add(&line);
            count += 1;
        }
        match &page.next {
            Some(next) => cursor = Some(qql::parse(next)?),
            None => break,
        }
    }
    let list = format!("{} of {customer} in {}", entity.plural(), version);
    Ok(Fingerprint { list, count, digest: chain.0 })
}

fn result(
    fleet: &Fleet,
    customer: Uuid,
    entity: Entity,
    columns: Vec<QueryColumn>,
    order: Option<QueryOrder>,
    what: &str,
) -> Result<Fingerprint, FleetError> {
    let request = QueryRequest {
        customer,
        scope: Scope::Everything,
        entity,
        filter: None,
        columns,
        order,
        limit: None,
    };
    let found = fleet.query(request)?;
    let count = found.count;
    let mut chain = Chain(Digest::of(b""));
    QueryText::new(found, QueryForm::Ndjson).for_each(|piece| chain.add(&piece));
    Ok(Fingerprint { list: format!("{} of {customer} {what}", entity.plural()), count, digest: chain.0 })
}
