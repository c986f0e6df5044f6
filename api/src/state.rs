//! What all handlers share.

use std::sync::Arc;

use fleet::Fleet;
use store::Store;
use tokio::sync::Semaphore;

use crate::auth::Authenticator;
use crate::sensors::gate::Gate;
use crate::settings::ApiSettings;

/// Request bodies that are decompressed and parsed at once; the others wait.
const BODIES_AT_ONCE: usize = 4;
/// Explanations that are made at once; the others wait.
const EXPLANATIONS_AT_ONCE: usize = 2;
/// Questions that go through a whole fleet at once; the others wait.
const COUNTS_AT_ONCE: usize = 2;

/// What the API is made of.
#[derive(Clone)]
pub struct ApiState {
    /// The facts.
    pub store: Store,
    /// The index over them.
    pub fleet: Fleet,
    /// The operator's choices.
    pub settings: ApiSettings,
}

/// The state of one router.
pub(crate) type Shared = Arc<SharedState>;

pub(crate) struct SharedState {
    pub(crate) store: Store,
    pub(crate) fleet: Fleet,
    pub(crate) settings: ApiSettings,
    pub(crate) auth: Authenticator,
    pub(crate) enrolments: Gate,
    pub(crate) bodies: Semaphore,
    pub(crate) explanations: Semaphore,
    pub(crate) counts: Semaphore,
}

impl SharedState {
    pub(crate) fn new(state: ApiState) -> Shared {
        let ApiState { store, fleet, settings } = state;
        let auth = Authenticator::new(store.clone());
        Arc::new(Self {
            store,
            fleet,
            settings,
            auth,
            enrolments: Gate::new(),
            bodies: Semaphore::new(BODIES_AT_ONCE),
            explanations: Semaphore::new(EXPLANATIONS_AT_ONCE),
            counts: Semaphore::new(COUNTS_AT_ONCE),
        })
    }
}
