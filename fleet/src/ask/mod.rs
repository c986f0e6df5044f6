//! Questions that are no lists: what is inside a record, what belongs to it, and what many of them come to.
//!
//! Each is answered from one state of the index, and from what the scope shows of it alone. Those that go through the whole
//! fleet take up to a second for a million images, so callers let few of them run at once.

mod neighbours;
mod parts;
mod totals;
mod window;

use std::sync::Arc;

use model::Timestamp;
use qql::Entity;
use uuid::Uuid;

pub use neighbours::{Association, HostTotals};
pub use parts::{Inside, Part};
pub use totals::{GroupBy, GroupKey, GroupList, GroupRow};
pub use window::{Window, WindowPlace, WindowRequest};

use crate::error::FleetError;
use crate::eval::Search;
use crate::facts::Visible;
use crate::lists::resolved;
use crate::request::Scope;
use crate::state::State;
use crate::table::{Bits, NONE};

/// Which records a question is about.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Whose records.
    pub customer: Uuid,
    /// Which of them may be seen.
    pub scope: Scope,
    /// Images or containers: of which kind the filter speaks.
    pub entity: Entity,
    /// The client's filter. Without one everything that may be seen is meant.
    pub filter: Option<qql::Query>,
}

/// The records that a selection is about, ready to be counted.
struct Chosen<'s> {
    search: Search<'s>,
    images: Arc<Bits>,
    containers: Arc<Bits>,
}

/// A search by a reader; `None` if the customer has nothing.
pub(crate) fn search<'s>(state: &'s State, customer: Uuid, scope: &Scope) -> Option<Search<'s>> {
    let tenant = state.index.tenant(customer)?;
    Some(Search::new(&state.index, tenant, tenant.visible(scope)))
}

/// The records that the filter admits, and of the other kind those that belong to them; `None` if the customer has nothing.
fn choose<'s>(state: &'s State, selection: &Selection) -> Result<Option<Chosen<'s>>, FleetError> {
    let condition = resolved(selection.filter.as_ref(), selection.entity, Timestamp::now())?;
    let Some(search) = search(state, selection.customer, &selection.scope) else { return Ok(None) };
    let Visible { images, containers } = search.visible.clone();
    let Some(view) = state.view(selection.customer, &selection.scope, selection.entity) else {
        return Ok(None);
    };
    if selection.filter.is_none() {
        return Ok(Some(Chosen { search, images, containers }));
    }
    let listed = view.listed(condition);
    let of_image = &search.tenant.containers.image;
    let image = |container: u32| of_image.get(container).copied().unwrap_or(NONE);
    let (images, containers) = if selection.entity == Entity::Container {
        let mut of_containers = Bits::none(images.len());
        listed
            .iter()
            .map(image)
            .filter(|image| images.contains(*image))
            .for_each(|image| of_containers.insert(image));
        (Arc::new(of_containers), listed)
    } else {
        let mut of_images = Bits::clone(&containers);
        of_images.retain(|container| listed.contains(image(container)));
        (listed, Arc::new(of_images))
    };
    Ok(Some(Chosen { search, images, containers }))
}
