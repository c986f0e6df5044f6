//! What an account may see, as sets of positions. They are made once for each state of a customer's facts.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::Tenant;
use crate::request::Scope;
use crate::table::Bits;

/// Scopes that are kept; beyond them all are forgotten.
const KEPT: usize = 64;

/// What a scope shows.
#[derive(Clone, Debug)]
pub(crate) struct Visible {
    /// Images.
    pub(crate) images: Arc<Bits>,
    /// Containers.
    pub(crate) containers: Arc<Bits>,
}

/// What scopes show in one state of the facts. A clone begins anew.
#[derive(Debug, Default)]
pub(super) struct Scopes(Mutex<HashMap<BTreeSet<String>, Visible>>);

impl Clone for Scopes {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Tenant {
    /// What a scope shows: images with one of its tags, containers with one of them themselves or through their image.
    pub(crate) fn visible(&self, scope: &Scope) -> Visible {
        let Scope::Tags(tags) = scope else {
            return Visible {
                images: Arc::clone(&self.images.live),
                containers: Arc::clone(&self.containers.live),
            };
        };
        let known = self.scopes.0.lock().unwrap_or_else(PoisonError::into_inner).get(tags).cloned();
        if let Some(known) = known {
            return known;
        }
        let names = || tags.iter().map(String::as_str);
        let made = Visible {
            images: Arc::new(self.images.tagged.union(names(), self.images.live.len())),
            containers: Arc::new(self.containers.tagged.union(names(), self.containers.live.len())),
        };
        let mut kept = self.scopes.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(tags.clone(), made.clone());
        made
    }
}
