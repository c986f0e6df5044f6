//! The handle that the rest of the program holds.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use knowledge::Bundle;
use model::{Digest, Timestamp};
use qql::Entity;
use store::Store;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use crate::error::FleetError;
use crate::facts::Index;
use crate::follow::{Command, Follower};
use crate::load::load;
use crate::rejudge::{judge, touched};
use crate::request::Scope;
use crate::state::State;
use crate::{FeedChange, FeedPlace};

mod saved;

use saved::Saving;
pub use saved::{SaveError, SavePace, Saved};

/// Packages whose new judgements are handed over together.
const HANDED_OVER: usize = 4_096;

/// The fleet as it stands; clones share one index. When the last clone is dropped, following ends.
#[derive(Clone)]
pub struct Fleet {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
}

/// What handles and follower share.
pub(crate) struct Shared {
    /// Held only while a pointer is copied.
    state: RwLock<Arc<State>>,
    bundle: RwLock<Arc<Bundle>>,
    reached: watch::Sender<Timestamp>,
    /// Held while a bundle is taken over: one after the other.
    adoption: tokio::sync::Mutex<()>,
    saving: Saving,
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
        let shared = Shared::new(&bundle);
        let follower = load(&store, &bundle, &shared).await?;
        Ok(Self::run(shared, follower))
    }

    fn run(shared: Arc<Shared>, follower: Follower) -> Self {
        let (commands, receiver) = mpsc::channel(1);
        tokio::spawn(follower.run(Arc::downgrade(&shared), receiver));
        Self { shared, commands }
    }

    /// Judges all packages by another bundle, records what came out otherwise and shows it; gives the number of
    /// packages concerned. Readers go on meanwhile and see the new findings all at once for each recorded part.
    pub async fn set_bundle(&self, bundle: Arc<Bundle>) -> Result<usize, FleetError> {
        let _turn = self.shared.adoption.lock().await;
        let (packages, judged_by) = {
            let state = self.shared.read();
            (state.index.packages.clone(), state.index.judged_by)
        };
        let known = packages.entries().map(|entry| entry.id).collect();
        let touched = touched((packages.clone(), judged_by), self.bundle(), Arc::clone(&bundle)).await?;
        for part in touched.chunks(HANDED_OVER) {
            let package = |id: &u32| packages.entry(*id).map(|entry| (*id, entry.package.package()));
            let (ids, packages): (Vec<u32>, Vec<_>) = part.iter().filter_map(package).unzip();
            let judged = judge(packages, Arc::clone(&bundle)).await?;
            let judged = ids.into_iter().zip(judged).collect();
            self.send(Command::Stage { bundle: bundle.id(), judged }).await?;
        }
        // what is known stays in memory no longer than it must
        drop(packages);
        let (done, outcome) = oneshot::channel();
        self.send(Command::Adopt { bundle, known, done }).await?;
        outcome.await.map_err(|_| FleetError::Stopped)?
    }

    async fn send(&self, command: Command) -> Result<(), FleetError> {
        self.commands.send(command).await.map_err(|_| FleetError::Stopped)
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

    /// Follows how far the index has come. The sender is gone when the last handle is.
    pub fn follow(&self) -> watch::Receiver<Timestamp> {
        self.shared.reached.subscribe()
    }

    /// Whether the index is kept up to date; answers are given in any case.
    pub fn ready(&self) -> bool {
        !self.commands.is_closed()
    }

    /// Numbers for health checks and logs.
    pub fn stats(&self) -> FleetStats {
        self.shared.stats()
    }

    /// The index as it stands.
    pub(crate) fn state(&self) -> Arc<State> {
        self.shared.read()
    }

    /// What changed behind a place and a scope shows, each record with its latest change, in the order of the clock; at most
    /// `limit`.
    pub fn changes(&self, customer: Uuid, scope: &Scope, after: FeedPlace, limit: usize) -> Vec<FeedChange> {
        self.state().index.changes_after(customer, scope, after, limit)
    }

    /// The uuids of all records that a scope shows and a filter admits, ascending.
    pub fn select(
        &self,
        customer: Uuid,
        scope: &Scope,
        entity: Entity,
        filter: &qql::Query,
    ) -> Result<Vec<Uuid>, FleetError> {
        let condition = qql::resolve(filter, entity, Timestamp::now())?;
        let state = self.state();
        let Some(view) = state.view(customer, scope, entity) else { return Ok(Vec::new()) };
        let rows = view.rows();
        let mut uuids: Vec<Uuid> =
            view.listed(condition).iter().map(|position| rows.uuid(position)).collect();
        uuids.sort_unstable();
        Ok(uuids)
    }
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Fleet").field(&self.stats()).finish()
    }
}

impl Shared {
    fn new(bundle: &Arc<Bundle>) -> Arc<Self> {
        let (reached, _) = watch::channel(Timestamp(i64::MIN));
        Arc::new(Self {
            state: RwLock::default(),
            bundle: RwLock::new(Arc::clone(bundle)),
            reached,
            adoption: tokio::sync::Mutex::default(),
            saving: Saving::default(),
        })
    }

    /// Notes that so many things have changed in the index.
    pub(crate) fn count(&self, changes: usize) {
        self.saving.count(changes);
    }

    /// The state that answers are given from.
    pub(crate) fn read(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts the next state in place of the present one, then tells that everything up to `reached` is in it.
    pub(crate) fn advance(&self, reached: Timestamp, next: Index) {
        let next = Arc::new(State::new(next));
        let before = {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *state, next)
        };
        // what nobody reads any more is given back here and not under the lock
        drop(before);
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
        let index = &self.read().index;
        FleetStats {
            images: index.tenants().map(|tenant| tenant.images.len()).sum(),
            containers: index.tenants().map(|tenant| tenant.containers.len()).sum(),
            packages: index.packages.len(),
            bundle,
            clock: index.clock,
        }
    }
}
