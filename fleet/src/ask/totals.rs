//! Numbers of many records, and help for whoever writes a query about them.

use std::sync::Arc;

use model::Timestamp;
use qql::fields::{ContainerField, FieldId};
use qql::{Completions, Entity, Sort};
use uuid::Uuid;

use super::{Chosen, Selection, choose, search};
use crate::aggregate::{self, By, FleetVulnerabilities, Group, Summary};
use crate::complete::Frequent;
use crate::error::FleetError;
use crate::eval::Key;
use crate::fleet::Fleet;
use crate::lists::resolved;
use crate::request::Scope;
use crate::state::{State, Total};
use crate::table::Bits;

/// What records are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// A field of images or of containers that has at most one value; times by day.
    Field(FieldId),
    /// The severities of vulnerabilities: a record counts for each that it has.
    Severity,
    /// Names of software.
    Package,
    /// Name and version of software.
    PackageVersion,
    /// Vulnerabilities by qid.
    Vulnerability,
    /// Vulnerabilities by CVE id.
    Cve,
    /// Registry and repository where images are tagged.
    Repository,
    /// The hosts of containers by name.
    Host,
    /// The namespaces of pods.
    Namespace,
}

/// What the records of a group have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupKey {
    /// True or false.
    Flag(bool),
    /// A whole number, a decimal in thousandths, or the first millisecond of a day.
    Number(i64),
    /// A name, id or word.
    Text(String),
    /// They have no value.
    Missing,
}

/// A group of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// What they have in common.
    pub key: GroupKey,
    /// The version, by [`GroupBy::PackageVersion`].
    pub version: Option<String>,
    /// Images of the group.
    pub images: u64,
    /// Containers of the group.
    pub containers: u64,
}

/// The largest groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupList {
    /// By images, then containers, then what they have in common.
    pub rows: Vec<GroupRow>,
    /// How many groups there are in all.
    pub count: u64,
    /// Images that were counted, each once.
    pub images: u64,
    /// Containers that were counted, each once.
    pub containers: u64,
}

impl GroupBy {
    fn by(self) -> By {
        match self {
            Self::Field(field) => By::Field(field),
            Self::Severity => By::Severity,
            Self::Package => By::Package,
            Self::PackageVersion => By::PackageVersion,
            Self::Vulnerability => By::Vulnerability,
            Self::Cve => By::Cve,
            Self::Repository => By::Repository,
            Self::Host => By::Field(FieldId::Container(ContainerField::HostHostname)),
            Self::Namespace => By::Field(FieldId::Container(ContainerField::PodNamespace)),
        }
    }
}

impl From<Group> for GroupRow {
    fn from(group: Group) -> Self {
        let key = match group.key {
            Key::Flag(flag) => GroupKey::Flag(flag),
            Key::Number(number) => GroupKey::Number(number),
            Key::Text(text) => GroupKey::Text(text),
            Key::Missing => GroupKey::Missing,
        };
        Self { key, version: group.version, images: group.images, containers: group.containers }
    }
}

impl Fleet {
    /// Counts images and containers by something that they have, and gives the `top` largest groups. A container counts
    /// for what its image has.
    pub fn groups(&self, selection: &Selection, by: GroupBy, top: usize) -> Result<GroupList, FleetError> {
        let state = self.state();
        if selection.filter.is_some() {
            return groups(&state, selection, by, top);
        }
        let count = || groups(&state, selection, by, top).map(Total::Groups);
        match state.total((selection.customer, selection.scope.clone(), Some((by, top))), count)? {
            Total::Groups(groups) => Ok(groups),
            Total::Summary(_) => groups(&state, selection, by, top),
        }
    }

    /// What images and containers come to.
    pub fn summary(&self, selection: &Selection) -> Result<Summary, FleetError> {
        let state = self.state();
        if selection.filter.is_some() {
            return summary(&state, selection);
        }
        let count = || summary(&state, selection).map(Total::Summary);
        match state.total((selection.customer, selection.scope.clone(), None), count)? {
            Total::Summary(summary) => Ok(summary),
            Total::Groups(_) => summary(&state, selection),
        }
    }

    /// The vulnerabilities of the images and containers that a scope shows and a filter on vulnerabilities admits: `take` of
    /// them after `skip`; ties, and all without an order, by qid.
    pub fn vulnerabilities(
        &self,
        (customer, scope): (Uuid, &Scope),
        filter: Option<&qql::Query>,
        order: Option<Sort>,
        window: (usize, usize),
    ) -> Result<FleetVulnerabilities, FleetError> {
        let condition = resolved(filter, Entity::Vulnerability, Timestamp::now())?;
        let state = self.state();
        let Some(search) = search(&state, customer, scope) else {
            return Ok(FleetVulnerabilities { items: Vec::new(), count: 0 });
        };
        let visible = &search.visible;
        let records = (&*visible.images, &*visible.containers);
        Ok(aggregate::vulnerabilities(&search, &condition, order, records, window))
    }

    /// What may stand at a place of a query that is being typed, counted in characters from 0; values are those that the
    /// scope shows.
    pub fn complete(
        &self,
        (customer, scope): (Uuid, &Scope),
        entity: Entity,
        text: &str,
        cursor: usize,
    ) -> Completions {
        let state = self.state();
        match search(&state, customer, scope) {
            Some(search) => qql::complete(text, cursor, entity, &Frequent::of(&search, entity)),
            None => qql::complete(text, cursor, entity, &()),
        }
    }
}

fn summary(state: &State, selection: &Selection) -> Result<Summary, FleetError> {
    let chosen = choose(state, selection)?;
    Ok(chosen.map_or_else(Summary::default, |chosen| {
        aggregate::summary(&chosen.search, &chosen.images, &chosen.containers)
    }))
}

fn groups(state: &State, selection: &Selection, by: GroupBy, top: usize) -> Result<GroupList, FleetError> {
    let Some(chosen) = choose(state, selection)? else { return Ok(GroupList::default()) };
    let Chosen { search, images, containers } = chosen;
    let by = by.by();
    // what an image's own record says is not told by a container of it to whoever may not see the image
    let told = match by {
        By::Field(FieldId::Image(_)) | By::Repository => {
            let of_image = &search.tenant.containers.image;
            let is_shown = |image: &u32| search.visible.images.contains(*image);
            let mut told = Bits::clone(&containers);
            told.retain(|container| of_image.get(container).is_some_and(is_shown));
            Arc::new(told)
        }
        _ => Arc::clone(&containers),
    };
    let groups = aggregate::group(&search, by, &images, &told, top);
    Ok(GroupList {
        rows: groups.top.into_iter().map(GroupRow::from).collect(),
        count: groups.count as u64,
        images: groups.images,
        containers: containers.count(),
    })
}
