//! Lists and single records: questions to one state of the index, from its columns to views.

use std::sync::Arc;

use model::{Digest, Timestamp};
use qql::fields::{ContainerField, FieldId, ImageField};
use qql::{Condition, Entity, Sort};
use uuid::Uuid;

use crate::error::FleetError;
use crate::eval::Table as _;
use crate::eval::cursor::Cursor;
use crate::fleet::Fleet;
use crate::page::Source;
use crate::request::{BulkPage, BulkRequest, ListPage, ListRequest, Lookup, Scope};
use crate::sort::{first_by, first_by_log};
use crate::state::{State, View};
use crate::table;
use crate::views::{
    BulkContainer, BulkImage, ContainerBrief, ContainerView, ImageBrief, ImageView, ReadImages,
};

/// Hex digits of a short id.
const SHORT_ID: usize = 12;

/// The positions of a page of a bulk list, the text of the next cursor, and where the export ends.
type Bulk = (Vec<u32>, Option<String>, Option<Timestamp>);

impl Fleet {
    /// A page of the bulk list of images.
    pub fn images_bulk(&self, request: &BulkRequest) -> Result<BulkPage<ImageView>, FleetError> {
        self.bulk(Entity::Image, request, image_view)
    }

    /// A page of the bulk list of containers.
    pub fn containers_bulk(&self, request: &BulkRequest) -> Result<BulkPage<ContainerView>, FleetError> {
        let read = ReadImages::default();
        self.bulk(Entity::Container, request, |view, position| {
            Ok(bulk_container(view, position, &read)?.view())
        })
    }

    /// A page of the plain list of images.
    pub fn images_list(&self, request: &ListRequest) -> Result<ListPage<ImageView>, FleetError> {
        self.list(Entity::Image, request, image_view)
    }

    /// A page of the plain list of containers.
    pub fn containers_list(&self, request: &ListRequest) -> Result<ListPage<ContainerView>, FleetError> {
        self.list(Entity::Container, request, container_view)
    }

    /// A page of the plain list of images, each made into something by `render`.
    pub fn images_in_brief<V>(
        &self,
        request: &ListRequest,
        render: impl Fn(&ImageBrief<'_>) -> V,
    ) -> Result<ListPage<V>, FleetError> {
        self.list(Entity::Image, request, |view, position| {
            Ok(render(&ImageBrief::of(&view.state.index, view.tenant, position)))
        })
    }

    /// A page of the plain list of containers, each made into something by `render`.
    pub fn containers_in_brief<V>(
        &self,
        request: &ListRequest,
        render: impl Fn(&ContainerBrief<'_>) -> V,
    ) -> Result<ListPage<V>, FleetError> {
        self.list(Entity::Container, request, |view, position| {
            Ok(render(&ContainerBrief::of(&view.state.index, view.tenant, position)))
        })
    }

    /// One image by its id: 64 hex digits, or the first 12 of them. Of several with the same beginning the scope
    /// shows, it is the one with the least id.
    pub fn image(&self, customer: Uuid, scope: &Scope, key: &str) -> Result<Lookup<ImageView>, FleetError> {
        self.one(Entity::Image, customer, scope, key, image_view)
    }

    /// One container by its id, as [`Self::image`].
    pub fn container(
        &self,
        customer: Uuid,
        scope: &Scope,
        key: &str,
    ) -> Result<Lookup<ContainerView>, FleetError> {
        self.one(Entity::Container, customer, scope, key, container_view)
    }

    /// Whether a scope shows the record with a uuid.
    pub fn is_visible(&self, customer: Uuid, scope: &Scope, entity: Entity, uuid: Uuid) -> Lookup<()> {
        let state = self.state();
        let view = state.view(customer, scope, entity);
        let found = view.and_then(|view| Some((view.rows().position(uuid)?, view)));
        match found {
            Some((position, view)) if view.visible.contains(position) => Lookup::Found(Arc::new(())),
            Some(_) => Lookup::OutOfScope,
            None => Lookup::Unknown,
        }
    }

    fn bulk<V>(
        &self,
        entity: Entity,
        request: &BulkRequest,
        render: impl Fn(&View<'_>, u32) -> Result<V, FleetError>,
    ) -> Result<BulkPage<V>, FleetError> {
        let state = self.state();
        let (page, next, end) = self.bulk_positions(&state, entity, request)?;
        let Some(view) = state.view(request.customer, &request.scope, entity) else {
            return Ok(BulkPage { items: Vec::new(), next, end });
        };
        let items = page.into_iter().map(|position| Ok(Arc::new(render(&view, position)?)));
        Ok(BulkPage { items: items.collect::<Result<_, FleetError>>()?, next, end })
    }

    /// The positions of a page of a bulk list, the text of the next cursor, and where the export ends.
    pub(crate) fn bulk_positions(
        &self,
        state: &State,
        entity: Entity,
        request: &BulkRequest,
    ) -> Result<Bulk, FleetError> {
        let now = Timestamp::now();
        let mut cursor = Cursor::of(request.cursor.as_ref());
        cursor.put_end(request.end);
        let mut conditions = vec![resolved(request.filter.as_ref(), entity, now)?];
        for condition in &cursor.rest {
            conditions.push(qql::resolve_expr(condition, entity, now)?);
        }
        let Some(view) = state.view(request.customer, &request.scope, entity) else {
            return Ok((Vec::new(), None, None));
        };
        let listed = view.listed(all_of(conditions));
        let source = Source { rows: view.rows(), visible: Arc::clone(&view.visible), listed };
        let (page, mut next) = source.bulk(cursor, request.limit);
        let end = next.as_mut().and_then(Cursor::take_end);
        Ok((page, next.map(|cursor| cursor.to_string()), end))
    }

    fn list<V>(
        &self,
        entity: Entity,
        request: &ListRequest,
        render: impl Fn(&View<'_>, u32) -> Result<V, FleetError>,
    ) -> Result<ListPage<V>, FleetError> {
        let condition = resolved(request.filter.as_ref(), entity, Timestamp::now())?;
        let state = self.state();
        let Some(view) = state.view(request.customer, &request.scope, entity) else {
            return Ok(ListPage { items: Vec::new(), count: 0 });
        };
        let listed = view.listed(condition);
        let count = listed.count();
        let start = (request.page.max(1) - 1).saturating_mul(request.page_size);
        let most = usize::try_from(count).unwrap_or(usize::MAX);
        let end = start.saturating_add(request.page_size).min(most);
        let window = if start < end { sorted(&view, &listed, request.sort, end) } else { Vec::new() };
        let page = window.get(start..).unwrap_or_default();
        let items = page.iter().map(|position| Ok(Arc::new(render(&view, *position)?)));
        Ok(ListPage { items: items.collect::<Result<_, FleetError>>()?, count })
    }

    fn one<V>(
        &self,
        entity: Entity,
        customer: Uuid,
        scope: &Scope,
        key: &str,
        render: impl Fn(&View<'_>, u32) -> Result<V, FleetError>,
    ) -> Result<Lookup<V>, FleetError> {
        let state = self.state();
        let Some(view) = state.view(customer, scope, entity) else { return Ok(Lookup::Unknown) };
        Ok(match look_up(&view, key) {
            Some(Some(position)) => Lookup::Found(Arc::new(render(&view, position)?)),
            Some(None) => Lookup::OutOfScope,
            None => Lookup::Unknown,
        })
    }
}

fn bulk_image<'v>(view: &'v View<'_>, position: u32) -> Result<BulkImage<'v>, FleetError> {
    BulkImage::of(&view.state.index, view.tenant, position, &view.visible_images)
}

fn bulk_container<'v>(
    view: &'v View<'_>,
    position: u32,
    read: &ReadImages,
) -> Result<BulkContainer<'v>, FleetError> {
    BulkContainer::of(&view.state.index, view.tenant, position, read)
}

pub(crate) fn image_view(view: &View<'_>, position: u32) -> Result<ImageView, FleetError> {
    Ok(bulk_image(view, position)?.view())
}

pub(crate) fn container_view(view: &View<'_>, position: u32) -> Result<ContainerView, FleetError> {
    Ok(bulk_container(view, position, &ReadImages::default())?.view())
}

pub(crate) fn resolved(
    query: Option<&qql::Query>,
    entity: Entity,
    now: Timestamp,
) -> Result<Condition, FleetError> {
    Ok(query.map_or(Ok(Condition::All), |query| qql::resolve(query, entity, now))?)
}

fn all_of(mut conditions: Vec<Condition>) -> Condition {
    conditions.retain(|condition| *condition != Condition::All);
    match conditions.len() {
        0 => Condition::All,
        1 => conditions.swap_remove(0),
        _ => Condition::And(conditions),
    }
}

/// The first `window` of `listed` in the order that was asked for.
pub(crate) fn sorted(view: &View<'_>, listed: &table::Bits, sort: Sort, window: usize) -> Vec<u32> {
    let rows = view.rows();
    let is_updated = matches!(
        sort.field,
        FieldId::Image(ImageField::Updated) | FieldId::Container(ContainerField::Updated)
    );
    let by_log = || first_by_log(rows.order, rows.updated, sort.descending, listed, window);
    if let Some(found) = is_updated.then(by_log).flatten() {
        return found;
    }
    match view.entity {
        Entity::Container => {
            let containers = view.containers();
            first_by(&containers.column(sort.field), rows.uuid, sort.descending, listed, window)
        }
        _ => {
            let images = view.images();
            if sort.field == FieldId::Image(ImageField::BaseImage) {
                return images.first_by_base(listed, sort.descending, window);
            }
            first_by(&images.column(sort.field), rows.uuid, sort.descending, listed, window)
        }
    }
}

/// The position of the record that `key` names: `None` if there is none, `Some(None)` if it is out of scope.
pub(crate) fn look_up(view: &View<'_>, key: &str) -> Option<Option<u32>> {
    if key.len() != SHORT_ID && key.len() != 64 {
        return None;
    }
    let from = Digest::from_hex(&format!("{key:0<64}")).ok()?;
    let to = Digest::from_hex(&format!("{key:f<64}")).ok()?;
    let (ids, by_id) = match view.entity {
        Entity::Container => (&view.tenant.containers.id, &view.tenant.containers.by_id),
        _ => (&view.tenant.images.id, &view.tenant.images.by_id),
    };
    let bounds = (table::Lookup::key(from.as_bytes()), table::Lookup::key(to.as_bytes()));
    let found =
        by_id.range(bounds.0, bounds.1).filter_map(|(_, position)| Some((*ids.get(position)?, position)));
    let mut found: Vec<(Digest, u32)> = found.filter(|(id, _)| (from..=to).contains(id)).collect();
    found.sort_unstable();
    let shown = found.iter().map(|(_, position)| *position).find(|position| view.visible.contains(*position));
    (!found.is_empty()).then_some(shown)
}
