//! What belongs to an image: its containers, and the hosts they are on.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Timestamp;
use qql::fields::{ContainerField, FieldId};
use qql::{Entity, Sort};
use uuid::Uuid;

use super::search;
use crate::aggregate::StateTotals;
use crate::error::FleetError;
use crate::eval::Search;
use crate::fleet::Fleet;
use crate::lists::{look_up, resolved};
use crate::request::{Lookup, Scope};
use crate::table::{Bits, NONE};
use crate::views::ContainerBrief;

/// The containers of an image and their hosts.
#[derive(Clone, Debug)]
pub struct Association<V> {
    /// The containers, the latest made first.
    pub containers: Vec<V>,
    /// Those of them that differ from the image, the latest made first.
    pub drifted: Vec<V>,
    /// How many there are, which may be more.
    pub count: u64,
    /// Their hosts by name.
    pub hosts: Vec<HostTotals>,
}

/// A host and what is on it, as far as the reader may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostTotals {
    /// Its id.
    pub uuid: Uuid,
    /// Its name.
    pub hostname: String,
    /// The address that one of its containers tells.
    pub ip_address: Option<String>,
    /// The sensor that told of one of its containers.
    pub sensor: Option<Uuid>,
    /// All containers on it.
    pub all: StateTotals,
    /// Those of the image.
    pub of_image: StateTotals,
}

impl Fleet {
    /// The containers of an image that the scope shows and a filter on containers admits, at most the first number of `most`, and
    /// those of them that drifted, at most the second one, each made into something by `render`; and the hosts of all of these. Containers on a host are counted whether the filter admits them
    /// or not. The image is found as by [`Fleet::image`].
    pub fn image_association<V>(
        &self,
        (customer, scope, key): (Uuid, &Scope, &str),
        filter: Option<&qql::Query>,
        most: (usize, usize),
        render: impl Fn(&ContainerBrief<'_>) -> V,
    ) -> Result<Lookup<Association<V>>, FleetError> {
        let condition = resolved(filter, Entity::Container, Timestamp::now())?;
        let state = self.state();
        let Some(images) = state.view(customer, scope, Entity::Image) else { return Ok(Lookup::Unknown) };
        let image = match look_up(&images, key) {
            Some(Some(image)) => image,
            Some(None) => return Ok(Lookup::OutOfScope),
            None => return Ok(Lookup::Unknown),
        };
        let (Some(view), Some(search)) =
            (state.view(customer, scope, Entity::Container), search(&state, customer, scope))
        else {
            return Ok(Lookup::Unknown);
        };
        let mut listed = Bits::clone(&view.listed(condition));
        listed.retain(|container| search.tenant.containers.image.get(container) == Some(&image));
        let order = Sort { field: FieldId::Container(ContainerField::Created), descending: true };
        let brief = |position| ContainerBrief::of(&state.index, view.tenant, position);
        let rendered = |among: &Bits, most| {
            let first = search.first_containers(among, order, most);
            first.into_iter().map(|position| render(&brief(position))).collect()
        };
        let mut drifted = Bits::clone(&listed);
        drifted.retain(|container| search.tenant.containers.details.is_drift(container) == Some(true));
        Ok(Lookup::Found(Arc::new(Association {
            containers: rendered(&listed, most.0),
            drifted: rendered(&drifted, most.1),
            count: listed.count(),
            hosts: hosts(&search, &listed, image),
        })))
    }
}

/// The hosts of some containers by name.
fn hosts(search: &Search<'_>, listed: &Bits, image: u32) -> Vec<HostTotals> {
    let (containers, hosts) = (&search.tenant.containers, &search.tenant.hosts);
    let description = |container: u32| containers.host.get(container).copied().unwrap_or(NONE);
    let mut found: BTreeMap<u32, HostTotals> = BTreeMap::new();
    // positions tell what others were stored before: the container that was seen last says which address a host has, and which sensor
    let mut told: BTreeMap<u32, [(i64, Uuid); 2]> = BTreeMap::new();
    for container in listed.iter() {
        let described = description(container);
        if described == NONE {
            continue;
        }
        let of_host = found.entry(hosts.host(described)).or_insert_with(|| HostTotals {
            uuid: hosts.uuid(described),
            hostname: hosts.name(described).to_owned(),
            ip_address: None,
            sensor: None,
            all: StateTotals::default(),
            of_image: StateTotals::default(),
        });
        let seen = containers.observed_at.get(container).copied().unwrap_or(i64::MIN);
        let moment = (seen, containers.uuid(container));
        let [address_at, sensor_at] =
            told.entry(hosts.host(described)).or_insert([(i64::MIN, Uuid::nil()); 2]);
        if let Some(address) = hosts.ip(described).filter(|_| *address_at <= moment) {
            *address_at = moment;
            of_host.ip_address = Some(address.to_owned());
        }
        if let Some(sensor) = hosts.told_by(described).filter(|_| *sensor_at <= moment) {
            *sensor_at = moment;
            of_host.sensor = Some(sensor);
        }
    }
    if !found.is_empty() {
        for container in search.visible.containers.iter() {
            let Some(of_host) = found.get_mut(&hosts.host(description(container))) else { continue };
            let state = containers.state(container);
            *of_host.all.of(state) += 1;
            if containers.image.get(container) == Some(&image) {
                *of_host.of_image.of(state) += 1;
            }
        }
    }
    let mut found: Vec<HostTotals> = found.into_values().collect();
    found.sort_by(|a, b| a.hostname.cmp(&b.hostname));
    found
}
