//! Software and vulnerabilities of one record, filtered and sorted.

use std::cmp::Ordering;
use std::sync::Arc;

use model::Timestamp;
use qql::{Condition, Entity, Sort};
use uuid::Uuid;

use super::search;
use crate::error::FleetError;
use crate::eval::Key;
use crate::fleet::Fleet;
use crate::lists::{container_view, image_view, look_up, resolved};
use crate::request::{Lookup, Scope};
use crate::state::View;
use crate::views::{ContainerView, ImageView, VulnerabilityView};

/// What is asked for of the inside of a record.
#[derive(Clone, Debug, Default)]
pub struct Inside {
    /// A condition on the rows.
    pub filter: Option<qql::Query>,
    /// Their order; rows that are equal in it stay as they are. Without it they stand as the record has them.
    pub sort: Option<Sort>,
}

/// A record with some of its rows.
#[derive(Clone, Debug)]
pub struct Part<V> {
    /// The record.
    pub view: Arc<V>,
    /// Indices of its software or of its vulnerabilities, in the order that was asked for.
    pub rows: Vec<usize>,
}

/// Who asks for the inside of which record.
type Asked<'a> = (Uuid, &'a Scope, &'a str);

impl Fleet {
    /// The software of an image, which is found as by [`Fleet::image`].
    pub fn image_software(
        &self,
        asked: Asked<'_>,
        inside: &Inside,
    ) -> Result<Lookup<Part<ImageView>>, FleetError> {
        self.part((Entity::Image, Entity::Software), asked, inside, image_view, |view, chosen| {
            places(view.software.len(), chosen)
        })
    }

    /// The vulnerabilities of an image.
    pub fn image_vulnerabilities(
        &self,
        asked: Asked<'_>,
        inside: &Inside,
    ) -> Result<Lookup<Part<ImageView>>, FleetError> {
        self.part((Entity::Image, Entity::Vulnerability), asked, inside, image_view, |view, chosen| {
            by_qid(&view.vulnerabilities, chosen)
        })
    }

    /// The software of a container.
    pub fn container_software(
        &self,
        asked: Asked<'_>,
        inside: &Inside,
    ) -> Result<Lookup<Part<ContainerView>>, FleetError> {
        self.part((Entity::Container, Entity::Software), asked, inside, container_view, |view, chosen| {
            places(view.software.len(), chosen)
        })
    }

    /// The vulnerabilities of a container.
    pub fn container_vulnerabilities(
        &self,
        asked: Asked<'_>,
        inside: &Inside,
    ) -> Result<Lookup<Part<ContainerView>>, FleetError> {
        self.part(
            (Entity::Container, Entity::Vulnerability),
            asked,
            inside,
            container_view,
            |view, chosen| by_qid(&view.vulnerabilities, chosen),
        )
    }

    fn part<V>(
        &self,
        (entity, of): (Entity, Entity),
        (customer, scope, key): Asked<'_>,
        inside: &Inside,
        render: impl Fn(&View<'_>, u32) -> Result<V, FleetError>,
        rows: impl Fn(&V, Option<Vec<u32>>) -> Vec<usize>,
    ) -> Result<Lookup<Part<V>>, FleetError> {
        let condition = resolved(inside.filter.as_ref(), of, Timestamp::now())?;
        let state = self.state();
        let Some(view) = state.view(customer, scope, entity) else { return Ok(Lookup::Unknown) };
        let position = match look_up(&view, key) {
            Some(Some(position)) => position,
            Some(None) => return Ok(Lookup::OutOfScope),
            None => return Ok(Lookup::Unknown),
        };
        let is_plain = inside.sort.is_none() && condition == Condition::All;
        let chosen = (!is_plain).then(|| {
            let search = search(&state, customer, scope)?;
            let record = match entity {
                Entity::Container => search.plain_container(position)?,
                _ => search.plain_image(position),
            };
            let by = inside.sort.map(|sort| sort.field);
            let mut passing = match of {
                Entity::Software => record.software_passing(&condition, by),
                _ => record.findings_passing(&condition, by),
            };
            if let Some(sort) = inside.sort {
                passing.sort_by(|(_, a), (_, b)| directed(a, b, sort.descending));
            }
            Some(passing.into_iter().map(|(row, _)| row).collect::<Vec<u32>>())
        });
        // the image of a container may not be known: then there are no rows
        let chosen = chosen.map(Option::unwrap_or_default);
        let shown = render(&view, position)?;
        let rows = rows(&shown, chosen);
        Ok(Lookup::Found(Arc::new(Part { view: Arc::new(shown), rows })))
    }
}

fn directed(a: &Key, b: &Key, descending: bool) -> Ordering {
    if descending { b.cmp(a) } else { a.cmp(b) }
}

fn places(all: usize, chosen: Option<Vec<u32>>) -> Vec<usize> {
    match chosen {
        None => (0..all).collect(),
        Some(chosen) => chosen.into_iter().map(|place| place as usize).filter(|place| *place < all).collect(),
    }
}

fn by_qid(all: &[VulnerabilityView], chosen: Option<Vec<u32>>) -> Vec<usize> {
    let Some(chosen) = chosen else { return (0..all.len()).collect() };
    let place = |qid: u32| all.binary_search_by_key(&qid, |view| view.vulnerability.qid).ok();
    chosen.into_iter().filter_map(place).collect()
}
