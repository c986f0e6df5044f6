//! The handle that the rest of the program holds.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use knowledge::Bundle;
use model::{Digest, Timestamp};
use qql::fields::Entity;
use store::Store;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use crate::column::{Columns, Visible};
use crate::error::FleetError;
use crate::eval::Predicate;
use crate::eval::cursor::Cursor;
use crate::follow::{Command, judge, touched};
use crate::index::Index;
use crate::load::load;
use crate::page::Source;
use crate::request::{BulkPage, BulkRequest, ListPage, ListRequest, Lookup, Scope};
use crate::snapshot::{ContainerParts, ImageParts};
use crate::view::{ContainerView, ImageView};

/// Hex digits of a short id.
const SHORT_ID: usize = 12;

/// The fleet as it stands; clones share one index. When the last clone is dropped, following ends.
#[derive(Clone)]
pub struct Fleet {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
}

/// What handles and follower share.
pub(crate) struct Shared {
    index: RwLock<Index>,
    bundle: RwLock<Arc<Bundle>>,
    reached: watch::Sender<Timestamp>,
}

/// Numbers about the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetStats {
    /// Images of all customers.
    pub images: usize,
    /// Containers of all customers.
    pub containers: usize,
    /// Distinct packages.
    pub packages: usize,
    /// The bundle that they are judged by.
    pub bundle: Digest,
    /// Everything up to this value of the store's clock is in the index.
    pub clock: Timestamp,
}

impl Fleet {
    /// Loads the index from the store, judges all packages by `bundle`, records what that changes, and starts to
    /// follow the store. The fleet is ready when this returns.
    pub async fn start(store: Store, bundle: Arc<Bundle>) -> Result<Self, FleetError> {
        let (reached, _) = watch::channel(Timestamp(i64::MIN));
        let index = RwLock::new(Index::default());
        let shared = Arc::new(Shared { index, bundle: RwLock::new(Arc::clone(&bundle)), reached });
        let follower = load(&store, &bundle, &shared).await?;
        let (commands, receiver) = mpsc::channel(1);
        tokio::spawn(follower.run(Arc::downgrade(&shared), receiver));
        Ok(Self { shared, commands })
    }

    /// Judges all packages by another bundle, records what came out otherwise and shows it; gives the number of
    /// packages concerned. Readers go on meanwhile and see the new findings all at once for each recorded part.
    pub async fn set_bundle(&self, bundle: Arc<Bundle>) -> Result<usize, FleetError> {
        let known: Vec<_> = self.shared.read().packages().cloned().collect();
        let touched = touched(known.clone(), self.bundle(), Arc::clone(&bundle)).await?;
        let packages = touched.iter().map(|entry| entry.package.clone()).collect();
        let again = judge(packages, Arc::clone(&bundle)).await?;
        let mut judged: HashMap<_, _> = known.iter().map(|entry| (entry.id, None)).collect();
        judged.extend(touched.iter().map(|entry| entry.id).zip(again.into_iter().map(Some)));
        let (done, outcome) = oneshot::channel();
        let command = Command::Adopt { bundle, judged, done };
        self.commands.send(command).await.map_err(|_| FleetError::Stopped)?;
        outcome.await.map_err(|_| FleetError::Stopped)?
    }

    /// The bundle that packages are judged by.
    pub fn bundle(&self) -> Arc<Bundle> {
        Arc::clone(&self.shared.bundle.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until everything up to `clock` is in the index: what a writer was told in its acknowledgement is
    /// then in every answer.
    pub async fn caught_up(&self, clock: Timestamp, timeout: Duration) -> Result<(), FleetError> {
        if !self.ready() {
            return Err(FleetError::Stopped);
        }
        let mut reached = self.shared.reached.subscribe();
        let waited = tokio::time::timeout(timeout, reached.wait_for(|reached| *reached >= clock)).await;
        match waited {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(FleetError::Stopped),
            Err(_) => Err(FleetError::Behind { wanted: clock, reached: *self.shared.reached.borrow() }),
        }
    }

    /// Whether the index is kept up to date; answers are given in any case.
    pub fn ready(&self) -> bool {
        !self.commands.is_closed()
    }

    /// Numbers for health checks and logs.
    pub fn stats(&self) -> FleetStats {
        self.shared.stats()
    }

    /// A page of the bulk list of images.
    pub fn images_bulk(&self, request: &BulkRequest) -> Result<BulkPage<ImageView>, FleetError> {
        let queries =
            Queries::of(Entity::Image, request.filter.as_ref(), request.cursor.as_ref(), request.end)?;
        let (parts, next) = {
            let index = self.shared.read();
            let visible = index.visible_images(request.customer, &request.scope);
            let source = queries.source(&index.images, request.customer, visible.clone());
            let (page, next) = source.bulk(queries.cursor, &queries.rest, request.limit);
            (
                page.into_iter()
                    .map(|position| ImageParts::of(&index, position, &visible))
                    .collect::<Vec<_>>(),
                next,
            )
        };
        let items = parts.into_iter().map(|parts| Arc::new(parts.view())).collect();
        Ok(bulk_page(items, next))
    }

    /// A page of the bulk list of containers.
    pub fn containers_bulk(&self, request: &BulkRequest) -> Result<BulkPage<ContainerView>, FleetError> {
        let queries =
            Queries::of(Entity::Container, request.filter.as_ref(), request.cursor.as_ref(), request.end)?;
        let (parts, next) = {
            let index = self.shared.read();
            let visible = index.visible_containers(request.customer, &request.scope);
            let source = queries.source(&index.containers, request.customer, visible);
            let (page, next) = source.bulk(queries.cursor, &queries.rest, request.limit);
            (page.into_iter().map(|position| ContainerParts::of(&index, position)).collect::<Vec<_>>(), next)
        };
        let items = parts.into_iter().map(|parts| Arc::new(parts.view())).collect();
        Ok(bulk_page(items, next))
    }

    /// A page of the plain list of images.
    pub fn images_list(&self, request: &ListRequest) -> Result<ListPage<ImageView>, FleetError> {
        let queries = Queries::of(Entity::Image, request.filter.as_ref(), None, None)?;
        let (parts, count) = {
            let index = self.shared.read();
            let visible = index.visible_images(request.customer, &request.scope);
            let source = queries.source(&index.images, request.customer, visible.clone());
            let (page, count) = source.list(request.sort, request.page, request.page_size);
            (
                page.into_iter()
                    .map(|position| ImageParts::of(&index, position, &visible))
                    .collect::<Vec<_>>(),
                count,
            )
        };
        Ok(ListPage { items: parts.into_iter().map(|parts| Arc::new(parts.view())).collect(), count })
    }

    /// A page of the plain list of containers.
    pub fn containers_list(&self, request: &ListRequest) -> Result<ListPage<ContainerView>, FleetError> {
        let queries = Queries::of(Entity::Container, request.filter.as_ref(), None, None)?;
        let (parts, count) = {
            let index = self.shared.read();
            let visible = index.visible_containers(request.customer, &request.scope);
            let source = queries.source(&index.containers, request.customer, visible);
            let (page, count) = source.list(request.sort, request.page, request.page_size);
            (page.into_iter().map(|position| ContainerParts::of(&index, position)).collect::<Vec<_>>(), count)
        };
        Ok(ListPage { items: parts.into_iter().map(|parts| Arc::new(parts.view())).collect(), count })
    }

    /// One image by its id: 64 hex digits, or the first 12 of them. Of several with the same beginning the scope
    /// shows, it is the one with the least id.
    pub fn image(&self, customer: Uuid, scope: &Scope, key: &str) -> Lookup<ImageView> {
        let found = {
            let index = self.shared.read();
            let visible = index.visible_images(customer, scope);
            let found = look_up(&index.images, customer, &visible, key);
            found.map(|found| found.map(|position| ImageParts::of(&index, position, &visible)))
        };
        answer(found, ImageParts::view)
    }

    /// One container by its id, as [`Self::image`].
    pub fn container(&self, customer: Uuid, scope: &Scope, key: &str) -> Lookup<ContainerView> {
        let found = {
            let index = self.shared.read();
            let visible = index.visible_containers(customer, scope);
            let found = look_up(&index.containers, customer, &visible, key);
            found.map(|found| found.map(|position| ContainerParts::of(&index, position)))
        };
        answer(found, ContainerParts::view)
    }
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Fleet").field(&self.stats()).finish()
    }
}

impl Shared {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the index while nobody reads it yet.
    pub(crate) fn fill(&self, change: impl FnOnce(&mut Index)) {
        change(&mut self.index.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Changes the index in one step, then tells that everything up to `reached` is in it.
    pub(crate) fn advance(&self, reached: Timestamp, change: impl FnOnce(&mut Index)) {
        change(&mut self.index.write().unwrap_or_else(PoisonError::into_inner));
        self.reached.send_if_modified(|known| {
            let moved = reached > *known;
            *known = reached.max(*known);
            moved
        });
    }

    pub(crate) fn set_bundle(&self, bundle: Arc<Bundle>) {
        *self.bundle.write().unwrap_or_else(PoisonError::into_inner) = bundle;
    }

    pub(crate) fn stats(&self) -> FleetStats {
        let bundle = self.bundle.read().unwrap_or_else(PoisonError::into_inner).id();
        let index = self.read();
        FleetStats {
            images: index.images.len(),
            containers: index.containers.len(),
            packages: index.packages().count(),
            bundle,
            clock: index.clock,
        }
    }
}

/// Filter and cursor of a request, resolved before the lock is taken.
struct Queries {
    filter: Predicate,
    cursor: Cursor,
    rest: Predicate,
}

impl Queries {
    fn of(
        entity: Entity,
        filter: Option<&qql::Query>,
        cursor: Option<&qql::Query>,
        end: Option<Timestamp>,
    ) -> Result<Self, FleetError> {
        let now = Timestamp::now();
        let filter = Predicate::of(entity, filter, now)?;
        let mut cursor = Cursor::of(cursor);
        cursor.put_end(end);
        let rest = Predicate::of_all(entity, &cursor.rest, now)?;
        Ok(Self { filter, cursor, rest })
    }

    fn source<'a>(&self, columns: &'a Columns, customer: Uuid, visible: Visible) -> Source<'a> {
        Source { columns, customer, visible, filter: self.filter.clone() }
    }
}

fn bulk_page<V>(items: Vec<Arc<V>>, next: Option<Cursor>) -> BulkPage<V> {
    let mut next = next;
    let end = next.as_mut().and_then(Cursor::take_end);
    BulkPage { items, next: next.map(|cursor| cursor.to_string()), end }
}

/// The position of the record that `key` names: `None` if there is none, `Some(None)` if it is out of scope.
fn look_up(columns: &Columns, customer: Uuid, visible: &Visible, key: &str) -> Option<Option<u32>> {
    if key.len() != SHORT_ID && key.len() != 64 {
        return None;
    }
    let from = Digest::from_hex(&format!("{key:0<64}")).ok()?;
    let to = Digest::from_hex(&format!("{key:f<64}")).ok()?;
    let mut found = None;
    for position in columns.by_id(customer, from, to) {
        if visible.contains(position) {
            return Some(Some(position));
        }
        found = Some(None);
    }
    found
}

fn answer<P, V>(found: Option<Option<P>>, view: impl FnOnce(P) -> V) -> Lookup<V> {
    match found {
        Some(Some(parts)) => Lookup::Found(Arc::new(view(parts))),
        Some(None) => Lookup::OutOfScope,
        None => Lookup::Unknown,
    }
}
