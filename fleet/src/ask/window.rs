//! Images by offset, for the bulk view of service management.
//!
//! Whoever counts offsets through a list that changes meanwhile loses records wherever something before the offset goes away.
//! So the order is that of first storing, which no update changes and to which new images are added at the end; only
//! deletions can still do harm, and for whoever goes on from a place instead of an offset not even those.

use std::str::FromStr;

use model::Timestamp;
use qql::Entity;
use uuid::Uuid;

use crate::error::FleetError;
use crate::fleet::Fleet;
use crate::lists::resolved;
use crate::request::Scope;
use crate::views::BulkImage;

/// The place behind an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowPlace(i64, Uuid);

/// Some images of a list.
#[derive(Clone, Debug)]
pub struct WindowRequest {
    /// Whose images.
    pub customer: Uuid,
    /// Which of them may be seen.
    pub scope: Scope,
    /// The client's filter.
    pub filter: Option<qql::Query>,
    /// Images in front that are left out, where no place is given.
    pub offset: usize,
    /// The place to go on from.
    pub after: Option<WindowPlace>,
    /// Images of the answer, at least 1.
    pub limit: usize,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Window<V> {
    /// At most `limit` images.
    pub items: Vec<V>,
    /// The place behind the last of them; `None` if nothing follows.
    pub next: Option<WindowPlace>,
}

impl FromStr for WindowPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (time, uuid) = text.split_once('.').ok_or(())?;
        Ok(Self(time.parse().map_err(drop)?, uuid.parse().map_err(drop)?))
    }
}

impl std::fmt::Display for WindowPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl Fleet {
    /// Images in the order in which they were first stored, each made into something by `render`.
    pub fn images_window<V>(
        &self,
        request: &WindowRequest,
        render: impl Fn(&BulkImage<'_>) -> V,
    ) -> Result<Window<V>, FleetError> {
        let condition = resolved(request.filter.as_ref(), Entity::Image, Timestamp::now())?;
        let state = self.state();
        let Some(view) = state.view(request.customer, &request.scope, Entity::Image) else {
            return Ok(Window { items: Vec::new(), next: None });
        };
        let (rows, listed) = (view.rows(), view.listed(condition));
        let mut keys: Vec<(WindowPlace, u32)> = listed
            .iter()
            .map(|position| (WindowPlace(rows.first_stored(position).0, rows.uuid(position)), position))
            .filter(|(place, _)| request.after.is_none_or(|after| *place > after))
            .collect();
        let skip = if request.after.is_some() { 0 } else { request.offset.min(keys.len()) };
        if 0 < skip && skip < keys.len() {
            keys.select_nth_unstable(skip);
        }
        keys.drain(..skip);
        let limit = request.limit.max(1);
        let more = keys.len() > limit;
        if more {
            keys.select_nth_unstable(limit);
            keys.truncate(limit);
        }
        keys.sort_unstable();
        let next = keys.last().map(|(place, _)| *place).filter(|_| more);
        let items = keys.into_iter().map(|(_, position)| {
            Ok(render(&BulkImage::of(&view.state.index, view.tenant, position, &view.visible_images)?))
        });
        Ok(Window { items: items.collect::<Result<_, FleetError>>()?, next })
    }
}
