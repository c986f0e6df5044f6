//! Reading what changed: from what the store has just written if it still has it, else from the database.

use std::collections::BTreeMap;

use model::Digest;
use store::{Change, ImageRecord};
use uuid::Uuid;

use super::Follower;
use crate::error::FleetError;
use crate::facts::Content;

impl Follower {
    /// The images of some keys, in no order. Those that were written just now need not be read.
    pub(super) async fn image_records(
        &self,
        keys: &[(Uuid, Uuid)],
        changes: &BTreeMap<(Uuid, Uuid), Change>,
    ) -> Result<Vec<ImageRecord>, FleetError> {
        let (mut records, mut left) = (Vec::with_capacity(keys.len()), Vec::new());
        for key in keys {
            let change = changes.get(key);
            match change.and_then(|change| self.store.recent_image(key.0, key.1, change.clock)) {
                Some(record) => records.push(record),
                None => left.push(*key),
            }
        }
        if !left.is_empty() {
            records.extend(self.store.images_of(&left).await.map_err(FleetError::store("reading images"))?);
        }
        Ok(records)
    }

    /// What inventories hold, in no order. Those that were written just now need not be read.
    pub(super) async fn contents(&self, digests: &[Digest]) -> Result<Vec<(Digest, Content)>, FleetError> {
        let (mut contents, mut left) = (Vec::with_capacity(digests.len()), Vec::new());
        for digest in digests {
            match self.store.recent_inventory(digest) {
                Some(placed) => contents.push((*digest, Content::Placed(placed))),
                None => left.push(*digest),
            }
        }
        if !left.is_empty() {
            let read = self.store.inventories(&left).await;
            let read = read.map_err(FleetError::store("reading inventories"))?;
            contents.extend(read.into_iter().map(|read| (read.digest, Content::Entries(read.entries))));
        }
        Ok(contents)
    }
}
