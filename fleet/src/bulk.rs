//! Pages of exports that are rendered record by record while they are sent.
//!
//! A page holds the state of the index that it was taken from, so that all its records, however slowly somebody reads
//! them, are those of one moment, and only one of them is in memory at a time.

use std::sync::Arc;

use model::Timestamp;
use qql::Entity;
use uuid::Uuid;

use crate::error::FleetError;
use crate::facts::Visible;
use crate::fleet::Fleet;
use crate::request::BulkRequest;
use crate::state::State;
use crate::views::{BulkContainer, BulkImage, ReadImages};

/// A page of a bulk list of images or containers.
pub struct Export {
    state: Arc<State>,
    customer: Uuid,
    visible: Option<Visible>,
    positions: Vec<u32>,
    read: ReadImages,
    /// See [`crate::BulkPage::next`].
    pub next: Option<String>,
    /// See [`crate::BulkPage::end`].
    pub end: Option<Timestamp>,
}

impl Export {
    /// How many records the page has.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether the page has no record.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Lends the image at `index` of a page of images; nothing is done if there is none.
    ///
    /// # Errors
    /// The stored document is damaged.
    pub fn with_image(&self, index: usize, render: impl FnOnce(&BulkImage<'_>)) -> Result<(), FleetError> {
        let Some(position) = self.positions.get(index) else { return Ok(()) };
        let index = &self.state.index;
        let Some((tenant, visible)) = index.tenant(self.customer).zip(self.visible.as_ref()) else {
            return Ok(());
        };
        render(&BulkImage::of(index, tenant, *position, &visible.images)?);
        Ok(())
    }

    /// Lends the container at `index` of a page of containers; nothing is done if there is none.
    ///
    /// # Errors
    /// A stored document is damaged.
    pub fn with_container(
        &self,
        index: usize,
        render: impl FnOnce(&BulkContainer<'_>),
    ) -> Result<(), FleetError> {
        let Some(position) = self.positions.get(index) else { return Ok(()) };
        let index = &self.state.index;
        let Some(tenant) = index.tenant(self.customer) else { return Ok(()) };
        render(&BulkContainer::of(index, tenant, *position, &self.read)?);
        Ok(())
    }
}

impl Fleet {
    /// A page of the bulk list of images, to be rendered record by record.
    pub fn export_images(&self, request: &BulkRequest) -> Result<Export, FleetError> {
        self.export(Entity::Image, request)
    }

    /// A page of the bulk list of containers, to be rendered record by record.
    pub fn export_containers(&self, request: &BulkRequest) -> Result<Export, FleetError> {
        self.export(Entity::Container, request)
    }

    fn export(&self, entity: Entity, request: &BulkRequest) -> Result<Export, FleetError> {
        let state = self.state();
        let (positions, next, end) = self.bulk_positions(&state, entity, request)?;
        let visible = state.index.tenant(request.customer).map(|tenant| tenant.visible(&request.scope));
        let (customer, read) = (request.customer, ReadImages::default());
        Ok(Export { state, customer, visible, positions, read, next, end })
    }
}
